"""Facts of the MiniMax-H3 family: sizes, ratios, prices and reference limits.

All gateways share them.

Sources: MiniMax's V2 pages (create, regeneration, pricing), and Runware's schemas for the sizes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
SIZES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "480P": {
        "16:9": (832, 480),
        "4:3": (640, 480),
        "1:1": (480, 480),
        "3:4": (480, 640),
        "9:16": (480, 832),
        "21:9": (960, 416),
    },
    "768P": {
        "16:9": (1344, 768),
        "4:3": (1024, 768),
        "1:1": (768, 768),
        "3:4": (768, 1024),
        "9:16": (768, 1344),
        "21:9": (1536, 672),
    },
    "2K": {
        "16:9": (2560, 1440),
        "4:3": (1920, 1440),
        "1:1": (1440, 1440),
        "3:4": (1440, 1920),
        "9:16": (1440, 2560),
        "21:9": (2944, 1248),
    },
}
# US dollars: an output second by resolution, a picture beyond those that are free.
SECOND: Mapping[str, Mapping[str, float]] = {
    "MiniMax-H3": {"768P": 0.08, "2K": 0.13},
    "MiniMax-H3-Max": {"480P": 0.05, "768P": 0.08},
}
PICTURES: Mapping[str, tuple[int, float]] = {"MiniMax-H3": (5, 0.04), "MiniMax-H3-Max": (2, 0.074)}
REGENERATION_SECOND = 0.05
PROMPT_TOKEN, COMPLETION_TOKEN = 0.90e-6, 3.60e-6
PROMPT_LENGTH = 7000
# Bytes: the megabytes of the pages are 2**20 in MiniMax's own client.
PICTURE_BYTES, CLIP_BYTES, SOUND_BYTES = 30 * 2**20, 50 * 2**20, 15 * 2**20
MOST_PICTURES, MOST_CLIPS, MOST_SOUNDS, MOST_FILES = 9, 3, 3, 12


def ratio_of(width: float, height: float) -> str:
    """Return the listed ratio that is nearest to a picture's, which is what ``adaptive`` becomes here."""

    def distance(ratio: str) -> float:
        across, along = map(int, ratio.split(":"))
        return abs(math.log(width / height * along / across))

    return min(RATIOS, key=distance)


def money(dollars: float) -> float:
    """Return an amount without the noise of binary fractions."""
    return round(dollars, 6)
