"""Pixazo's H3: any likely field is taken and kept, polling is a GET, and API Management stands in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

BASE = "/minimax-hailuo-h3/v2"
GOOD = {"prompt": "A fox runs through snow"}
PICTURE, OTHER = "https://pictures.example/fox.png", "https://pictures.example/wolf.png"


@pytest.fixture
def pixazo(sim: Simulator, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with Pixazo's key header."""
    return connect(sim, {"Ocp-Apim-Subscription-Key": "k"})


def make(pixazo: httpx.Client, path: str = "text-to-video", **more: Any) -> dict[str, Any]:
    """Create a request and return the answer."""
    answer = pixazo.post(f"{BASE}/{path}", json={**GOOD, **more})
    assert answer.status_code == 202
    return dict(answer.json())


def test_a_clip_goes_from_create_to_media_url(sim: Simulator, pixazo: httpx.Client) -> None:
    """The create answer has the URL to ask, on the simulator's origin, and that one has the video's."""
    told = make(pixazo, duration=4, resolution="768P", ratio="16:9")
    assert told["status"] == "QUEUED"
    assert told["polling_url"] == f"{sim.url}/v2/requests/status/{told['request_id']}"
    done = pixazo.get(told["polling_url"]).json()
    assert (done["request_id"], done["status"], done["error"]) == (told["request_id"], "COMPLETED", None)
    (url,) = done["output"]["media_url"]
    assert pixazo.head(url).status_code == 200
    assert sim.creates["pixazo"] == 1
    assert (sim.tasks[0]["clip"]["duration"], sim.tasks[0]["clip"]["h3"]) == (4, True)


def test_media_url_can_be_a_string(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Some models give one URL; the switch makes this one do so."""
    pixazo = connect(start(pixazo_list=False), {"Ocp-Apim-Subscription-Key": "k"})
    url = pixazo.get(make(pixazo)["polling_url"]).json()["output"]["media_url"]
    assert pixazo.head(url).status_code == 200


@pytest.mark.parametrize(
    ("path", "more", "kept"),
    [
        ("image-to-video", {"image": PICTURE}, {"first_image"}),
        ("image-to-video", {"image_url": PICTURE}, {"first_image"}),
        ("image-to-video", {"first_frame_image": PICTURE}, {"first_image"}),
        ("last-frame-to-video", {"last_frame_image": PICTURE}, {"last_image"}),
        ("last-frame-to-video", {"image_url": PICTURE}, {"last_image"}),
        ("start-end-to-video", {"start_image_url": PICTURE, "end_image_url": OTHER}, {"first_image", "last_image"}),
        ("start-end-to-video", {"first_frame": PICTURE, "last_frame": OTHER}, {"first_image", "last_image"}),
        ("reference-to-video", {"reference_images": [PICTURE, OTHER]}, {"portrait"}),
        ("reference-to-video", {"image_urls": [PICTURE], "audio_urls": ["https://x.example/a.mp3"]}, {"portrait"}),
    ],
)
def test_likely_fields_are_taken_and_kept(
    sim: Simulator, pixazo: httpx.Client, path: str, more: dict[str, Any], kept: set[str]
) -> None:
    """Whatever the picture's field is called, the clip has it, and the request stands in the task as it was sent."""
    done = pixazo.get(make(pixazo, path, **more)["polling_url"]).json()
    assert done["status"] == "COMPLETED"
    (task,) = sim.tasks
    assert {name for name in ("first_image", "last_image", "portrait") if task["clip"][name]} == kept
    assert task["extra"]["request"] == {**GOOD, **more}
    assert task["extra"]["path"] == path
    assert sim.requests[0]["body"] == {**GOOD, **more}


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ({}, (1344, 768)),
        ({"ratio": "9:16"}, (768, 1344)),
        ({"aspect_ratio": "1:1"}, (768, 768)),
        ({"ratio": "21:9", "resolution": "2K"}, (2944, 1248)),
        ({"resolution": "2K"}, (2560, 1440)),
    ],
)
def test_sizes(sim: Simulator, pixazo: httpx.Client, more: dict[str, Any], size: tuple[int, int]) -> None:
    """A clip has the size that the family has elsewhere."""
    make(pixazo, **more)
    assert (sim.tasks[0]["clip"]["width"], sim.tasks[0]["clip"]["height"]) == size


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("text-to-video", {"prompt": ""}),
        ("text-to-video", {"prompt": "x" * 7001}),
        ("text-to-video", {"duration": 3}),
        ("text-to-video", {"duration": 16}),
        ("text-to-video", {"resolution": "720P"}),
        ("text-to-video", {"prompt": "forbidden"}),
        ("image-to-video", {}),
        ("image-to-video", {"image": "fox.png"}),
        ("start-end-to-video", {"start_image": PICTURE}),
        ("reference-to-video", {}),
    ],
)
def test_wrong_arguments_are_400(sim: Simulator, pixazo: httpx.Client, path: str, more: dict[str, Any]) -> None:
    """Pixazo's own refusals are HTTP 400 with an error sentence, and cost nothing."""
    answer = pixazo.post(f"{BASE}/{path}", json={**GOOD, **more})
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sim.creates["total"] == 0


def test_states(sim: Simulator, pixazo: httpx.Client) -> None:
    """Capital words from queue to end; a failure has its sentence in ``error``."""
    sim.fault("stuck", provider="pixazo", phase="create")
    told = make(pixazo)
    assert pixazo.get(told["polling_url"]).json()["status"] == "QUEUED"
    (task,) = sim.world.tasks.find()
    sim.world.tasks.mark(task, created=task.created - 4)
    running = pixazo.get(told["polling_url"]).json()
    assert (running["status"], running["output"]) == ("PROCESSING", None)
    failed = pixazo.get(make(pixazo, prompt="fail-generation")["polling_url"]).json()
    assert (failed["status"], failed["error"]) == ("FAILED", "generation failed")
    answer = pixazo.get("/v2/requests/status/unknown")
    assert (answer.status_code, answer.json()) == (404, {"error": "Request not found"})


@pytest.mark.parametrize(
    ("headers", "status", "begins"),
    [
        ({}, 401, "Access denied due to missing subscription key."),
        ({"Authorization": "Bearer k"}, 401, "Access denied due to missing subscription key."),
        ({"Ocp-Apim-Subscription-Key": "wrong"}, 401, "Access denied due to invalid subscription key."),
        ({"Ocp-Apim-Subscription-Key": "slow"}, 429, "Rate limit is exceeded. Try again in 5 seconds."),
    ],
)
def test_api_management(
    sim: Simulator, connect: Callable[..., httpx.Client], headers: dict[str, str], status: int, begins: str
) -> None:
    """Keys and rates are API Management's: its own shape, and a Retry-After."""
    answer = connect(sim, headers).post(f"{BASE}/text-to-video", json=GOOD)
    assert (answer.status_code, answer.json()["statusCode"]) == (status, status)
    assert answer.json()["message"].startswith(begins)
    assert answer.headers.get("Retry-After") == ("5" if status == 429 else None)


def test_quota_credits_and_crashes(sim: Simulator, connect: Callable[..., httpx.Client], pixazo: httpx.Client) -> None:
    """A used-up quota names its time (403), a crash its activity (500); credits are Pixazo's own (402)."""
    path = f"{BASE}/text-to-video"
    sim.fault("code", provider="pixazo", phase="create", code=403)
    answer = pixazo.post(path, json=GOOD)
    assert answer.status_code == 403
    assert answer.json()["message"] == "Out of call volume quota. Quota will be replenished in 01:00:00."
    sim.fault("code", provider="pixazo", phase="create", code=500)
    answer = pixazo.post(path, json=GOOD)
    assert (answer.status_code, answer.json()["statusCode"]) == (500, 500)
    assert answer.json()["activityId"]
    answer = connect(sim, {"Ocp-Apim-Subscription-Key": "broke"}).post(path, json=GOOD)
    assert (answer.status_code, answer.json()) == (402, {"error": "Insufficient credits"})
    answer = pixazo.post(f"{BASE}/upscale", json=GOOD)
    assert answer.status_code == 404
    assert sim.creates["total"] == 0
