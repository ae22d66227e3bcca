"""Votes in the store: never deleted, and changed only by a withdrawal."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.errors import UsageError
from hailuo_widgets.store.clips import chunks, clips_of, runs_of
from hailuo_widgets.store.schema import vote_of, votes
from hailuo_widgets.store.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.vote import Vote

__all__ = ["add", "find", "withdraw"]


def add(c: sa.Connection, vote: Vote) -> None:
    """Write a vote.

    Raises:
        UsageError: A text holds what no store can keep; nothing was written.
    """
    row = {name: value for name, value in asdict(vote).items() if name in votes.c}
    for name, value in row.items():
        check_text(name, value)
    c.execute(votes.insert(), row)


def withdraw(c: sa.Connection, vote_id: str) -> None:
    """Take a vote back; it stays in the store, as withdrawn.

    Raises:
        UsageError: There is no such vote.
    """
    done = c.execute(votes.update().where(votes.c.vote_id == vote_id).values(withdrawn=True))
    if done.rowcount != 1:
        raise UsageError(f"vote {vote_id!r} is not in the log", hint="hw.votes() lists those that are")


def find(
    c: sa.Connection, *, run_ids: Iterable[str] | None, between: str | None, rater: str | None, withdrawn: bool
) -> list[Vote]:
    """The votes that fit all arguments, oldest first; with ``run_ids``, those on two of the clips that these runs show.

    The rater may have seen another run that shows the same clip. A vote that cannot be read is left out.
    """
    query = sa.select(votes).order_by(votes.c.at, votes.c.vote_id)
    if between is not None:
        query = query.where(votes.c.between == between)
    if rater is not None:
        query = query.where(votes.c.rater == rater)
    if not withdrawn:
        query = query.where(~votes.c.withdrawn)
    if run_ids is None:
        return _with_clips(c, _read(c, query))
    wanted = set(clips_of(c, run_ids).values())
    found: list[Vote] = []
    for some in chunks(runs_of(c, wanted)):
        found += _read(c, query.where(votes.c.left_run.in_(some)))
    found = [vote for vote in _with_clips(c, found) if vote.left_clip in wanted and vote.right_clip in wanted]
    return sorted(found, key=lambda vote: (vote.at, vote.vote_id))


def _read(c: sa.Connection, query: sa.Select[Any]) -> list[Vote]:
    return [vote for row in c.execute(query).mappings() if (vote := vote_of(dict(row))) is not None]


def _with_clips(c: sa.Connection, found: list[Vote]) -> list[Vote]:
    clips = clips_of(c, {run_id for vote in found for run_id in (vote.left_run, vote.right_run)})
    return [replace(v, left_clip=clips[v.left_run], right_clip=clips[v.right_run]) for v in found]
