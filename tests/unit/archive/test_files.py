"""The archive's folder: only whole clips get a final name, and nothing there is ever overwritten."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.archive import Archive, Archived, NotWholeError, relative_src
from hailuo_widgets.archive import file_operations as disk_module
from hailuo_widgets.archive.inputs import read_input
from hailuo_widgets.errors import DownloadError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def put(archive: Archive, run_id: str, data: bytes) -> Archived:
    """Write and publish a clip."""
    with archive.part(run_id) as part:
        part.write(data)
        return archive.publish(part)


def names(archive: Archive) -> list[str]:
    """What is in the folder."""
    return sorted(path.name for path in archive.root.iterdir())


def test_published_clip(archive: Archive, clip: bytes) -> None:
    """A published clip has its bytes, facts, hash and still, mode 0600, and leaves no half-done file."""
    kept = put(archive, "run_1", clip)
    assert kept.path == archive.root / "run_1.mp4" == archive.video_path("run_1")
    assert kept.path.read_bytes() == clip
    assert kept.sha256 == hashlib.sha256(clip).hexdigest()
    assert (kept.size, kept.width, kept.height) == (len(clip), 160, 96)
    assert kept.poster is not None
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert archive.root.stat().st_mode & 0o777 == 0o700
    assert names(archive) == ["run_1.mp4"]


def test_publish_syncs_before_it_names(archive: Archive, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are synced before the final name exists, and the name's folder after it."""
    target, seen, real = archive.video_path("r"), [], os.fsync

    def fsync(descriptor: int) -> None:
        seen.append((target.exists(), Path(f"/proc/self/fd/{descriptor}").readlink() == archive.root))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    put(archive, "r", clip)
    assert seen[0] == (False, False)
    assert seen[-1] == (True, True)


def test_taken_name_gets_a_suffix(archive: Archive, clip: bytes, other_clip: bytes) -> None:
    """Other content under the name stays; the same content is not kept twice."""
    archive.root.mkdir(parents=True)
    (archive.root / "r.mp4").write_bytes(b"the user's own")
    assert put(archive, "r", clip).path.name == "r.2.mp4"
    assert put(archive, "r", other_clip).path.name == "r.3.mp4"
    assert put(archive, "r", clip).path.name == "r.2.mp4"
    assert (archive.root / "r.mp4").read_bytes() == b"the user's own"
    assert names(archive) == ["r.2.mp4", "r.3.mp4", "r.mp4"]


def test_taken_by_a_link(archive: Archive, clip: bytes, tmp_path: Path) -> None:
    """A symbolic link under the name, even a dangling one, is neither followed nor replaced."""
    archive.root.mkdir(parents=True)
    (archive.root / "r.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    assert put(archive, "r", clip).path.name == "r.2.mp4"
    assert not (tmp_path / "elsewhere.mp4").exists()
    adopted = archive.adopt("r")
    assert adopted is not None
    assert adopted.path.name == "r.2.mp4"
    (archive.root / "s.mp4").symlink_to(adopted.path)
    assert archive.adopt("s") is None


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_disk_without_hard_links(
    archive: Archive, clip: bytes, other_clip: bytes, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Where hard links are refused the same holds: a suffix for other content, nothing overwritten or left."""

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert put(archive, "r", clip).path.read_bytes() == clip
    assert put(archive, "r", other_clip).path.read_bytes() == other_clip
    assert names(archive) == ["r.2.mp4", "r.mp4"]


def test_unfinished_clip_is_not_published(archive: Archive, clip: bytes) -> None:
    """A cut clip and a wrong hash are refused; the part stays and no final name appears."""
    with archive.part("r") as part:
        part.write(clip[:-1])
        with pytest.raises(NotWholeError, match="not a whole MP4"):
            archive.publish(part)
        part.write(clip[-1:])
        with pytest.raises(NotWholeError, match="was expected"):
            archive.publish(part, expected_sha256="0" * 64)
        assert not archive.video_path("r").exists()
        assert part.path.exists()


def test_adopt_after_a_crash(archive: Archive, clip: bytes, other_clip: bytes) -> None:
    """A clip that got its name before the log knew is found again; by its hash, or else the latest whole one."""
    assert archive.adopt("r") is None
    first, second = put(archive, "r", clip), put(archive, "r", other_clip)
    assert archive.adopt("r") == second
    assert archive.adopt("r", first.sha256) == first
    assert archive.adopt("r", "0" * 64) is None
    second.path.write_bytes(other_clip[:-1])
    assert archive.adopt("r") == first


def test_verify(archive: Archive, clip: bytes) -> None:
    """A clip that was changed or deleted no longer verifies."""
    kept = put(archive, "r", clip)
    assert archive.verify(kept.path, kept.sha256)
    kept.path.write_bytes(clip + b"x")
    assert not archive.verify(kept.path, kept.sha256)
    kept.path.unlink()
    assert not archive.verify(kept.path, kept.sha256)


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", "a.b", "a b", "é", "a\n", "x" * 65])
def test_only_our_names(archive: Archive, run_id: str) -> None:
    """An id that could be a path, or is no id of ours, is refused by every way in."""
    for way in (archive.video_path, archive.part, archive.adopt):
        with pytest.raises(UsageError, match="run_id="):
            way(run_id)


def test_probe_leaves_nothing(archive: Archive) -> None:
    """A good folder is made and passes, and nothing is left in it."""
    archive.probe()
    assert names(archive) == []


def test_probe_says_what_is_wrong(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is a file, read-only, or on a full disk is found before anything is paid for, with the cure."""
    archive.root.parent.mkdir(parents=True)
    archive.root.write_text("a file is in the way")
    with pytest.raises(StoreError, match="HAILUO_HOME") as caught:
        archive.probe()
    assert str(archive.root) in str(caught.value)
    archive.root.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(disk_module, "create", failing(errno.EROFS))
        with pytest.raises(StoreError, match="EROFS"):
            archive.probe()
        patch.setattr(disk_module, "create", failing(errno.EACCES))
        with pytest.raises(StoreError, match="HAILUO_ARCHIVE"):
            archive.probe()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(errno.ENOSPC))
        with pytest.raises(
            StoreError, match=r"67\.1 MB must be free .* before a clip, whose size nobody knows yet, is made"
        ):
            archive.probe()
    with pytest.raises(StoreError, match="MB are free"):
        archive.probe(room=1 << 60)
    assert names(archive) == []


@pytest.mark.parametrize(
    ("needed", "free", "said"),
    [
        (13_700, 300, "13.7 kB needed in '{}', 0.3 kB are free"),
        (5_000_000, 13_700, "5.0 MB needed in '{}', 13.7 kB are free"),
        (100_000, 0, "0.1 MB needed in '{}', 0.0 kB are free"),
    ],
)
def test_a_full_disk_is_told_in_figures_that_say_something(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, needed: int, free: int, said: str
) -> None:
    """What a clip of a known size needs is its size, and no figure is rounded to nothing."""
    with archive.part("r") as part:
        monkeypatch.setattr(disk_module, "free_bytes", lambda _: free)
        with pytest.raises(DownloadError, match="The disk is full") as caught:
            part.remember(None, needed)
    assert said.format(archive.root) in str(caught.value)


def failing(code: int) -> Callable[..., int]:
    """A system call that always fails so."""

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    return fail


def test_disk_refuses_the_final_name(archive: Archive, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk refuses the last step, the downloaded bytes stay, and the next try needs no network."""
    with archive.part("r") as part:
        part.remember('"v"', len(clip))
        part.write(clip)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "hardlink_to", failing(errno.ENOSPC))
            with pytest.raises(DownloadError, match="The disk is full"):
                archive.publish(part)
    with archive.part("r") as part:
        assert part.complete
        assert archive.publish(part).path.read_bytes() == clip


def test_inputs_are_kept_by_content(archive: Archive) -> None:
    """A picture is kept once under its hash and comes back byte for byte."""
    path = archive.keep_input(b"picture", "image/png")
    assert path == archive.keep_input(b"picture", "image/png")
    sha256 = hashlib.sha256(b"picture").hexdigest()
    assert path == archive.root / "inputs" / f"{sha256}.png"
    assert read_input(archive.root / "inputs", sha256) == b"picture"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_damaged_input_is_told_and_mended(archive: Archive) -> None:
    """A kept picture whose bytes changed is never handed out; keeping it again mends it."""
    path = archive.keep_input(b"picture", "image/webp")
    path.write_bytes(b"changed")
    with pytest.raises(StoreError, match="was changed"):
        read_input(archive.root / "inputs", path.stem)
    archive.keep_input(b"picture", "image/webp")
    assert read_input(archive.root / "inputs", path.stem) == b"picture"


def test_input_mistakes(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown type, no bytes, a name that is no hash, a missing picture and a full disk each have their sentence."""
    with pytest.raises(UsageError, match="image/svg"):
        archive.keep_input(b"x", "image/svg+xml")
    with pytest.raises(UsageError, match="bytes"):
        archive.keep_input(b"", "image/png")
    with pytest.raises(UsageError, match="64 lower-case"):
        read_input(archive.root / "inputs", "../" + "0" * 61)
    with pytest.raises(StoreError, match="No file"):
        read_input(archive.root / "inputs", "0" * 64)
    monkeypatch.setattr(os, "write", failing(errno.ENOSPC))
    with pytest.raises(StoreError, match="The disk is full"):
        archive.keep_input(b"x", "image/png")
    assert list((archive.root / "inputs").iterdir()) == []


def test_relative_src(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip's address is relative, quoted, and None where Jupyter would answer 404."""
    clip = archive.root / "r.mp4"
    assert relative_src(clip, tmp_path) == "hailuo_runs/videos/r.mp4"
    assert relative_src(clip, tmp_path / "a" / "b") == "../../hailuo_runs/videos/r.mp4"
    odd = tmp_path / "a b#?%é" / "c:d.mp4"
    assert relative_src(odd, tmp_path) == "a%20b%23%3F%25%C3%A9/c%3Ad.mp4"
    assert relative_src(tmp_path / ".hidden" / "r.mp4", tmp_path) is None

    def other_drive(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert relative_src(clip, tmp_path) is None
