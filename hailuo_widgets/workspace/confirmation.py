"""Confirmation before live runs are sent.

It is asked for if their number or their price is above what the settings allow without asking.

Currencies are not converted: each amount counts as a share of its own currency's bound, and the shares add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hailuo_widgets.domain import money
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.exchange import rates_to_give
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.errors import BudgetExceeded, Reason, UsageError
from hailuo_widgets.planning.plan import total_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.exchange import Rates
    from hailuo_widgets.planning.plan import Planned
    from hailuo_widgets.settings.settings import Settings

__all__ = ["Spent", "by_rates", "confirm", "covered", "foreseen", "no_total", "part_of", "question", "within"]

# What is spent or reserved of a budget: whether by the bundled simulator → micros by currency.
Spent: TypeAlias = "Mapping[bool, Mapping[str, int]]"
WAYS = (
    "add --yes to send it (in Python: yes=True); --dry-run (hw.estimate) shows it first; "
    "the settings ask_above and ask_above_cost move the bounds"
)


def question(calls: Sequence[Planned], settings: Settings) -> str | None:
    """The question that must be confirmed before create calls are sent, with its figures; None if there is none.

    One create call at an unknown price needs no confirmation: its request was written out. Several of them do.
    """
    live = [p for p in calls if p.origin != SIMULATOR]
    runs = sum(p.results for p in live)
    cost = money.by_currency(p.price for p in live)
    bounds = settings.ask_above_cost
    without = sum(p.results for p in live if p.micros is None or p.currency is None)
    unbounded = bounds is not None and any(currency not in bounds for currency in cost)
    if runs > settings.ask_above:
        why = f"More than {settings.ask_above} runs need a confirmation."
    elif bounds is None:
        return None
    elif _over(cost, bounds):
        told = " and ".join(
            money.text(round(b * 1_000_000), currency) for currency, b in bounds.items() if currency in cost
        )
        why = f"Together that is past {told}, and needs" if len(cost) > 1 else f"More than {told} needs"
        why += " a confirmation."
    elif (without or unbounded) and len(live) > 1:
        why = "Several runs at an unknown price need a confirmation."
    else:
        return None
    sums = " + ".join(money.text(micros, currency) for currency, micros in cost.items())
    at_least, unknown = ("at least ", f" ({without} at an unknown price)") if without else ("", "")
    price = f"for {at_least}{sums}{unknown}" if sums else "at an unknown price"
    return f"This would send {runs} live run{'s' * (runs != 1)} {price}. {why}"


def confirm(calls: Sequence[Planned], settings: Settings, *, yes: bool) -> None:
    """Refuse create calls that need a confirmation.

    Raises:
        UsageError: They need one, and ``yes`` is False; nothing was sent.
    """
    if not yes and (asked := question(calls, settings)) is not None:
        raise UsageError(f"{asked} Nothing was sent.", hint=WAYS, reason=Reason.CONFIRMATION_NEEDED)


def covered(calls: Sequence[Planned], budget: Budget, spent: Spent) -> int:
    """The number of runs that a budget still covers, in their order."""
    used = {rehearsal: dict(amounts) for rehearsal, amounts in spent.items()}
    runs = 0
    for p in calls:
        micros, currency = p.price
        if micros is None or currency is None:
            continue  # refused: no budget can be kept for it
        mine = used.setdefault(p.origin == SIMULATOR, {})
        try:
            price, (_, left) = budget.counted(micros, currency), budget.left(mine, currency)
        except BudgetExceeded:
            continue
        if price <= left:
            mine[currency] = mine.get(currency, 0) + micros
            runs += p.results
    return runs


def within(calls: Sequence[Planned], budget: Budget) -> None:
    """Refuse create calls if the first one already exceeds a budget.

    Raises:
        BudgetExceeded: It does, or its price is not known or has no rate; nothing was sent.
    """
    if not calls:
        return
    first = calls[0]
    micros, currency = first.price
    if micros is None or currency is None:
        raise BudgetExceeded(
            f"the price of {first.request.model or 'this template'} is not known, so no budget can be kept",
            provider=first.request.provider,
            hint="give its price, for example price='0.5 USD', or leave the budget out"
            if first.request.unlisted
            else "leave the budget out to send it all the same",
        )
    price = budget.counted(micros, currency)
    if price > budget.micros:
        clips = "one clip costs" if first.results == 1 else f"one call makes {first.results} clips and costs"
        own = currency if budget.rates is None else budget.rates.currency
        worth = "" if own == currency else f" ({money.exact(price, own)})"
        raise BudgetExceeded(
            f"{clips} {money.text(micros, currency)}{worth}, over the budget of {budget.limit}",
            provider=first.request.provider,
            hint="raise budget=, or take a shorter clip, a lower resolution or another model",
        )


def part_of(calls: Sequence[Planned], budget: Budget, spent: Spent) -> str:
    """A sentence about how many of the runs a budget still covers; "" if it covers all."""
    runs = sum(p.results for p in calls)
    some = covered(calls, budget, spent)
    if some >= runs:
        return ""
    gone = _gone(budget, spent)
    used = f" ({gone} is spent or reserved)" if gone else ""
    name = f"the {budget.name.removesuffix(' of this call')} of {budget.limit}{used}"
    if some:
        return f"{name} covers {some} of the {plural(runs, 'run')} to send; the others are not sent"
    if runs == 1:
        return f"{name} doesn't cover the run to send; it is not sent"
    return f"{name} covers none of the {runs} runs to send; they are not sent"


def _gone(budget: Budget, spent: Spent) -> str:
    """What is spent of a budget, as text."""
    amounts = money.by_currency((micros, name) for of in spent.values() for name, micros in of.items())
    try:
        if budget.rates is not None:
            used, _ = budget.left(amounts, None)
            return money.exact(used, budget.rates.currency) if used else ""
    except BudgetExceeded:
        pass
    return " and ".join(money.text(micros, name) for name, micros in amounts.items() if micros)


def foreseen(
    calls: Sequence[Planned],
    settings: Settings,
    budgets: Sequence[tuple[Budget, Spent]],
    *,
    rates: Rates | None = None,
    yes: bool = False,
) -> tuple[str, ...]:
    """Sentences about what would stop create calls now (a confirmation, budgets), and about a total that is missing.

    Args:
        calls: The create calls that would be sent.
        settings: The bounds of the question.
        budgets: The budgets of the call, the session and the day, with what is spent of each. The first that isn't
            the day's refuses a call whose first run exceeds it.
        rates: The rates of the total, whose missing rates are named.
        yes: The confirmation is given.
    """
    about = "" if rates is None else no_total(calls, rates) or by_rates(calls, rates)
    told = [about] if about else []
    if not yes and (asked := question(calls, settings)) is not None:
        told.append(f"{asked} To send it, add --yes (in Python: yes=True).")
    if budgets and budgets[0][0].since is None:
        try:
            within(calls, budgets[0][0])
        except BudgetExceeded as e:
            return (*told, f"{_capital(e.message)}: nothing would be sent.")
    parts = (part_of(calls, budget, spent) for budget, spent in budgets)
    return (*told, *(f"{_capital(part)}." for part in parts if part))


def no_total(calls: Sequence[Planned], rates: Rates) -> str:
    """A sentence about why create calls have no total in the user's currency; "" if they have one."""
    total = total_of(calls, rates)
    if total.missing:
        names = " and ".join(total.missing)
        return (
            f"No total in {total.currency}: there is no rate for {names}. "
            f"Give one: {rates_to_give(total.missing, total.currency)}, worth of 1 unit in {total.currency}."
        )
    if total.unpriced:
        return f"No total in {total.currency}: the price of {plural(total.unpriced, 'call')} is not known."
    return ""


def by_rates(calls: Sequence[Planned], rates: Rates) -> str:
    """A sentence about how the total was converted, with the day of each rate; "" if nothing was."""
    found: dict[str, None] = {}
    for p in calls:
        if p.currency is None or p.currency == rates.currency:
            continue
        used = p.currency
        if used not in rates.worth:
            known = (name for name in p.other_prices if name in rates.worth)
            used = rates.currency if rates.currency in p.other_prices else next(known)
            found[f"the prices in {used} of the provider's document for {p.currency}"] = None
        if used != rates.currency:
            worth, day = rates.worth[used]
            found[f"1 {used} = {worth:g} {rates.currency}{f' ({day})' if day else ''}"] = None
    return f"The total in {rates.currency} is by {', '.join(found)}." if found else ""


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _over(cost: Mapping[str, int], bounds: Mapping[str, float]) -> bool:
    shares = [(micros, bounds[currency] * 1_000_000) for currency, micros in cost.items() if currency in bounds]
    return any(micros > bound for micros, bound in shares) or sum(m / b for m, b in shares if b) > 1
