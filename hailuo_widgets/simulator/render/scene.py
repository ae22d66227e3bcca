"""Landscape for a prompt: sky, sun or moon, five ranges of hills, and a balloon.

The ranges of hills move past one another.

The hills are drawn once, wider than the view; a frame is made by laying their parts over one another where the camera
is. Only the rows of a ridge need mixing, all below it is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from hailuo_widgets.simulator.render.camera import SUBJECT_DEPTH
from hailuo_widgets.simulator.render.palette import palette_for
from hailuo_widgets.simulator.render.planes import Planes, Stamp, mix
from hailuo_widgets.simulator.render.sprites import balloon, portrait_sprite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hailuo_widgets.simulator.render.camera import Path
    from hailuo_widgets.simulator.render.clip import Clip
    from hailuo_widgets.simulator.render.palette import Palette

# Depth (0 is infinitely far), height of the ridge in the view, how much it goes up and down; farthest first.
_RANGES = ((0.12, 0.56, 0.10), (0.25, 0.63, 0.085), (0.45, 0.70, 0.075), (0.72, 0.79, 0.07), (1.0, 0.90, 0.06))
_SKY_DEPTH = 0.03
_HORIZON = 0.66


@dataclass(frozen=True)
class _Range:
    """One range of hills: its planes from the highest ridge down, and how the ridge's rows are mixed in."""

    depth: float
    top: int
    band: int
    left: int
    planes: Planes
    over: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]
    keep: tuple[NDArray[np.uint16], NDArray[np.uint16]]
    drift: float


class Scene:
    """The landscape of one clip.

    Args:
        clip: Whose.
        path: The camera's; it says how much of the landscape will be seen.
        picture: Takes the balloon's place, where one is given.
    """

    def __init__(self, clip: Clip, path: Path, picture: Image.Image | None = None) -> None:
        self._width, self._height = clip.size
        self._path = path
        rng = np.random.default_rng(clip.numbers("scene"))
        self._palette = palette_for(clip.prompt, clip.numbers("palette") if not clip.prompt else _hash(clip.prompt))
        self._sky, self._sky_left, self._sky_top = self._paint_sky(rng)
        self._ranges = [self._paint_range(rng, index) for index in range(len(_RANGES))]
        size = round(min(self._width, self._height) * 0.3)
        self._hero = Stamp.of_image(portrait_sprite(picture, size) if picture else balloon(size, rng))
        self._hero_x = rng.uniform(0.3, 0.48)
        self._hero_y = rng.uniform(0.2, 0.3)
        self._bob = rng.uniform(0, 6.28)

    def draw(self, target: Planes, index: int) -> None:
        """Draw the frame with that index, as the camera sees it at its widest."""
        path = self._path
        truck, pan, rise, tilt = (float(axis[index]) for axis in (path.truck, path.pan, path.rise, path.tilt))
        width, height = self._width, self._height

        def shift(depth: float) -> tuple[int, int]:
            return round((truck * depth + pan) * width), round((rise * depth + tilt) * height)

        x, y = shift(_SKY_DEPTH)
        target.copy_from(self._sky, self._sky_left + x + index * width // 9000, self._sky_top + y)
        for number, layer in enumerate(self._ranges):
            if number == 3:  # noqa: PLR2004 - the balloon flies before the third range and behind the fourth
                self._draw_hero(target, index, shift(SUBJECT_DEPTH))
            below = self._ranges[number + 1] if number + 1 < len(self._ranges) else None
            stop = height if below is None else below.top + below.band - shift(below.depth)[1]
            _lay_range(target, layer, shift(layer.depth), round(layer.drift * index * width), min(height, stop))

    def _draw_hero(self, target: Planes, index: int, shift: tuple[int, int]) -> None:
        x = (self._hero_x + float(self._path.subject[index])) * self._width - shift[0] - self._hero.width / 2
        bob = 0.012 * np.sin(index * 0.07 + self._bob)
        self._hero.lay(target, round(x), round((self._hero_y + bob) * self._height - shift[1]))

    def _extent(self, depth: float, extra: float = 0.0) -> tuple[int, int, int, int]:
        """Return how many pixels beyond the view the camera goes at a depth: left, right, up, down."""
        across = (self._path.truck * depth + self._path.pan) * self._width
        along = (self._path.rise * depth + self._path.tilt) * self._height
        spare = 4 + abs(extra) * self._width * len(across)
        return tuple(
            int(max(0.0, edge) + spare) // 2 * 2 for edge in (-across.min(), across.max(), -along.min(), along.max())
        )  # type: ignore[return-value]  # four edges give four numbers

    def _paint_sky(self, rng: np.random.Generator) -> tuple[Planes, int, int]:
        """Paint at a quarter of the size, where everything in it is soft, and only disc and stars at the whole."""
        left, right, up, down = self._extent(_SKY_DEPTH, 1 / 9000)
        width, height = self._width + left + right, self._height + up + down
        palette = self._palette
        small_width, small_height = max(2, width // 4), max(2, height // 4)
        rows = (np.arange(small_height, dtype=np.float32)[:, None] * 4 - up) / (self._height * _HORIZON)
        columns = (np.arange(small_width, dtype=np.float32)[None, :] * 4 - left) / self._width
        fall = np.clip(rows, 0, 1) ** 1.3
        sun = (rng.uniform(0.58, 0.86), rng.uniform(0.2, 0.42) if palette.stars else rng.uniform(0.3, 0.62))
        aspect = self._width / (self._height * _HORIZON)
        distance = np.hypot((columns - sun[0]) * aspect, rows - sun[1])
        glow = (np.exp(-distance * (3.4 if palette.stars else 2.2)) * 0.75)[:, :, None]
        base = _blend(palette.top, palette.low, fall[:, :, None])
        pixels = base + (np.array(palette.light, np.float32) - base) * glow
        pixels += (_clouds(rng, small_width, small_height) * (1.4 - fall))[:, :, None] * (14 if palette.stars else 34)
        pixels += rng.uniform(-0.6, 0.6, pixels.shape)  # against bands in the gradient
        soft = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        planes = Planes.of_image(soft.resize((width, height), Image.Resampling.BICUBIC))
        if palette.stars:
            count = 160
            xs, ys = rng.integers(0, width, count), (rng.random(count) ** 1.4 * height * 0.62).astype(int)
            planes.y[ys, xs] = np.maximum(planes.y[ys, xs], rng.integers(120, 235, count))
        radius = max(4, round(min(self._width, self._height) * (0.045 if palette.stars else 0.06)))
        centre = (left + round(sun[0] * self._width), up + round(sun[1] * self._height * _HORIZON))
        Stamp.of_image(_disc(radius, palette.light)).lay(planes, centre[0] - radius, centre[1] - radius)
        return planes, left, up

    def _paint_range(self, rng: np.random.Generator, number: int) -> _Range:
        depth, base, swing = _RANGES[number]
        palette = self._palette
        drift = (0.0009 if number % 2 else -0.0007) * (0.5 + depth) if palette.ground == "waves" else 0.0
        left, right, up, down = self._extent(depth, drift)
        width = self._width + left + right
        ridge = _ridge(rng, palette, number, width, (self._width, self._height)) * swing * self._height
        ridge = base * self._height - ridge
        top = int(np.floor(ridge.min())) // 2 * 2
        band = (int(np.ceil(ridge.max())) - top + 3) // 2 * 2
        height = (self._height + down + up + 4 - top) // 2 * 2 + band
        part = number / (len(_RANGES) - 1)
        tint = _blend(palette.far, palette.near, np.float32(part**0.85))
        shade = np.linspace(1.06, 0.62 if number == len(_RANGES) - 1 else 0.86, height, dtype=np.float32)
        haze = np.clip(np.linspace(0.34, -0.1, height, dtype=np.float32), 0, 1)[:, None] * (1 - part)
        lines = tint[None, :] * shade[:, None]
        lines += (np.array(palette.low, np.float32) - lines) * haze[::-1]  # mist lies in the valleys
        planes = _striped(lines, width, rng)
        alpha = np.clip((np.arange(band, dtype=np.float32)[:, None] + top - ridge[None, :] + 0.5) * 256, 0, 256)
        alpha = alpha.astype(np.uint16)
        half = (alpha[::2, ::2] + alpha[1::2, ::2] + alpha[::2, 1::2] + alpha[1::2, 1::2]) // 4
        weights = (alpha, half, half)
        over = tuple(
            plane[: weight.shape[0]] * weight for (plane, _), weight in zip(planes.all(), weights, strict=True)
        )
        keep = (256 - alpha, 256 - half)
        return _Range(depth, top, band, left, planes, over, keep, drift)  # type: ignore[arg-type]  # three planes


def _hash(prompt: str) -> int:
    value = 2166136261
    for byte in prompt.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 16777619 % 2**32
    return value >> 8


def _blend(low: tuple[int, ...], high: tuple[int, ...], part: NDArray[np.float32] | np.float32) -> NDArray[np.float32]:
    first, second = np.array(low, np.float32), np.array(high, np.float32)
    return np.asarray(first + (second - first) * part, dtype=np.float32)


def _clouds(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Return streaks of cloud, 0 to 1."""
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    for _ in range(rng.integers(9, 15)):
        x, y = rng.uniform(-0.1, 1.0) * width, rng.uniform(0.05, 0.5) * height
        length, thick = rng.uniform(0.1, 0.34) * width, rng.uniform(0.008, 0.03) * height + 1
        for _ in range(5):
            dx, dy = rng.uniform(-0.3, 0.3) * length, rng.uniform(-1.2, 1.2) * thick
            draw.ellipse((x + dx, y + dy, x + dx + length * 0.6, y + dy + 2 * thick), fill=int(rng.integers(70, 190)))
    soft = canvas.filter(ImageFilter.GaussianBlur(max(1.0, height / 70)))
    return np.asarray(soft).astype(np.float32) / np.float32(255)


def _disc(radius: int, light: tuple[int, int, int]) -> Image.Image:
    big = Image.new("L", (radius * 8, radius * 8))
    ImageDraw.Draw(big).ellipse((0, 0, radius * 8 - 1, radius * 8 - 1), fill=250)
    disc = Image.new("RGBA", (radius * 2, radius * 2), (*light, 0))
    disc.putalpha(big.resize((radius * 2, radius * 2), Image.Resampling.BOX))
    return disc


def _ridge(
    rng: np.random.Generator, palette: Palette, number: int, width: int, view: tuple[int, int]
) -> NDArray[np.float32]:
    """Return a range's heights, about -1 to 1, column by column."""
    x = np.arange(width, dtype=np.float32) / view[0]
    line = np.zeros(width, dtype=np.float32)
    octaves = 2 if palette.ground == "dunes" else 5
    for octave in range(octaves):
        frequency = 1.7**octave * rng.uniform(0.8, 1.3) * (3.0 if palette.ground == "waves" else 1.0)
        line += np.sin(x * 6.28 * frequency + rng.uniform(0, 6.28)) * 0.62**octave
    line *= 0.16 if palette.ground == "waves" else 0.55
    if palette.ground == "woods" and number >= 2:  # noqa: PLR2004 - farther trees are too small to see
        size = (0.012, 0.024, 0.046)[number - 2]
        for _ in range(int(width / view[0] * (70, 44, 20)[number - 2])):
            centre, tall = rng.uniform(0, x[-1]), size * rng.uniform(0.6, 1.3)
            away = np.abs(x - centre) / (tall * 0.26 * view[1] / view[0])
            tree = np.clip(1 - away, 0, None) * (1 - 0.22 * ((away * 5) % 1))
            swing = _RANGES[number][2]
            line += np.where(away < 1, tree * tall / swing, 0).astype(np.float32) * 1.25
    return line.astype(np.float32)


def _striped(lines: NDArray[np.float32], width: int, rng: np.random.Generator) -> Planes:
    """Return planes whose rows have the given colours, with a grain that shows how they move."""
    height = len(lines)
    rows = Planes.of_image(Image.fromarray(np.clip(lines, 0, 255).astype(np.uint8)[:, None].repeat(2, axis=1)))
    coarse = Image.fromarray(rng.integers(0, 256, (max(2, height // 14), max(2, width // 26)), dtype=np.uint8))
    grain = np.asarray(coarse.resize((width, height), Image.Resampling.BILINEAR), np.int16) // 22 - 6
    y = np.clip(rows.y[:, :1] + grain, 16, 235).astype(np.uint8)
    half = (width + 1) // 2
    return Planes(y, rows.u[:, :1].repeat(half, axis=1), rows.v[:, :1].repeat(half, axis=1))


def _lay_range(target: Planes, layer: _Range, shift: tuple[int, int], drift: int, stop: int) -> None:
    """Lay a range over a picture, down to the row ``stop``, from where the next range covers everything."""
    x, y = (layer.left + shift[0] + drift) // 2 * 2, (layer.top - shift[1]) // 2 * 2
    height, width = target.y.shape
    split = y + layer.band
    for (plane, part), (source, _), over, keep in zip(
        target.all(), layer.planes.all(), layer.over, (layer.keep[0], layer.keep[1], layer.keep[1]), strict=True
    ):
        columns = slice(x // part, x // part + width // part)
        first, last = max(0, y), min(height, split)
        if first < last:
            rows = slice((first - y) // part, (last - y) // part)
            mix(plane[first // part : last // part], over[rows, columns], keep[rows, columns])
        first, last = max(0, split), min(height, max(stop, split))
        if first < last:
            begin = (first - y) // part
            wanted = plane[first // part : last // part]
            wanted[:] = source[begin : begin + len(wanted), columns]
