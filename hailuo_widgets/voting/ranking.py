"""What votes amount to: who is preferred how often, how strongly, how surely, in a table and in one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.bradley_terry import chances_to_be_best, fit
from hailuo_widgets.voting.chart import chart_html
from hailuo_widgets.voting.intervals import clusters_of, resampled_strengths, strength_intervals, win_rate
from hailuo_widgets.voting.judgements import first_sights, items_of, judgements_of, wins_of
from hailuo_widgets.voting.raters import Agreement, SideBias, agreement_of, side_bias_of
from hailuo_widgets.voting.sequential_test import claim
from hailuo_widgets.voting.summary import sentences_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.judgements import Judgement

__all__ = ["RANK_COLUMNS", "Ranking", "rank"]

DRAWS: Final = 1000
RANK_COLUMNS: Final = {
    "item": "string",
    "rank": "Int64",
    "judged": "Int64",
    "wins": "Int64",
    "losses": "Int64",
    "ties": "Int64",
    "both_bad": "Int64",
    "win_rate": "Float64",
    "win_low": "Float64",
    "win_high": "Float64",
    "strength": "Float64",
    "strength_low": "Float64",
    "strength_high": "Float64",
    "p_best": "Float64",
}
"""The columns of :attr:`Ranking.df` and their pandas dtypes, in their order."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """What votes amount to.

    Attributes:
        df: One row an item, the strongest first; the columns of :data:`RANK_COLUMNS`. ``win_rate`` counts a tie as half
            a win and leaves out both bad, over the opponents that were met; ``strength`` is Bradley and Terry's, in
            log-odds with mean 0, and does not depend on who was met; ``p_best`` is the chance that the item is the
            strongest, each pair of clips counted once. What cannot be told is ``NA``.
        pairs: One row for each two items: ``first``, ``second``, ``units`` (in which one of them came out ahead),
            ``first_ahead``, ``p`` of the sign test over units, and ``p_holm``, corrected for the number of pairs.
        winner: The item that is surely the best, at this confidence, whenever one looks; None while none is.
        more: About how many more pairs of clips would tell; 0 with a winner, None where there is no saying.
        side_bias: Whether a side was preferred.
        agreement: How far raters agreed.
        confidence: Of every interval and claim here.
        sentence: All that in one plain sentence.
        notes: What else must be known to read it, a sentence each.
    """

    df: pd.DataFrame
    pairs: pd.DataFrame
    winner: str | None
    more: int | None
    side_bias: SideBias
    agreement: Agreement
    confidence: float
    sentence: str
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """The sentence, the notes and the table."""
        return "\n".join([self.sentence, *self.notes, "", self.df.to_string(index=False)])

    def html(self) -> str:
        """As a notebook and a report show it: the sentence, a chart of the win rates, notes; without scripts."""
        return chart_html(
            df=self.df,
            winner=self.winner,
            confidence=self.confidence,
            sentence=self.sentence,
            notes=self.notes,
        )

    def _repr_html_(self) -> str:
        return self.html()


def rank(
    votes: Sequence[Vote],
    *,
    items: Sequence[str] | None = None,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Ranking:
    """Work out what votes amount to.

    Args:
        votes: Any number, also none. Those that were taken back do not count; a pair that was shown again with its
            sides swapped counts once.
        items: What is ranked, where some of it may have no votes.
        confidence: Of the intervals and the claim, between 0.5 and 1.
        rng: Draws the bootstrap's samples; the same ones each time where none is given.

    Raises:
        UsageError: A vote is on an item that is not among ``items``, or the confidence is none.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0.5 <= confidence < 1:  # noqa: PLR2004
        raise UsageError(f"confidence={confidence!r}: a number from 0.5 to below 1", hint="confidence=0.95")
    names = items_of(votes, items)
    judgements = judgements_of(votes)
    strengths = _strengths(judgements, names, confidence, rng or np.random.default_rng(0))
    rows = [_row(name, judgements, confidence) | strengths[name] for name in names]
    rows.sort(key=lambda row: -(row["strength"] if row["strength"] is not None else -math.inf))
    for place, row in enumerate(rows, start=1):
        row["rank"] = place if row["strength"] is not None else None
    df = pd.DataFrame({
        column: pd.array([pd.NA if r[column] is None else r[column] for r in rows], dtype=_dtype(kind))
        for column, kind in RANK_COLUMNS.items()
    })  # fmt: skip
    claimed = claim(votes, items=names, confidence=confidence)
    sides, agreement = side_bias_of(votes, confidence=confidence), agreement_of(votes)
    sentence, notes = sentences_of(rows, claimed, judgements, (sides, agreement), confidence)
    return Ranking(
        df=df,
        pairs=_sign_tests(judgements, names),
        winner=claimed.winner,
        more=claimed.more,
        side_bias=sides,
        agreement=agreement,
        confidence=confidence,
        sentence=sentence,
        notes=notes,
    )


def _dtype(kind: str) -> Any:
    return pd.api.types.pandas_dtype(kind)


def _row(name: str, judgements: Sequence[Judgement], confidence: float) -> dict[str, Any]:
    """An item's counts, and its win rate with its interval."""
    mine = [j for j in judgements if name in {j.first, j.second}]
    counted = [j for j in mine if j.score is not None]
    scores = np.array([j.score if j.first == name else 1 - (j.score or 0.0) for j in counted], dtype=np.float64)
    rate = win_rate(scores, clusters_of(counted), confidence=confidence)
    told = [None if math.isnan(x) else x for x in rate]
    return {
        "item": name,
        "judged": len(mine),
        "wins": int((scores == 1).sum()),
        "losses": int((scores == 0).sum()),
        "ties": int((scores == 0.5).sum()),  # noqa: PLR2004 - half a win
        "both_bad": len(mine) - len(counted),
        "win_rate": told[0],
        "win_low": told[1],
        "win_high": told[2],
    }


def _strengths(
    judgements: Sequence[Judgement], names: Sequence[str], confidence: float, rng: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Each item's strength; none for those that no chain of comparisons joins to the others."""
    told: dict[str, dict[str, float | None]] = {
        name: dict.fromkeys(("strength", "strength_low", "strength_high", "p_best")) for name in names
    }
    joined = _joined(judgements, names)
    counted = [j for j in judgements if j.score is not None and j.first in joined]
    if not counted:
        return told
    strengths = fit(wins_of(counted, joined))
    resampled = resampled_strengths(counted, joined, draws=DRAWS, rng=rng)
    groups = len(np.unique(clusters_of(counted)))
    low, high = strength_intervals(strengths, resampled, groups, confidence=confidence)
    best = chances_to_be_best(wins_of(first_sights(counted), joined), draws=DRAWS, rng=rng)
    for n, name in enumerate(joined):
        told[name] = {
            "strength": float(strengths[n]),
            "strength_low": float(low[n]) if groups > 1 else None,
            "strength_high": float(high[n]) if groups > 1 else None,
            "p_best": float(best[n]),
        }
    return told


def _joined(judgements: Sequence[Judgement], names: Sequence[str]) -> list[str]:
    """The largest set of items that comparisons join: strengths of two sets have no common measure."""
    rest, largest = list(names), list[str]()
    while rest:
        group, grown = {rest[0]}, True
        while grown:
            met = [j for j in judgements if j.score is not None and {j.first, j.second} & group]
            more = {i for j in met for i in (j.first, j.second)}
            grown = not more <= group
            group |= more
        if len(group) > max(1, len(largest)):
            largest = [n for n in names if n in group]
        rest = [n for n in rest if n not in group]
    return largest


def _sign_tests(judgements: Sequence[Judgement], names: Sequence[str]) -> pd.DataFrame:
    """For each pair of items the sign test over units: each unit has one voice, that of most of its judgements."""
    rows: list[dict[str, Any]] = []
    for first, second in combinations(sorted(names), 2):
        voices: dict[str, float] = {}
        for j in judgements:
            if (j.first, j.second) == (first, second) and j.score is not None:
                key = j.unit or "|".join(j.cell)
                voices[key] = voices.get(key, 0.0) + j.score - 0.5
        ahead = [voice > 0 for voice in voices.values() if voice]
        p = float(stats.binomtest(sum(ahead), len(ahead)).pvalue) if ahead else None
        rows.append({"first": first, "second": second, "units": len(ahead), "first_ahead": sum(ahead), "p": p})
    tested = sorted((row for row in rows if row["p"] is not None), key=lambda row: row["p"])
    highest = 0.0
    for place, row in enumerate(tested):  # S. Holm, Scand. J. Statist. 6 (1979)
        highest = max(highest, min(1.0, row["p"] * (len(tested) - place)))
        row["p_holm"] = highest
    kinds = {"first": "string", "second": "string", "units": "Int64", "first_ahead": "Int64", "p": "Float64"}
    return pd.DataFrame({
        column: pd.array([pd.NA if (v := row.get(column)) is None else v for row in rows], dtype=_dtype(kind))
        for column, kind in (kinds | {"p_holm": "Float64"}).items()
    })  # fmt: skip
