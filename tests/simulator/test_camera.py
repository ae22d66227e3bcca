"""Camera instructions: they are read in their order, in both languages, and the rendered picture really moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from hailuo_widgets.simulator.render import Clip, render_clip
from hailuo_widgets.simulator.render.camera import MOVES, SUBJECT_DEPTH, WORDS, camera_path, parse_camera

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CHINESE = "左移,右移,左摇,右摇,推进,拉远,上升,下降,上摇,下摇,变焦推近,变焦拉远,晃动,跟随,固定"
SIZE = (340, 192)


def render(prompt: str, folder: Path, *, image: str = "", camera: bool = True) -> list[NDArray[np.float64]]:
    """Return the luma of a two-second clip's frames, without the rows that have words."""
    clip = Clip(
        prompt=prompt, model="MiniMax-Hailuo-02", width=SIZE[0] * 4, height=SIZE[1] * 4, duration=2,
        seed=3, draft=True, first_image=image, camera=camera,
    )  # fmt: skip
    render_clip(clip, folder, folder / "clip.mp4")
    with av.open(str(folder / "clip.mp4")) as container:
        frames = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
    return [frame[26:140] for frame in frames]


def shift(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """Return by how many pixels the picture moved right and down, by phase correlation."""
    window = np.hanning(first.shape[0])[:, None] * np.hanning(first.shape[1])[None, :]
    spectra = [np.fft.fft2((part - part.mean()) * window) for part in (first, second)]
    cross = spectra[1] * np.conj(spectra[0])
    peak = np.fft.ifft2(cross / (np.abs(cross) + 1e-3)).real
    y, x = np.unravel_index(np.argmax(peak), peak.shape)
    height, width = peak.shape
    return float((x + width // 2) % width - width // 2), float((y + height // 2) % height - height // 2)


def travel(frames: list[NDArray[np.float64]], begin: int = 0, end: int | None = None) -> tuple[float, float]:
    """Return the way of the picture over a part of a clip, summed over short steps, to the right of the balloon."""
    part = [frame[:, int(SIZE[0] * 0.66) :] for frame in frames[begin:end]]
    steps = [shift(first, second) for first, second in zip(part[:-3:3], part[3::3], strict=False)]
    return sum(x for x, _ in steps), sum(y for _, y in steps)


def scale(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return by which factor the picture was enlarged, by trying."""
    height, width = first.shape
    beside = np.r_[0 : int(width * 0.2), int(width * 0.78) : width]  # where no balloon flies

    def alike(factor: float) -> float:
        source, target = (first, second) if factor >= 1 else (second, first)
        ratio = max(factor, 1 / factor)
        box = [part / 2 * (1 - 1 / ratio) for part in (width, height)]
        seen = Image.fromarray(source.astype(np.float32)).resize(
            (width, height), box=(box[0], box[1], width - box[0], height - box[1])
        )
        return float(np.corrcoef(np.asarray(seen)[:, beside].ravel(), target[:, beside].ravel())[0, 1])

    return float(max(np.arange(0.75, 1.35, 0.01), key=alike))


@pytest.fixture
def plain(tmp_path: Path) -> str:
    """A first frame with enough in it to see it move, in the folder of the pictures."""
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(30, 220, (24, 42, 3), dtype=np.uint8))
    coarse.resize((680, 384), Image.Resampling.BICUBIC).save(tmp_path / "plain", "BMP")
    return "plain"


def test_fifteen_instructions_in_two_languages() -> None:
    """Each of the fifteen is known in English and in Chinese, and they mean the same."""
    assert len(MOVES) == 15
    assert [WORDS[word] for word in CHINESE.split(",")] == list(MOVES)


def test_brackets_are_read_in_order() -> None:
    """Moves in one bracket are together, brackets follow one another, other brackets are text."""
    prompt = "A [red] fox [Pan left,Pedestal up], then 【推进】 and [ZOOM  OUT] [Push out]"
    assert parse_camera(prompt) == [["pan left", "pedestal up"], ["push in"], ["zoom out"]]


@pytest.mark.parametrize(
    ("word", "axis", "sign"),
    [
        ("Pan left", 0, 1),
        ("右摇", 0, -1),
        ("Truck left", 0, 1),
        ("右移", 0, -1),
        ("Tilt up", 1, 1),
        ("下摇", 1, -1),
        ("Pedestal up", 1, 1),
        ("下降", 1, -1),
    ],
)
@pytest.mark.parametrize("still", [False, True])
def test_the_picture_moves_against_the_camera(
    tmp_path: Path, plain: str, word: str, axis: int, sign: int, *, still: bool
) -> None:
    """When the camera goes or turns one way, the picture moves the other, along that axis above all."""
    frames = render(f"a hill [{word}]", tmp_path, image=plain if still else "")
    way = travel(frames)
    assert way[axis] * sign > 5  # far hills go less far than the near ones
    assert abs(way[axis]) > 2 * abs(way[1 - axis])


@pytest.mark.parametrize(
    ("word", "closer"), [("Push in", True), ("变焦推近", True), ("拉远", False), ("Zoom out", False)]
)
@pytest.mark.parametrize("still", [False, True])
def test_the_picture_grows_and_shrinks(tmp_path: Path, plain: str, word: str, *, closer: bool, still: bool) -> None:
    """Push and zoom in enlarge the picture, pull and zoom out reduce it."""
    frames = render(f"a hill [{word}]", tmp_path, image=plain if still else "")
    factor = np.prod([scale(first, second) for first, second in zip(frames[:-8:8], frames[8::8], strict=False)])
    assert factor > 1.25 if closer else factor < 0.8, factor


def test_a_static_shot_stands_still(tmp_path: Path, plain: str) -> None:
    """With a static shot the picture stays where it is; without instructions it drifts."""
    frames = render("a hill [固定]", tmp_path, image=plain)
    assert shift(frames[0], frames[-1]) == (0, 0)
    assert scale(frames[0], frames[-1]) == pytest.approx(1.0, abs=0.021)
    drifting = camera_path("a hill", 50)
    assert drifting.truck[-1] > 0


def test_shake_goes_to_and_fro(tmp_path: Path, plain: str) -> None:
    """A shaken picture changes its direction many times and gets nowhere."""
    frames = render("a hill [Shake]", tmp_path, image=plain)
    ways = [shift(frames[0], frame)[0] for frame in frames[::2]]
    turns = sum(a * b < 0 for a, b in zip(np.diff(ways), np.diff(ways)[1:], strict=False))
    assert max(ways) - min(ways) >= 3
    assert turns >= 4


def test_tracking_keeps_the_subject_where_it_is() -> None:
    """While tracking, the subject's place in the view is constant and the world passes; else the subject moves."""
    tracked, static = camera_path("[Tracking shot]", 150), camera_path("[Static shot]", 150)
    assert np.ptp(tracked.subject - tracked.truck * SUBJECT_DEPTH) == pytest.approx(0, abs=1e-9)
    assert tracked.truck[-1] > 1
    assert static.subject[-1] - static.truck[-1] * SUBJECT_DEPTH > 0.2


def test_one_after_the_other_and_both_at_once(tmp_path: Path, plain: str) -> None:
    """Two brackets make two ways in their order; two words in one bracket make one slanted way."""
    frames = render("first [Pan left], then [Pan right]", tmp_path, image=plain)
    assert travel(frames, 0, 25)[0] > 8
    assert travel(frames, 25)[0] < -8
    across, along = travel(render("[Pan left,Tilt up]", tmp_path, image=plain))
    assert across > 8
    assert along > 8


def test_models_without_camera_control_take_it_as_text(tmp_path: Path, plain: str) -> None:
    """A model that knows no instructions renders the same prompt without them."""
    obeyed, ignored = (
        travel(render("[Pan left]", tmp_path, image=plain, camera=camera))[0] for camera in (True, False)
    )
    assert obeyed > 8
    assert ignored < 0
