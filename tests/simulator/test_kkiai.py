"""The kkiai relay: MiniMax's body, passed through or wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

CREATE = "/minimax/v1/video_generation"
QUERY = "/minimax/v1/query/video_generation"
# The document's own example.
GOOD = {
    "model": "MiniMax-Hailuo-02",
    "prompt": "A man picks up a book [Pedestal up], then reads [Static shot].",
    "duration": 6,
    "resolution": "1080P",
}


def test_passed_through(sim: Simulator, api: httpx.Client) -> None:
    """By default query and retrieve answer as MiniMax does, and MiniMax itself does not know the task."""
    created = api.post(CREATE, json=GOOD).json()
    assert created["base_resp"] == {"status_code": 0, "status_msg": "success"}
    told = api.get(QUERY, params={"task_id": created["task_id"]}).json()
    assert told["status"] == "Success"
    file = api.get("/minimax/v1/files/retrieve", params={"file_id": told["file_id"]}).json()["file"]
    assert api.head(file["download_url"]).status_code == 200
    elsewhere = api.get("/v1/query/video_generation", params={"task_id": created["task_id"]})
    assert elsewhere.json()["base_resp"]["status_code"] == 2013
    assert (sim.creates["kkiai"], sim.creates["minimax"]) == (1, 0)


def test_wrapped(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Wrapped, the answer has the file already, and a fail_reason although it succeeded."""
    api = connect(start(kkiai_envelope="newapi"))
    task_id = api.post(CREATE, json=GOOD).json()["task_id"]
    told = api.get(QUERY, params={"task_id": task_id}).json()
    assert told["code"] == "success"
    data = told["data"]
    assert (data["status"], data["progress"]) == ("SUCCESS", "100%")
    assert data["fail_reason"] == data["data"]["file_id"]
    assert api.head(data["data"]["file"]["download_url"]).status_code == 200


def test_wrapped_while_running_and_failed(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """Wrapped, a running task is SUBMITTED without a file, a failed one FAILURE with its reason."""
    simulator = start(kkiai_envelope="newapi")
    api = connect(simulator)
    simulator.fault("stuck", phase="create")
    running = api.post(CREATE, json=GOOD).json()["task_id"]
    data = api.get(QUERY, params={"task_id": running}).json()["data"]
    assert (data["status"], data["fail_reason"]) == ("SUBMITTED", "")
    assert "file" not in data["data"]
    failed = api.post(CREATE, json={**GOOD, "prompt": "fail-generation"}).json()["task_id"]
    data = api.get(QUERY, params={"task_id": failed}).json()["data"]
    assert (data["status"], data["fail_reason"]) == ("FAILURE", "generation failed")


def test_wrapped_refusals(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Wrapped, a refusal is an HTTP error: a string code, or OpenAI's shape about the key."""
    simulator = start(kkiai_envelope="newapi")
    api = connect(simulator)
    answer = api.post(CREATE, json={**GOOD, "duration": 10})
    assert (answer.status_code, answer.json()["code"]) == (400, "2013")
    answer = api.get(QUERY, params={"task_id": "1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_exist")
    answer = connect(simulator, {}).post(CREATE, json=GOOD)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    "change",
    [
        {"resolution": "720P"},
        {"resolution": "768P", "duration": 10},
        {"model": "MiniMax-Hailuo-2.3"},
        {"first_frame_image": "https://x.com/a.png"},
        {"first_frame_image": "https://x.com/a.png", "last_frame_image": "https://x.com/b.png"},
        {"prompt_optimizer": False, "fast_pretreatment": False, "aigc_watermark": False},
    ],
)
def test_what_the_document_allows_is_accepted(api: httpx.Client, change: dict[str, Any]) -> None:
    """Every documented combination is accepted."""
    assert api.post(CREATE, json={**GOOD, **change}).json()["base_resp"]["status_code"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"model": "T2V-01"},
        {"resolution": "512P"},
        {"duration": 10},
        {"resolution": "720P", "duration": 10},
        {"seed": 7},
        {"prompt": ""},
    ],
)
def test_what_it_does_not_allow_is_2013(api: httpx.Client, change: dict[str, Any]) -> None:
    """Other models, sizes and fields are refused."""
    assert api.post(CREATE, json={**GOOD, **change}).json()["base_resp"]["status_code"] == 2013
