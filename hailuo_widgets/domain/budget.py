"""What a create call asks the store for, and what it may be told: plain values, that cost no import of SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["Budget", "Permit", "TaskIdTaken"]


class TaskIdTaken(StoreError):
    """The gateway handed out a task id that another run has already."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A bound on what may be reserved: of one sweep (``sweep_id``), of one session, or since a moment.

    ``micros`` are millionths of the currency of the run that asks.
    """

    name: str
    micros: int
    sweep_id: str | None = None
    session: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Permit:
    """What a create call is asked for: its price, the budgets it must fit, and how many tasks may be in flight.

    ``held_s``: seconds for which a task that nobody follows any more is counted among them.
    """

    micros: int | None
    currency: str | None
    budgets: Sequence[Budget] = ()
    rehearsal: bool = False  # at the bundled simulator: counted apart from what is paid
    concurrent: int | None = None
    held_s: float = 0.0
