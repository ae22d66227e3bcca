"""Tests of filmstrips: the frames are evenly spaced, first and last included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports import export
from hailuo_widgets.exports.filmstrip import GAP, HEAD, frames_of
from hailuo_widgets.simulator import read_frame_counter

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.api.session import Session
    from hailuo_widgets.workspace.sweep import Sweep


def test_frames_are_evenly_apart(judged: tuple[Session, Sweep, list[str]]) -> None:
    """By the numbers burnt into them: first, last, and as many frames between each two; times fit."""
    _, sweep, _ = judged
    assert sweep[0].video is not None
    found = frames_of(sweep[0].video, 6)
    numbers = [read_frame_counter(np.asarray(picture)) for picture, _ in found]
    assert numbers == [0, 30, 60, 89, 119, 149]
    assert [round(time * 25) for _, time in found] == numbers


def test_a_sheet_of_strips(judged: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """A row a run, of the promised size; each frame is in its place; a run without a clip has an even row."""
    session, sweep, _ = judged
    written = export(session, session.chosen(sweep), tmp_path / "strip.png", frames=5, width=160)
    sheet = np.asarray(Image.open(written))
    row = HEAD + 90 + 18 + GAP
    assert sheet.shape == (GAP + 4 * row, GAP + 5 * 164, 3)
    first = sheet[GAP + HEAD : GAP + HEAD + 90, GAP : GAP + 160].astype(int)
    later = sheet[GAP + HEAD : GAP + HEAD + 90, GAP + 328 : GAP + 488].astype(int)
    assert first.std() > 20
    assert np.abs(first - later).mean() > 2
    missing = sheet[GAP + 3 * row + HEAD + 40 : GAP + 3 * row + HEAD + 80, 200:600]
    assert missing.std(axis=(0, 1)).max() == 0
    assert [p.name for p in tmp_path.iterdir()] == ["strip.png"]


@pytest.mark.parametrize(("shape", "says"), [({"frames": 1}, "from 2 to 60"), ({"width": 9}, "from 64 to 1920")])
def test_mistakes(judged: tuple[Session, Sweep, list[str]], tmp_path: Path, shape: dict[str, int], says: str) -> None:
    """A number that is none is named, with what is allowed, and nothing is written."""
    session, sweep, _ = judged
    with pytest.raises(UsageError, match=says):
        export(session, session.chosen(sweep), tmp_path / "strip.png", **shape)
    assert list(tmp_path.iterdir()) == []
