"""Order in which runs were added to the log, by the numbers of their ``planned`` events.

The wall clocks of kernels differ and are set, so neither a run's ID nor ``created_at`` tells which of two runs was
first. The number of an event does: events are written one after the other, under the store's write lock.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.store.schema import events, runs

__all__ = ["ADDED", "added"]

ADDED: sa.ColumnElement[Any] = sa.func.coalesce(
    sa.select(sa.func.min(events.c.event_id))
    .where(events.c.run_id == runs.c.run_id, events.c.what == RunEvent.PLANNED.value)
    .correlate(runs)
    .scalar_subquery(),
    0,
)
"""A run's place in the order, in a query on ``runs``; 0 for a row without the event, which counts as the oldest."""


def added(c: sa.Connection, run_id: str) -> int:
    """Return the place of one run in the order; 0 if the log has no such event of it."""
    mine = (events.c.run_id == run_id) & (events.c.what == RunEvent.PLANNED.value)
    return int(c.scalar(sa.select(sa.func.min(events.c.event_id)).where(mine)) or 0)
