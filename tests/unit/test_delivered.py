"""Tests of what is said of clips that differ from their request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.archive.archive import Archive
from hailuo_widgets.domain.delivered import not_as_asked
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.provider import open_provider
from hailuo_widgets.render.card_of_record import card_of
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def run(size: tuple[int, int] | None, seconds: float | None, **asked: Any) -> RunRecord:
    """A run that asked for something, and whose clip has this size and length."""
    request = Request(provider="minimax", model="MiniMax-H3", prompt="a fox", **asked)
    width, height = size or (None, None)
    return RunRecord(
        run_id="r1", created_at=NOW, request=request, request_hash=request.hash, status="succeeded",
        video_width=width, video_height=height, video_seconds=seconds,
    )  # fmt: skip


# Sizes and lengths of the documents, of providers' samples, and of pictures that are upright or square.
AS_ASKED = [
    ((1344, 768), 4.458, {"resolution": "768P", "duration": 4, "aspect_ratio": "16:9"}),
    ((1536, 672), 15.083, {"resolution": "768P", "duration": 15, "aspect_ratio": "21:9"}),
    ((2560, 1440), 10.125, {"resolution": "2K", "duration": 10, "aspect_ratio": "16:9"}),
    ((2944, 1248), 5.167, {"resolution": "2K", "duration": 5, "aspect_ratio": "21:9"}),
    ((1366, 768), 6.0, {"resolution": "768P", "duration": 6}),
    ((1366, 768), 5.64, {"width": 1366, "height": 768, "duration": 6}),
    ((1376, 768), 5.88, {"resolution": "768P", "duration": 6}),
    ((768, 768), 6.0, {"resolution": "768P", "duration": 6}),
    ((768, 1366), 9.9, {"resolution": "768P", "duration": 10, "aspect_ratio": "9:16"}),
    ((1024, 1024), 6.0, {"resolution": "768P", "aspect_ratio": "1:1"}),
    ((910, 512), 10.0, {"resolution": "512P", "duration": 10}),
    ((832, 480), 4.458, {"resolution": "480P", "duration": 4}),
    ((864, 480), 5.167, {"resolution": "480P", "duration": 5}),
    ((1280, 720), 6.0, {"resolution": "720P"}),
    ((1920, 1080), 6.0, {"resolution": "1080P", "duration": 6}),
    ((640, 360), 6.0, {"resolution": "large", "aspect_ratio": "adaptive"}),
    ((1, 9), 77.0, {}),
    (None, None, {"resolution": "2K", "duration": 10, "aspect_ratio": "16:9"}),
]


@pytest.mark.parametrize(("size", "seconds", "asked"), AS_ASKED)
def test_what_the_documents_allow_is_not_remarked(
    size: tuple[int, int] | None, seconds: float | None, asked: dict[str, Any]
) -> None:
    """Frames that are counted, sizes that are rounded, and what nobody asked for or measured."""
    assert not_as_asked(run(size, seconds, **asked)) is None


OTHERS = [
    ((1344, 768), 4.458, {"resolution": "2K", "duration": 4}, "1344×768 instead of 2K"),
    ((1366, 768), 6.0, {"resolution": "1080P", "duration": 6}, "1366×768 instead of 1080P"),
    ((1920, 1080), 6.0, {"resolution": "2K"}, "1920×1080 instead of 2K"),
    ((910, 512), 6.0, {"resolution": "768P"}, "910×512 instead of 768P"),
    ((1366, 768), 6.0, {"width": 1920, "height": 1080}, "1366×768 instead of 1920×1080"),
    ((1344, 768), 6.0, {"resolution": "768P", "aspect_ratio": "9:16"}, "1344×768 instead of 9:16"),
    ((1344, 768), 6.04, {"resolution": "768P", "duration": 10}, "6.0 s instead of 10 s"),
    ((1366, 768), 10.0, {"duration": 6}, "10.0 s instead of 6 s"),
    ((1366, 768), 5.5, {"duration": 6}, "5.5 s instead of 6 s"),
    ((832, 480), 6.79, {"resolution": "512P", "duration": 6}, "832×480 instead of 512P; 6.8 s instead of 6 s"),
    ((1280, 720), 6.0, {"resolution": "768P"}, "1280×720 instead of 768P"),
    ((1366, 768), 5.46, {"resolution": "2K", "duration": 4}, "1366×768 instead of 2K; 5.5 s instead of 4 s"),
]


@pytest.mark.parametrize(("size", "seconds", "asked", "told"), OTHERS)
def test_what_differs_is_told(
    size: tuple[int, int], seconds: float, asked: dict[str, Any], told: str, tmp_path: Path
) -> None:
    """In words, in the table's column and on the card."""
    record = run(size, seconds, **asked)
    assert not_as_asked(record) == told
    facts = open_provider("minimax", Settings.resolve()).facts
    card = card_of(record, facts=facts, archive=Archive(tmp_path), expected=None)
    assert ("not as asked", told) in card.parameters


SIDES = st.sampled_from([480, 512, 720, 768, 1080, 1440, 2160])


@given(short=SIDES, other=SIDES)
def test_one_resolution_is_no_other(short: int, other: int) -> None:
    """A wide clip of one resolution passes for that one alone."""
    names = {1440: "2K", 2160: "4K"}
    record = run((round(short * 16 / 9), short), None, resolution=names.get(other, f"{other}P"))
    assert (not_as_asked(record) is None) == (short == other)
