"""Concurrency limit, rate limit and budgets, across all kernels on one store.

Counting and writing happen under one write lock, so that two kernels cannot both take the last place, or the last
dollar.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain import money
from hailuo_widgets.domain.run import SIMULATOR, Status
from hailuo_widgets.errors import BudgetExceeded
from hailuo_widgets.store import leases
from hailuo_widgets.store.rows import LARGEST
from hailuo_widgets.store.schema import calls, runs
from hailuo_widgets.store.transaction_time import now

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from hailuo_widgets.domain.budget import Budget, Permit

__all__ = ["check_budgets", "has_place", "spent", "take_turn"]

WINDOW = timedelta(seconds=60)
SKEW = leases.SKEW
FORGOTTEN = timedelta(minutes=15)  # by then a task that nobody follows has ended


def places_taken(c: sa.Connection, provider: str, origin: str, *, held_s: float = 0.0) -> int:
    """The number of an account's tasks in flight, whichever kernel follows them.

    Args:
        c: The transaction.
        provider: The provider.
        origin: Its address in the log.
        held_s: Seconds for which a run still counts that was cancelled after it was sent, or whose create call may
            have been accepted: its task goes on at the provider.
    """
    moment = now(c)
    # A time in the future was written before the clock was set back: it must not hold a place for ever.
    recent = (runs.c.submitted_at > moment - FORGOTTEN) & (runs.c.submitted_at <= moment + SKEW)
    alive = leases.lasting(moment) | recent
    followed = runs.c.status.in_((Status.SUBMITTING, Status.QUEUED, Status.RUNNING)) & alive
    held_since = moment - timedelta(seconds=held_s)
    left = (runs.c.status == Status.CANCELLED) & (runs.c.submitted_at > held_since)
    doubtful = (runs.c.status == Status.UNCONFIRMED) & (runs.c.finished_at > held_since)
    query = (
        sa.select(sa.func.count())
        .select_from(runs)
        .where(runs.c.provider == provider, runs.c.origin == origin, followed | left | doubtful)
    )
    return int(c.scalar(query) or 0)


def has_place(c: sa.Connection, provider: str, origin: str, permit: Permit) -> bool:
    """Whether the account may have one more task in flight."""
    return not permit.concurrent or places_taken(c, provider, origin, held_s=permit.held_s) < permit.concurrent


def spent(c: sa.Connection, budget: Budget, currencies: Collection[str], *, rehearsal: bool) -> dict[str, int]:
    """Return what is spent or reserved within a budget, in micros by currency.

    Args:
        c: The transaction.
        budget: The budget.
        currencies: The currencies of the runs that it is asked for; a budget with rates counts them all.
        rehearsal: Whether the bundled simulator's runs are meant, or all others.
    """
    query = sa.select(runs.c.reserved_currency, sa.func.sum(runs.c.reserved_micros)).where(
        (runs.c.origin == SIMULATOR) == rehearsal
    )
    if budget.rates is None:
        query = query.where(runs.c.reserved_currency.in_(currencies))
    if budget.sweep_id is not None:
        query = query.where(runs.c.sweep_id == budget.sweep_id)
    if budget.session is not None:
        query = query.where(runs.c.session == budget.session)
    if budget.since is not None:
        query = query.where(runs.c.created_at >= budget.since)
    # Rows may hold anything: below zero nothing is reserved, and what is beyond counting fits into no budget.
    found = c.execute(query.where(runs.c.reserved_micros > 0).group_by(runs.c.reserved_currency)).all()
    return {str(currency or ""): int(min(micros, LARGEST)) for currency, micros in found}


def check_budgets(c: sa.Connection, permit: Permit) -> None:
    """Check that a price fits into every budget, beside what is reserved already.

    Raises:
        BudgetExceeded: It does not fit, or there is a budget and the price is not known, or has no rate.
    """
    for budget in permit.budgets:
        if permit.micros is None:
            raise BudgetExceeded(
                f"the price is not known, so the {budget.name} cannot be kept",
                hint="leave the budget out to send it all the same",
            )
        price = budget.counted(permit.micros, permit.currency)
        reserved = spent(c, budget, [str(permit.currency)], rehearsal=permit.rehearsal)
        used, left = budget.left(reserved, permit.currency)
        if price > left:
            own = None if budget.rates is None else budget.rates.currency
            needs = money.exact(price, own) if own else f"{price / 1e6:g} {permit.currency}"
            gone = money.exact(used, own) if own else f"{used / 1e6:g}"
            raise BudgetExceeded(
                f"{needs} more would pass the {budget.name} of {budget.limit}: {gone} is spent or reserved",
                hint="raise the budget, then run the cell again: what is there already is not paid again",
            )


def take_turn(c: sa.Connection, account: str, per_minute: int) -> float:
    """Count a request of an account and return 0, or return the seconds to wait if the minute has no room for it."""
    moment = now(c)
    # One in the future was counted before the clock went back; hosts that share a store differ by less than SKEW.
    c.execute(calls.delete().where((calls.c.at < moment - WINDOW) | (calls.c.at > moment + SKEW)))
    sent = c.scalars(sa.select(calls.c.at).where(calls.c.account == account).order_by(calls.c.at)).all()
    if len(sent) >= per_minute:
        oldest: datetime = sent[len(sent) - per_minute]
        return max(0.05, (oldest + WINDOW - moment).total_seconds())
    c.execute(calls.insert().values(account=account, at=moment))
    return 0.0
