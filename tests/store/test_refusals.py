"""Tests of unusable stores: they are not changed, and the error says why, where, and what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog
from hailuo_widgets.store.migrations import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
ADD = """
import sys
from datetime import UTC, datetime
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog
request = Request(prompt="p", provider="minimax", model="m")
log = RunLog(f"sqlite:///{sys.argv[1]}")
try:
    log.add([RunRecord(run_id="late", created_at=datetime.now(UTC), request=request, request_hash="h")])
except StoreError as e:
    print(e)
else:
    print("WRITTEN")
"""


def filled(log: RunLog, record: Any, path: Path) -> bytes:
    """A closed store of some pages; its bytes."""
    log.add([record(f"r{n:03}") for n in range(300)])
    log.close()
    return path.read_bytes()


def refusal(path: Path) -> str:
    """What the store says when it is opened, by reading and by writing alike."""
    said = []
    for work in (lambda log: log.find(), lambda log: log.note("r000", "x")):
        log = RunLog(f"sqlite:///{path}", busy_s=1)
        with pytest.raises(StoreError) as caught:
            work(log)
        log.close()
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert str(path) in said[0]
    assert "HAILUO_HOME" in said[0]
    return said[0]


def test_a_newer_schema(sqlite_log: RunLog, record: Any, path: Path) -> None:
    """A store of a later version is refused with both numbers, whatever its journal, and not changed."""
    filled(sqlite_log, record, path)
    with closing(sqlite3.connect(path)) as c, c:
        c.execute("INSERT INTO migrations VALUES (99, 'later', '2030-01-01 00:00:00.000000')")
    before = path.read_bytes()
    assert f"has schema 99, and this version of hailuo-widgets knows {len(MIGRATIONS)}" in refusal(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database(path: Path) -> None:
    """Another file under the store's name stays."""
    path.parent.mkdir()
    path.write_bytes(b"my notes, not a database" * 100)
    assert "damaged: file is not a database" in refusal(path)
    assert path.read_bytes() == b"my notes, not a database" * 100


def test_another_programs_database(path: Path) -> None:
    """A SQLite file of another program gets no tables of ours, even where it counts its migrations too."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as c, c:
        c.execute("CREATE TABLE migrations (id INTEGER, migration TEXT)")
    before = path.read_bytes()
    assert "another program's tables (migrations)" in refusal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("page", [2, 5, 20])
def test_a_corrupt_page(sqlite_log: RunLog, record: Any, path: Path, page: int) -> None:
    """A page whose structure is broken is found when the store is opened, before anything is written to it."""
    content = bytearray(filled(sqlite_log, record, path))
    start = 4096 * (page - 1)
    for n in range(start, start + 64):
        content[n] ^= 0xFF
    path.write_bytes(content)
    said = refusal(path)
    assert "is damaged" in said
    assert ".recover" in said
    assert path.read_bytes() == bytes(content)


def test_a_file_that_was_cut(sqlite_log: RunLog, record: Any, path: Path) -> None:
    """A store that has lost its end is refused, and not filled up."""
    content = filled(sqlite_log, record, path)[:-8192]
    path.write_bytes(content)
    assert "is damaged" in refusal(path)
    assert path.read_bytes() == content


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder, and this process without root's right to write everywhere."""
    folder = Path(tempfile.mkdtemp(prefix="hw-store-"))
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("which", "mode", "said"),
    [("runs.sqlite3", 0o400, "attempt to write a readonly database"), ("", 0o500, "its folder is read-only")],
)
def test_a_read_only_store(unprivileged: Path, record: Any, which: str, mode: int, said: str) -> None:
    """A store on a read-only file or in such a folder can be read; a write is refused, and its note says so before."""
    path = unprivileged / "runs.sqlite3"
    before = filled(RunLog(f"sqlite:///{path}"), record, path)
    assert RunLog(f"sqlite:///{path}").notes() == []
    (unprivileged / which).chmod(mode)
    log = RunLog(f"sqlite:///{path}")
    assert log.notes() == [f"the run log at {path} is read-only: it can be read, and nothing can be sent"]
    assert len(log.find()) == 300
    with pytest.raises(StoreError, match=f"cannot be written: {said}") as caught:
        log.add([record("late")])
    assert "HAILUO_HOME" in str(caught.value)
    log.close()
    assert path.read_bytes() == before


def test_a_folder_that_takes_no_store(unprivileged: Path) -> None:
    """A store that cannot be made is refused, whether its folder is there or not."""
    unprivileged.chmod(0o500)
    assert "cannot be written: unable to open database file" in refusal(unprivileged / "runs.sqlite3")
    assert "cannot be written: Permission denied" in refusal(unprivileged / "new" / "runs.sqlite3")


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here to let system calls fail")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("pwrite64:error=ENOSPC", "cannot be written: database or disk is full"),
        ("pwrite64:error=EIO", "cannot be written: disk I/O error"),
        ("fdatasync,fsync:error=EIO", "cannot be written: disk I/O error"),
    ],
)
def test_a_failing_disk(sqlite_log: RunLog, record: Any, path: Path, fault: str, said: str) -> None:
    """A full or failing disk refuses the commit, so nothing is sent; what was there stays, and nothing else."""
    before = filled(sqlite_log, record, path)
    watched = ["-P", str(path), "-P", f"{path}-journal", "-e", f"trace={fault.partition(':')[0]}"]
    command = ["strace", "-f", "-qq", "-o", os.devnull, *watched, "-e", f"inject={fault}"]
    done = subprocess.run([*command, sys.executable, "-c", ADD, path], check=True, capture_output=True, text=True)
    assert said in done.stdout
    assert "free some space" in done.stdout
    log = RunLog(f"sqlite:///{path}")
    assert len(log.find()) == 300
    assert str(log.check()).endswith("integrity ok")
    log.close()
    assert path.read_bytes() == before


def test_a_disk_that_fills_while_the_store_is_open(sqlite_log: RunLog, record: Any) -> None:
    """The row that fits no more is said; the store takes the next one when there is room again."""
    with sqlite_log.database.write() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar()
        c.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="disk is full"):
        sqlite_log.add([record(f"r{n}") for n in range(300)])
    assert sqlite_log.find() == []
    with sqlite_log.database.read() as c:
        c.exec_driver_sql("PRAGMA max_page_count=1000000")
    sqlite_log.add([record("r1")])
    assert sqlite_log.get("r1").run_id == "r1"
