"""Anytime-valid sequential test that one item is the best.

The result stays valid if votes are watched as they come in and stopped at any time, which a fixed test's does not. The
evidence for one item against another is the wealth of somebody who bets on each unit's score (see
:mod:`hailuo_widgets.voting.units`): a score x from 0 to 1 multiplies the wealth by 1 + λ (x - 1/2), averaged over a few
bets λ. If the other item is at least as good, no unit's score has a mean above 1/2, so that the wealth is expected not
to grow, and ever exceeds 1/α with probability at most α. J. Ville, "Étude critique de la notion de collectif" (1939);
I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024).

A unit enters the test once all of its pairs of clips have been judged by somebody, and its score is frozen then: what
further raters say of it later can't be picked by the moment of looking. If the number of its pairs is not known (votes
without their log), it enters when a judgement on another unit of the same two items comes; votes without a time enter
together. The order of units does not matter, because the bets don't depend on it.

A winner is named only if the scores as they are now, over all raters and replicates, have that much evidence too. With
raters who disagree, the frozen scores of those who came first would say more than all raters do.

No scale of items is assumed; a tie is half a win. The bets were chosen so that preferences of 60, 70 and 80 % are found
with at most 1.65 times the units of a sign test of fixed size (``tests/bench/rank.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from hailuo_widgets.voting.bradley_terry import fit
from hailuo_widgets.voting.judgements import items_of, judgements_of, wins_of
from hailuo_widgets.voting.pairwise import scores_by_unit
from hailuo_widgets.voting.units import units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.units import Units

__all__ = [
    "Claim",
    "Look",
    "against",
    "claim",
    "entered_scores",
    "evidence",
    "evidence_matrix",
    "frozen_scores",
    "further_units",
    "leader_of",
    "present_scores",
]

BETS: Final = np.array([0.2, 0.4, 0.8, 1.2, 1.8])
WEIGHTS: Final = np.array([0.05, 0.35, 0.25, 0.25, 0.1])
EVEN: Final = 0.5
TOO_MANY: Final = 1000  # estimates of more units than this are not useful
LIKELY: Final = 0.25  # the standard deviation of preferences before anything is known
QUANTILES: Final = stats.norm.ppf((np.arange(200) + 0.5) / 200)


@dataclass(frozen=True, kw_only=True)
class Look:
    """How far the votes are: the units ``judged`` of every pair of items, and those of the ``next`` registered look.

    ``next`` is None after the last one.
    """

    judged: int
    next: int | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The result of the test.

    ``winner`` is the best item, None if undecided; ``leader`` is the strongest so far. ``more`` is the estimated number
    of further units (seeds, say) for a decision, added over the other items; None if there are too many, or if it is
    as likely as not that the leader is not ahead. ``unmet`` are the items that it was never compared with, and
    ``needed`` are the further units of which ``more`` is the sum, by the other item. ``look`` tells of registered
    looks; None without any.
    """

    winner: str | None
    leader: str | None
    more: int | None
    unmet: tuple[str, ...] = ()
    needed: Mapping[str, int] = field(default_factory=dict)
    look: Look | None = None


def evidence(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-evidence that the mean of scores is above one half, shape (…).

    Args:
        scores: Shape (…, n): scores of units, from 0 to 1. NaN stands for no unit.
    """
    apart = np.nan_to_num(scores - EVEN)[..., None, :]
    wealth = np.log1p(BETS[:, None] * apart).sum(-1)
    found: NDArray[np.float64] = logsumexp(wealth, axis=-1, b=WEIGHTS)
    return found


def entered_scores(votes: Sequence[Vote], units: Units) -> dict[tuple[str, str], list[float]]:
    """Return the scores of the units in the order in which they entered the test, by the two items; of the first one.

    A unit whose pairs of clips are counted enters with the last of them. Of others, the last one waits until another
    one begins, unless all came at one moment.

    Args:
        votes: Any votes.
        units: What the units are.
    """
    by_items: dict[tuple[str, str], list[Vote]] = {}
    for vote in sorted(votes, key=lambda v: (v.at, v.vote_id)):
        if not vote.withdrawn:
            one, other = sorted((vote.left, vote.right))
            by_items.setdefault((one, other), []).append(vote)
    return {items: _entered(given, units) for items, given in by_items.items()}


def frozen_scores(votes: Sequence[Vote], units: Units) -> dict[tuple[str, str], list[float]]:
    """Return the scores of the units that have entered the test, by the two items, sorted; of the first of them."""
    return {items: sorted(given) for items, given in entered_scores(votes, units).items()}


def present_scores(judgements: Sequence[Judgement], units: Units) -> dict[tuple[str, str], list[float]]:
    """Return each unit's mean score over all that was said of it, by the two items, sorted; of the first of them."""
    found = scores_by_unit(judgements, units)
    return {items: [sum(given) / len(given) for given in of.values()] for items, of in found.items()}


def _entered(votes: Sequence[Vote], units: Units) -> list[float]:
    """Return the scores of the units of two items that have entered the test, in that order; votes in their order."""
    open_: dict[object, list[Vote]] = {}
    entered: dict[object, float | None] = {}
    for _, moment in groupby(votes, key=lambda v: v.at):
        touched: dict[object, list[Vote]] = {}
        for vote in moment:
            touched.setdefault(units.key(vote) or vote.clips, []).append(vote)
        for key in [key for key, given in open_.items() if key not in touched and not units.pairs(given[0])]:
            entered[key] = _mean(open_.pop(key))
        for key, given in touched.items():
            if key not in entered:
                open_.setdefault(key, []).extend(given)
                if 0 < units.pairs(given[0]) <= len({vote.clips for vote in open_[key]}):
                    entered[key] = _mean(open_.pop(key))
    uncounted = {key: given for key, given in open_.items() if not units.pairs(given[0])}
    if len(uncounted) > 1:
        entered |= {key: _mean(given) for key, given in uncounted.items()}
    return [score for score in entered.values() if score is not None]


def _mean(votes: Sequence[Vote]) -> float | None:
    """Return a unit's score: the mean over its raters and replicates; None if all were bad."""
    scores = [j.score for j in judgements_of(votes) if j.score is not None]
    return sum(scores) / len(scores) if scores else None


def evidence_matrix(scores: Mapping[tuple[str, str], Sequence[float]], items: Sequence[str]) -> NDArray[np.float64]:
    """Return the log-evidence that the row's item is preferred to the column's, shape (k, k); 0 if never compared."""
    place = {item: n for n, item in enumerate(items)}
    found = np.zeros((len(items), len(items)))
    for (one, other), given in scores.items():
        a, b = place[one], place[other]
        found[a, b], found[b, a] = evidence(np.array(given)), evidence(1 - np.array(given))
    return found


def further_units(scores: Sequence[float], bound: float) -> float:
    """Return the median number of further units until the evidence reaches ``bound``; infinite if it may never.

    What the preference may be is a normal distribution from the scores so far and :data:`LIKELY`; without the latter, a
    lead of a few units would look like a preference that is found soon.
    """
    given = np.array(scores, dtype=np.float64)
    missing = bound - float(evidence(given))
    if missing <= 0:
        return 0.0
    # As if four more units had been halves and wins: the spread of few units is hardly known.
    spread = (float(((given - EVEN) ** 2).sum()) + 4 * 0.2) / (len(given) + 4)
    certain = len(given) / spread
    variance = 1 / (certain + 1 / LIKELY**2)
    ahead = variance * certain * (float(given.mean()) - EVEN if len(given) else 0.0)
    effects = np.minimum(ahead + math.sqrt(variance) * QUANTILES, EVEN)
    bets = np.minimum(effects / spread, BETS[-1])
    growth = bets * effects - bets**2 * spread / 2
    # The log-evidence is a random walk: the median time to a bound is nearly that of an inverse Gaussian distribution.
    step = growth + bets**2 * spread / (2 * missing)
    needed = np.full(len(effects), math.inf)
    np.divide(missing, step, out=needed, where=(effects > 0) & (growth > 0))
    return float(np.median(needed))


def claim(
    votes: Sequence[Vote], *, items: Sequence[str] | None = None, confidence: float = 0.95, family: int | None = None
) -> Claim:
    """Test whether one item is the best; valid at any time, however often it is called.

    Args:
        votes: All votes so far.
        items: The items to compare, including those without votes; by default the items that were voted on.
        confidence: 1 minus the probability of ever claiming a wrong winner.
        family: The number of items among which the error probability is divided; by default that of ``items``. If
            several groups of items have a claim each, it is the number of all their items.

    Raises:
        UsageError: A vote is on an item that is not among ``items``.
    """
    names = items_of(votes, items)
    judgements = judgements_of(votes)
    lead = leader_of(judgements, names)
    if lead is None:
        return Claim(winner=None, leader=None, more=None)
    units = units_of([j for j in judgements if j.score is not None])
    scores, present = frozen_scores(votes, units), present_scores(judgements, units)
    # Bonferroni: the error probability is divided among the items, any of which may be claimed wrongly.
    bound = math.log((family or len(names)) / (1 - confidence))
    rivals = [other for other in names if other != lead]
    needed = [further_units(against(scores, lead, other), bound) for other in rivals]
    # What is known now must say so too: the units that were frozen may rest on the first raters alone.
    held = all(evidence(np.array(against(present, lead, other))) >= bound for other in names if other != lead)
    more = sum(needed)
    known = more <= TOO_MANY and (held or any(needed))
    return Claim(
        winner=lead if needed and not any(needed) and held else None,
        leader=lead,
        more=math.ceil(more) if known else None,
        unmet=tuple(other for other in rivals if not against(present, lead, other)),
        needed={other: math.ceil(units) for other, units in zip(rivals, needed, strict=True) if units} if known else {},
    )


def leader_of(judgements: Sequence[Judgement], names: Sequence[str]) -> str | None:
    """Return the strongest of the items that were compared; None if none was."""
    wins = wins_of(judgements, names)
    if not wins.any():
        return None
    return names[int(np.argmax(np.where((wins + wins.T).any(0), fit(wins), -np.inf)))]


def against(scores: Mapping[tuple[str, str], Sequence[float]], item: str, other: str) -> list[float]:
    """Return an item's scores against another one, of the units that have entered the test."""
    if item < other:
        return list(scores.get((item, other), []))
    return [1 - score for score in scores.get((other, item), [])]
