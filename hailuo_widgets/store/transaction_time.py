"""The clock of a transaction: the one that its store was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from hailuo_widgets.domain.clock import Clock

__all__ = ["OPTION", "clock_of", "now"]

OPTION = "clock"  # the execution option of a connection that holds it


def clock_of(c: sa.Connection) -> Clock:
    """Return the clock of the store that the transaction is of."""
    return cast("Clock", c.get_execution_options()[OPTION])


def now(c: sa.Connection) -> datetime:
    """Return the wall clock's time, in UTC."""
    return clock_of(c).now()
