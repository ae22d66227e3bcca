"""Poster of a clip: a small JPEG, which a saved notebook shows when the clip itself is not loaded.

It is an early frame, but not a black one: clips often fade in. It has at most 15 kB, so that a hundred of them stay
small. The decoder sees local files only; if it fails there is no poster, and the clip is kept.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hailuo_widgets.archive.trusted_paths import open_clip

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

_AT_S = 1.0  # the time of the frame
_SEARCH_S = 3.0  # the end of the search for a frame that is not dark
_SEARCH_FRAMES = 120
_DARK = 24.0  # mean luma (0-255) under which a frame counts as black
_MAX_PIXELS = 50_000_000
_MIN_WIDTH = 64


def poster(path: Path, *, width: int = 320, quality: int = 82, limit: int = 15_000) -> bytes | None:
    """A JPEG of an early frame; None if none can be made.

    Args:
        path: A local MP4 file.
        width: Pixels; a smaller clip is not enlarged.
        quality: The first JPEG quality (1-95); it is lowered until the bytes fit.
        limit: At most this many bytes.
    """
    try:
        still = _still(path, width)
        return _jpeg(still, quality, limit) if still is not None else None
    except Exception:  # noqa: BLE001 - decoders fail in many ways; a missing poster must never fail a paid clip
        return None


def _still(path: Path, width: int) -> Image.Image | None:
    best: tuple[float, Image.Image] | None = None
    with open_clip(path) as container:
        stream = container.streams.video[0]
        if stream.codec_context.width * stream.codec_context.height > _MAX_PIXELS:
            return None
        for count, frame in enumerate(container.decode(stream)):
            late = float(frame.time or 0.0)
            if best is not None and (late > _SEARCH_S or count > _SEARCH_FRAMES):
                break
            if best is not None and late < _AT_S and count % 12:  # a few looks before, in case the clip is short
                continue
            across = min(width, frame.width)
            height = max(2, round(frame.height * across / frame.width))
            image: Image.Image = frame.to_image(width=across, height=height)  # type: ignore[no-untyped-call] # PyAV says no more
            light = _light(image)
            # Until the wanted moment each look replaces the one before; a dark one only if all before were darker.
            if best is None or light >= min(_DARK, best[0]):
                best = (light, image)
            if late >= _AT_S and light >= _DARK:
                break
    return best[1] if best else None


def _light(image: Image.Image) -> float:
    histogram = image.convert("L").histogram()
    return sum(level * count for level, count in enumerate(histogram)) / max(1, sum(histogram))


def _jpeg(image: Image.Image, quality: int, limit: int) -> bytes | None:
    while True:
        for step in (quality, min(quality, 65), min(quality, 45)):
            out = io.BytesIO()
            image.save(out, "JPEG", quality=step, optimize=True, progressive=True)
            if out.tell() <= limit:
                return out.getvalue()
        if image.width < _MIN_WIDTH:
            return None
        image = image.resize((image.width * 3 // 4, max(2, image.height * 3 // 4)))
