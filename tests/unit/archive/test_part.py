"""Half-done files: each has one writer, ended processes' parts are taken over once, old ones are swept."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.archive import Archive
from hailuo_widgets.archive import file_operations as disk
from hailuo_widgets.errors import DownloadError
from hailuo_widgets.system.process import Owner, this_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUR = 3600


def age(path: Path, seconds: float) -> None:
    """Make a part and its note look that old."""
    for one in (path, path.with_name(f"{path.name}.json")):
        if one.exists():
            os.utime(one, (time.time() - seconds,) * 2)


def test_offset_and_note_survive_closing(archive: Archive) -> None:
    """A closed part of this process is gone on with: same bytes, validator and total."""
    with archive.part("r") as part:
        part.remember('"v"', 100)
        assert part.write(b"12345") == 5
    with archive.part("r") as again:
        assert (again.offset, again.validator, again.total) == (5, '"v"', 100)
        assert again.resumable
        again.write(b"678")
        assert again.path.read_bytes() == b"12345678"
        assert again.path.stat().st_mode & 0o777 == 0o600
        again.restart()
        assert (again.offset, again.validator, again.total, again.path.read_bytes()) == (0, None, None, b"")


def test_open_part_is_never_shared(archive: Archive) -> None:
    """While a part is open, another caller of this process gets a file of its own."""
    with archive.part("r") as one:
        one.remember('"v"', 100)
        one.write(b"one")
        with archive.part("r") as two:
            assert two.path != one.path
            assert two.offset == 0
            two.write(b"two")
        assert one.path.read_bytes() == b"one"


def test_threads_get_parts_of_their_own(archive: Archive) -> None:
    """Sixteen threads that begin the same run at once write sixteen files."""
    with ThreadPoolExecutor(16) as pool:
        parts = list(pool.map(archive.part, ["r"] * 16))
    assert len({part.path for part in parts}) == 16
    assert all(part.path.exists() for part in parts)
    for part in parts:
        part.discard()
    assert list(archive.root.iterdir()) == []


def test_part_being_made_is_not_taken(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that comes while another's part is just made, and still empty, does not clear it away."""
    real, made = disk.create, threading.Event()
    second: list[threading.Thread] = []

    def other() -> None:
        archive.part("r").discard()
        made.set()

    def create(path: Path) -> int:
        descriptor = real(path)
        if path.with_name(f"{path.name}.json").exists() and not second:
            second.append(threading.Thread(target=other))
            second[0].start()
            made.wait(0.3)  # with the lock it comes only afterwards
        return descriptor

    monkeypatch.setattr(disk, "create", create)
    with archive.part("r") as part:
        second[0].join(10)
        assert made.is_set()
        assert part.path.exists()


def test_dead_owners_part_is_taken_over(archive: Archive, leave_part: Callable[..., Path]) -> None:
    """The part of an ended process is gone on with under a new name, by one taker only."""
    old = leave_part("r", b"12345", validator='"v"', total=9)
    with archive.part("r") as part, archive.part("r") as second:
        assert (part.offset, part.validator, second.offset) == (5, '"v"', 0)
        assert not old.exists()
        assert not old.with_name(f"{old.name}.json").exists()


def test_two_processes_take_one_part_once(archive: Archive, leave_part: Callable[..., Path]) -> None:
    """Of six processes that want one ended process's part at the same moment, exactly one gets it."""
    code = (
        "import sys, pathlib, time\n"
        "from hailuo_widgets.archive import Archive\n"
        "a = Archive(pathlib.Path(sys.argv[1]))\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "p = a.part('r'); print(p.offset, flush=True); sys.stdin.readline()\n"
    )
    leave_part("r", b"12345", validator='"v"', total=9)
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(archive.root)],
            env=here,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        assert sorted(worker.stdout.readline() for worker in workers if worker.stdout) == ["0\n"] * 5 + ["5\n"]
    finally:
        for worker in workers:
            worker.communicate("end\n", timeout=60)


@pytest.mark.parametrize(
    "owner",
    [
        {"pid": os.getppid(), "began": None},
        {"machine": "another host"},
        {"machine": f"{socket.gethostname()} an-earlier-boot {this_process().machine.rsplit(' ', 1)[1]}"},
    ],
)
def test_part_that_may_be_in_use_is_left_alone(
    archive: Archive, leave_part: Callable[..., Path], owner: dict[str, object]
) -> None:
    """The part of a living process, another machine, or an earlier start of this one is not gone on with."""
    if "pid" in owner:
        stat = f"/proc/{owner['pid']}/stat"
        with open(stat, encoding="utf-8") as file:  # noqa: PTH123 - the parent's start time, as the system says it
            owner = {**owner, "began": file.read().rpartition(")")[2].split()[19]}
    old = leave_part("r", b"12345", validator='"v"', total=9, owner=owner)
    with archive.part("r") as part:
        assert part.offset == 0
    assert old.read_bytes() == b"12345"


def test_number_given_out_again_is_another_process() -> None:
    """A living process with the number but another start is not the owner."""
    me = this_process()
    assert me.state() == "me"
    assert Owner(machine=me.machine, pid=os.getppid(), began="1").state() == "dead"


def test_useless_part_is_thrown_away(archive: Archive, leave_part: Callable[..., Path]) -> None:
    """Bytes that no validator names cannot be gone on with; all the bytes of the whole can be published."""
    old = leave_part("r", b"12345", total=9)
    with archive.part("r") as part:
        assert part.offset == 0
    assert not old.exists()
    leave_part("s", b"123456789", total=9)
    with archive.part("s") as part:
        assert part.complete


def test_published_clip_is_never_taken_for_a_part(
    archive: Archive, leave_part: Callable[..., Path], clip: bytes
) -> None:
    """A part whose process ended after naming the clip is a second name of it: it goes, and the clip stays."""
    for sweep in (False, True):
        old = leave_part("r", clip, validator='"v"', total=len(clip) + 5)
        archive.video_path("r").unlink(missing_ok=True)
        archive.video_path("r").hardlink_to(old)
        if sweep:
            assert old in archive.sweep_stale()
        else:
            with archive.part("r") as part:
                part.restart()
        assert not old.exists()
        assert archive.video_path("r").read_bytes() == clip


def test_link_in_a_parts_place(archive: Archive, leave_part: Callable[..., Path], tmp_path: Path) -> None:
    """A symbolic link in the place of a part is removed, and its target not touched."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    old = leave_part("r", b"x", validator='"v"')
    old.unlink()
    old.symlink_to(victim)
    with archive.part("r") as part:
        part.write(b"y")
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"owner": {"machine": 1, "pid": "x", "began": 0}}', "\xff" * 9])
def test_unreadable_note(archive: Archive, leave_part: Callable[..., Path], note: str) -> None:
    """A damaged note makes its part nobody's: not gone on with, and swept when old."""
    old = leave_part("r", b"12345", validator='"v"', total=9)
    old.with_name(f"{old.name}.json").write_text(note, "latin-1")
    with archive.part("r") as part:
        assert part.offset == 0
    age(old, 2 * HOUR)
    archive.sweep_stale()
    assert not old.exists()


def test_sweep(archive: Archive, leave_part: Callable[..., Path]) -> None:
    """After an hour an ended process's parts go; young ones, living ones' and files that are not ours stay."""
    young, stale = leave_part("a", b"1", validator='"v"'), leave_part("b", b"1", validator='"v"')
    age(stale, 2 * HOUR)
    foreign = archive.root / "film.part"
    foreign.write_bytes(b"a browser's")
    age(foreign, 99 * HOUR)
    slow = leave_part("c", b"1", validator='"v"', owner={"machine": "another host"})
    age(slow, 2 * HOUR)
    os.utime(slow)  # still being written there
    stray = archive.keep_input(b"x", "image/png").with_name(f"input.{'0' * 16}.part")
    stray.write_bytes(b"1")
    age(stray, 2 * HOUR)
    with archive.part("d") as mine:
        mine.write(b"1")
        age(mine.path, 2 * HOUR)
        archive.sweep_stale()
        assert mine.path.exists()
    left = {path.name for path in archive.root.iterdir() if path.suffix == ".part"}
    assert left == {young.name, foreign.name, slow.name, mine.path.name}
    assert not stray.exists()
    assert not stale.with_name(f"{stale.name}.json").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk(archive: Archive, clip: bytes, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A disk that fills up takes only the part with it; the error says how much is needed, and where."""
    with archive.part("kept") as part:
        part.write(clip)
        kept = archive.publish(part)
    real, calls = os.write, []

    def write(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 2:  # the first write goes through in part, as real ones do
            raise OSError(code, os.strerror(code))
        return real(descriptor, data[: len(data) // 2])

    with archive.part("r") as part:
        part.remember('"v"', 5_000_000)
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(DownloadError, match=r"5\.0 MB needed") as caught:
            part.write(bytes(1000))
    assert "HAILUO_HOME" in str(caught.value)
    assert str(archive.root) in str(caught.value)
    assert [path.name for path in archive.root.iterdir()] == [kept.path.name]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EIO])
def test_disk_refuses(archive: Archive, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A disk that turns read-only or breaks gives an error with its name and the cure."""
    with archive.part("r") as part:
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(code, os.strerror(code))))
        with pytest.raises(DownloadError, match=errno.errorcode[code]) as caught:
            part.write(b"x")
    assert "HAILUO_ARCHIVE" in str(caught.value)


def test_folder_that_is_a_file(archive: Archive) -> None:
    """A file in the folder's place is told as a DownloadError that names it."""
    archive.root.parent.mkdir(parents=True)
    archive.root.write_text("in the way")
    with pytest.raises(DownloadError, match="HAILUO_HOME"):
        archive.part("r")


def test_real_full_disk(tmp_path: Path) -> None:
    """On a real disk of one megabyte, a clip of two leaves no part and says so."""
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    if sys.platform != "linux" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs; test_full_disk covers the same with an injected error")
    try:
        archive = Archive(small / "videos")
        with archive.part("r") as part, pytest.raises(DownloadError, match="The disk is full"):
            part.write(bytes(2_000_000))
        with archive.part("r") as part, pytest.raises(DownloadError, match=r"2\.0 MB needed"):
            part.remember(None, 2_000_000)
        assert list(archive.root.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_too_large(tmp_path: Path) -> None:
    """More bytes than the cap are refused when they are announced and when they come, and nothing is left."""
    archive = Archive(tmp_path, max_bytes=100)
    with archive.part("r") as part:
        part.write(bytes(100))
        with pytest.raises(DownloadError, match="101 bytes or more"):
            part.write(b"x")
    with archive.part("r") as part, pytest.raises(DownloadError, match="at most 100"):
        part.remember(None, 20 * disk.GIB)
    assert list(tmp_path.iterdir()) == []


def test_closed_part_says_so(archive: Archive) -> None:
    """Writing to a closed part is a mistake of the program, with a sentence."""
    part = archive.part("r")
    part.close()
    part.close()
    with pytest.raises(ValueError, match="is closed"):
        part.write(b"x")
