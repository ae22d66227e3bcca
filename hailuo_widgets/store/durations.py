"""Durations of runs, as far as they were measured.

The event of a run's end has ``took_s``: seconds, or null if nobody knows them because the machine slept meanwhile, was
restarted, or was another one. Runs of earlier versions have no such figure; theirs is the difference of two times in
their rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.events import CLOCK
from hailuo_widgets.domain.run import Status
from hailuo_widgets.store.schema import events, from_row, runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["elapsed_s", "newest", "stamp_of", "unmeasured"]

AT_ONCE = 500  # under every database's limit of parameters


def elapsed_s(record: RunRecord) -> float | None:
    """Seconds from submission to the end, by the row's times; None if a time is missing or they are reversed."""
    if record.submitted_at is None or record.finished_at is None:
        return None
    seconds = (record.finished_at - record.submitted_at).total_seconds()
    return seconds if seconds >= 0 else None


def newest(
    c: sa.Connection, provider: str, model: str, origin: str | None, limit: int
) -> list[tuple[RunRecord, float]]:
    """The newest finished runs of a model at an origin whose duration is known, each with its seconds."""
    query = (
        sa.select(runs)
        .where(runs.c.provider == provider, runs.c.model == model, runs.c.status == Status.SUCCEEDED)
        .where(runs.c.origin == origin, runs.c.submitted_at.is_not(None), runs.c.reused_from.is_(None))
        .order_by(runs.c.created_at.desc())
        .limit(limit)
    )
    found = [from_row(dict(row)) for row in c.execute(query).mappings()]
    left_out = unmeasured(c, [r.run_id for r in found])
    taken = {r.run_id: elapsed_s(r) for r in found if r.run_id not in left_out}
    return [(r, seconds) for r in found if (seconds := taken.get(r.run_id)) is not None]


def unmeasured(c: sa.Connection, run_ids: Iterable[str]) -> frozenset[str]:
    """The runs whose last end has no known duration."""
    ids = list(run_ids)
    last: dict[str, bool] = {}
    for n in range(0, len(ids), AT_ONCE):
        told = sa.cast(events.c.data, sa.Text).like('%"took_s"%') & events.c.run_id.in_(ids[n : n + AT_ONCE])
        for row in c.execute(sa.select(events.c.run_id, events.c.data).where(told).order_by(events.c.event_id)):
            if isinstance(row.data, dict) and "took_s" in row.data:
                last[row.run_id] = row.data["took_s"] is None
    return frozenset(run_id for run_id, unknown in last.items() if unknown)


def stamp_of(c: sa.Connection, run_id: str) -> dict[str, Any] | None:
    """The clock stamp of the newest accepted create call of a run; None if there is none."""
    told = sa.cast(events.c.data, sa.Text).like(f'%"{CLOCK}"%') & (events.c.run_id == run_id)
    for data in c.scalars(sa.select(events.c.data).where(told).order_by(events.c.event_id.desc())):
        found = data.get(CLOCK) if isinstance(data, dict) else None
        if isinstance(found, dict):
            return dict(found)
    return None
