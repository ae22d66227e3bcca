"""Which pair to show next: the one that tells most of the order of all items, or of which one is the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit, ndtr

from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.voting.bradley_terry import fit, information
from hailuo_widgets.voting.judgements import first_sights, items_of, judgements_of, wins_of
from hailuo_widgets.voting.sequential_test import shortfalls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

__all__ = ["AIMS", "next_pair", "worth_of"]

AIMS: Final = ("order", "best")
EVERY_SECOND: Final = 0.5
PRIOR: Final = 1.0  # precision of the prior while pairs are chosen: strengths mostly within two of each other


def worth_of(wins: NDArray[np.float64], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """For each pair of items, what one more vote on it is worth to the order of all.

    It is the chance that the two are in the wrong order now, times how far one vote moves the difference of their
    strengths in units of its own uncertainty; both under a normal posterior (Laplace's approximation). Of the rules
    that were measured, one step of look-ahead among them, it needed the fewest votes (``tests/bench/votes.py``).

    Args:
        wins: Shape (k, k): the points of the row's item against the column's.
        pairs: Shape (n, 2): places of the two items of each pair.

    Returns:
        Shape (n,).
    """
    mean = fit(wins, ridge=PRIOR)
    covariance = np.linalg.inv(information(mean, wins + wins.T) + np.eye(len(wins)) * PRIOR)
    a, b = pairs.T
    apart, variance = mean[a] - mean[b], covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]
    chance = expit(apart)
    worth: NDArray[np.float64] = ndtr(-np.abs(apart) / np.sqrt(variance)) * np.sqrt(variance * chance * (1 - chance))
    return worth


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
        best = kinds[_draw(-worth_of(wins, np.array(kinds)), rng)]
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
