"""The fal.ai queue: a failure is known to the result call alone, and a waiting request can be cancelled."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

KEY = {"Authorization": "Key id:secret"}
T2V = "/fal-ai/minimax/hailuo-2.3/standard/text-to-video"
I2V = "/fal-ai/minimax/hailuo-02/standard/image-to-video"
REQUESTS = "/fal-ai/minimax/requests"
GOOD = {"prompt": "A fox runs through snow"}
PICTURE = "https://storage.googleapis.com/falserverless/example_inputs/hailuo23/standard_i2v_in.jpg"


@pytest.fixture
def fal(sim: Simulator, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with fal's key header."""
    return connect(sim, KEY)


def submit(fal: httpx.Client, body: dict[str, Any] = GOOD, path: str = T2V) -> dict[str, Any]:
    """Put a request into the queue, and return what the queue says."""
    answer = fal.post(path, json=body)
    assert answer.status_code == 200
    return dict(answer.json())


def age(sim: Simulator, seconds: float) -> None:
    """Let the newest request have been there for that long."""
    (task,) = sim.world.tasks.find()[-1:]
    sim.world.tasks.mark(task, created=task.created - seconds)


def test_a_clip_goes_from_submit_to_video(sim: Simulator, fal: httpx.Client) -> None:
    """The submit answer leads to status and result, all on the origin that was asked, and to a video."""
    told = submit(fal)
    base = f"{sim.url}{REQUESTS}/{told['request_id']}"
    assert (told["status"], told["queue_position"]) == ("IN_QUEUE", 0)
    assert told["response_url"] == base
    assert told["status_url"] == f"{base}/status"
    assert told["cancel_url"] == f"{base}/cancel"
    status = fal.get(told["status_url"])
    assert (status.status_code, status.json()["status"]) == (200, "COMPLETED")
    assert status.json()["metrics"]["inference_time"] >= 0
    video = fal.get(told["response_url"]).json()["video"]
    assert (video["content_type"], video["file_name"]) == ("video/mp4", "output.mp4")
    assert fal.head(video["url"]).status_code == 200
    assert (sim.creates["fal"], sim.spent["fal"]) == (1, 0.28)


def test_a_request_waits_runs_and_ends(sim: Simulator, fal: httpx.Client) -> None:
    """Until it ends, a status is HTTP 202 and the result HTTP 400; logs come where they are asked for."""
    sim.fault("stuck", provider="fal", phase="create")
    told = submit(fal)
    status = fal.get(told["status_url"], params={"logs": 1})
    assert (status.status_code, status.json()["status"], status.json()["queue_position"]) == (202, "IN_QUEUE", 0)
    assert status.json()["logs"] == []
    age(sim, 4)
    status = fal.get(told["status_url"], params={"logs": "true"})
    assert (status.status_code, status.json()["status"]) == (202, "IN_PROGRESS")
    assert "queue_position" not in status.json()
    assert [set(line) for line in status.json()["logs"]] == [{"message", "level", "source", "timestamp"}]
    assert fal.get(told["status_url"]).json()["logs"] is None
    assert fal.get(told["response_url"]).status_code == 400


# Endpoint, further input, and US dollars; fal.ai's model pages.
PRICED = [
    ("hailuo-2.3/standard/text-to-video", {}, 0.28),
    ("hailuo-2.3/standard/text-to-video", {"duration": "10"}, 0.56),
    ("hailuo-2.3/pro/text-to-video", {}, 0.49),
    ("hailuo-2.3/standard/image-to-video", {"image_url": PICTURE}, 0.28),
    ("hailuo-2.3/pro/image-to-video", {"image_url": PICTURE, "prompt_optimizer": False}, 0.49),
    ("hailuo-2.3-fast/standard/image-to-video", {"image_url": PICTURE, "duration": "10"}, 0.32),
    ("hailuo-2.3-fast/pro/image-to-video", {"image_url": PICTURE}, 0.33),
    ("hailuo-02/standard/text-to-video", {"duration": "6"}, 0.27),
    ("hailuo-02/pro/text-to-video", {}, 0.48),
    ("hailuo-02/standard/image-to-video", {"image_url": PICTURE, "end_image_url": PICTURE}, 0.27),
    ("hailuo-02/standard/image-to-video", {"image_url": PICTURE, "resolution": "512P", "duration": "10"}, 0.17),
    ("hailuo-02/pro/image-to-video", {"image_url": PICTURE, "end_image_url": PICTURE}, 0.48),
    ("hailuo-02-fast/image-to-video", {"image_url": PICTURE}, 0.102),
    ("video-01", {}, 0.5),
    ("video-01-live/image-to-video", {"image_url": PICTURE}, 0.5),
    ("video-01-subject-reference", {"subject_reference_image_url": PICTURE}, 0.5),
]


@pytest.mark.parametrize(("endpoint", "more", "dollars"), PRICED)
def test_what_the_pages_list_is_made_and_paid(
    sim: Simulator, fal: httpx.Client, endpoint: str, more: dict[str, Any], dollars: float
) -> None:
    """Each endpoint takes its page's fields, and costs what the page says."""
    told = submit(fal, {**GOOD, **more}, f"/fal-ai/minimax/{endpoint}")
    assert fal.get(told["response_url"]).json()["video"]["url"]
    assert sim.spent["fal"] == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("endpoint", "more", "made"),
    [
        ("minimax/h3/text-to-video", {"aspect_ratio": "9:16", "duration": 6, "resolution": "768P"}, (0.48, 768, 1344)),
        ("minimax/h3/text-to-video", {}, (0.65, 2560, 1440)),  # 2K and 5 s, where nothing is said
        ("minimax/h3/text-to-video", {"resolution": "4K", "duration": 5}, (0.8, 3840, 2160)),
        ("minimax/h3/image-to-video", {"end_image_url": PICTURE, "resolution": "2K"}, (0.65, 2560, 1440)),
        (
            "minimax/h3/reference-to-video",
            {"reference_image_urls": [PICTURE] * 9, "duration": 6, "resolution": "768P"},
            (0.48, 1344, 768),
        ),
        ("minimax/h3-max/text-to-video", {"resolution": "480P", "duration": 10}, (0.5, 832, 480)),
        ("minimax/h3-max-turbo/image-to-video", {"image_url": PICTURE, "duration": 10}, (0.4, 1344, 768)),
    ],
)
def test_h3(
    sim: Simulator, fal: httpx.Client, endpoint: str, more: dict[str, Any], made: tuple[float, int, int]
) -> None:
    """The newest family stands under an owner of its own, takes whole seconds, and costs by the second."""
    told = submit(fal, {**GOOD, **more}, f"/{endpoint}")
    assert told["status_url"].startswith(f"{sim.url}/{'/'.join(endpoint.split('/')[:2])}/requests/")
    assert fal.get(told["response_url"]).json()["video"]["url"]
    (task,) = sim.tasks
    assert (sim.spent["fal"], task["clip"]["width"], task["clip"]["height"]) == pytest.approx(made)


@pytest.mark.parametrize(
    ("body", "kind", "field", "dollars"),
    [
        ({"prompt": "a forbidden fox"}, "content_policy_violation", "prompt", 0.0),
        ({"prompt": "banned-output"}, "content_policy_violation", "prompt", 0.28),
        ({}, "missing", "prompt", 0.0),
        ({"prompt": "x" * 2001}, "sequence_too_long", "prompt", 0.0),
        ({**GOOD, "duration": "7"}, "one_of", "duration", 0.0),
        ({**GOOD, "duration": 6}, "value_error", "duration", 0.0),
        ({**GOOD, "prompt_optimizer": "yes"}, "value_error", "prompt_optimizer", 0.0),
    ],
)
def test_a_failure_is_known_to_the_result_alone(
    sim: Simulator, fal: httpx.Client, body: dict[str, Any], *, kind: str, field: str, dollars: float
) -> None:
    """The queue takes it, the status says COMPLETED, and the result is HTTP 422 with the type of the error."""
    told = submit(fal, body)
    status = fal.get(told["status_url"]).json()
    assert status["status"] == "COMPLETED"
    assert "error" not in status
    answer = fal.get(told["response_url"])
    assert answer.status_code == 422
    assert answer.headers["X-Fal-Retryable"] == "false"
    (entry,) = answer.json()["detail"]
    assert (entry["type"], entry["loc"]) == (kind, ["body", field])
    assert entry["msg"]
    assert (sim.creates["fal"], sim.spent["fal"]) == (1, dollars)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"image_url": None}, "missing"),
        ({"image_url": "fox.png"}, "image_load_error"),
        ({"image_url": "data:image/png;base64,AAAA"}, "image_load_error"),
        ({"resolution": "1080P"}, "one_of"),
    ],
)
def test_a_picture_that_cannot_be_used(fal: httpx.Client, change: dict[str, Any], kind: str) -> None:
    """A picture is read by the runner, so that it too fails with the result."""
    body = {key: value for key, value in {**GOOD, "image_url": PICTURE, **change}.items() if value is not None}
    answer = fal.get(submit(fal, body, I2V)["response_url"])
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, kind)


def test_server_errors_are_not_charged(sim: Simulator, fal: httpx.Client) -> None:
    """A model's server error is HTTP 500 with a list, a request error is flat, in the status too; both are free."""
    told = submit(fal, {"prompt": "fail-generation"})
    answer = fal.get(told["response_url"])
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (500, "internal_server_error")
    sim.fault("fail", provider="fal", phase="create", code="runner_disconnected", message="The runner is gone")
    told = submit(fal)
    status = fal.get(told["status_url"]).json()
    assert (status["status"], status["error_type"]) == ("COMPLETED", "runner_disconnected")
    answer = fal.get(told["response_url"])
    assert answer.status_code == 503
    assert answer.json() == {"detail": "The runner is gone", "error_type": "runner_disconnected"}
    assert answer.headers["X-Fal-Error-Type"] == "runner_disconnected"
    assert sim.spent["fal"] == 0.0


def test_a_waiting_request_is_cancelled_for_free(sim: Simulator, fal: httpx.Client) -> None:
    """PUT cancel removes what waits; afterwards there is nothing left to cancel, no video, and no charge."""
    sim.fault("stuck", provider="fal", phase="create")
    told = submit(fal)
    assert sim.spent["fal"] == 0.28
    answer = fal.put(told["cancel_url"])
    assert (answer.status_code, answer.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    status = fal.get(told["status_url"]).json()
    assert (status["status"], status["error_type"]) == ("COMPLETED", "client_cancelled")
    assert fal.get(told["response_url"]).status_code == 499
    answer = fal.put(told["cancel_url"])
    assert (answer.status_code, answer.json()) == (400, {"status": "ALREADY_COMPLETED"})
    assert (sim.creates["fal"], sim.spent["fal"]) == (1, 0.0)


def test_a_removal_can_be_told_as_one(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """The newest page has HTTP 200 and OK for what was removed from the queue; the switch makes it so."""
    simulator = start(fal_removes=True, latency=60.0, eager=False)
    fal = connect(simulator, KEY)
    answer = fal.put(submit(fal)["cancel_url"])
    assert (answer.status_code, answer.json(), simulator.spent["fal"]) == (200, {"status": "OK"}, 0.0)


def test_a_running_request_goes_on(sim: Simulator, fal: httpx.Client) -> None:
    """A cancellation of what runs is accepted, and changes nothing: the clip is made and paid."""
    sim.fault("stuck", provider="fal", phase="create")
    told = submit(fal)
    age(sim, 4)
    assert fal.put(told["cancel_url"]).json() == {"status": "CANCELLATION_REQUESTED"}
    assert fal.get(told["status_url"]).json()["status"] == "IN_PROGRESS"
    (task,) = sim.world.tasks.find()
    sim.world.tasks.mark(task, ready=task.created)
    assert fal.get(told["response_url"]).json()["video"]["url"]
    assert sim.spent["fal"] == 0.28


def test_what_has_ended_or_never_was_is_not_cancelled(fal: httpx.Client) -> None:
    """A finished request is HTTP 400, an unknown one HTTP 404; each says so in one word."""
    told = submit(fal)
    answer = fal.put(told["cancel_url"])
    assert (answer.status_code, answer.json()) == (400, {"status": "ALREADY_COMPLETED"})
    answer = fal.put(f"{REQUESTS}/unknown/cancel")
    assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})
    assert fal.get(f"{REQUESTS}/unknown/status").status_code == 404
    assert fal.get(f"/minimax/h3/requests/{told['request_id']}").status_code == 404


def test_a_result_is_kept_for_an_hour(sim: Simulator, fal: httpx.Client) -> None:
    """The status outlives the result; after an hour the result call knows nothing, although the clip was paid."""
    told = submit(fal)
    (task,) = sim.world.tasks.find()
    sim.world.tasks.mark(task, created=task.created - 3590, ready=task.created - 3590)
    assert fal.get(told["response_url"]).status_code == 200
    sim.world.tasks.mark(task, created=task.created - 3610, ready=task.created - 3610)
    assert fal.get(told["response_url"]).status_code == 404
    assert fal.get(told["status_url"]).json()["status"] == "COMPLETED"


def test_status_urls_have_the_app_alone(fal: httpx.Client) -> None:
    """The endpoint's path is no part of them: with it there is no such route."""
    told = submit(fal)
    assert fal.get(f"{T2V}/requests/{told['request_id']}/status").status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer k"}, 401),
        ({"Authorization": "Key wrong"}, 401),
        ({"Authorization": "Key broke"}, 403),
        ({"Authorization": "Key slow"}, 429),
    ],
)
def test_keys(sim: Simulator, connect: Callable[..., httpx.Client], headers: dict[str, str], status: int) -> None:
    """The key stands behind the word Key; an account without a balance is locked (403), not unpaid (402)."""
    answer = connect(sim, headers).post(T2V, json=GOOD)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    if status == 403:
        assert answer.json()["detail"].startswith("User is locked. Reason: Exhausted balance.")
    assert sim.creates["fal"] == 0


def test_other_applications_are_not_found(sim: Simulator, fal: httpx.Client) -> None:
    """An endpoint that is not there is refused at once, in fal's shape."""
    answer = fal.post("/fal-ai/minimax/hailuo-9/text-to-video", json=GOOD)
    assert answer.status_code == 404
    assert "not found" in answer.json()["detail"]
    assert sim.creates["fal"] == 0


def test_uploads(sim: Simulator, fal: httpx.Client, picture: Callable[..., bytes]) -> None:
    """The CDN's upload and the signed link both end in a URL that an input may name; data URIs are taken as well."""
    raw = picture()
    token = fal.post("/storage/auth/token", params={"storage_type": "fal-cdn-v3"}, json={}).json()
    assert token["base_url"] == sim.url
    headers = {"Authorization": f"{token['token_type']} {token['token']}", "X-Fal-File-Name": "fox.png"}
    first = fal.post("/files/upload", content=raw, headers=headers).json()["access_url"]
    body = {"file_name": "fox.png", "content_type": "image/png"}
    links = fal.post("/storage/upload/initiate", params={"storage_type": "gcs"}, json=body).json()
    assert fal.put(links["upload_url"], content=raw).status_code == 200
    data = f"data:image/png;base64,{base64.b64encode(raw).decode()}"
    for url in (first, links["file_url"], data):
        told = submit(fal, {**GOOD, "image_url": url}, I2V)
        assert fal.get(told["response_url"]).status_code == 200
    assert len({task["clip"]["first_image"] for task in sim.tasks}) == 1


def test_uploads_need_what_was_handed_out(
    fal: httpx.Client, connect: Callable[..., httpx.Client], sim: Simulator
) -> None:
    """A token or a link that was not handed out is refused, and so is a stranger."""
    assert fal.post("/files/upload", content=b"x", headers={"Authorization": "Bearer 1.x"}).status_code == 401
    assert fal.put(f"/storage/put/{'0' * 32}.png", params={"Signature": "x"}, content=b"x").status_code == 403
    assert connect(sim, {}).post("/storage/auth/token").status_code == 401


def test_faults(sim: Simulator, fal: httpx.Client) -> None:
    """A create can lose its answer or its id, and a fault can speak in fal's own words."""
    sim.fault("missing_task_id", provider="fal", phase="create")
    told = submit(fal)
    assert not {"request_id", "status_url", "response_url", "cancel_url"} & set(told)
    assert sim.creates["fal"] == 1
    told = submit(fal)
    sim.fault("code", provider="fal", phase="query", code="request_timeout", message="Request timed out")
    answer = fal.get(told["status_url"])
    assert (answer.status_code, answer.json()["error_type"]) == (504, "request_timeout")
    sim.fault("code", provider="fal", phase="retrieve", code=429, message="Too many requests")
    answer = fal.get(told["response_url"])
    assert (answer.status_code, answer.json()) == (429, {"detail": "Too many requests"})
