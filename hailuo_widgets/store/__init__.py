"""The run log: every step of every run, committed and synced before the next one is taken.

SQLAlchemy Core on a SQLite file by default (rollback journal, ``synchronous=FULL``, ``BEGIN IMMEDIATE``), on any
SQLAlchemy URL otherwise. One thread of its own does all the work, so that a commit never stalls the notebook's loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.store.runlog import RunLog

__all__ = ["RunLog", "open_log"]


def open_log(url: str, *, notice: Callable[[str], None] | None = None) -> RunLog:
    """The run log at a SQLAlchemy URL. SQLAlchemy is loaded in the log's thread, with the first question.

    Args:
        url: The store's.
        notice: Told, in the log's thread, what a user should know of the store.
    """
    from hailuo_widgets.store.late import LateLog

    return cast("RunLog", LateLog(url, notice=notice))


def __getattr__(name: str) -> Any:
    """Load the log, and SQLAlchemy with it, when it is first used: a peek at the store needs neither."""
    if name == "RunLog":
        from hailuo_widgets.store.runlog import RunLog

        return RunLog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
