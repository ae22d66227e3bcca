"""Resumption of runs that have ended, for free.

A run can be asked for again after its task was denied by the provider, its clip could not be downloaded, or its task id
was found.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.events import READ_AS, RunEvent
from hailuo_widgets.engine.rescue_file import adopt_own
from hailuo_widgets.errors import DownloadError, StoreError, UsageError

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context

__all__ = ["adopt", "ask_again", "ask_again_for_lost", "asked_anew", "ended_in_doubt", "has_own_id"]

UNDELIVERED = DownloadError.__name__


def asked_anew(ctx: Context, record: RunRecord) -> dict[str, Any]:
    """Return what changes in a run that is followed again: its list price was removed, or set to 0, when it ended."""
    cost: dict[str, Any] = {}
    if not record.cost_micros:
        unknown = {"cost_micros": None, "cost_kind": None, "currency": None}
        cost = {**unknown, **ctx.accounts.list_price(record.request, record.origin)}
    return {"status": "queued", "error": None, "finished_at": None, **cost}


def adopt(ctx: Context, record: RunRecord, task_id: str) -> None:
    """Give a run the task ID that the user has found, and follow it. Blocks for the log.

    The other results of the same task get it too, so that one call recovers everything that was paid.

    Raises:
        StoreError: The log can't be written, or the task ID belongs to another run.
        UsageError: The run has advanced in the meantime.
    """
    log, why, anew = ctx.log, RunEvent.ADOPTED, asked_anew(ctx, record)
    run_ids = [record.run_id]
    if record.status == "lost":
        log.call(log.change, record.run_id, why, task_id=task_id, **anew)
    elif log.call(log.rescue, record.run_id, {"task_id": task_id}, why=why, task_id=task_id, **anew) is None:
        raise UsageError(f"run {record.run_id} has a task id, or an end, already", run_id=record.run_id)
    elif record.client_uuid is not None:
        run_ids += [r.run_id for r in log.call(log.unfinished) if r.client_uuid == record.client_uuid]
    ctx.runs.take_up(run_ids)


def ended_in_doubt(ctx: Context, record: RunRecord) -> bool:
    """Return whether a run failed by an undocumented status that may not be an end. Blocks for the log."""
    if record.status != "failed" or record.task_id is None:
        return False
    told = [e["data"] for e in ctx.log.call(ctx.log.events, record.run_id) if e["what"] == RunEvent.UNKNOWN_STATUS]
    return bool(told) and told[-1].get(READ_AS) == "failed"


def has_own_id(ctx: Context, run_id: str) -> bool:
    """Follow an unconfirmed run again if the rescue file has its task ID; return whether it has. Blocks for the log.

    Raises:
        StoreError: The log cannot be written, or the rescue file cannot be read.
    """
    found = adopt_own(ctx.log, ctx.settings.home, run_id)
    if found.task_id is None:
        return False
    ctx.runs.learn(found)
    ctx.runs.take_up([run_id])
    return True


def ask_again(ctx: Context, record: RunRecord) -> None:
    """Follow a run again that is lost, or ended by an undocumented status. Blocks for the log.

    Raises:
        StoreError: The log cannot be written, or somebody else has taken the run up.
    """
    ctx.runs.learn(ctx.log.call(ctx.log.change, record.run_id, RunEvent.FOLLOWED_AGAIN, **asked_anew(ctx, record)))


def undelivered(record: RunRecord) -> bool:
    """Return whether the provider has made the run's clip, and only the download failed."""
    return record.status == "failed" and record.task_id is not None and (record.error or {}).get("kind") == UNDELIVERED


def download_again(ctx: Context, record: RunRecord) -> None:
    """Try a failed download again. Blocks for the log.

    Raises:
        StoreError: The log cannot be written, or somebody else has taken the run up.
    """
    ctx.runs.learn(
        ctx.log.call(ctx.log.change, record.run_id, RunEvent.DOWNLOAD_RETRIED, status="downloading", error=None)
    )


def ask_again_for_lost(ctx: Context) -> list[str]:
    """Follow every lost or undelivered run again that the provider may still have. Blocks for the log.

    Returns:
        Their IDs.
    """
    since = ctx.clock.now() - timedelta(seconds=ctx.timing.kept_s)
    again = []
    for record in ctx.log.call(ctx.log.find, status=("lost", "failed"), since=since):
        if record.task_id is None or not (record.status == "lost" or undelivered(record)):
            continue
        try:
            (ask_again if record.status == "lost" else download_again)(ctx, record)
        except StoreError:
            continue  # another kernel was first
        again.append(record.run_id)
    return again
