"""Clip that begins with a given picture.

The first frame is the picture; then the camera moves over it.

Beyond its edges the picture goes on mirrored and softened, so that the camera can go anywhere from the first frame on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from hailuo_widgets.simulator.render.planes import Planes

if TYPE_CHECKING:
    from hailuo_widgets.simulator.render.camera import Path

_FURTHEST = 0.6  # of the view, to each side


def fill_frame(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Return a picture cut and scaled to fill the frame."""
    return ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGB"), (width, height), Image.Resampling.LANCZOS)


class Still:
    """The moving view of one picture.

    Args:
        picture: Already of the frame's size.
        path: The camera's; all its sideways axes add up, for a picture has no depth.
    """

    def __init__(self, picture: Image.Image, path: Path) -> None:
        self.width, self.height = picture.size
        zoom = path.zoom / path.zoom[0]
        self._zoom = zoom
        across = path.pan + 0.4 * path.truck
        along = path.tilt + 0.6 * path.rise
        # The first frame is the picture itself, whatever the camera does there.
        self._across = np.clip(across - across[0], -_FURTHEST, _FURTHEST)
        self._along = np.clip(along - along[0], -_FURTHEST, _FURTHEST)
        spread = (1 / zoom - 1) / 2
        margin_x = float(np.max(np.abs(self._across) + spread)) * self.width
        margin_y = float(np.max(np.abs(self._along) + spread)) * self.height
        self._left, self._top = (int(max(0.0, margin) + 4) // 2 * 2 for margin in (margin_x, margin_y))
        self._canvas = self._extend(picture)

    def _extend(self, picture: Image.Image) -> Planes:
        """Mirror the picture outwards as far as the camera goes."""
        sides = ((self._top, self._top), (self._left, self._left), (0, 0))
        wide = Image.fromarray(np.pad(np.asarray(picture), sides, mode="symmetric"))
        soft = wide.filter(ImageFilter.BoxBlur(max(2, self.width // 120)))
        soft.paste(picture, (self._left, self._top))
        return Planes.of_image(soft)

    def window(self, index: int) -> tuple[int, int, int, int]:
        """Return what the camera sees of the canvas: left, top, width, height, all even."""
        zoom = float(self._zoom[index])
        width, height = 2 * round(self.width / zoom / 2), 2 * round(self.height / zoom / 2)
        left = self._left + float(self._across[index]) * self.width + (self.width - width) / 2
        top = self._top + float(self._along[index]) * self.height + (self.height - height) / 2
        limit_y, limit_x = self._canvas.y.shape
        left, top = min(max(0, round(left)), limit_x - width), min(max(0, round(top)), limit_y - height)
        return left // 2 * 2, top // 2 * 2, width, height

    @property
    def canvas(self) -> Planes:
        """The picture with its surroundings."""
        return self._canvas
