"""Confidence intervals of win rates and strengths for votes that are clustered by unit (seed).

Clips with the same seed resemble each other, so two votes on one seed tell less than votes on two seeds: the intervals
treat units as the sample. Raters are not sampled: the intervals are about these raters, not about all people.
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

FEWEST: Final = 2  # the fewest clusters from which a variance can be estimated


def clusters_of(judgements: Sequence[Judgement]) -> NDArray[np.intp]:
    """Return each judgement's cluster number, shape (n,): by unit, or by pair of clips if all have the same unit."""
    units = [j.unit for j in judgements]
    keys = units if len(set(units)) >= FEWEST and all(units) else [j.cell for j in judgements]
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def win_rate(
    scores: NDArray[np.float64], clusters: NDArray[np.intp], *, confidence: float
) -> tuple[float, float, float]:
    """Return an item's mean score and its interval, between 0 and 1; NaN without scores.

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
    effective = float(groups)
    if groups >= FEWEST and 0 < rate < 1:
        sums = np.bincount(clusters, weights=scores - rate)
        variance = float((sums**2).sum()) / count**2 * groups / (groups - 1)
        # At least one vote; at most twice the number of votes, because ties vary less than wins.
        effective = min(max(rate * (1 - rate) / max(variance, 1e-12), 1.0), 2.0 * count)
    spread = float(stats.t.ppf((1 + confidence) / 2, max(groups - 1, 1)))
    return rate, *_wilson(rate, effective, spread)


def _wilson(rate: float, count: float, spread: float) -> tuple[float, float]:
    """Return Wilson's interval for any number of votes, including fractions (``scipy.stats`` takes integers only)."""
    square = spread**2 / count
    middle = (rate + square / 2) / (1 + square)
    half = spread / (1 + square) * math.sqrt(rate * (1 - rate) / count + square / (4 * count))
    return max(0.0, min(middle - half, rate)), min(1.0, max(middle + half, rate))


def resampled_strengths(
    judgements: Sequence[Judgement], items: Sequence[str], *, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the strengths in bootstrap samples of the clusters, shape (draws, items).

    B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993).
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
    """Return the lower and the upper ends, each of shape (items,).

    They use the bootstrap's standard error and Student's quantile for the number of clusters, because percentile
    intervals are too narrow with few clusters.
    """
    spread = float(stats.t.ppf((1 + confidence) / 2, max(groups - 1, 1)))
    half = spread * resampled.std(0, ddof=1)
    return strengths - half, strengths + half
