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

__all__ = ["left_over", "never_sent"]

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
    """The sentence about runs that were planned by an ended kernel and never sent."""
    return (
        f"{count} planned run(s) of an earlier kernel were never sent, and cost nothing: run their cells again to send "
        "them (%hailuo runs planned lists them)"
    )
