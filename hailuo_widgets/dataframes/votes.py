"""Conversion of votes to a pandas DataFrame and back."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from hailuo_widgets.dataframes.runs import PLAIN_TEXT
from hailuo_widgets.domain.ids import moment_of
from hailuo_widgets.domain.vote import ANSWERS, Vote
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ADDED_COLUMNS", "VOTE_COLUMNS", "added_votes_frame", "votes_frame", "votes_of"]

VOTE_COLUMNS: dict[str, str] = {
    "vote_id": "string",
    "at": "datetime64[us, UTC]",
    "rater": "string",
    "between": "string",
    "within": "string",
    "unit": "string",
    "left": "string",
    "right": "string",
    "answer": "string",
    "winner": "string",
    "seconds": "Float64",
    "left_run": "string",
    "right_run": "string",
    "repeat_of": "string",
    "question": "string",
}
"""``hw.votes()``'s columns and their pandas dtypes, in their order."""

ADDED_COLUMNS: dict[str, str] = {
    "file": "string",
    "rater": "string",
    "new": "Int64",
    "known": "Int64",
    "undone": "Int64",
    "refused": "string",
}
"""``hw.add_votes()``'s columns and their pandas dtypes, in their order."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_NEEDED = ("left", "right", "answer")


def votes_frame(votes: Sequence[Vote]) -> pd.DataFrame:
    """Return one row per vote, with the columns of :data:`VOTE_COLUMNS`; ``winner`` is missing without a preference."""
    columns = {}
    for name, kind in VOTE_COLUMNS.items():
        values = [getattr(vote, name) for vote in votes]
        dtype: Any = pd.DatetimeTZDtype("us", "UTC") if name == "at" else pd.api.types.pandas_dtype(kind)
        columns[name] = pd.array([pd.NA if v is None or v == "" else v for v in values], dtype=dtype)
    frame = pd.DataFrame(columns)
    frame.attrs[PLAIN_TEXT] = True
    return frame


def votes_of(frame: pd.DataFrame) -> list[Vote]:
    """Return the votes in a DataFrame like that of :func:`votes_frame`; only left, right and answer are required.

    They are in the order of their times, whatever the order of the rows. A time that is missing is taken from the
    vote's ID; rows without either come first, in an order of their own.

    Raises:
        UsageError: A required column or value is missing, an answer or a time is not valid, or a row compares an item
            or a run with itself.
    """
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        raise UsageError(
            f"the DataFrame has no column {', '.join(missing)}", hint="give a sweep, or rows of hw.votes()"
        )
    known = {f.name for f in fields(Vote)}
    votes: list[Vote] = []
    for n, row in enumerate(frame.to_dict("records")):
        given = {str(k): v for k, v in row.items() if k in known and not pd.isna(v)}
        if given.get("answer") not in ANSWERS:
            raise UsageError(f"row {n}: answer={row['answer']!r} is none of {', '.join(ANSWERS)}")
        if absent := [name for name in ("left", "right") if name not in given]:
            raise UsageError(f"row {n}: {absent[0]} is missing")
        for left, right in (("left", "right"), ("left_run", "right_run")):
            if given.get(left) is not None and given.get(left) == given.get(right):
                raise UsageError(
                    f"row {n}: {left} and {right} are both {given[left]!r}, which can't be compared with itself",
                    hint="leave the row out",
                )
        texts: dict[str, Any] = {k: v if k in {"at", "seconds", "withdrawn"} else str(v) for k, v in given.items()}
        blank = dict.fromkeys(("rater", "between", "left_run", "right_run"), "")
        unknown: dict[str, Any] = {"vote_id": ""} | blank
        at = _moment(given.get("at"), n) or moment_of(texts.get("vote_id", "")) or _NEVER
        votes.append(Vote(**(unknown | texts | {"at": at})))
    votes.sort(key=lambda vote: (vote.at, repr(vote)))
    return [vote if vote.vote_id else replace(vote, vote_id=f"row {n}") for n, vote in enumerate(votes)]


def _moment(value: Any, row: int) -> datetime | None:
    """Return a vote's time in UTC; None if it is missing.

    Raises:
        UsageError: The value is not a time.
    """
    if value is None:
        return None
    try:
        found = pd.Timestamp(value)
    except (TypeError, ValueError):
        raise UsageError(f"row {row}: at={value!r} is not a time", hint="leave it out if it isn't known") from None
    return (found.tz_localize(UTC) if found.tzinfo is None else found.tz_convert(UTC)).to_pydatetime()


def added_votes_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per file of votes, with the columns of :data:`ADDED_COLUMNS`."""
    columns = {}
    for name, kind in ADDED_COLUMNS.items():
        dtype: Any = pd.api.types.pandas_dtype(kind)
        columns[name] = pd.array([pd.NA if row[name] == "" else row[name] for row in rows], dtype=dtype)
    frame = pd.DataFrame(columns)
    frame.attrs[PLAIN_TEXT] = True
    return frame
