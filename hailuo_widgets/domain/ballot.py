"""Ballot: the pairs of a blind page, with what each of its random names stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["CONSENT", "PAGE_VERSION", "QUESTION", "Ballot", "BallotPair"]

QUESTION: Final = "Which clip is better?"
CONSENT: Final = "I take part of my own free will. My votes may be analysed and published under the name above."
PAGE_VERSION: Final = 1
"""The version of the page's data, and of the files of votes that it saves."""


@dataclass(frozen=True, kw_only=True)
class BallotPair:
    """Two clips of a page.

    ``first_clip`` and ``second_clip`` are the clips' random names; the rest is as in
    :class:`hailuo_widgets.voting.pairs.Candidate`.
    """

    first_clip: str
    second_clip: str
    first_run: str
    second_run: str
    first: str
    second: str
    between: str
    within: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """A blind page as the run log knows it; the page itself has the clips' random names alone.

    Attributes:
        ballot_id: Its random ID.
        made: When it was made, in UTC.
        question: What raters are asked about each pair.
        consent: What raters agree to before they begin.
        pairs: The pairs.
    """

    ballot_id: str
    made: datetime
    question: str
    consent: str
    pairs: tuple[BallotPair, ...]

    @property
    def clips(self) -> dict[str, str]:
        """The run of each clip's random name."""
        sides = ((p.first_clip, p.first_run, p.second_clip, p.second_run) for p in self.pairs)
        return {name: run for a, run_a, b, run_b in sides for name, run in ((a, run_a), (b, run_b))}

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, without its ID and time."""
        pairs = [asdict(pair) for pair in self.pairs]
        return {"version": PAGE_VERSION, "question": self.question, "consent": self.consent, "pairs": pairs}

    @classmethod
    def from_json(cls, ballot_id: str, made: datetime, content: Mapping[str, Any]) -> Self:
        """Return the ballot of what :meth:`to_json` gave.

        Raises:
            ValueError: It is nothing of the kind.
        """
        names = {f.name for f in fields(BallotPair)}
        question, consent, rows = (content.get(name) for name in ("question", "consent", "pairs"))
        if content.get("version") != PAGE_VERSION or not isinstance(question, str) or not isinstance(consent, str):
            raise ValueError(f"ballot {ballot_id} has another form")
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.keys() == names for row in rows):
            raise ValueError(f"ballot {ballot_id} has no readable pairs")
        if not all(isinstance(text, str) for row in rows for text in row.values()):
            raise ValueError(f"ballot {ballot_id} has a pair with a value that is no text")
        pairs = tuple(BallotPair(**row) for row in rows)
        return cls(ballot_id=ballot_id, made=made, question=question, consent=consent, pairs=pairs)
