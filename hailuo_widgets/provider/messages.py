"""Values that providers take and return: calls, replies, tasks, clips, polls, balances, error codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hailuo_widgets.errors import ProviderError

__all__ = [
    "Accepted",
    "AccountBalance",
    "Amount",
    "Balance",
    "CancelOutcome",
    "Cancelled",
    "Candidate",
    "Candidates",
    "Clip",
    "Code",
    "FormFile",
    "HttpCall",
    "HttpReply",
    "PlanRow",
    "Poll",
    "PollState",
    "Results",
    "Task",
]


@dataclass(frozen=True, kw_only=True)
class FormFile:
    """A file in a form: its name, its bytes and its media type."""

    name: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """One HTTP call. ``path`` is relative to the provider's origin; the HTTP client adds the key.

    ``origin`` is set if the documents name another host for the call; :meth:`Provider.origin_of` decides whether it is
    used. The body is ``json``, or else the multipart form of ``form``.
    """

    method: str
    path: str
    origin: str | None = None
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str | FormFile] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """One HTTP reply: its status, its headers by lower-case name, its complete body, and the origin of its call."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    origin: str = ""  # "": not known


@dataclass(frozen=True, kw_only=True)
class Task:
    """The values that are needed to query a task.

    ``details`` are those of its :class:`Accepted`; empty if the task was found in another way.
    """

    task_id: str
    channel: str = ""
    result_index: int = 0
    file_id: str | None = None  # the ID of this run's result, once it is known
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An accepted create call. ``channel`` is set if the reply tells which endpoint will know the task.

    ``details`` are texts of the reply that later calls need, such as the addresses of a queue: together at most 4 KB
    of JSON, no key and no signature. They are stored with the task, and may be missing later: a task must also be
    found by its ID alone.
    """

    task_id: str
    channel: str | None = None
    trace_id: str | None = None
    warning: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A finished clip at the provider: its links or its file, the seed that was used, and its cost.

    ``by_list``: the cost is reckoned by the price list, from the seconds and files that the provider counted; otherwise
    it is the provider's own figure.
    """

    url: str | None = None
    backup_url: str | None = None
    file_id: str | None = None
    seed: int | None = None
    cost_micros: int | None = None
    currency: str | None = None
    by_list: bool = False


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results of a task that makes several clips, in the order of the reply.

    ``clips`` are the distinct finished clips, each with its identity as ``file_id``. ``failures`` are the distinct
    errors, ``failed`` is the number of failed results, ``pending`` the number of unfinished ones. ``ended``: the whole
    task has failed.
    """

    clips: tuple[Clip, ...] = ()
    failures: tuple[ProviderError, ...] = ()
    failed: int = 0
    pending: int = 0
    ended: bool = False


class PollState(StrEnum):
    """The state of a task. A provider of another package may give its text; compare with ``==``."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A task's state: ``queued``, ``running``, ``succeeded`` (with its clip) or ``failed`` (with its error).

    ``word`` is an undocumented status, as the provider wrote it. If it is not understood, the state is ``queued`` with
    a ``warning``, and the task is treated as unchanged. ``results`` is set if a task may have several results; the
    caller assigns each to one run. ``cancelled``: a task that failed was cancelled at the provider, by whomever.
    """

    state: PollState | str
    clip: Clip | None = None
    error: ProviderError | None = None
    warning: str | None = None
    word: str | None = None
    results: Results | None = None
    cancelled: bool = False


class CancelOutcome(StrEnum):
    """What a provider's reply to a cancel call means for the money."""

    FREE = "free"  # the task is cancelled, and not billed
    BILLED = "billed"  # the task is cancelled, and billed all the same
    UNKNOWN = "unknown"  # the task is, or will be, cancelled; no document says whether it is billed
    TOO_LATE = "too_late"  # the task goes on, or has ended: its clip is still to be had


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """The reply to a cancel call. ``said`` is the provider's own message."""

    outcome: CancelOutcome
    said: str | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A task in the provider's list of an account's tasks. None means "not named in the reply".

    ``status`` is the provider's word. ``created_at`` is an aware time.
    """

    task_id: str
    model: str | None = None
    created_at: datetime | None = None
    status: str | None = None
    resolution: str | None = None
    duration: int | None = None


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """One page of the provider's list of tasks. ``more``: there is a further page."""

    tasks: tuple[Candidate, ...] = ()
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A sum of money in millionths of ``currency``; ``name`` is the provider's name of the sum."""

    micros: int
    currency: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """What a subscription includes for one model, in clips or the provider's own ``unit``. None means "not named"."""

    name: str
    total: float | None = None
    used: float | None = None
    left: float | None = None
    unit: str = ""
    until: datetime | None = None  # when the count starts again


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What an account has left: sums of money, the first of which can be spent, and the rows of its plan.

    ``source`` is the document that describes the reply.
    """

    amounts: tuple[Amount, ...] = ()
    plan: tuple[PlanRow, ...] = ()
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountBalance:
    """The answer of one account.

    Attributes:
        provider: The provider's name.
        as_of: When it was asked.
        balance: What it said; None if it has no such call, or could not be read.
        error: Why it could not be read; "" if it was, or if the provider offers no balance.
    """

    provider: str
    as_of: datetime
    balance: Balance | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Code:
    """One row of a provider's table of error codes.

    ``accepted``: whether a create call with this error was accepted: False means certainly not, None means unknown.
    ``again``: the same call may succeed later. ``fatal``: every further create call would fail too.
    """

    error: type[ProviderError]
    meaning: str
    again: bool = False
    fatal: bool = False
    accepted: bool | None = False
    hint: str | None = None
