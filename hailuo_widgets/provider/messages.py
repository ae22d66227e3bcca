"""What passes between a provider and whoever sends its calls: calls, answers, tasks, clips, what an answer means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.errors import ProviderError

__all__ = ["Accepted", "Clip", "Code", "HttpCall", "HttpReply", "Poll", "Results", "Task"]


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
    file_id: str | None = None  # the result that is ours, once it is known


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A create call's yes. ``channel`` is set where the answer says which endpoint will know the task."""

    task_id: str
    channel: str | None = None
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
class Results:
    """What an answer says of each result of a task that makes several, in the answer's own order.

    ``clips`` are the different ones that are there, each with its identity as ``file_id``; ``failures`` the different
    errors, and ``failed`` how many entries name one; ``pending`` how many entries say that one is still being made.
    ``ended``: the answer speaks of the whole task, and says that it has failed.
    """

    clips: tuple[Clip, ...] = ()
    failures: tuple[ProviderError, ...] = ()
    failed: int = 0
    pending: int = 0
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A task's state: ``queued``, ``running``, ``succeeded`` (then with its clip) or ``failed`` (then with the error).

    ``word`` is a status that no document of the provider has, as it was written. One that is not understood either
    comes as ``queued``, with a ``warning``: the task is taken to be where it was.

    ``results`` is set where a task may have several; who asks has to see to it that each run has its own.
    """

    state: str
    clip: Clip | None = None
    error: ProviderError | None = None
    warning: str | None = None
    word: str | None = None
    results: Results | None = None


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
