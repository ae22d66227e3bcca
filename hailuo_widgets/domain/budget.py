"""Budgets and permits of create calls, as plain values that don't import SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["Budget", "Permit", "TaskIdTaken"]


class TaskIdTaken(StoreError):
    """The provider returned a task ID that another run already has."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit on the cost of one sweep (``sweep_id``), of one session (``session``), or since a moment (``since``).

    ``micros`` are millionths of the currency of the run that is reserved.
    """

    name: str
    micros: int
    sweep_id: str | None = None
    session: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The conditions of a create call: its price, the budgets that it must fit, and the limit of tasks in progress.

    ``concurrent`` is that limit, None for no limit. ``held_s`` is for how many seconds a task that no kernel follows
    still counts as in progress.
    """

    micros: int | None
    currency: str | None
    budgets: Sequence[Budget] = ()
    rehearsal: bool = False  # at the bundled simulator, which has its own totals
    concurrent: int | None = None
    held_s: float = 0.0
