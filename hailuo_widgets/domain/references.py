"""Reference files of a request: pictures, clips and sounds that the model is to follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hailuo_widgets.domain.images import MEDIA_TYPES as IMAGE_TYPES
from hailuo_widgets.domain.images import InputFile

__all__ = ["MEDIA_TYPES", "MediaKind", "Reference"]


class MediaKind(StrEnum):
    """The kind of a reference file. Compare with ``==``."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


MEDIA_TYPES = {
    **IMAGE_TYPES,
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "WEBM": "video/webm",
    "WAV": "audio/wav",
    "MP3": "audio/mpeg",
}
"""The media type of each format, by the name that rules use."""


@dataclass(frozen=True, kw_only=True)
class Reference(InputFile):
    """One reference file. What isn't known of it, as of every file given by URL, is None or "".

    Args:
        kind: Picture, clip or sound.
        width: The width in pixels, as it is shown (a clip may be rotated).
        height: The height in pixels, likewise.
        seconds: The length of a clip or sound.
        fps: The frames per second of a clip, on average.
        codecs: FFmpeg's names of a clip's or sound's codecs, separated by ", ": ``h264, aac``.
    """

    kind: MediaKind
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    codecs: str = ""
