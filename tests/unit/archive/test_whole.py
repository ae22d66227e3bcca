"""A clip that every player plays is kept, whatever stands around its boxes; one that was cut is not."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.archive.archive import NotWholeError
from hailuo_widgets.archive.mp4 import ContainerError
from hailuo_widgets.archive.whole_file import examine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hailuo_widgets.archive import Archive


def box(kind: bytes, body: bytes = b"") -> bytes:
    """One box."""
    return struct.pack(">I4s", len(body) + 8, kind) + body


def tops(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Where the top-level boxes of a good file begin and end; the last of a kind."""
    found, at = {}, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        found[data[at + 4 : at + 8]] = (at, at + size)
        at += size
    return found


def grown_moov(data: bytes, tail: bytes) -> bytes:
    """The index is followed, inside its box, by more bytes; it must stand behind the media data."""
    start, end = tops(data)[b"moov"]
    return data[:start] + struct.pack(">I", end - start + len(tail)) + data[start + 4 : end] + tail + data[end:]


def long_size(data: bytes) -> bytes:
    """The media data's size in 64 bits; its 8 bytes more are taken from the free box before it, if there is one."""
    start, end = tops(data)[b"mdat"]
    assert data[start - 8 : start - 4] == struct.pack(">I", 8)
    return data[: start - 8] + struct.pack(">I4sQ", 1, b"mdat", end - start + 8) + data[start + 8 :]


AROUND: dict[str, Callable[[bytes], bytes]] = {
    "a line end behind": lambda d: d + b"\n",
    "two line ends behind": lambda d: d + b"\r\n\r\n",
    "4 zeros behind": lambda d: d + bytes(4),
    "8 zeros behind": lambda d: d + bytes(8),
    "12 zeros behind": lambda d: d + bytes(12),
    "a block of zeros behind": lambda d: d + bytes(4096),
    "the end of a form behind": lambda d: d + b"\r\n--boundary-of-a-form--\r\n",
    "a line of text behind": lambda d: d + b"200 OK and some words",
    "random bytes behind": lambda d: d + random.Random(5).randbytes(500),  # noqa: S311 - a fixed choice
    "zeros at the end of the index": lambda d: grown_moov(d, bytes(4)),
}
INSIDE: dict[str, Callable[[bytes], bytes]] = {  # no sample moves
    "a wide box": lambda d: d.replace(b"\0\0\0\x08free", b"\0\0\0\x08wide", 1),
    "a size of 64 bits": long_size,
    "a free box at the end of the index": lambda d: grown_moov(d, box(b"free")),
    "two free boxes behind": lambda d: d + box(b"free") + box(b"free", bytes(100)),
    "a box of the maker's behind": lambda d: d + box(b"uuid", bytes(16) + b"maker"),
    "QuickTime's brand": lambda d: d.replace(b"ftypisom", b"ftypqt  ", 1),
}
IN_FRONT = (b"free", b"skip", b"wide", b"uuid", b"styp", b"pdin")


def in_front(data: bytes, kind: bytes) -> bytes:
    """Another box before ftyp; the samples' places in the index move with it."""
    first = box(kind, bytes(24))
    moved, at = bytearray(data), -1
    while (at := data.find(b"stco", at + 1)) >= 0:
        for n in range(int.from_bytes(data[at + 8 : at + 12])):
            entry = slice(at + 12 + 4 * n, at + 16 + 4 * n)
            moved[entry] = (int.from_bytes(data[entry]) + len(first)).to_bytes(4)
    return first + bytes(moved)


def without_ftyp(data: bytes) -> bytes:
    """The first box is a free one, as in files from before there was an ftyp."""
    start, end = tops(data)[b"ftyp"]
    return box(b"wide", bytes(end - start - 8)) + data[end:]


@pytest.fixture
def kept(archive: Archive) -> Callable[[bytes], tuple[bytes, str | None]]:
    """Publishes bytes as a clip; gives the file's bytes and the note."""

    def keep(data: bytes) -> tuple[bytes, str | None]:
        with archive.part("r") as part:
            part.write(data)
            found = archive.publish(part)
        assert (found.width, found.height) == (160, 96)
        return found.path.read_bytes(), found.note

    return keep


@pytest.mark.parametrize("layout", ["plain", "faststart"])
@pytest.mark.parametrize("what", AROUND)
def test_what_plays_is_kept_with_a_note(
    clips: dict[str, Path], kept: Callable[[bytes], tuple[bytes, str | None]], what: str, layout: str
) -> None:
    """A file that decodes whole is kept as it came, and its note says what is odd about it."""
    if "index" in what and layout == "faststart":
        layout = "plain"  # else each sample would move
    data = AROUND[what](clips[layout].read_bytes())
    found, note = kept(data)
    assert found == data
    assert note is not None
    assert note.startswith("kept because all of it decodes")


@pytest.mark.parametrize("what", INSIDE)
def test_what_is_well_formed_is_kept(
    clips: dict[str, Path], kept: Callable[[bytes], tuple[bytes, str | None]], what: str
) -> None:
    """What the format allows is kept, and nothing is said of it."""
    data = INSIDE[what](clips["plain"].read_bytes())
    assert data != clips["plain"].read_bytes()
    assert kept(data) == (data, None)


@pytest.mark.parametrize("layout", ["plain", "faststart", "fragmented"])
@pytest.mark.parametrize("kind", IN_FRONT)
def test_another_box_in_front(
    clips: dict[str, Path], kept: Callable[[bytes], tuple[bytes, str | None]], kind: bytes, layout: str
) -> None:
    """The ftyp box need not be the first, and need not be there."""
    whole = clips[layout].read_bytes()
    for data in (in_front(whole, kind), without_ftyp(whole)):
        found, note = kept(data)
        assert (found, "ftyp" in str(note)) == (data, True)


def test_a_closed_fragmented_file_with_more_behind(clips: dict[str, Path], kept: Callable[..., object]) -> None:
    """Fragments with their closing index are whole whatever follows; without it a cut would look the same."""
    data = clips["fragmented"].read_bytes()
    kept(data + b"\n")
    start, _ = tops(data)[b"mfra"]
    with pytest.raises(NotWholeError):
        kept(data[:start] + b"\n")


def test_every_cut_is_seen_whatever_follows(clips: dict[str, Path], tmp_path: Path) -> None:
    """Of 240 cuts of each layout, bare or followed by what may follow a whole file, none passes as a whole one."""
    chance, target = random.Random(21), tmp_path / "cut.mp4"  # noqa: S311 - a fixed choice of places
    passed: list[tuple[str, int, bytes]] = []
    for layout, path in clips.items():
        data = path.read_bytes()
        moov, media = tops(data)[b"moov"][1], tops(data)[b"mdat"][1]
        for tail in (b"", b"\n", bytes(4), bytes(8), bytes(64), b"\r\n--form--"):
            for at in chance.choices(range(len(data)), k=40):
                target.write_bytes(data[:at] + tail)
                try:
                    facts = examine(target)
                except ContainerError:
                    continue
                if facts.sealed and at < max(moov, media):
                    passed.append((layout, at, tail))
    assert passed == []


def test_zeros_in_place_of_the_media_data(clips: dict[str, Path], tmp_path: Path) -> None:
    """A file in doubt whose samples do not decode is refused."""
    data = clips["plain"].read_bytes()
    start, end = tops(data)[b"mdat"]
    target = tmp_path / "x.mp4"
    target.write_bytes(data[: start + 8] + bytes(end - start - 8) + data[end:] + b"\n")
    with pytest.raises(ContainerError, match="stray"):
        examine(target)


def test_a_frame_less_than_listed(clips: dict[str, Path], tmp_path: Path) -> None:
    """The last sample lies behind the media data's end: the file in doubt lacks it, and is refused."""
    data = bytearray(clips["plain"].read_bytes())
    at = data.index(b"stco") + 12
    offset = int.from_bytes(data[at : at + 4])
    data[at : at + 4] = (offset + len(data)).to_bytes(4)
    target = tmp_path / "x.mp4"
    target.write_bytes(bytes(data) + b"\n")
    with pytest.raises(ContainerError, match="stray"):
        examine(target)
