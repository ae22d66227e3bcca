"""Quality of single raters.

The table tells sides, repeats, speed, agreement with the others, and influence on the result.

A rater is flagged for a preferred side (two-sided binomial test), or for agreeing with the others less than these agree
with each other on the same pairs of clips (one-sided paired t-test over the pairs), as somebody who answers at random
does. Both are corrected for the number of raters: S. Holm, Scand. J. Statist. 6 (1979). A flag excludes nobody.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from hailuo_widgets.voting.judgements import judgements_of, same_answer
from hailuo_widgets.voting.pairwise import holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.vote import Vote

__all__ = ["RATER_COLUMNS", "quality_note", "rater_table"]

RATER_COLUMNS: Final = {
    "rater": "string",
    "judged": "Int64",
    "left": "Float64",
    "repeated": "Int64",
    "consistent": "Int64",
    "seconds": "Float64",
    "shared": "Int64",
    "agrees": "Float64",
    "others_agree": "Float64",
    "influence": "Float64",
    "flag": "string",
}
"""The columns of :attr:`hailuo_widgets.voting.ranking.Ranking.raters` and their pandas dtypes."""

FEWEST_PAIRS: Final = 10  # shared with two others or more, before a rater can be flagged for disagreeing
EVEN: Final = 0.5


def rater_table(votes: Sequence[Vote], best: str | None, *, confidence: float) -> pd.DataFrame:
    """Return one row per rater, by name, with the columns of :data:`RATER_COLUMNS`.

    Args:
        votes: Any votes; withdrawn ones don't count.
        best: The item that ranks first, on whose win rate a rater's influence is told; None for none.
        confidence: 1 minus the probability that any rater without fault is flagged, for each of the two reasons.
    """
    standing = [v for v in votes if not v.withdrawn]
    names = sorted({v.rater for v in standing})
    answers = _answers(standing)
    by_rater: dict[str, list[Vote]] = {name: [] for name in names}
    for v in standing:
        by_rater[v.rater].append(v)
    rows = {name: _row(by_rater[name], name, answers) for name in names}
    points = _points(standing, best)
    total, count = sum(p for p, _ in points.values()), sum(n for _, n in points.values())
    for name, row in rows.items():
        own, judged = points.get(name, (0.0, 0))
        rest = count - judged
        row["influence"] = total / count - (total - own) / rest if rest else None
    tests = [holm([row[test] for row in rows.values()]) for test in ("left_p", "apart_p")]
    for row, sided, apart in zip(rows.values(), *tests, strict=True):
        reasons = []
        if sided is not None and sided < 1 - confidence:
            reasons.append(f"prefers the {'left' if row['left'] > EVEN else 'right'} side")
        if apart is not None and apart < 1 - confidence:
            reasons.append("agrees with the others less than they do with each other")
        row["flag"] = "; ".join(reasons) or None
    return pd.DataFrame({
        column: pd.Series([pd.NA if row[column] is None else row[column] for row in rows.values()], dtype=kind)
        for column, kind in RATER_COLUMNS.items()
    })  # fmt: skip


def quality_note(table: pd.DataFrame) -> str:
    """Return a sentence on the raters that are flagged, without their names; "" if there are none."""
    flags = table["flag"].dropna().tolist()
    if not flags:
        return ""
    who = "1 rater is" if len(flags) == 1 else f"{len(flags)} raters are"
    return f"{who} flagged ({'; '.join(dict.fromkeys(flags))}): see the ranking's raters."


def _row(own: Sequence[Vote], name: str, answers: Mapping[Any, Mapping[str, str]]) -> dict[str, Any]:
    firsts = {v.vote_id: v for v in own}
    decisive = [v for v in own if v.winner is not None and v.repeat_of is None]
    lefts = sum(v.answer == "left" for v in decisive)
    again = [(firsts[v.repeat_of], v) for v in own if v.repeat_of in firsts]
    seconds = [v.seconds for v in own if v.seconds is not None]
    mine, theirs = _agreement(name, answers)
    tested = len(mine) >= FEWEST_PAIRS and len(set(np.subtract(mine, theirs))) > 1
    return {
        "rater": name,
        "judged": len([v for v in own if v.repeat_of is None]),
        "left": lefts / len(decisive) if decisive else None,
        "left_p": float(stats.binomtest(lefts, len(decisive)).pvalue) if decisive else None,
        "repeated": len(again),
        "consistent": sum(same_answer(one, other) for one, other in again),
        "seconds": float(np.median(seconds)) if seconds else None,
        "shared": len(mine),
        "agrees": float(np.mean(mine)) if mine else None,
        "others_agree": float(np.mean(theirs)) if theirs else None,
        "apart_p": float(stats.ttest_rel(mine, theirs, alternative="less").pvalue) if tested else None,
    }


def _answers(votes: Sequence[Vote]) -> dict[Any, dict[str, str]]:
    """Return each rater's first answer by pair of clips."""
    found: dict[Any, dict[str, str]] = {}
    for v in votes:
        if v.repeat_of is None:
            clips = v.clips if all(v.clips) else (v.unit,)
            found.setdefault((*sorted((v.left, v.right)), clips), {}).setdefault(v.rater, v.winner or v.answer)
    return found


def _agreement(name: str, answers: Mapping[Any, Mapping[str, str]]) -> tuple[list[float], list[float]]:
    """Return, for each pair that two others or more judged too, how far they agree with the rater, and they alone."""
    mine, theirs = [], []
    for given in answers.values():
        others = len(given) - 1
        if name in given and others > 1:
            counts = Counter(given.values())
            counts[given[name]] -= 1
            mine.append(counts[given[name]] / others)
            theirs.append(sum(n * (n - 1) for n in counts.values()) / (others * (others - 1)))
    return mine, theirs


def _points(votes: Sequence[Vote], item: str | None) -> dict[str, tuple[float, int]]:
    """Return the points that each rater gave an item, and the number of judgements on it."""
    found: dict[str, tuple[float, int]] = {}
    for j in judgements_of(votes):
        if j.score is not None and item in {j.first, j.second}:
            points, judged = found.get(j.rater, (0.0, 0))
            found[j.rater] = points + (j.score if j.first == item else 1 - j.score), judged + 1
    return found
