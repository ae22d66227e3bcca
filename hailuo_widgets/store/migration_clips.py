"""Migration to schema 3: ratings of clips instead of runs, names of sweeps, and pixel sizes of clips.

Until then a rating, a note and hand-set tags stood in the row of whichever run was judged, even if that run showed
another run's clip. They move to the row of the run that paid for the clip. The tables are named here as they were then.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.store.rows import Json, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["clips"]

_COLUMNS = {
    "sweep_name": "TEXT",
    "video_width": "INTEGER",
    "video_height": "INTEGER",
    "clip_tags": "JSON",
}
_runs = sa.table(
    "runs",
    *(sa.column(name, sa.Text) for name in ("run_id", "sweep_id", "reused_from", "note", "cost_kind")),
    sa.column("rating", sa.Integer),
    sa.column("tags", Json),
    sa.column("clip_tags", sa.JSON),
)
_events = sa.table("events", sa.column("event_id"), sa.column("run_id"), sa.column("what"))
_SAID = {"rated": "rating", "a note": "note", "tagged": "tags"}  # the events' words, and what they were about


def clips(connection: sa.Connection) -> None:
    """Add the columns, and move ratings, notes and tags to the runs that paid for the clips."""
    for name, kind in _COLUMNS.items():
        connection.execute(sa.text(f"ALTER TABLE runs ADD COLUMN {name} {kind}"))
    connection.execute(sa.text("CREATE INDEX runs_by_clip ON runs (reused_from)"))
    connection.execute(_runs.update().where(_runs.c.cost_kind == "estimated").values(cost_kind="list"))
    rows = {row.run_id: row for row in connection.execute(sa.select(_runs))}
    when: dict[tuple[str, str], int] = {}  # of a run and a column: the last time that a user set it
    query = sa.select(_events).where(_events.c.what.in_(list(_SAID))).order_by(_events.c.event_id)
    for event in connection.execute(query):
        when[event.run_id, _SAID[event.what]] = event.event_id
    changes: dict[str, dict[str, Any]] = defaultdict(dict)
    shown: dict[str, list[str]] = defaultdict(list)
    for run_id in rows:
        shown[_paid(run_id, rows)].append(run_id)
    started = _started_with(r for r in rows.values() if (r.run_id, "tags") not in when)
    own = {r.run_id: _own_tags(r, started) for r in rows.values() if (r.run_id, "tags") in when}
    for paid, run_ids in shown.items():
        for name in ("rating", "note"):
            for run_id, value in _moved(name, paid, run_ids, rows, when).items():
                changes[run_id][name] = value
        tagged = sorted((r for r in run_ids if r in own), key=lambda r: when[r, "tags"])
        by_hand = dict.fromkeys(word for r in tagged for word in _tags(rows[r]) if word not in own[r])
        if by_hand:
            changes[paid]["clip_tags"] = list(by_hand)
            for run_id in tagged:
                changes[run_id]["tags"] = own[run_id]
    for run_id, values in changes.items():
        connection.execute(_runs.update().where(_runs.c.run_id == run_id).values(**values))


def _paid(run_id: str, rows: Mapping[str, Any]) -> str:
    """The run that paid for a run's clip, as far as the log knows it."""
    seen = {run_id}
    while (before := rows[run_id].reused_from) in rows and before not in seen:
        run_id = before
        seen.add(run_id)
    return run_id


def _moved(
    name: str, paid: str, run_ids: Iterable[str], rows: Mapping[str, Any], when: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    """The changes that move a clip's last rating or note to the run that paid for it, and clear it elsewhere."""
    said = [r for r in run_ids if (r, name) in when or getattr(rows[r], name) is not None]
    if not said:
        return {}
    last = max(said, key=lambda r: when.get((r, name), -1))
    word = getattr(rows[last], name)
    return dict.fromkeys(said, None) | {paid: word}


def _started_with(untouched: Iterable[Any]) -> dict[str | None, set[str]]:
    """For each sweep, the tags that all of its runs share that nobody tagged by hand."""
    found: dict[str | None, set[str]] = {}
    for row in untouched:
        words = set(_tags(row))
        found[row.sweep_id] = found.get(row.sweep_id, words) & words
    return found


def _own_tags(row: Any, started: Mapping[str | None, set[str]]) -> list[str]:
    """The tags that a run was started with: those of its sweep. None are known for a run without a sweep."""
    words = started.get(row.sweep_id, set()) if row.sweep_id is not None else set()
    return [word for word in _tags(row) if word in words]


def _tags(row: Any) -> tuple[str, ...]:
    """A row's tags; none if they cannot be read."""
    try:
        return tags_of(row.tags)
    except ValueError:
        return ()
