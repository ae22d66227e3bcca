"""Backup and integrity check of the whole store, while kernels go on writing to it.

A backup is SQLite's own (https://sqlite.org/backup.html), made under a temporary name and checked before it gets its
final one.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.system.private_files import create_private, make_private

if TYPE_CHECKING:
    from datetime import datetime

    from hailuo_widgets.store.database import Database

__all__ = ["StoreHealth", "backup", "check"]


@dataclass(frozen=True, kw_only=True)
class StoreHealth:
    """Outcome of a check of the whole store.

    Args:
        where: The store: the file's path, or the URL without its password.
        schema: The number of the newest migration.
        runs: How many runs there are.
        integrity: ``"ok"``, or what SQLite says of its file. PostgreSQL checks its own pages.
    """

    where: str
    schema: int
    runs: int
    integrity: str

    @property
    def ok(self) -> bool:
        """Whether the database finds itself whole."""
        return self.integrity == "ok"

    def __str__(self) -> str:
        return f"{self.where}: schema {self.schema}, {plural(self.runs, 'run')}, integrity {self.integrity}"


def check(store: Database) -> StoreHealth:
    """Read the schema's number and the number of runs, and have SQLite check its file; blocks."""
    with store.read() as c:
        number = c.exec_driver_sql("SELECT max(number) FROM migrations").scalar()
        count = c.exec_driver_sql("SELECT count(*) FROM runs").scalar()
        verdict = c.exec_driver_sql("PRAGMA quick_check").scalar() if store.is_sqlite else "ok"
    return StoreHealth(where=store.where, schema=int(number or 0), runs=int(count or 0), integrity=str(verdict))


def backup(store: Database, target: str | Path | None = None) -> Path:
    """Copy a SQLite store to a file that is not there yet; the file's path.

    Args:
        store: The store.
        target: The file, or a folder for it; None for a file in ``backups/`` beside the store, named by the time.

    Raises:
        UsageError: The target exists already.
        StoreError: There is no store yet, it is no SQLite file, or the copy failed. No half copy is left.
    """
    if store.path is None:
        raise StoreError(
            f"the run log at {store.where} is no SQLite file, so it has its own tools for backups",
            hint=f"pg_dump --format=custom --file=runs.dump {store.where!r}",
        )
    if not store.path.is_file():
        raise StoreError(f"there is no run log at {store.where} yet", hint="HAILUO_HOME names the folder that it is in")
    path = _place(store.path, target, store.clock.now())
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    failure = ""
    try:
        make_private(path.parent)
        os.close(create_private(part))
        _copy(store, part)
        _publish(part, path)
    except FileExistsError:
        failure = "it exists already"
    except (OSError, sqlite3.Error) as e:
        failure = str(e)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}-journal").unlink(missing_ok=True)
    if failure:
        raise StoreError(
            f"the run log at {store.where} could not be copied to {path}: {failure}",
            hint="name a file on a disk with room for it: %hailuo backup FILE",
        )
    return path


def _place(store: Path, target: str | Path | None, now: datetime) -> Path:
    name = f"runs-{now:%Y%m%dT%H%M%S.%fZ}.sqlite3"
    path = store.parent / "backups" / name if target is None else Path(target).expanduser()
    if path.is_dir():
        path /= name
    if path.exists():
        raise UsageError(f"{str(path)!r} exists already, and a backup replaces nothing", hint="name another file")
    return path.absolute()


def _copy(store: Database, part: Path) -> None:
    """Copy the store and check the copy. Writers wait at their commit until the read transaction ends."""
    with store.read() as c:
        c.exec_driver_sql("SELECT count(*) FROM runs").close()  # takes the shared lock, within the busy time
        source: Any = c.connection.driver_connection
        with closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
    with closing(sqlite3.connect(part)) as copy:
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    with part.open("rb+") as f:
        os.fsync(f.fileno())


def _publish(part: Path, path: Path) -> None:
    """Give the copy its name, unless another file has taken it meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        if path.exists():
            raise FileExistsError(path) from None
        part.rename(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
