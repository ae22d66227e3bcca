"""Small clips and sounds in memory, as tests give them for references."""

from __future__ import annotations

import io
import tempfile
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np

__all__ = ["clip", "sound"]

RATE = 16_000


@lru_cache
def clip(
    seconds: float = 2.0,
    *,
    size: tuple[int, int] = (64, 48),
    fps: int = 24,
    kind: str = "mp4",
    codec: str = "libx264",
    with_sound: bool = False,
    turned: int = 0,
    at_once: bool = False,
    metadata: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A clip of moving grey; ``at_once`` puts its index in front, which needs a file."""
    if at_once:
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            _write(file.name, seconds, size, fps, "mp4", codec, with_sound, turned, metadata, "+faststart")
            return Path(file.name).read_bytes()
    out = io.BytesIO()
    _write(out, seconds, size, fps, kind, codec, with_sound, turned, metadata, "")
    return out.getvalue()


def _write(  # noqa: PLR0917 - private
    out: Any,
    seconds: float,
    size: tuple[int, int],
    fps: int,
    kind: str,
    codec: str,
    with_sound: bool,  # noqa: FBT001 - private
    turned: int,
    metadata: tuple[tuple[str, str], ...],
    flags: str,
) -> None:
    options = {"movflags": f"use_metadata_tags{flags}"} if kind != "webm" else {}
    with av.open(out, "w", format=kind, options=options) as container:
        container.metadata.update(dict(metadata))
        quick = (
            {"preset": "ultrafast"} if codec in {"libx264", "libx265"} else {"deadline": "realtime", "cpu-used": "8"}
        )
        video: Any = container.add_stream(codec, rate=fps, options=quick)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        if turned:
            video.set_display_rotation(turned)
        audio: Any = container.add_stream("aac", rate=RATE) if with_sound else None
        for n in range(round(seconds * fps)):
            grey = np.full((size[1], size[0], 3), n * 5 % 256, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None:
            _tone(container, audio, seconds)


@lru_cache
def sound(seconds: float = 2.0, *, kind: str = "wav") -> bytes:
    """A tone of 440 Hz, mono."""
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        codec = "pcm_s16le" if kind == "wav" else "libmp3lame"
        _tone(container, container.add_stream(codec, rate=RATE, layout="mono"), seconds)
    return out.getvalue()


def _tone(container: Any, stream: Any, seconds: float) -> None:
    wave = np.sin(np.arange(round(seconds * RATE)) * 440 * 2 * np.pi / RATE) * 8000
    for start in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(
            wave[None, start : start + 1024].astype(np.int16), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
