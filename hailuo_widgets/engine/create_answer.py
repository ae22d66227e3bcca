"""Recording of a create call's reply: the call was accepted, or may have been."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.budget import TaskIdTaken
from hailuo_widgets.engine.accepted_ids import Receipt, adopting_line
from hailuo_widgets.engine.outcome import Outcome
from hailuo_widgets.engine.rescue_file import RESCUE_FILE, forget_unwritten, remember_unwritten, write_rescue
from hailuo_widgets.engine.task_details import small_details
from hailuo_widgets.errors import ProviderError, StoreError, Unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.provider_client import ProviderClient
    from hailuo_widgets.errors import HailuoError
    from hailuo_widgets.provider.interface import Accepted

__all__ = ["WAYS_OUT", "accept", "accepted", "keep_accepted", "unconfirmed"]


WAYS_OUT = (
    "look at the provider's console; then run.adopt(task_id) if the task is there, run.write_off() if it is not, "
    "or run.resubmit() to pay for another try"
)


LISTED = "run.candidates() lists the provider's tasks that could be this one"


def _has_list(client: ProviderClient, record: RunRecord) -> bool:
    with contextlib.suppress(Exception):  # a provider of another package may raise anything
        return client.provider.encode_list(record.request, 1) is not None
    return False


async def accepted(ctx: Context, client: ProviderClient, record: RunRecord, answer: Accepted) -> Outcome:
    """Write that the call was accepted."""
    data = {"task_id": answer.task_id, "trace_id": answer.trace_id, "warning": answer.warning}
    told = {k: v for k, v in data.items() if v}
    details, dropped = small_details(answer.details)
    told |= {"warning": "; ".join(w for w in (answer.warning, dropped) if w)} if dropped else {}
    record = await accept(
        ctx, record, answer.task_id, told, simulated=client.simulated, channel=answer.channel, details=details
    )
    return Outcome(record=record)


async def accept(
    ctx: Context,
    record: RunRecord,
    task_id: str,
    data: Mapping[str, Any],
    *,
    simulated: bool,
    channel: str | None = None,
    details: Mapping[str, str] | None = None,
) -> RunRecord:
    """Write the task ID of an accepted create call, which must not be lost.

    Raises:
        StoreError: The log can't be written; the error contains the task ID, and so does the rescue file if possible.
    """
    changes = _accepted_changes(record, task_id, simulated=simulated, channel=channel, now=ctx.clock.now())
    changes |= {"task_details": details} if details else {}
    with contextlib.suppress(Exception):  # a price that cannot be looked up costs no task id
        changes |= ctx.accounts.list_price(record.request, record.origin)
    return await keep_accepted(ctx, record, task_id, ctx.recorder.stamped(record.run_id, data), changes)


def _accepted_changes(
    record: RunRecord, task_id: str, *, simulated: bool, channel: str | None, now: datetime
) -> dict[str, Any]:
    """Return what an accepted create call changes in a record; ``channel`` is the endpoint that the reply names."""
    return ({} if channel is None else {"channel": channel}) | {
        "status": "queued",
        "task_id": task_id,
        "simulated": simulated or record.simulated,
        "submitted_at": record.submitted_at or now,
        "error": None,
    }


async def keep_accepted(
    ctx: Context, record: RunRecord, task_id: str, data: Mapping[str, Any], changes: Mapping[str, Any]
) -> RunRecord:
    """Commit an accepted create call to the log.

    Raises:
        StoreError: The log can't be written; the error contains the task ID, and so does the rescue file if possible.
    """
    path = ctx.settings.home / RESCUE_FILE
    receipt = Receipt(
        record.run_id,
        task_id,
        rescue=lambda: write_rescue(path, record, task_id, changes, at=ctx.clock.now()),
        where=str(path),
    )
    remember_unwritten(record, task_id, changes, at=ctx.clock.now())
    try:
        kept = await _committed(ctx, record, receipt, data, changes)
    except BaseException:  # whatever ends this: the loop, an interrupt, a store in trouble
        receipt.secure()
        raise
    finally:
        receipt.close()
    forget_unwritten(record.run_id)
    return kept


async def _committed(
    ctx: Context, record: RunRecord, receipt: Receipt, data: Mapping[str, Any], changes: Mapping[str, Any]
) -> RunRecord:
    """Try to commit a few times; as soon as a try fails or takes long, the ID is also written to the rescue file."""
    failure: StoreError | None = None
    for attempt in range(1, ctx.timing.accept_tries + 1):
        slow = asyncio.get_running_loop().call_later(ctx.timing.slow_commit_s, receipt.secure)
        try:
            return await ctx.recorder.write_accepted(record.run_id, data, changes)
        except TaskIdTaken as e:
            error = Unconfirmed(e.message, provider=record.request.provider, hint="ask the provider's support")
            return await ctx.recorder.fail(record, error, status="unconfirmed")
        except StoreError as e:
            failure = e
        finally:
            slow.cancel()
        receipt.secure()
        if failure.closed:
            break
        await asyncio.sleep(ctx.timing.backoff_s(attempt))
    message = failure.message if failure else "unknown"
    by_hand = adopting_line(receipt.run_id, receipt.task_id)
    raise StoreError(
        f"the create call was accepted as task {receipt.task_id}, and the log could not be written: {message}",
        provider=record.request.provider,
        run_id=record.run_id,
        hint=f"the task id is kept in {ctx.settings.home / RESCUE_FILE}: when the log works again, hw.resume() "
        f"takes it from there, or {by_hand}"
        if receipt.kept
        else f"write the task id down, it is nowhere else: when the log works again, {by_hand}",
    )


async def unconfirmed(ctx: Context, client: ProviderClient, record: RunRecord, why: HailuoError) -> RunRecord:
    """End the run as ``unconfirmed``, with what the user can do."""
    listed = _has_list(client, record)
    how = "does not say whether it was accepted" if isinstance(why, ProviderError) else "was lost"
    error = Unconfirmed(
        f"the create call's answer {how}, so it may have been billed: {why.message}",
        provider=client.provider.facts.name,
        code=why.code,
        provider_message=why.provider_message,
        trace_id=why.trace_id,
        hint="; ".join(text for text in (LISTED if listed else "", WAYS_OUT, why.hint) if text),
    )
    return await ctx.recorder.fail(record, error, status="unconfirmed")
