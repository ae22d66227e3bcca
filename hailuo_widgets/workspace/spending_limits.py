"""Budgets and rates of a session: their values from settings and arguments, and what is spent of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.budget import Budget
from hailuo_widgets.domain.exchange import USUAL, Rates
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.domain.user_values import as_number, shown
from hailuo_widgets.errors import UsageError
from hailuo_widgets.settings.settings import SETTINGS
from hailuo_widgets.settings.value_types import as_limit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hailuo_widgets.planning.plan import Planned
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.store import RunLog
    from hailuo_widgets.workspace.confirmation import Spent

__all__ = ["as_budget", "budgets_of", "limit_of", "rates_of", "spent_of"]

_MICROS = 1_000_000


def as_budget(argument: str, given: Any) -> float | str:
    """Convert a budget: a number from 0 up, or an amount with its currency as ``5 USD``.

    Raises:
        UsageError: It is neither.
    """
    found = as_limit(given)
    if found is not None:
        return found
    try:
        return as_number(argument, given)
    except UsageError as e:
        if isinstance(given, str):
            e.hint = f"{e.hint}, or {argument}='5 USD' (in a cell --budget 5USD)"
        raise


def rates_of(settings: Settings, currency: Any = None, rates: Any = None) -> Rates | None:
    """The rates of a session, or those of a call; None if no currency is named.

    Args:
        settings: The session's settings. Its rates are in its ``currency``, or in US dollars.
        currency: The currency that the call names.
        rates: Further rates of the call, into that currency.

    Raises:
        UsageError: They are none.
    """
    asked = SETTINGS["currency"].parse(currency)
    more = SETTINGS["rates"].parse(rates)
    if more and asked is None and settings.currency is None:
        raise UsageError(
            f"rates={shown(rates)} are into a currency, and none is named", argument="rates", hint="add currency='USD'"
        )
    into = asked or settings.currency
    if into is None:
        return None
    if more and more.get(into, (1.0, None))[0] != 1:
        raise UsageError(
            f"rates={shown(rates)}: one {into} is worth 1 {into}",
            argument="rates",
            hint=f"leave {into} out, or name the currency that the rates are into, for example currency='CNY'",
        )
    known = settings.rates or {} if into == (settings.currency or USUAL) else {}
    return Rates(currency=into, worth={**known, **(more or {})})


def limit_of(settings: Settings, budget: float | str) -> tuple[int, Rates | None]:
    """The micros of a budget, and the rates by which runs count against it; None if it holds in each currency."""
    if isinstance(budget, str):
        amount, _, currency = budget.partition(" ")
        return round(float(amount) * _MICROS), rates_of(settings, currency)
    return round(budget * _MICROS), rates_of(settings)


def budgets_of(
    settings: Settings, *, sweep_id: str | None, budget: float | str | None, owner: str, now: datetime
) -> tuple[Budget, ...]:
    """The limits that each create call is checked against.

    Args:
        settings: The limits of the session and the day.
        sweep_id: The sweep.
        budget: The sweep's own limit.
        owner: The session's name in the run log.
        now: The time, in UTC.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for name, value, scope in (
        ("budget of this call", budget, {"sweep_id": sweep_id}),
        ("session's budget", settings.budget, {"session": owner}),
        ("budget of the day (UTC)", settings.daily_budget, {"since": midnight}),
    ):
        if value is not None:
            micros, rates = limit_of(settings, value)
            found.append(
                Budget(
                    name=name,
                    micros=micros,
                    rates=rates,
                    setting=settings.currency,
                    named=isinstance(value, str),
                    **scope,
                )
            )
    return tuple(found)


def spent_of(log: RunLog, budgets: Sequence[Budget], calls: Sequence[Planned]) -> list[tuple[Budget, Spent]]:
    """What is spent or reserved of each budget, for some planned calls; blocks for the log."""
    asked = [b for b in budgets if b.session is not None or b.since is not None]
    places = {p.origin == SIMULATOR for p in calls} if asked else set()
    currencies = sorted({p.currency for p in calls if p.currency is not None})
    spent: dict[str, dict[bool, dict[str, int]]] = {}
    for rehearsal in sorted(places):
        amounts = log.call(log.spent, asked, currencies, rehearsal=rehearsal)
        for budget, found in zip(asked, amounts, strict=True):
            spent.setdefault(budget.name, {})[rehearsal] = found
    return [(budget, spent.get(budget.name, {})) for budget in budgets]
