"""Tests of the statistics against other packages: strengths, ties, and agreement."""

from __future__ import annotations

import choix
import evalica
import krippendorff
import numpy as np
import pytest
from panel import vote

from hailuo_widgets.voting.bradley_terry import fit
from hailuo_widgets.voting.judgements import judgements_of, wins_of
from hailuo_widgets.voting.ranking import rank

WINNERS = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}


@pytest.mark.parametrize("items", [2, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_strengths_are_those_of_choix(items: int, seed: int) -> None:
    """Without the prior they are the likeliest ones, and with it those of a penalty of the same weight."""
    rng = np.random.default_rng(seed)
    wins = rng.integers(1, 30, (items, items)).astype(float)
    np.fill_diagonal(wins, 0)
    assert fit(wins, ridge=1e-9) == pytest.approx(choix.ilsr_pairwise_dense(wins, tol=1e-12), abs=1e-6)
    data = [(a, b) for a in range(items) for b in range(items) for _ in range(int(wins[a, b]))]
    # choix adds alpha times the square of the strengths, which is half a precision.
    assert fit(wins, ridge=0.1) == pytest.approx(choix.opt_pairwise(items, data, alpha=0.05, tol=1e-12), abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_ties_are_half_wins_as_in_evalica(seed: int) -> None:
    """Votes with ties have the strengths of its Bradley-Terry scores, whose logarithms differ by a constant."""
    rng = np.random.default_rng(seed)
    pairs = [("a", "b"), ("a", "c"), ("b", "c"), ("b", "d"), ("c", "d")]
    votes = [
        vote(n, *pairs[n % len(pairs)], str(rng.choice(["left", "right", "tie"], p=[0.45, 0.3, 0.25])))
        for n in range(300)
    ]
    names = ["a", "b", "c", "d"]
    ours = fit(wins_of(judgements_of(votes), names), ridge=1e-9)
    theirs = evalica.bradley_terry(
        [v.left for v in votes], [v.right for v in votes], [WINNERS[v.answer] for v in votes],
        tolerance=1e-12, limit=10_000,
    )  # fmt: skip
    logs = np.log(theirs.scores[names].to_numpy())
    assert ours == pytest.approx(logs - logs.mean(), abs=1e-4)


@pytest.mark.parametrize("raters", [2, 3, 5])
@pytest.mark.parametrize("skill", [0.5, 0.75, 0.95])
def test_agreement_is_krippendorffs(raters: int, skill: float) -> None:
    """Of two variants, alpha equals that of the package, with answers that are missing, ties and "both bad"."""
    rng = np.random.default_rng(round(100 * skill) + raters)
    votes, table = [], np.full((raters, 60), np.nan)
    for unit in range(60):
        better = rng.random() < 0.6
        for rater in range(raters):
            if rng.random() < 0.2:
                continue
            right = rng.random() < skill
            value = 2 if rng.random() < 0.1 else 3 if rng.random() < 0.05 else int(better == right)
            answer = ("left", "right", "tie", "both bad")[value]
            table[rater, unit] = value
            votes.append(vote(len(votes), "a", "b", answer, unit=unit, rater=f"r{rater}"))
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
    assert rank(votes).agreement.alpha == pytest.approx(expected, abs=1e-9)
