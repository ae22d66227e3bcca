"""Tests of the choice of pairs and of stopping: wrong winners are as rare as promised."""

from __future__ import annotations

import math

import numpy as np
import pytest
from experiments import stopped, walk
from panel import vote
from scipy import integrate

from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.next_pair import next_pair, vote_values
from hailuo_widgets.voting.sequential_test import claim, evidence, sure


def test_the_score_is_the_ratio_that_it_says() -> None:
    """Chances above one half, alike, over even ones: the closed form equals the integral; unmet pairs score 0."""
    wins = np.array([[0, 7, 0], [2.5, 0, 0], [0, 0, 0]])
    over, _ = integrate.quad(lambda p: 2 * p**7 * (1 - p) ** 2.5, 0.5, 1)
    assert evidence(wins)[0, 1] == pytest.approx(math.log(over / 0.5**9.5))
    assert evidence(wins)[1, 0] < 0
    assert evidence(wins)[2, 0] == 0


def test_a_claim_needs_what_it_promises() -> None:
    """Two items: all of eight votes are a claim at 95 %, all of six are none; against every item it must hold."""
    votes = [vote(n, "a", "b", "left") for n in range(9)]
    assert not sure(votes[:6])
    assert sure(votes)
    assert not sure([*votes, vote(20, "a", "c", "left")])
    assert claim(votes, items=["a", "b", "c"]).winner is None
    assert claim([vote(n, "a", "b", "tie") for n in range(100)]).winner is None


@pytest.mark.parametrize(
    ("won", "items", "confidence", "claimed"),
    [
        (7, 2, 0.95, False),  # a score of 31.9, of the 40 that two items need
        (8, 2, 0.95, True),  # 56.8
        (8, 3, 0.95, False),  # of 60
        (9, 3, 0.95, True),  # 102.3
        (10, 2, 0.99, False),  # 186.1 of 200
        (11, 2, 0.99, True),
    ],
)
def test_the_first_vote_that_is_enough(won: int, items: int, confidence: float, *, claimed: bool) -> None:
    """Where all votes agree, the claim is made with the very vote that passes the bound, and not with the one before.

    The score of n wins to none is 2 ** (n + 1) · (1 - 2 ** -(n + 1)) / (n + 1), and each item has its share of the
    chance of error.
    """
    score = 2 ** (won + 1) * (1 - 2 ** -(won + 1)) / (won + 1)
    assert evidence(np.array([[0.0, won], [0.0, 0.0]]))[0, 1] == pytest.approx(math.log(score))
    assert (score >= items / (1 - confidence)) is claimed
    # The further items have lost to the winner as often, so that the leader must be ahead of each.
    votes = [vote(100 * other + n, "a", "bcd"[other], "left") for other in range(items - 1) for n in range(won)]
    found = claim(votes, confidence=confidence)
    assert (found.winner, found.leader) == ("a" if claimed else None, "a")


def test_the_next_pair_is_the_doubtful_one() -> None:
    """Where a beats c for sure and b is like a, the pair of a and b comes; its least seen unit comes first."""
    votes = [vote(n, "a", "c", "left") for n in range(20)] + [vote(20 + n, "b", "c", "left") for n in range(20)]
    votes += [vote(40, "a", "b", "left", unit="s1"), vote(41, "a", "b", "right", unit="s1")]
    rng = np.random.default_rng(0)
    offered = [("a", "c", "s1"), ("a", "b", "s1"), ("b", "a", "s2"), ("b", "c", "s2")]
    assert {next_pair(votes, offered, rng=rng) for _ in range(10)} == {2}
    assert {next_pair(votes, offered, rng=rng, aim="best") for _ in range(10)} == {2}
    assert {next_pair([], offered[1:3], rng=rng) for _ in range(40)} == {0, 1}
    with pytest.raises(UsageError, match="did you mean 'order'"):
        next_pair(votes, offered, rng=rng, aim="oder")


def test_what_a_vote_is_worth() -> None:
    """A close pair is worth more than a settled one, an unmet one more than one met often, and more votes less."""
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    found = vote_values(np.array([[0, 3.0, 9], [3, 0, 8], [1, 2, 0]]), pairs)
    assert found.argmax() == 0
    met = vote_values(np.array([[0, 20.0, 0], [20, 0, 1], [0, 1, 0]]), pairs)
    assert met.argmin() == 0
    assert np.all(vote_values(20 * np.array([[0, 3.0, 9], [2, 0, 8], [1, 2, 0]]), pairs) < found)


@pytest.mark.slow
def test_adaptive_pairs_need_fewer_votes() -> None:
    """Six items, 60 experiments: after 70 votes the order is as right as after 100 random ones."""
    random = np.mean([walk(seed, items=6, votes=100, aim=None) for seed in range(60)], axis=0)
    chosen = np.mean([walk(seed, items=6, votes=70, aim="order") for seed in range(60)], axis=0)
    assert chosen[60:].mean() <= random[90:].mean()


@pytest.mark.slow
def test_stopping_early_is_rarely_wrong() -> None:
    """Somebody looks after every vote on two equal items: a false winner in at most 5 % (200 experiments, to 9 %)."""
    ends = [stopped(seed, [0.0, 0.0], votes=100, aim=None) for seed in range(200)]
    assert sum(end is not None for end in ends) / len(ends) <= 0.09
    found = [stopped(seed, [1.5, 0.0], votes=100, aim=None) for seed in range(30)]
    assert sum(end is not None and not end[1] for end in found) >= 28
