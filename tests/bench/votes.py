"""Benchmark of the vote statistics on panels with known preferences: ``python tests/bench/votes.py``.

Coverage of the 95 % intervals over 1,000 experiments of each size, sides claimed where there is no bias, the votes that
adaptive pairing needs for the order that random pairing reaches (500 experiments), and how often a wrong best is
claimed by somebody who looks after every vote. About a quarter of an hour on one core.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from experiments import covered, stopped, walk

SIZES = (
    {"items": 2, "votes": 40, "units": 40},
    {"items": 2, "votes": 100, "units": 25},
    {"items": 2, "votes": 100, "units": 25, "luck": 0.8},
    {"items": 4, "votes": 120, "units": 20},
    {"items": 6, "votes": 150, "units": 10},
    {"items": 6, "votes": 300, "units": 20, "luck": 0.8},
)
LOOKED_AT = (60, 100, 150)  # votes


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def around(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """The path without its noise: the mean of nine neighbours."""
    padded = np.pad(path, 4, mode="edge")
    return np.convolve(padded, np.ones(9) / 9, mode="valid")


def main(experiments: int = 1000, walks: int = 500, votes: int = 160) -> None:
    """Print the figures."""
    say("intervals: size | win rate | strength | side claimed")
    for size in SIZES:
        found = np.array([covered(seed, **size) for seed in range(experiments)])
        say(f"  {size}: {found[:, 0].mean():.3f} {found[:, 1].mean():.3f} {found[:, 2].mean():.3f}")
    paths = {
        aim: np.mean([walk(seed, items=6, votes=votes, aim=aim) for seed in range(walks)], axis=0)
        for aim in (None, "order", "best")
    }
    say("votes for the order that random pairing reaches, six items evenly apart")
    for n in (n for n in LOOKED_AT if n <= votes):
        target = around(paths[None])[n - 1]
        needs = {aim: int(np.argmax(around(path) <= target)) + 1 for aim, path in paths.items() if aim}
        told = ", ".join(f"{aim} {need} ({need / n:.0%})" for aim, need in needs.items())
        say(f"  random {n} ({1 - target:.3f} right): {told}")
    say("stopping at any vote: claimed, wrongly claimed, median votes")
    for name, strengths, most, aim in (
        ("two equal", [0, 0], 200, None),
        ("two, 75 %", [1.1, 0], 200, None),
        ("six equal", [0] * 6, 200, "best"),
        ("six, two best", [0.8, 0.8, 0, 0, -0.8, -0.8], 200, "best"),
        ("six, one best", [1.6, 0.3, 0.1, -0.3, -0.7, -1.0], 300, "best"),
    ):
        times = walks if len(strengths) > 2 else experiments
        ends = [stopped(seed, strengths, votes=most, aim=aim) for seed in range(times)]
        claims = [end for end in ends if end]
        median = f"{np.median([end[0] for end in claims]):.0f}" if claims else "-"
        wrong = sum(end[1] for end in claims) / len(ends)
        say(f"  {name}: {len(claims) / len(ends):.3f} {wrong:.3f} {median}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
