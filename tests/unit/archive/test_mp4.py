"""The walk over an MP4's boxes: every cut is seen, and no bytes can hurt it."""

from __future__ import annotations

import io
import random
import struct
from typing import TYPE_CHECKING, Any, cast

import media_files
import pytest
from counting import counted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.archive import NotWholeError
from hailuo_widgets.archive.mp4 import MAX_BOXES, ContainerError, check_container
from hailuo_widgets.archive.whole_file import examine

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.archive import Archive

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def box(kind: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """One box, with a size of its own or a wrong one."""
    return struct.pack(">I4s", len(body) + 8 if size is None else size, kind) + body


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp42")
WALK = "hailuo_widgets.archive.mp4"
LINES_A_BYTE = 40  # far more than a walk needs that looks at each byte a few times


class Watched:
    """A file whose bytes and reads are counted.

    Args:
        path: Where it lies.
    """

    def __init__(self, path: Path) -> None:
        self.bytes_read = self.reads = 0
        self._path = path

    def open(self, mode: str, **_: Any) -> io.FileIO:
        """As a path has it."""
        watch = self

        class Raw(io.FileIO):
            def read(self, size: int | None = -1, /) -> bytes:
                data = super().read(size) or b""
                watch.bytes_read += len(data)
                watch.reads += 1
                return data

        return Raw(self._path, mode)


def boundaries(data: bytes) -> list[int]:
    """Where the top-level boxes of a good file end, found without the code under test."""
    ends, at = [], 0
    while at < len(data):
        at += int.from_bytes(data[at : at + 4])
        ends.append(at)
    return ends


@pytest.mark.parametrize("name", ["plain", "faststart", "fragmented"])
def test_facts(clips: dict[str, Path], name: str) -> None:
    """Size, pixels and layout are what the encoder was told."""
    layout, facts = check_container(clips[name]), examine(clips[name])
    assert layout.size == facts.size == clips[name].stat().st_size
    assert (layout.sealed, layout.open_ended) == (True, False)
    assert (facts.width, facts.height, facts.has_video, facts.sealed, facts.note) == (160, 96, True, True, None)
    assert facts.sound is False


@pytest.mark.parametrize("with_sound", [False, True])
def test_length_and_sound_are_measured(tmp_path: Path, *, with_sound: bool) -> None:
    """Seconds are those of the pictures, and sound is a track of the file."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(media_files.clip(1.5, with_sound=with_sound))
    facts = examine(path)
    assert (facts.seconds, facts.sound) == (pytest.approx(1.5, abs=0.05), with_sound)


def test_every_cut_is_seen(clips: dict[str, Path], tmp_path: Path) -> None:
    """Of 500 cuts in each of three layouts none passes; one between two fragments is at least not called sealed."""
    chance, target = random.Random(20), tmp_path / "cut.mp4"  # noqa: S311 - a fixed choice of places
    seen = 0
    for path in clips.values():
        data = path.read_bytes()
        ends = boundaries(data)
        at_ends = [end for end in ends if end < len(data)]
        for at in at_ends + chance.choices(range(len(data)), k=500 - len(at_ends)):
            target.write_bytes(data[:at])
            try:
                sealed = check_container(target).sealed
            except ContainerError:
                seen += 1
            else:
                assert not sealed
                assert at in ends
                seen += 1
    assert seen == 1500


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\0\0\0", "ftyp"),
        (b"<?xml version='1.0'?><Error/>", "ftyp"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "ftyp"),
        (FTYP, "moov"),
        (FTYP + box(b"moov"), "mdat"),
        (FTYP + box(b"mdat", b"x" * 10), "moov"),
        (FTYP + box(b"free", size=4), "less than its own header"),
        (FTYP + box(b"free", size=0), "no size"),
        (FTYP + bytes(64), "kind"),
        (FTYP + box(b"mdat", struct.pack(">Q", 2**63), size=1), "cut"),
        (FTYP + box(b"mdat", struct.pack(">Q", 3), size=1), "less than its own header"),
        (FTYP + box(b"mdat", size=1), "header"),
        (FTYP + box(b"mdat", b"x" * 9, size=99), "cut"),
        (FTYP + box(b"moov", box(b"trak", size=500)) + box(b"mdat"), "moov"),
        (FTYP + box(b"moov") + FTYP + box(b"mdat"), "more than one file"),
    ],
)
def test_refused_with_a_reason(tmp_path: Path, data: bytes, why: str) -> None:
    """What is no whole MP4 is refused, and the reason names the place."""
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(ContainerError, match=why):
        check_container(path)


@pytest.mark.parametrize("index", [box(b"mvhd", b"\0" * 5), box(b"mvhd", b"\7" * 99), box(b"trak"), b""])
def test_an_index_that_lists_no_video_is_refused(archive: Archive, index: bytes) -> None:
    """A file whose boxes are whole, but whose index names no video track, is no clip."""
    with archive.part("r") as part:
        part.write(FTYP + box(b"moov", index) + box(b"mdat"))
        with pytest.raises(NotWholeError, match="without a video track"):
            archive.publish(part)


def test_glued_file_is_refused(clip: bytes, tmp_path: Path) -> None:
    """Two whole files one after the other, as a wrong resume makes them, are not one."""
    path = tmp_path / "x.mp4"
    path.write_bytes(clip + clip)
    with pytest.raises(ContainerError, match="more than one file"):
        check_container(path)


def test_open_ended_media_data(clip: bytes, tmp_path: Path) -> None:
    """Media data without a size passes with all its bytes, and not with one byte less."""
    at = clip.index(b"mdat") - 4
    path = tmp_path / "x.mp4"
    path.write_bytes(clip[:at] + bytes(4) + clip[at + 4 :])
    assert check_container(path).open_ended
    assert (examine(path).has_video, examine(path).note) == (True, None)
    path.write_bytes(clip[:at] + bytes(4) + clip[at + 4 : -1])
    with pytest.raises(ContainerError, match="listed"):
        examine(path)
    path.write_bytes(FTYP + box(b"moov") + box(b"mdat", b"abc", size=0))
    with pytest.raises(ContainerError, match="no size"):
        examine(path)


@pytest.mark.parametrize("nested", [False, True])
def test_a_million_boxes_end_soon(tmp_path: Path, *, nested: bool) -> None:
    """Endless empty boxes, at the top or inside the index, are refused after so many: twice as many cost no more."""
    path, works = tmp_path / "x.mp4", []
    for number in (500_000, 1_000_000):
        many = box(b"free") * number
        path.write_bytes(FTYP + (box(b"moov", many) + box(b"mdat") if nested else many))
        file = Watched(path)
        with pytest.raises(ContainerError, match="more than"):
            check_container(cast("Path", file))
        works.append(file.reads)
    assert works[0] == works[1] <= MAX_BOXES + 1  # one for the first bytes


def test_a_large_index_ends_soon(tmp_path: Path) -> None:
    """An index over the limit is refused without being read."""
    path = tmp_path / "x.mp4"
    with path.open("wb") as file:
        file.write(FTYP + box(b"moov", size=(1 << 30) + 8))
        file.truncate(len(FTYP) + (1 << 30) + 8)
        file.seek(0, 2)
        file.write(box(b"mdat"))
    watched = Watched(path)
    with counted(WALK) as work, pytest.raises(ContainerError, match="at most"):
        check_container(cast("Path", watched))
    assert max(work.lines, watched.bytes_read) < 1000


def survives(path: Path, data: bytes) -> None:
    """Check that these bytes lead to facts or a ContainerError, and that the walk is in keeping with their number."""
    path.write_bytes(data)
    file = Watched(path)
    with counted(WALK) as work:
        try:
            layout = check_container(cast("Path", file))
        except ContainerError as error:
            assert str(error)  # noqa: PT017 - both ways out are right; a third is not
        else:
            assert layout.size == len(data)
    assert work.lines < LINES_A_BYTE * (len(data) + 100)
    assert file.bytes_read < 4 * len(data) + 1000
    try:
        facts = examine(path)
    except ContainerError as error:
        assert str(error)  # noqa: PT017 - as above
    else:
        assert facts.size == len(data)


@FUZZ
@given(data=st.data())
def test_damaged_files_only_raise_container_errors(clips: dict[str, Path], tmp_path: Path, data: st.DataObject) -> None:
    """Bytes overwritten, cut out or put in anywhere, most often in the headers, lead to facts or a ContainerError."""
    whole = clips[data.draw(st.sampled_from(sorted(clips)))].read_bytes()
    spots = [
        i for kind in (b"moov", b"moof", b"mdat", b"trun", b"stsd", b"tkhd", b"stsz") if (i := whole.find(kind)) > 0
    ]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.one_of(st.sampled_from(spots).map(lambda i: i - 4), st.integers(0, len(whole) - 1)))
        at = min(max(0, at + data.draw(st.integers(0, 40))), len(whole))
        cut, put = data.draw(st.integers(0, 8)), data.draw(st.binary(max_size=8))
        whole = whole[:at] + put + whole[at + cut :]
    survives(tmp_path / "x.mp4", whole)


@FUZZ
@given(rest=st.binary(max_size=400))
def test_any_bytes_only_raise_container_errors(tmp_path: Path, rest: bytes) -> None:
    """Anything at all after a right beginning leads to a ContainerError."""
    survives(tmp_path / "x.mp4", FTYP + rest)
