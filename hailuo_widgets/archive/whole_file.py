"""Is a file whole whose boxes leave it in doubt? It is, where every sample that its index lists is there and decodes.

Players take what a strict walk over the boxes does not: a line end or zeros behind the last box, a ``free`` or
``wide`` box in front, no ``ftyp`` at all. The decoder sees the local file only; its work is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive.boxes import ContainerError
from hailuo_widgets.archive.mp4 import Mp4Facts, check_container
from hailuo_widgets.archive.trusted_paths import open_clip

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["examine"]

_MAX_PIXELS = 50_000_000
_MAX_WORK = 100_000_000_000  # pixels times frames: ten minutes of 1080p at 24 frames a second are 30 billion
_OPTIONS = {
    "ignore_editlist": "1",  # every sample of the index, also those that are not shown
    "err_detect": "explode",
}


def examine(path: Path) -> tuple[Mp4Facts, str | None]:
    """What a whole file says about itself, and what is odd about it (None: nothing); blocks, and may decode it.

    Raises:
        ContainerError: It is not whole.
        OSError: It cannot be read.
    """
    try:
        return check_container(path), None
    except ContainerError as error:
        if not error.doubtful:
            raise
        odd = error
    try:
        facts = _decoded(path, sealed=not odd.unsealed)
    except Exception:  # noqa: BLE001 - decoders fail in many ways; each says that the doubt was right
        facts = None
    if facts is None:
        raise odd
    return facts, f"kept because all of it decodes, though {odd}"


def _decoded(path: Path, *, sealed: bool) -> Mp4Facts | None:
    """Facts of a file whose every listed sample decodes; None for any other."""
    with open_clip(path, **_OPTIONS) as container:
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
        metadata = container.metadata
        others = metadata.get("compatible_brands", "")
        brands = (metadata.get("major_brand", ""), *(others[i : i + 4] for i in range(0, len(others), 4)))
        duration = float(video.duration * video.time_base) if video.duration and video.time_base else None
        return Mp4Facts(
            size=path.stat().st_size,
            brands=tuple(b for b in brands if b),
            duration_s=duration,
            width=context.width,
            height=context.height,
            codec=context.codec_tag or None,
            has_video=True,
            fragmented=video.index not in listed,
            sealed=sealed,
        )


def _whole_frames(packet: Any) -> int:
    found = packet.decode()
    if any(frame.is_corrupt for frame in found):
        raise ContainerError("a frame is damaged")
    return len(found)
