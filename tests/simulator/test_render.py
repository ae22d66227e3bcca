"""Clips: real MP4 files, equal for equal wishes, that begin and end with given pictures and count their frames."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from PIL import Image, ImageOps

from hailuo_widgets.simulator import read_frame_counter
from hailuo_widgets.simulator.render import Clip, fit_size, render_clip
from hailuo_widgets.simulator.render.palette import palette_for
from hailuo_widgets.simulator.render.text import fitting, label_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

BASE = Clip(prompt="A red fox in snow", model="MiniMax-Hailuo-02", width=1366, height=768, duration=6, draft=True)


def frames_of(clip: Clip, folder: Path) -> list[NDArray[np.uint8]]:
    """Render a clip and return its frames."""
    target = folder / f"{clip.digest}.{clip.container}"
    render_clip(clip, folder, target)
    with av.open(str(target)) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return how alike two pictures are in their middle, where no words are, in decibels."""
    height, width, _ = first.shape
    part = np.s_[height // 4 : height * 7 // 10, width // 8 : width * 7 // 8]
    error = np.mean((first[part].astype(float) - second[part].astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.parametrize(
    ("changes", "size", "count"),
    [
        ({}, (342, 192), 150),
        ({"duration": 10, "width": 768, "height": 432}, (192, 108), 250),
        ({"width": 768, "height": 1366}, (192, 342), 150),
        ({"width": 1080, "height": 1080}, (270, 270), 150),
        ({"draft": False, "width": 912, "height": 512, "duration": 2}, (912, 512), 50),
    ],
)
def test_size_length_and_codec(tmp_path: Path, changes: dict[str, Any], size: tuple[int, int], count: int) -> None:
    """A clip is H.264, 4:2:0, 25 frames a second, of its size and length, with its index in front."""
    clip = replace(BASE, **changes)
    target = tmp_path / "clip.mp4"
    render_clip(clip, tmp_path, target)
    raw = target.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 25
        assert (context.width, context.height) == size
        assert float(container.duration or 0) / av.time_base == pytest.approx(clip.duration)
        counted = [read_frame_counter(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert counted == list(range(count))


@pytest.mark.parametrize(("container", "codec"), [("mov", "h264"), ("webm", "vp8")])
def test_other_containers(tmp_path: Path, container: str, codec: str) -> None:
    """A clip can be MOV or WebM, and still counts its frames."""
    clip = replace(BASE, container=container, duration=1)
    target = tmp_path / f"clip.{container}"
    render_clip(clip, tmp_path, target)
    with av.open(str(target)) as opened:
        assert opened.streams.video[0].codec_context.name.startswith(codec)
        counted = [read_frame_counter(frame.to_ndarray(format="rgb24")) for frame in opened.decode(video=0)]
    assert counted == list(range(25))


def test_a_picture_without_a_strip_has_no_index() -> None:
    """Other pictures, and those too small for a strip, have no index."""
    assert read_frame_counter(np.zeros((192, 342, 3), np.uint8)) is None
    assert read_frame_counter(np.full((192, 342, 3), 255, np.uint8)) is None
    assert read_frame_counter(np.zeros((8, 8, 3), np.uint8)) is None


def test_equal_clips_are_equal_bytes(tmp_path: Path) -> None:
    """Rendering is repeatable to the byte; prompt, model, seed and variation each change the clip."""

    def digest(clip: Clip) -> str:
        render_clip(clip, tmp_path, tmp_path / "clip.mp4")
        return hashlib.sha256((tmp_path / "clip.mp4").read_bytes()).hexdigest()

    short = replace(BASE, duration=1, seed=7)
    assert digest(short) == digest(replace(short))
    others: list[dict[str, Any]] = [
        {"prompt": "a wolf"},
        {"model": "T2V-01"},
        {"seed": 8},
        {"seed": None, "variation": 5},
    ]
    assert len({digest(short), *(digest(replace(short, **change)) for change in others)}) == 5


def test_something_moves(tmp_path: Path) -> None:
    """Even with a still camera, frames differ."""
    frames = frames_of(replace(BASE, prompt="x [Static shot]", duration=2), tmp_path)
    assert psnr(frames[0], frames[-1]) < 45


@pytest.mark.parametrize("shape", [(640, 360), (400, 800), (500, 500)])
def test_first_and_last_frames_are_the_given_pictures(
    tmp_path: Path, picture: Callable[..., bytes], shape: tuple[int, int]
) -> None:
    """The clip begins with one picture, ends with the other, and goes from one to the other in between."""
    given = {}
    mirrored = io.BytesIO()
    ImageOps.mirror(Image.open(io.BytesIO(picture(700, 420)))).save(mirrored, "PNG")
    for name, raw in (("first", picture(*shape, "JPEG")), ("last", mirrored.getvalue())):
        digest = hashlib.sha256(raw).hexdigest()
        (tmp_path / digest).write_bytes(raw)
        given[name] = (digest, Image.open(io.BytesIO(raw)).convert("RGB"))
    width, height = fit_size("768P", shape)
    clip = replace(
        BASE, width=width, height=height, duration=3, prompt="[Pan left,Zoom in]",
        first_image=given["first"][0], last_image=given["last"][0],
    )  # fmt: skip
    frames = frames_of(clip, tmp_path)
    size = (frames[0].shape[1], frames[0].shape[0])
    first, last = (np.asarray(ImageOps.fit(given[name][1], size)) for name in ("first", "last"))
    assert psnr(frames[0], first) > 30
    assert psnr(frames[-1], last) > 30
    assert psnr(frames[30], first) < 30
    assert psnr(frames[30], last) < 30


def test_a_subject_is_seen(tmp_path: Path) -> None:
    """A subject's picture takes the balloon's place."""
    raw = io.BytesIO()
    Image.new("RGB", (400, 400), (0, 255, 0)).save(raw, "PNG")
    (tmp_path / "green").write_bytes(raw.getvalue())
    frame = frames_of(replace(BASE, portrait="green", duration=1), tmp_path)[0].astype(int)
    green = (frame[:, :, 1] - np.maximum(frame[:, :, 0], frame[:, :, 2])) > 90
    assert green.mean() > 0.02


def test_the_word_simulated_is_always_there(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    """The badge stands in every frame, amber on dark, and is the same whatever is behind it."""
    (tmp_path / "first").write_bytes(picture())
    for clip in (replace(BASE, duration=1), replace(BASE, duration=1, first_image="first")):
        for frame in frames_of(clip, tmp_path):
            badge = frame[6:22, 8:78].astype(int)
            amber = badge[:, :, 0] - badge[:, :, 2]
            assert (amber > 60).mean() > 0.12
            assert (badge.max(axis=2) < 90).mean() > 0.3


def test_labels_name_no_seed_that_was_not_sent() -> None:
    """The label has the seed that was sent, and else says that there was none."""
    assert label_of(replace(BASE, seed=7)).startswith("seed 7 · ")
    unseeded = label_of(replace(BASE, variation=0xBEEF))
    assert unseeded.startswith("no seed · variation beef")
    assert label_of(replace(BASE, seed=7, variation=0xBEEF)).startswith("seed 7 · variation beef")


def test_letters_without_a_font() -> None:
    """A text in any script can be shown; where no font has its letters, camera words are still told."""
    shown, font = fitting("一只狐狸 [推进,上升] \U0001f98a", 20)
    assert font.getlength(shown) > 0
    assert "[推进,上升]" in shown or "[Push in,Pedestal up]" in shown


def test_prompts_of_every_kind_can_be_rendered(tmp_path: Path) -> None:
    """Empty, long, unbreakable, many-line and broken prompts become clips."""
    for prompt in ("", "word " * 400, "x" * 2000, "a\nb\tc", "\ud800 lone", "🦊🦊 ﷽"):
        clip = replace(BASE, prompt=prompt, duration=0.2, title="Diving")
        assert len(frames_of(clip, tmp_path)) == 5


def test_words_choose_the_colours() -> None:
    """A prompt's words choose its palette, by whole words; else its number does."""
    assert palette_for("a fox at NIGHT", 0).stars
    assert palette_for("the nights are long", 0).stars
    assert not palette_for("a knight", 0).stars
    assert palette_for("海边", 0).ground == "waves"
    assert palette_for("x", 3) is palette_for("y", 3)


def test_sizes() -> None:
    """Resolutions have the gateways' sizes, a picture's aspect is kept, and all sides are even."""
    assert [fit_size(name) for name in ("512P", "720P", "768p", "1080P")] == [
        (912, 512),
        (1280, 720),
        (1366, 768),
        (1920, 1080),
    ]
    assert fit_size("768P", (1600, 900)) == (1366, 768)
    assert fit_size("768P", (900, 1600)) == (768, 1366)
    assert fit_size("1080p", aspect="9:16") == (1080, 1920)
    assert fit_size("768p", aspect="1:1") == (768, 768)


def test_a_draft_is_cheap(tmp_path: Path) -> None:
    """A draft has as many frames as the clip that it stands for, and a tenth of its pixels or fewer."""
    whole = replace(BASE, draft=False)
    (width, height), (wide, high) = BASE.size, whole.size
    assert BASE.frames == whole.frames
    assert width * height * 10 <= wide * high
    render_clip(BASE, tmp_path, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        shown = container.streams.video[0]
        assert (shown.width, shown.height, shown.frames) == (width, height, BASE.frames)
