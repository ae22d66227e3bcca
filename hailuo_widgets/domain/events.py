"""Events of a run in the run log: a code for each step, and the sentence that people read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CLOCK", "FOLDER", "READ_AS", "RunEvent", "text_of"]

CLOCK = "clock"  # in the data of an accepted create: when that was, on clocks that are never set
FOLDER = "folder"  # in the data of a clip that came here: the archive's folder, as an absolute path
READ_AS = "read as"  # in the data of an unknown status: the state that it was taken for


class RunEvent(StrEnum):
    """The code of a step, as the run log has it under ``what``. Compare with ``==``."""

    PLANNED = "planned"
    EQUAL_RUN_IN_PROGRESS = "equal_run_in_progress"
    EQUAL_CLIP_MISSING = "equal_clip_missing"
    REUSED = "reused"
    PROVIDER_IN_TROUBLE = "provider_in_trouble"
    CREATE_SENT = "create_sent"
    CREATE_SENT_AGAIN = "create_sent_again"
    CREATE_NOT_SENT = "create_not_sent"
    CREATE_RATE_LIMITED = "create_rate_limited"
    CREATE_ACCEPTED = "create_accepted"
    TASK_ACCEPTED = "task_accepted"
    WAIT_STOPPED = "wait_stopped"
    POLL_FAILED = "poll_failed"
    ANSWER_OF_OTHER_TASK = "answer_of_other_task"
    UNKNOWN_STATUS = "unknown_status"
    GENERATING = "generating"
    PROVIDER_FINISHED = "provider_finished"
    LINK_RECEIVED = "link_received"
    CLIP_NOT_READY = "clip_not_ready"
    CLIP_DOWNLOADED = "clip_downloaded"
    CLIP_COPIED = "clip_copied"
    CLIP_EXPIRED = "clip_expired"
    CLIP_UNAVAILABLE = "clip_unavailable"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    SKIPPED = "skipped"
    LOST = "lost"
    STOPPED_BY_ERROR = "stopped_by_error"
    LEFT_FOR_RESUME = "left_for_resume"
    CANCEL_REQUESTED = "cancel_requested"
    CANCEL_SENT = "cancel_sent"
    CANCEL_TOO_LATE = "cancel_too_late"
    CANCELLED = "cancelled"
    CANCELLED_BEFORE_SENT = "cancelled_before_sent"
    CANCELLED_AFTER_SENT = "cancelled_after_sent"
    CANCELLED_FREE = "cancelled_free"
    CANCELLED_BILLED = "cancelled_billed"
    CANCELLED_UNKNOWN = "cancelled_unknown"
    ADOPTED = "adopted"
    RESCUED = "rescued"
    IN_RESCUE_FILE = "in_rescue_file"
    WRITTEN_OFF = "written_off"
    DOWNLOAD_RETRIED = "download_retried"
    FOLLOWED_AGAIN = "followed_again"
    RESTORED = "restored"
    RATED = "rated"
    NOTED = "noted"
    TAGGED = "tagged"

    @property
    def text(self) -> str:
        """The event as a sentence."""
        return _TEXTS[self]


_TEXTS: Mapping[RunEvent, str] = {
    RunEvent.PLANNED: "The run was planned.",
    RunEvent.EQUAL_RUN_IN_PROGRESS: "An equal run is in progress: this one waits for its clip.",
    RunEvent.EQUAL_CLIP_MISSING: "The clip of an equal run is no longer anywhere.",
    RunEvent.REUSED: "The clip of an equal run is used: nothing was paid.",
    RunEvent.PROVIDER_IN_TROUBLE: "The provider is in trouble: nothing is sent until it answers.",
    RunEvent.CREATE_SENT: "The create call is sent.",
    RunEvent.CREATE_SENT_AGAIN: "The provider does not know our id: the create call is sent again under it.",
    RunEvent.CREATE_NOT_SENT: "The create call was not sent.",
    RunEvent.CREATE_RATE_LIMITED: "The provider refused the create call for its rate.",
    RunEvent.CREATE_ACCEPTED: "The provider accepted the create call.",
    RunEvent.TASK_ACCEPTED: "The provider accepted the create call of this result's task.",
    RunEvent.WAIT_STOPPED: "The create call was not sent: the wait for it was stopped.",
    RunEvent.POLL_FAILED: "The provider could not be asked for the task's state.",
    RunEvent.ANSWER_OF_OTHER_TASK: "The provider answered about something else.",
    RunEvent.UNKNOWN_STATUS: "The provider names a status that is in no document.",
    RunEvent.GENERATING: "The provider is generating the clip.",
    RunEvent.PROVIDER_FINISHED: "The provider has finished the clip.",
    RunEvent.LINK_RECEIVED: "The provider named a link to the clip.",
    RunEvent.CLIP_NOT_READY: "The clip is not at its link yet.",
    RunEvent.CLIP_DOWNLOADED: "The clip is in the archive.",
    RunEvent.CLIP_COPIED: "The clip was copied from another archive.",
    RunEvent.CLIP_EXPIRED: "The clip is no longer at the provider.",
    RunEvent.CLIP_UNAVAILABLE: "The clip could not be brought here.",
    RunEvent.FAILED: "The run failed.",
    RunEvent.UNCONFIRMED: "The answer to the create call was lost: it may have been billed.",
    RunEvent.SKIPPED: "The run was skipped: it was never sent.",
    RunEvent.LOST: "The provider does not know the task, or its clip expired.",
    RunEvent.STOPPED_BY_ERROR: "An error stopped the run.",
    RunEvent.LEFT_FOR_RESUME: "The run was left for resume().",
    RunEvent.CANCEL_REQUESTED: "Another kernel asked to cancel the run.",
    RunEvent.CANCEL_SENT: "The provider is asked to cancel the task.",
    RunEvent.CANCEL_TOO_LATE: "It was too late to cancel the task at the provider.",
    RunEvent.CANCELLED: "The run was cancelled.",
    RunEvent.CANCELLED_BEFORE_SENT: "The run was cancelled before it was sent.",
    RunEvent.CANCELLED_AFTER_SENT: "The run was cancelled; the provider may still bill it.",
    RunEvent.CANCELLED_FREE: "The provider cancelled the task, and does not bill it.",
    RunEvent.CANCELLED_BILLED: "The provider cancelled the task, and bills it all the same.",
    RunEvent.CANCELLED_UNKNOWN: "The provider was asked to cancel the task; whether it bills it is not known.",
    RunEvent.ADOPTED: "The user gave the run its task id.",
    RunEvent.RESCUED: "The task id was taken from the rescue file.",
    RunEvent.IN_RESCUE_FILE: "The rescue file holds a task id of the run.",
    RunEvent.WRITTEN_OFF: "The user wrote the run off.",
    RunEvent.DOWNLOAD_RETRIED: "The download is tried again.",
    RunEvent.FOLLOWED_AGAIN: "The run is followed again.",
    RunEvent.RESTORED: "The run was written again: the run log had been replaced.",
    RunEvent.RATED: "The clip was rated.",
    RunEvent.NOTED: "The clip got a note.",
    RunEvent.TAGGED: "The clip was tagged.",
}


def text_of(what: str) -> str:
    """The sentence of an event's code; a code that this version does not know is its own text."""
    try:
        return RunEvent(what).text
    except ValueError:
        return what
