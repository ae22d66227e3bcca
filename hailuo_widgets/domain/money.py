"""Sums and display of costs, the only place where costs of runs are added up.

An amount is a whole number of millionths ("micros") of its currency: ``USD``, ``CNY`` or ``credits``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.domain.run import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["NOTHING", "Total", "by_currency", "cost_of", "exact", "is_known", "may_be_billed", "text", "total"]

NOTHING = "nothing billed"
_SYMBOLS = {"USD": "$", "CNY": "¥"}
# A provider may have the create call of a run in one of these statuses, even if its task id is not known.
_SENT = frozenset({Status.SUBMITTING, Status.QUEUED, Status.RUNNING, Status.DOWNLOADING, Status.UNCONFIRMED})


@dataclass(frozen=True, kw_only=True)
class Total:
    """What some runs cost.

    ``spent`` holds micros by currency, sorted by currency. ``unknown`` counts the runs that may be billed and have no
    known cost. ``simulated``: at least one of the runs was made by the bundled simulator, which bills nothing.
    """

    spent: Mapping[str, int]
    unknown: int
    simulated: bool

    @property
    def amounts(self) -> list[str]:
        """The known amounts as text, one a currency."""
        return [text(micros, currency) for currency, micros in self.spent.items()]


def may_be_billed(record: RunRecord) -> bool:
    """Return whether a provider may bill a run: it has a task, or its create call may have been accepted."""
    return record.reused_from is None and (record.task_id is not None or record.status in _SENT)


def cost_of(record: RunRecord) -> str:
    """Return a run's cost for display; "nothing billed" if it ended without a clip and costs nothing."""
    failed = record.status.ended and record.status != Status.SUCCEEDED and record.reused_from is None
    if failed and (record.cost_micros == 0 or (record.cost_micros is None and not may_be_billed(record))):
        return NOTHING
    return text(record.cost_micros, record.currency)


def is_known(record: RunRecord) -> bool:
    """Return whether a run's cost is known. Nothing is nothing in every currency: 0 needs none."""
    return record.cost_micros == 0 or (record.cost_micros is not None and record.currency is not None)


def total(records: Iterable[RunRecord]) -> Total:
    """Return what runs cost. A run that shows another run's clip costs nothing."""
    found = list(records)
    paid = [r for r in found if r.reused_from is None]
    spent = by_currency((r.cost_micros, r.currency) for r in paid)
    return Total(
        spent=dict(sorted(spent.items())),
        unknown=sum(not is_known(r) and may_be_billed(r) for r in paid),
        simulated=any(r.simulated for r in found),
    )


def by_currency(amounts: Iterable[tuple[int | None, str | None]]) -> dict[str, int]:
    """Add up (micros, currency) by currency, in the order of first amounts; unknown amounts are left out."""
    spent: dict[str, int] = {}
    for micros, currency in amounts:
        if micros is not None and currency is not None:
            spent[currency] = spent.get(currency, 0) + micros
    return spent


def text(micros: int | None, currency: str | None) -> str:
    """Return an amount for display; "unknown" if it is not known."""
    if micros is None or currency is None:
        return "unknown"
    amount = micros / 1_000_000
    if currency in _SYMBOLS:
        return f"{_SYMBOLS[currency]}{amount:.2f}"
    return f"{amount:g} {currency}"


def exact(micros: int, currency: str) -> str:
    """Return an amount for display, with a hundredth of a cent where it has one: a converted amount may."""
    if currency in _SYMBOLS and micros % 10_000:
        return f"{_SYMBOLS[currency]}{micros / 1_000_000:.4f}"
    return text(micros, currency)
