"""Sound of a clip: a stereo tune that follows from its prompt, seed and variation.

Half-second notes of one scale, a melody that wanders from side to side over a bass note in the middle: two clips of
different prompts or seeds can be told apart by ear, and by their spectra.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from av.container import OutputContainer
    from numpy.typing import NDArray

    from hailuo_widgets.simulator.render.clip import Clip

RATE = 32_000  # MiniMax's guide on local use: "AAC stereo audio at 32 kHz"
_OPUS_RATE = 48_000  # WebM has no AAC, and Opus no 32 kHz
_NOTE_SECONDS = 0.5
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  # semitones of the pentatonic scale
_LOWEST = 220.0  # Hz
_ATTACK_SECONDS = 0.02
_BLOCK = 4096


def tune(clip: Clip, rate: int = RATE) -> NDArray[np.float32]:
    """Return a clip's sound.

    Args:
        clip: Its length, and what the tune follows from.
        rate: Samples a second.

    Returns:
        2 × samples, left and right, each within ±0.7.
    """
    count = round(clip.frames * rate / clip.fps)
    rng = np.random.default_rng(clip.numbers("sound"))
    key = _LOWEST * 2 ** (rng.integers(0, 12) / 12)
    note = int(_NOTE_SECONDS * rate)
    notes = -(-count // note)
    pitches = key * 2 ** (rng.choice(_SCALE, notes) / 12)
    sides = rng.uniform(0.15, 0.85, notes)
    time = np.arange(note, dtype=np.float32) / rate
    shape = np.minimum(time / _ATTACK_SECONDS, 1) * np.exp(-3 * time)
    melody = np.sin(2 * np.pi * pitches[:, None].astype(np.float32) * time) * shape
    both = np.stack([melody * (1 - sides[:, None]), melody * sides[:, None]]).reshape(2, -1)[:, :count]
    bass = np.sin(2 * np.pi * key / 2 * np.arange(count, dtype=np.float32) / rate)
    return (0.55 * both + 0.12 * bass).astype(np.float32)


def add_sound(container: OutputContainer, clip: Clip) -> None:
    """Add a stream with a clip's sound to a file, before its pictures: the container sorts both by time."""
    codec, rate = ("libopus", _OPUS_RATE) if clip.container == "webm" else ("aac", RATE)
    stream = container.add_stream(codec, rate=rate)
    if not isinstance(stream, av.AudioStream):
        raise TypeError(f"codec {codec!r} makes no sound")
    stream.layout = "stereo"
    stream.bit_rate = 96_000
    stream.codec_context.thread_count = 1
    sound = tune(clip, rate)
    resampler = av.AudioResampler(format=stream.format.name if stream.format else "fltp", layout="stereo", rate=rate)
    for start in range(0, sound.shape[1], _BLOCK):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, start : start + _BLOCK]), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for part in resampler.resample(frame):
            container.mux(stream.encode(part))
    for part in resampler.resample(None):
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))
