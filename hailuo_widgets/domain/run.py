"""Run record, with the statuses of a run and the allowed transitions between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.clip_counts import clips_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hailuo_widgets.domain.request import Request

__all__ = [
    "SIMULATOR",
    "TRANSITIONS",
    "UNFINISHED",
    "CostKind",
    "RunRecord",
    "Status",
    "error_text",
    "may_become",
]

SIMULATOR = "simulator"  # the bundled simulator's origin in the log, because its port changes


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
        """The status for display."""
        return self.value.capitalize()

    @property
    def live(self) -> bool:
        """Whether the run is in progress."""
        return self in UNFINISHED

    @property
    def ended(self) -> bool:
        """Whether the run has ended; it may be resumed after some ends."""
        return self not in UNFINISHED

    def note(self, *, sent: bool) -> str | None:
        """Return a sentence on what the end means for the user's money; None if there is nothing to say.

        Args:
            sent: Whether the provider has taken it.
        """
        return _NOT_TAKEN if self is Status.CANCELLED and not sent else _NOTES.get(self)


class CostKind(StrEnum):
    """Where a cost comes from: the price list, the provider's own figure, or another run's clip (nothing was paid)."""

    LIST = "list"
    REPORTED = "reported"
    REUSED = "reused"


UNFINISHED = frozenset(
    {Status.PLANNED, Status.SUBMITTING, Status.QUEUED, Status.RUNNING, Status.DOWNLOADING}
)  # the statuses that are no end

_NOT_TAKEN = "It was cancelled before the provider took it, so nothing was billed for it."
_NOTES: Mapping[Status, str] = {
    Status.CANCELLED: "We stopped following it; the provider may still finish and bill it.",
    Status.UNCONFIRMED: (
        "The answer to the create call was lost: it may have been billed, and is never sent again by itself."
    ),
    Status.SKIPPED: "It was never sent, so nothing was billed for it.",
    Status.LOST: "The provider did not know the task, or its video expired. %hailuo retry asks again, for free.",
}

TRANSITIONS: Mapping[str, frozenset[str]] = {
    # From submitting back to planned: the create call certainly was not accepted (not sent, or rate limited).
    # From planned to queued: another result of a task that another run's create call made.
    Status.PLANNED: frozenset(
        {Status.SUBMITTING, Status.QUEUED, Status.CANCELLED, Status.SKIPPED, Status.FAILED, Status.UNCONFIRMED}
        | {Status.SUCCEEDED}
    ),
    # Not from submitting to cancelled: the reply is still to come, and may cost money.
    Status.SUBMITTING: frozenset({Status.PLANNED, Status.QUEUED, Status.FAILED, Status.UNCONFIRMED, Status.SKIPPED}),
    # From queued to unconfirmed: the provider does not know the task id that the user gave to an unconfirmed run.
    Status.QUEUED: frozenset(
        {Status.RUNNING, Status.DOWNLOADING, Status.FAILED, Status.CANCELLED, Status.LOST, Status.UNCONFIRMED}
    ),
    Status.RUNNING: frozenset({Status.DOWNLOADING, Status.FAILED, Status.CANCELLED, Status.LOST}),
    Status.DOWNLOADING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.LOST}),
    # A clip that was deleted here can be downloaded again, as long as the provider has it.
    Status.SUCCEEDED: frozenset({Status.DOWNLOADING}),
    # A failed download, a cancelled run, and a run that ended by an undocumented status can be resumed for free.
    Status.FAILED: frozenset({Status.DOWNLOADING, Status.QUEUED}),
    Status.CANCELLED: frozenset({Status.QUEUED}),
    Status.UNCONFIRMED: frozenset({Status.QUEUED, Status.FAILED}),
    Status.SKIPPED: frozenset({Status.PLANNED}),
    Status.LOST: frozenset({Status.QUEUED}),  # asking again is free
}


def may_become(status: str, following: str) -> bool:
    """Return whether a run may change from one status to another, or stay in it."""
    return following == status or following in TRANSITIONS[status]


def error_text(error: Mapping[str, str]) -> str | None:
    """Return an error of the log in one line, with the provider's own message; None if there is no error."""
    if not error.get("kind"):
        return None
    message, provider_message = error.get("message") or "", error.get("provider_message") or ""
    if provider_message and provider_message not in message:
        message = f"{message} ({provider_message})" if message else provider_message
    return f"{error['kind']}: {message}"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One row of the run log. None means "not known".

    Times are aware UTC datetimes; ``cost_micros`` are millionths of ``currency`` (``USD``, ``CNY`` or ``credits``).
    ``tags`` are those that the run was started with. ``rating``, ``note`` and ``clip_tags`` belong to the clip, and are
    the same for every run that shows it.
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
    sweep_name: str | None = None  # the user's name of the sweep
    variant: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    task_id: str | None = None
    channel: str | None = None  # which of the provider's endpoints knows the task
    task_details: Mapping[str, str] = field(default_factory=dict)  # what the provider's later calls need, in its words
    client_uuid: str | None = None  # our own ID of the task, for a provider that takes one
    result_index: int = 0  # the index of this run's result among the task's
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cost_micros: int | None = None
    cost_kind: CostKind | None = None
    currency: str | None = None
    seed_returned: int | None = None
    file_id: str | None = None
    video_url: str | None = field(default=None, repr=False)  # signed: anyone with the link can download the clip
    backup_url: str | None = field(default=None, repr=False)
    video: str | None = None  # the file's path in the archive
    sha256: str | None = None
    video_bytes: int | None = None
    video_width: int | None = None  # pixels, measured from the file
    video_height: int | None = None
    video_seconds: float | None = None  # measured from the file
    video_sound: bool | None = None  # whether the file has a sound track
    error: Mapping[str, str] | None = None  # kind, message, code, provider_message, trace_id, hint
    rating: int | None = None
    note: str | None = None
    clip_tags: tuple[str, ...] = ()
    reused_from: str | None = None  # the paid run whose clip this run shows
    unread: tuple[str, ...] = ()  # the columns of the row that could not be read; not stored

    def __post_init__(self) -> None:
        """Convert the status and the kind of cost from text.

        Raises:
            ValueError: The text is not valid.
        """
        object.__setattr__(self, "status", Status(self.status))
        if self.cost_kind is not None:
            object.__setattr__(self, "cost_kind", CostKind(self.cost_kind))

    @property
    def clip_id(self) -> str:
        """The ID of the clip: that of the run that paid for it. Two clips with equal bytes have different IDs."""
        return self.reused_from or self.run_id

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The run's own tags, then those of its clip, without duplicates."""
        return tuple(dict.fromkeys((*self.tags, *self.clip_tags)))

    @property
    def replicate(self) -> int:
        """The number of the replicate: 1, 2, …. The results of one create call are replicates of each other."""
        return (self.request.replicate - 1) * clips_of(self.request.options) + self.result_index + 1

    @property
    def unfinished(self) -> bool:
        """Whether the run is in progress."""
        return self.status.live
