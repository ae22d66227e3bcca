"""The step that costs money: one create call, in the log before it is sent and after it was answered.

It is repeated only when it certainly was not accepted: it never left, or the provider refused it for its rate. Every
other doubtful answer leaves the run ``unconfirmed``; at a provider that takes an id of ours, it is asked for first.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.engine.limits import backoff_s, retry_after_s
from hailuo_widgets.errors import HailuoError, ProviderError, TaskLost, TransportError, Unconfirmed
from hailuo_widgets.gateways.base import Task

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.control import Control
    from hailuo_widgets.engine.core import Engine
    from hailuo_widgets.engine.gateway import Gateway
    from hailuo_widgets.gateways.base import Accepted

__all__ = ["WAYS_OUT", "create", "settle"]

TRIES_UNSENT = 3
PLACE_S = 1.0  # so often a place is asked for that another kernel's runs hold
WAYS_OUT = (
    "look at the provider's console; then run.adopt(task_id) if the task is there, run.write_off() if it is not, "
    "or run.resubmit() to pay for another try"
)


async def create(engine: Engine, control: Control, gateway: Gateway, record: RunRecord) -> RunRecord:
    """Send a planned run's create call; the record as it stands then."""
    tries = _Tries()
    while record.status == "planned":

        async def on_shut(run_id: str = record.run_id) -> None:
            await engine.note(run_id, "the gateway is in trouble: nothing is sent until it answers", {})

        async with gateway.door.passing(control, on_shut):
            await gateway.limiter.turn()
            if control.cancelled:
                return await engine.change(
                    record.run_id, "cancelled before it was sent", status="cancelled", error=None
                )
            if (why := engine.stopped(record)) is not None:
                return await engine.fail(record, why, status="skipped")
            record, pause_s = await _attempt(engine, control, gateway, record, tries)
        if record.status == "planned":
            await control.pause(pause_s)
    return record


class _Tries:
    """How often a create has certainly not been accepted."""

    unsent = 0
    refused = 0


async def _attempt(
    engine: Engine, control: Control, gateway: Gateway, record: RunRecord, tries: _Tries
) -> tuple[RunRecord, float]:
    """One create call; the record after it, and how long to wait where it may be sent again."""
    try:
        request = await gateway.prepared(record.request)
    except TransportError as e:
        return await _not_sent(engine, gateway, record, tries, e)
    except ProviderError as e:
        return await _refused(engine, gateway, record, tries, e)
    leave = await engine.leave_to_send(record, gateway)
    if leave is None:
        return record, PLACE_S
    # Kept: whatever ends our wait, the answer is still read and written; who follows the run next waits for that.
    sending = engine.keep(_send(engine, control, gateway, replace(leave, request=request), tries))
    engine.sending[record.run_id] = sending
    return await asyncio.shield(sending)


async def _send(
    engine: Engine, control: Control, gateway: Gateway, record: RunRecord, tries: _Tries
) -> tuple[RunRecord, float]:
    """The call itself, and the note of what came of it."""
    try:
        accepted = await gateway.create(record.request, str(record.client_uuid))
    except TransportError as e:
        if e.sent is not False:
            return await _doubtful(engine, control, gateway, record, e, tries=tries), 0.0
        return await _not_sent(engine, gateway, record, tries, e)
    except ProviderError as e:
        if e.accepted is None:
            return await _doubtful(engine, control, gateway, record, e, tries=tries), 0.0
        return await _refused(engine, gateway, record, tries, e)
    return await _accepted(engine, gateway, record, accepted), 0.0


async def _not_sent(
    engine: Engine, gateway: Gateway, record: RunRecord, tries: _Tries, error: TransportError
) -> tuple[RunRecord, float]:
    tries.unsent += 1
    if tries.unsent >= TRIES_UNSENT or not error.again:
        if not error.again or not await gateway.door.away():
            return await engine.refuse(record, error), 0.0
        tries.unsent = 0  # an outage: it is waited for in the door
    return await engine.take_back(record, "create was not sent", error), backoff_s(tries.unsent)


async def _refused(
    engine: Engine, gateway: Gateway, record: RunRecord, tries: _Tries, error: ProviderError
) -> tuple[RunRecord, float]:
    gateway.door.answered()
    if not error.again:
        return await engine.refuse(record, error), 0.0
    tries.refused += 1
    pause = retry_after_s(error.retry_after) or backoff_s(tries.refused, base=2.0)
    gateway.limiter.pause(pause)
    return await engine.take_back(record, "create was refused for its rate", error), pause


async def settle(engine: Engine, control: Control, gateway: Gateway, record: RunRecord) -> RunRecord:
    """A run that was left while its create call was on its way: it may have been accepted."""
    sending = engine.sending.get(record.run_id)
    if sending is not None and _goes_on(sending):
        return (await asyncio.shield(sending))[0]  # it was only its follower that ended
    lost = TransportError("the kernel ended before the create call was answered", provider=gateway.provider.facts.name)
    return await _doubtful(engine, control, gateway, record, lost, tries=_Tries())


def _goes_on(sending: asyncio.Task[Any]) -> bool:
    """Whether a create call's task is on this loop and has an outcome, or will have one."""
    if sending.get_loop() is not asyncio.get_running_loop():
        return False
    return not sending.done() or not (sending.cancelled() or sending.exception())


async def _accepted(engine: Engine, gateway: Gateway, record: RunRecord, accepted: Accepted) -> RunRecord:
    data = {"task_id": accepted.task_id, "trace_id": accepted.trace_id, "warning": accepted.warning}
    return await engine.accept(
        record, accepted.task_id, {k: v for k, v in data.items() if v}, simulated=gateway.simulated
    )


async def _doubtful(
    engine: Engine, control: Control, gateway: Gateway, record: RunRecord, why: HailuoError, *, tries: _Tries
) -> RunRecord:
    gateway.door.doubted()
    if gateway.provider.client_ids and record.client_uuid:
        settled = await _ask_for_ours(engine, control, gateway, record, why, tries=tries)
        if settled is not None:
            return settled
    error = Unconfirmed(
        f"the create call's answer was lost, so it may have been billed: {why.message}",
        provider=gateway.provider.facts.name,
        code=why.code,
        provider_message=why.provider_message,
        trace_id=why.trace_id,
        hint=WAYS_OUT,
    )
    return await engine.fail(record, error, status="unconfirmed")


async def _ask_for_ours(
    engine: Engine, control: Control, gateway: Gateway, record: RunRecord, why: HailuoError, *, tries: _Tries
) -> RunRecord | None:
    """Ask the provider for the id that we chose and stored before sending; None where it gives no answer."""
    ours = Task(task_id=str(record.client_uuid), channel=record.channel or "", result_index=record.result_index)
    unknown = 0
    for attempt in range(1, 6):
        await control.pause(backoff_s(attempt))
        await gateway.limiter.turn()
        try:
            await gateway.query(ours)
        except TaskLost:
            unknown += 1
            if unknown >= TRIES_UNSENT:  # not a delay in its books: it was not accepted
                tries.unsent += 1
                if tries.unsent >= TRIES_UNSENT:
                    return await engine.refuse(record, why)
                return await engine.take_back(record, "the provider does not know our id", why)
        except (TransportError, ProviderError):
            continue
        else:
            return await engine.accept(record, ours.task_id, {"found_by": "our own id"}, simulated=gateway.simulated)
    return None


def accepted_changes(record: RunRecord, task_id: str, *, simulated: bool) -> dict[str, Any]:
    """What an accepted create call changes in a record."""
    return {
        "status": "queued",
        "task_id": task_id,
        "simulated": simulated or record.simulated,
        "submitted_at": record.submitted_at or datetime.now(UTC),
        "error": None,
    }
