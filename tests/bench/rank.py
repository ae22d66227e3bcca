"""Benchmark of ``hw.rank`` on simulated panels: ``python tests/bench/rank.py [experiments] [case …]``.

Coverage of the 95 % intervals with its standard error, how often an interval is missing and how often one of a strength
has one end, false claims and false findings of the corrected tests of two items; then the units that find a preference
of 60, 70 and 80 % in 80 % of experiments, beside a sign test of fixed size. About 20 minutes on one core with 2,000
experiments a case.

The panels are others than the product's own model: a rater sees the difference of two latent values with normal noise,
and calls a small one a tie. A clip's value has persistent parts of the clip, of its seed and of its prompt, each of
them drawn for the item, and each rater values items in an own way. Truth is over seeds and prompts drawn anew, unless
the ranking says what it is about: these prompts, these seeds, these raters.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import ndtr

from hailuo_widgets.domain.vote import Place, Vote
from hailuo_widgets.voting.bradley_terry import fit
from hailuo_widgets.voting.ranking import Ranking, rank
from hailuo_widgets.voting.sequential_test import evidence

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ALMOST_NOTHING = 1e-6
DRAWN = 4000  # clips that are drawn for a truth
LEVEL = 0.01  # true rates that differ by less are even
FIXED = {0.6: 199, 0.7: 49, 0.8: 20}  # units of the fixed sign test, two-sided at 5 %


@dataclass(frozen=True, kw_only=True)
class Case:
    """A panel: what varies, and how much. ``values`` are the items'; the others are standard deviations."""

    values: tuple[float, ...] = (0.0, 0.0)
    scenes: int = 1
    seeds: int = 20
    replicates: int = 1
    raters: int = 1
    clip: float = 0.5
    seed: float = 0.6
    scene: float = 0.0
    rater: float = 0.0
    margin: float = 0.25
    side: float = 0.2
    cycle: float = 0.0  # by how much each item is preferred to the next one, in a circle
    by_rater: bool = False  # each rater judges all before the next one does
    opposed: bool = False  # the raters' own tastes cancel out
    groups: bool = False  # the first two items are never compared with the others
    looks: tuple[int, ...] = ()  # registered in advance
    chances: tuple[float, ...] = ()  # with which each rater prefers the first item, whatever the clips


CASES = {
    "20 seeds, ties": Case(),
    "20 seeds, 3 raters": Case(raters=3, rater=0.4),
    "20 seeds, 3 raters, one after another": Case(raters=3, rater=0.4, by_rater=True),
    "8 seeds x 5 replicates": Case(seeds=8, replicates=5),
    "4 seeds x 10": Case(seeds=4, replicates=10),
    "1 seed x 20": Case(seeds=1, replicates=20),
    "5 prompts x 8 seeds": Case(scenes=5, seeds=8, scene=0.8),
    "8 prompts x 5 seeds": Case(scenes=8, seeds=5, scene=0.8),
    "2 prompts x 20 seeds": Case(scenes=2, scene=0.8),
    "3 seeds": Case(seeds=3),
    "5 seeds": Case(seeds=5),
    "preferred in 96 %": Case(values=(2.3, 0.0), margin=0.0, seed=0.5, clip=0.3),
    "4 variants, one always loses": Case(values=(0.0, 0.0, 0.0, -9.0)),
    "4 variants": Case(values=(0.6, 0.2, -0.1, -0.7)),
    "2 groups of 2 variants": Case(values=(0.0, 0.0, 0.0, 0.0), groups=True),
    "3 variants in a circle": Case(values=(0.0, 0.0, 0.0), cycle=0.7),
    "30 seeds, 2 opposed raters": Case(seeds=30, raters=2, rater=1.2, opposed=True),
    "30 seeds, 2 opposed raters, one after another": Case(seeds=30, raters=2, rater=1.2, opposed=True, by_rater=True),
    "20 seeds, raters at 0, 75 and 75 %": Case(raters=3, chances=(0.0, 0.75, 0.75)),
    "60 seeds, raters at 0, 75 and 75 %": Case(seeds=60, raters=3, chances=(0.0, 0.75, 0.75)),
    "60 seeds, raters at 0, 75 and 75 %, one after another": Case(
        seeds=60, raters=3, chances=(0.0, 0.75, 0.75), by_rater=True
    ),
    "30 seeds, 8 raters": Case(seeds=30, raters=8, rater=0.6),
    "20 seeds, ties, looks at 10 and 20": Case(looks=(10, 20)),
    "60 seeds, 3 raters, looks at 20, 40 and 60": Case(seeds=60, raters=3, rater=0.4, looks=(20, 40, 60)),
    "60 seeds, raters at 0, 75 and 75 %, looks": Case(
        seeds=60, raters=3, chances=(0.0, 0.75, 0.75), looks=(20, 40, 60)
    ),
}


class Panel:
    """One drawing of a case."""

    def __init__(self, case: Case, rng: np.random.Generator) -> None:
        size = len(case.values)
        self.case, self.rng, self.items = case, rng, [f"i{n}" for n in range(size)]
        self.scene = rng.normal(0, case.scene, (case.scenes, size))
        self.seed = rng.normal(0, case.seed, (case.seeds, size))
        self.clip = rng.normal(0, case.clip, (case.scenes, case.seeds, case.replicates, size))
        self.rater = rng.normal(0, case.rater, (case.raters, size))
        if case.opposed:
            self.rater -= self.rater.mean(0)

    def votes(self) -> list[Vote]:
        """All pairs on all seeds, in random order of the units."""
        case, rng = self.case, self.rng
        units = [(s, k, c) for s in range(case.scenes) for k in range(case.seeds) for c in range(case.replicates)]
        rng.shuffle(units)
        turns = [(*unit, r) for unit in units for r in range(case.raters)]
        if case.by_rater:
            turns.sort(key=lambda turn: turn[3])
        size = len(self.items)
        given: list[Vote] = []
        for s, k, c, r in turns:
            clips = np.array(case.values) + self.scene[s] + self.seed[k] + self.clip[s, k, c] + self.rater[r]
            for a in range(size):
                for b in range(a + 1, size):
                    if case.groups and a < 2 <= b:
                        continue
                    left, right = (a, b) if rng.random() < 0.5 else (b, a)
                    ahead = clips[left] - clips[right] + self.turned(left, right) + case.side + rng.normal()
                    if case.chances:
                        ahead = (2.0 if rng.random() < case.chances[r] else -2.0) * (1 if left == 0 else -1)
                    answer = "tie" if abs(ahead) < case.margin else "left" if ahead > 0 else "right"
                    given.append(self.vote(len(given), left, right, answer, (s, k, c, r)))
        return given

    def turned(self, one: int, other: int) -> float:
        """How much more an item is preferred to another one than their values say."""
        size = len(self.items)
        return self.case.cycle * (((one + 1) % size == other) - ((other + 1) % size == one))

    def vote(self, number: int, left: int, right: int, answer: str, place: tuple[int, int, int, int]) -> Vote:
        """One vote."""
        s, k, c, r = place
        return Vote(
            vote_id=f"v{number:06}", at=NOW + timedelta(seconds=number), rater=f"r{r}", between="model",
            left=self.items[left], right=self.items[right], left_run=f"{left}/{s}/{k}/{c}",
            right_run=f"{right}/{s}/{k}/{c}", answer=answer, within="seed", unit=f"{k} · p{s}",
            place=Place(
                scene=f"p{s}", draw=str(k), of_scene=self.case.seeds * self.case.replicates,
                of_draw=self.case.scenes * self.case.replicates,
            ),
        )  # fmt: skip

    def rates(self, about: str) -> Any:
        """The points that the row's item gets of a vote of these raters, over what the ranking is about; (k, k)."""
        case, size = self.case, len(self.items)
        if case.chances:
            mean = float(np.mean(case.chances))
            return np.array([[0.5, mean], [1 - mean, 0.5]])
        rng = np.random.default_rng(self.rng.integers(2**62))
        new = {name: rng.normal(0, getattr(case, name), (DRAWN, 1, size)) for name in ("scene", "seed", "clip")}
        if "these" in about and "prompts," in about:
            new["scene"] = self.scene[rng.integers(case.scenes, size=DRAWN)][:, None]
        elif case.scenes == 1:
            new["scene"] = np.broadcast_to(self.scene[0], (DRAWN, 1, size))
        if "seeds, by" in about:
            new["seed"] = self.seed[rng.integers(case.seeds, size=DRAWN)][:, None]
        if case.replicates > 1 and case.seeds == 1:
            new["seed"] = np.broadcast_to(self.seed[0], (DRAWN, 1, size))
        clips = np.array(case.values) + new["scene"] + new["seed"] + new["clip"] + self.rater
        found = np.full((size, size), 0.5)
        for a in range(size):
            for b in range(size):
                if a != b:
                    ahead = clips[..., a] - clips[..., b] + self.turned(a, b)
                    both = [
                        ndtr(ahead + side - m) for side in (case.side, -case.side) for m in (case.margin, -case.margin)
                    ]
                    found[a, b] = np.mean(both)
        return found


def tried(case: Case, seed: int) -> tuple[Ranking, Any, Any, Any]:
    """One experiment: the ranking, and the truth: pair by pair, and win rates and strengths by item."""
    panel = Panel(case, np.random.default_rng(seed))
    found = rank(panel.votes(), items=panel.items, looks=case.looks)
    rates = panel.rates(found.estimand)
    place = {item: number for number, group in enumerate(found.groups) for item in group.items}
    group = np.array([place[item] for item in panel.items])
    others = ~np.eye(len(panel.items), dtype=bool) & (group[:, None] == group)
    win = np.array([rates[n][others[n]].mean() for n in range(len(panel.items))])
    strengths = np.zeros(len(panel.items))
    for number in range(len(found.groups)):
        own = np.flatnonzero(group == number)
        inside = np.ix_(own, own)
        strengths[own] = fit(np.where(others[inside], rates[inside], 0.0) * 1e4, ridge=ALMOST_NOTHING)
    return found, np.where(others, rates, np.nan), win, strengths


def covered(low: Any, high: Any, true: float) -> bool | None:
    """Whether an interval has the truth, None if it is missing; a missing end is no bound."""
    ends = [None if str(end) == "<NA>" else float(end) for end in (low, high)]
    if ends == [None, None]:
        return None
    return (ends[0] is None or ends[0] <= true) and (ends[1] is None or true <= ends[1])


def measured(case: Case, experiments: int) -> dict[str, str]:
    """The figures of one case."""
    win: list[list[bool | None]] = []
    strong: list[list[bool | None]] = []
    half: list[list[bool | None]] = []
    claims, holm, wrong = 0, 0, 0
    for seed in range(experiments):
        found, pairwise, rates, strengths = tried(case, seed)
        rows = found.df.set_index("item")
        own = [rows.loc[f"i{n}"] for n in range(len(case.values))]
        win.append([covered(r.win_low, r.win_high, true) for r, true in zip(own, rates, strict=True)])
        strong.append([covered(r.strength_low, r.strength_high, true) for r, true in zip(own, strengths, strict=True)])
        half.append([(str(r.strength_low) == "<NA>") != (str(r.strength_high) == "<NA>") for r in own])
        false = False
        for group in found.groups:
            if group.winner is not None:
                best, own = rows.loc[group.winner], rows.loc[list(group.items)]
                wrong += not (best["rank"] == 1 and best.win_rate > 0.5 and best.p_best == own.p_best.max())
                lead, *rest = (int(item[1:]) for item in (group.winner, *(i for i in group.items if i != group.winner)))
                false |= bool(rates[lead] - rates[rest].max() < LEVEL)
        claims += false
        tested = found.pairs[found.pairs.p_holm.fillna(1) < 1 - 0.95]
        holm += any(_is_false(row, pairwise) for row in tested.to_dict("records"))
    return {
        "win rate": share(win),
        "strength": share(strong),
        "missing": share([[w is None for w in one] for one in win]),
        "one end": share(half),
        "false claims": f"{claims / experiments:.3f}",
        "false p_holm": f"{holm / experiments:.3f}",
        "contradictions": str(wrong),
    }


def _is_false(row: dict[str, Any], rates: Any) -> bool:
    """Whether the item that a test finds ahead is not."""
    first, second = (int(row[side][1:]) for side in ("first", "second"))
    ahead = rates[first, second] if row["first_mean"] > 0.5 else rates[second, first]
    return bool(ahead - 0.5 < LEVEL / 2)


def share(found: list[list[bool | None]]) -> str:
    """A share of what isn't missing, by experiment, with its standard error over experiments; – of nothing."""
    means = [np.mean([one for one in of if one is not None]) for of in found if any(one is not None for one in of)]
    if not means:
        return "–"
    return f"{np.mean(means):.3f} ±{np.std(means) / math.sqrt(len(means)):.3f}"


def needed(preference: float, experiments: int = 4000, power: float = 0.8) -> int:
    """The units by which a preference is claimed in 80 % of experiments, looked at after each one."""
    rng = np.random.default_rng(7)
    most = 4 * FIXED[preference]
    scores = (rng.random((experiments, most)) < preference).astype(float)
    claimed = np.full(experiments, most + 1)
    for n in range(most, 0, -1):
        claimed[evidence(scores[:, :n]) >= math.log(2 / 0.05)] = n
    return int(np.quantile(claimed, power, method="higher"))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(experiments: int = 400, *chosen: str) -> None:
    """Print the figures."""
    for name, case in CASES.items():
        if not chosen or name in chosen:
            figures = ", ".join(f"{what} {figure}" for what, figure in measured(case, experiments).items())
            say(f"{name}: {figures}")
    if not chosen:
        for preference, fixed in FIXED.items():
            units = needed(preference)
            exact = stats.binom.sf(stats.binom.isf(0.025, fixed, 0.5), fixed, preference)
            say(f"{preference:.0%}: {units} units, {units / fixed:.2f} x the fixed test's {fixed} (power {exact:.2f})")


if __name__ == "__main__":
    main(*(int(sys.argv[1]),) if len(sys.argv) > 1 else (), *sys.argv[2:])
