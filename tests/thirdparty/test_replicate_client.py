"""Tests of the simulator with Replicate's own client."""

from __future__ import annotations

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

CLIENT = """
import json, os, socket, sys
import replicate
from replicate.exceptions import ModelError, ReplicateError

connect = socket.getaddrinfo
def inside(host, *rest, **more):
    if host not in ("127.0.0.1", b"127.0.0.1"):
        raise OSError("this test does not leave the machine")
    return connect(host, *rest, **more)
socket.getaddrinfo = inside

url, does, model, given = json.loads(sys.argv[1])
client = replicate.Client(base_url=url, api_token=os.environ["TOKEN"])
client.poll_interval = 0.1
try:
    if does == "cancel":
        made = client.predictions.create(model=model, input=given)
        said = {"before": made.status}
        made.cancel()
        said["after"] = made.status
    elif does == "list":
        made = [client.predictions.create(model=model, input=given).id for _ in range(101)]
        pages = [[item.id for item in page] for page in replicate.pagination.paginate(client.predictions.list)]
        said = {"made": made, "pages": pages}
    else:
        if does.startswith("picture "):
            given["first_frame_image"] = open(does.removeprefix("picture "), "rb")
        said = {"output": client.run(model, input=given, wait=does != "poll")}
except ModelError as e:
    said = {"error": "ModelError", "said": str(e), "status": e.prediction.status}
except ReplicateError as e:
    said = {"error": "ReplicateError", "status": e.status, "title": e.title, "said": e.detail}
print(json.dumps(said))
"""
MODEL = "minimax/hailuo-2.3"
GIVEN = {"prompt": "A fox runs through fresh snow, [Push in]", "duration": 6, "resolution": "768p"}


def run(
    python: Path, url: str, does: str, *, given: dict[str, Any] = GIVEN, model: str = MODEL, key: str = "r8_test"
) -> dict[str, Any]:
    """What the client makes of an input: the model's output, or its error."""
    environ = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {"TOKEN": key}
    done = subprocess.run(
        [str(python), "-c", CLIENT, json.dumps([url, does, model, given])],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("does", ["wait", "poll"])
def test_it_makes_a_clip_that_plays(foreign_python: Path, tmp_path: Path, does: str) -> None:
    """Held open or polled, the client gets the URL; the clip decodes to its last frame; one create was billed."""
    with Simulator(latency=1.0, draft=True) as simulator:
        output = run(foreign_python, simulator.url, does)["output"]
        path = tmp_path / "clip.mp4"
        with urllib.request.urlopen(output, timeout=60) as answer:  # noqa: S310 - the simulator's own link
            path.write_bytes(answer.read())
        phases = [r["phase"] for r in simulator.requests if r["provider"] == "replicate"]
        assert (simulator.creates["replicate"], simulator.spent["replicate"]) == (1, 0.28)
    assert (phases.count("query") == 0) is (does == "wait")
    with av.open(str(path)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 150


def test_it_uploads_a_local_picture(foreign_python: Path, tmp_path: Path) -> None:
    """The client's own upload is what the clip begins with."""
    picture = tmp_path / "fox.png"
    Image.new("RGB", (640, 360), (200, 90, 30)).save(picture)
    with Simulator(latency=0.0, draft=True) as simulator:
        assert run(foreign_python, simulator.url, f"picture {picture}", model="minimax/hailuo-2.3-fast")["output"]
        (task,) = simulator.tasks
        (upload,) = [r for r in simulator.requests if r["phase"] == "upload"]
    assert task["clip"]["first_image"]
    assert upload["path"] == "/v1/files"


def test_it_cancels(foreign_python: Path) -> None:
    """A prediction that is cancelled says so at once."""
    with Simulator(latency=60.0, draft=True) as simulator:
        assert run(foreign_python, simulator.url, "cancel") == {"before": "starting", "after": "canceled"}


def test_it_reads_the_list_page_by_page(foreign_python: Path) -> None:
    """A hundred predictions are a page; the newest come first, and none is there twice."""
    with Simulator(latency=0.0, draft=True) as simulator:
        told = run(foreign_python, simulator.url, "list")
    assert [len(page) for page in told["pages"]] == [100, 1]
    assert [name for page in told["pages"] for name in page] == told["made"][::-1]


@pytest.mark.parametrize(
    ("given", "key", "error", "status"),
    [
        (GIVEN, "wrong", "ReplicateError", 401),
        (GIVEN, "broke", "ReplicateError", 402),
        (GIVEN, "slow", "ReplicateError", 429),
        ({**GIVEN, "duration": 7}, "k", "ReplicateError", 422),
        ({**GIVEN, "prompt": "a forbidden fox"}, "k", "ModelError", "failed"),
        ({**GIVEN, "prompt": "a fox fail-generation"}, "k", "ModelError", "failed"),
    ],
)
def test_it_understands_a_refusal(
    foreign_python: Path, given: dict[str, Any], key: str, error: str, status: int | str
) -> None:
    """The client raises its own errors, with the status that the documents name."""
    with Simulator(latency=0.0, draft=True) as simulator:
        told = run(foreign_python, simulator.url, "wait", given=given, key=key)
    assert (told["error"], told["status"]) == (error, status)
