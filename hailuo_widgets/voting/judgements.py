"""From votes to judgements: what counts once, what counts as half, and what does not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

__all__ = ["Judgement", "alike", "first_sights", "items_of", "judgements_of", "wins_of"]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What one rater holds of two items on one pair of clips.

    ``score`` is what ``first`` got of one point: 1, 0, or 0.5 for a tie; None where both were bad, which prefers
    neither. ``cell`` is the pair of clips: raters of one pair of clips share it.
    """

    first: str
    second: str
    score: float | None
    unit: str
    rater: str
    cell: tuple[str, ...]


def judgements_of(votes: Sequence[Vote]) -> list[Judgement]:
    """The judgements in votes, in the order in which they were given.

    Votes that were taken back do not count. A rater's votes on one pair of clips are one judgement, whichever runs
    showed the clips and on whichever sides: the answer, where the same was preferred each time, and a tie where not.
    """
    standing = sorted((v for v in votes if not v.withdrawn), key=lambda v: (v.at, v.vote_id))
    made = []
    for n, (vote, again) in enumerate(_by_pair(standing)):
        answer = (vote.answer, vote.winner)
        if not all(alike(vote, other) for other in again):
            answer = ("tie", None)
        first, second = sorted((vote.left, vote.right))
        score = None if answer[0] == "both bad" else 0.5 if answer[1] is None else float(answer[1] == first)
        clips = vote.clips
        cell = clips if all(clips) else (first, second, vote.unit) if vote.unit else (f"vote {n}",)
        made.append(Judgement(first=first, second=second, score=score, unit=vote.unit, rater=vote.rater, cell=cell))
    return made


def _by_pair(standing: Sequence[Vote]) -> list[tuple[Vote, list[Vote]]]:
    """Each first vote of a rater on a pair of clips, with the same rater's later votes on it.

    Where the clips of a vote are not known, only a repeat is told from a first vote.
    """
    firsts: dict[object, tuple[Vote, list[Vote]]] = {}
    for vote in standing:
        if all(vote.clips) and len(set(vote.clips)) == 1:
            continue  # one clip on both sides says nothing
        pair = (vote.rater, vote.between, vote.clips) if all(vote.clips) else None
        found = firsts.get(vote.repeat_of) or firsts.get(pair)
        if found is None:
            found = firsts[vote.vote_id] = (vote, [])
            if pair is not None:
                firsts[pair] = found
        else:
            found[1].append(vote)
    return list({id(found): found for found in firsts.values()}.values())


def alike(one: Vote, other: Vote) -> bool:
    """Whether two votes on the same clips say the same, whatever the sides."""
    return (one.winner or one.answer) == (other.winner or other.answer)


def first_sights(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Of each pair of clips the first judgement.

    Further raters of the same clips tell about the raters; what is true of all clips that could be made is told by
    other clips.
    """
    found: dict[tuple[str, ...], Judgement] = {}
    for judgement in judgements:
        if judgement.score is not None:
            found.setdefault(judgement.cell, judgement)
    return list(found.values())


def items_of(votes: Sequence[Vote], items: Sequence[str] | None) -> list[str]:
    """What is ranked: the items that are named, or all that were voted on.

    Raises:
        UsageError: A vote is on an item that is not among those named.
    """
    seen = list(dict.fromkeys(i for v in votes for i in sorted((v.left, v.right))))
    if items is None:
        return seen
    named = list(dict.fromkeys(items))
    if strange := [i for i in seen if i not in named]:
        near = nearest(strange[0], named)
        raise UsageError(
            f"items={named!r}: there are votes on {strange[0]!r} too",
            hint=f"did you mean {near!r}?" if near else "name every item that was voted on",
        )
    return named


def wins_of(judgements: Sequence[Judgement], items: Sequence[str]) -> NDArray[np.float64]:
    """Shape (items, items): the points that the row's item got against the column's."""
    place = {item: n for n, item in enumerate(items)}
    wins = np.zeros((len(items), len(items)))
    for j in judgements:
        if j.score is not None:
            wins[place[j.first], place[j.second]] += j.score
            wins[place[j.second], place[j.first]] += 1 - j.score
    return wins
