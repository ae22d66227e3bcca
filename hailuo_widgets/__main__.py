"""``python -m hailuo_widgets``: what can be started without a notebook."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from hailuo_widgets.simulator import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m hailuo_widgets")
    commands = parser.add_subparsers(dest="command", required=True)
    cli.add_arguments(commands.add_parser("simulator", help="serve the bundled simulator and print its URL"))
    arguments = parser.parse_args(argv)
    try:
        return cli.run(arguments)
    except (OSError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)  # noqa: T201 - the command's output
        return 2


if __name__ == "__main__":
    sys.exit(main())
