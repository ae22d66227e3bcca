"""Tests of the simulator with Runware's own SDK."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import urllib.request
from typing import TYPE_CHECKING, Any

import av
import pytest
from PIL import Image

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

# The SDK looks its schemas up on the web, and goes on with its own copy where it cannot; here it is never let out.
CLIENT = """
import asyncio, json, os, socket, sys
from runware import Runware

connect = socket.getaddrinfo
def inside(host, *rest, **more):
    if host not in ("127.0.0.1", b"127.0.0.1"):
        raise OSError("this test does not leave the machine")
    return connect(host, *rest, **more)
socket.getaddrinfo = inside

async def main():
    url, task = sys.argv[1], json.loads(sys.argv[2])
    options = dict(transport="rest", http_base_url=url + "/v1", max_retries=0, poll_timeout=60_000)
    async with Runware(api_key=os.environ["RUNWARE_API_KEY"], **options) as client:
        try:
            utilities = {"accountManagement": client.account_management, "imageUpload": client.image_upload}
            print(json.dumps({"results": await utilities.get(task["taskType"], client.run)(task)}))
        except Exception as e:
            print(json.dumps({"error": type(e).__name__, "code": getattr(e, "code", None), "said": str(e)}))

asyncio.run(main())
"""
TASK = {
    "taskType": "videoInference",
    "model": "minimax:3@1",
    "positivePrompt": "A fox runs through fresh snow, [Push in]",
    "width": 1366,
    "height": 768,
    "duration": 6,
    "includeCost": True,
    "providerSettings": {"minimax": {"promptOptimizer": False}},
}


def run(python: Path, url: str, task: dict[str, Any], key: str = "sk-thirdparty") -> dict[str, Any]:
    """What the SDK makes of a task: its results, or its error."""
    environ = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {"RUNWARE_API_KEY": key}
    done = subprocess.run(
        [str(python), "-c", CLIENT, url, json.dumps(task)],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_it_makes_a_clip_that_plays(foreign_python: Path, tmp_path: Path) -> None:
    """Create, poll and URL, as the SDK does them; the clip decodes to its last frame; one create was billed."""
    with Simulator(latency=2.5, draft=True) as simulator:
        (result,) = run(foreign_python, simulator.url, TASK)["results"]
        assert {"taskUUID", "videoUUID", "seed", "cost"} <= set(result)
        path = tmp_path / "clip.mp4"
        with urllib.request.urlopen(result["videoURL"], timeout=60) as answer:  # noqa: S310 - the simulator's own link
            path.write_bytes(answer.read())
        phases = [r["phase"] for r in simulator.requests]
        assert simulator.creates["runware"] == 1
    assert phases[0] == "create"
    assert phases.count("query") >= 2  # it was told to wait, and asked again
    with av.open(str(path)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 150


def test_it_takes_several_results(foreign_python: Path) -> None:
    """Two results of one task: the SDK collects both, with different seeds."""
    with Simulator(latency=0.2, draft=True) as simulator:
        results = run(foreign_python, simulator.url, {**TASK, "numberResults": 2})["results"]
        assert simulator.creates["runware"] == 1
    assert len({r["videoUUID"] for r in results}) == len({r["seed"] for r in results}) == 2


@pytest.mark.parametrize(
    ("task", "key", "family"),
    [
        (TASK, "wrong", "auth"),
        (TASK, "broke", "quota"),
        ({**TASK, "positivePrompt": "a forbidden fox"}, "k", "safety"),
        ({**TASK, "duration": 7}, "k", "validation"),
        ({**TASK, "positivePrompt": "a fox fail-generation"}, "k", "provider"),
    ],
)
def test_it_understands_a_refusal(foreign_python: Path, task: dict[str, Any], key: str, family: str) -> None:
    """The SDK reads the simulator's errors by its own rules, and sorts them as the client does."""
    with Simulator(latency=0.0, draft=True) as simulator:
        told = run(foreign_python, simulator.url, task, key)
    assert (told["error"], told["code"]) == ("RunwareError", family)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"model": "minimax:h3@0", "width": 1344, "height": 768, "duration": 5, "seed": 11}, (0.40, 124, 1)),
        ({"model": "minimax:4@1", "width": 1366, "height": 768, "duration": 6}, (0.28, 150, 0)),
    ],
)
def test_it_makes_a_clip_of_a_newer_model(
    foreign_python: Path, tmp_path: Path, changes: dict[str, Any], wanted: tuple[float, int, int]
) -> None:
    """H3 with its seed and its sound, and 2.3: the SDK's own result has the price, the file is what was asked for."""
    plain = {key: TASK[key] for key in ("taskType", "positivePrompt", "includeCost")}
    with Simulator(latency=1.5, draft=True) as simulator:
        (result,) = run(foreign_python, simulator.url, {**plain, **changes})["results"]
        path = tmp_path / "clip.mp4"
        with urllib.request.urlopen(result["videoURL"], timeout=60) as answer:  # noqa: S310 - the simulator's own link
            path.write_bytes(answer.read())
        assert simulator.creates["runware"] == 1
        assert simulator.spent["runware"] == result["cost"]
    assert result["seed"] == changes.get("seed", result["seed"])
    with av.open(str(path)) as file:
        sounds = len(file.streams.audio)
        assert (result["cost"], sum(1 for _ in file.decode(video=0)), sounds) == wanted


def test_it_uploads_a_picture_and_tells_the_balance(foreign_python: Path) -> None:
    """The UUID of an uploaded picture, with which the SDK makes a 2.3-Fast clip; and the account's details."""
    picture = io.BytesIO()
    Image.new("RGB", (400, 700), (200, 120, 40)).save(picture, "PNG")
    image = f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
    with Simulator(latency=0.0, draft=True, credits=5.0) as simulator:
        (told,) = run(foreign_python, simulator.url, {"taskType": "imageUpload", "image": image})["results"]
        task = {"taskType": "videoInference", "model": "minimax:4@2", "duration": 6, "includeCost": True}
        task |= {"inputs": {"frameImages": [told["imageUUID"]]}}
        (made,) = run(foreign_python, simulator.url, task)["results"]
        details = {"taskType": "accountManagement", "operation": "getDetails"}
        (account,) = run(foreign_python, simulator.url, details)["results"]
        clip = simulator.tasks[-1]["clip"]
    assert (clip["width"], clip["height"]) == (768, 1344)
    assert (made["cost"], account["balance"]["amount"]) == (0.19, 4.81)
