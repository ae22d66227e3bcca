"""Test that the mean of scores from 0 to 1 is one half, for few units and scores of any distribution.

N. Gaffke, "Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable", Math.
Methods Statist. 14 (2005). The p-value for "the mean is at most 1/2" is the probability that Σ wᵢ xᵢ ≤ 1/2, where the
xᵢ are the scores and one more of 0, and the weights wᵢ are uniform on those that add up to 1. For scores of 0 and 1 it
is the exact binomial test, and so it is with ties of 1/2, which then don't count. That its level holds for all other
scores is not proven, but no exception is known: E. Learned-Miller and P. Thomas, "A new confidence interval for the
mean of a bounded random variable" (2019); ``tests/analysis/test_mean_test.py`` computes its level for many. Student's
test and sign flips of it are above their level for skewed scores of few units, and a sign test tests the median.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import integrate, optimize

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["above_even", "mean_test"]

EVEN: Final = 0.5
AT_LEAST: Final = 1e-9
STEPS: Final = np.linspace(0.0, 16.0, 257)


def mean_test(scores: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of the hypothesis that the mean of the scores is one half.

    Args:
        scores: Shape (n,): independent scores from 0 to 1, of one distribution.
    """
    apart = np.asarray(scores, dtype=np.float64) - EVEN
    apart = apart[apart != 0]  # they change no probability
    if not len(apart):
        return 1.0
    return min(1.0, 2 * min(_below(apart), _below(-apart)))


def above_even(scores: NDArray[np.float64]) -> float:
    """Return the p-value of the hypothesis that the mean of the scores is at most one half.

    Args:
        scores: As for :func:`mean_test`.
    """
    apart = np.asarray(scores, dtype=np.float64) - EVEN
    apart = apart[apart != 0]
    return _below(apart) if len(apart) else 1.0


def _below(apart: NDArray[np.float64]) -> float:
    """Return the probability that Σ aᵢ Eᵢ ≤ 0, the Eᵢ being exponential, with one more aᵢ of -1/2.

    Its Laplace transform is inverted along the line through the saddle point, where nothing cancels out.
    """
    a = np.append(apart, -EVEN)
    middle = optimize.brentq(lambda s: (-a / (1 + a * s)).sum() - 1 / s, AT_LEAST, 1 / EVEN - AT_LEAST)
    width = (1 / middle**2 + ((a / (1 + a * middle)) ** 2).sum()) ** -0.5
    line = middle + 1j * width * np.sinh(STEPS)
    values = np.exp(-np.log1p(np.multiply.outer(line, a)).sum(-1) - np.log(line)).real * width * np.cosh(STEPS)
    return float(integrate.trapezoid(values, STEPS) / np.pi)
