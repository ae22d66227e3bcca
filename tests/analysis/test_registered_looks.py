"""Tests of registered looks: their error by exact computation, what they cost, and that no other look counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel import vote

from hailuo_widgets.domain.vote import Place
from hailuo_widgets.voting.mean_test import above_even
from hailuo_widgets.voting.ranking import rank
from hailuo_widgets.voting.registered_looks import claim_at_looks, levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.vote import Vote

ALPHA = 0.025  # one-sided, as of two items
FIXED = {0.6: 199, 0.7: 49, 0.8: 20}  # seeds that a two-sided sign test at 5 % needs for 80 %


@cache
def p_value(wins: int, count: int) -> float:
    """The test's p-value of so many wins."""
    return above_even(np.repeat([1.0, 0.0], [wins, count - wins]))


def chance(preference: float, looks: Sequence[int]) -> float:
    """The exact probability that a look finds the first item ahead, if each unit is a win or a loss by itself."""
    paths, found, judged = np.array([1.0]), 0.0, 0
    for count, level in zip(looks, levels(looks, ALPHA), strict=True):
        for _ in range(count - judged):
            paths = np.append(paths * (1 - preference), 0) + np.append(0, paths * preference)
        judged = count
        ahead = np.array([p_value(wins, count) <= level for wins in range(count + 1)])
        found += float(paths[ahead].sum())
        paths = np.where(ahead, 0, paths)
    return found


def seeds(answers: str, **more: object) -> list[Vote]:
    """Votes on a (left) and b, one a seed: ``l``, ``r`` or ``t`` for a tie."""
    told = {"l": "left", "r": "right", "t": "tie"}
    return [
        vote(n, "a", "b", told[one], place=Place(draw=str(n), scene="p", of_draw=1, of_scene=len(answers)), **more)
        for n, one in enumerate(answers)
    ]


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8, unique=True).map(sorted), st.floats(0.001, 0.25))
def test_the_looks_share_one_error_probability(looks: list[int], alpha: float) -> None:
    """None is spent twice or lost, and the last look gets the most of it."""
    shares = levels(looks, alpha)
    assert sum(shares) == pytest.approx(alpha)
    assert all(share >= 0 for share in shares)
    assert len(shares) == len(looks)
    steps = [after - before for before, after in pairwise([0, *looks])]
    if len(set(steps)) == 1:
        assert list(shares[:3]) == sorted(shares[:3])


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_error_is_bounded_and_the_cost_is_small(parts: int) -> None:
    """Between two equal items a look errs in at most 2.5 % for each; 80 % power takes at most 1.15 times the seeds."""
    for preference, fixed in FIXED.items():
        most = fixed * 115 // 100
        totals = [*range(fixed, most, max(1, fixed // 16)), most]
        designs = [[round(n * part / parts) for part in range(1, parts + 1)] for n in totals]
        assert all(chance(0.5, looks) <= ALPHA for looks in designs[-3:])
        assert max(chance(preference, looks) for looks in designs) >= 0.8


def test_only_registered_numbers_count() -> None:
    """Nine of nine are no winner before the look after ten; what comes after a look changes nothing that it found."""
    assert claim_at_looks(seeds("l" * 9), (10, 20)).winner is None
    assert claim_at_looks(seeds("l" * 10), (10, 20)).winner == "a"
    assert claim_at_looks(seeds("l" * 10), (20,)).winner is None
    won = "l" * 18 + "r" * 2
    assert claim_at_looks(seeds(won), (20,)).winner == "a"
    assert claim_at_looks(seeds(won + "l" * 5), (20,)).winner == "a"
    assert claim_at_looks(seeds(won + "r" * 12), (20,)).winner is None  # all that is known now doesn't bear it out
    near = "lllllllllrlrlrlrlrlr"
    assert claim_at_looks(seeds(near + "l" * 30), (20,)).winner is None  # found too late


def test_votes_in_any_order_are_looked_at_by_their_times() -> None:
    """The first ten seeds are those whose votes came first."""
    votes = seeds("l" * 10 + "r" * 9)
    for n in range(5):
        shuffled = [votes[int(place)] for place in np.random.default_rng(n).permutation(len(votes))]
        assert claim_at_looks(shuffled, (10, 30)) == claim_at_looks(votes, (10, 30))
    turned = [replace(v, at=v.at + timedelta(days=n < 10)) for n, v in enumerate(votes)]
    assert claim_at_looks(turned, (10, 30)).winner is None


@pytest.mark.parametrize(
    ("answers", "looks", "sentence"),
    [
        ("lllllllrrl", (20, 40), "; the next registered look is after 20 seeds, and 10 are judged."),
        ("llllrlrlrr", (5, 10), "No winner at the registered looks: “a” leads with 60% of 10 judgements"),
        ("lr", (10,), "Not enough votes: after 2 judgements none is ahead of all others."),
        ("lrlrlr", (6,), "No winner at the registered looks: after 6 judgements none is ahead of all others."),
        ("l" * 12, (12,), "“a” wins: it was preferred in 100% of 12 judgements"),
        ("l" * 6, (6,), "No winner at the registered looks: “a” leads with 100% of 6 judgements (95% interval 48%"),
    ],
)  # fmt: skip
def test_the_sentence_says_which_look_comes_next(answers: str, looks: tuple[int, ...], sentence: str) -> None:
    """And after the last one, that there was no winner."""
    found = rank(seeds(answers), looks=looks)
    assert sentence in found.sentence
    assert any("at the registered looks" in note for note in found.notes) == (len(answers) >= 5)


@pytest.mark.parametrize("by_rater", [False, True])
@pytest.mark.parametrize("chances", [(0.0, 0.75, 0.75), (1.0, 0.25, 0.25), (0.9, 0.1), (0.5, 0.5, 0.5)])
def test_opposed_raters_make_no_winner(chances: tuple[float, ...], by_rater: bool) -> None:  # noqa: FBT001 - a parameter
    """Where they are even over all raters, a winner is named in at most 5 %: in less than 8 of 50 studies."""
    rng = np.random.default_rng(7)
    wrong = 0
    for _ in range(50):
        turns = [(unit, rater) for unit in range(20) for rater in range(len(chances))]
        if by_rater:
            turns.sort(key=lambda turn: turn[1])
        votes = [
            vote(n, "a", "b", "left" if rng.random() < chances[rater] else "right", unit=unit, rater=f"r{rater}",
                 place=Place(draw=str(unit), scene="p", of_draw=1, of_scene=20))
            for n, (unit, rater) in enumerate(turns)
        ]  # fmt: skip
        wrong += rank(votes, looks=(10, 20)).winner is not None
    assert wrong <= 7
