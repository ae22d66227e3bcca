"""Sentences about the balances of the accounts that a plan's runs would be charged to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain import money
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.run import SIMULATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hailuo_widgets.planning.plan import Planned
    from hailuo_widgets.provider.messages import AccountBalance, PlanRow

__all__ = ["balance_text", "balances_of", "live_providers", "unpayable"]

MOST_ROWS = 3  # of a subscription's plan


def live_providers(calls: Sequence[Planned]) -> list[str]:
    """The providers that create calls would be charged at."""
    return list(dict.fromkeys(p.request.provider for p in calls if p.origin != SIMULATOR))


def balance_text(account: AccountBalance) -> str:
    """What an account has left, for example ``1284 credits (13:40)``; "" if it is not known."""
    if account.balance is None:
        return ""
    parts = [money.text(a.micros, a.currency) for a in account.balance.amounts[:1]]
    rows = [text for row in account.balance.plan if (text := _row_text(row))]
    parts += rows[:MOST_ROWS] + ([f"and {len(rows) - MOST_ROWS} more"] if len(rows) > MOST_ROWS else [])
    return f"{', '.join(parts)} ({_clock(account)})" if parts else ""


def _row_text(row: PlanRow) -> str:
    if row.left is None:
        return ""
    of = f" of {row.total:g}" if row.total is not None and row.unit != "%" else ""
    return f"{row.name}: {row.left:g}{'%' if row.unit == '%' else ''}{of} left"


def _clock(account: AccountBalance) -> str:
    return account.as_of.astimezone().strftime("%H:%M")


def balances_of(
    calls: Sequence[Planned], known: Callable[[str], AccountBalance | None], title: Callable[[str], str]
) -> list[str]:
    """One text for each account that would be charged and whose balance is known."""
    found = ((name, known(name)) for name in live_providers(calls))
    texts = ((name, balance_text(account)) for name, account in found if account is not None)
    return [f"{title(name)} balance: {text}" for name, text in texts if text]


def unpayable(
    calls: Sequence[Planned], known: Callable[[str], AccountBalance | None], title: Callable[[str], str]
) -> list[str]:
    """A sentence for each account whose known balance cannot pay for its runs.

    Amounts are compared in the account's own currency alone; a subscription's plan is not compared.
    """
    told = []
    for name in live_providers(calls):
        account = known(name)
        if account is None or account.balance is None or not account.balance.amounts:
            continue
        left = account.balance.amounts[0]
        charged = [p for p in calls if p.request.provider == name and p.origin != SIMULATOR]
        need = money.by_currency(p.price for p in charged).get(left.currency, 0)
        if need > left.micros:
            runs = sum(p.results for p in charged)
            rest = any(p.price[0] is None or p.currency != left.currency for p in charged)
            told.append(
                f"{title(name)} has {money.text(left.micros, left.currency)} left ({_clock(account)}), and "
                f"{'the run' if runs == 1 else plural(runs, 'run')} to send "
                f"{'costs' if runs == 1 else 'cost'} {'at least ' if rest else ''}{money.text(need, left.currency)}."
            )
    return told
