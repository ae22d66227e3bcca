"""Comparisons of items two by two, and the ranks that they leave open.

Two items are compared by the share in which one was preferred, and by a test that its mean score over the units is one
half (:mod:`hailuo_widgets.voting.mean_test`). A rank interval has all ranks that the corrected tests leave open: an
item is behind those that are found ahead of it, and before those that it is found ahead of. Ahead is what has a mean
score above one half, as the test tells, and was preferred in more than half of the judgements, which differs if units
have unequal numbers of them. All intervals hold together with the confidence of the tests, whose error is controlled
for the family:
S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979). On ranks:
D. Al Mohamad and others, "Simultaneous confidence intervals for ranks", J. Multivar. Anal. 188 (2022).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from hailuo_widgets.voting.mean_test import mean_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.units import Units

__all__ = ["PAIR_COLUMNS", "holm", "matrix_of", "mean_tests", "pair_table", "rank_intervals", "scores_by_unit"]

PAIR_COLUMNS: Final = {
    "first": "string",
    "second": "string",
    "units": "Int64",
    "first_ahead": "Int64",
    "p": "Float64",
    "p_holm": "Float64",
    "judged": "Int64",
    "first_rate": "Float64",
    "first_mean": "Float64",
}
EVEN: Final = 0.5


def scores_by_unit(judgements: Sequence[Judgement], units: Units) -> dict[tuple[str, str], dict[object, list[float]]]:
    """Return the first item's scores by the two items, sorted, and the unit; "both bad" don't count."""
    found: dict[tuple[str, str], dict[object, list[float]]] = {}
    for j in judgements:
        if j.score is not None:
            found.setdefault((j.first, j.second), {}).setdefault(units.key(j) or j.cell, []).append(j.score)
    return found


def mean_tests(judgements: Sequence[Judgement], names: Sequence[str], units: Units) -> list[dict[str, Any]]:
    """Return one row per two items, with the values of :data:`PAIR_COLUMNS` but ``p_holm``.

    A unit counts by its mean score over its raters and pairs of clips.
    """
    rows: list[dict[str, Any]] = []
    scores = scores_by_unit(judgements, units)
    for first, second in combinations(sorted(names), 2):
        given = list(scores.get((first, second), {}).values())
        means = np.array([sum(one) / len(one) for one in given], dtype=np.float64)
        every = [score for one in given for score in one]
        rows.append(
            {
                "first": first,
                "second": second,
                "units": len(given),
                "first_ahead": int((means > EVEN).sum()),
                "p": mean_test(means) if given else None,
                "judged": len(every),
                "first_rate": sum(every) / len(every) if every else None,
                "first_mean": float(means.mean()) if given else None,
            }
        )
    return rows


def pair_table(rows: Sequence[Mapping[str, Any]], beside: Sequence[float | None] = ()) -> pd.DataFrame:
    """Return the rows of :func:`mean_tests` with their corrected p-values, as a table of :data:`PAIR_COLUMNS`.

    ``beside`` are the p-values of other tests of one family.
    """
    corrected = holm([*(row["p"] for row in rows), *beside])[: len(rows)]
    full = [dict(row) | {"p_holm": p} for row, p in zip(rows, corrected, strict=True)]
    return pd.DataFrame({
        column: pd.Series([pd.NA if row[column] is None else row[column] for row in full], dtype=kind)
        for column, kind in PAIR_COLUMNS.items()
    })  # fmt: skip


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values that are corrected for their number; a missing one stays missing, and doesn't count."""
    tested = sorted((p, n) for n, p in enumerate(values) if p is not None)
    found: list[float | None] = [None] * len(values)
    highest = 0.0
    for place, (p, n) in enumerate(tested):
        highest = max(highest, min(1.0, p * (len(tested) - place)))
        found[n] = highest
    return found


def rank_intervals(pairs: pd.DataFrame, names: Sequence[str], *, confidence: float) -> dict[str, tuple[int, int]]:
    """Return each item's best and worst rank that the tests leave open.

    Args:
        pairs: As :func:`pair_table` returns them.
        names: The items that are ranked.
        confidence: The level at which all intervals hold together.
    """
    ahead = dict.fromkeys(names, 0)
    behind = dict.fromkeys(names, 0)
    for row in pairs.to_dict("records"):
        found = not pd.isna(row["p_holm"]) and row["p_holm"] < 1 - confidence
        if found and row["first"] in ahead and row["second"] in ahead:
            better = row["first_mean"] > EVEN
            if (row["first_rate"] > EVEN) != better:
                continue
            ahead[row["first"] if better else row["second"]] += 1
            behind[row["second"] if better else row["first"]] += 1
    return {name: (1 + behind[name], len(names) - ahead[name]) for name in names}


def matrix_of(pairs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the share in which the row's item was preferred to the column's, a tie as one half; NA if never judged."""
    shares = {(row["first"], row["second"]): row["first_rate"] for row in pairs.to_dict("records")}
    shares |= {(b, a): pd.NA if pd.isna(share) else 1 - share for (a, b), share in shares.items()}
    return pd.DataFrame(
        {column: pd.Series([shares.get((row, column), pd.NA) for row in names], dtype="Float64") for column in names}
    ).set_axis(list(names), axis=0)
