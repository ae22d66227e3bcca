"""Power of a comparison: the chance that the ranking names the better of some variants.

It is found by simulation of the very test that the ranking does, :mod:`hailuo_widgets.voting.sequential_test`, on
panels in which one variant is preferred to each other one. What a rater sees is the difference of two values with
normal noise; a small one is a tie. Of its variance, the unit (a seed, say) has two fifths, the single clip one fifth,
and the rater's judgement two fifths. So replicates and prompts on the same seeds help less than further seeds.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import logsumexp, ndtri

from hailuo_widgets.voting.sequential_test import BETS, WEIGHTS

__all__ = ["ENOUGH", "MOST_UNITS", "chances", "enough_units"]

MOST_UNITS: Final = 500
ENOUGH: Final = 0.8
EXPERIMENTS: Final = 2000  # a standard error of at most 1.1 points
OF_UNIT, OF_CLIP, OF_RATER = 0.2, 0.1, 0.4  # variances; the first two are those of each of two items
SEED: Final = 20261201


@lru_cache(maxsize=64)
def chances(*, preference: float, ties: float, variants: int, pairs: int, confidence: float) -> tuple[float, ...]:
    """Return the chance that the better variant is named, after 1, 2, … :data:`MOST_UNITS` units.

    Args:
        preference: The mean score of the better variant against each other one, a tie being one half; above 0.5.
        ties: The share of ties, below twice the share of the other one.
        variants: The number of variants.
        pairs: The pairs of clips that two variants have on one unit.
        confidence: The ranking's confidence level.
    """
    rng = np.random.default_rng(SEED)
    upper, lower = float(ndtri(1 - preference + ties / 2)), float(ndtri(1 - preference - ties / 2))
    margin, ahead = (upper - lower) / 2, -(upper + lower) / 2
    shape = (EXPERIMENTS, MOST_UNITS)
    unit = rng.normal(0, math.sqrt(OF_UNIT), shape)
    clips = [rng.normal(0, math.sqrt(OF_CLIP), shape) for _ in range(pairs)]
    named = np.ones(shape, dtype=bool)
    bound = math.log(variants / (1 - confidence))
    for _ in range(variants - 1):
        other = rng.normal(0, math.sqrt(OF_UNIT), shape)
        scores = np.zeros(shape)
        for clip in clips:
            noise = rng.normal(0, math.sqrt(OF_CLIP + OF_RATER), shape)
            difference = ahead + unit - other + clip - noise
            scores += (difference > margin) + 0.5 * (np.abs(difference) <= margin)
        apart = scores / pairs - 0.5
        wealth = [np.log1p(bet * apart).cumsum(1) for bet in BETS]
        named &= logsumexp(wealth, axis=0, b=WEIGHTS[:, None, None]) >= bound
    return tuple(named.mean(0).tolist())


def enough_units(found: tuple[float, ...]) -> int | None:
    """Return the number of units from which on the chance is :data:`ENOUGH`; None if it is more than are simulated."""
    below = np.flatnonzero(np.array(found) < ENOUGH)
    units = int(below[-1]) + 2 if len(below) else 1
    return units if units <= len(found) else None
