"""Blind test of one rater: chooses the next pair and its sides, and records the answers.

The view that shows a pair gets two clips and a token, but neither their values nor their IDs. Sides are random. Some
pairs are repeated with their sides swapped, which separates a preference for a clip from a preference for a side.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hailuo_widgets.domain.ids import make_id, next_id
from hailuo_widgets.domain.vote import ANSWERS, CONTROL, Vote
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.voting.next_pair import next_pair
from hailuo_widgets.voting.registered_looks import claim_at_looks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import numpy as np

    from hailuo_widgets.voting.pairs import Candidate, Pairs

__all__ = ["BlindTest", "ShownPair"]

APART: Final = 4  # the fewest votes between a pair and its repeat, so that the rater doesn't answer from memory


@dataclass(frozen=True, kw_only=True)
class ShownPair:
    """A pair, its sides, and one question: if ``swapped``, the candidate's first run is on the right.

    All questions on a pair have one ``visit``. ``repeats`` is the visit that is repeated with its sides swapped.
    """

    token: str
    candidate: Candidate
    swapped: bool
    question: str
    visit: str
    repeats: str | None = None

    @property
    def runs(self) -> tuple[str, str]:
        """The run IDs: left, right."""
        sides = (self.candidate.first_run, self.candidate.second_run)
        return sides[::-1] if self.swapped else sides

    @property
    def clips(self) -> tuple[str, str]:
        """The clip IDs: left, right."""
        sides = (self.candidate.first_clip, self.candidate.second_clip)
        return sides[::-1] if self.swapped else sides

    @property
    def items(self) -> tuple[str, str]:
        """The compared values: left, right."""
        sides = (self.candidate.first, self.candidate.second)
        return sides[::-1] if self.swapped else sides


class BlindTest:
    """A blind test of one rater, with one or several questions about each pair.

    All questions about a pair are asked before the next one comes; of a pair that was left in the middle, those that
    have no answer yet. Pairs of a null control come at random among the others, as often as their share of the
    unseen pairs.

    Args:
        pairs: The pairs that may be shown.
        votes: All earlier votes on their clips, by any rater. Pairs that this rater has judged are not shown again.
        rater: The rater's name.
        aim: How the next pair is chosen: to find the ``order`` of all items, or the ``best`` one.
        repeats: The share of votes that are repeats with swapped sides.
        rng: Chooses sides, repeats, and one of several equally useful pairs.
        now: Returns the current time in UTC.
        questions: What is asked of each pair, in this order. A vote whose question is not known answers each.
        looks: By question, the numbers of units at which a winner may be named, if they were registered.
    """

    def __init__(
        self,
        pairs: Pairs,
        votes: Sequence[Vote],
        *,
        rater: str,
        aim: str,
        repeats: float,
        rng: np.random.Generator,
        now: Callable[[], datetime],
        questions: Sequence[str] = ("",),
        looks: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.pairs, self.rater, self._aim, self.looks = pairs, rater, aim, dict(looks or {})
        self._votes = [vote for vote in votes if not vote.withdrawn]
        self._repeats, self._rng, self._now = repeats, rng, now
        self.questions = tuple(questions)
        self._given: list[tuple[ShownPair, Vote]] = []
        self._newest_id = ""
        self.shown = self._next()

    @property
    def votes(self) -> tuple[Vote, ...]:
        """All votes that count, by any rater, earlier ones included; without those on a null control."""
        return tuple(v for v in self._votes if v.control == (self.pairs.between == CONTROL))

    @property
    def all_votes(self) -> tuple[Vote, ...]:
        """The same, with those on a null control."""
        return tuple(self._votes)

    @property
    def sure(self) -> bool:
        """Whether the best of all items that can be judged here is decided; those without a vote yet count too."""
        shown = [c for c in self.pairs.candidates if c.control == (self.pairs.between == CONTROL)]
        both = [*((c.first, c.second) for c in shown), *((v.left, v.right) for v in self.votes)]
        items = list(dict.fromkeys(item for pair in both for item in pair))
        family = len(items) * len(self.questions)
        claims = (
            claim_at_looks(self._votes_on(question), self.looks.get(question, ()), items=items, family=family)
            for question in self.questions
        )
        return all(found.winner is not None for found in claims)

    def _votes_on(self, question: str) -> list[Vote]:
        """Return the votes that answer a question."""
        return [v for v in self.votes if v.question in {"", question} or not question]

    @property
    def given(self) -> int:
        """The number of votes in this test."""
        return len(self._given)

    @property
    def remaining(self) -> int:
        """The number of pairs that this rater has not judged."""
        return len(self._unseen())

    def vote(self, token: str, answer: str, seconds: float | None) -> Vote:
        """Return the rater's answer as a vote. The caller writes it to the log, then calls :meth:`count`.

        Args:
            token: The token of the pair that is shown.
            answer: One of :data:`hailuo_widgets.domain.vote.ANSWERS`.
            seconds: The time from when both clips were loaded to the answer; None if unknown.

        Raises:
            UsageError: The answer or the seconds are not valid, or another pair is shown now.
        """
        shown = self.shown
        if shown is None or token != shown.token:
            raise UsageError("this pair is not the one that is shown now", hint="vote on the pair that you see")
        if answer not in ANSWERS:
            near = nearest(answer, ANSWERS)
            raise UsageError(
                f"answer={answer!r}: one of {', '.join(ANSWERS)}", hint=f"did you mean {near!r}?" if near else None
            )
        if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
            raise UsageError(f"seconds={seconds!r}: a number of seconds, or none")
        at = self._now()
        vote_id = make_id("v", at, secrets.randbits(40))
        self._newest_id = vote_id if vote_id > self._newest_id else next_id(self._newest_id)
        return Vote(
            vote_id=self._newest_id,
            at=at,
            rater=self.rater,
            between=shown.candidate.between or self.pairs.between,
            left=shown.items[0],
            right=shown.items[1],
            left_run=shown.runs[0],
            right_run=shown.runs[1],
            answer=answer,
            within=shown.candidate.within or self.pairs.within,
            unit=shown.candidate.unit,
            seconds=seconds,
            repeat_of=self._repeated(shown),
            question=shown.question,
            left_clip=shown.clips[0],
            right_clip=shown.clips[1],
            place=shown.candidate.place,
        )

    def count(self, vote: Vote) -> None:
        """Count a vote that was written to the log, and show the next pair."""
        if self.shown is None:
            raise RuntimeError("no pair is shown")
        self._given.append((self.shown, vote))
        self._votes.append(vote)
        self.shown = self._next_question(self.shown) or self._next()

    @property
    def last(self) -> Vote | None:
        """The vote that can be undone; None if there is none."""
        return self._given[-1][1] if self._given else None

    def take_back(self) -> None:
        """Undo the last vote of this test, and show its pair again with the same sides."""
        shown, vote = self._given.pop()
        self._votes.remove(vote)
        self.shown = shown

    def _unanswered(self) -> dict[tuple[str, ...], list[str]]:
        """Return, for each pair of clips that this rater has judged, the questions without an answer."""
        found: dict[tuple[str, ...], list[str]] = {}
        for vote in self._votes:
            if vote.rater == self.rater:
                left = found.setdefault(vote.clips, list(self.questions))
                left[:] = [q for q in left if vote.question not in {"", q} and q]
        return found

    def _unseen(self) -> list[Candidate]:
        left = self._unanswered()
        return [c for c in self.pairs.candidates if left.get(c.clips, self.questions)]

    def _next_question(self, shown: ShownPair) -> ShownPair | None:
        """Return the next question about the pair that is shown; None after the last one."""
        if shown.repeats is not None:
            asked = self.questions[self.questions.index(shown.question) + 1 :]
        else:
            asked = tuple(self._unanswered().get(shown.candidate.clips, ()))
        return replace(shown, token=secrets.token_hex(8), question=asked[0]) if asked else None

    def _repeated(self, shown: ShownPair) -> str | None:
        """Return the vote that a vote on the pair and question that are shown repeats."""
        if shown.repeats is None:
            return None
        return next(
            (v.vote_id for s, v in self._given if (s.visit, s.question) == (shown.repeats, shown.question)), None
        )

    def _next(self) -> ShownPair | None:
        if (again := self._repeat()) is not None:
            return again
        unseen = self._unseen()
        if not unseen:
            return None
        chosen = self._of_control(unseen)
        if chosen is None:
            unseen = [c for c in unseen if not self._apart(c)]
            offered = [(c.first, c.second, c.unit) for c in unseen]
            votes = self._votes_on(self.questions[0])
            chosen = unseen[next_pair(votes, offered, rng=self._rng, aim=self._aim)]
        asked = self._unanswered().get(chosen.clips, list(self.questions))
        return self._shown(chosen, swapped=bool(self._rng.random() < 0.5), question=asked[0])  # noqa: PLR2004

    def _shown(self, candidate: Candidate, *, swapped: bool, question: str, repeats: str | None = None) -> ShownPair:
        token, visit = secrets.token_hex(8), secrets.token_hex(8)
        return ShownPair(
            token=token, candidate=candidate, swapped=swapped, question=question, visit=visit, repeats=repeats
        )

    def _apart(self, candidate: Candidate) -> bool:
        """Return whether a pair is of a null control beside what is compared."""
        return candidate.control and self.pairs.between != CONTROL

    def _of_control(self, unseen: list[Candidate]) -> Candidate | None:
        """Return, at random, a pair of the null control; None if another pair is due."""
        controls = [c for c in unseen if self._apart(c)]
        if not controls or self._rng.random() >= len(controls) / len(unseen):
            return None
        return controls[int(self._rng.integers(len(controls)))]

    def _repeat(self) -> ShownPair | None:
        """Return, at random, a pair of this test with its sides swapped; None if no repeat is due."""
        visits = {s.visit: s for s, _ in self._given}
        repeated = {s.repeats for s in visits.values()}
        eligible = [s for s in list(visits.values())[:-APART] if s.repeats is None and s.visit not in repeated]
        if not eligible or self._rng.random() >= self._repeats:
            return None
        shown = eligible[int(self._rng.integers(len(eligible)))]
        first = next(s for s, _ in self._given if s.visit == shown.visit)
        return self._shown(shown.candidate, swapped=not shown.swapped, question=first.question, repeats=shown.visit)
