"""Figures of a ranking do not depend on the order of rows or items, nor on times that are missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.dataframes.votes import votes_frame, votes_of
from hailuo_widgets.domain.ids import make_id, moment_of
from hailuo_widgets.domain.vote import ANSWERS, Vote
from hailuo_widgets.voting.ranking import rank

if TYPE_CHECKING:
    from hailuo_widgets.voting.ranking import Ranking

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ITEMS = ("day", "dusk", "night")


def panel(count: int, seed: int) -> list[Vote]:
    """Votes of two raters on three items over some seeds, some of them repeats with the sides swapped."""
    rng = np.random.default_rng(seed)
    votes: list[Vote] = []
    for n in range(count):
        left, right = rng.permutation(3)[:2]
        at = NOW + timedelta(seconds=n)
        unit, rater = str(rng.integers(6)), ("mara", "lu")[rng.integers(2)]
        earlier = votes[rng.integers(n)] if n and rng.random() < 0.1 else None
        sides: dict[str, Any] = {
            "left": ITEMS[left], "right": ITEMS[right], "left_run": f"{left}{unit}", "right_run": f"{right}{unit}",
            "unit": unit, "rater": rater,
        }  # fmt: skip
        if earlier is not None:
            sides = {
                "left": earlier.right, "right": earlier.left, "left_run": earlier.right_run,
                "right_run": earlier.left_run, "unit": earlier.unit, "rater": earlier.rater,
                "repeat_of": earlier.vote_id,
            }  # fmt: skip
        votes.append(
            Vote(
                vote_id=make_id("v", at, int(rng.integers(2**40))), at=at, between="variant", within="seed",
                answer=str(rng.choice(ANSWERS, p=(0.4, 0.35, 0.15, 0.1))), **sides,
            )
        )  # fmt: skip
    return votes


def figures(found: Ranking) -> dict[str, Any]:
    """Every figure of a ranking, exactly."""
    return {
        "df": found.df.to_dict("records"),
        "pairs": found.pairs.to_dict("records"),
        "words": (found.sentence, found.notes, found.winner, found.more),
        "raters": (found.side_bias, found.agreement),
    }


def same(one: Ranking, other: Ranking) -> None:
    """Check that two rankings have the same figures; NA equals NA."""
    a, b = figures(one), figures(other)
    assert {k: repr(v) for k, v in a.items()} == {k: repr(v) for k, v in b.items()}


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10**6), st.permutations(ITEMS), st.randoms())
def test_no_order_changes_a_figure(count: int, seed: int, items: list[str], random: Any) -> None:
    """Rows and items in any order, and times that are missing, in part or all: the ranking is the same."""
    votes = panel(count, seed)
    told = rank(votes, items=ITEMS)
    same(rank(random.sample(votes, count), items=items), told)
    frame = votes_frame(votes).sample(frac=1, random_state=seed % 1000)
    same(rank(votes_of(frame), items=items), told)
    some = frame.copy()
    some.loc[some.index[: count // 2], "at"] = pd.NaT
    same(rank(votes_of(some), items=items), told)
    same(rank(votes_of(frame.drop(columns="at")), items=items), told)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10**6))
def test_rows_without_times_and_ids_have_one_order(count: int, seed: int) -> None:
    """A table that says only who preferred what has the same ranking however it is sorted."""
    frame = votes_frame([v for v in panel(count, seed) if v.repeat_of is None]).drop(columns=["at", "vote_id"])
    told = rank(votes_of(frame), items=ITEMS)
    for n in range(3):
        same(rank(votes_of(frame.sample(frac=1, random_state=n)), items=ITEMS), told)


@pytest.mark.parametrize("vote_id", ["", "row 3", "v", "v1m6a6ft", "v" + "i" * 17])
def test_a_text_that_is_no_id_has_no_time(vote_id: str) -> None:
    """An ID tells its millisecond; another text tells nothing."""
    assert moment_of(make_id("v", NOW, 5)) == NOW
    assert moment_of(vote_id) is None
