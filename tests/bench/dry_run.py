"""Benchmark of dry runs of 500 runs and of 5: ``python tests/bench/dry_run.py``."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.costs import plan_frame

ROUNDS = 7


def seconds(session: Session, seeds: int) -> float:
    """A plan over 5 prompts and so many seeds, checked, priced and looked up in the log, as a DataFrame."""
    began = time.perf_counter()
    plan = session.plan([f"fox {n}" for n in range(5)], provider="kie", model="02", seed=range(1, seeds + 1))
    plan_frame(plan)
    return time.perf_counter() - began


def main() -> None:
    """Both in turn, in one process; the medians and their ratio."""
    with tempfile.TemporaryDirectory() as home:
        session = Session(home=home, mode="simulated", notice=lambda _: None)
        session.sweep([f"fox {n}" for n in range(3)], provider="kie", model="02", seed=range(1, 11))
        seconds(session, 1)
        pairs = [(seconds(session, 1), seconds(session, 100)) for _ in range(ROUNDS)]
        session.close()
    few, many = (statistics.median(side) for side in zip(*pairs, strict=True))
    sys.stdout.write(f"5 runs: {few * 1000:.0f} ms; 500 runs: {many * 1000:.0f} ms; ratio {many / few:.1f}\n")


if __name__ == "__main__":
    main()
