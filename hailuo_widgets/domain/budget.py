"""Budgets and permits of create calls, as plain values that don't import SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.domain import money
from hailuo_widgets.domain.exchange import DOCUMENTED, rates_to_give
from hailuo_widgets.errors import BudgetExceeded, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hailuo_widgets.domain.exchange import Rates

__all__ = ["Budget", "ConstraintBroken", "EqualRunSent", "Permit", "TaskIdTaken"]


class TaskIdTaken(StoreError):
    """The provider returned a task ID that another run already has."""


class ConstraintBroken(StoreError):
    """The store refused a row.

    Attributes:
        unique: Whether it is because another row has a value that only one may have.
    """

    unique: bool = False


class EqualRunSent(StoreError):
    """An equal run was sent since the last look for one, so this create call is not permitted."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit on the cost of one sweep (``sweep_id``), of one session (``session``), or since a moment (``since``).

    ``micros`` are millionths of the currency of ``rates``; without rates they hold in each currency by itself.
    ``setting`` is the setting ``currency``, and ``named`` whether the budget itself names its currency, for the hint.
    """

    name: str
    micros: int
    sweep_id: str | None = None
    session: str | None = None
    since: datetime | None = None
    rates: Rates | None = None
    setting: str | None = None
    named: bool = True

    @property
    def limit(self) -> str:
        """The limit for display: with its currency if it has one."""
        return f"{self.micros / 1e6:g}" if self.rates is None else money.exact(self.micros, self.rates.currency)

    def counted(self, micros: int, currency: str | None, *, spent: bool = False) -> int:
        """Return an amount in the budget's currency.

        Args:
            micros: The amount.
            currency: Its currency.
            spent: Whether the amount is spent or reserved already.

        Raises:
            BudgetExceeded: There is no rate for it, so the budget can't be kept.
        """
        if self.rates is None:
            return micros
        found = self.rates.convert(micros, currency)
        if found is not None:
            return found
        what = f"{micros / 1e6:g} {currency} {'is spent or reserved' if spent else 'is to be sent'}"
        raise BudgetExceeded(
            f"{what}, and there is no rate from {currency} to {self.rates.currency}, so the {self.name} of "
            f"{self.limit} cannot be kept",
            hint=self._way_out(currency, self.rates.currency),
        )

    def _way_out(self, currency: str | None, into: str) -> str:
        rate = f"give one in the settings, {rates_to_give([currency], into)}"
        if (currency, into) in DOCUMENTED:
            rate += " (what a unit costs by the provider's document)"
        if not self.named:
            return f"the setting currency={into!r} makes it a budget in {into}: {rate}, or set currency=None"
        return f"{rate}, or a budget without a currency" if self.setting is None else rate

    def left(self, spent: Mapping[str, int], currency: str | None) -> tuple[int, int]:
        """Return what of the budget is spent, and what is left, for runs of a currency.

        Args:
            spent: The micros that are spent or reserved within the budget, by currency.
            currency: The currency of a run; with rates, all currencies count.

        Raises:
            BudgetExceeded: There is no rate for what is spent.
        """
        if self.rates is None:
            used = spent.get(currency or "", 0)
        else:
            used = sum(self.counted(micros, name, spent=True) for name, micros in spent.items())
        return used, self.micros - used


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The conditions of a create call: its price, the budgets that it must fit, and the limit of tasks in progress.

    ``concurrent`` is that limit, None for no limit. ``held_s`` is for how many seconds a task that no kernel follows
    still counts as in progress. With ``alike``, the call is not permitted while an equal run may have been paid for.
    """

    micros: int | None
    currency: str | None
    budgets: Sequence[Budget] = ()
    rehearsal: bool = False  # at the bundled simulator, which has its own totals
    concurrent: int | None = None
    held_s: float = 0.0
    alike: Mapping[str, str] | None = None  # one name for origins that are one place; None: equal runs don't matter
