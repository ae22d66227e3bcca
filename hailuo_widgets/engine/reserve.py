"""Leave to send a create call: a place of the account and room in the budgets, across all kernels on the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.budget import Permit
from hailuo_widgets.domain.expectation import held_s
from hailuo_widgets.domain.run import SIMULATOR

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.client import Gateway
    from hailuo_widgets.engine.engine import Engine

__all__ = ["has_place", "leave_to_send"]


async def has_place(engine: Engine, gateway: Gateway, record: RunRecord) -> bool:
    """Whether the account has a place for the run now; to have it, it must be reserved."""
    permit = _permit(engine, gateway, record)
    return await engine.log.ask(engine.log.has_place, record.request.provider, gateway.log_origin, permit)


async def leave_to_send(engine: Engine, gateway: Gateway, record: RunRecord) -> RunRecord | None:
    """The run as ``submitting``, its price reserved; None while the account has no place for it.

    Raises:
        BudgetExceeded: Its price fits one of the budgets no more.
    """
    changes = {
        "origin": gateway.log_origin,
        "simulated": gateway.simulated,
        "channel": gateway.provider.channel(record.request),
        "error": None,
    }
    permit = _permit(engine, gateway, record)
    data = {"origin": gateway.log_origin}
    sent = await engine.log.ask(engine.log.reserve, record.run_id, permit, data, **changes)
    return None if sent is None else engine.told(sent)


def _permit(engine: Engine, gateway: Gateway, record: RunRecord) -> Permit:
    price = engine.accounts.list_price(record.request)
    each = price.get("cost_micros")
    return Permit(
        micros=None if each is None else each * gateway.provider.results(record.request),  # one call makes them all
        currency=price.get("currency"),
        budgets=engine.budgets(record.run_id),
        rehearsal=gateway.log_origin == SIMULATOR,
        concurrent=gateway.concurrent,
        held_s=held_s(engine.expected.get(record.run_id), speed=gateway.speed),
    )
