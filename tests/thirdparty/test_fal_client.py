"""Tests of the simulator with fal.ai's own client."""

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

# The client has its hosts in constants of its module, always with HTTPS; only these are set. It is never let out.
CLIENT = """
import json, os, socket, sys
from fal_client import client as fal

connect = socket.getaddrinfo
def inside(host, *rest, **more):
    if host not in ("127.0.0.1", b"127.0.0.1"):
        raise OSError("this test does not leave the machine")
    return connect(host, *rest, **more)
socket.getaddrinfo = inside

url, endpoint, arguments, picture, cancel = json.loads(sys.argv[1])
fal.QUEUE_URL_FORMAT = url + "/"
fal.REST_URL = fal.CDN_URL = url
client = fal.SyncClient(key=os.environ["FAL_KEY"])
said = {"seen": []}
try:
    if picture:
        arguments["image_url"] = said["uploaded"] = client.upload_file(picture)
    handle = client.submit(endpoint, arguments)
    if cancel:
        handle.cancel()
    for status in handle.iter_events(with_logs=True, interval=0.1):
        said["seen"].append([type(status).__name__, getattr(status, "logs", None), getattr(status, "error_type", None)])
    said["result"] = handle.get()
except fal.FalClientHTTPError as e:
    said |= {"status": e.status_code, "message": e.message, "error_type": e.error_type}
print(json.dumps(said))
"""
T2V = "fal-ai/minimax/hailuo-2.3/standard/text-to-video"
I2V = "fal-ai/minimax/hailuo-2.3/standard/image-to-video"
PROMPT = "A fox runs through fresh snow, [Push in]"


def run(
    python: Path,
    url: str,
    arguments: dict[str, Any],
    *,
    endpoint: str = T2V,
    picture: Path | None = None,
    key: str = "id:secret",
    cancel: bool = False,
) -> dict[str, Any]:
    """What the client makes of a request: the statuses that it saw, and its result or its error."""
    environ = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {"FAL_KEY": key}
    given = json.dumps([url, endpoint, arguments, str(picture or ""), cancel])
    done = subprocess.run(
        [str(python), "-c", CLIENT, given], capture_output=True, text=True, check=False, timeout=90, env=environ
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_it_makes_a_clip_that_plays(foreign_python: Path, tmp_path: Path) -> None:
    """Submit, status and result, as the client does them; the clip decodes to its last frame; one create was billed."""
    with Simulator(latency=2.5, draft=True) as simulator:
        told = run(foreign_python, simulator.url, {"prompt": PROMPT, "duration": "6"})
        path = tmp_path / "clip.mp4"
        with urllib.request.urlopen(told["result"]["video"]["url"], timeout=60) as answer:  # noqa: S310 - the simulator's own link
            path.write_bytes(answer.read())
        assert (simulator.creates["fal"], simulator.spent["fal"]) == (1, 0.28)
    words = [word for word, _, _ in told["seen"]]
    assert words[0] == "Queued"
    assert "InProgress" in words
    assert words[-1] == "Completed"
    assert [entry["message"] for entry in told["seen"][-1][1]] == ["Generating", "Done"]
    with av.open(str(path)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 150


def test_it_makes_an_h3_clip_with_sound(foreign_python: Path, tmp_path: Path) -> None:
    """The newest family's endpoint gives a clip with stereo sound, billed by the second."""
    with Simulator(latency=0.0, draft=True) as simulator:
        given = {"prompt": PROMPT, "duration": 5, "resolution": "768P", "aspect_ratio": "16:9"}
        told = run(foreign_python, simulator.url, given, endpoint="minimax/h3/text-to-video")
        path = tmp_path / "clip.mp4"
        with urllib.request.urlopen(told["result"]["video"]["url"], timeout=60) as answer:  # noqa: S310 - the simulator's own link
            path.write_bytes(answer.read())
        assert simulator.spent["fal"] == 0.4
    with av.open(str(path)) as file:
        assert file.streams.audio[0].channels == 2
        assert sum(1 for _ in file.decode(video=0)) == 124


def test_it_uploads_a_local_picture(foreign_python: Path, tmp_path: Path) -> None:
    """The client's own upload gives a URL on the simulator, and the clip begins with that picture."""
    picture = tmp_path / "fox.png"
    Image.new("RGB", (640, 360), (200, 90, 30)).save(picture)
    with Simulator(latency=0.0, draft=True) as simulator:
        told = run(foreign_python, simulator.url, {"prompt": PROMPT}, endpoint=I2V, picture=picture)
        (task,) = simulator.tasks
    assert told["uploaded"].startswith(f"{simulator.url}/simulator/uploads/")
    assert told["result"]["video"]["url"]
    assert task["clip"]["first_image"]


def test_it_cancels_a_request_that_waits(foreign_python: Path) -> None:
    """A cancelled request is completed, its result an error, and nothing was paid."""
    with Simulator(latency=60.0, draft=True) as simulator:
        told = run(foreign_python, simulator.url, {"prompt": PROMPT}, cancel=True)
        assert simulator.spent["fal"] == 0.0
    assert told["seen"] == [["Completed", [], "client_cancelled"]]
    assert (told["status"], told["error_type"]) == (499, "client_cancelled")


@pytest.mark.parametrize(
    ("arguments", "key", "status", "kind"),
    [
        ({"prompt": PROMPT}, "wrong", 401, ""),
        ({"prompt": PROMPT}, "broke", 403, ""),
        ({"prompt": "a forbidden fox"}, "k", 422, "content_policy_violation"),
        ({"prompt": PROMPT, "duration": "7"}, "k", 422, "one_of"),
        ({}, "k", 422, "missing"),
        ({"prompt": "a fox fail-generation"}, "k", 500, "internal_server_error"),
    ],
)
def test_it_understands_a_refusal(
    foreign_python: Path, arguments: dict[str, Any], key: str, status: int, kind: str
) -> None:
    """The client raises with the simulator's status; a model's error comes with the result, and has its type."""
    with Simulator(latency=0.0, draft=True) as simulator:
        told = run(foreign_python, simulator.url, arguments, key=key)
    assert told["status"] == status
    assert ("Completed" in [word for word, _, _ in told["seen"]]) is bool(kind)
    assert not kind or told["message"][0]["type"] == kind
