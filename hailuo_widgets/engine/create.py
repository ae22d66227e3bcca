"""The step that costs money: one create call, in the log before it is sent and after it was answered.

It is repeated only when it certainly was not accepted: it never left, or the provider refused it for its rate. Every
other doubtful answer leaves the run ``unconfirmed``; at a provider that takes an id of ours, it is asked for first.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.engine.failures import as_detail
from hailuo_widgets.engine.limits import backoff_s, retry_after_s
from hailuo_widgets.errors import HailuoError, ProviderError, TaskLost, TransportError, Unconfirmed
from hailuo_widgets.providers.base import Task

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.control import Control
    from hailuo_widgets.engine.core import Engine
    from hailuo_widgets.engine.gateway import Gateway
    from hailuo_widgets.providers.base import Accepted

__all__ = ["WAYS_OUT", "create", "settle"]

TRIES_UNSENT = 3
WAYS_OUT = (
    "look at the provider's console; then run.adopt(task_id) if the task is there, run.write_off() if it is not, "
    "or run.resubmit() to pay for another try"
)


async def create(engine: Engine, control: Control, gateway: Gateway, record: RunRecord) -> RunRecord:
    """Send a planned run's create call; the record as it stands then."""
    unsent = refused = 0
    while record.status == "planned":
        await gateway.limiter.turn()
        if control.cancelled:
            return await engine.change(record.run_id, "cancelled before it was sent", status="cancelled", error=None)
        record = await engine.change(
            record.run_id,
            "create is sent",
            {"origin": gateway.log_origin},
            status="submitting",
            origin=gateway.log_origin,
            simulated=gateway.simulated,
            channel=gateway.provider.channel(record.request),
        )
        try:
            # Shielded: whatever ends our wait, the answer is still read and written.
            accepted = await asyncio.shield(engine.keep(gateway.create(record.request, str(record.client_uuid))))
        except TransportError as e:
            if e.sent is not False:
                return await _doubtful(engine, control, gateway, record, e)
            unsent += 1
            if unsent >= TRIES_UNSENT:
                return await engine.fail(record, e)
            pause = backoff_s(unsent)
            record = await engine.change(
                record.run_id, "create was not sent", as_detail(e, record.run_id), status="planned"
            )
            await control.pause(pause)
        except ProviderError as e:
            if e.accepted is None:
                return await _doubtful(engine, control, gateway, record, e)
            if not e.again:
                return await engine.fail(record, e)
            refused += 1
            pause = retry_after_s(e.retry_after) or backoff_s(refused, base=2.0)
            gateway.limiter.pause(pause)
            record = await engine.change(
                record.run_id, "create was refused for its rate", as_detail(e, record.run_id), status="planned"
            )
        else:
            record = await _accepted(engine, gateway, record, accepted)
    return record


async def settle(engine: Engine, control: Control, gateway: Gateway, record: RunRecord) -> RunRecord:
    """A run that an earlier kernel left while its create call was on its way: it may have been accepted."""
    lost = TransportError("the kernel ended before the create call was answered", provider=gateway.provider.facts.name)
    return await _doubtful(engine, control, gateway, record, lost)


async def _accepted(engine: Engine, gateway: Gateway, record: RunRecord, accepted: Accepted) -> RunRecord:
    data = {"task_id": accepted.task_id, "trace_id": accepted.trace_id, "warning": accepted.warning}
    return await engine.accept(
        record, accepted.task_id, {k: v for k, v in data.items() if v}, simulated=gateway.simulated
    )


async def _doubtful(
    engine: Engine, control: Control, gateway: Gateway, record: RunRecord, why: HailuoError
) -> RunRecord:
    if gateway.provider.client_ids and record.client_uuid:
        settled = await _ask_for_ours(engine, control, gateway, record)
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


async def _ask_for_ours(engine: Engine, control: Control, gateway: Gateway, record: RunRecord) -> RunRecord | None:
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
                return await engine.change(record.run_id, "the provider does not know our id", status="planned")
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
