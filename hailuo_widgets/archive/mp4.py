"""Walk over the boxes of an MP4 file, which shows whether the file was cut.

A file that was cut plays and probes as if it were whole if its index stands in front; in the walk its last box runs
past the end. Only headers are read: of the boxes at the top, and of those in the index (``moov``). What the index says
is PyAV's to read, see `whole_file`.

A box is a 32-bit size, a four-byte kind, and a body; size 1 means that a 64-bit size follows, size 0 that the box runs
to the end of the file. All numbers are big-endian. Source: ISO/IEC 14496-12, clause 4.2.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

__all__ = ["MAX_BOXES", "TOP_KINDS", "ContainerError", "Layout", "check_container"]

MAX_BOXES = 50_000
"""Boxes looked at in one file: one of a million empty boxes is refused, not walked."""

TOP_KINDS = frozenset(
    b"ftyp styp moov mdat moof mfra free skip wide uuid sidx ssix pdin meta udta prft emsg pnot imda".split()
)
"""What stands at the top of a file of this family: one of them that runs past the end was cut, and is no stray text."""

_HEADER, _LONG_HEADER = 8, 16
_MAX_BYTES = {b"moov": 16 << 20, b"moof": 4 << 20}  # all boxes of the kind together; a clip has a few thousand


class ContainerError(ValueError):
    """The bytes are not a whole MP4 file; the message says why.

    Args:
        message: What was found, and where.
        doubtful: The file may be whole all the same: decoding it tells.

    Attributes:
        unsealed: The file is in fragments without their closing index, so its end may be missing all the same.
    """

    def __init__(self, message: str, *, doubtful: bool = False) -> None:
        super().__init__(message)
        self.doubtful = doubtful
        self.unsealed = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The outcome of a walk over a whole file.

    Args:
        size: Bytes.
        sealed: The file itself shows where it ends. False for a fragmented file without its closing index (``mfra``):
            a cut exactly between two fragments of such a file leaves no trace.
        open_ended: The media data gives no size, so the boxes show no cut.
    """

    size: int
    sealed: bool
    open_ended: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Box:
    """One box: its kind, and the offsets of its body and its end."""

    kind: bytes
    body: int
    end: int
    open_ended: bool


def check_container(path: Path) -> Layout:
    """Walk over the boxes of a file; blocks.

    Args:
        path: A local file.

    Raises:
        ContainerError: It is not one whole MP4 file, or it is doubtful; the message says why.
        OSError: It cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise ContainerError("the file is empty")
        walk = _Walk(file)
        boxes = _top_boxes(walk, size)
        kinds = [box.kind for box in boxes]
        for kind in (b"moov", b"mdat"):
            if kind not in kinds:
                raise ContainerError(f"no {kind!r} box: the file is cut or unfinished")
        for kind, most in _MAX_BYTES.items():
            held = sum(box.end - box.body for box in boxes if box.kind == kind)
            if held > most:
                raise ContainerError(f"boxes {kind!r} have {held} bytes; at most {most} are read: this is no clip")
        moov = boxes[kinds.index(b"moov")]
        for _ in walk.boxes(moov.body, moov.end, "moov"):
            pass
    return Layout(size=size, sealed=not _unsealed(kinds), open_ended=boxes[-1].open_ended)


def _top_boxes(walk: _Walk, size: int) -> list[_Box]:
    """The boxes of a file that has nothing but boxes, of which ftyp is the first."""
    boxes: list[_Box] = []
    odd: ContainerError | None = None
    try:
        for box in walk.boxes(0, size, "the file"):
            boxes.append(box)  # noqa: PERF402 - what was found before an error is judged too
    except ContainerError as error:
        odd = error
    kinds = [box.kind for box in boxes]
    for kind in (b"ftyp", b"moov"):
        if kinds.count(kind) > 1:
            raise ContainerError(f"{kinds.count(kind)} boxes {kind!r}: more than one file is in it")
    if odd is not None and _unsealed(kinds):
        odd.doubtful = False  # a cut between two fragments would leave the same
    first = walk.read(0, 12)
    if first[4:8] != b"ftyp" and (odd is None or odd.doubtful):
        odd = ContainerError(f"the first box is no 'ftyp': the file begins with {first!r}", doubtful=True)
        odd.unsealed = _unsealed(kinds)
    if odd is not None:
        raise odd
    return boxes


def _unsealed(kinds: list[bytes]) -> bool:
    return b"moof" in kinds and kinds[-1] != b"mfra"


class _Walk:
    """Reads the headers of boxes, at most `MAX_BOXES` of them in one file."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._left = MAX_BOXES

    def read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)

    def boxes(self, start: int, end: int, inside: str) -> Iterator[_Box]:
        """The boxes that fill the bytes from ``start`` to ``end`` exactly.

        Raises:
            ContainerError: A box is cut, overlaps its parent's end, or has no possible size or kind; or there are too
                many boxes.
        """
        at = start
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise ContainerError(f"more than {MAX_BOXES} boxes: this is no clip")
            box = _box(self.read(at, _LONG_HEADER)[: end - at], at, end, inside)
            yield box
            at = box.end


def _box(head: bytes, at: int, end: int, inside: str) -> _Box:
    if len(head) < _HEADER:
        raise ContainerError(
            f"{end - at} stray bytes at offset {at}, too few for a box, at the end of {inside}", doubtful=True
        )
    size, kind, body, open_ended = int.from_bytes(head[:4]), head[4:8], at + _HEADER, False
    if not all(0x20 <= byte <= 0x7E or byte == 0xA9 for byte in kind):  # noqa: PLR2004 - printable ASCII and ©
        raise ContainerError(f"no box kind at offset {at} of {inside}: {kind!r}", doubtful=True)
    if size == 1:
        if len(head) < _LONG_HEADER:
            raise ContainerError(f"box {kind!r} at offset {at} is cut in its header", doubtful=kind not in TOP_KINDS)
        size, body = int.from_bytes(head[8:16]), at + _LONG_HEADER
    elif size == 0:
        # Only media data may be open-ended: else a tail of zeros would pass as a box.
        if kind != b"mdat":
            raise ContainerError(f"box {kind!r} at offset {at} gives no size", doubtful=True)
        size, open_ended = end - at, True
    if at + size < body:
        raise ContainerError(f"box {kind!r} at offset {at} says {size} bytes, less than its own header", doubtful=True)
    if at + size > end:
        raise ContainerError(
            f"box {kind!r} at offset {at} says {size} bytes, but {inside} ends after {end - at}: it was cut",
            doubtful=kind not in TOP_KINDS,
        )
    return _Box(kind=kind, body=body, end=at + size, open_ended=open_ended)
