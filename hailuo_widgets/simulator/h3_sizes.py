"""Widths and heights of H3's clips, by resolution and ratio.

Source: Runware's lists of sizes for ``minimax:h3@0`` and ``minimax:h3@max``; 16:9 is 1344×768 and 2560×1440.
"""

from __future__ import annotations

_SHORT_SIDES = {"480P": 480, "768P": 768, "1080P": 1080, "2K": 1440, "4K": 2160}
_RATIOS = {"21:9": 21 / 9, "16:9": 16 / 9, "4:3": 4 / 3, "1:1": 1.0, "3:4": 3 / 4, "9:16": 9 / 16}
_WIDTHS = {
    ("480P", "16:9"): 832,
    ("480P", "21:9"): 960,
    ("768P", "16:9"): 1344,
    ("768P", "21:9"): 1536,
    ("2K", "21:9"): 2944,
}
_HEIGHTS = {("480P", "21:9"): 416, ("768P", "21:9"): 672, ("2K", "21:9"): 1248}


def size_of(resolution: str, ratio: str, picture: tuple[int, int] | None) -> tuple[int, int]:
    """Return width and height of a clip of this family; a picture's shape wins."""
    short = _SHORT_SIDES[resolution]
    if picture is None and (wide := (resolution, ratio)) in _WIDTHS:
        return _WIDTHS[wide], _HEIGHTS.get(wide, short)
    if picture is None and (tall := (resolution, ":".join(reversed(ratio.split(":"))))) in _WIDTHS:
        return _HEIGHTS.get(tall, short), _WIDTHS[tall]
    shape = picture[0] / picture[1] if picture else _RATIOS.get(ratio, 16 / 9)
    long = 2 * round(short * max(shape, 1 / shape) / 2)
    return (long, short) if shape >= 1 else (short, long)
