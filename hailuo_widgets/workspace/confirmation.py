"""Confirmation before live runs are sent.

It is asked for if their number or their price is above what the settings allow without asking.

Currencies are not converted: each amount counts as a share of its own currency's bound, and the shares add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain import money
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.errors import BudgetExceeded, Reason, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.planning.plan import Planned
    from hailuo_widgets.settings.settings import Settings

__all__ = ["confirm", "covered", "foreseen", "part_of", "question", "within"]

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


def covered(calls: Sequence[Planned], budget: float) -> int:
    """The number of runs that a budget covers, in their order; the budget holds in each currency."""
    spent: dict[str, int] = {}
    runs = 0
    for p in calls:
        if p.micros is None or p.currency is None:
            continue  # refused: no budget can be kept for it
        total = spent.get(p.currency, 0) + p.micros * p.results
        if total <= round(budget * 1_000_000):
            spent[p.currency] = total
            runs += p.results
    return runs


def within(calls: Sequence[Planned], budget: float) -> None:
    """Refuse create calls if the first one already exceeds a budget.

    Raises:
        BudgetExceeded: It does, or its price is not known; nothing was sent.
    """
    if not calls:
        return
    first = calls[0]
    if first.micros is None:
        raise BudgetExceeded(
            f"the price of {first.request.model or 'this template'} is not known, so no budget can be kept",
            provider=first.request.provider,
            hint="give its price, for example price='0.5 USD', or leave the budget out"
            if first.request.unlisted
            else "leave the budget out to send it all the same",
        )
    micros = first.micros * first.results
    if micros > budget * 1_000_000:
        clips = "one clip costs" if first.results == 1 else f"one call makes {first.results} clips and costs"
        raise BudgetExceeded(
            f"{clips} {money.text(micros, first.currency)}, over the budget of {budget:g}",
            provider=first.request.provider,
            hint="raise budget=, or take a shorter clip, a lower resolution or another model",
        )


def part_of(calls: Sequence[Planned], budget: float, *, name: str = "budget", most: bool = False) -> str:
    """A sentence about how many of the runs a budget covers; "" if it covers all.

    Args:
        calls: The create calls that would be sent.
        budget: In the provider's currency.
        name: The name of the budget.
        most: A part of the budget may be spent already.
    """
    runs = sum(p.results for p in calls)
    some = covered(calls, budget)
    if some >= runs:
        return ""
    how = "covers at most" if most else "covers"
    return f"the {name} of {budget:g} {how} {some} of the {plural(runs, 'run')} to send; the others are not sent"


def foreseen(
    calls: Sequence[Planned], settings: Settings, *, budget: float | None = None, yes: bool = False
) -> tuple[str, ...]:
    """Sentences about what would stop create calls now: a confirmation, and budgets that they exceed.

    Args:
        calls: The create calls that would be sent.
        settings: The bounds of the question, and the budgets of the session and the day.
        budget: The budget of the call.
        yes: The confirmation is given.
    """
    told = []
    if not yes and (asked := question(calls, settings)) is not None:
        told.append(f"{asked} To send it, add --yes (in Python: yes=True).")
    bound = settings.budget if budget is None else budget
    if bound is not None:
        try:
            within(calls, bound)
        except BudgetExceeded as e:
            return (*told, f"{_capital(e.message)}: nothing would be sent.")
    budgets = (
        (budget, "budget", False),
        (settings.budget, "session's budget", True),
        (settings.daily_budget, "budget of the day (UTC)", True),
    )
    parts = (part_of(calls, b, name=name, most=most) for b, name, most in budgets if b is not None)
    return (*told, *(f"{_capital(part)}." for part in parts if part))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _over(cost: Mapping[str, int], bounds: Mapping[str, float]) -> bool:
    shares = [(micros, bounds[currency] * 1_000_000) for currency, micros in cost.items() if currency in bounds]
    return any(micros > bound for micros, bound in shares) or sum(m / b for m, b in shares if b) > 1
