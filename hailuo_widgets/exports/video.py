"""Grid video export: the clips of a grid as one synchronized MP4 with labels.

Each clip is scaled into its cell, and shows its last frame until the longest clip ends. A run without a clip has a cell
with its status. The video is silent, or has the sound of one clip, or of all.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hailuo_widgets.archive import open_clip
from hailuo_widgets.domain import differences
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.run import Status
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import replacing
from hailuo_widgets.exports.drawing import EMPTY, INK, PAPER, scaled, shortened
from hailuo_widgets.exports.soundtrack import MIX, add_sound, chosen_sound, with_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["size_of", "write_grid"]

FPS = 25
HEAD, SIDE, GAP = 34, 130, 6  # pixels
MOST_CELLS = 64
MOST_NAMED = 6  # of the runs that are left out; the others are only counted


def size_of(grid: Grid, width: int) -> tuple[int, int]:
    """Return the video's width and height in pixels, both even, for 16:9 cells of that width."""
    height = width * 9 // 16
    wide = (SIDE if grid.names[0] else 0) + len(grid.cols) * (width + GAP) + GAP
    high = (HEAD if grid.names[1] else 0) + len(grid.rows) * (height + GAP) + GAP
    return wide + wide % 2, high + high % 2


def write_grid(
    session: Workspace,
    records: Sequence[RunRecord],
    target: Path,
    *,
    rows: str | None = None,
    cols: str | None = None,
    width: int = 426,
    sound: Any = None,
) -> None:
    """Write the grid; an existing file is replaced once the new one is complete.

    Args:
        session: The session whose archive has the clips.
        records: The runs. If several share a cell, the first with a clip is shown, its label gives their number, and
            the session prints the ones that are left out.
        target: The MP4 to write.
        rows: The column whose values are the rows, as for :func:`hailuo_widgets.compare`.
        cols: The column whose values are the columns.
        width: The width of a cell in pixels (its height is 9/16 of it).
        sound: ``"mix"``, or the shown run whose sound is kept; None for a silent video.

    Raises:
        UsageError: No run has a clip, there are too many cells, ``width`` is out of range, or ``sound`` is no shown
            run with sound.
    """
    if type(width) is not int or not 64 <= width <= 1920:  # noqa: PLR2004 - the smallest visible and the largest useful cell
        raise UsageError(f"width={width!r}: a whole number of pixels from 64 to 1920 is allowed", hint="width=426")
    grid = arrange(records, rows=rows, cols=cols)
    if len(grid.rows) * len(grid.cols) > MOST_CELLS:
        raise UsageError(
            f"the grid has {len(grid.rows)} × {len(grid.cols)} cells; at most {MOST_CELLS} are allowed",
            hint="choose fewer runs, or other rows and cols",
        )
    width += width % 2
    shown: dict[tuple[int, int], list[RunRecord]] = {}
    for r in sorted(records, key=lambda r: session.archive.whole_video_of(r) is None):  # within a cell, clips first
        shown.setdefault(grid.places[r.run_id][:2], []).append(r)
    ground = Image.new("RGB", size_of(grid, width), PAPER)
    font = ImageFont.load_default(14)
    _labels(ground, grid, width, font)
    readers: list[tuple[tuple[int, int], Iterator[np.ndarray[Any, Any]]]] = []
    clips: dict[str, Path] = {}
    for (row, col), found in shown.items():
        place = _corner(grid, width, row, col)
        path = session.archive.whole_video_of(found[0])
        label = _label(found, grid)
        if path is None:
            _empty(ground, place, width, label or found[0].status.label, font)
        else:
            clips[found[0].run_id] = path
            readers.append((place, _frames(path, width, label, font)))
    if not readers:
        raise UsageError("none of these runs has a clip in the archive", hint="%hailuo retry brings one again")
    heard = with_sound(clips)
    kept = chosen_sound(sound, heard)
    with replacing(target) as part:
        _encode(part, np.asarray(ground), readers, kept)
    if heard and not kept:
        session.say(_silent(target.name, heard))
    if left_out := [r for found in shown.values() for r in found[1:]]:
        session.say(_left_out(target.name, left_out, len(records), grid))


def _silent(name: str, heard: dict[str, Path]) -> str:
    """Return the sentence that tells how to keep the sound of clips that have it."""
    first = next(iter(heard))
    have = "one of its clips has sound" if len(heard) == 1 else f"{len(heard)} of its clips have sound"
    return f"{name} is silent, and {have}. sound={MIX!r} keeps all of it, and sound={first!r} that of one run."


def _left_out(name: str, left_out: Sequence[RunRecord], count: int, grid: Grid) -> str:
    """Return the sentence that names the runs that the video doesn't show."""
    named = [
        ", ".join(f"{n} {differences.value(r, n)}" for n in _differing(r, grid)) or r.run_id
        for r in left_out[:MOST_NAMED]
    ]
    more = f"; and {len(left_out) - MOST_NAMED} more" if len(left_out) > MOST_NAMED else ""
    why = f"These runs also differ in {', '.join(grid.differ)}" if grid.differ else "Some are of the same request"
    return (
        f"{name} shows {count - len(left_out)} of {count} runs. {why}, and a cell has room for one. "
        f"Left out: {'; '.join(named)}{more}. To show them, export one video for each value, or an .html report, "
        "which shows every run."
    )


def _differing(record: RunRecord, grid: Grid) -> list[str]:
    """Return the columns that tell a run from others: its row, its column, and the others in which it differs."""
    return [n for n in (*grid.names[:2], *grid.differ) if n and differences.value(record, n)] if grid.differ else []


def _label(found: Sequence[RunRecord], grid: Grid) -> str:
    """Return a cell's label: the other columns in which the runs differ, how many share the cell, and the status."""
    first = found[0]
    words = [f"{name} {differences.value(first, name)}" for name in grid.differ]
    words += [f"1 of {len(found)}"] if len(found) > 1 else []
    words += [] if first.status == Status.SUCCEEDED else [first.status.label]
    return " · ".join(words)


def _corner(grid: Grid, width: int, row: int, col: int) -> tuple[int, int]:
    left = (SIDE if grid.names[0] else 0) + GAP + col * (width + GAP)
    top = (HEAD if grid.names[1] else 0) + GAP + row * (width * 9 // 16 + GAP)
    return left, top


def _labels(ground: Image.Image, grid: Grid, width: int, font: Any) -> None:
    draw = ImageDraw.Draw(ground)
    for col, text in enumerate(grid.cols if grid.names[1] else ()):
        left, _ = _corner(grid, width, 0, col)
        draw.text((left, 8), shortened(draw, f"{grid.names[1]} {text}", width, font), INK, font=font)
    for row, text in enumerate(grid.rows if grid.names[0] else ()):
        _, top = _corner(grid, width, row, 0)
        draw.text((8, top + 6), shortened(draw, text, SIDE - 12, font), INK, font=font)


def _empty(ground: Image.Image, place: tuple[int, int], width: int, label: str, font: Any) -> None:
    draw = ImageDraw.Draw(ground)
    left, top = place
    draw.rectangle((left, top, left + width - 1, top + width * 9 // 16 - 1), fill=EMPTY)
    draw.text((left + 8, top + 8), shortened(draw, label, width - 16, font), INK, font=font)


def _frames(path: Path, width: int, label: str, font: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield a clip's frames at the grid's frame rate, each scaled into its cell, with its label."""
    height = width * 9 // 16
    with open_clip(path) as container:
        stream = container.streams.video[0]
        due, picture = 0, np.zeros((height, width, 3), np.uint8)
        for frame in container.decode(stream):
            while frame.time is not None and due / FPS < frame.time - 1e-6:
                yield picture
                due += 1
            picture = scaled(Image.fromarray(frame.to_ndarray(format="rgb24")), width, height, label, font)
        yield picture


def _encode(
    part: Path,
    ground: np.ndarray[Any, Any],
    readers: Sequence[tuple[tuple[int, int], Iterator[np.ndarray[Any, Any]]]],
    sound: Sequence[Path],
) -> None:
    canvas = ground.copy()
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        if not isinstance(stream, av.VideoStream):
            raise TypeError("libx264 makes no video")
        stream.height, stream.width = canvas.shape[:2]
        stream.pix_fmt = "yuv420p"
        add_sound(container, sound)
        alive = dict(readers)
        index = 0
        while alive:
            for place, reader in list(alive.items()):
                picture = next(reader, None)
                if picture is None:
                    del alive[place]
                    continue
                left, top = place
                canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
            if alive:
                frame = av.VideoFrame.from_ndarray(canvas, format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, FPS)
                container.mux(stream.encode(frame))
                index += 1
        container.mux(stream.encode())
