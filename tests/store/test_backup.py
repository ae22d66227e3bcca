"""Tests of backups: complete and consistent while the store is written to, and never over an existing file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.store import RunLog, backup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def opened(path: Path) -> RunLog:
    """The store in a file."""
    return RunLog(f"sqlite:///{path}")


def test_a_backup_is_the_store(sqlite_log: RunLog, record: Any, tmp_path: Path) -> None:
    """It holds the same runs and events, can be used as a store, and only its owner can read it."""
    sqlite_log.add([record(f"r{n}") for n in range(50)])
    copy = sqlite_log.backup(tmp_path / "deep" / "copy.sqlite3")
    assert copy == tmp_path / "deep" / "copy.sqlite3"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    log = opened(copy)
    assert log.find() == sqlite_log.find()
    assert log.events("r7") == sqlite_log.events("r7")
    log.close()
    assert [p.name for p in copy.parent.iterdir() if not p.name.endswith("-journal")] == ["copy.sqlite3"]


def test_a_backup_while_another_process_writes(sqlite_log: RunLog, record: Any, path: Path, tmp_path: Path) -> None:
    """Each of ten copies made during another connection's commits is whole, and none is older than the one before."""
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        log = opened(path)
        n = 0
        while not stop.is_set():
            log.add([record(f"r{n}-{k}") for k in range(10)])
            begun.set()
            n += 1
        log.close()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait(10)
    counts = []
    for n in range(10):
        with closing(sqlite3.connect(sqlite_log.backup(tmp_path / f"{n}.sqlite3"))) as c:
            counts.append(c.execute("SELECT count(*) FROM runs").fetchone()[0])
            assert c.execute("SELECT count(*) FROM events").fetchone()[0] == counts[-1]
    stop.set()
    writer.join()
    assert counts == sorted(counts)
    assert all(count % 10 == 0 for count in counts)
    assert counts[-1] > 0


def test_a_backup_replaces_nothing(sqlite_log: RunLog, path: Path, tmp_path: Path) -> None:
    """A file that is there stays, the store itself too; a folder takes a file named by the time."""
    there = tmp_path / "there"
    there.write_text("mine")
    for target in (there, path):
        with pytest.raises(UsageError, match="exists already"):
            sqlite_log.backup(target)
    assert there.read_text() == "mine"
    assert sqlite_log.backup(tmp_path).parent == tmp_path
    assert sqlite_log.backup().parent == path.parent / "backups"


def test_a_name_that_is_taken_meanwhile_is_left(
    sqlite_log: RunLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that another program makes while the copy is made is not replaced, and no half copy stays."""
    target = tmp_path / "copies" / "copy"
    copying = backup._copy

    def slow(store: Any, part: Path) -> None:
        copying(store, part)
        target.write_text("theirs")

    monkeypatch.setattr(backup, "_copy", slow)
    with pytest.raises(StoreError, match="exists already"):
        sqlite_log.backup(target)
    assert [(p.name, p.read_text()) for p in target.parent.iterdir()] == [("copy", "theirs")]


def test_a_copy_that_fails_is_said_and_removed(
    sqlite_log: RunLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing disk under the copy leaves nothing under its name nor under another."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"could not be copied to .*copy: .*No space left"):
        sqlite_log.backup(tmp_path / "copies" / "copy")
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_disk_without_hard_links(sqlite_log: RunLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy gets its name there too."""

    def refuse(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    assert opened(sqlite_log.backup(tmp_path / "copy")).find() == []


def test_no_store_is_made_by_a_backup(path: Path, tmp_path: Path) -> None:
    """Where there is no store there is nothing to copy, and nothing is made."""
    with pytest.raises(StoreError, match="there is no run log"):
        opened(path).backup(tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_postgres_has_its_own_tool() -> None:
    """A store that is no file names the tool for it, without the password."""
    with pytest.raises(StoreError, match="pg_dump") as caught:
        RunLog("postgresql://me:hunter2@db/runs").backup()
    assert "hunter2" not in str(caught.value)


def program(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python -m hailuo_widgets backup`` in a folder."""
    command = [sys.executable, "-m", "hailuo_widgets", "backup", *words]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, check=False, capture_output=True, text=True
    )


def test_the_command(sqlite_log: RunLog, record: Any, path: Path, tmp_path: Path) -> None:
    """It prints the copy's path; a home that is named goes before a store that the environment names."""
    sqlite_log.add([record("r1")])
    done = program(tmp_path, "--home", str(path.parent), "copy.sqlite3", HAILUO_STORE="sqlite:////nowhere/x")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'copy.sqlite3'}\n")
    assert opened(tmp_path / "copy.sqlite3").get("r1").run_id == "r1"
    again = program(tmp_path, "copy.sqlite3", HAILUO_HOME=str(path.parent))
    assert (again.returncode, again.stdout) == (2, "")
    assert "'copy.sqlite3' exists already" in again.stderr


def test_the_magic(
    sqlite_log: RunLog, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``%hailuo backup`` says where the copy is, and that the clips are not in it."""
    from hailuo_widgets.magics.commands import command

    monkeypatch.setenv("HAILUO_HOME", str(path.parent))
    options: Callable[[], str] = str
    command("backup", options)
    said = capsys.readouterr().out
    assert str(path.parent / "backups") in said
    assert "clips are not in it" in said
