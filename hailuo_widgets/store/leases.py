"""Who follows a run: one owner at a time, as long as its lease is renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.store.schema import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["LEASE", "claim", "release", "renew"]

LEASE = timedelta(seconds=60)


def claim(
    c: sa.Connection, run_ids: Iterable[str], owner: str, is_dead: Callable[[str], bool]
) -> list[Mapping[str, Any]]:
    """Take up the runs that have no owner, an expired lease or a dead owner; their rows."""
    now = datetime.now(UTC)
    rows = c.execute(sa.select(runs).where(runs.c.run_id.in_(list(run_ids)))).mappings().all()
    free: list[Mapping[str, Any]] = [
        dict(row)
        for row in rows
        if row["owner"] in {None, owner}
        or row["lease_until"] is None
        or row["lease_until"] < now
        or is_dead(row["owner"])
    ]
    mine = runs.c.run_id.in_([row["run_id"] for row in free])
    c.execute(runs.update().where(mine).values(owner=owner, lease_until=now + LEASE))
    return free


def renew(c: sa.Connection, run_ids: Iterable[str], owner: str) -> set[str]:
    """Keep the leases of runs that are still followed; those that are still the owner's."""
    mine = runs.c.run_id.in_(list(run_ids)) & (runs.c.owner == owner)
    c.execute(runs.update().where(mine).values(lease_until=datetime.now(UTC) + LEASE))
    return set(c.scalars(sa.select(runs.c.run_id).where(mine)))


def release(c: sa.Connection, run_id: str, owner: str) -> None:
    """End a lease: nobody follows the run any more."""
    mine = (runs.c.run_id == run_id) & (runs.c.owner == owner)
    c.execute(runs.update().where(mine).values(owner=None, lease_until=None))
