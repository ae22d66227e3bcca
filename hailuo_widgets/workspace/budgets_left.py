"""Text of the amounts that the budgets of a session have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain import money
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.errors import BudgetExceeded
from hailuo_widgets.workspace.spending_limits import budgets_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["left_texts"]


async def left_texts(session: WorkspaceBase, records: Sequence[RunRecord]) -> list[str]:
    """What the budgets of session and day have left, as texts, in the currencies of some runs.

    What is reserved counts as spent. A budget whose rates are missing is left out.

    Args:
        session: Its settings have the budgets, its log what is spent of them.
        records: The runs.
    """
    owner, now = session.engine.runs.owner, session.runtime.clock.now()
    budgets = budgets_of(session.settings, sweep_id=None, budget=None, owner=owner, now=now)
    currencies = sorted({r.currency for r in records if r.currency is not None})
    if not budgets or not currencies:
        return []
    rehearsal = all(r.origin == SIMULATOR for r in records)
    spent = await session.log.ask(session.log.spent, budgets, currencies, rehearsal=rehearsal)
    return [text for b, amounts in zip(budgets, spent, strict=True) for text in _left(b, amounts, currencies)]


def _left(budget: Budget, spent: Mapping[str, int], currencies: Sequence[str]) -> list[str]:
    """What a budget has left: in its own currency, or in each of these if it has none."""
    if budget.rates is not None:
        try:
            _, left = budget.left(spent, None)
        except BudgetExceeded:
            return []
        return [f"{money.exact(max(0, left), budget.rates.currency)} left of the {budget.name} of {budget.limit}"]
    return [
        f"{money.text(max(0, budget.left(spent, c)[1]), c)} left of the {budget.name} of {money.text(budget.micros, c)}"
        for c in currencies
    ]
