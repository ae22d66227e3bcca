"""Unpacking of a gzip body that a cache sends although plain bytes were requested."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAGIC", "Unpacker"]

MAGIC = b"\x1f\x8b"
PIECE = 256 * 1024  # most bytes unpacked at once: a few packed bytes may grow to more than memory holds
_GZIP = 16 + zlib.MAX_WBITS


class Unpacker:
    """One gzip stream."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def ended(self) -> bool:
        """Whether the stream has ended, with the right check sum."""
        return self._stream.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Unpack the next bytes, in pieces of at most :data:`PIECE`.

        Raises:
            ValueError: They are no gzip, or damaged.
        """
        try:
            while not self._stream.eof:
                piece = self._stream.decompress(packed, PIECE)
                packed = self._stream.unconsumed_tail
                if piece:
                    yield piece
                elif not packed:
                    return
        except zlib.error as e:
            raise ValueError(str(e)) from None
