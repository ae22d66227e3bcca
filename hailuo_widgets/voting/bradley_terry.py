"""Bradley-Terry model: the strengths of items, fitted to paired comparisons.

The log-odds that one item is preferred to another is the difference of their strengths: R. A. Bradley and M. E. Terry,
"Rank analysis of incomplete block designs I", Biometrika 39 (1952). A tie counts as half a win for both. SciPy has no
such model. The fit uses Newton's method on the log-likelihood, for many data sets at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RIDGE", "chances_to_be_best", "fit", "information"]

RIDGE: Final = 0.1
"""The precision of a normal prior on each strength (a standard deviation of 3 in log-odds).

It keeps the strength of an item that always won finite. Others barely change: ten votes weigh 25 times as much.
"""
MOST_STEPS: Final = 60
LONGEST_STEP: Final = 1.5
CLOSE: Final = 1e-9


def information(strengths: NDArray[np.float64], games: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Fisher information of the strengths, shape (…, k, k).

    Args:
        strengths: Shape (…, k).
        games: Shape (…, k, k): the number of comparisons of each pair.
    """
    chance = expit(strengths[..., :, None] - strengths[..., None, :])
    weight = games * chance * (1 - chance)
    out: NDArray[np.float64] = -weight
    diagonal = np.arange(strengths.shape[-1])
    out[..., diagonal, diagonal] += weight.sum(-1)
    return out


def fit(
    wins: NDArray[np.float64], *, ridge: float = RIDGE, start: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Fit the strengths (maximum a posteriori).

    Args:
        wins: Shape (…, k, k): the points of the row's item against the column's.
        ridge: The prior's precision; must be positive.
        start: Initial strengths, for example those before one more vote.

    Returns:
        The strengths as log-odds with sum 0, shape (…, k).
    """
    games = wins + np.swapaxes(wins, -1, -2)
    points = wins.sum(-1)
    strengths = np.zeros(wins.shape[:-1]) if start is None else np.array(start, dtype=np.float64)
    eye = np.eye(wins.shape[-1]) * ridge
    for _ in range(MOST_STEPS):
        chance = expit(strengths[..., :, None] - strengths[..., None, :])
        slope = points - (games * chance).sum(-1) - ridge * strengths
        step = np.linalg.solve(information(strengths, games) + eye, slope[..., None])[..., 0]
        longest = np.abs(step).max(-1, keepdims=True)
        strengths = strengths + step * np.minimum(1.0, LONGEST_STEP / np.maximum(longest, CLOSE))
        if longest.max() < CLOSE:
            break
    centred: NDArray[np.float64] = strengths - strengths.mean(-1, keepdims=True)
    return centred


def chances_to_be_best(wins: NDArray[np.float64], *, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return each item's probability of being the strongest, shape (k,), by Laplace's approximation."""
    size = len(wins)
    mean = fit(wins)
    covariance = np.linalg.inv(information(mean, wins + wins.T) + np.eye(size) * RIDGE)
    drawn = rng.multivariate_normal(mean, covariance, size=draws)
    shares: NDArray[np.float64] = np.bincount(drawn.argmax(1), minlength=size) / draws
    return shares
