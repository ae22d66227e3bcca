"""All kill points: ``python tests/crash/run_all.py`` (minutes). The test suite runs a sample.

It prints a table and what was wrong; the exit status is the number of broken points.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from killing import Outcome, Point, Ward, can_trace

from hailuo_widgets.simulator import Simulator

# System call → at most so many points, spread over all its calls.
MINIMAX = {
    "pwrite64": 60, "fdatasync": 60, "ftruncate": 20, "fcntl": 20, "openat": 20, "close": 10, "connect": 5, "socket": 5,
    "sendto": 30, "recvfrom": 60, "epoll_wait": 20, "write": 20, "fsync": 10, "rename": 10, "link": 5, "unlink": 10,
}  # fmt: skip
RUNWARE = {"pwrite64": 50, "fdatasync": 50, "ftruncate": 10, "sendto": 20, "recvfrom": 50, "epoll_wait": 20}
TWIN = {"commit": 20, "committed": 20, "send": 20, "receive": 20, "write": 10, "sync": 10, "name": 10}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers 1 to ``count``, evenly."""
    wanted = min(count, most)
    return sorted({1 + round(n * (count - 1) / max(1, wanted - 1)) for n in range(wanted)})


def points(ward: Ward, *, share: float) -> list[Point]:
    """All points, in the order of the calls."""
    if can_trace() is None:
        plans, counts = {"minimax": MINIMAX, "runware": RUNWARE}, ward.counts
    else:
        plans, counts = {"minimax": TWIN, "runware": TWIN}, ward.twin_counts
    found = []
    for provider, plan in plans.items():
        seen = counts(provider)
        for what, most in plan.items():
            found += [
                Point(what=what, at=at, provider=provider, twin=plan is TWIN)
                for at in spread(seen.get(what, 0), max(1, round(most * share)))
            ]
    return found


def table(outcomes: list[Outcome]) -> str:
    """One row a provider and call: points, kills, in what state the run was left, how many were wrong."""
    rows = []
    for provider, what in dict.fromkeys((o.point.provider, o.point.what) for o in outcomes):
        mine = [o for o in outcomes if (o.point.provider, o.point.what) == (provider, what)]
        left = Counter(o.found for o in mine)
        window = sum(o.window for o in mine)
        rows.append(
            f"{provider:8} {what:10} {len(mine):4} points, {sum(o.killed for o in mine):4} killed, "
            f"{window:3} between yes and note, {sum(bool(o.wrong) for o in mine)} wrong; left as "
            + ", ".join(f"{state} {n}" for state, n in left.most_common())
        )
    return "\n".join(rows)


def main() -> int:
    """Go through all points."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="part of the points to go through")
    share = parser.parse_args().share
    began, outcomes = time.monotonic(), []
    say(f"means: {can_trace() or 'strace'}")
    with tempfile.TemporaryDirectory(prefix="hailuo-crash-") as folder:
        base = Path(folder)
        with (
            Simulator(base / "provider", latency=0.1, draft=True, random_seed=1) as simulator,
            Ward(simulator, base / "victims") as ward,
        ):
            for point in points(ward, share=share):
                outcome = ward.kill(point)
                outcomes.append(outcome)
                for rule in outcome.wrong:
                    say(f"WRONG at {point}: {rule}")
    say(table(outcomes))
    wrong = sum(bool(o.wrong) for o in outcomes)
    seconds = time.monotonic() - began
    say(f"{len(outcomes)} points, {sum(o.killed for o in outcomes)} killed, {wrong} wrong, {seconds:.0f} s")
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 100))
