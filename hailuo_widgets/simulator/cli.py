"""``python -m hailuo_widgets simulator``: the simulator alone, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from types import FrameType


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--port", type=int, default=0, metavar="N", help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--home", metavar="DIR", help="folder that keeps tasks and clips (default: a temporary one)")
    parser.add_argument(
        "--speed",
        type=float,
        default=20.0,
        metavar="X",
        help="times faster than real generation (default: %(default)s)",
    )
    parser.add_argument("--draft", action="store_true", help="render a quarter of the width and height")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; the first line printed is the URL. Return the exit code."""
    from hailuo_widgets.simulator.server import Simulator

    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    simulator = Simulator(arguments.home, port=arguments.port, speed=arguments.speed, draft=arguments.draft)
    with simulator:
        print(simulator.url, flush=True)  # noqa: T201 - the command's output
        while not stopped.wait(0.5):  # some systems deliver signals only between waits
            pass
    return 0
