"""Report of ``%hailuo doctor``: checks what a run needs, and tells how to repair it."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import pandas as pd

from hailuo_widgets.engine.rescue_file import adopt_rescued
from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["report"]

PACKAGES = (
    "hailuo-widgets",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "jupyterlab",
    "pandas",
    "httpx",
    "av",
    "SQLAlchemy",
)


def report(session: WorkspaceBase) -> pd.DataFrame:
    """One row a check: ``check``, ``ok``, ``finding``."""
    rows = [
        _run_log(session),
        _disk(session),
        _rescued(session),
        _archive(session),
        ("mode", True, f"{session.settings.mode}; provider {session.settings.provider}"),
        ("python", True, f"{platform.python_version()} on {sys.platform}"),
        *((name, found != "", found or "not installed here") for name, found in ((n, _version(n)) for n in PACKAGES)),
    ]
    return pd.DataFrame(rows, columns=["check", "ok", "finding"])


def _run_log(session: WorkspaceBase) -> tuple[str, bool, str]:
    try:
        health = session.log.call(session.log.check)
    except HailuoError as e:
        return "run log", False, str(e)
    return "run log", health.ok, str(health)


def _disk(session: WorkspaceBase) -> tuple[str, bool, str]:
    notes = session.log.notes()
    return "run log's disk", not notes, "; ".join(notes) or "nothing stands against it"


def _rescued(session: WorkspaceBase) -> tuple[str, bool, str]:
    """Write the task ids of the rescue file to the log, and report them."""
    try:
        said = adopt_rescued(session.log, session.settings.home)
    except HailuoError as e:
        return "rescue file", False, str(e)
    return "rescue file", not said, "; ".join(said) or "none is left"


def _archive(session: WorkspaceBase) -> tuple[str, bool, str]:
    try:
        session.archive.probe()
    except HailuoError as e:
        return "archive", False, str(e)
    return "archive", True, f"{session.archive.root} can be written"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
