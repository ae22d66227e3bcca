"""Parts of the variance of unit scores: between units, between pairs of clips, and between raters.

A unit's score is the mean over its pairs of clips and their raters. Its variance over units has a part that would be
smaller with more raters of the same clips, and one that would be smaller with more pairs of clips on a unit; the rest
is between units, and only more units help. The parts are estimated by unweighted means, after the effects of raters
(and of seeds that several prompts share) are taken out, because the result is about these: S. Searle and others,
"Variance Components" (1992), chapter 4. Something is said of a part only if a bootstrap over units leaves no doubt that
it is small, or that it isn't.

The claim counts a unit as it was when it entered (:mod:`hailuo_widgets.voting.sequential_test`), so that more raters
narrow intervals only. More pairs of clips on further units help there too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.units import Units

__all__ = ["Part", "parts_note", "parts_of"]

FEWEST_UNITS: Final = 10  # a bootstrap of fewer is too narrow
SAMPLES: Final = 1000
LEVEL: Final = 0.05
LITTLE: Final = 0.2
ROUNDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """A share of the variance of a unit's score, and the bootstrap's quantiles that leave out :data:`LEVEL` each."""

    share: float
    low: float
    high: float


def parts_of(judgements: Sequence[Judgement], units: Units) -> tuple[Part | None, Part | None]:
    """Return the parts of raters, and of pairs of clips of one unit, raters included.

    None where the votes don't tell: fewer than ten units, no unit with two raters of a pair or with two pairs, or
    scores that are all equal.

    Args:
        judgements: Those on two items; "both bad" don't count.
        units: What the units are.
    """
    counted = [j for j in judgements if j.score is not None]
    scores = np.array([j.score for j in counted], dtype=np.float64)
    keys = [units.key(j) or j.cell for j in counted]
    scores = _without_effect(scores, keys, [j.rater for j in counted])
    if units.crossed:
        scores = _without_effect(scores, keys, [j.place.draw for j in counted])
    by_unit: dict[Hashable, dict[Hashable, list[float]]] = defaultdict(lambda: defaultdict(list))
    for j, key, score in zip(counted, keys, scores, strict=True):
        by_unit[key][j.cell].append(float(score))
    if len(by_unit) < FEWEST_UNITS:
        return None, None
    return _part(by_unit, _of_raters), _part(by_unit, _of_pairs)


def parts_note(judgements: Sequence[Judgement], units: Units) -> str:
    """Return what more raters, and more pairs of clips on a unit, would do, as far as the votes tell; else "".

    Args:
        judgements: Those on two items.
        units: What the units are.
    """
    raters, pairs = parts_of(judgements, units)
    of = f"of the variance of a {units.called}'s score comes from them."
    said = []
    if raters is not None and raters.high < LITTLE:
        said.append(f"More raters would hardly help: about {raters.share:.0%} {of}")
    elif raters is not None and raters.low > LITTLE:
        said.append(
            f"More raters would narrow the intervals by up to {1 - math.sqrt(max(0.0, 1 - raters.share)):.0%}, and "
            f"name a winner no sooner: a {units.called} counts there as it was judged first."
        )
    if pairs is not None and (units.by_scene or units.scenes == 1):
        more = "seeds of each prompt" if units.by_scene else f"clips of each {units.called}"
        if pairs.high < LITTLE:
            said.append(f"More {more} would hardly help: about {pairs.share:.0%} {of}")
        elif pairs.low > LITTLE:
            said.append(f"More {more} would help too: about {pairs.share:.0%} {of}")
    return " ".join(said)


def _without_effect(
    scores: NDArray[np.float64], units: Sequence[Hashable], names: Sequence[Hashable]
) -> NDArray[np.float64]:
    """Return the scores without what each name adds to all units."""
    unit, name = (_numbers(given) for given in (units, names))
    if name.max(initial=0) == 0:
        return scores
    left = scores
    for _ in range(ROUNDS):  # of an additive fit: exact at once if each name is in each unit
        apart = left - _means(left, unit)[unit]
        left = left - _means(apart, name)[name]
    return left


def _numbers(names: Sequence[Hashable]) -> NDArray[np.intp]:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.intp)


def _means(values: NDArray[np.float64], groups: NDArray[np.intp]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.bincount(groups, weights=values) / np.bincount(groups)
    return found


def _of_raters(pairs: Sequence[Sequence[float]]) -> tuple[float, int, float]:
    """Return the squares within pairs of clips, their degrees of freedom, and what one score's variance weighs."""
    squares = sum(float(np.var(one)) * len(one) for one in pairs)
    return squares, sum(len(one) - 1 for one in pairs), sum(1 / len(one) for one in pairs) / len(pairs) ** 2


def _of_pairs(pairs: Sequence[Sequence[float]]) -> tuple[float, int, float]:
    """Return the squares between the means of pairs of clips, their degrees of freedom, and a mean's weight."""
    means = [float(np.mean(one)) for one in pairs]
    return float(np.var(means)) * len(means), len(means) - 1, 1 / len(means)


def _part(
    by_unit: dict[Hashable, dict[Hashable, list[float]]],
    of: Callable[[Sequence[Sequence[float]]], tuple[float, int, float]],
) -> Part | None:
    given = [list(pairs.values()) for pairs in by_unit.values()]
    means = np.array([np.mean([np.mean(one) for one in pairs]) for pairs in given], dtype=np.float64)
    squares, degrees, weights = np.array([of(pairs) for pairs in given], dtype=np.float64).T
    size = len(means)
    rng = np.random.default_rng(0)
    times = np.vstack([np.ones(size), rng.multinomial(size, np.full(size, 1 / size), size=SAMPLES)])
    variance = (times @ means**2 / size - (times @ means / size) ** 2) * size / (size - 1)
    variance[1:] *= size / (size - 1)  # a sample of a sample varies less
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (times @ squares) / (times @ degrees) * (times @ weights / size) / variance
    if not math.isfinite(found[0]):
        return None
    drawn = np.minimum(np.where(np.isfinite(found), found, 1.0), 1.0)
    low, high = np.quantile(drawn[1:], [LEVEL, 1 - LEVEL])
    return Part(share=float(drawn[0]), low=float(low), high=float(high))
