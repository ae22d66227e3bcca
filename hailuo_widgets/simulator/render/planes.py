"""Pictures as three planes (Y, U and V in 4:2:0, BT.709, studio range), and operations on them.

Working in the encoder's own planes saves a colour conversion for every frame, which would cost more than the encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

# BT.709 in studio range: rows give Y, U, V of R, G, B in 0…255.
_MATRIX = np.array(
    [[0.18259, 0.61423, 0.06201], [-0.10064, -0.33857, 0.43922], [0.43922, -0.39894, -0.04027]], dtype=np.float32
)
_OFFSET = (16.0, 128.0, 128.0)


def colour(rgb: tuple[float, ...]) -> tuple[int, int, int]:
    """Return a colour's Y, U and V."""
    values = _MATRIX @ np.array(rgb[:3], dtype=np.float32)
    y, u, v = (round(float(value) + offset) for value, offset in zip(values, _OFFSET, strict=True))
    return y, u, v


@dataclass(frozen=True)
class Planes:
    """A picture: ``y`` height × width, ``u`` and ``v`` half of both (rounded up)."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]

    @classmethod
    def empty(cls, width: int, height: int) -> Self:
        """Return planes with nothing in them yet."""
        half = ((height + 1) // 2, (width + 1) // 2)
        return cls(np.empty((height, width), np.uint8), np.empty(half, np.uint8), np.empty(half, np.uint8))

    @classmethod
    def of_image(cls, image: Image.Image) -> Self:
        """Convert an RGB picture of even width and height."""
        rgb = np.asarray(image.convert("RGB"), dtype=np.float32)
        y = rgb @ _MATRIX[0] + 16.5
        small = (rgb[::2, ::2] + rgb[1::2, ::2] + rgb[::2, 1::2] + rgb[1::2, 1::2]) / 4
        u, v = (small @ _MATRIX[row] + 128.5 for row in (1, 2))
        return cls(y.astype(np.uint8), u.astype(np.uint8), v.astype(np.uint8))

    def all(self) -> tuple[tuple[NDArray[np.uint8], int], ...]:
        """Return each plane with the number that luma coordinates are divided by."""
        return (self.y, 1), (self.u, 2), (self.v, 2)

    def copy_from(self, source: Planes, x: int, y: int) -> None:
        """Fill this picture with the part of a larger one that begins at ``x``, ``y``."""
        for (target, part), (plane, _) in zip(self.all(), source.all(), strict=True):
            height, width = target.shape
            target[:] = plane[y // part : y // part + height, x // part : x // part + width]


@dataclass(frozen=True)
class Stamp:
    """A translucent picture, made ready for being laid over planes.

    Attributes:
        over: Y, U, V times alpha (0 to 65280).
        keep: 256 minus alpha, for luma and for chroma.
        width: Luma pixels, even.
        height: Luma pixels, even.
    """

    over: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]
    keep: tuple[NDArray[np.uint16], NDArray[np.uint16]]
    width: int
    height: int

    @classmethod
    def of_image(cls, image: Image.Image) -> Self:
        """Convert an RGBA picture; an odd last row or column is cut."""
        width, height = image.width // 2 * 2, image.height // 2 * 2
        image = image.crop((0, 0, width, height))
        alpha = np.asarray(image.getchannel("A"), dtype=np.uint16)
        alpha = alpha + (alpha >> 7)  # 255 becomes 256, so that opaque is opaque
        half = (alpha[::2, ::2] + alpha[1::2, ::2] + alpha[::2, 1::2] + alpha[1::2, 1::2]) // 4
        # Colours under transparent pixels must not bleed into the halved chroma: average them by their alpha.
        planes = Planes.of_image(_unmatted(image))
        return cls((planes.y * alpha, planes.u * half, planes.v * half), (256 - alpha, 256 - half), width, height)

    def lay(self, target: Planes, x: int, y: int) -> None:
        """Lay the stamp over a picture at ``x``, ``y``, which may lie outside of it."""
        x, y = x // 2 * 2, y // 2 * 2
        height, width = target.y.shape
        left, top, right, bottom = max(0, -x), max(0, -y), min(self.width, width - x), min(self.height, height - y)
        if left >= right or top >= bottom:
            return
        for (plane, part), over, keep in zip(
            target.all(), self.over, (self.keep[0], self.keep[1], self.keep[1]), strict=True
        ):
            rows, columns = slice(top // part, bottom // part), slice(left // part, right // part)
            spot = plane[(y + top) // part : (y + bottom) // part, (x + left) // part : (x + right) // part]
            mix(spot, over[rows, columns], keep[rows, columns])


def _unmatted(image: Image.Image) -> Image.Image:
    """Return a picture whose transparent pixels have their opaque neighbours' colour."""
    solid = Image.new("RGB", image.size, tuple(int(c) for c in _mean_colour(image)))
    solid.paste(image.convert("RGB"), mask=image.getchannel("A").point(lambda a: 255 if a else 0))
    return solid


def _mean_colour(image: Image.Image) -> NDArray[np.float64]:
    pixels = np.asarray(image, dtype=np.float64).reshape(-1, 4)
    weight = pixels[:, 3].sum()
    return (pixels[:, :3] * pixels[:, 3:]).sum(axis=0) / weight if weight else np.zeros(3)


def mix(spot: NDArray[np.uint8], over: NDArray[np.uint16], keep: NDArray[np.uint16]) -> None:
    """Lay one premultiplied plane over another, in place."""
    mixed = spot.astype(np.uint16)
    mixed *= keep
    mixed += over
    mixed >>= 8
    spot[:] = mixed


def cross_fade(target: Planes, goal: Planes, part: float) -> None:
    """Move a picture towards another of the same size, in place; ``part`` 0 leaves it, 1 is the other."""
    if part >= 1:
        target.copy_from(goal, 0, 0)
    elif part > 0:
        weight = np.uint16(round(part * 256))
        for (plane, _), (other, _) in zip(target.all(), goal.all(), strict=True):
            mixed = plane.astype(np.uint16)
            mixed *= np.uint16(256 - weight)
            mixed += other * weight
            mixed >>= 8
            plane[:] = mixed
