"""A held lock is waited for; a disk without locks is told from it at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog, database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPEN = """
import sys, time
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog
log = RunLog(f"sqlite:///{sys.argv[1]}", busy_s=20)
import hailuo_widgets.store.runlog
began = time.monotonic()
try:
    log.find()
except StoreError as e:
    print(f"{time.monotonic() - began:.3f}|{e}")
"""


@pytest.fixture
def held(sqlite_log: RunLog, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another program that holds the store's lock."""
    sqlite_log.close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as c:
        c.execute("BEGIN EXCLUSIVE")
        yield c


def test_a_held_lock_is_waited_for_to_the_end(held: sqlite3.Connection, path: Path) -> None:
    """The whole busy time passes before the lock is said, with what to do and that nothing was changed."""
    log = RunLog(f"sqlite:///{path}", busy_s=0.7)
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"has been locked by another process for 0\.7 s") as caught:
        log.find()
    assert 0.7 <= time.monotonic() - began < 5
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
    assert waiting.wait(10)
    held.execute("ROLLBACK")
    assert answer.result(10) == []
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
def test_a_disk_without_locks_is_told_within_a_second(sqlite_log: RunLog, path: Path, error: str) -> None:
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
    seconds, _, said = done.stdout.partition("|")
    assert "is on a disk that keeps no locks" in said
    assert "HAILUO_HOME to a folder on a local disk" in said
    assert float(seconds) < 1
    assert path.read_bytes() == before
    assert list(path.parent.glob("*locktest")) == []
