"""Tables of the run log, and the conversion of a :class:`RunRecord` to a row and back.

``runs`` holds the present state, ``events`` the history: a row before each step and one after it; ``votes`` holds the
judgements on pairs of runs, ``documents`` texts that are never changed. Ids are text, money is in whole millionths,
times are UTC.
"""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.run import CostKind, RunRecord
from hailuo_widgets.domain.vote import ANSWERS, Vote
from hailuo_widgets.store.rows import NEVER, UNREADABLE, Json, UtcDateTime, record_of, seconds_of, time_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "OLD_COST_KINDS",
    "UtcDateTime",
    "calls",
    "documents",
    "events",
    "from_row",
    "metadata",
    "migrations",
    "plain",
    "runs",
    "to_row",
    "vote_of",
    "votes",
]


metadata = sa.MetaData()

migrations = sa.Table(
    "migrations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),  # stands in the request too; here for queries
    sa.Column("model", sa.Text, nullable=False),  # likewise
    sa.Column("request", Json, nullable=False),
    sa.Column("request_hash", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("simulated", sa.Boolean, nullable=False),
    sa.Column("origin", sa.Text),
    sa.Column("sweep_id", sa.Text),
    sa.Column("sweep_index", sa.Integer),
    sa.Column("sweep_name", sa.Text),  # the user's name for the sweep
    sa.Column("variant", sa.Text),
    sa.Column("variables", Json, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("task_id", sa.Text),
    sa.Column("channel", sa.Text),
    sa.Column("client_uuid", sa.Text),
    sa.Column("result_index", sa.Integer, nullable=False),
    sa.Column("submitted_at", UtcDateTime),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("cost_micros", sa.BigInteger),
    sa.Column("cost_kind", sa.Text),
    sa.Column("currency", sa.Text),
    sa.Column("seed_returned", sa.BigInteger),
    sa.Column("file_id", sa.Text),
    sa.Column("video_url", sa.Text),
    sa.Column("backup_url", sa.Text),
    sa.Column("video", sa.Text),
    sa.Column("sha256", sa.Text),
    sa.Column("video_bytes", sa.BigInteger),
    sa.Column("video_width", sa.Integer),
    sa.Column("video_height", sa.Integer),
    sa.Column("error", Json(none_as_null=True)),
    # What a user said of a clip stands in the row of the run that paid for it; see ``clips.py``.
    sa.Column("rating", sa.Integer),
    sa.Column("note", sa.Text),
    sa.Column("clip_tags", Json(none_as_null=True)),
    sa.Column("reused_from", sa.Text),
    sa.Column("reserved_micros", sa.BigInteger),  # counts against budgets from the create call on
    sa.Column("reserved_currency", sa.Text),
    sa.Column("session", sa.Text),  # the process that planned the run
    sa.Column("owner", sa.Text),  # the process that follows the run, while its lease lasts
    sa.Column("lease_until", UtcDateTime),
    sa.Column("task_details", Json(none_as_null=True)),  # what the provider's later calls need
    sa.Column("video_seconds", sa.Float),
    sa.Column("video_sound", sa.Boolean),
    # One task's result belongs to one run: a provider that gives out an id twice is noticed here.
    sa.UniqueConstraint("provider", "origin", "task_id", "result_index", name="one_run_a_result"),
)
sa.Index("runs_by_hash", runs.c.request_hash, runs.c.status)
sa.Index("runs_by_status", runs.c.status)
sa.Index("runs_by_sweep", runs.c.sweep_id)
sa.Index("runs_by_clip", runs.c.reused_from)

events = sa.Table(
    "events",
    metadata,
    sa.Column("event_id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.run_id"), nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("data", Json, nullable=False),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("call_id", sa.Integer, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
sa.Index("calls_by_account", calls.c.account, calls.c.at)

votes = sa.Table(
    "votes",
    metadata,
    sa.Column("vote_id", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("rater", sa.Text, nullable=False),
    sa.Column("between", sa.Text, nullable=False),
    sa.Column("left", sa.Text, nullable=False),
    sa.Column("right", sa.Text, nullable=False),
    sa.Column("left_run", sa.Text, sa.ForeignKey("runs.run_id"), nullable=False),
    sa.Column("right_run", sa.Text, sa.ForeignKey("runs.run_id"), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("within", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("repeat_of", sa.Text),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("question", sa.Text, nullable=False, server_default=""),  # "" is a version's that did not keep it
)
sa.Index("votes_by_run", votes.c.left_run, votes.c.right_run)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("document_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
)

_VOTE_TEXTS = frozenset(name for name, column in votes.c.items() if isinstance(column.type, sa.Text)) - {"repeat_of"}
_FIELDS = tuple(f.name for f in fields(RunRecord) if f.name != "unread")
OLD_COST_KINDS = {
    "estimated": CostKind.LIST.value,
    "none": None,
}  # an earlier version's words


def to_row(record: RunRecord) -> dict[str, Any]:
    """A record as the ``runs`` table holds it."""
    row: dict[str, Any] = {name: getattr(record, name) for name in _FIELDS}
    row |= plain(row)
    row |= {"provider": record.request.provider, "model": record.request.model}
    return row


def plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changed fields in the table's own types."""
    out: dict[str, Any] = {
        name: value.value if isinstance(value, StrEnum) else value for name, value in changes.items()
    }
    if "request" in out:
        out["request"] = out["request"].to_json()
    for name in ("tags", "clip_tags"):
        if name in out:
            out[name] = list(out[name])
    if "cost_kind" in out:
        out["cost_kind"] = OLD_COST_KINDS.get(out["cost_kind"], out["cost_kind"])
    for name in ("variables", "error", "task_details"):
        if out.get(name) is not None:
            out[name] = dict(out[name])
    return out


def from_row(row: Mapping[str, Any]) -> RunRecord:
    """The record of a row, as far as it can be read."""
    kind = row["cost_kind"]
    return record_of({**row, "cost_kind": OLD_COST_KINDS.get(kind, kind) if isinstance(kind, str) else kind})


def vote_of(row: Mapping[str, Any]) -> Vote | None:
    """The vote of a row; None if a part that decides how it counts cannot be read."""
    values = {f.name: row[f.name] for f in fields(Vote) if f.name in votes.c}
    texts = [v for name, v in values.items() if name in _VOTE_TEXTS]
    again = values["repeat_of"]
    if not all(isinstance(text, str) for text in texts) or values["answer"] not in ANSWERS:
        return None
    if not isinstance(again, str | None):
        return None
    try:
        at = time_of(values["at"])
    except UNREADABLE:
        at = None
    known = {"at": at or NEVER, "seconds": seconds_of(values["seconds"]), "withdrawn": bool(values["withdrawn"])}
    return Vote(**(values | known))
