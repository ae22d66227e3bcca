"""Reservation of a create call: checks the concurrency limit and the budgets in one transaction.

They hold across all kernels on the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.budget import Permit
from hailuo_widgets.domain.expected_duration import held_s
from hailuo_widgets.domain.run import SIMULATOR

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import FollowedRun
    from hailuo_widgets.engine.provider_client import ProviderClient

__all__ = ["has_place", "reserve"]


async def has_place(ctx: Context, run: FollowedRun, client: ProviderClient, record: RunRecord) -> bool:
    """Return whether the account has a free place now. To take it, the run must be reserved."""
    permit = _permit(ctx, run, client, record)
    return await ctx.log.ask(ctx.log.has_place, record.request.provider, client.log_origin, permit)


async def reserve(ctx: Context, run: FollowedRun, client: ProviderClient, record: RunRecord) -> RunRecord | None:
    """Reserve a place and the run's price, and return the run as ``submitting``; None if the account has no free place.

    Raises:
        EqualRunSent: An equal run, whose clip may be reused, was sent meanwhile.
        BudgetExceeded: The price would exceed one of the budgets.
    """
    changes = {
        "origin": client.log_origin,
        "simulated": client.simulated,
        "channel": client.provider.channel(record.request),
        "error": None,
    }
    permit = _permit(ctx, run, client, record)
    data = {"origin": client.log_origin}
    sent = await ctx.log.ask(ctx.log.reserve, record.run_id, permit, data, **changes)
    return None if sent is None else ctx.recorder.told(sent)


def _permit(ctx: Context, run: FollowedRun, client: ProviderClient, record: RunRecord) -> Permit:
    price = ctx.accounts.list_price(record.request, client.log_origin)
    each = price.get("cost_micros")
    return Permit(
        micros=None if each is None else each * client.provider.results(record.request),  # one call makes them all
        currency=price.get("currency"),
        budgets=run.budgets,
        rehearsal=client.log_origin == SIMULATOR,
        concurrent=client.concurrent,
        alike=ctx.accounts.alike if run.may_reuse else None,
        held_s=held_s(run.expected, speed=client.speed),
    )
