"""Tests of the simulator with MiniMax's own command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import av
import pytest
from PIL import Image

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

KEY = "sk-api-thirdparty"
# The client turns each clip's http link into https, which loopback does not have: that one step is taken back.
PLAIN = "const f = fetch; globalThis.fetch = (u, o) => f(String(u).replace('https://127.0.0.1', 'http://127.0.0.1'), o)"


def mmx(modules: Path, home: Path, url: str, *arguments: str, key: str = KEY) -> tuple[int, dict[str, Any]]:
    """Run a command of the client at a URL, with a home of its own; return its exit code and its JSON.

    The region is given, as it would be looked for at MiniMax's own hosts.
    """
    node = shutil.which("node")
    assert node, "Node.js is missing"
    place = ["--base-url", url, "--region", "global", "--api-key", key, "--output", "json", "--non-interactive"]
    done = subprocess.run(
        [
            node,
            "--import",
            f"data:text/javascript,{quote(PLAIN)}",
            str(modules / "mmx-cli" / "dist" / "mmx.mjs"),
            *arguments,
            *place,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1"},
    )
    told = done.stdout if done.returncode == 0 else done.stderr
    begin = told.find("{")
    assert begin >= 0, (done.returncode, done.stdout, done.stderr)
    value: dict[str, Any] = json.loads(told[begin:])
    return done.returncode, value


def generate(target: Path, *more: str, prompt: str = "A fox runs") -> tuple[str, ...]:
    """Return the command that makes an H3 clip of four seconds."""
    plain = ("video", "generate", "--model", "MiniMax-H3", "--prompt", prompt, "--duration", "4")
    return (*plain, "--poll-interval", "1", "--download", str(target), *more)


def test_it_makes_an_h3_clip_with_sound(foreign_node: Path, tmp_path: Path) -> None:
    """Create, poll and download, as the client does them; one create was billed."""
    with Simulator(latency=1.5, draft=True) as simulator:
        code, told = mmx(foreign_node, tmp_path, simulator.url, *generate(tmp_path / "clip.mp4", "--ratio", "9:16"))
        assert (code, told.get("status")) == (0, "succeeded"), told
        create, *polls, download = simulator.requests
        assert (create["method"], create["path"], create["body"]) == (
            "POST",
            "/v2/video_generation",
            {
                "model": "MiniMax-H3",
                "content": [{"type": "text", "text": "A fox runs"}],
                "resolution": "2K",
                "duration": 4,
                "ratio": "9:16",
            },
        )
        assert len(polls) >= 2  # it was told to wait, and asked again
        assert {entry["path"] for entry in polls} == {f"/v2/query/video_generation/{told['task_id']}"}
        assert download["phase"] == "download"
        assert (simulator.creates["minimax"], simulator.spent["minimax"]) == (1, 0.52)
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (360, 640)  # a quarter of 1440×2560
        assert len(file.streams.audio) == 1
        assert sum(1 for _ in file.decode(video=0)) == 107


def test_it_sends_a_picture_and_uploads_a_file(foreign_node: Path, tmp_path: Path) -> None:
    """A local picture goes as a data URI and sets the shape; an uploaded one goes as a file of the account."""
    picture = str(tmp_path / "fox.png")
    Image.new("RGB", (400, 700), (200, 120, 40)).save(picture)
    with Simulator(latency=0.0, draft=True) as simulator:
        code, told = mmx(foreign_node, tmp_path, simulator.url, *generate(tmp_path / "a.mp4", "--image", picture))
        assert code == 0, told
        upload = ("file", "upload", "--file", picture, "--purpose", "video_generation_input")
        _, file = mmx(foreign_node, tmp_path, simulator.url, *upload)
        reference = ("--reference-image", f"mm_file://{file['file_id']}")
        code, told = mmx(foreign_node, tmp_path, simulator.url, *generate(tmp_path / "b.mp4", *reference))
        assert code == 0, told
        first, second = (task["clip"] for task in simulator.tasks)
    assert first["first_image"] == second["portrait"]
    assert [(clip["width"], clip["height"]) for clip in (first, second)] == [(1440, 2560)] * 2


def test_it_shows_the_balance(foreign_node: Path, tmp_path: Path) -> None:
    """A pay-as-you-go key asks for the balance, any other for the plan."""
    with Simulator(latency=0.0, credits=5.0) as simulator:
        _, told = mmx(foreign_node, tmp_path, simulator.url, "quota", "show")
        assert told["available_amount"] == "5.00"
        _, told = mmx(foreign_node, tmp_path, simulator.url, "quota", "show", key="sk-cp-thirdparty")
        assert [row["model_name"] for row in told["model_remains"]] == ["general", "video"]


@pytest.mark.parametrize(("key", "prompt"), [("sk-api-wrong", "a fox"), ("sk-api-broke", "a fox"), (KEY, "forbidden")])
def test_it_understands_a_refusal(foreign_node: Path, tmp_path: Path, key: str, prompt: str) -> None:
    """The client ends with an error, and nothing was made."""
    with Simulator(latency=0.0, draft=True) as simulator:
        command = generate(tmp_path / "clip.mp4", "--ratio", "16:9", prompt=prompt)
        code, told = mmx(foreign_node, tmp_path, simulator.url, *command, key=key)
        assert (code > 0, "error" in told, simulator.creates["total"]) == (True, True, 0)
