"""Runware's protocol: arrays of tasks, client-chosen identifiers, several results, errors beside data."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

URL = "https://example.com/a.jpg"


def infer(**changes: Any) -> dict[str, Any]:
    """Return a valid task with some of its fields changed; None takes one out."""
    task = {
        "taskType": "videoInference",
        "taskUUID": str(uuid.uuid4()),
        "model": "minimax:3@1",
        "positivePrompt": "a fox",
        **changes,
    }
    return {key: value for key, value in task.items() if value is not None}


def poll(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the request for a task's results."""
    return [{"taskType": "getResponse", "taskUUID": task["taskUUID"]}]


def test_a_clip_goes_from_create_to_url(sim: Simulator, api: httpx.Client) -> None:
    """A task is acknowledged, then has a URL, a seed, and a cost only where it was asked for."""
    for include in (False, True):
        task = infer(width=1366, height=768, duration=6, fps=25, includeCost=include)
        assert api.post("/v1", json=[task]).json() == {
            "data": [{"taskType": "videoInference", "taskUUID": task["taskUUID"]}]
        }
        (result,) = api.post("/v1", json=poll(task)).json()["data"]
        assert (result["status"], result["taskUUID"]) == ("success", task["taskUUID"])
        assert isinstance(result["seed"], int)
        assert ("cost" in result) is include
        assert api.head(result["videoURL"]).status_code == 200
    assert sim.creates["runware"] == 2


def test_several_results_differ(sim: Simulator, api: httpx.Client) -> None:
    """Four results have four seeds and four videos; it is one create call."""
    task = infer(numberResults=4)
    api.post("/v1", json=[task])
    data = api.post("/v1", json=poll(task)).json()["data"]
    assert len({item["seed"] for item in data}) == len({item["videoUUID"] for item in data}) == 4
    first, second = (api.get(item["videoURL"]).content for item in data[:2])
    assert first != second
    assert sim.creates["runware"] == 1


def test_results_come_one_by_one(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """While some results are missing, the answer has the finished ones and one that says processing."""
    simulator = start()
    api = connect(simulator)
    task = infer(numberResults=2)
    api.post("/v1", json=[task])
    late = simulator.world.tasks.find(group=task["taskUUID"])[1]
    simulator.world.tasks.mark(late, ready=None)
    statuses = [item["status"] for item in api.post("/v1", json=poll(task)).json()["data"]]
    assert statuses == ["success", "processing"]


def test_an_identifier_serves_once(sim: Simulator, api: httpx.Client) -> None:
    """A taskUUID that was used is refused, and the first task is still there."""
    task = infer()
    api.post("/v1", json=[task])
    answer = api.post("/v1", json=[task])
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert (error["code"], error["taskUUID"]) == ("conflictTaskUUID", task["taskUUID"])
    assert sim.creates["runware"] == 1
    assert api.post("/v1", json=poll(task)).json()["data"][0]["status"] == "success"


def test_data_and_errors_come_together(api: httpx.Client) -> None:
    """One bad task beside a good one: the good one is acknowledged, the bad one has an error."""
    good, bad = infer(), infer(positivePrompt="x")
    answer = api.post("/v1", json=[good, bad])
    assert answer.status_code == 200
    assert answer.json()["data"][0]["taskUUID"] == good["taskUUID"]
    assert answer.json()["errors"][0]["taskUUID"] == bad["taskUUID"]


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 1920, "height": 1080},
        {"width": 768, "height": 1366},
        {"duration": 10.0},
        {"outputFormat": "MOV", "outputQuality": 20, "outputType": "URL", "deliveryMethod": "async"},
        {"outputFormat": "WEBM"},
        {"ttl": 60, "webhookURL": "https://x.com/h?token=1", "uploadEndpoint": "https://x.com/u"},
        {"safety": {"checkContent": True, "mode": "fast"}},
        {"providerSettings": {"minimax": {"promptOptimizer": True}}},
        {"inputs": {"frameImages": [URL]}},
        {"inputs": {"frameImages": [{"image": URL, "frame": "first"}, {"image": URL, "frame": -1}]}},
        {"inputs": {"frameImages": [{"image": str(uuid.uuid4())}, {"image": URL}]}},
        {"inputs": {"frameImages": [{"image": URL, "frame": 0}, {"image": URL, "frame": "last"}]}},
        {"safety": {"checkContent": False, "mode": "none"}},
        {"safety": {"mode": "full"}},
    ],
)
def test_what_the_page_allows_is_accepted(api: httpx.Client, changes: dict[str, Any]) -> None:
    """Every documented field is accepted and leads to a file."""
    task = infer(**changes)
    assert "errors" not in api.post("/v1", json=[task]).json()
    assert api.head(api.post("/v1", json=poll(task)).json()["data"][0]["videoURL"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        ({"positivePrompt": "x"}, "invalidPositivePrompt", "positivePrompt"),
        ({"positivePrompt": None}, "invalidPositivePrompt", "positivePrompt"),
        ({"positivePrompt": "x" * 2001}, "invalidPositivePrompt", "positivePrompt"),
        ({"taskUUID": "7"}, "invalidTaskUUID", "taskUUID"),
        ({"taskUUID": None}, "missingTaskUUID", "taskUUID"),
        ({"model": "minimax:9@9"}, "invalidModel", "model"),
        ({"seed": 7}, "unsupportedParameter", "seed"),
        ({"width": 1366}, "invalidHeight", "height"),
        ({"duration": 8}, "invalidDuration", "duration"),
        ({"duration": "6"}, "invalidDuration", "duration"),
        ({"fps": 24}, "invalidFps", "fps"),
        ({"numberResults": 21}, "invalidNumberResults", "numberResults"),
        ({"outputQuality": 19}, "invalidOutputQuality", "outputQuality"),
        ({"outputFormat": "GIF"}, "invalidOutputFormat", "outputFormat"),
        ({"deliveryMethod": "sync"}, "invalidDeliveryMethod", "deliveryMethod"),
        ({"ttl": 59}, "invalidTtl", "ttl"),
        ({"safety": {"level": 1}}, "unsupportedParameter", "safety.level"),
        ({"inputs": {"frameImages": []}}, "invalidFrameImages", "inputs.frameImages"),
        ({"inputs": {"frameImages": [URL, URL, URL]}}, "invalidFrameImages", "inputs.frameImages"),
        ({"inputs": {"frameImages": [{"image": URL, "frame": "middle"}]}}, "invalidFrame", "inputs.frameImages.frame"),
        ({"inputs": {"frameImages": ["%%%"]}}, "invalidFrameImages", "inputs.frameImages.image"),
        ({"positivePrompt": "forbidden"}, "contentPolicyViolation", None),
    ],
)
def test_errors_name_their_parameter(
    sim: Simulator, api: httpx.Client, changes: dict[str, Any], code: str, parameter: str | None
) -> None:
    """A wrong field is an error with its code and the field's name, and costs nothing."""
    answer = api.post("/v1", json=[infer(**changes)])
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["code"], error.get("parameter")) == (code, parameter)
    assert error["message"]
    assert sim.creates["total"] == 0


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "missingApiKey"),
        ({"Authorization": "Bearer wrong"}, 401, "invalidApiKey"),
        ({"Authorization": "Bearer broke"}, 402, "insufficientCredits"),
        ({"Authorization": "Bearer slow"}, 429, "rateLimitExceeded"),
    ],
)
def test_keys(
    sim: Simulator, connect: Callable[..., httpx.Client], headers: dict[str, str], status: int, code: str
) -> None:
    """Bad keys are HTTP errors with an entry in errors."""
    answer = connect(sim, headers).post("/v1", json=[infer()])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_failures_are_errors_in_the_poll(api: httpx.Client) -> None:
    """A failed generation and an unknown identifier are entries of errors."""
    for words, code in (("fail-generation", "inferenceError"), ("banned-output", "providerContentPolicyViolation")):
        task = infer(positivePrompt=words)
        api.post("/v1", json=[task])
        answer = api.post("/v1", json=poll(task)).json()
        assert answer["errors"][0]["code"] == code
        assert answer["errors"][0]["status"] == "error"
        assert answer["data"] == [] if "data" in answer else True
    answer = api.post("/v1", json=poll(infer()))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "taskFailedOrNotFound")


def test_details_ping_authentication_and_dry_run(sim: Simulator, connect: Callable[..., httpx.Client]) -> None:
    """The other task types answer, a key may come in the body, and a dry run prices without a charge."""
    api = connect(sim, {})
    key = {"taskType": "authentication", "apiKey": "body-key"}
    task = infer(numberResults=2)
    priced = api.post("/v1", json=[key, task], headers={"X-Runware-Dry-Run": "1"}).json()["data"]
    assert priced[1]["cost"] == pytest.approx(0.56)
    assert sim.creates["total"] == 0
    api.post("/v1", json=[key, task])
    ponged, details = api.post(
        "/v1", json=[key, {"taskType": "ping", "ping": True}, {**task, "taskType": "getTaskDetails"}]
    ).json()["data"][1:]
    assert ponged == {"taskType": "ping", "pong": True}
    assert details["request"][0]["positivePrompt"] == "a fox"  # an array, as in Runware's client
    assert "body-key" not in str(sim.requests)


def test_bodies_that_are_no_arrays(api: httpx.Client) -> None:
    """Anything but an array of objects, and unknown task types, are errors."""
    for body in (infer(), [], [5], [{"taskType": "imageInference"}]):
        answer = api.post("/v1", json=body)
        assert answer.status_code == 400
        assert answer.json()["errors"]


def test_strict_takes_the_known_sizes_only(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """With strict, only 1366×768 and 1920×1080 (6 s) are taken."""
    api = connect(start(strict=True))
    answers = [
        api.post("/v1", json=[infer(width=width, height=height, duration=duration)])
        for width, height, duration in ((1366, 768, 10), (1920, 1080, 6), (864, 486, 6), (1920, 1080, 10))
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 400]
