"""Benchmark of ``hw.power`` beside brute force: ``python tests/bench/power.py [experiments]``.

For each design, the chance that is said, the share of simulated panels whose ranking names the better variant, and the
difference in points. With 4,000 panels each (two standard errors are 1.6 points) about half an hour on one core.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))

from test_power import named

from hailuo_widgets.voting.simulated_power import chances

DESIGNS = [(0.7, 0.1, 40, 1), (0.7, 0.1, 80, 1), (0.8, 0.1, 20, 1), (0.8, 0.2, 30, 1), (0.7, 0.1, 40, 3)]


def main(experiments: int = 4000) -> None:
    """Print the figures."""
    for preference, ties, units, pairs in DESIGNS:
        rng = np.random.default_rng(units)
        design = {"preference": preference, "ties": ties, "pairs": pairs}
        share = np.mean([named(rng, units=units, **design) for _ in range(experiments)])
        said = chances(variants=2, confidence=0.95, **design)[units - 1]
        line = f"{preference:.0%}, {ties:.0%} ties, {units} units of {pairs}: said {said:.3f}, found {share:.3f}"
        sys.stdout.write(f"{line}, {100 * (said - share):+.1f} points\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
