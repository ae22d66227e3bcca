"""Judgements: votes reduced to one score per rater and pair of clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hailuo_widgets.domain.vote import NOWHERE, Answer
from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Place, Vote

__all__ = ["Judgement", "items_of", "judgements_of", "same_answer", "wins_of"]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One rater's preference between two items, on one pair of clips.

    ``score`` is the score of ``first``: 1 for a win, 0 for a loss, 0.5 for a tie, None for "both bad". ``cell``
    identifies the pair of clips, and is the same for all its raters. ``within`` and ``place`` are those of the vote.
    """

    first: str
    second: str
    score: float | None
    unit: str
    rater: str
    cell: tuple[str, ...]
    within: str = ""
    place: Place = NOWHERE


def judgements_of(votes: Sequence[Vote]) -> list[Judgement]:
    """Reduce votes to judgements, in the order of the votes.

    Withdrawn votes do not count. All votes of one rater on one pair of clips make one judgement, whichever runs and
    sides showed the clips: the common answer, or a tie if the answers differ.
    """
    standing = sorted((v for v in votes if not v.withdrawn), key=lambda v: (v.at, v.vote_id))
    judgements = []
    for n, (vote, again) in enumerate(_by_pair(standing)):
        answer = (vote.answer, vote.winner)
        if not all(same_answer(vote, other) for other in again):
            answer = (Answer.TIE, None)
        first, second = sorted((vote.left, vote.right))
        score = None if answer[0] == Answer.BOTH_BAD else 0.5 if answer[1] is None else float(answer[1] == first)
        clips = vote.clips
        cell = clips if all(clips) else (first, second, vote.unit) if vote.unit else (f"vote {n}",)
        judgements.append(
            Judgement(
                first=first,
                second=second,
                score=score,
                unit=vote.unit,
                rater=vote.rater,
                cell=cell,
                within=vote.within,
                place=vote.place,
            )
        )
    return judgements


def _by_pair(counted: Sequence[Vote]) -> list[tuple[Vote, list[Vote]]]:
    """Return each rater's first vote on a pair of clips, with the rater's later votes on it.

    A vote whose clips are unknown is a later vote only if it names the vote that it repeats.
    """
    firsts: dict[object, tuple[Vote, list[Vote]]] = {}
    for vote in counted:
        if all(vote.clips) and len(set(vote.clips)) == 1:
            continue  # the same clip on both sides
        pair = (vote.rater, vote.between, vote.question, vote.clips) if all(vote.clips) else None
        found = firsts.get(vote.repeat_of) or firsts.get(pair)
        if found is None:
            found = firsts[vote.vote_id] = (vote, [])
            if pair is not None:
                firsts[pair] = found
        else:
            found[1].append(vote)
    return list({id(found): found for found in firsts.values()}.values())


def same_answer(one: Vote, other: Vote) -> bool:
    """Return whether two votes on the same clips prefer the same clip, whatever the sides."""
    return (one.winner or one.answer) == (other.winner or other.answer)


def items_of(votes: Sequence[Vote], items: Sequence[str] | None) -> list[str]:
    """Return the items to rank: those that are named, or all that were voted on.

    Raises:
        UsageError: A vote is on an item that is not named.
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
    """Return the points of the row's item against the column's, shape (items, items)."""
    place = {item: n for n, item in enumerate(items)}
    wins = np.zeros((len(items), len(items)))
    for j in judgements:
        if j.score is not None:
            wins[place[j.first], place[j.second]] += j.score
            wins[place[j.second], place[j.first]] += 1 - j.score
    return wins
