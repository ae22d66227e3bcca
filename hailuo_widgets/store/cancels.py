"""A wish to cancel a run that another kernel is sending: an event in the log, which that kernel looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain.events import ADOPTED, ASKED, FOLLOWED_AGAIN
from hailuo_widgets.store.schema import events

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["asked_for"]


def asked_for(c: sa.Connection, run_ids: Iterable[str]) -> set[str]:
    """The runs that are to be cancelled: those where the wish came after every later decision to follow them."""
    query = (
        sa.select(events.c.run_id, events.c.what)
        .where(events.c.run_id.in_(list(run_ids)), events.c.what.in_((ASKED, ADOPTED, FOLLOWED_AGAIN)))
        .order_by(events.c.event_id)
    )
    last = {str(row.run_id): row.what for row in c.execute(query)}
    return {run_id for run_id, what in last.items() if what == ASKED}
