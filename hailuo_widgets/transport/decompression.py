"""Bounded unpacking of a response body: a packed piece of 64 kB may hold 64 MB."""

from __future__ import annotations

import zlib

from hailuo_widgets.transport.departure import Unreadable

__all__ = ["unpack_into"]


def unpack_into(body: bytearray, piece: bytes, packed: zlib._Decompress | None, *, most: int) -> None:
    """Append a piece of a response to its body.

    Args:
        body: The bytes so far.
        piece: The next bytes, as they came.
        packed: The decompressor; None for a plain body.
        most: The most bytes that the body may have.

    Raises:
        Unreadable: The body is larger, or cannot be unpacked.
    """
    body += piece if packed is None else _unpacked(packed, piece, most + 1 - len(body))
    if len(body) > most:
        raise Unreadable(f"it is larger than {most} bytes")


def _unpacked(packed: zlib._Decompress, piece: bytes, room: int) -> bytes:
    try:
        return packed.decompress(piece, room)
    except zlib.error as e:
        why = str(e)
    raise Unreadable(f"it cannot be unpacked: {why}")
