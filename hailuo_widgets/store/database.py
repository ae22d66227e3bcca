"""Opening of the store, and its transactions: all of them begin here.

SQLite: a rollback journal, ``synchronous=FULL``, and ``BEGIN IMMEDIATE`` for all that writes. PostgreSQL: one advisory
lock for all that writes, so that counting and writing are one step there too; a read sees one state of the store.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import NullPool

from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.redaction.passwords import HIDDEN
from hailuo_widgets.store.database_errors import damaged, explain, is_busy, refused_row, suspect, unlockable, unwritable
from hailuo_widgets.store.filesystem import locks_refused, note_of
from hailuo_widgets.store.migrations import MIGRATIONS, migrate, number_of
from hailuo_widgets.store.replaced_file import REPLACED, gone, identity_of
from hailuo_widgets.store.transaction_time import OPTION
from hailuo_widgets.system import forks
from hailuo_widgets.system.clock import SYSTEM_CLOCK
from hailuo_widgets.system.private_files import create_private, make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hailuo_widgets.domain.clock import Clock

__all__ = ["Database"]

BUSY_S = 30.0  # for which a writer waits for another one
PROBE_S = 0.2  # for which the first look waits before it checks whether the disk keeps locks at all
CHECKED_BYTES = 64 * 2**20  # a file up to this size is checked whole when it is opened: some 0.2 s at most
_FILE = "sqlite:///"
_OPTIONS = re.compile(r"\?\w+=[^/]*$")  # SQLAlchemy's own, behind the path
WRITERS = 0x6861696C756F  # our advisory lock's number: "hailuo" in ASCII


class Database:
    """One store: ``write()`` and ``read()`` are transactions. Opened, checked and migrated when it is first used.

    Args:
        url: A SQLAlchemy URL.
        clock: The clock of all times in it.
        busy_s: Seconds to wait for another process's lock.
        notice: Called with each sentence about the store that a user should read.

    Raises:
        UsageError: It is no URL.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        busy_s: float = BUSY_S,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self.clock = clock
        self.busy_s = busy_s
        self._url = _parsed(url)
        self._engine: sa.Engine | None = None
        self._notice = notice
        self._file: tuple[int, int] | None = None  # which file was opened
        self._kept: list[sa.Engine] = []  # a parent's, which must not be closed here
        self._turn = threading.RLock()  # one transaction at a time in this process; a fork waits for its end
        self._held = False  # whether the thread that forks holds it
        forks.follow(self)

    @property
    def where(self) -> str:
        """The store in messages: the file's path, or the URL without its password and options."""
        if self.is_sqlite:
            return self._url.database or "memory"
        # A password with "@" or "/" that was not quoted ends in the database's name.
        url = self._url.set(query={})
        return (url.set(database=HIDDEN) if "@" in (url.database or "") else url).render_as_string()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite store."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file; None if the store is no file."""
        name = self._url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" and not name.startswith("file:") else None

    def notes(self) -> list[str]:
        """Warnings about the place that the store is in."""
        if self.path is None:
            return []
        found = [note_of(self.path)]
        if self.path.exists() and not (_writable(self.path) and _writable(self.path.parent)):
            found.append(f"the run log at {self.path} is read-only: it can be read, and nothing can be sent")
        return [note for note in found if note]

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its first moment, and is synced when it ends."""
        with self._turn, self._said():
            engine = self._open()
            if self.path is not None and not _writable(self.path.parent):
                raise unwritable(self.where, "its folder is read-only")
            with self._writing(engine) as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store and cannot change it."""
        with self._turn, self._said(), self._open().connect() as connection:
            options: dict[str, Any] = {"reads": True}
            if not self.is_sqlite:
                options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            yield connection.execution_options(**options)

    def close(self) -> None:
        """Close all connections."""
        with self._turn:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    # -- forks ----------------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Wait for the running transaction's end and close all connections: a child inherits none."""
        self._held = self._turn.acquire(timeout=self.busy_s + 5)
        if self.path is not None or not self.is_sqlite:  # a store in memory is its connection
            self.close()

    def after_fork(self, *, child: bool) -> None:
        """Go on. A child opens the store anew when it needs it."""
        held, self._held = self._held, False
        if not child:
            if held:
                self._turn.release()
            return
        self._turn = threading.RLock()
        if self._engine is not None:
            self._engine.dispose(close=False)
            self._kept.append(self._engine)
            self._engine = None

    # -- opening --------------------------------------------------------------------------------------------------

    def _open(self) -> sa.Engine:
        earlier, now = self._file, None if self.path is None else identity_of(self.path)
        if earlier is not None and now != earlier:
            self.close()
            if now is None:
                raise gone(self.where)
        if self._engine is None:
            if self.path is not None:
                _make(self.path)
            engine = self._create()
            try:
                if not (self.is_sqlite and self._look()):
                    with self._writing(engine) as connection:
                        migrate(connection, self.where)
            except BaseException:
                engine.dispose()
                raise
            self._engine = engine
            self._file = None if self.path is None else identity_of(self.path)
            if self._notice is not None and earlier not in {None, self._file}:
                self._notice(REPLACED.format(where=self.where))
        return self._engine

    def _create(self) -> sa.Engine:
        if not self.is_sqlite:
            try:
                return sa.create_engine(self._url, pool_pre_ping=True, execution_options={OPTION: self.clock})
            except ImportError as e:
                package = "psycopg" if "psycopg" in str(e) else str(e.name)
                raise StoreError(
                    f"the run log at {self.where} needs the package {package}, which is not installed",
                    hint="pip install 'hailuo-widgets[postgres]'",
                ) from None
        timeout = {"timeout": self.busy_s}
        engine = sa.create_engine(self._url, connect_args=timeout, execution_options={OPTION: self.clock})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def _look(self) -> bool:
        """Check, without a change, that a SQLite file can be locked and read and is ours; whether it is up to date.

        Raises:
            StoreError: It is damaged, newer than this program, another program's, or on a disk without locks.
        """
        for seconds in (PROBE_S, self.busy_s):
            engine = sa.create_engine(self._url, connect_args={"timeout": seconds}, poolclass=NullPool)
            event.listen(engine, "connect", _by_hand)
            event.listen(engine, "begin", _begin)
            try:
                with engine.connect() as connection:
                    small = self.path is None or self.path.stat().st_size <= CHECKED_BYTES
                    verdict = connection.scalar(sa.text("PRAGMA quick_check(1)")) if small else "ok"
                    if verdict != "ok":
                        raise damaged(self.where, str(verdict).splitlines()[-1])
                    return number_of(connection, self.where) == len(MIGRATIONS)
            except exc.OperationalError as e:
                if not is_busy(e.orig) or seconds != PROBE_S or self.path is None:
                    raise
            if (refused := locks_refused(self.path)) is not None:
                raise unlockable(self.where, refused)
        return False

    @contextmanager
    def _writing(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with engine.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(self.busy_s * 1000)}")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITERS)))
            yield connection

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn the database's errors into StoreError with a hint."""
        failure: StoreError | None = None
        try:
            yield
        except exc.IntegrityError as e:
            failure = refused_row(e.orig, where=self.where)
        except exc.DBAPIError as e:
            failure = explain(e.orig, where=self.where, busy_s=self.busy_s)
            if suspect(e.orig):
                self.close()  # it is looked at anew, whole, when it is next used
        except OSError as e:
            failure = unwritable(self.where, e.strerror or str(e))
        if failure is not None:
            raise failure


def _parsed(url: str) -> sa.URL:
    path = url.removeprefix(_FILE)
    if url.startswith(_FILE) and path and not _OPTIONS.search(path):
        # As it stands: versions of SQLAlchemy differ in what they make of "%" and "?" in a folder's name.
        return sa.URL.create("sqlite", database=path)
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError(
            "store= (HAILUO_STORE) is no SQLAlchemy URL of SQLite or PostgreSQL; it is not shown, as it may hold a "
            "password",
            hint="give one like sqlite:////folder/runs.sqlite3 or postgresql://user@host/database",
        )
    if parsed.drivername == "postgresql":  # SQLAlchemy's default driver is another one before its 2.1
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _make(path: Path) -> None:
    """Create the file if there is none, readable by this user only. SQLite gives its journals the same mode."""
    make_private(path.parent)
    if not path.exists():
        with suppress(OSError):  # another process was first, or SQLite will say why it cannot be made
            os.close(create_private(path))


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _by_hand(connection: Any, record: Any) -> None:
    """Have the sqlite3 module begin no transactions: `_begin` does."""
    del record
    connection.isolation_level = None


def _prepare(connection: Any, record: Any) -> None:
    """Set up a SQLite connection: durable commits, and no transactions of the sqlite3 module's own."""
    _by_hand(connection, record)
    # Text that is no UTF-8 would hide every row of its query.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that begins by reading and then writes can fail half-way; one that takes the lock first cannot.
    # A reading one is kept from writing, so that there is none of the first kind.
    reads = bool(connection.get_execution_options().get("reads", False))
    connection.exec_driver_sql(f"PRAGMA query_only={int(reads)}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
