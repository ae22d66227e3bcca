"""Errors of the database in a user's words: what happened, to which store, and what to do next.

SQLite's result codes: https://sqlite.org/rescode.html. PostgreSQL's: the appendix "Error Codes" of its manual.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hailuo_widgets.domain.budget import ConstraintBroken
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store.filesystem import locks_refused

__all__ = ["damaged", "explain", "is_busy", "refused_row", "suspect", "unlockable", "unwritable"]

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_UNWRITABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
}
_PG_UNWRITABLE = ("25006", "53")  # read only; out of disk, memory or connections
_PG_LOCKED = "55P03"
_PG_UNIQUE = "23505"


def is_busy(error: BaseException | None) -> bool:
    """Whether SQLite waited in vain for a lock of another connection."""
    return isinstance(error, sqlite3.Error) and _primary(error) in _BUSY


def suspect(error: BaseException | None) -> bool:
    """Whether the file may have changed since it was opened, so that it must be checked again."""
    if not isinstance(error, sqlite3.Error):
        return False
    moved = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED
    return moved or _primary(error) in _DAMAGED


def explain(error: BaseException | None, *, where: str, busy_s: float) -> StoreError:
    """Return the error to raise for one of the database's own.

    Args:
        error: What the database driver raised.
        where: The store as a user knows it.
        busy_s: Seconds that the store was waited for while another process held its lock.
    """
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, sqlite3.Error):
        return _explain_sqlite(error, said, where, busy_s)
    state = getattr(error, "sqlstate", None) or ""
    if state == _PG_LOCKED:
        return _locked(where, busy_s)
    if state.startswith(_PG_UNWRITABLE):
        return unwritable(where, said)
    if not state or state.startswith(("08", "57P")):
        return StoreError(
            f"the run log at {where} cannot be reached: {said}",
            hint="see that the database server runs, and that HAILUO_STORE names it",
        )
    return StoreError(f"the run log at {where} failed: {said}", hint="%hailuo doctor checks the store")


def refused_row(error: BaseException | None, *, where: str) -> ConstraintBroken:
    """Return the error to raise where the database refused a row."""
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    broken = ConstraintBroken(f"the run log at {where} refused a row: {said}", hint="%hailuo doctor checks the store")
    codes = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
    broken.unique = getattr(error, "sqlite_errorcode", 0) in codes or getattr(error, "sqlstate", None) == _PG_UNIQUE
    return broken


def _explain_sqlite(error: sqlite3.Error, said: str, where: str, busy_s: float) -> StoreError:
    code = _primary(error)
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return StoreError(
            f"the run log at {where} was moved, deleted or replaced while it was written to",
            hint="nothing was changed: run it again, with the file that is there now",
        )
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_LOCK:
        return unlockable(where, said)
    if code in _BUSY:
        refused = locks_refused(Path(where))
        return unlockable(where, refused) if refused else _locked(where, busy_s)
    if code in _DAMAGED or "not a database" in said:
        return damaged(where, said)
    if code in _UNWRITABLE:
        return unwritable(where, said)
    return StoreError(f"the run log at {where} failed: {said}", hint="%hailuo doctor checks the store")


def _locked(where: str, busy_s: float) -> StoreError:
    return StoreError(
        f"the run log at {where} has been locked by another process for {busy_s:g} s",
        hint="stop the other kernel, or set HAILUO_HOME to another folder; nothing was changed",
    )


def unlockable(where: str, said: str) -> StoreError:
    """The error for a disk without locks."""
    return StoreError(
        f"the run log at {where} is on a disk that keeps no locks ({said}), and SQLite needs them",
        hint="set HAILUO_HOME to a folder on a local disk; nothing was changed",
    )


def damaged(where: str, said: str) -> StoreError:
    """The error for a damaged file."""
    return StoreError(
        f"the run log at {where} is damaged: {said}",
        hint="it was not touched. Put a backup in its place (%hailuo backup makes them), or save what can be read: "
        f"sqlite3 {where!r} .recover | sqlite3 saved.sqlite3; or set HAILUO_HOME to another folder",
    )


def unwritable(where: str, said: str) -> StoreError:
    """The error for a full, read-only or failing disk."""
    return StoreError(
        f"the run log at {where} cannot be written: {said}",
        hint="free some space, or set HAILUO_HOME to a folder that can be written; what was written before is safe",
    )


def _primary(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
