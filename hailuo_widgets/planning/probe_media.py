"""Probe of a clip or a sound in memory: its format, codecs, length and size, from its content.

The format is told by the file's first bytes, and FFmpeg reads it as that alone: a playlist, which could make it open
other files or addresses, is never read as one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from hailuo_widgets.domain.references import MediaKind

__all__ = ["DamagedError", "Probe", "format_of", "probe"]

DEMUXERS = {"MP4": "mp4", "MOV": "mov", "WEBM": "webm", "WAV": "wav", "MP3": "mp3"}
MOST_FRAMES = 2000  # so many are decoded of a sound, and of a clip fewer the larger they are; the rest is only read
MOST_DECODED = 1_500_000_000  # pixels: 30 s of 1080p at 24 frames per second, which is a few seconds' work
MOST_PIXELS = 50_000_000
MISSING_S = 0.5  # a stream that ends so much earlier than its header says was cut
QUARTER_TURNS = (90, 270)
LOCATION = ("location", "com.apple.quicktime.location.iso6709", "xyz")
MICROSECONDS = 1_000_000
RIFF_HEADER, RIFF_UNKNOWN = 8, 0xFFFFFFFF + 8  # what was written to a pipe has no size


class DamagedError(ValueError):
    """A file that cannot be used: the reason, and what to do."""

    def __init__(self, why: str, hint: str = "it is not whole: copy or download it again") -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a clip or a sound is; see :class:`hailuo_widgets.domain.references.Reference`."""

    kind: MediaKind
    seconds: float
    codecs: str
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    located: bool = False  # its metadata tell where it was taken


def format_of(data: bytes) -> str | None:
    """Return the format by the first bytes: ``MP4``, ``MOV``, ``WEBM``, ``WAV`` or ``MP3``; None for any other."""
    if data[4:8] == b"ftyp":
        return "MOV" if data[8:12] == b"qt  " else "MP4"
    if data[4:8] in {b"moov", b"mdat", b"wide"}:
        return "MOV"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "WAV"
    if data[:4] == b"\x1aE\xdf\xa3" and b"webm" in data[:64]:
        return "WEBM"
    layer_3 = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2  # noqa: PLR2004 - a frame's sync word
    return "MP3" if data[:3] == b"ID3" or layer_3 else None


def probe(data: bytes, format_name: str) -> Probe:
    """Read a whole file and decode it, so that no damaged one is paid for. Blocks.

    Args:
        data: The file.
        format_name: What :func:`format_of` says of it.

    Raises:
        DamagedError: It cannot be read or decoded, was cut, or is of no use as a reference.
    """
    import av

    if format_name == "WAV" and len(data) < int.from_bytes(data[4:8], "little") + RIFF_HEADER != RIFF_UNKNOWN:
        raise DamagedError("it was cut: it is shorter than its header says")
    try:
        with av.open(io.BytesIO(data), mode="r", format=DEMUXERS[format_name]) as container:
            return _probe(container, format_name)
    except DamagedError:
        raise
    except Exception as e:  # noqa: BLE001 - damaged files make PyAV raise errors of any type
        raise DamagedError(f"it cannot be read as {format_name}: {e or type(e).__name__}") from None


def _probe(container: Any, format_name: str) -> Probe:
    sound_alone = format_name in {"WAV", "MP3"}
    videos = [] if sound_alone else list(container.streams.video[:1])
    streams: list[Any] = [*videos, *container.streams.audio[:1]]
    if not (streams if sound_alone else videos):
        what = "it holds no sound" if sound_alone else "it holds no pictures"
        raise DamagedError(what, "a sound is a WAV or MP3 file" if not sound_alone else "give another file")
    for stream in videos:
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            raise DamagedError(f"a frame has more than {MOST_PIXELS // 1_000_000} million pixels", "scale it down")
        stream.thread_type = "AUTO"
    ends = dict.fromkeys((s.index for s in streams), 0.0)
    most = {s.index: max(1, MOST_DECODED // (s.codec_context.width * s.codec_context.height or 1)) for s in videos}
    frames = dict.fromkeys((s.index for s in streams), 0)
    failed, turned = 0, False
    for packet in container.demux(streams):
        index = packet.stream.index
        if packet.pts is not None and packet.time_base is not None:
            ends[index] = max(ends[index], float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if frames[index] >= min(MOST_FRAMES, most.get(index, MOST_FRAMES)):
            continue
        try:
            decoded = packet.decode()
        except av_errors():
            failed += 1
            continue
        frames[index] += len(decoded)
        for frame in decoded[:1]:
            turned = getattr(frame, "rotation", 0) % 360 in QUARTER_TURNS if index == streams[0].index else turned
    declared = 0.0 if format_name == "MP3" else (container.duration or 0) / MICROSECONDS  # an MP3's is a guess
    _check_whole(streams, ends, frames, failed if videos else 0, declared)
    return _found(container, streams, ends, turned=turned, video=bool(videos))


def av_errors() -> type[Exception]:
    """Return the class of FFmpeg's errors; PyAV is imported when the first file is read."""
    import av

    return av.FFmpegError


def _check_whole(
    streams: list[Any], ends: dict[int, float], frames: dict[int, int], failed: int, declared: float
) -> None:
    for stream in streams:
        if not frames[stream.index]:
            raise DamagedError(f"none of its {'frames' if stream.type == 'video' else 'sound'} can be decoded")
        known = declared and stream.duration is not None and stream.time_base is not None
        length = float(stream.duration * stream.time_base) if known else 0.0
        if ends[stream.index] < length - MISSING_S:
            raise DamagedError(f"it was cut: {ends[stream.index]:.1f} of {length:.1f} s are there")
    if max(ends.values()) < declared - MISSING_S:
        raise DamagedError(f"it was cut: {max(ends.values()):.1f} of {declared:.1f} s are there")
    if failed:
        raise DamagedError(f"{failed} of its parts cannot be decoded")


def _found(container: Any, streams: list[Any], ends: dict[int, float], *, turned: bool, video: bool) -> Probe:
    declared = (container.duration or 0) / MICROSECONDS
    metadata = [container.metadata, *(stream.metadata for stream in streams)]
    codecs = ", ".join(dict.fromkeys(stream.codec_context.codec.canonical_name for stream in streams))
    located = any(key.casefold().startswith(LOCATION) for found in metadata for key in found)
    seconds = max(ends.values()) or declared
    if not video:
        return Probe(kind=MediaKind.AUDIO, seconds=seconds, codecs=codecs, located=located)
    context, rate = streams[0].codec_context, streams[0].average_rate or streams[0].guessed_rate
    width, height = (context.height, context.width) if turned else (context.width, context.height)
    return Probe(
        kind=MediaKind.VIDEO,
        seconds=seconds,
        codecs=codecs,
        width=width,
        height=height,
        fps=float(rate) if rate else None,
        located=located,
    )
