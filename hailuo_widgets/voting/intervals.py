"""Confidence intervals of win rates and strengths for votes that are clustered by unit (seed, say).

Two votes on one unit tell less than votes on two: the intervals treat units as the sample (see
:mod:`hailuo_widgets.voting.units`). They hold for one look at a number of votes that was chosen beforehand; only the
claim of :mod:`hailuo_widgets.voting.sequential_test` holds whenever one looks.

Both intervals invert a score test, whose variance is that of independent votes times how much more (or less, with ties)
the units vary than those, to Student's quantile for the number of units. For two items they are the same interval on
two scales. A strength that the votes don't bound on one side, as of an item that always won, has no end there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats
from scipy.special import expit

from hailuo_widgets.voting.bradley_terry import fit, information
from hailuo_widgets.voting.units import FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.units import Units

__all__ = ["clusters_of", "strength_intervals", "win_rate"]

MOST_STEPS: Final = 60
CLOSE: Final = 1e-8
WIDEST: Final = 12.0  # log-odds; what isn't bounded below this isn't bounded
STEPS: Final = 97  # of the search for an interval's ends
REFINED: Final = 30  # halvings of a step
LEAST_RATIO: Final = 0.5  # of the units' variance to that of independent votes


def clusters_of(judgements: Sequence[Judgement], units: Units) -> NDArray[np.intp]:
    """Return each judgement's cluster number, shape (n,): its unit, or its pair of clips where that isn't known."""
    numbers: dict[object, int] = {}
    keys = [units.key(j) or j.cell for j in judgements]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def win_rate(
    scores: NDArray[np.float64], clusters: NDArray[np.intp], *, confidence: float
) -> tuple[float, float, float]:
    """Return an item's mean score and its interval, between 0 and 1; NaN without scores.

    With fewer than :data:`~hailuo_widgets.voting.units.FEWEST` clusters, the interval's ends are NaN.

    Wilson's interval (1927) with the effective number of independent votes, and Student's quantile for the number of
    clusters: N. Dean and M. Pagano, "Evaluating confidence interval methods for binomial proportions in clustered
    surveys", J. Surv. Stat. Methodol. 3 (2015).

    Args:
        scores: Shape (n,): 1 for each win, 0.5 for each tie, 0 for each loss.
        clusters: Shape (n,): the cluster number of each score.
        confidence: The confidence level, for example 0.95.
    """
    count = len(scores)
    if not count:
        return math.nan, math.nan, math.nan
    rate = float(scores.mean())
    groups = len(np.unique(clusters))
    if groups < FEWEST:
        return rate, math.nan, math.nan
    effective = float(groups)
    if 0 < rate < 1:
        sums = np.bincount(clusters, weights=scores - rate)
        variance = float((sums**2).sum()) / count**2 * groups / (groups - 1)
        # At least one vote; at most twice the number of votes, because ties vary less than wins.
        effective = min(max(rate * (1 - rate) / max(variance, 1e-12), 1.0), 2.0 * count)
    spread = float(stats.t.ppf((1 + confidence) / 2, groups - 1))
    return rate, *_wilson(rate, effective, spread)


def _wilson(rate: float, count: float, spread: float) -> tuple[float, float]:
    """Return Wilson's interval for any number of votes, including fractions (``scipy.stats`` takes integers only)."""
    square = spread**2 / count
    middle = (rate + square / 2) / (1 + square)
    half = spread / (1 + square) * math.sqrt(rate * (1 - rate) / count + square / (4 * count))
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))


def strength_intervals(
    judgements: Sequence[Judgement], items: Sequence[str], units: Units, *, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper ends, each of shape (items,), of strengths in log-odds with mean 0.

    NaN where the votes don't bound a strength on that side, and on both sides of an item with too few units. The score
    test is that of a contrast in the Bradley-Terry model: C. R. Rao, "Large sample tests of statistical hypotheses",
    Proc. Camb. Phil. Soc. 44 (1948).

    Args:
        judgements: Those of the items; "both bad" don't count.
        items: Items that are connected by the judgements.
        units: What the units are.
        confidence: The confidence level, for example 0.95.
    """
    counted = [j for j in judgements if j.score is not None]
    clusters = clusters_of(counted, units)
    place = {item: n for n, item in enumerate(items)}
    first, second = (
        np.array([place[getattr(j, side)] for j in counted], dtype=np.intp) for side in ("first", "second")
    )
    scores = np.array([j.score for j in counted], dtype=np.float64)
    wins = np.zeros((len(items), len(items)))
    np.add.at(wins, (first, second), scores)
    np.add.at(wins, (second, first), 1 - scores)
    games = wins + wins.T
    ratios = _variance_ratios(first, second, scores, clusters, fit(wins))
    low, high = np.full(len(items), math.nan), np.full(len(items), math.nan)
    for item in range(len(items)):
        own = (first == item) | (second == item)
        groups = len(np.unique(clusters[own]))
        if groups < FEWEST:
            continue
        limit = max(ratios[item], float(ratios.mean())) * float(stats.t.ppf((1 + confidence) / 2, groups - 1)) ** 2
        low[item], high[item] = _ends(wins, games, item, limit)
    return low, high


def _variance_ratios(
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    scores: NDArray[np.float64],
    clusters: NDArray[np.intp],
    strengths: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return, for each item, the variance of its points over the units divided by that of independent votes.

    Of an item that always won or always lost it is the number of votes on a unit: nothing tells that they differ.
    """
    chance = expit(strengths[first] - strengths[second])
    found = np.ones(len(strengths))
    for item in range(len(strengths)):
        own = (first == item) | (second == item)
        if not own.any():
            continue
        points = np.where(first == item, scores, 1 - scores)[own]
        left = np.where(first == item, 1, -1)[own] * (scores - chance)[own]
        _, numbers = np.unique(clusters[own], return_inverse=True)
        groups = int(numbers.max()) + 1
        if groups < FEWEST or points.min() == points.max() in {0.0, 1.0}:
            found[item] = own.sum() / groups
            continue
        sums = np.bincount(numbers, weights=left - left.mean())
        model = float((chance * (1 - chance))[own].sum())
        found[item] = max(float((sums**2).sum()) * groups / (groups - 1) / model, LEAST_RATIO)
    return found


def _ends(wins: NDArray[np.float64], games: NDArray[np.float64], item: int, limit: float) -> tuple[float, float]:
    """Return the ends of the values of an item's strength that the score test doesn't reject; NaN for no end."""
    grid = np.linspace(-WIDEST, WIDEST, STEPS)
    kept = _score_tests(wins, games, item, grid) <= limit
    if not kept.any():  # so narrow that it lies between two values: around the estimate
        centre = float(np.clip(fit(wins)[item], -WIDEST, WIDEST))
        return (
            _edge(wins, games, item, limit, outside=centre - grid[1] + grid[0], inside=centre),
            _edge(wins, games, item, limit, outside=centre + grid[1] - grid[0], inside=centre),
        )
    at = np.flatnonzero(kept)
    low, high = math.nan, math.nan
    if at[0] > 0:
        low = _edge(wins, games, item, limit, outside=grid[at[0] - 1], inside=grid[at[0]])
    if at[-1] < STEPS - 1:
        high = _edge(wins, games, item, limit, outside=grid[at[-1] + 1], inside=grid[at[-1]])
    return low, high


def _edge(
    wins: NDArray[np.float64], games: NDArray[np.float64], item: int, limit: float, *, outside: float, inside: float
) -> float:
    """Return where the score test begins to reject, between a value that it rejects and one that it doesn't."""
    for _ in range(REFINED):
        middle = (outside + inside) / 2
        if _score_tests(wins, games, item, np.array([middle]))[0] <= limit:
            inside = middle
        else:
            outside = middle
    return inside


def _score_tests(
    wins: NDArray[np.float64], games: NDArray[np.float64], item: int, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the score statistic of each value of an item's strength, shape (values,).

    The other strengths are the likeliest ones with that value; the mean of all is 0.
    """
    size = len(wins)
    points = wins.sum(1)
    contrast = np.full(size, -1 / size)
    contrast[item] += 1
    strengths = np.outer(values, contrast) / (contrast @ contrast)
    system = np.zeros((len(values), size + 2, size + 2))
    system[:, size, :size] = system[:, :size, size] = contrast
    system[:, size + 1, :size] = system[:, :size, size + 1] = 1.0
    for _ in range(MOST_STEPS):
        chance = expit(strengths[:, :, None] - strengths[:, None, :])
        slope = points - (games * chance).sum(-1)
        system[:, :size, :size] = information(strengths, games) + 1e-9 * np.eye(size)
        right = np.zeros((len(values), size + 2))
        right[:, :size] = slope
        step = np.linalg.solve(system, right[..., None])[..., :size, 0]
        longest = np.abs(step).max(-1, keepdims=True)
        strengths = np.clip(
            strengths + step * np.minimum(1.0, 1.0 / np.maximum(longest, 1e-12)), -3 * WIDEST, 3 * WIDEST
        )
        if longest.max() < CLOSE:
            break
    chance = expit(strengths[:, :, None] - strengths[:, None, :])
    slope = points - (games * chance).sum(-1)
    inverse = np.linalg.pinv(information(strengths, games), rcond=1e-12, hermitian=True)
    found: NDArray[np.float64] = np.einsum("vi,vij,vj->v", slope, inverse, slope)
    return found
