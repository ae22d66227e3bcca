"""MiniMax's protocol: create, query, retrieve, and every refusal that the document names."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.simulator.minimax import status_of
from hailuo_widgets.simulator.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

CREATE = "/v1/video_generation"
QUERY = "/v1/query/video_generation"
GOOD = {"model": "MiniMax-Hailuo-02", "prompt": "a fox"}
URL = "https://example.com/a.jpg"


def code(answer: httpx.Response) -> int:
    """Return the code of an answer that must look like MiniMax's."""
    assert answer.status_code == 200
    assert answer.headers["Trace-Id"]
    assert answer.headers["X-Simulated"] == "hailuo-widgets"
    base = answer.json()["base_resp"]
    assert base["status_msg"]
    return int(base["status_code"])


def test_a_clip_goes_from_create_to_file(api: httpx.Client) -> None:
    """Create, query, retrieve and download lead to an MP4; file_id is a string in the query, a number in retrieve."""
    created = api.post(CREATE, json=GOOD)
    assert code(created) == 0
    task_id = created.json()["task_id"]
    assert task_id.isdigit()
    assert len(task_id) == 15
    query = api.get(QUERY, params={"task_id": task_id})
    assert code(query) == 0
    told = query.json()
    assert told["status"] == "Success"
    assert isinstance(told["file_id"], str)
    assert (told["video_width"], told["video_height"]) == (342, 192)
    retrieved = api.get("/v1/files/retrieve", params={"file_id": told["file_id"], "GroupId": "7"})
    assert code(retrieved) == 0
    file = retrieved.json()["file"]
    assert file["file_id"] == int(told["file_id"])
    assert file["purpose"] == "video_generation"
    assert file["download_url"] != file["backup_download_url"]
    clip = api.get(file["download_url"], headers={"Authorization": ""})
    assert clip.content[4:8] == b"ftyp"
    assert api.get(file["backup_download_url"]).content == clip.content
    content = api.get("/v1/files/retrieve_content", params={"file_id": told["file_id"]})
    assert content.content == clip.content


@pytest.mark.parametrize(
    ("progress", "word"),
    [(0.0, "Preparing"), (0.1, "Queueing"), (0.5, "Processing"), (0.99, "Processing"), (1.0, "Success")],
)
def test_states_come_in_the_documented_order(sim: Simulator, progress: float, word: str) -> None:
    """A task is Preparing, Queueing, Processing and Success, as its time passes."""
    task = Task(
        task_id="1", provider="minimax", channel="video", group="1", account="", file_id=1, file_key="k",
        created=1000.0, ready=1100.0,
    )  # fmt: skip
    assert status_of(sim.world, task, 1000.0 + 100.0 * progress) == word


def test_a_running_task_names_no_file(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """While a task runs, its answer has a state and no file."""
    api = connect(start(latency=3600.0))
    task_id = api.post(CREATE, json=GOOD).json()["task_id"]
    told = api.get(QUERY, params={"task_id": task_id}).json()
    assert told["status"] == "Preparing"
    assert "file_id" not in told


@pytest.mark.parametrize(
    "body",
    [
        {"model": "MiniMax-Hailuo-2.3", "prompt": "x", "duration": 10},
        {"model": "MiniMax-Hailuo-2.3", "prompt": "x", "duration": 6, "resolution": "1080P"},
        {"model": "MiniMax-Hailuo-2.3-Fast", "prompt": "x"},
        {"model": "MiniMax-Hailuo-02", "prompt": "x", "resolution": "512P", "duration": 10},
        {"model": "MiniMax-Hailuo-02", "first_frame_image": URL, "resolution": "1080P", "duration": 10},
        {"model": "MiniMax-Hailuo-02", "first_frame_image": URL, "last_frame_image": URL},
        {"model": "T2V-01", "prompt": "x"},
        {"model": "T2V-01-Director", "prompt": "x", "duration": 6, "resolution": "720P"},
        {"model": "I2V-01", "first_frame_image": URL},
        {"model": "I2V-01-Director", "first_frame_image": URL},
        {"model": "I2V-01-live", "first_frame_image": URL},
        {"model": "S2V-01", "subject_reference": [{"type": "character", "image": [URL]}]},
        {"model": "video-01", "prompt": "x"},
        {**GOOD, "prompt": "x" * 2000, "prompt_optimizer": False, "fast_pretreatment": True, "aigc_watermark": True},
        {**GOOD, "unknown": 1},
        {**GOOD, "callback_url": "https://example.com/hook"},
    ],
)
def test_what_the_document_allows_is_accepted(sim: Simulator, api: httpx.Client, body: dict[str, Any]) -> None:
    """Every documented combination is accepted and charged once."""
    assert code(api.post(CREATE, json=body)) == 0
    assert sim.creates["minimax"] == 1


@pytest.mark.parametrize(
    ("model", "height"), [("MiniMax-Hailuo-2.3", 768), ("MiniMax-Hailuo-02", 768), ("T2V-01", 720)]
)
def test_optional_fields_have_the_documents_defaults(
    sim: Simulator, api: httpx.Client, model: str, height: int
) -> None:
    """A model and a prompt alone: 6 s, at 768P or 720P."""
    task_id = api.post(CREATE, json={"model": model, "prompt": "x"}).json()["task_id"]
    (task,) = sim.world.tasks.find(task_id=task_id)
    assert (task.clip["duration"], task.clip["height"]) == (6, height)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({**GOOD, "model": "MiniMax-Hailuo-9"}, "model"),
        ({"prompt": "x"}, "model"),
        ({"model": "MiniMax-Hailuo-02"}, "prompt"),
        ({**GOOD, "prompt": "x" * 2001}, "prompt"),
        ({**GOOD, "prompt": 5}, "prompt"),
        ({**GOOD, "duration": 10, "resolution": "1080P"}, "duration"),
        ({**GOOD, "duration": 8}, "duration"),
        ({**GOOD, "duration": "6"}, "duration"),
        ({**GOOD, "duration": True}, "duration"),
        ({**GOOD, "resolution": "768p"}, "resolution"),
        ({**GOOD, "resolution": "720P"}, "resolution"),
        ({**GOOD, "prompt_optimizer": "yes"}, "prompt_optimizer"),
        ({**GOOD, "callback_url": "ftp://x"}, "callback_url"),
        ({"model": "T2V-01", "prompt": "x", "resolution": "768P"}, "resolution"),
        ({"model": "T2V-01", "prompt": "x", "duration": 10}, "duration"),
        ({"model": "T2V-01", "prompt": "x", "first_frame_image": URL}, "first_frame_image"),
        ({"model": "I2V-01", "prompt": "x"}, "first_frame_image"),
        ({**GOOD, "last_frame_image": URL}, "first_frame_image"),
        ({"model": "MiniMax-Hailuo-2.3", "first_frame_image": URL, "last_frame_image": URL}, "last_frame_image"),
        ({"model": "S2V-01", "prompt": "x"}, "subject_reference"),
        ({"model": "S2V-01", "first_frame_image": URL}, "first_frame_image"),
        ({"model": "S2V-01", "subject_reference": [{"image": [URL]}]}, "subject_reference"),
        ({"model": "S2V-01", "subject_reference": [{"type": "character", "image": [URL, URL]}]}, "subject_reference"),
        ({**GOOD, "subject_reference": [{"type": "character", "image": [URL]}]}, "subject_reference"),
        ({**GOOD, "first_frame_image": "C:/fox.png"}, "first_frame_image"),
        ({**GOOD, "first_frame_image": "data:image/png;base64,%%%"}, "first_frame_image"),
        ({**GOOD, "first_frame_image": "http://127.0.0.1:9/gone.png"}, "first_frame_image"),
    ],
)
def test_what_no_source_allows_is_2013(sim: Simulator, api: httpx.Client, body: dict[str, Any], names: str) -> None:
    """Invalid arguments are code 2013 with a sentence that names the argument, and nothing is charged."""
    answer = api.post(CREATE, json=body)
    assert code(answer) == 2013
    assert names in answer.json()["base_resp"]["status_msg"]
    assert sim.creates["total"] == 0


@pytest.mark.parametrize(
    ("body", "switch"),
    [
        ({"model": "MiniMax-Hailuo-2.3-Fast", "prompt": "x"}, "strict_fast"),
        ({"model": "MiniMax-Hailuo-2.3-Fast", "prompt": "x"}, "strict"),
        ({**GOOD, "resolution": "512P"}, "strict"),
        ({**GOOD, "first_frame_image": URL, "resolution": "1080P", "duration": 10}, "strict"),
    ],
)
def test_strict_refuses_what_is_doubtful(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], body: dict[str, Any], switch: str
) -> None:
    """The strict switches refuse what only the document allows."""
    assert code(connect(start(**{switch: True})).post(CREATE, json=body)) == 2013


@pytest.mark.parametrize(
    ("size", "kind", "expected"),
    [
        ((640, 360), "PNG", 0),
        ((640, 360), "JPEG", 0),
        ((640, 360), "WEBP", 0),
        ((640, 360), "GIF", 2013),
        ((300, 500), "PNG", 2013),
        ((301, 500), "PNG", 0),
        ((1000, 399), "PNG", 2013),
        ((1000, 400), "PNG", 0),
        ((400, 1001), "PNG", 2013),
    ],
)
def test_pictures_are_judged_by_their_bytes(
    api: httpx.Client, data_url: Callable[..., str], size: tuple[int, int], kind: str, expected: int
) -> None:
    """Format, short side and ratio decide, whatever the label says (here always image/jpeg)."""
    body = {**GOOD, "first_frame_image": data_url(*size, kind)}
    assert code(api.post(CREATE, json=body)) == expected


def test_a_cut_or_too_large_picture_is_refused(api: httpx.Client, picture: Callable[..., bytes]) -> None:
    """Half of a JPEG, and a picture of 20 MB, are code 2013."""
    whole = picture(640, 360, "JPEG")
    for raw in (whole[: len(whole) // 2], whole + bytes(20_000_000 - len(whole))):
        value = f"data:image/jpeg;base64,{base64.b64encode(raw).decode()}"
        assert code(api.post(CREATE, json={**GOOD, "first_frame_image": value})) == 2013


def test_size_follows_the_first_frame(api: httpx.Client, data_url: Callable[..., str]) -> None:
    """A portrait first frame makes a portrait clip of the resolution's short side."""
    body = {**GOOD, "first_frame_image": data_url(400, 800)}
    task_id = api.post(CREATE, json=body).json()["task_id"]
    told = api.get(QUERY, params={"task_id": task_id}).json()
    assert (told["video_width"], told["video_height"]) == (192, 384)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 1004),
        ({"Authorization": "Bearer"}, 1004),
        ({"Authorization": "test-key"}, 1004),
        ({"Authorization": "Bearer wrong"}, 2049),
        ({"Authorization": "Bearer broke"}, 1008),
        ({"Authorization": "Bearer slow"}, 1002),
        ({"Authorization": "Bearer anything"}, 0),
    ],
)
def test_keys(sim: Simulator, connect: Callable[..., httpx.Client], headers: dict[str, str], expected: int) -> None:
    """Missing, wrong, penniless and hurried keys get their documented codes; any other key is good."""
    assert code(connect(sim, headers).post(CREATE, json=GOOD)) == expected


def test_moderation_at_create_and_after(sim: Simulator, api: httpx.Client) -> None:
    """A forbidden prompt is 1026 at create; a banned clip is a failed task with 1027 in its query."""
    assert code(api.post(CREATE, json={**GOOD, "prompt": "something [forbidden]"})) == 1026
    assert sim.creates["total"] == 0
    for words, expected in (("banned-output", 1027), ("fail-generation", 1000)):
        task_id = api.post(CREATE, json={**GOOD, "prompt": words}).json()["task_id"]
        answer = api.get(QUERY, params={"task_id": task_id})
        assert code(answer) == expected
        assert answer.json()["status"] == "Fail"
        assert "file_id" not in answer.json()


def test_unknown_tasks_and_files(api: httpx.Client) -> None:
    """Unknown or missing identifiers are refused with base_resp, not with an HTTP error."""
    for path, params in (
        (QUERY, {"task_id": "1"}),
        (QUERY, {}),
        ("/v1/files/retrieve", {"file_id": "1"}),
        ("/v1/files/retrieve", {"file_id": "abc"}),
        ("/v1/files/retrieve", {"file_id": "9" * 40}),
        ("/v1/files/retrieve", {}),
    ):
        assert code(api.get(path, params=params)) == 2013


def test_a_body_that_is_no_object(api: httpx.Client) -> None:
    """Broken JSON, and JSON that is no object, are code 2013."""
    for content in (b"{", b"[]", b"", b"\xff"):
        assert code(api.post(CREATE, content=content)) == 2013


def test_version_one_and_two_do_not_mix(sim: Simulator, api: httpx.Client) -> None:
    """A body of the one is refused by the other, version two with a real status; a wrong method is 405."""
    assert api.post("/v2/video_generation", json=GOOD).status_code == 400
    newer = {"model": "MiniMax-H3", "content": [{"type": "text", "text": "a fox"}], "resolution": "768P", "duration": 6}
    assert code(api.post(CREATE, json={**newer, "ratio": "16:9"})) == 2013
    assert api.get(CREATE).status_code == 405
    assert sim.creates["total"] == 0


def test_task_ids_are_distinct(api: httpx.Client) -> None:
    """Equal requests are distinct tasks."""
    ids = {api.post(CREATE, json=GOOD).json()["task_id"] for _ in range(5)}
    assert len(ids) == 5


def test_failure_word_is_a_switch(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """The word for a failed task can be the one that some clients expect."""
    api = connect(start(failure_word="Failed"))
    task_id = api.post(CREATE, json={**GOOD, "prompt": "fail-generation"}).json()["task_id"]
    assert api.get(QUERY, params={"task_id": task_id}).json()["status"] == "Failed"
