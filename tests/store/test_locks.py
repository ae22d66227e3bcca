"""Tests of locks: a held lock is waited for, a disk without locks is recognized at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from patience import HANG_S

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog, database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPEN = """
import sys
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog
from hailuo_widgets.store import database
log = RunLog(f"sqlite:///{sys.argv[1]}", busy_s=20)
waits, make = [], database.sa.create_engine
def made(url, *, connect_args, **options):
    waits.append(connect_args["timeout"])
    return make(url, connect_args=connect_args, **options)
database.sa.create_engine = made
try:
    log.find()
except StoreError as e:
    print(f"{max(waits[1:])}|{e}")  # the first is the engine that is used once the look was good
"""


@pytest.fixture
def held(sqlite_log: RunLog, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another program that holds the store's lock."""
    sqlite_log.close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as c:
        c.execute("BEGIN EXCLUSIVE")
        yield c


def test_a_held_lock_is_waited_for_to_the_end(
    held: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole busy time passes before the lock is said, with what to do and that nothing was changed."""
    log = RunLog(f"sqlite:///{path}", busy_s=0.7)
    waits, make = [], sa.create_engine

    def made(url: Any, *, connect_args: dict[str, Any], **options: Any) -> sa.Engine:
        waits.append(connect_args["timeout"])
        return make(url, connect_args=connect_args, **options)

    monkeypatch.setattr(sa, "create_engine", made)
    with pytest.raises(StoreError, match=r"has been locked by another process for 0\.7 s") as caught:
        log.find()
    assert waits[1:] == [database.PROBE_S, 0.7]  # a short look first, which tells a disk without locks
    assert "stop the other kernel" in str(caught.value)
    held.execute("ROLLBACK")
    assert log.find() == []


def test_a_lock_that_ends_in_time_is_no_error(
    held: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store whose lock is let go after the first look is opened as if nothing had been."""
    waiting = threading.Event()
    monkeypatch.setattr(database, "locks_refused", lambda _: waiting.set())
    log = RunLog(f"sqlite:///{path}", busy_s=20)
    answer = log.submit(log.find)
    assert waiting.wait(HANG_S)
    held.execute("ROLLBACK")
    assert answer.result(HANG_S) == []
    log.close()


def test_a_writer_waits_for_another(sqlite_log: RunLog, path: Path, record: Any) -> None:
    """A lock that comes when the store is open is waited for too, and then said; the row can be written after it."""
    sqlite_log.close()
    log = RunLog(f"sqlite:///{path}", busy_s=0.3)
    log.find()
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        c.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process"):
            log.add([record("r1")])
        c.execute("ROLLBACK")
    log.add([record("r1")])
    assert log.get("r1").run_id == "r1"


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here to refuse locks with")
@pytest.mark.parametrize("error", ["ENOLCK", "ENOSYS"])
def test_a_disk_without_locks_is_told_at_the_first_look(sqlite_log: RunLog, path: Path, error: str) -> None:
    """Where the system refuses locks, that is the sentence, long before the busy time of 20 s is over."""
    sqlite_log.close()
    before = path.read_bytes()
    watched = ["-P", str(path), "-P", f"{path}-locktest"]
    command = [
        "strace",
        "-f",
        "-qq",
        "-o",
        os.devnull,
        *watched,
        "-e",
        "trace=fcntl",
        "-e",
        f"inject=fcntl:error={error}",
    ]
    done = subprocess.run([*command, sys.executable, "-c", OPEN, path], check=True, capture_output=True, text=True)
    waited_s, _, said = done.stdout.partition("|")
    assert "is on a disk that keeps no locks" in said
    assert "HAILUO_HOME to a folder on a local disk" in said
    assert waited_s == str(database.PROBE_S)
    assert path.read_bytes() == before
    assert list(path.parent.glob("*locktest")) == []
