"""Anytime-valid sequential test that one item is the best.

The result stays valid if votes are watched as they come in and stopped at any time, which a fixed test's does not. The
evidence for one item against another is an e-process: the likelihood of the points between the two if the one is
better, divided by their likelihood at even chances. If the other is at least as good, this ratio ever exceeds 1/α with
probability at most α. J. Ville, "Étude critique de la notion de collectif" (1939); A. Ramdas and others,
"Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38 (2023).

Each pair of clips counts once, by its first judgement, because the claim is about the items and not about these clips.
No scale of items is assumed; a tie is half a win.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import betainc, betaln, expit

from hailuo_widgets.voting.bradley_terry import fit
from hailuo_widgets.voting.judgements import first_of_each_pair, items_of, judgements_of, wins_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

__all__ = ["Claim", "claim", "evidence", "shortfalls", "sure"]

TOO_MANY: Final = 1000  # estimates of more votes than this are not useful


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The result of the test.

    ``winner`` is the best item, None if undecided; ``leader`` is the strongest so far. ``more`` is the estimated number
    of further pairs of clips for a decision, if the strengths are as they look now; None if there are too many.
    """

    winner: str | None
    leader: str | None
    more: int | None


def evidence(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-evidence that the row's item is preferred to the column's, shape (k, k); 0 if never compared.

    The alternative is a uniform prior on probabilities between one half and one.

    Args:
        wins: Shape (k, k): the points of the row's item against the column's.
    """
    games = wins + wins.T
    losses = games - wins
    beyond = np.log(np.maximum(1 - betainc(wins + 1, losses + 1, 0.5), 1e-300))
    scores: NDArray[np.float64] = math.log(2) + betaln(wins + 1, losses + 1) + beyond + games * math.log(2)
    return np.where(games > 0, scores, 0.0)


def shortfalls(
    wins: NDArray[np.float64], strengths: NDArray[np.float64], *, confidence: float
) -> tuple[int, NDArray[np.float64]]:
    """Return the leader's index, and how many more votes it is estimated to need against each item, shape (k,)."""
    met = (wins + wins.T).any(0)
    lead = int(np.argmax(np.where(met, strengths, -np.inf)))
    # Bonferroni: the error probability is divided among the items, any of which may be claimed wrongly.
    missing = np.maximum(math.log(len(wins) / (1 - confidence)) - evidence(wins)[lead], 0.0)
    chance = expit(strengths[lead] - strengths)
    worth = math.log(2) + chance * np.log(chance) + (1 - chance) * np.log1p(-chance)
    needed = missing / np.maximum(worth, 1e-6)
    needed[lead] = 0.0
    return lead, needed


def claim(votes: Sequence[Vote], *, items: Sequence[str] | None = None, confidence: float = 0.95) -> Claim:
    """Test whether one item is the best; valid at any time, however often it is called.

    Args:
        votes: All votes so far.
        items: The items to compare, including those without votes; by default the items that were voted on.
        confidence: 1 minus the probability of ever claiming a wrong winner.

    Raises:
        UsageError: A vote is on an item that is not among ``items``.
    """
    names = items_of(votes, items)
    wins = wins_of(first_of_each_pair(judgements_of(votes)), names)
    if not wins.any():
        return Claim(winner=None, leader=None, more=None)
    lead, needed = shortfalls(wins, fit(wins), confidence=confidence)
    winner = None if needed.any() else names[lead]
    more = math.ceil(needed.sum())
    return Claim(winner=winner, leader=names[lead], more=more if more <= TOO_MANY else None)


def sure(votes: Sequence[Vote], *, confidence: float = 0.95) -> bool:
    """Return whether the best item is decided, so that voting may stop."""
    return claim(votes, confidence=confidence).winner is not None
