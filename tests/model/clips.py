"""Clips of the model: small MP4 files, all different."""

from __future__ import annotations

import struct

__all__ = ["clip_of"]


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def clip_of(task_id: str, index: int) -> bytes:
    """A small MP4 that holds the name of its task and of its place in it."""
    clock = struct.pack(">IIIII", 0, 0, 0, 1000, 6000)
    sample = struct.pack(">I4s", 86, b"avc1") + bytes(24) + struct.pack(">HH", 160, 96) + bytes(50)
    data = f"clip {index} of task {task_id} ".encode() * 40
    track = _box(b"tkhd", struct.pack(">IIIIII", 0, 0, 0, 1, 0, 6000) + bytes(60))
    table = _box(b"stbl", _box(b"stsd", struct.pack(">II", 0, 1) + sample))
    media = _box(b"mdhd", clock + bytes(4)) + _box(b"hdlr", bytes(8) + b"vide" + bytes(13)) + _box(b"minf", table)
    movie = _box(b"mvhd", clock + bytes(80)) + _box(b"trak", track + _box(b"mdia", media))
    return _box(b"ftyp", b"isom" + bytes(4) + b"isom") + _box(b"moov", movie) + _box(b"mdat", data)
