"""Clips: real MP4 files of a moving scene, the same for the same `Clip`.

`Clip` says what to render, `render_clip` renders it, `read_frame_counter` reads the index that every frame carries.
Importing this package is cheap; NumPy, Pillow and PyAV are loaded with the first clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator.render.clip import Clip, fit_size

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Clip", "fit_size", "read_frame_counter", "render_clip"]


def render_clip(clip: Clip, images: Path, target: Path) -> None:
    """Render a clip into a file; see `hailuo_widgets.simulator.render.encode.render_clip`."""
    from hailuo_widgets.simulator.render.encode import render_clip as render

    render(clip, images, target)


def read_frame_counter(rgb: Any) -> int | None:
    """Read a frame's index; see `hailuo_widgets.simulator.render.counter.read_frame_counter`."""
    from hailuo_widgets.simulator.render.counter import read_frame_counter as read

    return read(rgb)
