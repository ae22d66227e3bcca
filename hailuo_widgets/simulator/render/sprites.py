"""Small moving pictures of a scene: the balloon, a given picture in a round frame, motes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageOps

if TYPE_CHECKING:
    from hailuo_widgets.simulator.render.planes import Planes

_WIDEST = 0.5  # where, from the top of the silk down
_OVER = 4  # drawn so many times larger, then reduced, for smooth edges
_SILKS = (
    ((214, 64, 58), (250, 232, 206)),
    ((38, 92, 158), (250, 206, 88)),
    ((236, 134, 46), (70, 40, 92)),
    ((28, 128, 116), (246, 240, 224)),
    ((150, 52, 120), (250, 190, 120)),
)


def balloon(size: int, rng: np.random.Generator) -> Image.Image:
    """Return a hot-air balloon, ``size`` pixels high, with an alpha channel."""
    big = size * _OVER
    image = Image.new("RGBA", (round(big * 0.74), big))
    draw = ImageDraw.Draw(image)
    first, second = _SILKS[int(rng.integers(len(_SILKS)))]
    width = image.width
    silk = big * 0.74
    rows = np.arange(round(silk))
    part = rows / silk
    # Round above, drawn in below: half of an ellipse, then a curve to the mouth.
    half = np.where(
        part < _WIDEST,
        np.sqrt(np.clip(1 - (1 - part / _WIDEST) ** 2, 0, 1)),
        1 - 0.78 * (np.clip(part - _WIDEST, 0, 1) / (1 - _WIDEST)) ** 1.9,
    )
    half *= width / 2 - 2
    gores = 8
    for row, reach in zip(rows, half, strict=True):
        for gore in range(gores):
            left, right = (-np.cos(np.pi * (gore + end) / gores) * reach for end in (0, 1))
            # Each gore is a strip of the sphere: lit from the left, shaded to the right and below.
            light = 1.1 - 0.42 * gore / (gores - 1) - 0.16 * part[row]
            silk_colour = first if gore % 2 == 0 else second
            fill = tuple(min(255, round(value * light)) for value in silk_colour)
            draw.line((width / 2 + left, float(row), width / 2 + right, float(row)), fill=(*fill, 255))
    mouth, basket = half[-1], big * 0.11
    top, wide = big * 0.86, big * 0.055
    for side in (-1, 1):
        draw.line(
            (width / 2 + side * mouth * 0.9, silk, width / 2 + side * wide, top), fill=(60, 44, 34, 255), width=_OVER
        )
    box = (width / 2 - wide, top, width / 2 + wide, top + basket)
    draw.rounded_rectangle(box, radius=big * 0.012, fill=(112, 74, 42, 255))
    draw.rectangle((box[0], top, box[2], top + basket * 0.22), fill=(78, 48, 28, 255))
    return image.resize((max(2, width // _OVER // 2 * 2), size // 2 * 2), Image.Resampling.BOX)


def portrait_sprite(picture: Image.Image, size: int) -> Image.Image:
    """Return a picture's middle in a round white frame, ``size`` pixels high."""
    size = max(16, size // 2 * 2)
    image = ImageOps.fit(picture.convert("RGB"), (size, size), centering=(0.5, 0.4)).convert("RGBA")
    mask = Image.new("L", (size * _OVER, size * _OVER))
    ImageDraw.Draw(mask).ellipse((0, 0, size * _OVER - 1, size * _OVER - 1), fill=255)
    ring = Image.new("L", mask.size)
    rim = max(2, size // 30) * _OVER
    ImageDraw.Draw(ring).ellipse((0, 0, size * _OVER - 1, size * _OVER - 1), outline=255, width=rim)
    image.paste((255, 255, 255, 255), mask=ring.resize((size, size), Image.Resampling.BOX))
    image.putalpha(mask.resize((size, size), Image.Resampling.BOX))
    return image


class Motes:
    """Specks that drift through the air: snow, pollen, fireflies; light is added, never taken.

    Args:
        width: Of the view, in pixels.
        height: Of the view, in pixels.
        brightness: Luma that the middle of a mote adds.
        rng: Where they are.
        fade_in: Frames until they are as bright as they get; 0 shows them from the first frame.
    """

    def __init__(self, width: int, height: int, brightness: int, rng: np.random.Generator, fade_in: int = 0) -> None:
        self._count = 26 if brightness else 0
        self._start = rng.random((self._count, 2)) * (width, height)
        self._speed = (rng.random((self._count, 2)) - (0.5, -0.1)) * (min(width, height) / 260)
        self._fade_in = fade_in
        self._specks = []
        for scale in (0.6, 1.0, 1.5):
            radius = max(2, round(min(width, height) / 150 * scale))
            axis = np.arange(-radius, radius + 1)
            bell = np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (radius * 0.55) ** 2)
            self._specks.append(bell * brightness)

    def draw(self, target: Planes, index: int) -> None:
        """Add the motes to the frame with that index."""
        strength = min(1.0, index / self._fade_in) if self._fade_in else 1.0
        if not strength:
            return
        specks = [(speck * strength).astype(np.uint8) for speck in self._specks]
        height, width = target.y.shape
        for number, (x, y) in enumerate((self._start + self._speed * index) % (width, height)):
            speck = specks[number % len(specks)]
            left, top = int(x), int(y)
            spot = target.y[top : top + len(speck), left : left + len(speck)]
            spot += np.minimum(speck[: spot.shape[0], : spot.shape[1]], 235 - np.minimum(spot, 235))
