"""The Pixazo gateway: its own key header, HTTP errors, polling by POST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

CREATE = "/minimax-hailuo-ai/v1/imageToVideo"
TEXT = "/minimax-hailuo-ai/v1/generate"
STATUS = "/minimax-hailuo-ai-polling/v1/getStatus"
GOOD = {
    "prompt": "Man walked into winter cave with polar bear",
    "first_frame_image": "https://pub-582b7213209642b9b995c96c95a30381.r2.dev/manwithbear.jpg",
    "duration": 6,
    "resolution": "768P",
    "prompt_optimizer": True,
    "fast_pretreatment": False,
    "aigc_watermark": False,
}


@pytest.fixture
def pixazo(sim: Simulator, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with Pixazo's key header."""
    return connect(sim, {"Ocp-Apim-Subscription-Key": "k"})


def test_a_clip_goes_from_create_to_url(sim: Simulator, pixazo: httpx.Client) -> None:
    """The document's example leads to a direct URL and a file_id that is no number."""
    created = pixazo.post(CREATE, json=GOOD).json()
    assert created["base_resp"]["status_code"] == 0
    assert int(created["task_id"]) > 2**53
    told = pixazo.post(STATUS, json={"task_id": created["task_id"]}).json()
    assert told["status"] == "Success"
    assert told["file_id"].startswith("file_")
    assert pixazo.head(told["video_url"]).status_code == 200
    assert sim.creates["pixazo"] == 1


def test_optional_fields_have_the_documents_defaults(sim: Simulator, pixazo: httpx.Client) -> None:
    """A prompt and a picture alone: 6 s at 768P."""
    body = {name: GOOD[name] for name in ("prompt", "first_frame_image")}
    task_id = pixazo.post(CREATE, json=body).json()["task_id"]
    (task,) = sim.world.tasks.find(task_id=task_id)
    assert (task.clip["duration"], task.clip["height"]) == (6, 768)


def test_text_to_video(pixazo: httpx.Client) -> None:
    """The second operation takes a prompt alone, and no picture."""
    assert pixazo.post(TEXT, json={"prompt": "x"}).status_code == 200
    assert pixazo.post(TEXT, json=GOOD).status_code == 400


def test_1080p_for_ten_seconds_is_in_the_document(
    pixazo: httpx.Client, start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """The document allows the pair; strict, like MiniMax itself, does not."""
    body = {**GOOD, "resolution": "1080P", "duration": 10}
    assert pixazo.post(CREATE, json=body).status_code == 200
    strict = connect(start(strict=True), {"Ocp-Apim-Subscription-Key": "k"})
    assert strict.post(CREATE, json=body).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": None},
        {"prompt": "x" * 2001},
        {"first_frame_image": None},
        {"first_frame_image": "fox.png"},
        {"duration": 8},
        {"duration": "6"},
        {"resolution": "512P"},
        {"prompt_optimizer": "true"},
        {"model": "MiniMax-Hailuo-2.3-Fast"},
        {"prompt": "forbidden"},
    ],
)
def test_wrong_arguments_are_400(sim: Simulator, pixazo: httpx.Client, change: dict[str, Any]) -> None:
    """Invalid requests are HTTP 400 with an error sentence, and cost nothing."""
    body = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    answer = pixazo.post(CREATE, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sim.creates["total"] == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer k"}, 401),
        ({"Ocp-Apim-Subscription-Key": "wrong"}, 401),
        ({"Ocp-Apim-Subscription-Key": "broke"}, 402),
        ({"Ocp-Apim-Subscription-Key": "slow"}, 429),
    ],
)
def test_keys(sim: Simulator, connect: Callable[..., httpx.Client], headers: dict[str, str], status: int) -> None:
    """Keys count only in Pixazo's own header, and have HTTP statuses."""
    answer = connect(sim, headers).post(CREATE, json=GOOD)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_unknown_and_failed_tasks(pixazo: httpx.Client) -> None:
    """An unknown task is 404; a failed one has MiniMax's state and code, and no URL."""
    assert pixazo.post(STATUS, json={"task_id": "1"}).status_code == 404
    assert pixazo.post(STATUS, json={}).status_code == 400
    assert pixazo.get(STATUS).status_code == 405
    task_id = pixazo.post(CREATE, json={**GOOD, "prompt": "banned-output"}).json()["task_id"]
    told = pixazo.post(STATUS, json={"task_id": task_id}).json()
    assert (told["status"], told["base_resp"]["status_code"]) == ("Fail", 1027)
    assert "video_url" not in told
