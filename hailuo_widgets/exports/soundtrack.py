"""Soundtrack of a grid video: none, the sound of one clip, or that of all of them together."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from hailuo_widgets.archive import open_clip
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from av.container import OutputContainer

__all__ = ["MIX", "add_sound", "chosen_sound", "with_sound"]

MIX = "mix"
RATE = 48_000
BLOCK = 1024  # samples of one AAC frame
MOST_NAMED = 6


def with_sound(clips: Mapping[str, Path]) -> dict[str, Path]:
    """Return the clips that have a sound track, by their runs' ids; blocks."""
    found = {}
    for run_id, path in clips.items():
        with open_clip(path) as container:
            if container.streams.audio:
                found[run_id] = path
    return found


def chosen_sound(sound: Any, heard: Mapping[str, Path]) -> list[Path]:
    """Return the clips whose sound is kept.

    Args:
        sound: :data:`MIX`, the id of a run or the run itself, or None for no sound.
        heard: The shown clips that have sound, by their runs' ids.

    Raises:
        UsageError: It is none of these, or that run has no sound in the video.
    """
    if sound is None:
        return []
    if sound == MIX:
        return list(heard.values())
    run_id = sound if isinstance(sound, str) else getattr(sound, "id", None)
    if isinstance(run_id, str) and run_id in heard:
        return [heard[run_id]]
    ids = ", ".join(list(heard)[:MOST_NAMED])
    told = repr(sound) if isinstance(sound, str) or run_id is None else f"run {run_id}"
    raise UsageError(
        f"sound={told}: {MIX!r}, or a run that is shown and has sound"
        + (f": {ids}" if heard else "; none of the shown clips has any"),
        hint=f"sound={MIX!r}" if heard else "leave it out",
    )


def add_sound(container: OutputContainer, clips: Sequence[Path]) -> None:
    """Add the sound of clips to a file, before its pictures: that of one unchanged, that of several mixed."""
    if len(clips) == 1:
        _copy(container, clips[0])
    elif clips:
        _encode(container, _mixed(clips))


def _copy(container: OutputContainer, path: Path) -> None:
    with open_clip(path) as source:
        track = source.streams.audio[0]
        stream = container.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)


def _mixed(clips: Sequence[Path]) -> np.ndarray[Any, Any]:
    """Return the mean of the clips' sound, so that nothing is louder than full: 2 × samples at :data:`RATE`."""
    total = np.zeros((2, 0), np.float32)
    for path in clips:
        samples = _samples(path)
        grown = np.zeros((2, max(total.shape[1], samples.shape[1])), np.float32)
        grown[:, : total.shape[1]] = total
        grown[:, : samples.shape[1]] += samples / len(clips)
        total = grown
    return total


def _samples(path: Path) -> np.ndarray[Any, Any]:
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    with open_clip(path) as container:
        parts = [
            part.to_ndarray()
            for frame in container.decode(container.streams.audio[0])
            for part in resampler.resample(frame)
        ]
    parts += [part.to_ndarray() for part in resampler.resample(None)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((2, 0), np.float32)


def _encode(container: OutputContainer, samples: np.ndarray[Any, Any]) -> None:
    stream = container.add_stream("aac", rate=RATE)
    if not isinstance(stream, av.AudioStream):
        raise TypeError("aac makes no sound")
    stream.layout = "stereo"
    stream.bit_rate = 192_000
    for start in range(0, samples.shape[1], BLOCK):
        block = np.ascontiguousarray(samples[:, start : start + BLOCK])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
