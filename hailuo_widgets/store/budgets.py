"""Leave to send, asked for in one transaction: what all kernels on one store may do together.

Counting and writing under one lock is what keeps two kernels from both taking the last place, or the last dollar.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.errors import BudgetExceeded
from hailuo_widgets.store import leases
from hailuo_widgets.store.rows import LARGEST
from hailuo_widgets.store.schema import calls, runs
from hailuo_widgets.store.transaction_time import now

if TYPE_CHECKING:
    from datetime import datetime

    from hailuo_widgets.domain.budget import Permit

__all__ = ["check_budgets", "has_place", "take_turn"]

WINDOW = timedelta(seconds=60)
SKEW = leases.SKEW
FORGOTTEN = timedelta(minutes=15)  # a task that nobody follows has ended by then


def places_taken(c: sa.Connection, provider: str, origin: str, *, held_s: float = 0.0) -> int:
    """How many tasks of an account are in flight, whichever kernel follows them.

    Args:
        c: The transaction.
        provider: The gateway.
        origin: Its address in the log.
        held_s: For so many seconds, a run that was cancelled after it was sent, or whose create may have been
            accepted, still counts: its task goes on at the provider.
    """
    moment = now(c)
    # What lies in the future was written before the clock was set back: it does not hold a place for ever.
    recent = (runs.c.submitted_at > moment - FORGOTTEN) & (runs.c.submitted_at <= moment + SKEW)
    alive = leases.lasting(moment) | recent
    followed = runs.c.status.in_(("submitting", "queued", "running")) & alive
    held_since = moment - timedelta(seconds=held_s)
    left = (runs.c.status == "cancelled") & (runs.c.submitted_at > held_since)
    doubtful = (runs.c.status == "unconfirmed") & (runs.c.finished_at > held_since)
    query = (
        sa.select(sa.func.count())
        .select_from(runs)
        .where(runs.c.provider == provider, runs.c.origin == origin, followed | left | doubtful)
    )
    return int(c.scalar(query) or 0)


def has_place(c: sa.Connection, provider: str, origin: str, permit: Permit) -> bool:
    """Whether the account may have one more task in flight."""
    return not permit.concurrent or places_taken(c, provider, origin, held_s=permit.held_s) < permit.concurrent


def check_budgets(c: sa.Connection, permit: Permit) -> None:
    """See that a price fits into every budget beside what is reserved already.

    Raises:
        BudgetExceeded: It does not, or there is a budget and the price is not known.
    """
    for budget in permit.budgets:
        if permit.micros is None:
            raise BudgetExceeded(
                f"the price is not known, so the {budget.name} cannot be kept",
                hint="leave the budget out to send it all the same",
            )
        query = sa.select(sa.func.coalesce(sa.func.sum(runs.c.reserved_micros), 0)).where(
            runs.c.reserved_currency == permit.currency, (runs.c.origin == SIMULATOR) == permit.rehearsal
        )
        if budget.sweep_id is not None:
            query = query.where(runs.c.sweep_id == budget.sweep_id)
        if budget.session is not None:
            query = query.where(runs.c.session == budget.session)
        if budget.since is not None:
            query = query.where(runs.c.created_at >= budget.since)
        # Rows may hold anything: below zero nothing is reserved, and what is beyond counting fits into no budget.
        spent = int(min(c.scalar(query.where(runs.c.reserved_micros > 0)) or 0, LARGEST))
        if spent + permit.micros > budget.micros:
            raise BudgetExceeded(
                f"{permit.micros / 1e6:g} {permit.currency} more would pass the {budget.name} of "
                f"{budget.micros / 1e6:g}: {spent / 1e6:g} is spent or reserved",
                hint="raise the budget, then run the cell again: what is there already is not paid again",
            )


def take_turn(c: sa.Connection, account: str, per_minute: int) -> float:
    """Count a request of an account, if the minute has room for it; else the seconds until it may have."""
    moment = now(c)
    # One in the future was counted before the clock went back; hosts that share a store differ by less than SKEW.
    c.execute(calls.delete().where((calls.c.at < moment - WINDOW) | (calls.c.at > moment + SKEW)))
    sent = c.scalars(sa.select(calls.c.at).where(calls.c.account == account).order_by(calls.c.at)).all()
    if len(sent) >= per_minute:
        oldest: datetime = sent[len(sent) - per_minute]
        return max(0.05, (oldest + WINDOW - moment).total_seconds())
    c.execute(calls.insert().values(account=account, at=moment))
    return 0.0
