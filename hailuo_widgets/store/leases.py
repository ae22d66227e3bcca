"""Leases: a run has one owner at a time, as long as the owner renews its lease.

The end of a lease is a time of the wall clock, which may be set meanwhile. So on one machine it decides nothing alone:
there a living owner keeps its runs. Whatever the clock says, a lease that has not been renewed for 60 s of this
process's own time has ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.run import UNFINISHED
from hailuo_widgets.store.schema import events, runs
from hailuo_widgets.store.transaction_time import clock_of, now
from hailuo_widgets.system.process import shares_our_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from hailuo_widgets.domain.clock import Clock

__all__ = ["LEASE", "cancel_wished", "claim", "free", "held", "lasting", "release", "renew"]

LEASE = timedelta(seconds=60)
SKEW = timedelta(seconds=10)  # by which the clocks of hosts that share a store may differ
MOST_SEEN = 10_000
_DECISIONS = (  # to cancel a run, or to follow it
    *(RunEvent.CANCEL_REQUESTED, RunEvent.CANCEL_TOO_LATE, RunEvent.ADOPTED, RunEvent.FOLLOWED_AGAIN),
)
_seen: dict[str, tuple[Any, Any, float]] = {}  # by run: its owner, its lease, and since when we have seen both


def lasting(now: datetime) -> sa.ColumnElement[bool]:
    """Condition: the lease lasts by the wall clock. A lease from before the clock was set back does not count."""
    return (runs.c.lease_until > now) & (runs.c.lease_until <= now + LEASE + SKEW)


def held(row: Mapping[str, Any] | sa.RowMapping, clock: Clock) -> bool:
    """Whether a run's lease holds, as far as the row alone shows it."""
    owner, lease = row["owner"], row["lease_until"]
    if owner is None or lease is None:
        return False
    if _unchanged_s(row["run_id"], owner, lease, clock.monotonic()) >= LEASE.total_seconds():
        return False  # its owner has not renewed it, whatever the wall clock says
    if lease >= clock.now():
        return True
    return shares_our_clock(owner)  # the clock may have been set: is it renewed?


def _unchanged_s(run_id: str, owner: str, lease: datetime, now_s: float) -> float:
    """Seconds of this process's own clock since it first saw the lease as it is."""
    earlier = _seen.get(run_id)
    if earlier is None or earlier[:2] != (owner, lease):
        if len(_seen) >= MOST_SEEN:
            _seen.clear()
        _seen[run_id] = (owner, lease, now_s)
        return 0.0
    return now_s - earlier[2]


def free(
    c: sa.Connection, which: sa.ColumnElement[bool], owner: str | None, is_dead: Callable[[str], bool]
) -> list[Mapping[str, Any]]:
    """The rows of those runs that have no owner, this owner, an expired lease or a dead owner.

    A row whose id cannot be read is left out: no step of its run could be written. Of an owner that cannot be read, the
    lease alone decides.
    """
    rows = c.execute(sa.select(runs).where(which)).mappings().all()
    found = [dict(row) for row in rows if isinstance(row["run_id"], str)]
    return [
        row for row in found if row["owner"] in {None, owner} or is_dead(row["owner"]) or not held(row, clock_of(c))
    ]


def claim(
    c: sa.Connection, run_ids: Iterable[str], owner: str, is_dead: Callable[[str], bool]
) -> list[Mapping[str, Any]]:
    """Make ``owner`` the owner of those runs that are free; their rows."""
    taken = free(c, runs.c.run_id.in_(list(run_ids)), owner, is_dead)
    mine = runs.c.run_id.in_([row["run_id"] for row in taken])
    c.execute(runs.update().where(mine).values(owner=owner, lease_until=now(c) + LEASE))
    return taken


def renew(c: sa.Connection, run_ids: Iterable[str], owner: str) -> dict[str, bool]:
    """Keep the leases of runs that are still followed.

    Returns:
        Those that are still the owner's and have not come to an end: whether another kernel wants each cancelled.
    """
    mine = runs.c.run_id.in_(list(run_ids)) & (runs.c.owner == owner) & runs.c.status.in_(UNFINISHED)
    c.execute(runs.update().where(mine).values(lease_until=now(c) + LEASE))
    kept = list(c.scalars(sa.select(runs.c.run_id).where(mine)))
    wished = cancel_wished(c, kept)
    return {run_id: run_id in wished for run_id in kept}


def release(c: sa.Connection, run_id: str, owner: str) -> None:
    """End a lease: ``owner`` no longer follows the run."""
    mine = (runs.c.run_id == run_id) & (runs.c.owner == owner)
    c.execute(runs.update().where(mine).values(owner=None, lease_until=None))


def cancel_wished(c: sa.Connection, run_ids: Iterable[str]) -> set[str]:
    """The runs that another kernel wants cancelled, by an event that no later decision to follow the run overrules."""
    query = (
        sa.select(events.c.run_id, events.c.what)
        .where(events.c.run_id.in_(list(run_ids)), events.c.what.in_(_DECISIONS))
        .order_by(events.c.event_id)
    )
    last = {str(row.run_id): row.what for row in c.execute(query)}
    return {run_id for run_id, what in last.items() if what == RunEvent.CANCEL_REQUESTED}
