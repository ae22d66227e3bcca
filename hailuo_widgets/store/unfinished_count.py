"""Read-only count of unfinished runs in a SQLite store, without SQLAlchemy.

``%load_ext`` calls it, so it must load fast and change nothing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["left_over", "never_sent", "unconfirmed_runs"]

_QUERY = """
SELECT status, owner, lease_until IS NULL OR lease_until < strftime('%Y-%m-%d %H:%M:%f', 'now') FROM runs
WHERE status IN ('planned', 'submitting', 'queued', 'running', 'downloading', 'unconfirmed')
"""


def left_over(store_url: str, is_dead: Callable[[str], bool]) -> dict[str, int]:
    """The number of runs that nobody follows, by status; empty if there is no store, or it is no SQLite file.

    Args:
        store_url: The store's SQLAlchemy URL.
        is_dead: Whether a run's owner is certainly gone, though its lease lasts.
    """
    path = Path(store_url.removeprefix("sqlite:///"))
    if not store_url.startswith("sqlite:///") or not path.is_file():
        return {}
    found: dict[str, int] = {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.2)) as c:
            for status, owner, lapsed in c.execute(_QUERY):
                if lapsed or owner is None or is_dead(owner):
                    found[status] = found.get(status, 0) + 1
    except sqlite3.Error:
        return {}  # opening the store raises an error with the cause
    return found


def never_sent(count: int) -> str:
    """The sentence about runs that were planned, by whichever kernel, and never sent."""
    were, them = ("1 planned run was", "it") if count == 1 else (f"{count} planned runs were", "them")
    their = "its cell" if count == 1 else "their cells"
    return f"{were} never sent, and cost nothing: run {their} again to send {them} (%hailuo runs planned lists {them})"


def unconfirmed_runs(count: int) -> str:
    """The sentence about runs whose create call got no answer, with the ways to settle them."""
    are, them = ("1 run is", "it") if count == 1 else (f"{count} runs are", "them")
    return (
        f"{are} unconfirmed, and may have been billed: %hailuo runs unconfirmed lists {them}. Look for the task at the "
        "provider: run.adopt(task_id) follows it, run.write_off() if it is not there, run.resubmit() pays for another "
        "try"
    )
