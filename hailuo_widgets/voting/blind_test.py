"""One rater's sitting: which pair is shown next, on which sides, and what was said of it.

Whoever shows a pair learns its two clips and a token, and neither their values nor their ids. Sides are random. Now and
then a pair comes again with its sides swapped: that tells a preference for a clip from one for a side.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hailuo_widgets.domain.ids import make_id, next_id
from hailuo_widgets.domain.vote import ANSWERS, Vote
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.voting.next_pair import next_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import numpy as np

    from hailuo_widgets.voting.pairs import Candidate, Pairs

__all__ = ["Booth", "Shown"]

APART: Final = 4  # votes between a pair and its repeat, so that it is judged and not remembered


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A pair as it is shown: ``swapped`` puts the candidate's first run on the right."""

    token: str
    candidate: Candidate
    swapped: bool
    repeat_of: str | None = None

    @property
    def runs(self) -> tuple[str, str]:
        """The ids of the runs: left, right."""
        sides = (self.candidate.first_run, self.candidate.second_run)
        return sides[::-1] if self.swapped else sides

    @property
    def clips(self) -> tuple[str, str]:
        """The clips that they show: left, right."""
        sides = (self.candidate.first_clip, self.candidate.second_clip)
        return sides[::-1] if self.swapped else sides

    @property
    def items(self) -> tuple[str, str]:
        """The values that are judged: left, right."""
        sides = (self.candidate.first, self.candidate.second)
        return sides[::-1] if self.swapped else sides


class Booth:
    """A sitting of one rater over some pairs.

    Args:
        pairs: What may be shown.
        votes: What was said of their clips before, by anybody; the rater's own pairs do not come again.
        rater: Who sits here.
        aim: What the next pair is to tell: the ``order`` of all, or which is the ``best``.
        repeats: The share of votes that go to pairs shown again with their sides swapped.
        rng: Draws sides, repeats, and between pairs that would tell the same.
        now: The time, in UTC.
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
    ) -> None:
        self.pairs, self.rater, self._aim = pairs, rater, aim
        self._votes = [vote for vote in votes if not vote.withdrawn]
        self._repeats, self._rng, self._now = repeats, rng, now
        self._given: list[tuple[Shown, Vote]] = []
        self._newest_id = ""
        self.shown = self._next()

    @property
    def votes(self) -> tuple[Vote, ...]:
        """All that count, by anybody: the earlier ones, and those of this sitting."""
        return tuple(self._votes)

    @property
    def given(self) -> int:
        """How many votes this sitting has."""
        return len(self._given)

    @property
    def remaining(self) -> int:
        """Pairs that this rater has not judged yet."""
        return len(self._unseen())

    def vote(self, token: str, answer: str, seconds: float | None) -> Vote:
        """What the rater says of the pair that is shown, as a vote to be written; :meth:`count` it when it is.

        Args:
            token: The shown pair's.
            answer: One of :data:`hailuo_widgets.domain.vote.ANSWERS`.
            seconds: How long it took, from both clips being there; None where that is not known.

        Raises:
            UsageError: No such answer, or another pair is shown now.
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
        made = self._now()
        vote_id = make_id("v", made, secrets.randbits(40))
        self._newest_id = vote_id if vote_id > self._newest_id else next_id(self._newest_id)
        return Vote(
            vote_id=self._newest_id,
            at=made,
            rater=self.rater,
            between=self.pairs.between,
            left=shown.items[0],
            right=shown.items[1],
            left_run=shown.runs[0],
            right_run=shown.runs[1],
            answer=answer,
            within=self.pairs.within,
            unit=shown.candidate.unit,
            seconds=seconds,
            repeat_of=shown.repeat_of,
            left_clip=shown.clips[0],
            right_clip=shown.clips[1],
        )

    def count(self, vote: Vote) -> None:
        """Take a vote that was written, and go to the next pair."""
        if self.shown is None:
            raise RuntimeError("no pair is shown")
        self._given.append((self.shown, vote))
        self._votes.append(vote)
        self.shown = self._next()

    @property
    def last(self) -> Vote | None:
        """The vote that may be taken back."""
        return self._given[-1][1] if self._given else None

    def take_back(self) -> None:
        """Forget the last vote of this sitting, and show its pair again as it was, sides and all."""
        shown, vote = self._given.pop()
        self._votes.remove(vote)
        self.shown = shown

    def _unseen(self) -> list[Candidate]:
        seen = {v.clips for v in self._votes if v.rater == self.rater}
        return [c for c in self.pairs.candidates if c.clips not in seen]

    def _next(self) -> Shown | None:
        if (again := self._repeat()) is not None:
            return again
        unseen = self._unseen()
        if not unseen:
            return None
        offered = [(c.first, c.second, c.unit) for c in unseen]
        chosen = unseen[next_pair(self._votes, offered, rng=self._rng, aim=self._aim)]
        return Shown(token=secrets.token_hex(8), candidate=chosen, swapped=bool(self._rng.random() < 0.5))  # noqa: PLR2004

    def _repeat(self) -> Shown | None:
        """A pair of this sitting that was judged a while ago, with its sides swapped; sometimes."""
        repeated = {vote.repeat_of for _, vote in self._given}
        old = [(s, v) for s, v in self._given[:-APART] if v.repeat_of is None and v.vote_id not in repeated]
        if not old or self._rng.random() >= self._repeats:
            return None
        shown, vote = old[int(self._rng.integers(len(old)))]
        swapped = not shown.swapped
        return Shown(token=secrets.token_hex(8), candidate=shown.candidate, swapped=swapped, repeat_of=vote.vote_id)
