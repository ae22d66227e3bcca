"""Votes in the store: never deleted, and changed only by a withdrawal."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hailuo_widgets.errors import UsageError
from hailuo_widgets.store.clips import chunks, clips_of, runs_of
from hailuo_widgets.store.run_changes import one
from hailuo_widgets.store.schema import vote_of, votes
from hailuo_widgets.store.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.store.database import Database

__all__ = ["add", "find", "merge", "withdraw"]

_MERGED: Final = ("rater", "left_run", "right_run", "answer", "repeat_of", "at")  # what a vote of one ID can't change


def add(c: sa.Connection, vote: Vote) -> None:
    """Write a vote.

    Raises:
        UsageError: A text holds what no store can keep; nothing was written.
    """
    row = {name: value for name, value in asdict(vote).items() if name in votes.c}
    for name, value in row.items():
        check_text(name, value)
    c.execute(votes.insert(), row)


def merge(database: Database, given: Sequence[Vote]) -> tuple[int, int, int]:
    """Add the votes that are not there yet, and withdraw those that were undone since: all of it, or nothing.

    A withdrawn vote stays so. Run it in the log's thread: ``log.call(votes.merge, log.database, given)``.

    Returns:
        The numbers of votes that are new, that were known, and of the latter that are withdrawn now.

    Raises:
        StoreError: A run is not in the store; nothing was written.
        UsageError: A vote differs from the one of its ID, or holds what no store can keep; nothing was written.
    """
    new = known = undone = 0
    with database.write() as c:
        for run_id in sorted({run_id for vote in given for run_id in (vote.left_run, vote.right_run)}):
            one(c, run_id, database.where)
        for vote in given:
            row = c.execute(sa.select(votes).where(votes.c.vote_id == vote.vote_id)).mappings().first()
            if row is None:
                add(c, vote)
                new += 1
                continue
            earlier = vote_of(dict(row))
            if earlier is None or any(getattr(earlier, name) != getattr(vote, name) for name in _MERGED):
                raise UsageError(
                    f"vote {vote.vote_id} by {vote.rater!r} is in the log with other values",
                    hint="a vote is never changed: give the file as the page saved it",
                )
            known += 1
            if vote.withdrawn and not earlier.withdrawn:
                withdraw(c, vote.vote_id)
                undone += 1
    return new, known, undone


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
