"""Benchmark of clip files: rendering, and refusing an MP4 of a million boxes: ``python tests/bench/files.py``."""

from __future__ import annotations

import contextlib
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hailuo_widgets.archive.mp4 import ContainerError, check_container
from hailuo_widgets.simulator.render import Clip, render_clip

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
DRAFT = Clip(prompt="A red fox", model="MiniMax-Hailuo-02", width=1366, height=768, duration=6, draft=True)
BOXES = struct.pack(">I4s", 24, b"ftyp") + b"isom\0\0\2\0isommp42" + struct.pack(">I4s", 8, b"free") * 1_000_000


def processor_ms(work: Callable[[], None]) -> float:
    """The median of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    """Both, in milliseconds of processor time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "boxes.mp4").write_bytes(BOXES)

        def refuse() -> None:
            with contextlib.suppress(ContainerError):
                check_container(folder / "boxes.mp4")

        rendering = processor_ms(lambda: render_clip(DRAFT, folder, folder / "draft.mp4"))
        sys.stdout.write(f"render a draft of 6 s: {rendering:.0f} ms\n")
        sys.stdout.write(f"refuse a million boxes: {processor_ms(refuse):.0f} ms\n")


if __name__ == "__main__":
    main()
