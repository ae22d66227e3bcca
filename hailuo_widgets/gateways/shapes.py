"""What passes between a provider and whoever sends its calls: calls, answers, tasks, clips, what an answer means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.errors import ProviderError

__all__ = ["Accepted", "Clip", "Code", "HttpCall", "HttpReply", "Poll", "Task"]


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """One call to make. ``path`` begins at the provider's origin; the key is added by the HTTP floor, never here.

    ``origin`` is set where the documents give a call a host of its own; :meth:`Provider.origin_of` says if it holds.
    """

    method: str
    path: str
    origin: str | None = None
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """One answer: its status, its headers by lower-case names, its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Task:
    """What it takes to ask for a task again."""

    task_id: str
    channel: str = ""
    result_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A create call's yes."""

    task_id: str
    trace_id: str | None = None
    warning: str | None = None


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Where a finished clip is to be had, and what the provider says of it."""

    url: str | None = None
    backup_url: str | None = None
    file_id: str | None = None
    seed: int | None = None
    cost_micros: int | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A task's state: ``queued``, ``running``, ``succeeded`` (then with its clip) or ``failed`` (then with the error).

    ``word`` is a status that no document of the provider has, as it was written. One that is not understood either
    comes as ``queued``, with a ``warning``: the task is taken to be where it was.
    """

    state: str
    clip: Clip | None = None
    error: ProviderError | None = None
    warning: str | None = None
    word: str | None = None


@dataclass(frozen=True, kw_only=True)
class Code:
    """One row of a provider's table of error codes.

    ``accepted`` is what it says of a create call: False is "certainly not accepted", None "cannot be told".
    ``again``: the same call may succeed later. ``fatal``: every further create would meet it too.
    """

    error: type[ProviderError]
    meaning: str
    again: bool = False
    fatal: bool = False
    accepted: bool | None = False
    hint: str | None = None
