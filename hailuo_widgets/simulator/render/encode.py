"""Rendering: frame by frame into H.264, on one thread, straight in the encoder's planes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

from hailuo_widgets.simulator.render.camera import camera_path
from hailuo_widgets.simulator.render.counter import draw_frame_counter
from hailuo_widgets.simulator.render.palette import palette_for
from hailuo_widgets.simulator.render.planes import Planes, Stamp, cross_fade
from hailuo_widgets.simulator.render.scene import Scene
from hailuo_widgets.simulator.render.sprites import Motes
from hailuo_widgets.simulator.render.still import Still, fill_frame
from hailuo_widgets.simulator.render.text import overlay
from hailuo_widgets.simulator.render.tune import add_sound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.simulator.render.clip import Clip

_CODECS = {
    "mp4": ("mp4", "libx264", {"preset": "ultrafast", "crf": "21"}, {"movflags": "+faststart"}),
    "mov": ("mov", "libx264", {"preset": "ultrafast", "crf": "21"}, {"movflags": "+faststart"}),
    "webm": ("webm", "libvpx", {"deadline": "realtime", "cpu-used": "8", "crf": "12", "b": "4M"}, {}),
}
_LARGE_CRF = "28"  # of clips whose pictures are held: half of the time goes into the encoder
_BT709, _STUDIO = 1, 1
_FADE_SECONDS = 1.6


def render_clip(clip: Clip, images: Path, target: Path) -> None:
    """Render a clip.

    Args:
        clip: What.
        images: Folder of the pictures it names.
        target: The file; overwritten.
    """
    kind, codec, options, container_options = _CODECS[clip.container]
    if clip.held > 1 and codec == "libx264":
        options = {**options, "crf": _LARGE_CRF}
    width, height = clip.size
    target.touch(mode=0o600)
    with av.open(str(target), "w", format=kind, options=container_options) as container:
        container.metadata["comment"] = "SIMULATED by hailuo-widgets"
        stream = container.add_stream(codec, rate=clip.fps, options=options)
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"codec {codec!r} makes no video")
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # the same bytes on every machine, and the notebook keeps its other cores
        context.gop_size = clip.fps  # a player finds any second at once
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _STUDIO
        if clip.h3:
            add_sound(container, clip)
        for index, frame in enumerate(_frames(clip, images)):
            frame.pts, frame.time_base = index, Fraction(1, clip.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _open(images: Path, digest: str) -> Image.Image | None:
    return Image.open(images / digest) if digest else None


def _frames(clip: Clip, images: Path) -> Iterator[av.VideoFrame]:
    width, height = clip.size
    path = camera_path(clip.prompt, clip.frames, obeys=clip.camera, phase=clip.numbers("shake") % 628 / 100)
    first, last, portrait = (_open(images, name) for name in (clip.first_image, clip.last_image, clip.portrait))
    stamps = [(Stamp.of_image(image), x, y) for image, x, y in overlay(clip)]
    still = Still(fill_frame(first, width, height), path) if first else None
    scene = None if still else Scene(clip, path, portrait)
    rng = np.random.default_rng(clip.numbers("motes"))
    motes = Motes(width, height, palette_for(clip.prompt, 0).motes, rng, fade_in=clip.fps if still else 0)
    goal = Planes.of_image(fill_frame(last, width, height)) if last else None
    fade = max(1, round(min(_FADE_SECONDS * clip.fps, clip.frames / 2)))
    shown: Planes | None = None
    for index in range(clip.frames):
        frame, planes = _new_frame(width, height)
        if shown is not None and index % clip.held and index + 1 < clip.frames:
            planes.copy_from(shown, 0, 0)
            draw_frame_counter(planes.y, planes.u, planes.v, index)
            yield frame
            continue
        if still is not None:
            window = still.window(index)
            frame, planes = _view(still.canvas, window, frame, planes)
        elif scene is not None:
            scene.draw(planes, index)
            frame, planes = _zoomed(planes, float(path.zoom[index]), frame)
        motes.draw(planes, index)
        if goal is not None:
            cross_fade(planes, goal, 1 - (clip.frames - 1 - index) / fade)
        for stamp, x, y in stamps:
            stamp.lay(planes, x, y)
        draw_frame_counter(planes.y, planes.u, planes.v, index)
        shown = planes if clip.held > 1 else None
        yield frame


def _new_frame(width: int, height: int) -> tuple[av.VideoFrame, Planes]:
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = _BT709, _STUDIO
    return frame, _planes_of(frame)


def _planes_of(frame: av.VideoFrame) -> Planes:
    """Return a frame's own memory as planes: what is written there is in the frame."""
    views = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        views.append(rows[:, : plane.width])
    return Planes(*views)


def _view(
    source: Planes, window: tuple[int, int, int, int], frame: av.VideoFrame, planes: Planes
) -> tuple[av.VideoFrame, Planes]:
    """Return a frame that shows a window of a larger picture, scaled where the window is not of the frame's size."""
    left, top, width, height = window
    if (width, height) == (frame.width, frame.height):
        planes.copy_from(source, left, top)
        return frame, planes
    part, part_planes = _new_frame(width, height)
    part_planes.copy_from(source, left, top)
    scaled = part.reformat(frame.width, frame.height, interpolation="FAST_BILINEAR")
    return scaled, _planes_of(scaled)


def _zoomed(planes: Planes, zoom: float, frame: av.VideoFrame) -> tuple[av.VideoFrame, Planes]:
    """Return the middle of a frame, enlarged to the frame's size."""
    width, height = 2 * round(frame.width / zoom / 2), 2 * round(frame.height / zoom / 2)
    if (width, height) == (frame.width, frame.height):
        return frame, planes
    left, top = (frame.width - width) // 4 * 2, (frame.height - height) // 4 * 2
    return _view(planes, (left, top, width, height), frame, planes)
