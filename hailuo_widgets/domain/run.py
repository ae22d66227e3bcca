"""A run's record, its states, and the steps between states that are legal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hailuo_widgets.domain.request import Request

__all__ = [
    "ENDS",
    "SIMULATOR",
    "TRANSITIONS",
    "UNFINISHED",
    "CostKind",
    "RunRecord",
    "Status",
    "error_text",
    "may_become",
]

SIMULATOR = "simulator"  # the bundled simulator's origin in the log: its port changes


class Status(StrEnum):
    """The status of a run, in the order in which a run passes through them. Compare with ``==``."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    QUEUED = "queued"
    RUNNING = "running"
    DOWNLOADING = "downloading"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    LOST = "lost"

    @property
    def label(self) -> str:
        """The status as people see it."""
        return self.value.capitalize()

    @property
    def live(self) -> bool:
        """Whether the run is still on its way."""
        return self in UNFINISHED

    @property
    def ended(self) -> bool:
        """Whether the run has come to an end; some ends can be left again."""
        return self not in UNFINISHED

    @property
    def note(self) -> str | None:
        """What an end means for the user's money, in one sentence; None if there is nothing to add."""
        return _NOTES.get(self)


class CostKind(StrEnum):
    """Where a cost comes from: the price list, the provider's own figure, or another run's clip (nothing was paid)."""

    LIST = "list"
    REPORTED = "reported"
    REUSED = "reused"


UNFINISHED = frozenset(
    {Status.PLANNED, Status.SUBMITTING, Status.QUEUED, Status.RUNNING, Status.DOWNLOADING}
)  # the statuses that are no end
ENDS = frozenset(Status) - UNFINISHED

_NOTES: Mapping[Status, str] = {
    Status.CANCELLED: "We stopped following it; the provider may still finish and bill it.",
    Status.UNCONFIRMED: (
        "The answer to the create call was lost: it may have been billed, and is never sent again by itself."
    ),
    Status.SKIPPED: "It was never sent, so nothing was billed for it.",
    Status.LOST: "The provider did not know the task, or its video expired. %hailuo retry asks again, for free.",
}

TRANSITIONS: Mapping[str, frozenset[str]] = {
    # Back from submitting to planned: the create certainly was not accepted (never sent, or refused for its rate).
    # From planned to queued: a further result of a task whose create call was another run's.
    Status.PLANNED: frozenset(
        {Status.SUBMITTING, Status.QUEUED, Status.CANCELLED, Status.SKIPPED, Status.FAILED, Status.UNCONFIRMED}
        | {Status.SUCCEEDED}
    ),
    # Not from submitting to cancelled: its answer is due, and may cost money.
    Status.SUBMITTING: frozenset({Status.PLANNED, Status.QUEUED, Status.FAILED, Status.UNCONFIRMED, Status.SKIPPED}),
    Status.QUEUED: frozenset({Status.RUNNING, Status.DOWNLOADING, Status.FAILED, Status.CANCELLED, Status.LOST}),
    Status.RUNNING: frozenset({Status.DOWNLOADING, Status.FAILED, Status.CANCELLED, Status.LOST}),
    Status.DOWNLOADING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.LOST}),
    # A clip that was deleted here can be brought again, while the provider has it.
    Status.SUCCEEDED: frozenset({Status.DOWNLOADING}),
    # A failed download, a run that we stopped following and one that ended by a status in no document can be taken up
    # again for free; nothing else leaves an end.
    Status.FAILED: frozenset({Status.DOWNLOADING, Status.QUEUED}),
    Status.CANCELLED: frozenset({Status.QUEUED}),
    Status.UNCONFIRMED: frozenset({Status.QUEUED, Status.FAILED}),
    Status.SKIPPED: frozenset({Status.PLANNED}),
    Status.LOST: frozenset({Status.QUEUED}),  # asking again is free
}


def may_become(status: str, following: str) -> bool:
    """Whether a run may go from one status to another (staying is always legal)."""
    return following == status or following in TRANSITIONS[status]


def error_text(error: Mapping[str, str]) -> str | None:
    """An error of the log in one line, with the provider's own words; None where there is none."""
    if not error.get("kind"):
        return None
    message, said = error.get("message") or "", error.get("provider_message") or ""
    if said and said not in message:
        message = f"{message} ({said})" if message else said
    return f"{error['kind']}: {message}"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """All that is known of one run: one row of the log.

    Times are aware UTC datetimes, ``cost_micros`` are millionths of ``currency`` (``USD``, ``CNY`` or ``credits``),
    None is "not known".

    ``tags`` are the words that the run was started with; ``rating``, ``note`` and ``clip_tags`` are what a user said of
    its clip, and the same for every run that shows that clip.
    """

    run_id: str
    created_at: datetime
    request: Request
    request_hash: str
    status: Status = Status.PLANNED
    simulated: bool = False
    origin: str | None = None  # the provider's address; SIMULATOR for the bundled simulator
    sweep_id: str | None = None
    sweep_index: int | None = None
    sweep_name: str | None = None  # what the user calls the sweep
    variant: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    task_id: str | None = None
    channel: str | None = None  # which of the provider's endpoints knows the task
    client_uuid: str | None = None  # our own id at a provider that takes one
    result_index: int = 0  # which of the task's results is this run's
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cost_micros: int | None = None
    cost_kind: CostKind | None = None
    currency: str | None = None
    seed_returned: int | None = None
    file_id: str | None = None
    video_url: str | None = field(default=None, repr=False)  # signed: whoever has it has the clip
    backup_url: str | None = field(default=None, repr=False)
    video: str | None = None  # the file's path
    sha256: str | None = None
    video_bytes: int | None = None
    video_width: int | None = None  # pixels, as the file says
    video_height: int | None = None
    error: Mapping[str, str] | None = None  # kind, message, code, provider_message, trace_id, hint
    rating: int | None = None
    note: str | None = None
    clip_tags: tuple[str, ...] = ()
    reused_from: str | None = None  # the paid run whose clip this run shows
    unread: tuple[str, ...] = ()  # what of the row could not be read; no column

    def __post_init__(self) -> None:
        """Take the status and the kind of cost as text too.

        Raises:
            ValueError: They are none.
        """
        object.__setattr__(self, "status", Status(self.status))
        if self.cost_kind is not None:
            object.__setattr__(self, "cost_kind", CostKind(self.cost_kind))

    @property
    def clip_id(self) -> str:
        """Which clip the run shows: the id of the run that paid for it. Equal bytes do not make two clips one."""
        return self.reused_from or self.run_id

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The run's own tags, then those of its clip; each once."""
        return tuple(dict.fromkeys((*self.tags, *self.clip_tags)))

    @property
    def replicate(self) -> int:
        """Which repeat of its request the run is: 1, 2, …. The results of one create call are repeats of each other."""
        of_a_call = self.request.options.get("numberResults")
        results = of_a_call if isinstance(of_a_call, int) else 1
        return (self.request.replicate - 1) * max(1, results) + self.result_index + 1

    @property
    def unfinished(self) -> bool:
        """Whether something is still to come."""
        return self.status.live
