"""The step that costs money: one create call, in the log before it is sent and after it was answered.

It is repeated only when it certainly was not accepted: it never left, or the provider refused it for its rate. Every
other doubtful answer leaves the run ``unconfirmed``; at a provider that takes an id of ours, that is asked for first.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.budget import EqualRunSent
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.engine.create_answer import accepted, unconfirmed
from hailuo_widgets.engine.outcome import Outcome
from hailuo_widgets.engine.rate_limit import retry_after_s
from hailuo_widgets.engine.reconcile import settle_by_our_id
from hailuo_widgets.engine.rescue_file import adopt_own
from hailuo_widgets.engine.reserve import has_place, reserve
from hailuo_widgets.engine.reuse import prepare
from hailuo_widgets.errors import HailuoError, ProviderError, RateLimited, TransportError

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import FollowedRun, Follower
    from hailuo_widgets.engine.provider_client import ProviderClient

__all__ = ["settle", "submit"]

TRIES_UNSENT = 3
_sent_here: set[str] = set()  # runs whose create call this process has sent
_log = logging.getLogger(__name__)


async def submit(ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord) -> RunRecord:
    """Send a planned run's create call, and return the record after it."""
    tries = _Tries()
    while record.status == "planned":

        async def on_shut(run_id: str = record.run_id) -> None:
            await ctx.recorder.note(run_id, RunEvent.PROVIDER_IN_TROUBLE, {})

        async with client.breaker.passing(follower, on_shut):
            outcome = await _guarded(ctx, follower, client, record, tries)
        record = outcome.record
        if outcome.doubt is not None:  # settled outside of the door: it may take minutes
            record = await _settled(ctx, follower, client, record, outcome.doubt)
        if record.status == "planned":
            await follower.pause(outcome.pause_s)
        if outcome.equal_sent:
            record = await prepare(ctx, follower, record)
    return record


async def _guarded(
    ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord, tries: _Tries
) -> Outcome:
    # A place is looked for before a turn is taken: who only waits for one must not use up the minute's requests, which
    # the polls of those that hold the places need.
    free = follower.cancelled or await has_place(ctx, follower.run, client, record)
    if free:
        await client.limiter.turn()
    if follower.cancelled:
        cancelled = await ctx.recorder.change(
            record.run_id, RunEvent.CANCELLED_BEFORE_SENT, status="cancelled", error=None
        )
        return Outcome(record=cancelled)
    if (why := ctx.recorder.stopped(record)) is not None:
        return Outcome(record=await ctx.recorder.fail(record, why, status="skipped"))
    if not free or ctx.runs.holding.holds(record.run_id):
        return Outcome(record=record, pause_s=ctx.timing.place_s)
    return await _attempt(ctx, follower.run, client, record, tries)


class _Tries:
    """Counter of create calls of a run that certainly were not accepted."""

    unsent = 0
    refused = 0


async def _attempt(ctx: Context, run: FollowedRun, client: ProviderClient, record: RunRecord, tries: _Tries) -> Outcome:
    """Make one create call; return the run after it, and how long to wait before it may be sent again."""
    try:
        request = await client.prepared(record.request)
    except TransportError as e:
        return await _not_sent(ctx, client, record, tries, e)
    except RateLimited as e:
        return await _refused(ctx, client, record, tries, e)
    except ProviderError as e:  # about a file: no create call was sent
        return await _not_sent(ctx, client, record, tries, e)
    try:
        reserved = await _reserve(ctx, run, client, record)
    except EqualRunSent:
        return Outcome(record=record, equal_sent=True)
    if reserved is None or reserved.status != "submitting":
        return Outcome(record=reserved or record, pause_s=ctx.timing.place_s)
    # Kept: whatever ends our wait, the answer is still read and written; who follows the run next waits for that.
    run.sending = sending = ctx.runs.keep(_send(ctx, client, replace(reserved, request=request), tries))
    _sent_here.add(record.run_id)
    return await asyncio.shield(sending)


async def _reserve(ctx: Context, run: FollowedRun, client: ProviderClient, record: RunRecord) -> RunRecord | None:
    """Reserve the create call; return the run as ``submitting``, as ``planned`` if its wait was stopped, or None."""
    holding = ctx.runs.holding
    if holding.holds(record.run_id):
        return None
    holding.reserving.add(record.run_id)
    try:
        reserved = await reserve(ctx, run, client, record)
        if reserved is not None and reserved.status == "submitting" and holding.holds(record.run_id):
            return await ctx.recorder.hold_back(reserved)
        return reserved
    finally:
        holding.reserving.discard(record.run_id)


async def _send(ctx: Context, client: ProviderClient, record: RunRecord, tries: _Tries) -> Outcome:
    """Send the call, and record its result."""
    try:
        answer = await client.create(record.request, str(record.client_uuid))
    except TransportError as e:
        if e.sent is not False:
            return await _doubtful(ctx, client, record, e)
        return await _not_sent(ctx, client, record, tries, e)
    except ProviderError as e:
        if e.accepted is None:
            return await _doubtful(ctx, client, record, e)
        return await _refused(ctx, client, record, tries, e)
    except Exception as e:  # noqa: BLE001 - nobody knows where it came from, nor whether the call arrived
        _log.exception("run %s: the create call met an error in hailuo-widgets itself", record.run_id)
        doubt = TransportError(f"an error in hailuo-widgets itself: {type(e).__name__}", sent=None)
        return await _doubtful(ctx, client, record, doubt)
    return await accepted(ctx, client, record, answer)


async def _not_sent(
    ctx: Context, client: ProviderClient, record: RunRecord, tries: _Tries, error: TransportError | ProviderError
) -> Outcome:
    tries.unsent += 1
    if tries.unsent >= TRIES_UNSENT or not error.again:
        if not error.again or not await client.breaker.away():
            return Outcome(record=await ctx.recorder.refuse(record, error))
        tries.unsent = 0  # an outage: it is waited for in the door
    planned = await ctx.recorder.take_back(record, RunEvent.CREATE_NOT_SENT, error)
    return Outcome(record=planned, pause_s=ctx.timing.backoff_s(tries.unsent))


async def _refused(
    ctx: Context, client: ProviderClient, record: RunRecord, tries: _Tries, error: ProviderError
) -> Outcome:
    if not error.again:
        return Outcome(record=await ctx.recorder.refuse(record, error))
    tries.refused += 1
    pause_s = retry_after_s(error.retry_after, now=ctx.clock.now()) or ctx.timing.backoff_s(tries.refused, base=2.0)
    client.limiter.pause(pause_s)
    planned = await ctx.recorder.take_back(record, RunEvent.CREATE_RATE_LIMITED, error)
    return Outcome(record=planned, pause_s=pause_s)


async def _doubtful(ctx: Context, client: ProviderClient, record: RunRecord, why: HailuoError) -> Outcome:
    """Handle a reply that doesn't tell whether the call was accepted."""
    if client.provider.client_ids and record.client_uuid:
        return Outcome(record=record, doubt=why)
    return Outcome(record=await unconfirmed(ctx, client, record, why))


async def settle(ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord) -> RunRecord:
    """Settle a run whose create call was interrupted, and may have been accepted."""
    # Said of another kernel, whose run could be taken up only because it is gone; this one is not.
    who = "the session that sent it stopped" if record.run_id in _sent_here else "the kernel ended"
    doubt: HailuoError = TransportError(
        f"{who} before the create call was answered", provider=client.provider.facts.name
    )
    sending = follower.run.sending
    if sending is not None and _goes_on(sending):
        outcome = await asyncio.shield(sending)  # it was only its follower that ended
        record, doubt = outcome.record, outcome.doubt or doubt
    elif sending is not None and sending.get_loop() is not asyncio.get_running_loop():
        # Another thread's loop has sent it: its own task reads the answer, and writes it.
        while not sending.done() and sending.get_loop().is_running():
            await follower.pause(ctx.timing.sending_elsewhere_s)
        record = await ctx.log.ask(ctx.log.get, record.run_id)
    else:
        client.breaker.doubted()
    return await _settled(ctx, follower, client, record, doubt) if record.status == "submitting" else record


async def _settled(
    ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord, doubt: HailuoError
) -> RunRecord:
    found = await asyncio.to_thread(adopt_own, ctx.log, ctx.settings.home, record.run_id)
    if found.status != record.status:
        return ctx.recorder.told(found)  # it was accepted, and only the log did not know
    if client.provider.client_ids and record.client_uuid:
        return await settle_by_our_id(ctx, follower, client, record, doubt)
    return await unconfirmed(ctx, client, record, doubt)


def _goes_on(sending: asyncio.Task[Any]) -> bool:
    """Return whether a create call's task is on this loop, and has or will have an outcome."""
    if sending.get_loop() is not asyncio.get_running_loop():
        return False
    return not sending.done() or not (sending.cancelled() or sending.exception())
