"""Noise floor of a panel: what it finds between two arms of one request, which differ by chance alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.voting.intervals import clusters_of, win_rate
from hailuo_widgets.voting.judgements import judgements_of
from hailuo_widgets.voting.units import FEWEST, units_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.vote import Vote

__all__ = ["NoiseFloor", "noise_floor", "without_control"]

EVEN: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class NoiseFloor:
    """What the votes on a null control say.

    ``judgements`` are those that aren't "both bad", on ``pairs`` pairs of clips. ``decided`` is the share of them that
    prefers one clip, ``rate`` that of the arm "control a" with a tie as half a win; ``low`` and ``high`` are its
    interval, None with fewer than :data:`~hailuo_widgets.voting.units.FEWEST` pairs.
    """

    judgements: int
    pairs: int
    decided: float
    rate: float
    low: float | None
    high: float | None
    confidence: float

    @property
    def sentence(self) -> str:
        """The result, and what it means for the comparison."""
        found = (
            f"Null control, two clips of one request: in {plural(self.judgements, 'judgement')} on "
            f"{plural(self.pairs, 'pair')} one was preferred in {self.decided:.0%}, and arm a in {self.rate:.0%}"
        )
        if self.low is None or self.high is None:
            return f"{found}; {FEWEST} pairs or more give an interval, the noise floor of these raters."
        found += f" ({100 * self.confidence:.6g}% interval {self.low:.0%}–{self.high:.0%})."
        if not self.low <= EVEN <= self.high:
            return f"{found} They found a difference where there is none: take small differences with care."
        return f"{found} A win rate within this interval is no more than they find where nothing differs."


def without_control(votes: Sequence[Vote], items: Sequence[str] | None) -> list[Vote]:
    """Return the votes without those on a null control, unless its two arms are what is compared.

    Args:
        votes: Any votes.
        items: The items to rank; None for those of the votes.
    """
    main = [v for v in votes if not v.control]
    arms = {item for v in votes if v.control for item in (v.left, v.right)}
    return list(votes) if (items is None and not main) or (items is not None and arms & set(items)) else main


def noise_floor(votes: Sequence[Vote], *, confidence: float) -> NoiseFloor | None:
    """Return what the votes on a null control say; None if there are none but "both bad".

    Args:
        votes: Any votes; those on other pairs don't count.
        confidence: The level of the interval.
    """
    counted = [j for j in judgements_of([v for v in votes if v.control]) if j.score is not None]
    if not counted:
        return None
    scores = np.array([j.score for j in counted], dtype=np.float64)
    rate, low, high = win_rate(scores, clusters_of(counted, units_of(counted)), confidence=confidence)
    pairs = len({j.cell for j in counted})
    bounded = pairs >= FEWEST and not math.isnan(low)
    return NoiseFloor(
        judgements=len(counted),
        pairs=pairs,
        decided=float(np.mean(scores != EVEN)),
        rate=rate,
        low=low if bounded else None,
        high=high if bounded else None,
        confidence=confidence,
    )
