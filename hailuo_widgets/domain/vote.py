"""Vote: one rater's answer to a pair of clips."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["ANSWERS", "CONTROL", "NOWHERE", "Answer", "Place", "Vote"]

CONTROL: Final = "control"  # the column in which the two arms of a null control differ


class Answer(StrEnum):
    """The answer of a vote. Compare with ``==``."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both bad"


ANSWERS: Final = tuple(answer.value for answer in Answer)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What two clips have in common, according to the log; "" and 0 if it is not known.

    ``scene`` is what was chosen (the prompt, if that is not compared), ``draw`` what was drawn at random (the seed).
    ``of_scene`` and ``of_draw`` are the numbers of pairs of clips that the two items have there.
    """

    scene: str = ""
    draw: str = ""
    of_scene: int = 0
    of_draw: int = 0


NOWHERE: Final = Place()


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One vote.

    ``between`` and ``within`` are columns of the run log. ``left`` and ``right`` are the two compared values of
    ``between``; both runs have the value ``unit`` (for example a seed) of ``within``.
    """

    vote_id: str
    at: datetime  # aware, UTC
    rater: str
    between: str
    left: str
    right: str
    left_run: str
    right_run: str
    answer: str  # one of ANSWERS
    within: str = ""
    unit: str = ""
    seconds: float | None = None  # from both clips being loaded to the answer
    repeat_of: str | None = None  # the earlier vote on this pair, if it is a repeat with swapped sides
    withdrawn: bool = False  # undone by the rater
    question: str = ""  # what was asked of the pair; "" if it is not known
    # The clips that the runs show according to the log; other runs may show the same ones.
    left_clip: str = field(default="", compare=False)
    right_clip: str = field(default="", compare=False)
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def clips(self) -> tuple[str, ...]:
        """The two clip IDs, sorted; "" for an unknown one."""
        return tuple(sorted((self.left_clip or self.left_run, self.right_clip or self.right_run)))

    @property
    def control(self) -> bool:
        """Whether the vote is on two clips of a null control, which are no items to rank."""
        return self.between == CONTROL

    @property
    def winner(self) -> str | None:
        """The preferred value; None for a tie and for "both bad"."""
        return {Answer.LEFT.value: self.left, Answer.RIGHT.value: self.right}.get(self.answer)
