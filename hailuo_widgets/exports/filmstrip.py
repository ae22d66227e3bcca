"""Filmstrips as one PNG: a row per run with a label and evenly spaced frames with their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hailuo_widgets.archive import open_clip
from hailuo_widgets.domain import differences
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.run import Status
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import replacing
from hailuo_widgets.exports.drawing import EMPTY, INK, MUTED, PAPER, scaled, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["frames_of", "write_filmstrip"]

HEAD, FOOT, GAP = 22, 18, 4  # pixels: above the frames of a row, below them, and between them
MOST_FRAMES: Final = 60
MOST_PIXELS: Final = 120_000_000  # more than this makes a huge PNG that browsers don't show


def write_filmstrip(
    session: Workspace, records: Sequence[RunRecord], target: Path, *, frames: int = 8, width: int = 192
) -> None:
    """Write the filmstrips; an existing file is replaced once the new one is complete.

    Args:
        session: The session whose archive has the clips.
        records: The runs, one row each. The row of a run without a clip gives the reason.
        target: The PNG to write.
        frames: The number of frames in each row, including the clip's first and last.
        width: The width of a frame in pixels (its height is 9/16 of it).

    Raises:
        UsageError: No run has a clip, ``frames`` or ``width`` is out of range, or the image would be too large.
    """
    for name, value, least, most in (("frames", frames, 2, MOST_FRAMES), ("width", width, 64, 1920)):
        if type(value) is not int or not least <= value <= most:
            raise UsageError(f"{name}={value!r}: a whole number from {least} to {most} is allowed")
    height = width * 9 // 16
    size = (GAP + frames * (width + GAP), GAP + len(records) * (HEAD + height + FOOT + GAP))
    if size[0] * size[1] > MOST_PIXELS:
        raise UsageError(
            f"{len(records)} rows of {frames} frames would be {size[0]} × {size[1]} pixels",
            hint="choose fewer runs or frames, or a smaller width",
        )
    if all(session.archive.whole_video_of(r) is None for r in records):
        raise UsageError("none of these runs has a clip in the archive", hint="%hailuo retry brings one again")
    grid = arrange(records)
    differ = [n for n in (*grid.names, *grid.differ) if n]
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row, record in enumerate(records):
        top = GAP + row * (HEAD + height + FOOT + GAP)
        draw.text((GAP, top + 2), shortened(draw, _label(record, differ), size[0] - 2 * GAP, font), INK, font)
        path = session.archive.whole_video_of(record)
        if path is None:
            draw.rectangle((GAP, top + HEAD, size[0] - GAP, top + HEAD + height), fill=EMPTY)
            why = (record.error or {}).get("message") or record.status.label
            draw.text((GAP + 8, top + HEAD + 8), shortened(draw, why, size[0] - 32, font), INK, font)
            continue
        for column, (picture, time) in enumerate(frames_of(path, frames)):
            left = GAP + column * (width + GAP)
            sheet.paste(Image.fromarray(scaled(picture, width, height, "", font)), (left, top + HEAD))
            draw.text((left, top + HEAD + height + 1), f"{time:.2f} s", MUTED, font)
    with replacing(target) as part:
        sheet.save(part, format="PNG", optimize=True)


def frames_of(path: Path, count: int) -> list[tuple[Image.Image, float]]:
    """Return ``count`` evenly spaced frames of a clip, first and last included, each with its time in seconds."""
    with open_clip(path) as container:
        times = [f.time for f in container.decode(container.streams.video[0]) if f.time is not None]
    wanted = {int(n) for n in np.linspace(0, len(times) - 1, min(count, len(times))).round()}
    found: list[tuple[Image.Image, float]] = []
    with open_clip(path) as container:
        for n, frame in enumerate(container.decode(container.streams.video[0])):
            if n in wanted:
                picture: Any = frame.to_ndarray(format="rgb24")
                found.append((Image.fromarray(picture), times[n]))
    return found


def _label(record: RunRecord, differ: Sequence[str]) -> str:
    """Return a row's label: the columns in which the run differs from others, its status, and SIMULATED if it is."""
    values = {name.replace("_", " "): differences.value(record, name) for name in differ}
    words = [f"{name} {value}" for name, value in values.items() if value]
    words += [record.status.label] if record.status != Status.SUCCEEDED else []
    words += ["SIMULATED"] if record.simulated else []
    return " · ".join([*words, f"run {record.run_id}"])
