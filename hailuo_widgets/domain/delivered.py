"""Comparison of a clip's measured size and length with what its run asked for."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["not_as_asked"]

# What the documents allow. H3's clips have 17 n + 5 frames at 24 a second: 4 s asked are 4.46 s, and 15 s are 15.08 s;
# other models make 141 frames at 25 a second for 6 s. 768P is 1366×768, 1344×768, or 1536×672 at 21:9.
SHORTER_S: Final = 0.4
LONGER_S: Final = 0.75
SHORT_SIDE: Final = 0.03  # relative difference
AREA: Final = 0.05
RATIO: Final = 0.05
WIDE: Final = 16 / 9
_LINES: Final = re.compile(r"(\d{3,4})P", re.IGNORECASE)
_NAMED: Final = {"2K": 1440, "4K": 2160}


def not_as_asked(record: RunRecord) -> str | None:
    """Return how a clip differs from the request, for example ``1344×768 instead of 2K``; None if it does not.

    A value that was not measured, or that was not asked for, is not compared; nor is a resolution of unknown meaning.
    """
    width, height, seconds, request = record.video_width, record.video_height, record.video_seconds, record.request
    found = []
    if width and height:
        sized = request.width is not None and request.height is not None
        if sized and (_apart(width, request.width) > RATIO or _apart(height, request.height) > RATIO):
            found.append(f"{width}×{height} instead of {request.width}×{request.height}")
        elif not sized and request.resolution is not None and not _is_resolution(width, height, request.resolution):
            found.append(f"{width}×{height} instead of {request.resolution}")
        ratio = _ratio(request.aspect_ratio)
        if not sized and ratio is not None and _apart(width / height, ratio) > RATIO:
            found.append(f"{width}×{height} instead of {request.aspect_ratio}")
    if seconds is not None and request.duration is not None:
        asked = request.duration
        if not asked - SHORTER_S <= seconds <= asked + LONGER_S:
            found.append(f"{seconds:.1f} s instead of {asked} s")
    return "; ".join(found) or None


def _is_resolution(width: int, height: int, resolution: str) -> bool:
    """Return whether a size is that of a resolution, whose name is the length of the short side of a wide clip."""
    lines = _LINES.fullmatch(resolution.strip())
    short = int(lines[1]) if lines else _NAMED.get(resolution.strip().upper())
    if short is None:
        return True
    return _apart(min(width, height), short) <= SHORT_SIDE or _apart(width * height, short**2 * WIDE) <= AREA


def _ratio(text: str | None) -> float | None:
    """Return the value of a text such as ``16:9``; None if it is another word."""
    parts = (text or "").split(":")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):  # noqa: PLR2004 - width and height
        return None
    return int(parts[0]) / int(parts[1])


def _apart(one: float, other: float | None) -> float:
    """Return the relative difference of two positive numbers."""
    return math.inf if not other else abs(one / other - 1)
