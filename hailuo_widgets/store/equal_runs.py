"""Runs of equal requests at one origin: those with a clip, and those in progress.

The origin counts: a simulated clip must never pass for a live one. Origins that are one place under several names (a
provider's documented hosts) get one name by ``alike``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.run import Status
from hailuo_widgets.store import leases
from hailuo_widgets.store.insertion_order import ADDED, added
from hailuo_widgets.store.schema import from_row, runs
from hailuo_widgets.store.transaction_time import clock_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Key", "Place", "clips", "in_progress", "is_sent"]

Place = tuple[str, str]  # a request's hash, and its origin or the shared name of several origins
Key = tuple[str, str, int]  # a place, and the index of the task's result

# A status that cannot be read is shown as unconfirmed, so every word that is none of these may have been paid for.
NOT_IN_PROGRESS = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.SKIPPED, Status.LOST)
AT_ONCE = 500  # under every database's limit of parameters


def clips(c: sa.Connection, places: Iterable[Place], alike: Mapping[str, str]) -> dict[Key, list[RunRecord]]:
    """The succeeded runs that paid for their clips, by request and result, the newest first."""
    kept = (runs.c.status == Status.SUCCEEDED) & runs.c.reused_from.is_(None) & runs.c.video.is_not(None)
    found: dict[Key, list[RunRecord]] = {}
    for row in _equal_rows(c, places, kept, ADDED.desc(), alike):
        record = from_row(dict(row))
        if _has_its_hash(record):
            found.setdefault(_key(record, alike), []).append(record)
    return found


def _has_its_hash(record: RunRecord) -> bool:
    """Return whether a row's hash is that of its request, as far as the request could be read."""
    unread = any(name.startswith("request") for name in record.unread)
    return unread or record.request.hash == record.request_hash


def in_progress(
    c: sa.Connection,
    places: Iterable[Place],
    alike: Mapping[str, str],
    *,
    before: str | None,
    is_dead: Callable[[str], bool],
) -> dict[Key, RunRecord]:
    """The oldest run without an outcome, by request and result.

    A planned run counts only while somebody follows it: after its kernel ended it is never sent by itself. Of two
    planned runs the later one waits for the earlier one, so for ``before``, a planned run counts only if it was added
    to the log before that one. A run that was sent always counts.
    """
    where: sa.ColumnElement[bool] = runs.c.status.not_in(NOT_IN_PROGRESS)
    if before is not None:
        earlier = sa.tuple_(ADDED, runs.c.run_id) < sa.tuple_(sa.literal(added(c, before)), sa.literal(before))
        where &= (runs.c.run_id != before) & ((runs.c.status != Status.PLANNED) | earlier)
    found: dict[Key, RunRecord] = {}
    for row in _equal_rows(c, places, where, ADDED, alike):
        if row["status"] != "planned" or (leases.held(row, clock_of(c)) and not is_dead(row["owner"])):
            record = from_row(dict(row))
            found.setdefault(_key(record, alike), record)
    return found


def is_sent(c: sa.Connection, record: RunRecord, alike: Mapping[str, str]) -> bool:
    """Return whether another run of an equal request may have been paid for, and has no outcome yet."""
    origin = str(record.origin)
    where = (
        runs.c.status.not_in((*NOT_IN_PROGRESS, Status.PLANNED))
        & (runs.c.run_id != record.run_id)
        & (runs.c.result_index == record.result_index)
    )
    places = {(record.request_hash, alike.get(origin, origin))}
    return any(True for _ in _equal_rows(c, places, where, runs.c.run_id, alike))


def _key(record: RunRecord, alike: Mapping[str, str]) -> Key:
    origin = str(record.origin)
    return (record.request_hash, alike.get(origin, origin), record.result_index)


def _equal_rows(
    c: sa.Connection,
    places: Iterable[Place],
    where: sa.ColumnElement[bool],
    order: sa.ColumnElement[Any],
    alike: Mapping[str, str],
) -> Iterator[sa.RowMapping]:
    wanted = set(places)
    hashes = sorted({request_hash for request_hash, _ in wanted})
    for n in range(0, len(hashes), AT_ONCE):
        query = sa.select(runs).where(runs.c.request_hash.in_(hashes[n : n + AT_ONCE]), where).order_by(order)
        for row in c.execute(query).mappings():
            if (row["request_hash"], alike.get(row["origin"], row["origin"])) in wanted:
                yield row
