"""One of two kernels on one store: it starts its share of runs on command, and waits for them."""

from __future__ import annotations

import sys

from hailuo_widgets.api.session import Session


def main(home: str, name: str, runs: int, parallel: int) -> None:
    """All of a kernel's life."""
    session = Session(home=home, mode="live", max_parallel=parallel, poll_interval=0.1, notice=lambda _: None)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    session.sweep([f"a fox, {n} of {name}" for n in range(runs)], model="02", yes=True).wait(60)
    session.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
