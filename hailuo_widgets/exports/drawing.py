"""Drawing helpers for exported images and videos: colors, shortened text, scaled frames."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["EMPTY", "INK", "MUTED", "PAPER", "scaled", "shortened"]

INK: Final = (235, 235, 235)
MUTED: Final = (160, 165, 172)
PAPER: Final = (24, 26, 29)
EMPTY: Final = (44, 47, 52)


def shortened(draw: ImageDraw.ImageDraw, text: str, width: int, font: Any) -> str:
    """Return a text on one line, cut to a width in pixels."""
    line = " ".join(text.split())
    if draw.textlength(line, font=font) <= width:
        return line
    while line and draw.textlength(f"{line}…", font=font) > width:
        line = line[:-1]
    return f"{line}…"


def scaled(image: Image.Image, width: int, height: int, label: str, font: Any) -> np.ndarray[Any, Any]:
    """Return an image scaled into a cell of that size in pixels, with a label at the bottom."""
    share = min(width / image.width, height / image.height)
    small = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))
    cell = Image.new("RGB", (width, height))
    cell.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    if label:
        draw = ImageDraw.Draw(cell)
        draw.text((6, height - 20), shortened(draw, label, width - 12, font), INK, font, stroke_width=2, stroke_fill=0)
    return np.asarray(cell)
