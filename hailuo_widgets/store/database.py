"""Opening the store: connections, their pragmas, and what a database's own errors mean to a user."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Database"]

BUSY_S = 30.0  # how long a writer waits for another one


class Database:
    """One store: ``write()`` and ``read()`` are transactions. Opened, checked and migrated when it is first used.

    Args:
        url: A SQLAlchemy URL.
        busy_s: Seconds to wait for another process's lock.
    """

    def __init__(self, url: str, *, busy_s: float = BUSY_S) -> None:
        self.url = url
        self._busy_s = busy_s
        self._engine: sa.Engine | None = None
        self._pid = os.getpid()

    @property
    def where(self) -> str:
        """The store as a user knows it: the file's path, or the URL without its password."""
        url = sa.make_url(self.url)
        return url.database or "memory" if url.get_backend_name() == "sqlite" else url.render_as_string()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its first moment, and is synced when it ends."""
        with self._said(), self._open().begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store."""
        with self._said(), self._open().connect().execution_options(reads=True) as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        if self._engine is not None:
            self._engine.dispose(close=self._pid == os.getpid())
            self._engine = None

    def _open(self) -> sa.Engine:
        if self._engine is not None and self._pid != os.getpid():
            self.close()  # a forked child must not use its parent's connections
        if self._engine is None:
            engine = self._create()
            with engine.begin() as connection:
                migrate(connection, self.where)
            self._engine, self._pid = engine, os.getpid()
        return self._engine

    def _create(self) -> sa.Engine:
        url = sa.make_url(self.url)
        if url.get_backend_name() != "sqlite":
            return sa.create_engine(url)
        if url.database and url.database != ":memory:":
            folder = Path(url.database).parent
            folder.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": self._busy_s})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn a database's errors into ours, with what to do."""
        failure: StoreError | None = None
        try:
            yield
        except exc.IntegrityError:
            raise
        except exc.DBAPIError as e:
            failure = self._explain(str(e.orig))
        except OSError as e:
            failure = StoreError(
                f"the run log at {self.where} cannot be used: {e.strerror or e}",
                hint="set HAILUO_HOME to a folder that can be written",
            )
        if failure is not None:
            raise failure

    def _explain(self, said: str) -> StoreError:
        if "locked" in said or "busy" in said:
            return StoreError(
                f"the run log at {self.where} has been locked by another process for {self._busy_s:g} s",
                hint="stop the other kernel, or set HAILUO_HOME to another folder; nothing was changed",
            )
        if "not a database" in said or "malformed" in said:
            return StoreError(
                f"the run log at {self.where} is damaged: {said}",
                hint="it was not touched. Restore a backup, or set HAILUO_HOME to another folder",
            )
        if "disk" in said or "full" in said or "readonly" in said or "unable to open" in said:
            return StoreError(
                f"the run log at {self.where} cannot be written: {said}",
                hint="free some space, or set HAILUO_HOME to a folder that can be written",
            )
        return StoreError(f"the run log at {self.where} failed: {said}", hint="%hailuo doctor checks the store")


def _prepare(connection: Any, record: Any) -> None:
    """A SQLite connection's settings: durable commits, and transactions that we begin ourselves."""
    del record
    connection.isolation_level = None
    for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that begins by reading and then writes can fail half-way; one that takes the lock first cannot.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
