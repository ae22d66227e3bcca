"""Ranking of items from votes: win rates, strengths, intervals, tests, and a summary sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.bradley_terry import chances_to_be_best, fit
from hailuo_widgets.voting.chart import chart_html
from hailuo_widgets.voting.groups import Group, groups_of
from hailuo_widgets.voting.intervals import clusters_of, strength_intervals, win_rate
from hailuo_widgets.voting.judgements import items_of, judgements_of, wins_of
from hailuo_widgets.voting.noise_floor import noise_floor, without_control
from hailuo_widgets.voting.pairwise import matrix_of, mean_tests, pair_table, rank_intervals, scores_by_unit
from hailuo_widgets.voting.rater_quality import quality_note, rater_table
from hailuo_widgets.voting.raters import Agreement, SideBias, agreement_of, side_bias_of
from hailuo_widgets.voting.registered_looks import claim_at_looks
from hailuo_widgets.voting.summary import common_notes, group_notes, result_of, sentence_of, unmatched_note
from hailuo_widgets.voting.units import units_of
from hailuo_widgets.voting.variance_parts import parts_note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.noise_floor import NoiseFloor
    from hailuo_widgets.voting.sequential_test import Claim
    from hailuo_widgets.voting.units import Units

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
    "rank_low": "Int64",
    "rank_high": "Int64",
    "group": "Int64",
}
"""The columns of :attr:`Ranking.df` and their pandas dtypes, in their order."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """The ranking that votes give.

    Attributes:
        df: One row per item, the strongest first; the columns of :data:`RANK_COLUMNS`. ``win_rate`` counts a tie as
            half a win and ignores "both bad". ``strength`` is the Bradley-Terry strength in log-odds with mean 0;
            unlike the win rate, it does not depend on which items were compared. ``p_best`` is the probability that
            the item is the strongest, each unit counted once. Unknown values are ``NA``: so are the ends of intervals
            with fewer than five units, and the end of a strength's interval that the votes don't bound, as of an item
            that always won. ``rank_low`` and ``rank_high`` are the best and the worst rank that the corrected tests
            of ``pairs`` leave open; items whose best one is 1 are tied for best, as far as these votes tell. ``group``
            is the number of the item's group: items that were never compared, not even by way of others, have ranks,
            strengths and chances to be best of their own group. An item without comparisons has none of them.
        pairs: One row per pair of items: ``first``, ``second``, ``units`` (the number of units), ``first_ahead`` (in
            how many of them the first item is ahead), ``p`` of the test that the mean over units of the first item's
            score is one half (see :mod:`hailuo_widgets.voting.mean_test`), ``p_holm``, corrected for the number of
            pairs, ``judged`` (the number of judgements), ``first_rate`` (the share in which the first item was
            preferred), and ``first_mean`` (that mean over units).
        winner: The item that is the best of all at this confidence level, valid at any time of looking; None if
            undecided, and if there are items that it can't be compared with.
        more: The estimated number of further units, on each of which two items are compared, for a decision; 0 with a
            winner, None if unknown, or if there are items that the others can't be compared with.
        side_bias: Whether raters preferred a side.
        agreement: How far raters agreed.
        confidence: The confidence level of all intervals and claims.
        sentence: The result in one sentence.
        estimand: What the figures are about, in one line: over which seeds or prompts, and by which raters; see
            :mod:`hailuo_widgets.voting.units`.
        notes: Further sentences that are needed to read the result.
        units: How the judgements were counted.
        raters: One row per rater: ``judged``, ``left`` (the share of the left side), ``repeated`` and ``consistent``
            (pairs shown again), ``seconds`` (the median), ``shared`` (pairs that two others or more judged too),
            ``agrees`` and ``others_agree`` (how far these others agree with the rater, and with each other),
            ``influence`` (how much the first item's win rate is higher with this rater than without), and ``flag``,
            why the rater stands out.
        control: What the raters found in the null control, the noise floor; None without votes on one.
        groups: The groups of items that comparisons connect, the largest first, each with its own result. The error
            of all their claims together is that of one.
        looks: The numbers of units at which alone a winner may be named, as they were registered; empty if none were.
    """

    df: pd.DataFrame
    pairs: pd.DataFrame
    winner: str | None
    more: int | None
    side_bias: SideBias
    agreement: Agreement
    confidence: float
    sentence: str
    estimand: str
    notes: tuple[str, ...]
    units: Units
    raters: pd.DataFrame
    control: NoiseFloor | None = None
    groups: tuple[Group, ...] = ()
    looks: tuple[int, ...] = ()

    def __repr__(self) -> str:
        """Return the sentence, what it is about, the notes and the table."""
        lines = [self.sentence, self.estimand, *self.notes]
        return "\n".join([*filter(None, lines), "", self.df.to_string(index=False)])

    @property
    def matrix(self) -> pd.DataFrame:
        """The share in which the row's item was preferred to the column's, as ``df`` is ordered; NA if never judged."""
        return matrix_of(self.pairs, self.df["item"].tolist())

    @property
    def tied_for_best(self) -> tuple[str, ...]:
        """The items that no other is found ahead of, at this confidence level."""
        ranked = self.df.dropna(subset="rank_low")
        return tuple(ranked.loc[ranked["rank_low"] == 1, "item"])

    def html(self) -> str:
        """Return static HTML for notebooks and reports: the sentence, a chart of the win rates, and the notes."""
        return chart_html(
            df=self.df,
            winners=[group.winner for group in self.groups if group.winner is not None],
            confidence=self.confidence,
            sentence=self.sentence,
            estimand=self.estimand,
            notes=self.notes,
            matrix=self.matrix,
        )

    def _repr_html_(self) -> str:
        return self.html()


def rank(
    votes: Sequence[Vote],
    *,
    items: Sequence[str] | None = None,
    confidence: float = 0.95,
    looks: Sequence[int] = (),
    questions: int = 1,
    beside: Sequence[float | None] = (),
    rng: np.random.Generator | None = None,
) -> Ranking:
    """Rank items by votes.

    Args:
        votes: Any number of votes. Withdrawn ones do not count, and repeats of a pair count once. Those on a null
            control are ranked only if there are no others.
        items: The items to rank, including those without votes; by default the items that were voted on.
        confidence: The confidence level of the intervals and of the claim, from 0.5 to below 1.
        looks: The numbers of units at which a winner may be named, if they were registered before; else whenever one
            looks.
        questions: The number of questions whose rankings share the error probability of naming winners.
        beside: The p-values of their other rankings, with which those of this one are corrected.
        rng: Draws the bootstrap samples; by default a fixed seed, so the result is reproducible.

    Raises:
        UsageError: A vote is on an item that is not among ``items``, or ``confidence`` is out of range.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0.5 <= confidence < 1:  # noqa: PLR2004
        raise UsageError(f"confidence={confidence!r}: a number from 0.5 to below 1", hint="confidence=0.95")
    every = sorted(votes, key=lambda v: (v.at, v.vote_id))  # the order in which votes are given changes no figure
    votes = without_control(every, items)
    names = sorted(items_of(votes, items))  # nor does that of the items
    judgements = judgements_of(votes)
    units = units_of([j for j in judgements if j.score is not None])
    connected = groups_of(judgements, names)
    alone = [name for name in names if not any(name in group for group in connected)]
    tables = [
        _table(
            group,
            votes,
            alone if len(connected) == 1 else [],
            family=len(names) * questions,
            confidence=confidence,
            looks=looks,
            rng=rng or np.random.default_rng(0),
        )
        for group in connected
    ]
    apart = [_row(name, judgements, units, confidence) for name in alone]
    pairs = pair_table(_all_pairs([table.pairs for table in tables], names), beside)
    for number, table in enumerate(tables, start=1):
        ranks = rank_intervals(pairs, [row["item"] for row in table.rows], confidence=confidence)
        for row in table.rows:
            row["rank_low"], row["rank_high"] = ranks[row["item"]]
            row["group"] = number
    groups = tuple(_group(table, confidence) for table in tables)
    rows = [*(row for table in tables for row in table.rows), *apart]
    df = pd.DataFrame({
        column: pd.array([pd.NA if (v := r.get(column)) is None else v for r in rows], dtype=_dtype(kind))
        for column, kind in RANK_COLUMNS.items()
    })  # fmt: skip
    sides, agreement = side_bias_of(votes, confidence=confidence), agreement_of(votes)
    control = noise_floor(every, confidence=confidence)
    raters = rater_table(votes, rows[0]["item"] if rows else None, confidence=confidence)
    notes = [
        *(note for table in tables for note in group_notes(table.rows, table.units, looks)),
        *map(_what_helps, tables),
        *common_notes(alone, judgements, sides, agreement),
        quality_note(raters),
        unmatched_note(votes),
        control.sentence if control is not None else "",
    ]
    one = groups[0] if len(groups) == 1 and not alone else None
    return Ranking(
        df=df,
        pairs=pairs,
        winner=one.winner if one is not None else None,
        more=one.more if one is not None else None,
        side_bias=sides,
        agreement=agreement,
        confidence=confidence,
        sentence=sentence_of(groups),
        estimand=_estimand(groups),
        notes=tuple(dict.fromkeys(filter(None, notes))),
        units=units,
        raters=raters,
        control=control,
        groups=groups,
        looks=tuple(looks),
    )


@dataclass(frozen=True, kw_only=True)
class _Table:
    """What is computed of one group: its items' rows, the strongest first, their pairs, and the claim."""

    rows: list[dict[str, Any]]
    pairs: list[dict[str, Any]]
    claimed: Claim
    units: Units
    counted: list[Judgement]


def _table(
    names: Sequence[str],
    votes: Sequence[Vote],
    alone: Sequence[str],
    *,
    family: int,
    confidence: float,
    looks: Sequence[int],
    rng: np.random.Generator,
) -> _Table:
    """Return the table of a group of items that comparisons connect; ``alone`` are items that it must still meet."""
    own = [v for v in votes if v.left in names and v.right in names]
    judgements = judgements_of(own)
    counted = [j for j in judgements if j.score is not None]
    units = units_of(counted)
    strengths = _strengths(counted, names, units, confidence, rng)
    rows = [_row(name, judgements, units, confidence) | strengths[name] for name in names]
    rows.sort(key=lambda row: -row["strength"])
    for place, row in enumerate(rows, start=1):
        row["rank"] = place
    claimed = _borne_out(claim_at_looks(own, looks, items=names, confidence=confidence, family=family), rows)
    return _Table(
        rows=rows,
        pairs=mean_tests(counted, names, units),
        claimed=replace(claimed, unmet=(*claimed.unmet, *alone)),
        units=units,
        counted=counted,
    )


def _all_pairs(found: Sequence[Sequence[Mapping[str, Any]]], names: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return the rows of all pairs of items in their order, those of two groups without figures."""
    rows = {(row["first"], row["second"]): row for rows in found for row in rows}
    return [rows.get((row["first"], row["second"]), row) for row in mean_tests([], names, units_of([]))]


def _group(table: _Table, confidence: float) -> Group:
    """Return a group's result."""
    claimed = table.claimed
    return Group(
        items=tuple(row["item"] for row in table.rows),
        winner=claimed.winner,
        more=claimed.more,
        sentence=result_of(table.rows, claimed, table.counted, table.units, confidence),
        estimand=table.units.estimand,
        units=table.units,
        further=_further(table),
    )


def _further(table: _Table) -> Mapping[str, int]:
    """Return the further units for a decision by the other item; none if the sentence names no such number."""
    claimed = table.claimed
    named = claimed.leader == table.rows[0]["item"] and claimed.winner is None and not claimed.unmet
    return claimed.needed if named else {}


def _what_helps(table: _Table) -> str:
    """Return what more raters or pairs of clips would do for the comparison that needs most units; "" if unknown."""
    further = _further(table)
    if not further:
        return ""
    two = {table.rows[0]["item"], max(further, key=lambda item: further[item])}
    return parts_note([j for j in table.counted if {j.first, j.second} == two], table.units)


def _estimand(groups: Sequence[Group]) -> str:
    """Return what the figures are about, group by group if that differs."""
    told = dict.fromkeys(group.estimand for group in groups)
    if len(told) <= 1:
        return "".join(told)
    return " ".join(f"Group {n}: {g.estimand[0].lower()}{g.estimand[1:]}" for n, g in enumerate(groups, start=1))


def _borne_out(claimed: Claim, rows: Sequence[Mapping[str, Any]]) -> Claim:
    """Return the claim, without its winner if the table doesn't bear it out: the test counts units as they were first.

    The winner must be preferred in more than half of all judgements, with an interval above one half, rank first, and
    be the likeliest to be the best.
    """
    if claimed.winner is None:
        return claimed
    row = next(row for row in rows if row["item"] == claimed.winner)
    least = row["win_rate"] if row["win_low"] is None else row["win_low"]
    likeliest = max(r["p_best"] or 0.0 for r in rows)
    if row["rank"] == 1 and (least or 0.0) > 0.5 and row["p_best"] == likeliest:  # noqa: PLR2004 - even
        return claimed
    return replace(claimed, winner=None, more=None, needed={})


def _dtype(kind: str) -> Any:
    return pd.api.types.pandas_dtype(kind)


def _row(name: str, judgements: Sequence[Judgement], units: Units, confidence: float) -> dict[str, Any]:
    """Return an item's counts, and its win rate with its interval."""
    own = [j for j in judgements if name in {j.first, j.second}]
    counted = [j for j in own if j.score is not None]
    scores = np.array([j.score if j.first == name else 1 - (j.score or 0.0) for j in counted], dtype=np.float64)
    rate = win_rate(scores, clusters_of(counted, units), confidence=confidence)
    shown = [None if math.isnan(x) else x for x in rate]
    return {
        "item": name,
        "judged": len(own),
        "wins": int((scores == 1).sum()),
        "losses": int((scores == 0).sum()),
        "ties": int((scores == 0.5).sum()),  # noqa: PLR2004 - half a win
        "both_bad": len(own) - len(counted),
        "win_rate": shown[0],
        "win_low": shown[1],
        "win_high": shown[2],
    }


def _strengths(
    counted: Sequence[Judgement], names: Sequence[str], units: Units, confidence: float, rng: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Return the strength of each of the items, which comparisons connect."""
    strengths = fit(wins_of(counted, names))
    low, high = strength_intervals(counted, names, units, confidence=confidence)
    best = chances_to_be_best(_unit_wins(counted, names, units), draws=DRAWS, rng=rng)
    return {
        name: {
            "strength": float(strengths[n]),
            "strength_low": None if math.isnan(low[n]) else float(low[n]),
            "strength_high": None if math.isnan(high[n]) else float(high[n]),
            "p_best": float(best[n]),
        }
        for n, name in enumerate(names)
    }


def _unit_wins(judgements: Sequence[Judgement], names: Sequence[str], units: Units) -> NDArray[np.float64]:
    """Return the points of the row's item against the column's, each unit counted once with its mean."""
    place = {item: n for n, item in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for (first, second), scores in scores_by_unit(judgements, units).items():
        means = [sum(given) / len(given) for given in scores.values()]
        wins[place[first], place[second]] += sum(means)
        wins[place[second], place[first]] += len(means) - sum(means)
    return wins
