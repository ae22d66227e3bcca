"""Choice of the next pair: the most informative one for the order of all items, or for the best item."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit, ndtr

from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.voting.bradley_terry import fit, information
from hailuo_widgets.voting.judgements import items_of, judgements_of, wins_of
from hailuo_widgets.voting.sequential_test import evidence_matrix, frozen_scores
from hailuo_widgets.voting.units import units_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

__all__ = ["AIMS", "next_pair", "vote_values"]

AIMS: Final = ("order", "best")
EVERY_SECOND: Final = 0.5
PRIOR: Final = 1.0  # precision of the prior while choosing: most strengths differ by less than two


def vote_values(wins: NDArray[np.float64], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how much one more vote on each pair of items improves the order of all items, shape (n,).

    The value is the probability that the two items are in the wrong order now, times how far one vote moves the
    difference of their strengths relative to its uncertainty, both under Laplace's approximation. Of all measured
    rules, one step of look-ahead included, this one needed the fewest votes (``tests/bench/votes.py``).

    Args:
        wins: Shape (k, k): the points of the row's item against the column's.
        pairs: Shape (n, 2): the indices of the two items of each pair.
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
    """Return the index of the candidate to show next.

    Of several candidates with the same two items, the one whose unit was seen least is chosen.

    Args:
        votes: All votes so far, by any rater.
        candidates: At least one; each is two items and a unit.
        rng: Chooses one of several equally useful candidates.
        aim: ``order`` chooses the pair that improves the order of all items most. ``best`` does so for half of the
            votes; the other half compare the leader with the item against which it has the least evidence.
        confidence: The confidence level of the claim that the leader is the best.

    Raises:
        UsageError: ``aim`` is not valid.
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
        units = units_of([j for j in judgements if j.score is not None])
        best = _least_settled(wins, evidence_matrix(frozen_scores(votes, units), items), kinds, confidence)
    if best is None:
        best = kinds[_draw(-vote_values(wins, np.array(kinds)), rng)]
    seen: dict[str, int] = {}
    for judgement in judgements:
        seen[judgement.unit] = seen.get(judgement.unit, 0) + 1
    fitting = [n for n, (one, other, _) in enumerate(candidates) if _sorted(place[one], place[other]) == best]
    return fitting[_draw(np.array([seen.get(candidates[n][2], 0) for n in fitting], dtype=np.float64), rng)]


def _least_settled(
    wins: NDArray[np.float64], evidence: NDArray[np.float64], kinds: Sequence[tuple[int, int]], confidence: float
) -> tuple[int, int] | None:
    """Return the leader and the item against which it needs most votes, of the pairs in ``kinds``; None if settled."""
    strengths = fit(wins)
    lead = int(np.argmax(np.where((wins + wins.T).any(0), strengths, -np.inf)))
    missing = np.maximum(math.log(len(wins) / (1 - confidence)) - evidence[lead], 0.0)
    chance = expit(strengths[lead] - strengths)
    worth = math.log(2) + chance * np.log(chance) + (1 - chance) * np.log1p(-chance)
    needed = missing / np.maximum(worth, 1e-6)
    others = [n for n in range(len(wins)) if n != lead and needed[n] > 0 and _sorted(lead, n) in kinds]
    return _sorted(lead, max(others, key=lambda n: needed[n])) if others else None


def _sorted(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _draw(costs: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Return the index of the lowest cost, at random among equals."""
    return int(rng.choice(np.flatnonzero(costs <= costs.min() + 1e-9)))
