"""Test that one item is the best, at numbers of units that were registered in advance.

An anytime-valid test pays for looks at every number of units. One that looks at a few registered numbers, and at no
other, needs hardly more units than a test of a fixed number. The error probability is spent over the looks as
O'Brien and Fleming's boundary does, little at the first ones: K. Lan and D. DeMets, "Discrete sequential boundaries for
clinical trials", Biometrika 70 (1983). Each look is a test of the mean score with the share of its own
(:mod:`hailuo_widgets.voting.mean_test`), so that the sum of the shares bounds the error, however the looks depend on
each other; three looks at equal distances need at most 15 % more units than one. Units count in the order in which they
entered the test; see :mod:`hailuo_widgets.voting.sequential_test` for when that is, and for what a winner must fulfil
besides.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from hailuo_widgets.voting.judgements import items_of, judgements_of
from hailuo_widgets.voting.mean_test import above_even
from hailuo_widgets.voting.sequential_test import (
    Claim,
    Look,
    against,
    claim,
    entered_scores,
    leader_of,
    present_scores,
)
from hailuo_widgets.voting.units import units_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.vote import Vote

__all__ = ["claim_at_looks", "levels"]


def levels(looks: Sequence[int], alpha: float) -> tuple[float, ...]:
    """Return the error probability that each look may spend; together they are ``alpha``.

    Args:
        looks: Increasing numbers of units.
        alpha: Of a one-sided test.
    """
    bound = stats.norm.isf(alpha / 2)
    spent = [0.0, *(2 * float(stats.norm.sf(bound / math.sqrt(n / looks[-1]))) for n in looks)]
    return tuple(after - before for before, after in pairwise(spent))


def claim_at_looks(
    votes: Sequence[Vote],
    looks: Sequence[int],
    *,
    items: Sequence[str] | None = None,
    confidence: float = 0.95,
    family: int | None = None,
) -> Claim:
    """Test whether one item is the best, at registered looks alone; without any, valid whenever one looks.

    Args:
        votes: All votes so far.
        looks: The registered numbers of units of two items, increasing. A look that was passed by counts as it was:
            the units that entered later have no part in it. Empty: the test is
            :func:`hailuo_widgets.voting.sequential_test.claim`.
        items: As for :func:`hailuo_widgets.voting.sequential_test.claim`.
        confidence: 1 minus the probability of claiming a wrong winner at any look.
        family: As for :func:`hailuo_widgets.voting.sequential_test.claim`.

    Raises:
        UsageError: A vote is on an item that is not among ``items``.
    """
    if not looks:
        return claim(votes, items=items, confidence=confidence, family=family)
    names = items_of(votes, items)
    judgements = judgements_of(votes)
    lead = leader_of(judgements, names)
    if lead is None:
        return Claim(winner=None, leader=None, more=None, look=Look(judged=0, next=looks[0]))
    units = units_of([j for j in judgements if j.score is not None])
    entered, present = entered_scores(votes, units), present_scores(judgements, units)
    alpha = (1 - confidence) / (family or len(names))
    others = [name for name in names if name != lead]
    won = all(_ahead(against(entered, lead, other), looks, alpha) for other in others)
    # What is known now must say so too: the units that were frozen may rest on the first raters alone.
    held = all(above_even(np.array(against(present, lead, other))) <= alpha for other in others)
    judged = min((len(against(entered, lead, other)) for other in others), default=0)
    return Claim(
        winner=lead if others and won and held else None,
        leader=lead,
        more=None,
        unmet=tuple(other for other in others if not against(present, lead, other)),
        look=Look(judged=judged, next=next((n for n in looks if n > judged), None)),
    )


def _ahead(scores: Sequence[float], looks: Sequence[int], alpha: float) -> bool:
    """Return whether a look found the mean above one half; the scores are in the order in which they entered."""
    given = np.array(scores, dtype=np.float64)
    return any(
        n <= len(given) and above_even(given[:n]) <= level for n, level in zip(looks, levels(looks, alpha), strict=True)
    )
