"""Clips in the store: the runs that show a clip, and what users said of it.

A clip is identified by the run that paid for it. A run that took the clip from the archive names that run, or another
run that took it; the chain is followed to its end here. Rating, note and tags stand in the paying run's row only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.store.schema import from_row, plain, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import RowMapping

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["MOST_PARAMETERS", "SAID", "chunks", "clips_of", "judge", "records_of", "runs_of"]

SAID = ("rating", "note", "clip_tags")  # the columns that hold what a user says of a clip
MOST_PARAMETERS = 500  # under every database's limit


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values in lists short enough for one query, each value once; values that are no text are left out."""
    wanted = sorted({value for value in values if isinstance(value, str)})
    for n in range(0, len(wanted), MOST_PARAMETERS):
        yield wanted[n : n + MOST_PARAMETERS]


def clips_of(c: sa.Connection, run_ids: Iterable[str]) -> dict[str, str]:
    """For each run the id of its clip: the run that paid for it. A run that is not in the log maps to itself."""
    wanted = set(run_ids)
    before: dict[str, str] = {}
    asked = set(wanted)
    while asked:
        found: dict[str, str] = {}
        for some in chunks(asked):
            query = sa.select(runs.c.run_id, runs.c.reused_from).where(
                runs.c.run_id.in_(some), runs.c.reused_from.is_not(None)
            )
            found |= {row.run_id: row.reused_from for row in c.execute(query) if isinstance(row.reused_from, str)}
        before |= found
        asked = set(found.values()) - before.keys()
    return {run_id: _end(run_id, before) for run_id in wanted}


def _end(run_id: str, before: Mapping[str, str]) -> str:
    chain = [run_id]
    while (earlier := before.get(chain[-1])) is not None:
        if earlier in chain:  # this package writes no circle; if there is one, all its runs are one clip
            return min(chain[chain.index(earlier) :])
        chain.append(earlier)
    return chain[-1]


def runs_of(c: sa.Connection, clip_ids: Iterable[str]) -> set[str]:
    """All runs that show one of these clips, the paying ones too."""
    found = set(clip_ids)
    asked = set(found)
    while asked:
        more: set[str] = set()
        for some in chunks(asked):
            more |= set(c.scalars(sa.select(runs.c.run_id).where(runs.c.reused_from.in_(some))))
        asked = more - found
        found |= more
    return found


def records_of(c: sa.Connection, rows: Iterable[RowMapping]) -> list[RunRecord]:
    """Rows of the runs' table as records, each with the rating, note and tags of the clip that it shows."""
    records = [from_row(dict(row)) for row in rows]
    if not any(r.reused_from for r in records):
        return records
    clips = clips_of(c, [r.run_id for r in records if r.reused_from])
    said: dict[str, Any] = {r.run_id: r for r in records}
    for some in chunks(set(clips.values()) - said.keys()):
        query = sa.select(runs).where(runs.c.run_id.in_(some))
        said |= {row["run_id"]: from_row(dict(row)) for row in c.execute(query).mappings()}
    return [_with(r, clips[r.run_id], said.get(clips[r.run_id])) if r.reused_from else r for r in records]


def judge(c: sa.Connection, record: RunRecord, said: Mapping[str, Any]) -> set[str]:
    """Write the rating, note or tags of the clip that a run shows; the ids of all runs that show it."""
    clip = clips_of(c, [record.run_id])[record.run_id]
    values = plain(said)
    if values and c.execute(runs.update().where(runs.c.run_id == clip).values(**values)).rowcount == 0:
        c.execute(runs.update().where(runs.c.run_id == record.run_id).values(**values))  # the paying run is not here
    return runs_of(c, [clip]) | {record.run_id}


def _with(record: RunRecord, clip: str, said: Any) -> RunRecord:
    paid = None if clip == record.run_id else clip
    if said is None:  # the paying run is not in this log: what was said of the clip stands in the run's own row
        return replace(record, reused_from=paid)
    return replace(record, reused_from=paid, rating=said.rating, note=said.note, clip_tags=said.clip_tags)
