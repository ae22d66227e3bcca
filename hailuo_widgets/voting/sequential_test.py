"""The claim that one item is the best: it holds whenever one looks, and however the pairs were chosen.

Whoever watches votes come in and stops when they look good errs far more often than a fixed test says. So the evidence
for one item against another is a betting score (an e-process): the points between the two, under chances that favour
the one, over what they are under even chances. Where the other is at least as good, such a score exceeds 1/α with a
chance of at most α, ever. J. Ville, "Étude critique de la notion de collectif" (1939); A. Ramdas and others,
"Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38 (2023).

Each pair of clips counts once, by its first judgement: what is claimed is about all clips that could be made, and not
about these. Nothing is assumed of a scale that items stand on; a tie is half a win.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import betainc, betaln, expit

from hailuo_widgets.voting.bradley_terry import fit
from hailuo_widgets.voting.judgements import first_sights, items_of, judgements_of, wins_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

__all__ = ["Claim", "claim", "evidence", "shortfalls", "sure"]

TOO_MANY: Final = 1000  # more votes than that are no advice


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What may be claimed.

    ``winner`` is None while it is not sure that one is the best; ``leader`` is the strongest so far. ``more`` is about
    how many more pairs of clips would tell, were the strengths as they look now; None where it is too many to say.
    """

    winner: str | None
    leader: str | None
    more: int | None


def evidence(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the score for the row's item being preferred to the column's.

    The chances that favour the row's item are all between one half and one, alike.

    Args:
        wins: Shape (k, k): the points of the row's item against the column's.

    Returns:
        Shape (k, k); 0 where the two have not met.
    """
    games = wins + wins.T
    losses = games - wins
    beyond = np.log(np.maximum(1 - betainc(wins + 1, losses + 1, 0.5), 1e-300))
    scores: NDArray[np.float64] = math.log(2) + betaln(wins + 1, losses + 1) + beyond + games * math.log(2)
    return np.where(games > 0, scores, 0.0)


def shortfalls(
    wins: NDArray[np.float64], strengths: NDArray[np.float64], *, confidence: float
) -> tuple[int, NDArray[np.float64]]:
    """The leader's place, and against each item about how many more votes the claim needs, shape (k,)."""
    met = (wins + wins.T).any(0)
    lead = int(np.argmax(np.where(met, strengths, -np.inf)))
    # Any of the items might be the one that is claimed wrongly: the error is shared out among them.
    missing = np.maximum(math.log(len(wins) / (1 - confidence)) - evidence(wins)[lead], 0.0)
    chance = expit(strengths[lead] - strengths)
    worth = math.log(2) + chance * np.log(chance) + (1 - chance) * np.log1p(-chance)
    needed = missing / np.maximum(worth, 1e-6)
    needed[lead] = 0.0
    return lead, needed


def claim(votes: Sequence[Vote], *, items: Sequence[str] | None = None, confidence: float = 0.95) -> Claim:
    """What votes allow to be claimed, at whatever time one looks.

    Args:
        votes: All so far.
        items: What is ranked, where some of it has no votes.
        confidence: 1 less the chance of ever making a false claim.

    Raises:
        UsageError: A vote is on an item that is not among ``items``.
    """
    names = items_of(votes, items)
    wins = wins_of(first_sights(judgements_of(votes)), names)
    if not wins.any():
        return Claim(winner=None, leader=None, more=None)
    lead, needed = shortfalls(wins, fit(wins), confidence=confidence)
    winner = None if needed.any() else names[lead]
    more = math.ceil(needed.sum())
    return Claim(winner=winner, leader=names[lead], more=more if more <= TOO_MANY else None)


def sure(votes: Sequence[Vote], *, confidence: float = 0.95) -> bool:
    """Whether one may stop: it is sure which item is the best."""
    return claim(votes, confidence=confidence).winner is not None
