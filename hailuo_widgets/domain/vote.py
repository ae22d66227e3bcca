"""One judgement between two runs: who saw what on which side, what they said, and how long they took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["ANSWERS", "Vote"]

ANSWERS: Final = ("left", "right", "tie", "both bad")


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One row of the votes: what was seen, and which clips that were.

    ``between`` and ``within`` are columns of the run log: ``left`` and ``right`` are two values of the one, and both
    runs have the value ``unit`` of the other (a seed, say), so that nothing else differs by chance.
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
    seconds: float | None = None  # from both clips being there to the answer
    repeat_of: str | None = None  # the vote that this pair, with its sides swapped, is shown again for
    withdrawn: bool = False  # taken back by whoever gave it
    # The clips that the runs show, as the log has it now; a later run may show the same one.
    left_clip: str = field(default="", compare=False)
    right_clip: str = field(default="", compare=False)

    @property
    def clips(self) -> tuple[str, ...]:
        """The two clips, whatever the sides; "" for one that is not known."""
        return tuple(sorted((self.left_clip or self.left_run, self.right_clip or self.right_run)))

    @property
    def winner(self) -> str | None:
        """The value that was preferred; None for a tie and for both bad."""
        return {"left": self.left, "right": self.right}.get(self.answer)
