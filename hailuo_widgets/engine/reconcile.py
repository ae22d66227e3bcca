"""Reconciliation of a create call whose answer was lost, by the task id that we chose.

It needs a provider that takes an id of ours. The provider is asked for that id. It may only be slow to record new
tasks, so a denial counts after a minute. Then the call is sent again under the same id, which cannot be charged twice:
a provider that has the id answers that it is taken, and that means the first call was accepted. Whatever stays open
after that ends ``unconfirmed``, never as ``failed``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.engine.create_answer import accept, accepted, unconfirmed
from hailuo_widgets.engine.outcome import Outcome
from hailuo_widgets.engine.rate_limit import retry_after_s
from hailuo_widgets.errors import HailuoError, ProviderError, TaskLost, TransportError
from hailuo_widgets.provider.interface import Task

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import Follower
    from hailuo_widgets.engine.provider_client import ProviderClient

__all__ = ["settle_by_our_id"]


async def settle_by_our_id(
    ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord, doubt: HailuoError
) -> RunRecord:
    """Find out whether a create call was accepted; return the run as ``queued`` or ``unconfirmed``.

    If the run is cancelled in the meantime, it is still queried, but not sent again.
    """
    for resends in range(ctx.timing.most_resends + 1):
        found = await _known(ctx, client, str(record.client_uuid), record)
        if follower.abandoned:
            return record
        if found:
            told = {"found_by": "our own id"}
            return await accept(ctx, record, str(record.client_uuid), told, simulated=client.simulated)
        last = resends == ctx.timing.most_resends
        if found is None or last or follower.stopped or ctx.recorder.stopped(record) is not None:
            break
        follower.run.sending = sending = ctx.runs.keep(_send_again(ctx, follower, client, record))
        outcome = await asyncio.shield(sending)
        if outcome.record.status != "submitting":
            return outcome.record
        doubt = outcome.doubt or doubt
        if isinstance(doubt, ProviderError) and doubt.accepted is False and not doubt.again:
            break  # no later call would be taken either
        await asyncio.sleep(outcome.pause_s)
    return await unconfirmed(ctx, client, record, doubt)


async def _known(ctx: Context, client: ProviderClient, ours: str, record: RunRecord) -> bool | None:
    """Return whether the provider has a task with our ID; None if it doesn't say."""
    task = Task(task_id=ours, channel=record.channel or "", result_index=record.result_index)
    timing = ctx.timing
    began = ctx.clock.monotonic()
    answered = False
    attempt = 0
    while True:
        attempt += 1
        await asyncio.sleep(timing.backoff_s(attempt, cap=timing.settling_gap_s))
        await client.limiter.turn()
        try:
            await client.query(task)
        except TaskLost:
            answered = True
        except (ProviderError, TransportError):
            answered = False
        else:
            return True
        waited = (ctx.clock.monotonic() - began) * client.speed
        if answered and waited >= timing.settling_s:
            return False
        if waited >= timing.silent_s:
            return None


async def _send_again(ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord) -> Outcome:
    """Send the same call with the same ID; the run stays ``submitting`` unless it is accepted."""

    async def on_shut() -> None:
        await ctx.recorder.note(record.run_id, RunEvent.PROVIDER_IN_TROUBLE, {})

    try:
        request = await client.prepared(await asyncio.to_thread(ctx.archive.with_inputs, record.request))
        async with client.breaker.passing(follower, on_shut):
            if follower.stopped:
                return Outcome(record=record)
            await client.limiter.turn()
            await ctx.recorder.note(record.run_id, RunEvent.CREATE_SENT_AGAIN, {})
            answer = await client.create(request, str(record.client_uuid))
    except TransportError as e:
        return Outcome(record=record, doubt=None if e.sent is False else e)  # the first call was sent all the same
    except ProviderError as e:
        if e.accepted is None:
            return Outcome(record=record, doubt=e)
        if e.again:
            pause_s = retry_after_s(e.retry_after, now=ctx.clock.now()) or ctx.timing.backoff_s(1, base=2.0)
            client.limiter.pause(pause_s)
            return Outcome(record=record, doubt=e, pause_s=pause_s)
        # The refusal is of this call. What became of the first one it does not say.
        ctx.recorder.end_sweep(record, e)
        return Outcome(record=record, doubt=e)
    return await accepted(ctx, client, record, answer)
