"""Cancellation of a run, and of its task at a provider that can cancel it.

A task that has finished meanwhile is paid for: its run goes on to its clip.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.run import CostKind
from hailuo_widgets.engine.poll import heard, stop, task_of
from hailuo_widgets.engine.recorder import UNRESERVED
from hailuo_widgets.errors import Cancelled as CancelledError
from hailuo_widgets.errors import HailuoError, ProviderError, TransportError, as_detail
from hailuo_widgets.provider.messages import Cancelled, CancelOutcome, Poll, PollState
from hailuo_widgets.provider.parse import plain

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import Follower
    from hailuo_widgets.engine.provider_client import ProviderClient
    from hailuo_widgets.provider.interface import Provider

__all__ = ["UNDER_WAY", "can_cancel", "cancel"]

TRIES = 3
UNDER_WAY = frozenset({"queued", "running"})
AGAIN = "retry() follows the task again, for free"

_EVENTS = {
    CancelOutcome.FREE: RunEvent.CANCELLED_FREE,
    CancelOutcome.BILLED: RunEvent.CANCELLED_BILLED,
    CancelOutcome.UNKNOWN: RunEvent.CANCELLED_UNKNOWN,
    CancelOutcome.TOO_LATE: RunEvent.CANCEL_TOO_LATE,
}
_SAYS = {
    CancelOutcome.FREE: "the provider has cancelled the task, and does not bill it",
    CancelOutcome.BILLED: "the provider has cancelled the task, and bills it all the same",
    CancelOutcome.UNKNOWN: "the provider was asked to cancel the task; whether it bills it is not known",
    CancelOutcome.TOO_LATE: "it was too late to cancel the task: the provider goes on, and may bill it",
}
# The run costs nothing, also where no list has its price: what was reserved no longer counts against budgets.
_NOT_BILLED: dict[str, Any] = {**UNRESERVED, "cost_micros": 0, "cost_kind": CostKind.REPORTED}
_NOT_ASKED = (
    RunEvent.CANCELLED_AFTER_SENT,
    "the provider could not be asked to cancel the task: it goes on, and may be billed",
)


def can_cancel(provider: Provider, record: RunRecord) -> bool:
    """Return whether the provider can cancel the run's task, and no other run's result with it."""
    if record.status not in UNDER_WAY or record.task_id is None or provider.results(record.request) > 1:
        return False
    try:
        return provider.encode_cancel(task_of(record)) is not None
    except Exception:  # noqa: BLE001 - a provider of another package may raise anything: then it has no such call
        return False


@dataclass(kw_only=True)
class _Attempt:
    """What is known of a cancellation so far."""

    answer: Cancelled | None = None
    doubt: HailuoError | None = None  # why there is no answer
    sent: bool = False  # the call may have reached the provider


async def cancel(ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord) -> RunRecord:
    """Cancel a queued or running run whose follower was told to stop.

    Returns:
        The run as ``cancelled``; or as the provider says, if the task had ended before.
    """
    if follower.abandoned or not can_cancel(client.provider, record):
        return await stop(ctx, follower, record)
    attempt = _Attempt()
    record = await _until_answered(ctx, follower, client, record, attempt)
    certain = attempt.answer is not None and attempt.answer.outcome in {CancelOutcome.FREE, CancelOutcome.BILLED}
    if record.status in UNDER_WAY and not certain and not _left(follower):
        record, _ = await _look(ctx, client, record, attempt)
    if record.status not in UNDER_WAY:
        return await _ended_before(ctx, follower, record)
    return record if _left(follower) else await _cancelled(ctx, client, record, attempt)


def _left(follower: Follower) -> bool:
    """Return whether another follower, or another process, has the run now: that changes while this one waits."""
    return follower.abandoned


async def _until_answered(
    ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord, attempt: _Attempt
) -> RunRecord:
    """Ask the provider until there is an answer, as often as is safe; return the run as it is then."""
    only_when = client.provider.cancel_only_when
    for number in range(1, TRIES + 1):
        if number > 1:
            await asyncio.sleep(ctx.timing.backoff_s(number - 1))
        if only_when or number > 1:
            record, state = await _look(ctx, client, record, attempt)
            if record.status not in UNDER_WAY or _left(follower):
                break
            if only_when and state is None:
                continue
            if only_when and state not in only_when:
                attempt.answer = Cancelled(outcome=CancelOutcome.TOO_LATE)
                break
        if await _ask(ctx, client, record, attempt):
            break
    return record


async def _ask(ctx: Context, client: ProviderClient, record: RunRecord, attempt: _Attempt) -> bool:
    """Send the cancel call once; return whether there is nothing more to ask."""
    await ctx.recorder.note(record.run_id, RunEvent.CANCEL_SENT, {})
    try:
        attempt.answer = await client.cancel(task_of(record))
    except TransportError as e:
        attempt.doubt, attempt.sent = e, attempt.sent or e.sent is not False
        return False
    except ProviderError as e:
        attempt.doubt, attempt.sent = e, True
        return not e.again
    attempt.sent = True
    return True


async def _look(
    ctx: Context, client: ProviderClient, record: RunRecord, attempt: _Attempt
) -> tuple[RunRecord, str | None]:
    """Query the task once; return the run after it, and the state (None if the provider does not say)."""
    await client.limiter.turn()
    try:
        poll = await client.query(task_of(record))
    except (ProviderError, TransportError) as e:
        attempt.doubt = attempt.doubt or e
        return record, None
    if poll.state == PollState.FAILED and poll.cancelled and attempt.sent:
        attempt.answer = Cancelled(outcome=client.provider.cancelled_costs, said=_said(poll))
        return await _cancelled(ctx, client, record, attempt), poll.state
    return await heard(ctx, record, poll), None if poll.word is not None and poll.warning else poll.state


def _said(poll: Poll) -> str | None:
    return poll.error.provider_message if poll.error is not None else None


async def _ended_before(ctx: Context, follower: Follower, record: RunRecord) -> RunRecord:
    """Go on with a run whose task has ended: its clip is paid for, and is brought."""
    if record.status == "downloading":
        follower.go_on()
        await ctx.recorder.note(record.run_id, RunEvent.CANCEL_TOO_LATE, {})
    return record


async def _cancelled(ctx: Context, client: ProviderClient, record: RunRecord, attempt: _Attempt) -> RunRecord:
    """End a run as cancelled, with what became of its price."""
    answer = attempt.answer
    outcome = answer.outcome if answer is not None else CancelOutcome.UNKNOWN
    event, says = (_EVENTS[outcome], _SAYS[outcome]) if answer or attempt.sent else _NOT_ASKED
    doubt = attempt.doubt if answer is None else None
    error = CancelledError(
        says + (f": {doubt.message}" if doubt else ""),
        provider=client.provider.facts.name,
        code=doubt.code if doubt else None,
        provider_message=plain(answer.said) if answer and answer.said else None,
        hint=None if outcome in {CancelOutcome.FREE, CancelOutcome.BILLED} else AGAIN,
    )
    return await ctx.recorder.change(
        record.run_id,
        event,
        {"said": plain(answer.said)} if answer and answer.said else {},
        status="cancelled",
        error=as_detail(error, record.run_id),
        **(_NOT_BILLED if outcome == CancelOutcome.FREE else {}),
    )
