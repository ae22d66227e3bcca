"""Reuse before paying: the clip of an equal run, or a wait for one that is on its way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.run import CostKind, Status
from hailuo_widgets.engine.create_answer import WAYS_OUT
from hailuo_widgets.engine.equal_runs import kept_clip, stands_for
from hailuo_widgets.engine.fetch_again import brought
from hailuo_widgets.errors import HailuoError, Skipped, from_detail

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import Follower

__all__ = ["prepare"]


async def prepare(ctx: Context, follower: Follower, record: RunRecord) -> RunRecord:
    """Reuse an equal run's clip, or wait for one in progress, before the create call."""
    if record.status == "planned" and follower.cancelled:
        return await ctx.recorder.change(record.run_id, RunEvent.CANCELLED_BEFORE_SENT, status="cancelled")
    if record.status == "planned" and follower.run.may_reuse:
        record = await _reuse_or_join(ctx, follower, record)
    if record.status == "planned" and record.result_index > 0:
        record = await _ride(ctx, follower, record)
    if record.status == "planned":
        await _probed(ctx)
    return record


async def _probed(ctx: Context) -> None:
    """Check that the archive can store clips, before anything is paid for.

    Runs that come to it together share one look, and go on in the order in which they came: of a sweep that is cut
    short by a budget, the first runs are those that are sent.
    """
    loop = asyncio.get_running_loop()
    probe = ctx.runs.probe
    if probe is None or probe.done() or probe.get_loop() is not loop:
        ctx.runs.probe = probe = loop.create_task(asyncio.to_thread(ctx.archive.probe))
        ctx.runs.hold(probe)
        probe.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, if nobody waits any more
    await asyncio.shield(probe)


async def _ride(ctx: Context, follower: Follower, record: RunRecord) -> RunRecord:
    """Wait for the create call of another run, whose task makes this run's result too."""
    while record.status == "planned":
        if follower.cancelled:
            return await ctx.recorder.change(record.run_id, RunEvent.CANCELLED_BEFORE_SENT, status="cancelled")
        lead = await ctx.log.ask(ctx.log.lead_of, record)
        if lead is not None and lead.status.live and not ctx.runs.follows(lead.run_id):
            lead = await ctx.log.ask(ctx.log.lead_of, record)  # it may have ended since
        if lead is None or lead.status.ended:
            if lead is not None and lead.reused_from is not None:
                return await ctx.recorder.fail(record, _made_without(lead.reused_from), status="skipped")
            error = from_detail(lead.error, lead.status) if lead is not None else None
            status = lead.status if lead is not None and lead.status in {"unconfirmed", "skipped"} else "failed"
            why = error or HailuoError("the create call of this result's task was not accepted")
            return await ctx.recorder.fail(record, why, status=status)
        left = None if ctx.runs.follows(lead.run_id) else ctx.runs.decided(lead.run_id)
        if left is not None:
            # Its end is known here alone, and so is this one: in the log both are as whoever settles them needs them.
            return replace(record, status=Status.FAILED, error=left.error, finished_at=ctx.clock.now())
        await follower.pause(ctx.timing.ride_s)
        record = await ctx.log.ask(ctx.log.get, record.run_id)
    return record


def _made_without(run_id: str) -> Skipped:
    return Skipped(
        f"not sent: the first result's clip is reused from run {run_id}, whose task made no clip that serves here",
        hint=f"hw.run({run_id!r}).card shows what became of its task; --fresh (reuse=False) pays for all results again",
    )


async def _reuse_or_join(ctx: Context, follower: Follower, record: RunRecord) -> RunRecord:
    """Take an equal run's clip, or wait for one in progress, so that nothing is paid twice."""
    joined: str | None = None
    gone: set[str] = set()
    tried: set[str] = set()
    while not follower.stopped:
        key = _key(ctx, record)
        alike = ctx.accounts.alike
        # Before its clip is looked for: one that ends in between has a clip, and is not sent for again.
        earlier = await ctx.log.ask(
            ctx.log.equal_in_progress, {key[:2]}, alike, before=record.run_id, is_dead=ctx.runtime.is_dead
        )
        record = await _reuse(ctx, follower, record, gone)
        if record.status != "planned":
            break
        other = earlier.get(key)
        stands = None if other is None else stands_for(other, followed=ctx.runs.follows(other.run_id))
        if other is None or stands is None:
            break
        if stands == "held":
            why = Skipped(
                f"not sent: the equal run {other.run_id} is unconfirmed, so this clip may have been paid for",
                hint=f"settle it first: hw.run({other.run_id!r}), then {WAYS_OUT.split('; then ')[1]}. "
                "--fresh (reuse=False) sends it all the same",
            )
            return await ctx.recorder.fail(record, why, status="skipped")
        if joined != other.run_id:
            joined = other.run_id
            await ctx.recorder.note(record.run_id, RunEvent.EQUAL_RUN_IN_PROGRESS, {"run": other.run_id})
        if not ctx.runs.follows(other.run_id):
            if other.run_id in tried and (left := await _left_again(ctx, other.run_id)) is not None:
                return await ctx.recorder.fail(record, _in_the_way(left), status="skipped")
            tried |= {r.run_id for r in await asyncio.to_thread(ctx.runs.take_up, [other.run_id])}
        await follower.pause(ctx.timing.join_s)
    leads = record.result_index == 0  # a further result goes the way of its call's first
    if leads and record.status == "planned" and follower.run.unpaid and not follower.stopped:
        return await ctx.recorder.fail(record, _fell_away(joined), status="skipped")
    return record


async def _left_again(ctx: Context, run_id: str) -> RunRecord | None:
    """Return an equal run that was resumed for its clip and stopped with an error again; None otherwise."""
    now = await ctx.log.ask(ctx.log.get, run_id)
    return now if now.unfinished and now.error is not None and not ctx.runs.follows(run_id) else None


def _in_the_way(other: RunRecord) -> Skipped:
    """Return the error of a run that is not sent, because a paid equal run can't be followed now."""
    error = from_detail(other.error, other.status)
    said = f": {error.message.rstrip('.')}" if error is not None else ""
    return Skipped(
        f"not sent: the equal run {other.run_id} has a task that may be paid for, and cannot be followed now{said}",
        hint="mend that, then hw.resume() takes it up, and the cell has its clip; "
        "--fresh (reuse=False) sends it all the same",
    )


def _fell_away(run_id: str | None) -> Skipped:
    """Return the error of a run that would have to be sent although its plan said otherwise."""
    other = f"the equal run {run_id}" if run_id else "an equal run"
    return Skipped(
        f"not sent: it was to have the clip of {other}, which brought none, and its cost was not in the plan",
        hint="run the cell again: the plan says what sending it costs",
    )


def _key(ctx: Context, record: RunRecord) -> tuple[str, str, int]:
    """Return the key that is equal for runs that may share a clip."""
    origin = str(record.origin)
    return (record.request_hash, ctx.accounts.alike.get(origin, origin), record.result_index)


async def _reuse(ctx: Context, follower: Follower, record: RunRecord, gone: set[str]) -> RunRecord:
    """Take the clip of an equal run that succeeded, from this archive or wherever it still is.

    Runs whose clips no longer exist are added to ``gone``, and not tried again.
    """
    key = _key(ctx, record)
    clips = await ctx.log.ask(ctx.log.equal_clips, {key[:2]}, ctx.accounts.alike)
    equals = clips.get(key)
    if not equals:
        return record
    found = await asyncio.to_thread(kept_clip, ctx.archive, equals)
    if found is None:
        wanted = [r for r in equals if r.run_id not in gone]
        found = await brought(ctx, follower, wanted)
        gone |= {r.run_id for r in wanted}
        if found is None and wanted:
            data = {"runs": [r.run_id for r in wanted]}
            await ctx.recorder.note(record.run_id, RunEvent.EQUAL_CLIP_MISSING, data)
    if found is None:
        return record
    return await ctx.recorder.change(
        record.run_id,
        RunEvent.REUSED,
        {"run": found.run_id},
        status="succeeded",
        reused_from=found.run_id,
        simulated=found.simulated,
        video=found.video,
        video_url=found.video_url,
        video_bytes=found.video_bytes,
        video_width=found.video_width,
        video_height=found.video_height,
        video_seconds=found.video_seconds,
        video_sound=found.video_sound,
        sha256=found.sha256,
        seed_returned=found.seed_returned,
        cost_micros=0 if found.currency else None,
        currency=found.currency,
        cost_kind=CostKind.REUSED,
        finished_at=ctx.clock.now(),
    )
