"""Tests of the test of a mean score: its level by enumeration, and against what it is known to be equal to."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from panel import vote
from scipy import stats

from hailuo_widgets.voting.mean_test import mean_test
from hailuo_widgets.voting.ranking import rank

LEVEL = 0.05


@pytest.mark.parametrize(("won", "lost"), [(1, 0), (3, 3), (5, 0), (15, 5), (5, 15), (40, 10), (150, 50), (0, 400)])
@pytest.mark.parametrize("ties", [0, 7])
def test_it_is_the_binomial_test_for_wins_and_losses(won: int, lost: int, ties: int) -> None:
    """Ties are no evidence, however many there are; far tails are right too."""
    scores = np.repeat([1.0, 0.0, 0.5], [won, lost, ties])
    assert mean_test(scores) == pytest.approx(stats.binomtest(won, won + lost).pvalue, rel=1e-6, abs=1e-100)


def test_it_is_the_chance_of_weights_at_random() -> None:
    """For other scores, the smaller of two chances over weights that add up to 1, and twice that."""
    rng = np.random.default_rng(4)
    weights = rng.dirichlet(np.ones(9), size=400_000)
    for _ in range(4):
        scores = rng.choice([0, 0.2, 1 / 3, 0.5, 0.75, 1], size=8)
        below, above = (weights[:, :8] @ one <= 0.5 for one in (scores, 1 - scores))
        assert mean_test(scores) == pytest.approx(min(1, 2 * min(below.mean(), above.mean())), abs=0.005)
    assert mean_test(np.full(30, 0.5)) == 1


def level(points: tuple[float, float, float], chances: tuple[float, float, float], units: int) -> float:
    """The chance of a p-value below 5 % for units that score three points with these chances, over all outcomes."""
    found = 0.0
    for low in range(units + 1):
        for high in range(units + 1 - low):
            counts = [low, units - low - high, high]
            if mean_test(np.repeat(points, counts)) < LEVEL:
                found += float(stats.multinomial.pmf(counts, units, chances))
    return found


def distributions() -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """Three points and their chances, of mean one half: skewed ones, one with nearly no variance, and ones drawn."""
    rng = np.random.default_rng(9)
    raters = ((0.0, 1 / 3, 2 / 3), (0.0625, 0.375, 0.5625))  # of three raters, one never and two in 75 % prefer it
    found = [raters, ((0.0, 0.5, 0.6), (1 / 6, 0.0, 5 / 6))]
    found.append(((0.0, 0.505, 1.0), (1 - 0.5 / 0.505, 0.5 / 0.505, 0.0)))
    while len(found) < 8:
        low, middle, high = sorted(rng.random(3))
        share = rng.random() * 0.5
        top = (0.5 - low - share * (middle - low)) / (high - low)
        if 0 <= top <= 1 - share:
            found.append(((low, middle, high), (1 - share - top, share, top)))
    return found


@pytest.mark.parametrize("units", [5, 12, 30])
@pytest.mark.parametrize(("points", "chances"), distributions())
def test_it_keeps_its_level(
    points: tuple[float, float, float], chances: tuple[float, float, float], units: int
) -> None:
    """Whatever the distribution of mean one half: the chance that it rejects is at most 5 %, by enumeration."""
    assert np.dot(points, chances) == pytest.approx(0.5)
    assert level(points, chances, units) <= LEVEL


def test_opposed_raters_are_not_found_ahead() -> None:
    """One rater never prefers a and two do in 75 %: most seeds are for a, the mean is one half, and that is tested."""
    rng = np.random.default_rng(12)
    found, ahead = 0, 0
    for _ in range(30):
        votes = [
            vote(3 * unit + n, "a", "b", "left" if rng.random() < chance else "right", unit=unit, rater=f"r{n}")
            for unit, (n, chance) in itertools.product(range(150), enumerate((0.0, 0.75, 0.75)))
        ]
        row = rank(votes).pairs.iloc[0]
        found += row["p_holm"] < LEVEL
        ahead += row["first_ahead"] > row["units"] / 2
        assert row["first_mean"] == pytest.approx(row["first_rate"])
    assert ahead >= 20
    assert found <= 4  # a sign test finds it in a third
