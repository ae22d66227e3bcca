"""The New-API relay: OpenAI's video shape, the task envelope, the flat shape, and MiniMax's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

VIDEOS = "/v1/videos"
TASKS = "/v1/video/generations"
GOOD = {"model": "MiniMax-Hailuo-2.3", "prompt": "A fox runs through snow"}
PICTURE = "https://pictures.example/fox.png"


def make(api: httpx.Client, path: str = VIDEOS, **more: Any) -> str:
    """Create a task and return its id."""
    answer = api.post(path, json={**GOOD, **more})
    assert answer.status_code == 200
    return str(answer.json()["task_id"])


@pytest.mark.parametrize("prefix", ["", "/relay"])
@pytest.mark.parametrize("path", [VIDEOS, TASKS])
def test_openai_video(sim: Simulator, api: httpx.Client, prefix: str, path: str) -> None:
    """Both create routes answer with OpenAI's video; the query has its URL in the metadata."""
    told = api.post(f"{prefix}{path}", json={**GOOD, "duration": 10, "size": "1366x768"}).json()
    assert re.fullmatch(r"task_[0-9a-f]{32}", told["id"])
    assert (told["task_id"], told["object"], told["model"]) == (told["id"], "video", "MiniMax-Hailuo-2.3")
    assert (told["status"], told["progress"]) == ("queued", 0)
    assert isinstance(told["created_at"], int)
    done = api.get(f"{prefix}{VIDEOS}/{told['id']}").json()
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["completed_at"] >= done["created_at"]
    assert api.head(done["metadata"]["url"]).status_code == 200
    assert (sim.creates["relay"], sim.spent["relay"]) == (1, 0.56)


def test_the_envelope(api: httpx.Client) -> None:
    """The other query wraps the same task, with capital states, and a fail_reason although it succeeded."""
    told = api.get(f"{TASKS}/{make(api)}").json()
    assert (told["code"], told["message"]) == ("success", "")
    data = told["data"]
    assert (data["status"], data["progress"], data["action"]) == ("SUCCESS", "100%", "generate")
    assert data["fail_reason"].partition("?")[0] == data["result_url"].partition("?")[0]
    assert api.head(data["result_url"]).status_code == 200
    assert data["data"]["base_resp"]["status_code"] == 0


@pytest.mark.parametrize(("seconds", "video", "task"), [(0, "queued", "NOT_START"), (3, "in_progress", "IN_PROGRESS")])
def test_while_it_runs(sim: Simulator, api: httpx.Client, seconds: float, video: str, task: str) -> None:
    """The two queries have words of their own for a task that goes on, and neither has a URL."""
    sim.fault("stuck", provider="relay", phase="create")
    name = make(api)
    (made,) = sim.world.tasks.find()
    sim.world.tasks.mark(made, created=made.created - seconds)
    told = api.get(f"{VIDEOS}/{name}").json()
    assert told["status"] == video
    assert not {"metadata", "completed_at", "error"} & set(told)
    data = api.get(f"{TASKS}/{name}").json()["data"]
    assert (data["status"], data["fail_reason"]) == (task, "")
    assert "result_url" not in data
    answer = api.get(f"{VIDEOS}/{name}/content")
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_an_unknown_state_in_the_envelope(sim: Simulator, api: httpx.Client) -> None:
    """The envelope too can have a word that no document names."""
    sim.fault("stuck", provider="relay", phase="create")
    name = make(api)
    sim.fault("word", provider="relay", phase="query", message="WARMING_UP")
    assert api.get(f"{TASKS}/{name}").json()["data"]["status"] == "WARMING_UP"


def test_a_failed_task(sim: Simulator, api: httpx.Client) -> None:
    """A failure has MiniMax's number as a string, and its reason in both shapes."""
    sim.fault("fail", provider="relay", phase="create", code=1027, message="sensitive")
    name = make(api)
    told = api.get(f"{VIDEOS}/{name}").json()
    assert (told["status"], told["error"]) == ("failed", {"message": "sensitive", "code": "1027"})
    data = api.get(f"{TASKS}/{name}").json()["data"]
    assert (data["status"], data["fail_reason"]) == ("FAILURE", "sensitive")
    assert api.get(f"{VIDEOS}/{name}/content").status_code == 400


def test_the_content_route_needs_the_key(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """In the newest version no answer has MiniMax's link: the bytes come from the relay, for the task's key alone."""
    simulator = start(relay_answers="content", keys=["mine", "other"])
    api, other = (connect(simulator, {"Authorization": f"Bearer {key}"}) for key in ("mine", "other"))
    name = make(api)
    assert "metadata" not in api.get(f"{VIDEOS}/{name}").json()
    url = api.get(f"{TASKS}/{name}").json()["data"]["result_url"]
    assert url == f"{simulator.url}/v1/videos/{name}/content"
    answer = api.get(url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert answer.content[4:8] == b"ftyp"
    assert connect(simulator, {}).get(url).status_code == 401
    assert (other.get(url).status_code, other.get(url).json()["error"]["message"]) == (404, "Task not found")


def test_the_flat_shape(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """docs.newapi.pro has no envelope: the URL, the format and the metadata stand beside the status."""
    simulator = start(relay_answers="flat")
    api = connect(simulator)
    told = api.post(TASKS, json=GOOD).json()
    assert set(told) == {"task_id", "status"}
    assert told["status"] == "queued"
    done = api.get(f"{TASKS}/{told['task_id']}").json()
    assert (done["task_id"], done["status"], done["format"]) == (told["task_id"], "succeeded", "mp4")
    assert set(done["metadata"]) == {"duration", "fps", "width", "height", "seed"}
    assert api.head(done["url"]).status_code == 200
    simulator.fault("fail", provider="relay", phase="create", code=1027, message="sensitive")
    failed = api.get(f"{TASKS}/{make(api, TASKS)}").json()
    assert (failed["status"], failed["error"]) == ("failed", {"code": 1027, "message": "sensitive"})


@pytest.mark.parametrize("base", ["/relay/v1", "/relay/minimax/v1"])
def test_minimax_shaped(sim: Simulator, api: httpx.Client, base: str) -> None:
    """MiniMax's own calls, under the relay's prefix; the generic routes know the same task."""
    name = api.post(f"{base}/video_generation", json={**GOOD, "duration": 6, "resolution": "768P"}).json()["task_id"]
    told = api.get(f"{base}/query/video_generation", params={"task_id": name}).json()
    assert (told["status"], told["base_resp"]["status_code"]) == ("Success", 0)
    file = api.get(f"{base}/files/retrieve", params={"file_id": told["file_id"]}).json()["file"]
    assert api.head(file["download_url"]).status_code == 200
    assert api.get(f"{VIDEOS}/{name}").json()["status"] == "completed"
    assert (sim.creates["relay"], sim.creates["minimax"]) == (1, 0)


@pytest.mark.parametrize(
    ("more", "clip"),
    [
        ({"duration": 10, "size": "1366x768"}, {"duration": 10, "height": 768}),
        ({"duration": "10", "size": "768P"}, {"duration": 10, "height": 768}),
        ({"metadata": {"resolution": "1080P", "duration": 6}, "size": "768"}, {"duration": 6, "height": 1080}),
        # What the plug-ins do not read makes another clip than was meant, and is billed all the same.
        ({"seconds": "10"}, {"duration": 6, "height": 768}),
        ({"width": 1920, "height": 1080}, {"height": 768}),
        ({"image": PICTURE, "images": [PICTURE], "input_reference": PICTURE}, {"first_image": ""}),
    ],
)
def test_generic_fields_become_minimaxs(
    sim: Simulator, api: httpx.Client, more: dict[str, Any], clip: dict[str, Any]
) -> None:
    """Size and duration are read as the plug-ins read them, metadata goes over them, and the rest is left out."""
    make(api, **more)
    assert {key: sim.tasks[0]["clip"][key] for key in clip} == clip
    assert sim.creates["relay"] == 1


def test_the_newest_plug_in_passes_seven_fields(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """Of metadata the pictures still count; resolution and duration do not any longer."""
    simulator = start(relay_answers="content")
    metadata = {"first_frame_image": PICTURE, "resolution": "1080P", "duration": 10}
    make(connect(simulator), metadata=metadata, size="768P")
    clip = simulator.tasks[0]["clip"]
    assert (bool(clip["first_image"]), clip["height"], clip["duration"]) == (True, 768, 6)


@pytest.mark.parametrize(
    ("more", "clip"),
    [
        ({"image": PICTURE}, {"duration": 6}),
        ({"images": [PICTURE], "seconds": "10"}, {"duration": 10}),
        ({"input_reference": PICTURE, "width": 1920, "height": 1080}, {"height": 1080}),
    ],
)
def test_a_relay_that_reads_all(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], more: dict[str, Any], clip: dict[str, Any]
) -> None:
    """Other relays read the fields that docs.newapi.pro names; the switch makes this one do so."""
    simulator = start(relay_reads_all=True)
    make(connect(simulator), **more)
    made = simulator.tasks[0]["clip"]
    assert made["first_image"]
    assert {key: made[key] for key in clip} == clip


@pytest.mark.parametrize(
    ("more", "clip"),
    [
        ({}, {"duration": 5, "width": 1344, "height": 768}),
        ({"duration": 4, "size": "2K", "metadata": {"ratio": "9:16"}}, {"duration": 4, "width": 1440, "height": 2560}),
        ({"metadata": {"first_frame_image": PICTURE, "last_frame_image": PICTURE}}, {"width": 1344, "height": 768}),
        (
            {
                "metadata": {
                    "content": [{"type": "image_url", "image_url": {"url": PICTURE}, "role": "reference_image"}]
                }
            },
            {"first_image": ""},
        ),
    ],
)
def test_h3(sim: Simulator, api: httpx.Client, more: dict[str, Any], clip: dict[str, Any]) -> None:
    """MiniMax-H3 goes by MiniMax's second API: any whole second, frames, or a content of its own."""
    name = make(api, model="MiniMax-H3", **more)
    made = sim.tasks[0]["clip"]
    assert made["h3"]
    assert {key: made[key] for key in clip} == clip
    assert bool(made["first_image"]) is ("first_frame_image" in more.get("metadata", {}))
    assert bool(made["portrait"]) is ("content" in more.get("metadata", {}))
    data = api.get(f"{TASKS}/{name}").json()["data"]
    assert (data["status"], data["data"]["task"]["status"]) == ("SUCCESS", "succeeded")
    assert api.get(f"{VIDEOS}/{name}").json()["metadata"]["url"]


def test_a_form_is_taken(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], picture: Callable[..., bytes]
) -> None:
    """OpenAI's own clients send a form, the picture as a file."""
    sim = start(relay_reads_all=True)
    api = connect(sim)
    form: dict[str, Any] = {"model": (None, "MiniMax-Hailuo-2.3"), "prompt": (None, "a fox"), "seconds": (None, "6")}
    form["input_reference"] = ("fox.png", picture(), "image/png")
    form["metadata"] = (None, '{"resolution": "1080P"}')
    assert api.post(VIDEOS, files=form).json()["status"] == "queued"
    assert sim.creates["relay"] == 1
    assert sim.tasks[0]["clip"]["first_image"]
    assert sim.tasks[0]["clip"]["height"] == 1080
    assert api.post(VIDEOS, files={**form, "metadata": (None, "{")}).status_code == 400


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("Basic x", {}, 401, ""),
        ("Bearer wrong", {}, 401, ""),
        ("Bearer broke", {}, 403, "insufficient_user_quota"),
        ("Bearer k", {"prompt": "forbidden"}, 400, "sensitive_words_detected"),
        ("Bearer k", {"model": "sora-2"}, 503, "model_not_found"),
    ],
)
def test_the_relays_own_refusals(
    sim: Simulator,
    connect: Callable[..., httpx.Client],
    *,
    key: str,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    """What the relay itself refuses comes in OpenAI's envelope, and costs nothing."""
    answer = connect(sim, {"Authorization": key}).post(VIDEOS, json={**GOOD, **body})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("new_api_error", code)
    assert error["message"]
    assert sim.creates["relay"] == 0


def test_minimaxs_refusals(api: httpx.Client) -> None:
    """What MiniMax refuses is HTTP 400 with its number as a string; an unknown task is task_not_exist."""
    answer = api.post(VIDEOS, json={**GOOD, "duration": 7})
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (400, "2013", None)
    answer = api.get(f"{TASKS}/task_unknown")
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_exist")


def test_quota_words(sim: Simulator, api: httpx.Client) -> None:
    """A fault speaks in New-API's words, with the status that belongs to each."""
    for code, status in (
        ("pre_consume_token_quota_failed", 403),
        ("quota_not_enough", 403),
        ("get_channel_failed", 503),
        ("fail_to_fetch_task", 500),
        ("entitlement_daily_limit_exceeded", 429),
    ):
        sim.fault("code", provider="relay", phase="create", code=code, message="no")
        answer = api.post(VIDEOS, json=GOOD)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    sim.fault("code", provider="relay", phase="create", code=1002, message="busy")
    answer = api.post(VIDEOS, json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (400, "1002")


def test_a_used_up_key_and_an_empty_envelope(sim: Simulator, api: httpx.Client) -> None:
    """A token without quota is HTTP 401 like a wrong key, told apart by its words; a task may have no data yet."""
    used_up = "该令牌额度已用尽 TokenStatusExhausted[sk-xxx***xxx]"
    sim.fault("code", provider="relay", phase="create", code=401, message=used_up)
    answer = api.post(VIDEOS, json=GOOD)
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, used_up)
    assert answer.json()["error"]["type"] == "new_api_error"
    name = make(api)
    sim.fault("word", provider="relay", phase="query", message="")
    assert api.get(f"{TASKS}/{name}").json() == {"code": "success", "message": "", "data": None}
    assert api.get(f"{TASKS}/{name}").json()["data"]["status"] == "SUCCESS"


def test_a_missing_route_is_the_routers(api: httpx.Client) -> None:
    """New-API's router names method and path; that is no lost task."""
    answer = api.get("/relay/v1/query/video/x")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invalid URL (GET /v1/query/video/x)"
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_lost_answer_is_charged(sim: Simulator, api: httpx.Client) -> None:
    """Without its id an answer is of no use, and the task is paid all the same."""
    sim.fault("missing_task_id", provider="relay", phase="create")
    assert not {"id", "task_id"} & set(api.post(VIDEOS, json=GOOD).json())
    assert (sim.creates["relay"], sim.spent["relay"]) == (1, 0.28)
