"""Check that a clip's file is whole: by its boxes, and by decoding it if they leave a doubt.

Players take what a strict walk over the boxes does not: a line end or zeros behind the last box, a ``free`` or
``wide`` box in front, no ``ftyp`` at all. Such a file is whole if every sample that its index lists is there and
decodes. The decoder sees the local file only; its work is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive.mp4 import ContainerError, check_container
from hailuo_widgets.archive.trusted_paths import open_clip

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer

    from hailuo_widgets.archive.mp4 import Layout

__all__ = ["ClipFacts", "examine"]

_MAX_PIXELS = 50_000_000
_MAX_WORK = 100_000_000_000  # pixels times frames: ten minutes of 1080p at 24 frames a second are 30 billion
_MICROSECONDS = 1_000_000
_EVERY_SAMPLE = {"ignore_editlist": "1"}  # also those that are not shown


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipFacts:
    """What is known of a whole file.

    Args:
        size: Bytes.
        width: Coded width in pixels; None if the file does not say.
        height: Coded height in pixels, or None.
        seconds: Length of the video track; None if the file does not say.
        sound: A sound track is there.
        has_video: A video track is there.
        sealed: The file itself shows where it ends; see :class:`hailuo_widgets.archive.mp4.Layout`.
        note: What is odd about the file, which decodes whole; None if nothing is.
    """

    size: int
    width: int | None
    height: int | None
    has_video: bool
    sealed: bool
    note: str | None = None
    seconds: float | None = None
    sound: bool = False


def examine(path: Path) -> ClipFacts:
    """Facts of a whole file; blocks, and may decode it.

    Raises:
        ContainerError: It is not whole.
        OSError: It cannot be read.
    """
    try:
        layout = check_container(path)
        if layout.open_ended:
            _check_samples(path)
    except ContainerError as error:
        if not error.doubtful:
            raise
        odd = error
    else:
        return _read_facts(path, layout)
    try:
        facts = _decode(path, odd)
    except Exception:  # noqa: BLE001 - decoders fail in many ways; each says that the doubt was right
        facts = None
    if facts is None:
        raise odd
    return facts


def _read_facts(path: Path, layout: Layout) -> ClipFacts:
    """Facts of a file whose boxes are whole.

    Raises:
        ContainerError: Its index cannot be read.
    """
    try:
        with open_clip(path) as container:
            return _facts(container, size=layout.size, sealed=layout.sealed)
    except Exception as error:
        # PyAV raises its own errors, and at times AttributeError, on a damaged index.
        raise ContainerError(f"its index cannot be read: {error}") from error


def _facts(container: InputContainer, *, size: int, sealed: bool, note: str | None = None) -> ClipFacts:
    video = container.streams.video[0] if container.streams.video else None
    context = None if video is None else video.codec_context  # None if FFmpeg has no decoder for the codec
    return ClipFacts(
        size=size,
        width=(context and context.width) or None,
        height=(context and context.height) or None,
        has_video=video is not None,
        sealed=sealed,
        note=note,
        seconds=_seconds(container, video),
        sound=bool(container.streams.audio),
    )


def _seconds(container: InputContainer, video: Any) -> float | None:
    if video is not None and video.duration is not None and video.time_base is not None:
        return round(float(video.duration * video.time_base), 3)
    return round(container.duration / _MICROSECONDS, 3) if container.duration else None


def _check_samples(path: Path) -> None:
    """See that each sample that the index lists is in the media data, whose box gives no size; decode nothing.

    Raises:
        ContainerError: One is not, or none is listed.
    """
    try:
        with open_clip(path, **_EVERY_SAMPLE) as container:
            listed = sum(stream.frames for stream in container.streams)
            there = sum(bool(packet.size) and not packet.is_corrupt for packet in container.demux())
    except Exception as error:
        raise ContainerError(f"its index cannot be read: {error}") from error
    if not 0 < listed <= there:
        raise ContainerError(
            f"the media data gives no size, and holds {there} of {listed} listed samples", doubtful=not listed
        )


def _decode(path: Path, odd: ContainerError) -> ClipFacts | None:
    """Facts of a file whose every listed sample decodes; None for any other."""
    with open_clip(path, err_detect="explode", **_EVERY_SAMPLE) as container:
        video = container.streams.video[0]
        context = video.codec_context
        pixels = context.width * context.height
        if not 0 < pixels <= _MAX_PIXELS or pixels * max(1, video.frames) > _MAX_WORK:
            return None
        context.options = {"err_detect": "explode"}
        video.thread_type = "AUTO"
        samples: dict[int, int] = {}
        frames = 0
        for packet in container.demux():
            if packet.is_corrupt:
                return None
            if packet.stream_index == video.index:
                frames += _whole_frames(packet)
            if packet.size:
                samples[packet.stream_index] = samples.get(packet.stream_index, 0) + 1
            if pixels * frames > _MAX_WORK:
                return None
        listed = {s.index: s.frames for s in container.streams if s.frames and s.type in {"video", "audio"}}
        if any(samples.get(index, 0) != count for index, count in listed.items()):
            return None
        if not frames or frames != samples[video.index]:
            return None
        note = f"kept because all of it decodes, though {odd}"
        return _facts(container, size=path.stat().st_size, sealed=not odd.unsealed, note=note)


def _whole_frames(packet: Any) -> int:
    found = packet.decode()
    if any(frame.is_corrupt for frame in found):
        raise ContainerError("a frame is damaged")
    return len(found)
