"""Lookup of a run or sweep by its id, the beginning of its id, or the sweep's name."""

from __future__ import annotations

import sqlalchemy as sa

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.store.schema import events, runs

__all__ = ["latest_sweep", "meant"]

MOST_NEAR = 6


def latest_sweep(c: sa.Connection) -> str | None:
    """The id of the sweep that was started last; None in a log without one."""
    return _newest(c, runs.c.sweep_id.is_not(None))


def _newest(c: sa.Connection, where: sa.ColumnElement[bool]) -> str | None:
    """The id of the sweep whose runs were added last, among those runs; None if there are none."""
    planned = (events.c.run_id == runs.c.run_id) & (events.c.what == RunEvent.PLANNED.value)
    query = sa.select(runs.c.sweep_id).where(where)
    found: str | None = c.scalar(query.join(events, planned).order_by(events.c.event_id.desc()).limit(1))
    # A log that lost its events still has its sweeps.
    return found or c.scalar(query.order_by(runs.c.created_at.desc(), runs.c.run_id.desc()).limit(1))


def meant(c: sa.Connection, word: str) -> tuple[str | None, str | None]:
    """The id of the run, or the id of the sweep, that a word names; the other one is None.

    A whole id wins over a name, and a name over the beginning of an id. If several sweeps have the name, as after Run
    All, the newest is meant.

    Raises:
        UsageError: The word names nothing, or several runs or sweeps.
    """
    if c.scalar(sa.select(runs.c.run_id).where(runs.c.run_id == word)) is not None:
        return word, None
    found = _newest(c, (runs.c.sweep_id == word) | (runs.c.sweep_name == word))
    if found is not None:
        return None, str(found)
    near: list[tuple[str | None, str | None]] = []
    if word:
        for column in (runs.c.run_id, runs.c.sweep_id):
            begins = sa.select(column).where(column.startswith(word, autoescape=True)).distinct()
            ids = c.scalars(begins.order_by(column).limit(MOST_NEAR)).all()
            near += [(i, None) if column is runs.c.run_id else (None, i) for i in ids]
    if len(near) == 1:
        return near[0]
    if near:
        many = ", ".join(str(run or sweep) for run, sweep in near)
        raise UsageError(f"{word!r} may be any of {many}", hint="give more of its characters")
    raise _unknown(c, word)


def _unknown(c: sa.Connection, word: str) -> UsageError:
    known = c.scalars(sa.select(runs.c.sweep_name).where(runs.c.sweep_name.is_not(None)).distinct()).all()
    close = nearest(word, known)
    return UsageError(
        f"no run or sweep in the log is called {word!r}",
        hint=f"did you mean {close!r}?"
        if close
        else "%hailuo runs lists the newest runs, hw.runs()['sweep'] the names",
    )
