"""Writing a run anew into a store that was replaced while the run was followed: what is paid for is not forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.store import leases
from hailuo_widgets.store.schema import events, runs, to_row
from hailuo_widgets.store.text import storable

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["restore"]


def restore(c: sa.Connection, record: RunRecord, owner: str) -> None:
    """Make a run's row what its follower knows: a new one where there is none."""
    now = datetime.now(UTC)
    row = storable(to_row(record)) | {"owner": owner, "lease_until": now + leases.LEASE}
    if c.scalar(sa.select(runs.c.run_id).where(runs.c.run_id == record.run_id)) is None:
        c.execute(runs.insert().values(**row, session=owner))
    else:
        c.execute(runs.update().where(runs.c.run_id == record.run_id).values(**row))
    told = {"run_id": record.run_id, "at": now, "what": "written again: the run log was replaced", "data": {}}
    c.execute(events.insert().values(**told))
