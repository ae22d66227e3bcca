"""Repeated write of a run into a store that was replaced while the run was followed.

The replaced store may not know the run, which is paid for: the follower writes its row again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.store import leases
from hailuo_widgets.store.schema import events, runs, to_row
from hailuo_widgets.store.text import storable
from hailuo_widgets.store.transaction_time import now

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["restore"]


def restore(c: sa.Connection, record: RunRecord, owner: str) -> None:
    """Write a run's row as its follower knows it; insert it if there is none.

    Raises:
        sqlalchemy.exc.IntegrityError: The task id is another run's.
    """
    moment = now(c)
    row = storable(to_row(record)) | {"owner": owner, "lease_until": moment + leases.LEASE}
    if c.scalar(sa.select(runs.c.run_id).where(runs.c.run_id == record.run_id)) is None:
        c.execute(runs.insert().values(**row, session=owner))
    else:
        c.execute(runs.update().where(runs.c.run_id == record.run_id).values(**row))
    told = {"run_id": record.run_id, "at": moment, "what": RunEvent.RESTORED.value, "data": {}}
    c.execute(events.insert().values(**told))
