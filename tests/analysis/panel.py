"""A panel of simulated raters whose true strengths are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from hailuo_widgets.domain.vote import Vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["NOW", "Panel", "disorder", "true_rates", "vote"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def vote(number: int, left: str, right: str, answer: str, **more: object) -> Vote:
    """A vote; the clips of its two items are those of its unit."""
    unit = str(more.pop("unit", number))
    fields: dict[str, object] = {
        "vote_id": f"v{number:06}",
        "at": NOW + timedelta(seconds=number),
        "rater": "mara",
        "between": "prompt",
        "left": left,
        "right": right,
        "left_run": f"{left}/{unit}",
        "right_run": f"{right}/{unit}",
        "answer": answer,
        "within": "seed",
        "unit": unit,
    }
    return Vote(**fields | more)  # type: ignore[arg-type]


@dataclass
class Panel:
    """Raters who prefer by Bradley and Terry's model, in units whose clips may be better or worse by chance."""

    strengths: NDArray[np.float64]
    rng: np.random.Generator
    ties: float = 0.1
    left_bias: float = 0.0
    luck: NDArray[np.float64] | None = None  # (units, items): what each clip adds to its item's strength

    @property
    def items(self) -> list[str]:
        """The items' names."""
        return [f"i{n}" for n in range(len(self.strengths))]

    def judge(self, number: int, one: int, other: int, unit: int, rater: str = "mara") -> Vote:
        """One vote, its sides drawn."""
        left, right = (one, other) if self.rng.random() < 0.5 else (other, one)
        luck = (0.0, 0.0) if self.luck is None else (self.luck[unit, left], self.luck[unit, right])
        ahead = self.strengths[left] + luck[0] - self.strengths[right] - luck[1] + self.left_bias
        answer = "left" if self.rng.random() < expit(ahead) else "right"
        if self.rng.random() < self.ties:
            answer = "tie"
        return vote(number, self.items[left], self.items[right], answer, unit=unit, rater=rater)

    def round_robin(self, votes: int, units: int) -> list[Vote]:
        """So many votes: all pairs in turn, and the units in turn after each round of them."""
        size = len(self.strengths)
        pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
        return [self.judge(n, *pairs[n % len(pairs)], n // len(pairs) % units) for n in range(votes)]


def true_rates(panel: Panel, spread: float = 0.0) -> NDArray[np.float64]:
    """Shape (k, k): the points that the row's item gets of one vote, over all clips that could be drawn.

    ``spread`` is the standard deviation of a clip's luck.
    """
    apart = panel.strengths[:, None] - panel.strengths[None, :]
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    chance = (expit(apart[..., None] + spread * np.sqrt(2) * nodes) * weights).sum(-1) / weights.sum()
    rates: NDArray[np.float64] = panel.ties / 2 + (1 - panel.ties) * chance
    return rates


def disorder(found: Sequence[float], true: Sequence[float]) -> float:
    """The share of pairs of items that two rankings put in another order."""
    ones, others = np.triu_indices(len(true), 1)
    found_, true_ = np.asarray(found), np.asarray(true)
    return float(np.mean((found_[ones] > found_[others]) != (true_[ones] > true_[others])))
