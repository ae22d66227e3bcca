"""Types of a provider's rules for input files: pictures, clips and sounds.

Each row names its source. A limit that is None, or a list that is empty, is in no document and is not checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hailuo_widgets.domain.references import MediaKind

__all__ = ["ImageRules", "MediaLimits", "ReferenceRules"]


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """The limits on input images. Sides are in pixels; the ratio is width / height.

    ``by_id``: an image may also be given by the UUID under which the provider keeps it.
    """

    max_bytes: int
    source: str
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP")
    short_side_over: int | None = None
    sides: tuple[int, int] | None = None  # the shortest and the longest that are allowed
    ratio: tuple[float, float] | None = None
    url_only: bool = False
    hint: str = ""  # what to do with a local image if only URLs are accepted
    by_id: bool = False


@dataclass(frozen=True, kw_only=True)
class MediaLimits:
    """The limits on reference files of one kind.

    Args:
        formats: Formats by the names of ``domain.references.MEDIA_TYPES``: ``JPEG``, ``MP4``, ``WAV``.
        codecs: FFmpeg's names of the codecs that are allowed: ``h264``, ``aac``.
        max_bytes: The largest file.
        seconds: The shortest and the longest length of one file.
        total_seconds: The longest length of all files of the kind together.
        sides: The shortest and the longest side in pixels.
        ratio: The smallest and the largest width / height.
        fps: The fewest and the most frames per second.
    """

    formats: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ()
    max_bytes: int | None = None
    seconds: tuple[float, float] | None = None
    total_seconds: float | None = None
    sides: tuple[int, int] | None = None
    ratio: tuple[float, float] | None = None
    fps: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class ReferenceRules:
    """The rules for references.

    Args:
        source: The document.
        images: How many pictures are allowed.
        videos: How many clips.
        audios: How many sounds.
        total: How many files together; None if only the kinds are limited.
        image: The limits on pictures.
        video: The limits on clips.
        audio: The limits on sounds.
        audio_alone: Whether sounds may be sent without a picture or a clip.
        with_frames: Whether references and frames may be sent together.
        url_only: Whether only URLs are accepted.
        hint: What to do with a local file if only URLs are accepted.
        body_max: The largest body of a request in bytes, which contains the files as base64.
        by_id: Whether a file may also be given by the UUID under which the provider keeps it.
    """

    source: str
    images: int = 0
    videos: int = 0
    audios: int = 0
    total: int | None = None
    image: MediaLimits = field(default_factory=MediaLimits)
    video: MediaLimits = field(default_factory=MediaLimits)
    audio: MediaLimits = field(default_factory=MediaLimits)
    audio_alone: bool = False
    with_frames: bool = False
    url_only: bool = False
    hint: str = ""
    body_max: int | None = None
    by_id: bool = False

    def most(self, kind: MediaKind) -> int:
        """Return how many files of a kind are allowed."""
        return {MediaKind.IMAGE: self.images, MediaKind.VIDEO: self.videos, MediaKind.AUDIO: self.audios}[kind]

    def limits(self, kind: MediaKind) -> MediaLimits:
        """Return the limits on files of a kind."""
        return {MediaKind.IMAGE: self.image, MediaKind.VIDEO: self.video, MediaKind.AUDIO: self.audio}[kind]
