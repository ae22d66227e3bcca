"""Who follows a run: one owner at a time, as long as its lease is renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.run import UNFINISHED
from hailuo_widgets.store.cancels import asked_for
from hailuo_widgets.store.schema import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["LEASE", "claim", "free", "release", "renew"]

LEASE = timedelta(seconds=60)


def free(
    c: sa.Connection, which: sa.ColumnElement[bool], owner: str | None, is_dead: Callable[[str], bool]
) -> list[Mapping[str, Any]]:
    """Of these runs the rows of those with no owner, this owner, an expired lease or a dead owner."""
    now = datetime.now(UTC)
    rows = c.execute(sa.select(runs).where(which)).mappings().all()
    return [
        dict(row)
        for row in rows
        if row["owner"] in {None, owner}
        or row["lease_until"] is None
        or row["lease_until"] < now
        or is_dead(row["owner"])
    ]


def claim(
    c: sa.Connection, run_ids: Iterable[str], owner: str, is_dead: Callable[[str], bool]
) -> list[Mapping[str, Any]]:
    """Take up those of the runs that are free; their rows."""
    taken = free(c, runs.c.run_id.in_(list(run_ids)), owner, is_dead)
    mine = runs.c.run_id.in_([row["run_id"] for row in taken])
    c.execute(runs.update().where(mine).values(owner=owner, lease_until=datetime.now(UTC) + LEASE))
    return taken


def renew(c: sa.Connection, run_ids: Iterable[str], owner: str) -> dict[str, bool]:
    """Keep the leases of runs that are still followed.

    Returns:
        Those that are still the owner's and have not come to an end: whether another kernel wants each cancelled.
    """
    mine = runs.c.run_id.in_(list(run_ids)) & (runs.c.owner == owner) & runs.c.status.in_(UNFINISHED)
    c.execute(runs.update().where(mine).values(lease_until=datetime.now(UTC) + LEASE))
    kept = list(c.scalars(sa.select(runs.c.run_id).where(mine)))
    wished = asked_for(c, kept)
    return {run_id: run_id in wished for run_id in kept}


def release(c: sa.Connection, run_id: str, owner: str) -> None:
    """End a lease: nobody follows the run any more."""
    mine = (runs.c.run_id == run_id) & (runs.c.owner == owner)
    c.execute(runs.update().where(mine).values(owner=None, lease_until=None))
