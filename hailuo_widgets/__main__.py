"""The command line, ``python -m hailuo_widgets``: the simulator, and backups of the run log."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from hailuo_widgets.errors import HailuoError
from hailuo_widgets.simulator import cli

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m hailuo_widgets")
    commands = parser.add_subparsers(dest="command", required=True)
    cli.add_arguments(commands.add_parser("simulator", help="serve the bundled simulator and print its URL"))
    copy = commands.add_parser("backup", help="copy the run log, also while kernels write to it, and print the copy")
    copy.add_argument("--home", metavar="DIR", help="the folder that the run log is in (default: HAILUO_HOME)")
    copy.add_argument("file", nargs="?", metavar="FILE", help="where to; a file that is not there yet, or a folder")
    arguments = parser.parse_args(argv)
    try:
        return _backup(arguments) if arguments.command == "backup" else cli.run(arguments)
    except (OSError, ValueError, HailuoError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)  # noqa: T201 - the command's output
        return 2


def _backup(arguments: argparse.Namespace) -> int:
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.store import RunLog

    environ = dict(os.environ)
    if arguments.home is not None:
        environ.pop("HAILUO_STORE", None)  # --home overrides the store in the environment
    settings = Settings.resolve({"home": arguments.home} if arguments.home is not None else {}, environ=environ)
    log = RunLog(settings.store_url)
    try:
        print(log.backup(arguments.file))  # noqa: T201 - the command's output
    finally:
        log.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
