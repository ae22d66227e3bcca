"""A body that came as gzip though plain bytes were asked for, as some caches always send it: unpacked as it comes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAGIC", "Unpacker"]

MAGIC = b"\x1f\x8b"
PIECE = 256 * 1024  # bytes that are unpacked at once: what a few bytes may grow to is never in memory whole
_GZIP = 16 + zlib.MAX_WBITS


class Unpacker:
    """One gzip stream."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def ended(self) -> bool:
        """Whether the end has come, with the right check sum."""
        return self._stream.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """The bytes that the next packed ones hold, in pieces of at most :data:`PIECE`.

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
