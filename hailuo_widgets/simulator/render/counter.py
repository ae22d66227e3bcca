"""Frame counter: a strip of black and white cells in the bottom right corner of each frame.

Twenty square cells in one row, each ``s`` pixels wide and high, ``s = max(6, 2 * round(width / 170))``. The strip ends
``s`` pixels from the right edge and ``s`` pixels from the bottom. From left to right: white and black, by which the
strip is recognised; sixteen bits of the index, the highest first, white for 1; the parity of those bits, white for odd;
black. Cells are larger than what H.264 at the simulator's quality can blur away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS = 20
_BITS = 16
_DARK, _LIGHT = 16, 235


def strip_box(width: int, height: int) -> tuple[int, int, int]:
    """Return the strip's left edge, its top edge and its cells' size in pixels, all even."""
    cell = max(6, 2 * round(width / 170))
    return width - (CELLS + 1) * cell, height - 2 * cell, cell


def _cells(index: int) -> list[int]:
    bits = [index >> shift & 1 for shift in range(_BITS - 1, -1, -1)]
    return [1, 0, *bits, sum(bits) % 2, 0]


def draw_frame_counter(y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8], index: int) -> None:
    """Write a frame's index into its planes (4:2:0, so ``u`` and ``v`` have half of the height and width)."""
    left, top, cell = strip_box(y.shape[1], y.shape[0])
    row = np.repeat(np.where(_cells(index), _LIGHT, _DARK).astype(np.uint8), cell)
    y[top : top + cell, left : left + CELLS * cell] = row
    for plane in (u, v):
        plane[top // 2 : (top + cell) // 2, left // 2 : (left + CELLS * cell) // 2] = 128


def read_frame_counter(rgb: NDArray[np.uint8]) -> int | None:
    """Return the index that a decoded frame carries.

    Args:
        rgb: The frame, height × width × 3 (or height × width), 0 to 255.

    Returns:
        The index, 0 to 65535; ``None`` where no strip is recognised or its parity is wrong.
    """
    left, top, cell = strip_box(rgb.shape[1], rgb.shape[0])
    if left < 0 or top < 0:
        return None
    strip = rgb[top : top + cell, left : left + CELLS * cell].astype(float)
    grey = strip.mean(axis=2) if strip.ndim > 2 else strip  # noqa: PLR2004 - a colour picture has three axes
    edge = cell // 4
    means = grey.reshape(cell, CELLS, cell)[edge : cell - edge, :, edge : cell - edge].mean(axis=(0, 2))
    seen = [int(mean > 128) for mean in means]  # noqa: PLR2004 - half of the range
    index = int("".join(map(str, seen[2 : 2 + _BITS])), 2)
    return index if seen == _cells(index) else None
