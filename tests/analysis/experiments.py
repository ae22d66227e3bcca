"""Experiments with simulated panels, for tests with some of them and for the bench with many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from panel import Panel, disorder, true_rates

from hailuo_widgets.voting.bradley_terry import fit
from hailuo_widgets.voting.judgements import judgements_of, wins_of
from hailuo_widgets.voting.next_pair import next_pair
from hailuo_widgets.voting.ranking import rank
from hailuo_widgets.voting.sequential_test import claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hailuo_widgets.domain.vote import Vote

ALMOST_NOTHING = 1e-6  # a prior so weak that what it fits are the strengths of the rates themselves


def covered(seed: int, *, items: int, votes: int, units: int, luck: float = 0.0) -> tuple[float, float, bool]:
    """One experiment: the shares of win rates and strengths inside their intervals, and whether a side was claimed."""
    rng = np.random.default_rng(seed)
    panel = Panel(rng.normal(0, 0.8, items), rng, luck=rng.normal(0, luck, (units, items)) if luck else None)
    found = rank(panel.round_robin(votes, units), items=panel.items, rng=rng)
    rates = true_rates(panel, luck)
    others = ~np.eye(items, dtype=bool)
    true_rate = [rates[n][others[n]].mean() for n in range(items)]
    true_strength = fit(np.where(others, rates, 0.0) * 1e4, ridge=ALMOST_NOTHING)
    rows = {row["item"]: row for row in found.df.to_dict("records")}
    mine = [rows[name] for name in panel.items]
    win = np.mean([row["win_low"] <= true <= row["win_high"] for row, true in zip(mine, true_rate, strict=True)])
    strong = [row["strength_low"] <= t <= row["strength_high"] for row, t in zip(mine, true_strength, strict=True)]
    return float(win), float(np.mean(strong)), found.side_bias.claimed


def walk(seed: int, *, items: int, votes: int, aim: str | None) -> NDArray[np.float64]:
    """One experiment: the disorder after each vote, shape (votes,), with pairs chosen for ``aim``, or at random."""
    rng = np.random.default_rng(seed)
    panel = Panel(rng.permutation(np.linspace(-1.5, 1.5, items)), rng)
    draw = np.random.default_rng(seed + 1_000_000)
    pairs = [(a, b) for a in range(items) for b in range(a + 1, items)]
    given: list[Vote] = []
    path = []
    for n in range(votes):
        offered = [(panel.items[a], panel.items[b], str(n)) for a, b in pairs]
        chosen = int(draw.integers(len(pairs))) if aim is None else next_pair(given, offered, rng=draw, aim=aim)
        given.append(panel.judge(n, *pairs[chosen], n))
        found = fit(wins_of(judgements_of(given), panel.items))
        path.append(disorder(found.tolist(), panel.strengths.tolist()))
    return np.array(path)


def stopped(seed: int, strengths: Sequence[float], *, votes: int, aim: str | None) -> tuple[int, bool] | None:
    """One experiment that looks after each vote: when the best was claimed and whether wrongly; None where never."""
    rng = np.random.default_rng(seed)
    panel = Panel(np.array(strengths, dtype=np.float64), rng)
    size = len(strengths)
    pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
    given: list[Vote] = []
    for n in range(votes):
        offered = [(panel.items[a], panel.items[b], str(n)) for a, b in pairs]
        chosen = int(rng.integers(len(pairs))) if aim is None else next_pair(given, offered, rng=rng, aim=aim)
        given.append(panel.judge(n, *pairs[chosen], n))
        winner = claim(given, items=panel.items).winner
        if winner is not None:
            lead = panel.items.index(winner)
            others = np.delete(panel.strengths, lead)
            return n + 1, bool(panel.strengths[lead] <= others.max())
    return None
