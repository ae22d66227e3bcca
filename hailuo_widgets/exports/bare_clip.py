"""Copy of a clip without anything but its picture and sound.

The packets are copied bit for bit into a new MP4 file. Titles, comments, names of programs, times of creation, cover
pictures, and boxes with data of their own stay behind; the brand is always the same. What an encoder wrote into the
picture's own packets stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import av

from hailuo_widgets.archive import open_clip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["copy_bare"]

# "bitexact" leaves out the muxer's name and the time; "faststart" puts the index in front, for pages on a server.
_OPTIONS: Final = {"movflags": "+faststart", "fflags": "+bitexact"}
_APPLE: Final = "hvc1"  # the name of HEVC that Safari wants; FFmpeg would write the other one
_HEAD: Final = 8
_KEPT: Final[Mapping[bytes, frozenset[bytes]]] = {
    b"": frozenset({b"ftyp", b"moov", b"mdat", b"free"}),
    b"moov": frozenset({b"mvhd", b"trak"}),
    b"trak": frozenset({b"tkhd", b"edts", b"mdia"}),
}


def copy_bare(source: Path, target: Path) -> bool:
    """Write the copy, and return whether it has sound; blocks.

    Args:
        source: An MP4 file.
        target: The file to write.

    Raises:
        OSError: A file can't be read or written, or the clip can't be copied (``av.error.FFmpegError`` is one too).
        ValueError: The clip has no video.
    """
    with open_clip(source) as given, av.open(str(target), "w", format="mp4", options=_OPTIONS) as made:
        streams = [*_moving(given.streams.video)[:1], *given.streams.audio[:1]]
        if not streams or streams[0].type != "video":
            raise ValueError("the clip has no video")
        copies: dict[int, Any] = {}
        for stream in streams:
            copy = made.add_stream_from_template(stream)
            copy.metadata.clear()
            if stream.type == "video" and stream.codec_context.codec_tag == _APPLE:
                copy.codec_context.codec_tag = _APPLE
            copies[stream.index] = copy
        for packet in given.demux(streams):
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                made.mux(packet)
    with target.open("r+b") as file:
        _blank(file, 0, target.stat().st_size, b"")
    return len(streams) > 1


def _moving(streams: Any) -> list[Any]:
    """Return the streams that are no cover picture."""
    return [s for s in streams if "attached_pic" not in str(s.disposition)]


def _blank(file: BinaryIO, start: int, end: int, parent: bytes) -> None:
    """Turn each box that isn't needed into empty space of the same size, so that no offset changes."""
    at = start
    while at + _HEAD <= end:
        file.seek(at)
        size, kind = int.from_bytes(file.read(4)), file.read(4)
        head = _HEAD
        if size == 1:
            size, head = int.from_bytes(file.read(8)), 2 * _HEAD
        size = size or end - at
        if kind in _KEPT and kind:
            _blank(file, at + head, at + size, kind)
        elif kind not in _KEPT[parent]:
            file.seek(at + 4)
            file.write(b"free")
            file.seek(at + head)
            file.write(bytes(size - head))
        at += size
