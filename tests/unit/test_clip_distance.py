"""Distance of two clips: pixels and structure, against the plain formulas, on frames that PyAV decoded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hailuo_widgets.archive.clip_distance import distance, grey_frames
from tests.media_files import clip

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def frames(seed: int, *, size: tuple[int, int, int] = (3, 12, 15)) -> NDArray[np.uint8]:
    """Random grey frames."""
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def plain_ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Wang's formula, window by window, with mirrored edges."""
    reach = 5
    offsets = np.arange(-reach, reach + 1)
    line = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = []
    for one, other in zip(a.astype(float), b.astype(float), strict=True):
        x, y = (np.pad(f, reach, mode="symmetric") for f in (one, other))
        for i in range(one.shape[0]):
            for j in range(one.shape[1]):
                p, q = (f[i : i + 2 * reach + 1, j : j + 2 * reach + 1] for f in (x, y))
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                cov = (window * (p - mp) * (q - mq)).sum()
                found.append((2 * mp * mq + c1) * (2 * cov + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return float(np.mean(found))


@pytest.mark.parametrize("noise", [1, 20, 120])
def test_the_figures_are_those_of_the_formulas(noise: int) -> None:
    """Mean absolute difference, PSNR and SSIM, whichever clip is named first."""
    a = frames(1)
    b = np.clip(a.astype(int) + np.random.default_rng(2).integers(-noise, noise + 1, a.shape), 0, 255).astype(np.uint8)
    found = distance(a, b)
    apart = a.astype(float) - b
    assert found.frames == 3
    assert found.difference == pytest.approx(np.abs(apart).mean(), rel=1e-5)
    assert found.psnr == pytest.approx(10 * math.log10(255**2 / (apart**2).mean()), rel=1e-5)
    assert found.ssim == pytest.approx(plain_ssim(a, b), abs=2e-3)
    assert distance(b, a) == found


def test_equal_frames_and_clips_of_other_sizes() -> None:
    """Equal frames have no distance; a longer or higher clip is compared as far as both go."""
    a = frames(3)
    same = distance(a, a)
    assert (same.difference, same.psnr, same.ssim) == (0.0, math.inf, 1.0)
    assert distance(a, np.concatenate([a, frames(4)])).difference == 0.0
    higher = np.concatenate([a, frames(5)], axis=1)
    assert (distance(a, higher).difference, distance(higher, a[:2]).frames) == (0.0, 2)


def test_a_clip_is_decoded_small_and_grey(tmp_path: Path) -> None:
    """Every frame, 160 pixels wide; another encoding is near, another clip is far; what is no clip is said."""
    paths = {name: tmp_path / f"{name}.mp4" for name in ("a", "again", "still", "none")}
    paths["a"].write_bytes(clip(1.0, size=(320, 180)))
    paths["again"].write_bytes(clip(1.0, size=(320, 180), codec="mpeg4"))
    paths["none"].write_bytes(b"no clip")
    a, again = grey_frames(paths["a"]), grey_frames(paths["again"])
    assert (a.dtype, a.shape) == (np.uint8, (24, 90, 160))
    other = np.random.default_rng(1).permuted(a, axis=0)
    assert distance(a, again).difference < distance(a, other).difference / 4
    with pytest.raises(ValueError, match=r"none\.mp4 can't be decoded"):
        grey_frames(paths["none"])
