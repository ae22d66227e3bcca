"""Runs of equal requests at one origin: those with a clip, and those in progress.

The origin counts: a simulated clip must never pass for a live one. Origins that are one place under several names (a
provider's documented hosts) get one name by ``alike``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain.run import Status
from hailuo_widgets.store import leases
from hailuo_widgets.store.schema import from_row, runs
from hailuo_widgets.store.transaction_time import clock_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Key", "Place", "clips", "in_progress"]

Place = tuple[str, str]  # a request's hash, and its origin or the shared name of several origins
Key = tuple[str, str, int]  # a place, and the index of the task's result

SENT = ("submitting", "queued", "running", "downloading", "unconfirmed")
AT_ONCE = 500  # under every database's limit of parameters


def clips(c: sa.Connection, places: Iterable[Place], alike: Mapping[str, str]) -> dict[Key, list[RunRecord]]:
    """The succeeded runs that paid for their clips, by request and result, the newest first."""
    kept = (runs.c.status == Status.SUCCEEDED) & runs.c.reused_from.is_(None) & runs.c.video.is_not(None)
    found: dict[Key, list[RunRecord]] = {}
    for row in _equal_rows(c, places, kept, runs.c.created_at.desc(), alike):
        record = from_row(dict(row))
        found.setdefault(_key(record, alike), []).append(record)
    return found


def in_progress(
    c: sa.Connection,
    places: Iterable[Place],
    alike: Mapping[str, str],
    *,
    before: str | None,
    is_dead: Callable[[str], bool],
) -> dict[Key, RunRecord]:
    """The oldest run without an outcome, by request and result.

    A planned run counts only while somebody follows it: after its kernel ended it is never sent by itself.
    """
    where: sa.ColumnElement[bool] = runs.c.status.in_((*SENT, Status.PLANNED))
    if before is not None:
        where &= runs.c.run_id < before
    found: dict[Key, RunRecord] = {}
    for row in _equal_rows(c, places, where, runs.c.run_id, alike):
        if row["status"] != "planned" or (leases.held(row, clock_of(c)) and not is_dead(row["owner"])):
            record = from_row(dict(row))
            found.setdefault(_key(record, alike), record)
    return found


def _key(record: RunRecord, alike: Mapping[str, str]) -> Key:
    origin = str(record.origin)
    return (record.request_hash, alike.get(origin, origin), record.result_index)


def _equal_rows(
    c: sa.Connection,
    places: Iterable[Place],
    where: sa.ColumnElement[bool],
    order: sa.ColumnElement[object],
    alike: Mapping[str, str],
) -> Iterator[sa.RowMapping]:
    wanted = set(places)
    hashes = sorted({request_hash for request_hash, _ in wanted})
    for n in range(0, len(hashes), AT_ONCE):
        query = sa.select(runs).where(runs.c.request_hash.in_(hashes[n : n + AT_ONCE]), where).order_by(order)
        for row in c.execute(query).mappings():
            if (row["request_hash"], alike.get(row["origin"], row["origin"])) in wanted:
                yield row
