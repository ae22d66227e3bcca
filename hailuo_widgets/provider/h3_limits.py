"""Limits of MiniMax-H3 that hold at every provider that sells it.

Source: MiniMax's reference of ``/v2/video_generation``, 2026-09. MiniMax makes the clips of all providers, so its
limits on input files hold where a provider's own page names none.
"""

from __future__ import annotations

from hailuo_widgets.domain.input_rules import ImageRules, MediaLimits, ReferenceRules
from hailuo_widgets.domain.request import Mode

__all__ = [
    "ADAPTIVE",
    "FRAME_MODES",
    "MAKER",
    "PROMPT_MAX",
    "RATIOS",
    "SECONDS",
    "frame_images",
    "reference_rules",
]

MAKER = "MiniMax's reference of H3, 2026-09"
MIB = 1024 * 1024
RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
ADAPTIVE = "adaptive"
SECONDS = tuple(range(4, 16))
PROMPT_MAX = 7000
FRAME_MODES = (Mode.IMAGE_TO_VIDEO, Mode.FIRST_LAST_FRAME)
_SIDES, _RATIO = (256, 5760), (0.4, 2.5)
_PICTURE_BYTES = 30 * MIB
_PICTURE = MediaLimits(formats=("JPEG", "PNG", "WEBP"), max_bytes=_PICTURE_BYTES, sides=_SIDES, ratio=_RATIO)
_CLIP = MediaLimits(
    formats=("MP4", "MOV"),
    codecs=("h264", "hevc", "aac", "mp3"),
    max_bytes=50 * MIB,
    seconds=(2, 15),
    total_seconds=15,
    sides=_SIDES,
    ratio=_RATIO,
    fps=(23.976, 60),
)
_SOUND = MediaLimits(formats=("WAV", "MP3"), max_bytes=15 * MIB, seconds=(2, 15), total_seconds=15)


def frame_images(source: str, *, by_id: bool = False) -> ImageRules:
    """Return the limits on first and last frames."""
    return ImageRules(max_bytes=_PICTURE_BYTES, sides=_SIDES, ratio=_RATIO, source=f"{source}; {MAKER}", by_id=by_id)


def reference_rules(source: str, *, by_id: bool = False) -> ReferenceRules:
    """Return the limits on references: 9 pictures, 3 clips, 3 sounds, and no sound alone."""
    return ReferenceRules(
        source=f"{source}; {MAKER}",
        images=9,
        videos=3,
        audios=3,
        image=_PICTURE,
        video=_CLIP,
        audio=_SOUND,
        by_id=by_id,
    )
