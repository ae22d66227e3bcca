"""H3's clips: sound, real sizes, 24 frames a second and 17 n + 5 frames; each gateway makes one."""

from __future__ import annotations

import hashlib
import json
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from hailuo_widgets.simulator import read_frame_counter
from hailuo_widgets.simulator.latency import median_seconds
from hailuo_widgets.simulator.render import Clip, render_clip
from hailuo_widgets.simulator.render.tune import tune

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from hailuo_widgets.simulator import Simulator

TEXT = [{"type": "text", "text": "A red fox in snow"}]
BASE = Clip(prompt="A red fox in snow", model="MiniMax-H3", width=1344, height=768, duration=4, h3=True, draft=True)


def minimax(api: httpx.Client, resolution: str = "768P", ratio: str = "16:9", duration: int = 6) -> str:
    """Make a clip at MiniMax and return its URL."""
    body = {"model": "MiniMax-H3", "content": TEXT, "resolution": resolution, "duration": duration, "ratio": ratio}
    answer = api.post("/v2/video_generation", json=body)
    assert (answer.status_code, set(answer.json())) == (200, {"task_id"})
    task = api.get(f"/v2/query/video_generation/{answer.json()['task_id']}").json()["task"]
    assert (task["status"], task["ratio"], task["duration"]) == ("succeeded", ratio, duration)
    return str(task["content"]["url"])


def kie(api: httpx.Client) -> str:
    """Make a clip at KIE and return its URL."""
    given = {"prompt": "A red fox in snow", "aspect_ratio": "16:9", "duration": 6, "resolution": "768P"}
    created = api.post("/api/v1/jobs/createTask", json={"model": "minimax-h3/text-to-video", "input": given}).json()
    record = api.get("/api/v1/jobs/recordInfo", params=created["data"]).json()["data"]
    assert (record["state"], record["creditsConsumed"]) == ("success", 96)
    return str(json.loads(record["resultJson"])["resultUrls"][0])


def runware(api: httpx.Client) -> str:
    """Make a clip at Runware and return its URL."""
    task = {"taskType": "videoInference", "taskUUID": str(uuid.uuid4()), "model": "minimax:h3@0", "includeCost": True}
    task |= {"positivePrompt": "A red fox in snow", "width": 1344, "height": 768, "duration": 6, "seed": 7}
    assert "errors" not in api.post("/v1", json=[task]).json()
    poll = [{"taskType": "getResponse", "taskUUID": task["taskUUID"]}]
    (result,) = api.post("/v1", json=poll).json()["data"]
    assert (result["seed"], result["cost"]) == (7, 0.48)
    return str(result["videoURL"])


@pytest.mark.parametrize("make", [minimax, kie, runware])
def test_each_gateway_makes_a_clip_with_sound(api: httpx.Client, tmp_path: Path, make: Callable[..., str]) -> None:
    """Six seconds at 768P are 158 frames of 1344×768 (here a quarter of it), with stereo AAC at 32 kHz."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(api.get(make(api)).content)
    with av.open(str(path)) as file:
        (video,), (sound,) = file.streams.video, file.streams.audio
        assert (video.codec_context.name, video.average_rate, video.frames) == ("h264", 24, 158)
        assert (video.width, video.height) == (336, 192)
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", 32000, "stereo")
        assert float(file.duration or 0) / av.time_base == pytest.approx(158 / 24, abs=0.05)
        assert [read_frame_counter(frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)] == [*range(158)]


@pytest.mark.parametrize(
    ("duration", "frames"), [(4, 107), (5, 124), (6, 158), (8, 192), (10, 243), (14, 345), (15, 362)]
)
def test_lengths(duration: int, frames: int) -> None:
    """Four seconds are 107 frames, as measured; fifteen are 362, the most that MiniMax's page names."""
    assert Clip(prompt="", model="MiniMax-H3", width=1344, height=768, duration=duration, h3=True).frames == frames


# Runware's samples: 147 s for six seconds at 768p, 447 s for ten at 1440p. H3-Max makes five seconds within seconds.
@pytest.mark.parametrize(
    ("model", "resolution", "duration", "seconds"),
    [
        ("MiniMax-H3", "768P", 6, 147),
        ("minimax-h3/text-to-video", "768P", 6, 147),
        ("minimax:h3@0", "2K", 10, 447),
        ("MiniMax-H3-Max", "768P", 6, 12),
        ("minimax:h3@max-turbo", "480P", 6, 12),
        ("minimax:h3@fast", "480P", 6, 55),
    ],
)
def test_generation_times(model: str, resolution: str, duration: int, seconds: float) -> None:
    """At the real pace, each model takes as long as its documents have it."""
    assert median_seconds(model, resolution, duration) == pytest.approx(seconds, abs=1)


def heard(clip: Clip, folder: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Render a clip and return its sound, 2 × samples."""
    target = folder / f"{clip.digest}.{clip.container}"
    render_clip(clip, folder, target)
    with av.open(str(target)) as file:
        return np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)


def test_the_sound_is_that_of_the_clip(tmp_path: Path) -> None:
    """What is decoded is the tune, in real stereo, as long as the pictures; another prompt or seed sounds different."""
    sound = heard(BASE, tmp_path)
    wanted = tune(BASE)
    assert sound.shape[1] == pytest.approx(107 / 24 * 32000, abs=1100)
    length = min(sound.shape[1], wanted.shape[1])
    for side in (0, 1):
        assert np.corrcoef(sound[side, :length], wanted[side, :length])[0, 1] > 0.98
    assert np.abs(sound[0] - sound[1]).max() > 0.05
    assert np.abs(sound).max() < 1
    for change in ({"prompt": "a wolf"}, {"seed": 8}, {"variation": 3}):
        other = tune(Clip(**{**BASE.__dict__, **change}))
        assert abs(np.corrcoef(wanted[0], other[0])[0, 1]) < 0.9
    assert np.array_equal(wanted, tune(BASE))


def test_older_models_stay_silent(tmp_path: Path) -> None:
    """A clip of another model has no sound, and the name of its file is what it was before there was any."""
    older = Clip(prompt="A red fox in snow", model="MiniMax-Hailuo-02", width=1366, height=768, duration=1, draft=True)
    render_clip(older, tmp_path, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert (len(file.streams.video), len(file.streams.audio)) == (1, 0)
    fields = {
        "prompt": "A red fox in snow", "model": "MiniMax-Hailuo-02", "width": 1366, "height": 768, "duration": 1,
        "seed": None, "variation": 0, "first_image": "", "last_image": "", "portrait": "", "title": "",
        "watermark": False, "camera": True, "container": "mp4", "draft": True,
    }  # fmt: skip
    assert older.digest == hashlib.sha256(json.dumps([1, fields], sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize(("container", "codec", "rate"), [("mov", "aac", 32000), ("webm", "opus", 48000)])
def test_other_containers(tmp_path: Path, container: str, codec: str, rate: int) -> None:
    """MOV and WebM have sound too; WebM's is Opus, which has no 32 kHz."""
    clip = Clip(**{**BASE.__dict__, "container": container})
    target = tmp_path / f"clip.{container}"
    render_clip(clip, tmp_path, target)
    with av.open(str(target)) as file:
        (sound,) = file.streams.audio
        assert (sound.codec_context.name.removeprefix("lib"), sound.rate, sound.layout.name) == (codec, rate, "stereo")
        assert sum(1 for _ in file.decode(video=0)) == 107


def test_a_large_clip_is_of_its_real_size(tmp_path: Path) -> None:
    """2K is 2560×1440: a picture stands for six frames, which count all the same; the last one is drawn."""
    clip = Clip(**{**BASE.__dict__, "width": 2560, "height": 1440, "duration": 0.9, "draft": False})
    assert (clip.size, clip.held) == ((2560, 1440), 6)
    render_clip(clip, tmp_path, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (2560, 1440)
        frames = [frame.to_ndarray(format="gray") for frame in file.decode(video=0)]
    assert [read_frame_counter(frame) for frame in frames] == [*range(22)]
    middle = np.s_[400:1000, 300:2300]
    moved = [bool(np.abs(a[middle].astype(int) - b[middle]).mean() > 0.5) for a, b in pairwise(frames)]
    assert [index + 1 for index, changed in enumerate(moved) if changed] == [6, 12, 18, 21]


# The sizes of MiniMax's and Runware's pages.
@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        ("768P", "16:9", (1344, 768)),
        ("768P", "9:16", (768, 1344)),
        ("768P", "21:9", (1536, 672)),
        ("768P", "1:1", (768, 768)),
        ("2K", "16:9", (2560, 1440)),
        ("2K", "4:3", (1920, 1440)),
        ("2K", "3:4", (1440, 1920)),
        ("2K", "21:9", (2944, 1248)),
    ],
)
def test_sizes(sim: Simulator, api: httpx.Client, resolution: str, ratio: str, size: tuple[int, int]) -> None:
    """Each resolution and ratio is the documented size."""
    minimax(api, resolution, ratio)
    (task,) = sim.tasks
    assert (task["clip"]["width"], task["clip"]["height"]) == size
