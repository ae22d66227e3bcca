"""Rater statistics: side bias and agreement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from scipy import stats

from hailuo_widgets.voting.judgements import same_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.vote import Vote

__all__ = ["Agreement", "SideBias", "agreement_of", "side_bias_of"]


@dataclass(frozen=True, kw_only=True)
class SideBias:
    """A preference for one side, whatever clip it shows.

    ``left`` is the share of the left side among the ``decisive`` answers, ``low`` and ``high`` its interval, ``p`` the
    two-sided binomial test against one half, ``claimed`` whether this shows a bias. Of the ``repeated`` pairs with
    swapped sides, ``consistent`` got the same answer.
    """

    decisive: int
    left: float | None
    low: float | None
    high: float | None
    p: float | None
    claimed: bool
    repeated: int
    consistent: int


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often two raters gave the same answer on one pair of clips.

    ``pairs`` is the number of comparisons of two raters, ``share`` the share with equal answers, ``alpha``
    Krippendorff's alpha for nominal values: 0 is chance level, 1 is full agreement. ``share`` and ``alpha`` are None if
    no two raters judged the same clips.
    """

    raters: int
    pairs: int
    share: float | None
    alpha: float | None


def side_bias_of(votes: Sequence[Vote], *, confidence: float) -> SideBias:
    """Test for a preferred side. Repeats are left out of the share, because their sides are not random."""
    standing = [v for v in votes if not v.withdrawn]
    firsts = {v.vote_id: v for v in standing}
    decisive = [v for v in standing if v.winner is not None and v.repeat_of is None]
    lefts = sum(v.answer == "left" for v in decisive)
    again = [(firsts[v.repeat_of], v) for v in standing if v.repeat_of in firsts]
    consistent = sum(same_answer(one, other) for one, other in again)
    if not decisive:
        return SideBias(
            decisive=0, left=None, low=None, high=None, p=None, claimed=False,
            repeated=len(again), consistent=consistent,
        )  # fmt: skip
    test = stats.binomtest(lefts, len(decisive))
    interval = test.proportion_ci(confidence, method="wilson")
    return SideBias(
        decisive=len(decisive),
        left=lefts / len(decisive),
        low=float(interval.low),
        high=float(interval.high),
        p=float(test.pvalue),
        claimed=bool(test.pvalue < 1 - confidence),
        repeated=len(again),
        consistent=consistent,
    )


def agreement_of(votes: Sequence[Vote]) -> Agreement:
    """Compare raters on the clips that more than one of them judged. K. Krippendorff, "Content Analysis" (2004)."""
    answers_by_pair: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]] = {}
    raters = set()
    for v in votes:
        if v.withdrawn:
            continue
        raters.add(v.rater)
        if v.repeat_of is None:
            items = tuple(sorted((v.left, v.right)))
            answers_by_pair.setdefault((items, v.clips if all(v.clips) else (v.unit,)), {})[v.rater] = (
                v.winner or v.answer
            )
    shared = {key: list(answers.values()) for key, answers in answers_by_pair.items() if len(answers) > 1}
    if not shared:
        return Agreement(raters=len(raters), pairs=0, share=None, alpha=None)
    compared = [(a, b, 1 / (len(answers) - 1)) for answers in shared.values() for a, b in combinations(answers, 2)]
    differing = sum(2 * weight for a, b, weight in compared if a != b)
    values: dict[tuple[str, ...], list[str]] = {}
    for (items, _), answers in shared.items():
        values.setdefault(items, []).extend(answers)
    by_chance = sum(map(_by_chance, values.values()))
    return Agreement(
        raters=len(raters),
        pairs=len(compared),
        share=sum(a == b for a, b, _ in compared) / len(compared),
        alpha=1 - differing / by_chance if by_chance else None,
    )


def _by_chance(answers: Sequence[str]) -> float:
    """Return the disagreement by chance of the answers on two items, whatever the clips.

    Chance is computed within two items: with several, raters who answer at random can't name an item that isn't shown,
    so that all answers together would make their agreement look better than chance.
    """
    counts = Counter(answers).values()
    return float(len(answers) ** 2 - sum(n * n for n in counts)) / (len(answers) - 1)
