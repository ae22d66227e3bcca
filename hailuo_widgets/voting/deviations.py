"""Deviations of an analysis from what was registered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from hailuo_widgets.domain.vote import Vote

__all__ = ["Analysis", "deviations"]

LONGEST = 60
_ON_BALLOT = re.compile(r" \([0-9a-f]{8}\)$")  # what a ballot adds to a rater's name


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What is done: the votes that are ranked, the compared column, its values, the runs, and the error probability.

    ``items`` and ``runs`` are None if they are not known, as of votes in a table. ``given`` are all votes on the
    registered clips in this column and on this question, those that were taken back included.
    """

    votes: Sequence[Vote]
    between: str | None
    items: Sequence[str] | None
    runs: Sequence[str] | None
    alpha: float
    given: Sequence[Vote] = ()


def deviations(registered: Mapping[str, Any], at: datetime, did: Analysis) -> list[str]:
    """Return each thing that differs from what was registered, in words.

    Args:
        registered: A registration's content; what it doesn't hold is no deviation.
        at: When it was registered.
        did: The analysis.
    """
    votes = [v for v in did.votes if not v.withdrawn and not v.control]
    told = [*_design(registered, did), *_questions(registered, votes)]
    raters = registered.get("raters")
    if isinstance(raters, list):
        told += _sets("rater", "raters", raters, (_ON_BALLOT.sub("", v.rater) for v in votes))
    told += _left_out(votes, [v for v in did.given if not v.control])
    if early := sum(v.at < at for v in votes):
        told.append(f"{plural(early, 'vote')} {'was' if early == 1 else 'were'} given before")
    return told


def _design(registered: Mapping[str, Any], did: Analysis) -> list[str]:
    told = []
    between = registered.get("between")
    other = did.between is not None and isinstance(between, str) and between != did.between
    if other:
        told.append(f"{did.between} is compared, and {between} was registered")
    if not other and did.items is not None and isinstance(registered.get("items"), list):
        told += _sets("variant", "variants", registered["items"], did.items)
    if did.runs is not None and isinstance(registered.get("runs"), list):
        runs = {run for run in registered["runs"] if isinstance(run, str)}
        left_out, added = len(runs - set(did.runs)), len(set(did.runs) - runs)
        if left_out:
            rule = registered.get("exclusions")
            told.append(f"{plural(left_out, 'registered run')} left out (exclusions: {_cut(rule) if rule else 'none'})")
        if added:
            told.append(f"{plural(added, 'run')} added")
    alpha = registered.get("alpha")
    if isinstance(alpha, int | float) and abs(alpha - did.alpha) > 1e-9:  # noqa: PLR2004 - a rounding error
        told.append(f"α = {did.alpha:.4g} instead of {alpha:.4g}")
    return told


def _left_out(ranked: Sequence[Vote], given: Sequence[Vote]) -> list[str]:
    """Return what was given and is not ranked: raters, single votes, and votes that were taken back for good."""
    standing = {_answered(v) for v in given if not v.withdrawn}
    missing = standing - {_answered(v) for v in ranked}
    gone = {rater for rater, *_ in missing} - {v.rater for v in ranked}
    told = _sets("rater", "raters", sorted(gone), ())
    if some := sum(rater not in gone for rater, *_ in missing):
        told.append(f"{plural(some, 'vote')} left out")
    if back := len({_answered(v) for v in given if v.withdrawn} - standing):
        told.append(f"{plural(back, 'vote')} taken back and not given again")
    return told


def _answered(vote: Vote) -> tuple[str, tuple[str, ...], str]:
    """Return who answered what about which clips: repeats are one answer."""
    return vote.rater, vote.clips, vote.question


def _questions(registered: Mapping[str, Any], votes: Sequence[Vote]) -> list[str]:
    question = registered.get("question")
    if not isinstance(question, str):
        return []
    others: dict[str, int] = {}
    for vote in votes:
        if vote.question not in {"", question}:
            others[vote.question] = others.get(vote.question, 0) + 1
    return [
        f"{plural(count, 'vote')} on “{_cut(other)}” instead of “{_cut(question)}”" for other, count in others.items()
    ]


def _sets(one: str, many: str, registered: Iterable[Any], found: Iterable[str]) -> list[str]:
    """Return what was added to a registered list, and what is missing from it."""
    was, now = list(dict.fromkeys(map(str, registered))), list(dict.fromkeys(found))
    told = []
    for names, how in (([n for n in now if n not in was], "added"), ([n for n in was if n not in now], "left out")):
        if names:
            told.append(f"{one if len(names) == 1 else many} {', '.join(f'“{_cut(n)}”' for n in names)} {how}")
    return told


def _cut(text: Any) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
