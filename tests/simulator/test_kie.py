"""KIE's protocol: the document's dialect, the one of its public pages, uploads, balance and links."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

CREATE = "/api/v1/minimax/generate"
QUERY = "/api/v1/minimax/record-info"
JOB = "/api/v1/jobs/createTask"
RECORD = "/api/v1/jobs/recordInfo"
URL = "https://example.com/a.jpg"
FAST = "minimax-hailuo-2-3-fast"


def test_a_clip_goes_from_create_to_url(api: httpx.Client) -> None:
    """The document's own example is accepted and ends in a URL with all documented fields."""
    body = {
        "prompt": "A serene landscape with mountains and sunset, cinematic quality",
        "model": "minimax-hailuo-02",
        "duration": 10,
        "resolution": "1080p",
        "aspectRatio": "16:9",
        "seed": 54321,
        "callBackUrl": "https://webhook.your-domain.com/minimax",
    }
    created = api.post(CREATE, json=body).json()
    assert (created["code"], created["message"], created["data"]["status"]) == (0, "success", 0)
    task_id = created["data"]["taskId"]
    assert task_id.startswith("minimax_")
    told = api.get(QUERY, params={"taskId": task_id}).json()
    assert told["code"] == 0
    data = told["data"]
    assert set(data) == {"taskId", "status", "videoUrl", "duration", "resolution", "createdAt", "completedAt"}
    assert (data["status"], data["duration"], data["resolution"]) == (1, 10, "1080p")
    assert data["createdAt"].endswith("Z")


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "x"},
        {"prompt": "x" * 800, "duration": 8, "resolution": "768p"},
        {"prompt": "x", "seed": -1},
        {"prompt": "x", "seed": 99999, "aspectRatio": "9:16"},
        {"prompt": "x", "model": "minimax-hailuo-2-3", "duration": 10, "resolution": "1080p"},
        {"prompt": "x", "model": FAST, "imageUrl": URL},
        {"prompt": "x", "model": FAST, "imageUrl": URL, "duration": 10},
    ],
)
def test_what_the_document_allows_is_accepted(sim: Simulator, api: httpx.Client, body: dict[str, Any]) -> None:
    """Every documented combination is accepted and charged once."""
    assert api.post(CREATE, json=body).json()["code"] == 0
    assert sim.creates["kie"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 1001),
        ({"prompt": " "}, 1001),
        ({"prompt": "x" * 801}, 1001),
        ({"prompt": "forbidden"}, 1001),
        ({"prompt": "x", "imageUrl": "data:image/png;base64,AAAA"}, 1002),
        ({"prompt": "x", "imageUrl": "fox.png"}, 1002),
        ({"prompt": "x", "duration": 7}, 1004),
        ({"prompt": "x", "duration": "6"}, 1004),
        ({"prompt": "x", "resolution": "768P"}, 1004),
        ({"prompt": "x", "aspectRatio": "4:3"}, 1004),
        ({"prompt": "x", "seed": 100000}, 1004),
        ({"prompt": "x", "seed": -2}, 1004),
        ({"prompt": "x", "seed": 1.5}, 1004),
        ({"prompt": "x", "seed": "7"}, 1004),
        ({"prompt": "x", "model": "MiniMax-Hailuo-02"}, 1004),
        ({"prompt": "x", "model": FAST}, 1004),
        ({"prompt": "x", "prompt_optimizer": True}, 1004),
        ({"prompt": "x", "callBackUrl": 5}, 1004),
    ],
)
def test_refusals_have_the_documented_codes(sim: Simulator, api: httpx.Client, body: dict[str, Any], code: int) -> None:
    """Each wrong argument gets the code that the document lists for it, and costs nothing."""
    answer = api.post(CREATE, json=body).json()
    assert answer["code"] == code
    assert answer["message"]
    assert sim.creates["total"] == 0


def test_keys_and_money(sim: Simulator, connect: Callable[..., httpx.Client]) -> None:
    """Bad keys are HTTP 401, an empty account 1003, a hurried one 1005, in both dialects."""
    job = {"model": "hailuo/02-text-to-video-pro", "input": {"prompt": "x"}}
    for path, body, credit, rate in ((CREATE, {"prompt": "x"}, 1003, 1005), (JOB, job, 402, 429)):
        assert connect(sim, {}).post(path, json=body).status_code == 401
        for key, status, code in (("wrong", 401, 401), ("broke", 200, credit), ("slow", 200, rate)):
            answer = connect(sim, {"Authorization": f"Bearer {key}"}).post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_large_picture_is_1006(api: httpx.Client, picture: Callable[..., bytes]) -> None:
    """An uploaded picture above 10 MB is refused as too large, a text file as invalid."""
    for raw, code in ((picture() + bytes(10_000_001), 1006), (b"no picture at all", 1002)):
        uploaded = api.post("/api/file-stream-upload", files={"file": ("a.png", raw)}, data={"uploadPath": "p"})
        url = uploaded.json()["data"]["downloadUrl"]
        assert api.post(CREATE, json={"prompt": "x", "imageUrl": url}).json()["code"] == code


def test_failures_are_status_two(api: httpx.Client) -> None:
    """A failed task has status 2, no URL, and a reason."""
    task_id = api.post(CREATE, json={"prompt": "fail-generation"}).json()["data"]["taskId"]
    data = api.get(QUERY, params={"taskId": task_id}).json()["data"]
    assert data["status"] == 2
    assert "videoUrl" not in data
    assert data["errorMessage"]


def test_unknown_tasks(api: httpx.Client) -> None:
    """An unknown task id is an in-body error in either dialect."""
    assert api.get(QUERY, params={"taskId": "nope"}).json()["code"] == 1004
    assert api.get(QUERY).json()["code"] == 1004
    assert api.get(RECORD, params={"taskId": "nope"}).json()["code"] == 422


def test_ten_tasks_at_a_time(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """The eleventh unfinished task is 1005, as the document's limit says."""
    simulator = start(latency=3600.0)
    api = connect(simulator)
    codes = [api.post(CREATE, json={"prompt": "x"}).json()["code"] for _ in range(11)]
    assert codes == [0] * 10 + [1005]
    assert simulator.state["max_concurrent"]["kie"] == 10


def test_strict_refuses_the_doubtful(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """With strict, ten seconds at 1080p and a long Fast clip are refused."""
    api = connect(start(strict=True))
    assert api.post(CREATE, json={"prompt": "x", "duration": 10, "resolution": "1080p"}).json()["code"] == 1004
    assert api.post(CREATE, json={"prompt": "x", "model": FAST, "imageUrl": URL, "duration": 10}).json()["code"] == 1004


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("hailuo/02-text-to-video-standard", {"duration": "10", "prompt_optimizer": True}),
        ("hailuo/02-text-to-video-pro", {}),
        ("hailuo/02-image-to-video-standard", {"image_url": URL, "end_image_url": URL, "resolution": "512P"}),
        ("hailuo/02-image-to-video-pro", {"image_url": URL}),
        ("hailuo/2-3-image-to-video-standard", {"image_url": URL, "resolution": "1080P", "duration": "6"}),
        ("hailuo/2-3-image-to-video-pro", {"image_url": URL, "duration": "10"}),
    ],
)
def test_jobs_give_a_result_inside_a_string(api: httpx.Client, model: str, given: dict[str, Any]) -> None:
    """Each public model works in the jobs dialect, whose result is JSON in a JSON string."""
    created = api.post(JOB, json={"model": model, "input": {"prompt": "x", **given}}).json()
    assert (created["code"], created["msg"]) == (200, "success")
    data = api.get(RECORD, params={"taskId": created["data"]["taskId"]}).json()["data"]
    assert data["state"] == "success"
    assert json.loads(data["param"])["model"] == model
    assert api.head(json.loads(data["resultJson"])["resultUrls"][0]).status_code == 200


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("hailuo/9", {"prompt": "x"}),
        ("hailuo/02-text-to-video-standard", {"prompt": "x", "duration": 6}),
        ("hailuo/02-text-to-video-pro", {"prompt": "x", "duration": "6"}),
        ("hailuo/02-text-to-video-pro", {"prompt": "x" * 1501}),
        ("hailuo/02-image-to-video-pro", {"prompt": "x"}),
        ("hailuo/02-image-to-video-standard", {"prompt": "x", "image_url": URL, "resolution": "1080P"}),
        ("hailuo/2-3-image-to-video-pro", {"prompt": "x", "image_url": URL, "resolution": "1080P", "duration": "10"}),
        ("hailuo/02-text-to-video-pro", {"prompt": "x", "seed": 7}),
    ],
)
def test_jobs_refuse_with_422(api: httpx.Client, model: str, given: dict[str, Any]) -> None:
    """What a model does not take is code 422."""
    assert api.post(JOB, json={"model": model, "input": given}).json()["code"] == 422


def test_a_failed_job(api: httpx.Client) -> None:
    """A failed job has its code and its message, and no result."""
    body = {"model": "hailuo/02-text-to-video-pro", "input": {"prompt": "fail-generation"}}
    task_id = api.post(JOB, json=body).json()["data"]["taskId"]
    data = api.get(RECORD, params={"taskId": task_id}).json()["data"]
    assert (data["state"], data["failCode"]) == ("fail", "501")
    assert data["failMsg"]
    assert not data["resultJson"]


def test_uploads_become_urls(api: httpx.Client, picture: Callable[..., bytes]) -> None:
    """All three uploads keep the bytes, and their URL is a picture that imageUrl takes."""
    raw = picture()
    base = {"uploadPath": "images", "fileName": "fox.png"}
    data_url = "data:image/png;base64," + base64.b64encode(raw).decode()
    first = api.post("/api/file-base64-upload", json={**base, "base64Data": data_url}).json()
    assert first["success"]
    assert first["data"]["filePath"] == "images/fox.png"
    assert first["data"]["mimeType"] == "image/png"
    url = first["data"]["downloadUrl"]
    second = api.post("/api/file-url-upload", json={**base, "fileUrl": url}).json()["data"]["downloadUrl"]
    third = api.post("/api/file-stream-upload", files={"file": ("b.png", raw, "image/png")}, data=base).json()
    for address in (url, second, third["data"]["downloadUrl"]):
        assert api.get(address, headers={"Authorization": ""}).content == raw
        assert api.post(CREATE, json={"prompt": "x", "imageUrl": address}).json()["code"] == 0
    assert api.post("/api/file-base64-upload", json=base).json()["code"] == 422
    assert api.get("/simulator/uploads/nothing.png").status_code == 404


def test_credits_run_out(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """A balance of 100 credits pays for two clips of 45, and the balance endpoint says what is left."""
    api = connect(start(credits={"kie": 100.0}))
    codes = [api.post(CREATE, json={"prompt": "x"}).json()["code"] for _ in range(3)]
    assert codes == [0, 0, 1003]
    assert api.get("/api/v1/chat/credit").json() == {"code": 200, "msg": "success", "data": 10.0}


def test_a_fresh_link_for_an_old_one(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """An expired URL still names its file for the endpoint that gives a new link."""
    simulator = start()
    api = connect(simulator)
    task_id = api.post(CREATE, json={"prompt": "x"}).json()["data"]["taskId"]
    simulator.fault("expired", phase="query")
    old = api.get(QUERY, params={"taskId": task_id}).json()["data"]["videoUrl"]
    assert api.get(old).status_code == 403
    fresh = api.post("/api/v1/common/download-url", json={"url": old}).json()["data"]
    assert api.head(fresh).status_code == 200
    assert api.post("/api/v1/common/download-url", json={"url": "https://x/y.mp4"}).json()["code"] == 422
