"""Votes in the store. They are never changed but to be withdrawn, and never deleted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.errors import UsageError
from hailuo_widgets.store.schema import vote_of, votes
from hailuo_widgets.store.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.vote import Vote

__all__ = ["add", "find", "withdraw"]

MOST_PARAMETERS = 500  # under every database's limit


def add(c: sa.Connection, vote: Vote) -> None:
    """Write a vote.

    Raises:
        UsageError: A text holds what no store can keep; nothing was written.
    """
    row = asdict(vote)
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
    """The votes that fit all that is given, oldest first; of ``run_ids``, those of which both sides are among them."""
    query = sa.select(votes).order_by(votes.c.at, votes.c.vote_id)
    if between is not None:
        query = query.where(votes.c.between == between)
    if rater is not None:
        query = query.where(votes.c.rater == rater)
    if not withdrawn:
        query = query.where(~votes.c.withdrawn)
    if run_ids is None:
        return [vote_of(dict(row)) for row in c.execute(query).mappings()]
    wanted = sorted(set(run_ids))
    found: list[Vote] = []
    for n in range(0, len(wanted), MOST_PARAMETERS):
        some = query.where(votes.c.left_run.in_(wanted[n : n + MOST_PARAMETERS]))
        found += [vote_of(dict(row)) for row in c.execute(some).mappings() if row["right_run"] in wanted]
    return sorted(found, key=lambda vote: (vote.at, vote.vote_id))
