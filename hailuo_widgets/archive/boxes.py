"""Boxes of an ISO base media file (ISO/IEC 14496-12, clause 4.2): where each begins and ends, and numbers in them.

A box is a 32-bit size, a four-byte kind, and a body; size 1 means that a 64-bit size follows, size 0 that the box
runs to the end of the file. All numbers are big-endian. Whatever the bytes are, the only error is `ContainerError`,
and the work is bounded by `MAX_BOXES`: a file of a million empty boxes is refused, not walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BOXES = 50_000
"""Boxes looked at in one file, at all levels; a ten-second clip with a fragment a frame has about 3000."""

TOP_KINDS = frozenset(
    b"ftyp styp moov mdat moof mfra free skip wide uuid sidx ssix pdin meta udta prft emsg pnot imda".split()
)
"""What stands at the top of a file of this family: one of them that runs past the end was cut, and is no stray text."""

_HEADER, _LONG_HEADER = 8, 16


class ContainerError(ValueError):
    """The bytes are not a whole MP4 file; the message says why.

    Args:
        message: What was found, and where.
        doubtful: The file may be whole all the same: to decode it tells.

    Attributes:
        unsealed: The file is in fragments without their closing index, so its end may be missing all the same.
    """

    def __init__(self, message: str, *, doubtful: bool = False) -> None:
        super().__init__(message)
        self.doubtful = doubtful
        self.unsealed = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One box: its kind, and the offsets of its first byte, its body and its end."""

    kind: bytes
    start: int
    body: int
    end: int
    open_ended: bool = False

    @property
    def name(self) -> str:
        """The kind as text, for messages."""
        return self.kind.decode("latin-1")


class Budget:
    """How many more boxes of this file may be looked at."""

    def __init__(self, boxes: int = MAX_BOXES) -> None:
        self._left = boxes

    def spend(self) -> None:
        """Count one box.

        Raises:
            ContainerError: It is one too many.
        """
        self._left -= 1
        if self._left < 0:
            raise ContainerError(f"more than {MAX_BOXES} boxes: this is no clip")


def walk(peek: Callable[[int], bytes], start: int, end: int, *, budget: Budget, inside: str) -> Iterator[Box]:
    """The boxes that fill the bytes from ``start`` to ``end`` exactly.

    Args:
        peek: Gives up to 16 bytes from an offset.
        start: Where the first box begins.
        end: Where the last box must end.
        budget: Shared by all levels of one file.
        inside: The parent's name, for messages (``"the file"``).

    Raises:
        ContainerError: A box is cut, overlaps its parent's end, or has no possible size or kind.
    """
    at = start
    while at < end:
        budget.spend()
        head = peek(at)[: end - at]
        if len(head) < _HEADER:
            raise ContainerError(
                f"{end - at} stray bytes at offset {at}, too few for a box, at the end of {inside}", doubtful=True
            )
        size, kind, body, open_ended = int.from_bytes(head[:4]), head[4:8], at + _HEADER, False
        if not all(0x20 <= byte <= 0x7E or byte == 0xA9 for byte in kind):  # noqa: PLR2004 - printable ASCII and ©
            raise ContainerError(f"no box kind at offset {at} of {inside}: {kind!r}", doubtful=True)
        if size == 1:
            if len(head) < _LONG_HEADER:
                raise ContainerError(
                    f"box {kind!r} at offset {at} is cut in its header", doubtful=kind not in TOP_KINDS
                )
            size, body = int.from_bytes(head[8:16]), at + _LONG_HEADER
        elif size == 0:
            # Only media data may be open-ended: else a tail of zeros would pass as a box.
            if kind != b"mdat":
                raise ContainerError(f"box {kind!r} at offset {at} gives no size", doubtful=True)
            size, open_ended = end - at, True
        if at + size < body:
            raise ContainerError(
                f"box {kind!r} at offset {at} says {size} bytes, less than its own header", doubtful=True
            )
        if at + size > end:
            raise ContainerError(
                f"box {kind!r} at offset {at} says {size} bytes, but {inside} ends after {end - at}: it was cut",
                doubtful=kind not in TOP_KINDS,
            )
        yield Box(kind=kind, start=at, body=body, end=at + size, open_ended=open_ended)
        at += size


def children(data: bytes, budget: Budget, inside: str, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """The kinds and bodies of the boxes that fill ``data`` from ``start`` on."""
    for box in walk(lambda at: data[at : at + _LONG_HEADER], start, len(data), budget=budget, inside=inside):
        yield box.kind, data[box.body : box.end]


def number(data: bytes, at: int, size: int, inside: str) -> int:
    """The unsigned number of ``size`` bytes at offset ``at`` of a box's body.

    Raises:
        ContainerError: The box is too short for it.
    """
    if at + size > len(data):
        raise ContainerError(
            f"box {inside!r} is too short: {len(data)} bytes, at least {at + size} are needed", doubtful=True
        )
    return int.from_bytes(data[at : at + size])
