"""Reference clips and sounds that come with a request.

They are read from their bytes, and checked by MiniMax's limits.

Sources: MiniMax's V2 create page. Videos are MP4 or MOV with H.264 or H.265 and AAC or MP3, at most 50 MB, 2 to 15 s,
23.976 to 60 frames a second, sides 256 to 5760 px, ratio 0.4 to 2.5; sounds are WAV or MP3, at most 15 MB, 2 to 15 s.

The simulator never leaves the machine: a clip or sound behind a public URL counts as five seconds long.
"""

from __future__ import annotations

import asyncio
import io
import math
import wave
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hailuo_widgets.simulator import h3_family
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import is_public, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.simulator.images import ImageRules

UNSEEN_SECONDS = 5.0
_SECONDS, _TOTAL_SECONDS = (2.0, 15.0), 15.0
_SLACK = 0.05  # seconds: containers round
_FPS = (23.97, 60.0)
_SIDES, _RATIO = (256, 5760), (0.4, 2.5)
_VIDEO_CODECS, _SOUND_CODECS = frozenset({"h264", "hevc"}), frozenset({"aac", "mp3", "mp3float"})


@dataclass(frozen=True, kw_only=True)
class Media:
    """A clip or a sound as its file tells.

    Attributes:
        kind: ``video`` or ``audio``.
        container: FFmpeg's name of the format, such as ``mov,mp4,m4a,3gp,3g2,mj2``.
        seconds: Length.
        codec: Of the pictures; empty for a sound.
        width: Pixels; 0 for a sound.
        height: Pixels.
        fps: Frames a second; 0 for a sound.
        frames: How many; 0 where the file does not tell.
        sound: Codec of the sound, empty where there is none.
    """

    kind: str
    container: str = ""
    seconds: float = UNSEEN_SECONDS
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    frames: int = 0
    sound: str = ""


def probe(raw: bytes) -> Media | None:
    """Return what a clip's or a sound's bytes tell, ``None`` for bytes that are neither."""
    import av

    try:
        with av.open(io.BytesIO(raw), "r") as file:
            sounds, videos = file.streams.audio, file.streams.video
            sound = sounds[0].codec_context.name if sounds else ""
            seconds = float(file.duration or 0) / av.time_base
            if not videos:
                return Media(kind="audio", container=file.format.name, seconds=seconds, sound=sound) if sounds else None
            video = videos[0]
            return Media(
                kind="video",
                container=file.format.name,
                seconds=seconds,
                codec=video.codec_context.name,
                width=video.codec_context.width,
                height=video.codec_context.height,
                fps=float(video.average_rate or 0),
                frames=video.frames,
                sound=sound,
            )
    except (av.FFmpegError, ValueError):
        return None


def check_clip(media: Media, parameter: str, scale: int = 1) -> None:
    """Refuse a reference clip that MiniMax's limits are against.

    Args:
        media: The clip.
        parameter: Its name, for the refusal.
        scale: What sides are multiplied with first: 4 where clips are rendered as drafts.

    Raises:
        RefusalError: It is; the message says why.
    """
    wrong = ""
    if media.kind != "video" or "mp4" not in media.container:
        wrong = "must be an MP4 or MOV video"
    elif media.codec not in _VIDEO_CODECS:
        wrong = f"must be H.264 or H.265, got {media.codec}"
    elif media.sound and media.sound not in _SOUND_CODECS:
        wrong = f"must have AAC or MP3 sound, got {media.sound}"
    elif not _SECONDS[0] - _SLACK <= media.seconds <= _SECONDS[1] + _SLACK:
        wrong = f"must be 2 to 15 seconds long, got {media.seconds:.2f}"
    elif not _FPS[0] <= media.fps <= _FPS[1] + _SLACK:
        wrong = f"must have 23.976 to 60 frames per second, got {media.fps:.3f}"
    elif not all(_SIDES[0] <= side * scale <= _SIDES[1] for side in (media.width, media.height)):
        wrong = f"must have sides from 256 to 5760 px, got {media.width}x{media.height}"
    elif not _RATIO[0] <= media.width / media.height <= _RATIO[1]:
        wrong = f"must have an aspect ratio from 0.4 to 2.5, got {media.width}x{media.height}"
    if wrong:
        raise RefusalError("params", f"{parameter}: video {wrong}", parameter=parameter)


def check_sound(media: Media, parameter: str) -> None:
    """Refuse a reference sound that MiniMax's limits are against.

    Raises:
        RefusalError: It is; the message says why.
    """
    wrong = ""
    if media.kind != "audio" or media.container not in {"wav", "mp3"}:
        wrong = "must be WAV or MP3"
    elif not _SECONDS[0] - _SLACK <= media.seconds <= _SECONDS[1] + _SLACK:
        wrong = f"must be 2 to 15 seconds long, got {media.seconds:.2f}"
    if wrong:
        raise RefusalError("params", f"{parameter}: audio {wrong}", parameter=parameter)


def media_type(raw: bytes) -> str:
    """Return the media type of a clip or a sound, empty for bytes that are neither."""
    if not raw.startswith((b"RIFF", b"ID3", b"\xff")) and raw[4:8] != b"ftyp":
        return ""
    media = probe(raw)
    if media is None:
        return ""
    if media.kind == "audio":
        return {"wav": "audio/wav", "mp3": "audio/mpeg"}.get(media.container, "")
    return "video/quicktime" if raw[8:12] == b"qt  " else "video/mp4"


def stand_in(url: str) -> bytes | None:
    """Return five seconds of grey, or of silence, for a clip or sound behind a public URL, by its ending."""
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    if ending in ("mp4", "mov"):
        return _grey()
    return _silence() if ending in ("wav", "mp3") else None


@lru_cache(maxsize=1)
def _silence() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * int(UNSEEN_SECONDS)))
    return target.getvalue()


@lru_cache(maxsize=1)
def _grey() -> bytes:
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 448, 256, "yuv420p"
        stream.codec_context.thread_count = 1
        for index in range(24 * int(UNSEEN_SECONDS)):
            frame = av.VideoFrame(448, 256, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts, frame.time_base = index, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


async def take_media(value: Any, kind: str, rules: ImageRules, *, parameter: str, scale: int = 1) -> Media:
    """Return what a reference clip or sound is, after checking it.

    Args:
        value: The URL or data URL.
        kind: ``video`` or ``audio``.
        rules: Which kinds of values this gateway takes.
        parameter: Its name, for the refusal.
        scale: See `check_clip`.

    Raises:
        RefusalError: It is none, or the limits are against it.
    """
    if not isinstance(value, str) or not value.strip():
        raise RefusalError("params", f"{parameter} must be a non-empty string", parameter=parameter)
    if is_public(value.strip()):
        return Media(kind=kind)
    raw = await asyncio.to_thread(read_bytes, value.strip(), rules, parameter)
    limit = h3_family.CLIP_BYTES if kind == "video" else h3_family.SOUND_BYTES
    if len(raw) > limit:
        message = f"{parameter}: {kind} must not exceed {limit // 2**20} MB"
        raise RefusalError("image_size", message, parameter=parameter)
    media = await asyncio.to_thread(probe, raw)
    if media is None:
        raise RefusalError("params", f"{parameter}: unsupported or corrupted {kind}", parameter=parameter)
    if kind == "video":
        check_clip(media, parameter, scale)
    else:
        check_sound(media, parameter)
    return media


def whole_seconds(media: Sequence[Media], parameter: str) -> int:
    """Return the seconds of reference clips that are charged: each rounded up.

    Raises:
        RefusalError: Together they are longer than 15 s.
    """
    check_total(media, parameter)
    return sum(math.ceil(item.seconds - _SLACK) for item in media)


def check_total(media: Sequence[Media], parameter: str) -> None:
    """Refuse clips, or sounds, that are longer than 15 s together.

    Raises:
        RefusalError: They are.
    """
    total = sum(item.seconds for item in media)
    if total > _TOTAL_SECONDS + _SLACK:
        message = f"{parameter}: together at most 15 seconds, got {total:.2f}"
        raise RefusalError("params", message, parameter=parameter)
