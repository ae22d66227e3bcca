"""Intervals of win rates and strengths, where the clips of one unit (a seed) resemble each other.

What is to be known is how an item does over all units that could be, so units are what is sampled: two votes on one
seed tell less than two votes on two. Raters are taken as they are: what these raters prefer, not what all people would.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

from hailuo_widgets.voting.bradley_terry import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.voting.judgements import Judgement

__all__ = ["clusters_of", "resampled_strengths", "strength_intervals", "win_rate"]

FEWEST: Final = 2  # clusters from which a spread can be told


def clusters_of(judgements: Sequence[Judgement]) -> NDArray[np.intp]:
    """Shape (n,): the number of each judgement's cluster: its unit, or its pair of clips where all are of one unit."""
    units = [j.unit for j in judgements]
    keys = units if len(set(units)) >= FEWEST and all(units) else [j.cell for j in judgements]
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def win_rate(
    scores: NDArray[np.float64], clusters: NDArray[np.intp], *, confidence: float
) -> tuple[float, float, float]:
    """The mean of an item's points with its interval, from 0 to 1; NaN where there are no points.

    Wilson's interval (1927) with the number of independent votes that would be as uncertain as these clustered ones
    are, and Student's quantile for the number of clusters: N. Dean and M. Pagano, "Evaluating confidence interval
    methods for binomial proportions in clustered surveys", J. Surv. Stat. Methodol. 3 (2015).

    Args:
        scores: Shape (n,): 1 for each win, 0.5 for each tie, 0 for each loss.
        clusters: Shape (n,): which of them belong together.
        confidence: For example 0.95.
    """
    count = len(scores)
    if not count:
        return math.nan, math.nan, math.nan
    rate = float(scores.mean())
    groups = len(np.unique(clusters))
    effective = float(groups)
    if groups >= FEWEST and 0 < rate < 1:
        sums = np.bincount(clusters, weights=scores - rate)
        variance = float((sums**2).sum()) / count**2 * groups / (groups - 1)
        # Between all clusters being alike and each vote counting as two (ties are less uncertain than wins).
        effective = min(max(rate * (1 - rate) / max(variance, 1e-12), 1.0), 2.0 * count)
    spread = float(stats.t.ppf((1 + confidence) / 2, max(groups - 1, 1)))
    return rate, *_wilson(rate, effective, spread)


def _wilson(rate: float, count: float, spread: float) -> tuple[float, float]:
    """Wilson's interval for any number of votes, also a broken one (``scipy.stats`` takes whole ones)."""
    square = spread**2 / count
    middle = (rate + square / 2) / (1 + square)
    half = spread / (1 + square) * math.sqrt(rate * (1 - rate) / count + square / (4 * count))
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))


def resampled_strengths(
    judgements: Sequence[Judgement], items: Sequence[str], *, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Strengths of bootstrap samples of the clusters, shape (draws, items).

    Each sample is drawn with replacement: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993).
    """
    counted = [j for j in judgements if j.score is not None]
    place = {item: n for n, item in enumerate(items)}
    clusters = clusters_of(counted)
    wins = np.zeros((int(clusters.max()) + 1, len(items), len(items)))
    for j, cluster in zip(counted, clusters, strict=True):
        a, b = place[j.first], place[j.second]
        wins[cluster, a, b] += j.score or 0.0
        wins[cluster, b, a] += 1 - (j.score or 0.0)
    weights = rng.multinomial(len(wins), np.full(len(wins), 1 / len(wins)), size=draws)
    return fit(np.einsum("dc,cij->dij", weights, wins))


def strength_intervals(
    strengths: NDArray[np.float64], resampled: NDArray[np.float64], groups: int, *, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lower and the upper ends, each of shape (items,).

    The bootstrap's standard error with Student's quantile for the number of clusters. Its percentiles would be too
    narrow where clusters are few.
    """
    spread = float(stats.t.ppf((1 + confidence) / 2, max(groups - 1, 1)))
    half = spread * resampled.std(0, ddof=1)
    return strengths - half, strengths + half
