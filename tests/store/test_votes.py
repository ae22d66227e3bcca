"""Tests of stored votes: they are only ever withdrawn, never changed, and are found by their runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.store import RunLog

NOW = datetime(2026, 11, 27, 9, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def first(log: RunLog, record: Callable[..., RunRecord]) -> Vote:
    """A vote on two of three runs of the log, not written yet."""
    log.add([record("r1"), record("r2"), record("r3")])
    return Vote(
        vote_id="v1",
        at=NOW,
        rater="mara",
        between="prompt",
        left="a fox 狐",
        right="a wolf",
        left_run="r1",
        right_run="r2",
        answer="left",
        within="seed",
        unit="9007199254740993",
        seconds=4.25,
    )


def test_votes_are_read_back_as_they_were_given(log: RunLog, first: Vote) -> None:
    """Every field comes back, oldest first; a filter keeps what it says; both sides must be among the runs."""
    second = replace(first, vote_id="v2", at=NOW + timedelta(seconds=5), rater="lu", right_run="r3", repeat_of="v1")
    log.vote(second)
    log.vote(first)
    assert log.votes() == [first, second]
    assert log.votes(["r1", "r2"]) == [first]
    assert log.votes(["r2", "r3"]) == []
    assert log.votes(rater="lu") == [second]
    assert log.votes(between="seed") == []


def test_a_withdrawn_vote_stays(log: RunLog, first: Vote) -> None:
    """What was taken back counts no more and is still there to be asked for; what is not there cannot be taken back."""
    log.vote(first)
    log.withdraw("v1")
    assert log.votes() == []
    assert log.votes(withdrawn=True) == [replace(first, withdrawn=True)]
    with pytest.raises(UsageError, match="'v9' is not in the log"):
        log.withdraw("v9")


def test_a_vote_on_a_run_that_is_not_there_is_refused(log: RunLog, first: Vote) -> None:
    """The store holds no vote on runs that it does not know, nor a text that no store can keep."""
    with pytest.raises(StoreError):
        log.vote(replace(first, right_run="r9"))
    with pytest.raises(UsageError, match="rater holds a NUL"):
        log.vote(replace(first, rater="a\0b"))
    assert log.votes(withdrawn=True) == []
