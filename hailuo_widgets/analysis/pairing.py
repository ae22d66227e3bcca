"""Which pair to show next: the one that tells most of the order of all items, or of which one is the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit, ndtr

from hailuo_widgets.analysis.ballots import first_sights, items_of, judgements_of, wins_of
from hailuo_widgets.analysis.bradley_terry import RIDGE, fit, information
from hailuo_widgets.analysis.claims import shortfalls
from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

__all__ = ["AIMS", "disorder_after", "next_pair"]

AIMS: Final = ("order", "best")
EVERY_SECOND: Final = 0.5


def disorder_after(wins: NDArray[np.float64], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """For each pair, how many of all pairs of items are expected in the wrong order after one more vote on it.

    The strengths' posterior is taken for normal (Laplace's approximation); both answers are gone through, each with its
    chance, to where they would move it.

    Args:
        wins: Shape (k, k): the points of the row's item against the column's.
        pairs: Shape (n, 2): places of the two items of each pair.

    Returns:
        Shape (n,).
    """
    size = len(wins)
    mean = fit(wins)
    covariance = np.linalg.inv(information(mean, wins + wins.T) + np.eye(size) * RIDGE)
    ones, others = np.triu_indices(size, 1)
    a, b = pairs.T
    spread = covariance[a] - covariance[b]  # (n, k): how far one vote on a pair moves each strength
    chance = expit(mean[a] - mean[b])
    weight = chance * (1 - chance)
    gain = weight / (1 + weight * (spread[np.arange(len(a)), a] - spread[np.arange(len(a)), b]))
    shift = spread[:, ones] - spread[:, others]  # (n, pairs of items)
    variance = covariance[ones, ones] + covariance[others, others] - 2 * covariance[ones, others]
    after = np.sqrt(np.maximum(variance - gain[:, None] * shift**2, 1e-12))
    apart = mean[ones] - mean[others]
    # One Newton step from the mean, for a win of the first and for one of the second.
    wrong = np.zeros(len(a))
    for got, likely in ((1 - chance, chance), (-chance, 1 - chance)):
        moved = apart + shift * (got * gain / weight)[:, None]
        wrong += likely * ndtr(-np.abs(moved) / after).sum(-1)
    return wrong


def next_pair(
    votes: Sequence[Vote],
    candidates: Sequence[tuple[str, str, str]],
    *,
    rng: np.random.Generator,
    aim: str = "order",
    confidence: float = 0.95,
) -> int:
    """The place of the candidate to be shown next.

    Args:
        votes: All so far, by anybody.
        candidates: Two items and a unit each; at least one.
        rng: Draws among those that would tell the same.
        aim: ``order`` leaves the fewest items in the wrong order. ``best`` gives every second vote to the leader and
            the item against which its claim lacks most.
        confidence: Of that claim.

    Returns:
        Its index in ``candidates``. Among the clips of one pair of items, those of the unit that was seen least.

    Raises:
        UsageError: ``aim`` is none of the two.
    """
    if aim not in AIMS:
        near = nearest(aim, AIMS)
        raise UsageError(f"aim={aim!r}: {' or '.join(AIMS)}", hint=f"did you mean {near!r}?" if near else None)
    judgements = judgements_of(votes)
    items = list(dict.fromkeys([*items_of(votes, None), *(i for one, other, _ in candidates for i in (one, other))]))
    place = {item: n for n, item in enumerate(items)}
    kinds = sorted({_sorted(place[one], place[other]) for one, other, _ in candidates})
    wins = wins_of(judgements, items)
    best = None
    if aim == "best" and wins.any() and rng.random() < EVERY_SECOND:
        best = _doubtful(wins_of(first_sights(judgements), items), kinds, confidence)
    if best is None:
        best = kinds[_draw(disorder_after(wins, np.array(kinds)), rng)]
    seen: dict[str, int] = {}
    for judgement in judgements:
        seen[judgement.unit] = seen.get(judgement.unit, 0) + 1
    fitting = [n for n, (one, other, _) in enumerate(candidates) if _sorted(place[one], place[other]) == best]
    return fitting[_draw(np.array([seen.get(candidates[n][2], 0) for n in fitting], dtype=np.float64), rng)]


def _doubtful(wins: NDArray[np.float64], kinds: Sequence[tuple[int, int]], confidence: float) -> tuple[int, int] | None:
    """Of the pairs that can be shown, the leader and whom its claim lacks most against; None where it lacks nothing."""
    lead, needed = shortfalls(wins, fit(wins), confidence=confidence)
    others = [n for n in range(len(wins)) if needed[n] > 0 and _sorted(lead, n) in kinds]
    return _sorted(lead, max(others, key=lambda n: needed[n])) if others else None


def _sorted(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _draw(costs: NDArray[np.float64], rng: np.random.Generator) -> int:
    """The place of one of the least."""
    return int(rng.choice(np.flatnonzero(costs <= costs.min() + 1e-9)))
