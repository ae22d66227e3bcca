"""Limits of MiniMax-H3 that hold at every provider that sells it.

MiniMax makes the clips of all providers, so its limits on input files hold where a provider's own page names none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.request import Mode
from hailuo_widgets.provider.minimax_v2_facts import ADAPTIVE, IMAGES, RATIOS, REFERENCES, SEEDS_ELSEWHERE

if TYPE_CHECKING:
    from hailuo_widgets.domain.input_rules import ImageRules, ReferenceRules

__all__ = [
    "ADAPTIVE",
    "FRAME_MODES",
    "NAMES",
    "PROMPT_MAX",
    "RATIOS",
    "SECONDS",
    "SEEDS_ELSEWHERE",
    "frame_images",
    "reference_rules",
]

NAMES = ("h3", "hailuo-3", "hailuo-h3", "minimax-h3")
SECONDS = tuple(range(4, 16))
PROMPT_MAX = 7000
FRAME_MODES = (Mode.IMAGE_TO_VIDEO, Mode.FIRST_LAST_FRAME)


def frame_images(source: str, *, by_id: bool = False) -> ImageRules:
    """Return the limits on first and last frames at a provider with the page ``source``."""
    return replace(IMAGES, source=f"{source}; {IMAGES.source}", by_id=by_id)


def reference_rules(source: str, *, by_id: bool = False) -> ReferenceRules:
    """Return the limits on references likewise: 9 pictures, 3 clips, 3 sounds, no sound alone, and no total."""
    whole = f"{source}; {REFERENCES.source}"
    return replace(REFERENCES, source=whole, total=None, body_max=None, by_id=by_id)
