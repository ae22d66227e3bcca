"""Long version of the model tests: ``python tests/model/run_all.py`` (10,000 schedules, 30,000 submits; an hour).

It prints what was wrong, each with its seed, and at the end the counts; the exit status is 1 where anything was.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from odd import ENABLED, KINDS, WORLDS
from schedules import play
from storm import Weather, blow

if TYPE_CHECKING:
    from collections.abc import Collection

MEMORY = Path("/dev/shm")  # noqa: S108 - each world makes a folder of its own there
BATCH = 500  # submits on one store


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def schedules(seeds: range, folder: Path | None, kinds: Collection[str]) -> int:
    """Play the schedules of these seeds; how many broke a promise."""
    began, broken, charges, kills = time.monotonic(), 0, 0, 0
    ends: Counter[str] = Counter()
    happened: Counter[str] = Counter()
    for n, seed in enumerate(seeds, 1):
        verdict = play(seed, folder=folder, kinds=kinds)
        ends += verdict.ends
        happened.update(verdict.happened)
        charges, kills = charges + verdict.charges, kills + verdict.kills
        broken += bool(verdict.wrong)
        for wrong in verdict.wrong:
            say(f"WRONG in schedule {seed}: {wrong}")
        if n % 500 == 0 or n == len(seeds):
            say(
                f"{n} schedules from seed {seeds[0]}: {broken} broken, {sum(ends.values())} runs, {charges} charges, "
                f"{kills} kills, {time.monotonic() - began:.0f} s; {dict(ends.most_common())}"
            )
    say(f"faults met: {dict(sorted(happened.items()))}")
    return broken


def storms(submits: int, folder: Path | None, kinds: Collection[str]) -> int:
    """Blow; how many runs were charged twice, or charged and not known to be."""
    began, weather = time.monotonic(), Weather()
    for seed in range(max(0, submits // BATCH)):
        weather += blow(seed, BATCH, folder=folder, kinds=kinds)
    for wrong in weather.wrong:
        say(f"WRONG in the storm: {wrong}")
    say(
        f"{weather.submits} submits: {weather.creates} create calls, {weather.charges} charged, "
        f"{len(weather.double)} twice, {len(weather.denied)} charged and called not charged, "
        f"{len(weather.forgotten)} charged and unknown, {len(weather.dropped)} named and dropped, "
        f"{time.monotonic() - began:.0f} s; {dict(weather.ends)}"
    )
    return len(weather.wrong)


def main() -> int:
    """Both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--submits", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=0, help="the first schedule's seed")
    parser.add_argument("--kinds", nargs="*", default=list(ENABLED), choices=[*KINDS, *WORLDS], help="see odd.py")
    given = parser.parse_args()
    folder = MEMORY if MEMORY.is_dir() else None
    wrong = storms(given.submits, folder, given.kinds) if given.submits else 0
    wrong += schedules(range(given.seed, given.seed + given.schedules), folder, given.kinds) if given.schedules else 0
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
