"""Stills: small, not black, and never a reason to fail."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageStat

from hailuo_widgets.archive import poster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_still_of_each_layout(clips: dict[str, Path]) -> None:
    """Each layout gives a JPEG that is not enlarged and not over the limit."""
    for path in clips.values():
        data = poster(path)
        assert data is not None
        assert len(data) <= 15_000
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            assert image.size == (160, 96)


def test_black_beginning_is_passed_over(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    """A clip that is black for its first second and a half shows a later frame."""
    data = poster(make_clip(tmp_path / "dark.mp4", seconds=3.0, dark_s=1.5))
    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        assert ImageStat.Stat(image.convert("L")).mean[0] > 60


def test_all_black_and_very_short_clips_have_a_still(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    """A clip without a bright frame, or of a single frame, still gives a picture."""
    assert poster(make_clip(tmp_path / "black.mp4", dark_s=9.0)) is not None
    assert poster(make_clip(tmp_path / "one.mp4", seconds=1 / 12)) is not None


def test_noise_fits_too(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    """What JPEG cannot compress is made smaller until it fits the limit."""
    data = poster(make_clip(tmp_path / "noise.mp4", seconds=1.5, noise=True), limit=4_000)
    assert data is not None
    assert len(data) <= 4_000


@pytest.mark.parametrize("content", [b"", b"<html>", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n", None])
def test_no_clip_gives_none(tmp_path: Path, clip: bytes, content: bytes | None) -> None:
    """A missing file, a page, a playlist or a file without its media gives None and raises nothing."""
    path = tmp_path / "x.mp4"
    if content is not None:
        path.write_bytes(content)
    assert poster(path) is None
    path.write_bytes(clip[: clip.index(b"mdat") + 4])
    assert poster(path) is None
