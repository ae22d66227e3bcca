"""Run log: every step of every run, committed and synced before the next step begins.

SQLAlchemy Core on a SQLite file by default (rollback journal, ``synchronous=FULL``, ``BEGIN IMMEDIATE``), on
PostgreSQL by a SQLAlchemy URL. One thread does all the work, so that a commit never blocks the notebook's event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hailuo_widgets.store.runlog import RunLog

__all__ = ["RunLog"]


def __getattr__(name: str) -> Any:
    """Import the log when it is first used: a count of the unfinished runs needs the standard library alone."""
    if name == "RunLog":
        from hailuo_widgets.store.runlog import RunLog

        return RunLog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
