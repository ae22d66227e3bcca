"""The way of one run that is followed here: from where the log has it to its end, or to where it must be left."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.run import ENDS
from hailuo_widgets.engine import poll as follow
from hailuo_widgets.engine import submit as create
from hailuo_widgets.engine.download import bring
from hailuo_widgets.engine.failures import as_detail, unexpected
from hailuo_widgets.engine.inputs import with_inputs
from hailuo_widgets.engine.rate_limit import backoff_s
from hailuo_widgets.engine.reuse import prepare
from hailuo_widgets.errors import BudgetExceeded, HailuoError, StoreError

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.engine import Engine
    from hailuo_widgets.engine.followed_run import Control

__all__ = ["carry"]

STORE_S = 300.0  # so long a run that is paid for is followed on while its steps cannot be written
FREE = frozenset({"queued", "running", "downloading"})  # from here on every step may be taken again


async def carry(engine: Engine, control: Control) -> None:
    """Follow one run to its end, or to where it must be left; who waits for it is told."""
    run_id = control.run_id
    try:
        record = await _through_trouble(engine, control)
    except asyncio.CancelledError:
        # The loop is being shut down: the log says where the run stands, and another loop takes it up from there.
        raise
    except HailuoError as e:
        if control.abandoned:
            return
        record = await _left(engine, run_id, e)
    except Exception as e:  # noqa: BLE001 - whatever happens, the run says so and its waiters wake
        record = await _left(engine, run_id, unexpected(e, run_id, "a step"))
    if not control.abandoned:
        engine.ended(record)


async def _through_trouble(engine: Engine, control: Control) -> RunRecord:
    """All steps; begun again from the log where one of those that may be taken again went wrong.

    That is one that is free and could not be written, and any that failed as none should: it ends the step, and the run
    is followed on. Until it gets through, the run shows what stands in the way.
    """
    began, attempt = time.monotonic(), 0
    while True:
        try:
            return await _steps(engine, control)
        except StoreError as e:
            known = engine.known(control.run_id)
            if known.status not in FREE or control.stopped or time.monotonic() - began > STORE_S:
                raise
            engine.learn(replace(known, error=as_detail(e, known.run_id)))
        except HailuoError:
            raise
        except Exception as e:
            known = await _as_it_stands(engine, control.run_id)
            late = time.monotonic() - began > engine.settings.timeout
            if known.status not in FREE | {"submitting"} or control.stopped or late:
                raise
            engine.learn(replace(known, error=as_detail(unexpected(e, known.run_id, "a step"), known.run_id)))
        attempt += 1
        await control.pause(backoff_s(attempt, cap=30.0))


async def _as_it_stands(engine: Engine, run_id: str) -> RunRecord:
    """The run as the log has it; as it was last known where the log cannot be asked."""
    with contextlib.suppress(HailuoError):
        return await engine.log.ask(engine.log.get, run_id)
    return engine.known(run_id)


async def _steps(engine: Engine, control: Control) -> RunRecord:
    record = await prepare(engine, control, await engine.as_logged(control.run_id))
    if not record.unfinished:
        return record
    engine.expected[record.run_id] = await engine.expectation(record)
    gateway = await engine.clients.gateway(record)
    there = record.status in FREE
    async with (
        engine.places(record).slot(control.stopping, already_there=there) as of_the_call,
        gateway.limiter.slot(control.stopping, already_there=there) as of_the_account,
    ):
        if not (of_the_call and of_the_account) and record.status == "planned":
            return await engine.change(record.run_id, "cancelled before it was sent", status="cancelled")
        if record.status == "submitting":
            record = await create.settle(engine, control, gateway, record)
        if record.status == "planned":
            record = await create.create(engine, control, gateway, await with_inputs(engine, record))
        if record.status in {"queued", "running"}:
            record = await follow.follow(engine, control, gateway, record)
            if record.status == "downloading":
                engine.linked[record.run_id] = time.monotonic()
    if record.status == "downloading":
        record = await bring(engine, control, gateway, record)
    return record


async def _left(engine: Engine, run_id: str, error: HailuoError) -> RunRecord:
    """Write an error that no step expected; in memory alone where even the log fails."""
    record = engine.known(run_id)
    with contextlib.suppress(HailuoError):
        record = await engine.log.ask(engine.log.get, run_id)  # another's create call may have sent it since
        if record.status in ENDS:
            return record  # or another kernel has ended it: that stands
    detail = as_detail(error, run_id)
    ended: dict[str, Any] = {}
    if record.status == "planned":
        status = "skipped" if isinstance(error, BudgetExceeded) else "failed"
        ended = {"status": status, "finished_at": datetime.now(UTC)}
    try:
        return await engine.change(run_id, "stopped by an error", error=detail, **ended)
    except HailuoError:
        return replace(record, error=detail, **ended)  # the log cannot be written either: say it here at least
