"""Schema 4: codes of events in place of their sentences.

Earlier versions wrote each step of a run as a sentence, and read some of the sentences again. The codes are named here
as they were then; a sentence of another program, or of none of these versions, stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["CODES", "event_codes"]

CODES = {
    "an equal run is on its way": "equal_run_in_progress",
    "an equal run's clip is nowhere any more": "equal_clip_missing",
    "an equal run's clip serves": "reused",
    "the gateway is in trouble: nothing is sent until it answers": "provider_in_trouble",
    "create is sent": "create_sent",
    "the gateway does not know our id: create is sent again under it": "create_sent_again",
    "create was not sent": "create_not_sent",
    "create was refused for its rate": "create_rate_limited",
    "create was accepted": "create_accepted",
    "its task was accepted": "task_accepted",
    "not sent: the wait was stopped": "wait_stopped",
    "poll failed": "poll_failed",
    "an answer about something else": "answer_of_other_task",
    "a status in no document": "unknown_status",
    "the provider has finished": "provider_finished",
    "a link to the clip": "link_received",
    "the clip is not at its link yet": "clip_not_ready",
    "the clip is here": "clip_downloaded",
    "the clip was copied here": "clip_copied",
    "the clip is no longer at the provider": "clip_expired",
    "its clip could not be brought here": "clip_unavailable",
    "stopped by an error": "stopped_by_error",
    "left for resume()": "left_for_resume",
    "cancel is asked for": "cancel_requested",
    "cancelled here": "cancelled",
    "cancelled before it was sent": "cancelled_before_sent",
    "cancelled here; the provider may still bill it": "cancelled_after_sent",
    "adopted by the user": "adopted",
    "adopted from the rescue file": "rescued",
    "the rescue file holds a task id of it": "in_rescue_file",
    "written off by the user": "written_off",
    "the download is tried again": "download_retried",
    "followed again": "followed_again",
    "written again: the run log was replaced": "restored",
    "a note": "noted",
}
"""Each sentence that a version wrote, and its code; ``planned``, ``generating``, ``failed``, … are codes already."""

_events = sa.table("events", sa.column("what", sa.Text))


def event_codes(connection: sa.Connection) -> None:
    """Write the codes, in one statement."""
    codes = sa.case(CODES, value=_events.c.what)
    connection.execute(_events.update().where(_events.c.what.in_(list(CODES))).values(what=codes))
