"""Distance of two clips: the difference of their pixels, and the similarity of their structure.

Both are means over small grey frames, frame by frame: these are large enough to tell two shots apart, and so small that
another encoding of one shot changes little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hailuo_widgets.archive.trusted_paths import open_clip

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["ClipDistance", "distance", "grey_frames"]

WIDTH: Final = 160  # pixels of a grey frame
MOST_FRAMES: Final = 400
_MAX_PIXELS: Final = 50_000_000
PEAK: Final = 255.0
SIGMA: Final = 1.5  # pixels, of the window of SSIM
STABLE: Final = ((0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2)


@dataclass(frozen=True, kw_only=True)
class ClipDistance:
    """How far two clips differ.

    ``difference`` is the mean absolute difference of their pixels (0 to 255). ``psnr`` is the peak signal-to-noise
    ratio in dB, infinite for equal frames. ``ssim`` is the structural similarity, 1 for equal frames. ``frames`` is the
    number of frames that were compared.
    """

    difference: float
    psnr: float
    ssim: float
    frames: int


def grey_frames(path: Path) -> NDArray[np.uint8]:
    """Return a clip's frames in grey, shape (frames, height, width), the width being :data:`WIDTH`.

    Raises:
        ValueError: The file has no frame that can be read.
    """
    found: list[NDArray[np.uint8]] = []
    try:
        with open_clip(path) as container:
            stream = container.streams.video[0]
            if stream.codec_context.width * stream.codec_context.height <= _MAX_PIXELS:
                for frame in container.decode(stream):
                    height = max(2, round(frame.height * WIDTH / frame.width))
                    grey: Any = frame.reformat(width=WIDTH, height=height, format="gray")
                    found.append(grey.to_ndarray())
                    if len(found) == MOST_FRAMES:
                        break
    except Exception as e:  # decoders fail in many ways
        raise ValueError(f"{path.name} can't be decoded: {e}") from e
    if not found:
        raise ValueError(f"{path.name} has no frames")
    return np.stack(found)


def distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> ClipDistance:
    """Compare two clips frame by frame, up to the end of the shorter one.

    Structural similarity: Z. Wang and others, "Image quality assessment: from error visibility to structural
    similarity", IEEE Trans. Image Process. 13 (2004), with its Gaussian window and constants.

    Args:
        one: Shape (frames, height, width).
        other: Likewise; of another height, the upper part that both have is compared.
    """
    frames, height = (min(one.shape[axis], other.shape[axis]) for axis in (0, 1))
    a, b = (clip[:frames, :height].astype(np.float32) for clip in (one, other))
    apart = a - b
    square = float(np.mean(np.square(apart), dtype=np.float64))
    return ClipDistance(
        difference=float(np.mean(np.abs(apart), dtype=np.float64)),
        psnr=10 * math.log10(PEAK**2 / square) if square else math.inf,
        ssim=_ssim(a, b) if square else 1.0,
        frames=frames,
    )


def _ssim(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    from scipy.ndimage import gaussian_filter

    def smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
        out: NDArray[np.float32] = gaussian_filter(values, (0, SIGMA, SIGMA), truncate=3.5)
        return out

    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    both = smooth(a * b) - mean_a * mean_b
    means = (2 * mean_a * mean_b + STABLE[0]) / (mean_a**2 + mean_b**2 + STABLE[0])
    spread = (2 * both + STABLE[1]) / (var_a + var_b + STABLE[1])
    return float(np.mean(means * spread, dtype=np.float64))
