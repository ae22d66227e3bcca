"""What the pictures for others share: colours, texts that fit, frames scaled into a cell."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["EMPTY", "INK", "MUTED", "PAPER", "fitting", "scaled"]

INK: Final = (235, 235, 235)
MUTED: Final = (160, 165, 172)
PAPER: Final = (24, 26, 29)
EMPTY: Final = (44, 47, 52)


def fitting(draw: ImageDraw.ImageDraw, text: str, width: int, font: Any) -> str:
    """The beginning of a text that fits, on one line."""
    line = " ".join(text.split())
    if draw.textlength(line, font=font) <= width:
        return line
    while line and draw.textlength(f"{line}…", font=font) > width:
        line = line[:-1]
    return f"{line}…"


def scaled(image: Image.Image, width: int, height: int, said: str, font: Any) -> np.ndarray[Any, Any]:
    """The picture inside a cell of that size, with what is said of it at its foot."""
    share = min(width / image.width, height / image.height)
    small = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))
    cell = Image.new("RGB", (width, height))
    cell.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    if said:
        draw = ImageDraw.Draw(cell)
        draw.text((6, height - 20), fitting(draw, said, width - 12, font), INK, font, stroke_width=2, stroke_fill=0)
    return np.asarray(cell)
