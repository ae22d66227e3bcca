"""Tests of file system detection: which disk a path is on, and which disks are remote."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from hailuo_widgets.store import RunLog, filesystem
from hailuo_widgets.store.filesystem import filesystem_of, is_network, locks_refused, note_of

TABLE = r"""
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:35 / /net rw,relatime shared:2 - nfs4 host:/export rw,vers=4.2
41 22 0:36 / /net/my\040disk rw - ext4 /dev/vdb rw
42 22 0:37 / /mnt/a rw shared:3 master:1 - tmpfs tmpfs rw
43 22 0:38 / /mnt/a rw - fuse.sshfs me@host: rw
a line of another kind
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of mounts."""
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/x", "ext4"),
        ("/net/me/runs.sqlite3", "nfs4"),
        ("/net", "nfs4"),
        ("/network/runs.sqlite3", "ext4"),
        ("/net/my disk/x", "ext4"),
        ("/mnt/a/x", "fuse.sshfs"),
        ("/net/my disk/../x", "nfs4"),
    ],
)
def test_the_longest_mount_wins(table: Path, path: str, kind: str) -> None:
    """A path's disk is that of the deepest mount above it, the later of two on one point, blanks and all."""
    assert filesystem_of(Path(path), table) == kind


def test_a_link_is_followed(tmp_path: Path, table: Path) -> None:
    """A path through a link is on the disk that the link leads to."""
    (tmp_path / "link").symlink_to("/net/me")
    assert filesystem_of(tmp_path / "link" / "runs.sqlite3", table) == "nfs4"


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    """Without the table nothing is known, and nothing is said."""
    assert filesystem_of(tmp_path, tmp_path / "none") is None
    assert note_of(tmp_path, tmp_path / "none") is None


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        *((k, True) for k in ("nfs", "nfs4", "lustre", "gpfs", "cifs", "smb3", "fuse.sshfs", "9p", "afs", "beegfs")),
        *((k, False) for k in ("ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuseblk", "apfs", None)),
    ],
)
def test_network_disks(kind: str | None, network: bool) -> None:  # noqa: FBT001 - one column of the table
    """The disks that may be another machine's are known by their type."""
    assert is_network(kind) is network


def test_a_network_home_is_said(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note names the disk and HAILUO_HOME, before the store is opened; a local or PostgreSQL store has none."""
    monkeypatch.setattr(filesystem.note_of, "__defaults__", (table,))
    (note,) = RunLog("sqlite:////net/me/runs.sqlite3").notes()
    assert "network disk (nfs4)" in note
    assert "HAILUO_HOME" in note
    assert RunLog("sqlite:////srv/runs.sqlite3").notes() == []
    assert RunLog("postgresql://me@host/d").notes() == []


def test_doctor_says_it(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``%hailuo doctor`` shows the note as a check that is not well."""
    from hailuo_widgets.api.session import Session
    from hailuo_widgets.workspace import doctor

    table.write_text(TABLE + f"50 22 0:40 / {tmp_path} rw - lustre host:/l rw\n")
    session = Session(home=tmp_path / "home", notice=lambda _: None)
    rows = doctor.report(session).set_index("check")
    assert bool(rows.loc["run log's disk", "ok"])
    monkeypatch.setattr(filesystem.note_of, "__defaults__", (table,))
    rows = doctor.report(session).set_index("check")
    assert not rows.loc["run log's disk", "ok"]
    assert "lustre" in str(rows.loc["run log's disk", "finding"])
    session.close()


def test_locks_of_this_disk(tmp_path: Path) -> None:
    """Where locks work nothing is said and no file is left; where no file can be made nothing is known."""
    assert locks_refused(tmp_path / "runs.sqlite3") is None
    assert locks_refused(tmp_path / "none" / "runs.sqlite3") is None
    assert list(tmp_path.iterdir()) == []


def test_a_refused_lock_is_told_from_a_held_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOLCK is a disk without locks; EAGAIN is a lock that another process holds."""
    for number, said in ((errno.ENOLCK, "No locks available"), (errno.ENOSYS, "not implemented"), (errno.EAGAIN, None)):

        def refuse(*_: Any, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "lockf", refuse)
        answer = locks_refused(tmp_path / "runs.sqlite3")
        assert (answer is None) if said is None else (said in str(answer))


@pytest.mark.parametrize("name", ["my runs 100%25 #1 狐", "what? a=b & c", "%41"])
def test_a_home_of_any_name(tmp_path: Path, record: Any, name: str) -> None:
    """The store is in the folder of exactly that name."""
    log = RunLog(f"sqlite:///{tmp_path / name / 'runs.sqlite3'}")
    log.add([record("r1")])
    log.close()
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "runs.sqlite3").stat().st_size > 0
