"""Task of one followed run: its steps from the state in the log to its end.

It leaves the run where it stands if the loop is shut down or another process goes on with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.expected_duration import Expectation, expect
from hailuo_widgets.engine import poll, submit
from hailuo_widgets.engine.cancel import cancel
from hailuo_widgets.engine.download import bring
from hailuo_widgets.engine.recorder import unexpected
from hailuo_widgets.engine.reuse import prepare
from hailuo_widgets.errors import BudgetExceeded, HailuoError, StoreError, as_detail

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import Follower

__all__ = ["follow_run"]

FREE = frozenset({"queued", "running", "downloading"})  # from here on every step may be taken again


async def follow_run(ctx: Context, follower: Follower) -> None:
    """Follow one run until it ends or must be left, and notify its waiters."""
    run_id = follower.run_id
    try:
        record = await _through_trouble(ctx, follower)
    except asyncio.CancelledError:
        # The loop is being shut down: the log says where the run stands, and another loop takes it up from there.
        raise
    except HailuoError as e:
        if follower.abandoned:
            return
        record = await _left(ctx, run_id, e)
    except Exception as e:  # noqa: BLE001 - whatever happens, the run says so and its waiters wake
        record = await _left(ctx, run_id, unexpected(e, run_id, "a step"))
    if not follower.abandoned:
        ctx.runs.ended(record)


async def _through_trouble(ctx: Context, follower: Follower) -> RunRecord:
    """Take all steps; if a step that may be repeated fails, start again from the state in the log.

    That is one that is free and could not be written, and any that failed as none should: it ends the step, and the run
    is followed on. Until it gets through, the run shows what stands in the way.
    """
    began, attempt = ctx.clock.monotonic(), 0
    while True:
        try:
            return await _steps(ctx, follower)
        except StoreError as e:
            known = ctx.runs.known(follower.run_id)
            if known.status not in FREE or follower.stopped or ctx.clock.monotonic() - began > ctx.timing.store_s:
                raise
            ctx.runs.learn(replace(known, error=as_detail(e, known.run_id)))
        except HailuoError:
            raise
        except Exception as e:
            known = await _as_it_stands(ctx, follower.run_id)
            late = ctx.clock.monotonic() - began > ctx.settings.timeout
            if known.status not in FREE | {"submitting"} or follower.stopped or late:
                raise
            ctx.runs.learn(replace(known, error=as_detail(unexpected(e, known.run_id, "a step"), known.run_id)))
        attempt += 1
        await follower.pause(ctx.timing.backoff_s(attempt, cap=30.0))


async def _as_it_stands(ctx: Context, run_id: str) -> RunRecord:
    """Return the run from the log, or as last known if the log can't be read."""
    with contextlib.suppress(HailuoError):
        return await ctx.log.ask(ctx.log.get, run_id)
    return ctx.runs.known(run_id)


async def _steps(ctx: Context, follower: Follower) -> RunRecord:
    record = await prepare(ctx, follower, await ctx.runs.as_logged(follower.run_id))
    if not record.unfinished:
        return record
    follower.run.expected = await _expectation(ctx, record)
    client = await ctx.clients.client_of(record)
    there = record.status in FREE
    async with (
        follower.run.call.places().slot(follower.stopping, already_there=there) as of_the_call,
        client.limiter.slot(follower.stopping, already_there=there) as of_the_account,
    ):
        if not (of_the_call and of_the_account) and record.status == "planned":
            return await ctx.recorder.change(record.run_id, RunEvent.CANCELLED_BEFORE_SENT, status="cancelled")
        if record.status == "submitting":
            record = await submit.settle(ctx, follower, client, record)
        if record.status == "planned":
            record = await submit.submit(ctx, follower, client, await _with_inputs(ctx, record))
        if record.status in {"queued", "running"}:
            record = await poll.follow(ctx, follower, client, record)
            if follower.stopped and record.status in {"queued", "running"}:
                record = await cancel(ctx, follower, client, record)
            if record.status == "downloading":
                follower.run.linked_at = ctx.clock.monotonic()
    if record.status == "downloading":
        record = await bring(ctx, follower, client, record)
    return record


async def _expectation(ctx: Context, record: RunRecord) -> Expectation | None:
    """Return how long the run is expected to take, from the log or the documents."""
    request = record.request
    facts = ctx.accounts.provider(request.provider).facts
    history = await ctx.log.ask(ctx.log.durations, request.provider, request.model, origin=record.origin)
    return expect(request, facts, history, speed=ctx.accounts.speed_at(record.origin))


async def _with_inputs(ctx: Context, record: RunRecord) -> RunRecord:
    """Return the record with the bytes of its images, of which the log has only the hashes."""
    return replace(record, request=await asyncio.to_thread(ctx.archive.with_inputs, record.request))


async def _left(ctx: Context, run_id: str, error: HailuoError) -> RunRecord:
    """Record an unexpected error, in memory only if the log fails too."""
    record = ctx.runs.known(run_id)
    with contextlib.suppress(HailuoError):
        record = await ctx.log.ask(ctx.log.get, run_id)  # another's create call may have sent it since
        if record.status.ended:
            return record  # or another kernel has ended it: that stands
    detail = as_detail(error, run_id)
    ended: dict[str, Any] = {}
    if record.status == "planned":
        status = "skipped" if isinstance(error, BudgetExceeded) else "failed"
        ended = {"status": status, "finished_at": ctx.clock.now()}
    try:
        return await ctx.recorder.change(run_id, RunEvent.STOPPED_BY_ERROR, error=detail, **ended)
    except HailuoError:
        return replace(record, error=detail, **ended)  # the log cannot be written either: say it here at least
