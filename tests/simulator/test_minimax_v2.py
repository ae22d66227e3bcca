"""MiniMax's V2 API: what its pages allow and refuse, errors, statuses, the list, cancelling, callbacks and charges."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import threading
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import av
import httpx
import numpy as np
import pytest
from patience import until

from hailuo_widgets.simulator.render import Clip, render_clip
from hailuo_widgets.simulator.v2_routes import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.simulator import Simulator

CREATE = "/v2/video_generation"
QUERY = "/v2/query/video_generation"
REGENERATE = "/v2/video_regeneration"
PROMPT = "/v2/h3_context_ir"
URL = "https://example.com/a"
TEXT = {"type": "text", "text": "a fox"}
WEEK = 7 * 86_400


def picture(role: str | None = None, url: str = f"{URL}.jpg") -> dict[str, Any]:
    """Return a picture of a body's content."""
    item: dict[str, Any] = {"type": "image_url", "image_url": {"url": url}}
    return item if role is None else {**item, "role": role}


def clip(role: str = "reference_video", url: str = f"{URL}.mp4") -> dict[str, Any]:
    """Return a reference clip of a body's content."""
    return {"type": "video_url", "video_url": {"url": url}, "role": role}


def sound(url: str = f"{URL}.mp3") -> dict[str, Any]:
    """Return a reference sound of a body's content."""
    return {"type": "audio_url", "audio_url": {"url": url}, "role": "reference_audio"}


def body(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a valid body with more content and some fields changed; None takes one out."""
    made = {"model": "MiniMax-H3", "content": [TEXT, *items], "resolution": "768P", "duration": 6, "ratio": "16:9"}
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


MAX = {"model": "MiniMax-H3-Max", "resolution": "480P", "duration": 5}


def made(api: httpx.Client, wanted: dict[str, Any], path: str = CREATE) -> str:
    """Create a task and return its id."""
    answer = api.post(path, json=wanted)
    assert (answer.status_code, list(answer.json())) == (200, ["task_id"]), answer.text
    return str(answer.json()["task_id"])


def asked(api: httpx.Client, task_id: str) -> dict[str, Any]:
    """Query a task."""
    answer = api.get(f"{QUERY}/{task_id}")
    assert (answer.status_code, list(answer.json())) == (200, ["task"])
    return dict(answer.json()["task"])


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Return HTTP status, error type and the number in brackets of a refusal, whose shape is checked."""
    told = answer.json()
    assert set(told) == {"type", "error", "request_id"}
    assert (told["type"], set(told["error"])) == ("error", {"type", "message", "http_code"})
    assert told["error"]["http_code"] == str(answer.status_code)
    return answer.status_code, told["error"]["type"], told["error"]["message"].rpartition("(")[2].rstrip(")")


INVALID = (400, "bad_request_error", "2013")


def test_a_clip_goes_from_create_to_url(sim: Simulator, api: httpx.Client) -> None:
    """The page's example: the create answers an id alone; the query has the URL, and the figures of what is charged."""
    task_id = made(api, body(duration=5, resolution="2K"))
    task = asked(api, task_id)
    (stored,) = sim.tasks
    assert (task.pop("created_at"), task.pop("updated_at")) == (int(stored["created"]), int(stored["ready"]))
    assert api.head(task.pop("content")["url"]).status_code == 200
    assert task == {
        "id": task_id,
        "model": "MiniMax-H3",
        "status": "succeeded",
        "resolution": "2K",
        "duration": 5,
        "usage": {"total_seconds": 5, "input_seconds": 0, "output_seconds": 5, "input_image_count": 0},
        "ratio": "16:9",
        "task_type": "generation",
        "modality": "video",
    }
    assert sim.spent["minimax"] == 0.65
    assert sim.creates["minimax"] == 1


@pytest.mark.parametrize(
    "wanted",
    [
        *(body(ratio=ratio) for ratio in ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")),
        *(body(duration=seconds) for seconds in (4, 7, 15)),
        body(**MAX),
        body(**{**MAX, "resolution": "768P", "extra": {"prompt_expansion_mode": "quality"}}),
        body(**MAX, extra={}),
        body(content=[{"type": "text", "text": "x" * 7000}]),
        body(picture()),
        body(picture("first_frame"), ratio="adaptive"),
        body(picture("first_frame"), picture("last_frame"), ratio=None),
        body(picture("last_frame")),
        body(*[picture("reference_image")] * 9, clip(), clip(), sound(), ratio=None),
        body(clip(), sound(), sound(), sound(), ratio="adaptive"),
        body(sound(), ratio="3:4"),
        body(picture("reference_image"), **MAX),
        body(aigc_watermark=True, callback_url="https://example.com/hook"),
        body(seed=1),  # whether the root is closed is not known
    ],
)
def test_what_the_pages_allow_is_accepted(sim: Simulator, api: httpx.Client, wanted: dict[str, Any]) -> None:
    """Every documented value and combination makes one task."""
    assert asked(api, made(api, wanted))["status"] == "succeeded"
    assert sim.creates["minimax"] == 1


@pytest.mark.parametrize(
    "wanted",
    [
        body(model=None),
        body(model="MiniMax-Hailuo-2.3"),
        body(content=None),
        body(content="a fox"),
        body(content=[]),
        body(content=[{"type": "text", "text": " "}]),
        body(content=[TEXT, TEXT]),
        body(content=[{"type": "text", "text": "x" * 7001}]),
        body(content=[TEXT, {"type": "image_url", "image_url": f"{URL}.jpg"}]),
        body(content=[TEXT, {"type": "file_url", "file_url": {"url": URL}}]),
        body(resolution=None),
        body(resolution="1080P"),
        body(resolution="720P"),
        body(resolution="480P"),
        body(**{**MAX, "resolution": "2K"}),
        body(duration=None),
        body(duration=3),
        body(duration=16),
        body(duration="6"),
        body(duration=6.0),
        body(**{**MAX, "duration": 4}),
        body(ratio=None),
        body(ratio="adaptive"),
        body(ratio="2:1"),
        body(picture("first_frame"), ratio="2:1"),
        body(extra={"prompt_expansion_mode": "quality"}),
        body(**MAX, extra={"prompt_expansion_mode": ""}),
        body(**MAX, extra={"prompt_expansion_mode": False}),
        body(**MAX, extra={"other": 1}),
        body(picture(), picture()),
        body(picture("first_frame"), picture("first_frame")),
        body(picture("last_frame"), picture("last_frame")),
        body(picture("subject")),
        body(clip("first_frame")),
        body({"type": "video_url", "video_url": {"url": f"{URL}.mp4"}}),
        body(picture("first_frame"), picture("reference_image")),
        body(picture("last_frame"), sound()),
        body(*[picture("reference_image")] * 10),
        body(*[clip()] * 4),
        body(*[sound()] * 4),
        body(*[picture("reference_image")] * 9, clip(), clip(), clip(), sound()),
        body(clip("base_video")),
        body(picture("first_frame", "data:image/PNG;base64,AAAA")),
        body(picture("first_frame", "fox.png")),
        body(picture("first_frame", "mm_file://424010985738629")),
        body(callback_url="hook"),
        body(aigc_watermark="yes"),
    ],
)
def test_what_the_pages_do_not_allow_is_refused(sim: Simulator, api: httpx.Client, wanted: dict[str, Any]) -> None:
    """HTTP 400 with 2013 in brackets, and nothing is made."""
    assert refused(api.post(CREATE, json=wanted)) == INVALID
    assert sim.creates["total"] == 0


@pytest.mark.parametrize(
    "wanted",
    [body(seed=1), body(sound(), ratio="3:4"), body(picture("last_frame")), body(picture("reference_image"), **MAX)],
)
def test_what_pages_differ_about_is_refused_on_request(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], wanted: dict[str, Any]
) -> None:
    """With ``strict``, what only one of the sources allows is refused."""
    assert refused(connect(start(strict=True)).post(CREATE, json=wanted)) == INVALID


@pytest.mark.parametrize(
    ("headers", "wanted", "told"),
    [
        ({}, body(), (401, "authorized_error", "1004")),
        ({"Authorization": "Bearer wrong"}, body(), (401, "authentication_error", "2049")),
        ({"Authorization": "Bearer broke"}, body(), (402, "insufficient_balance_error", "1008")),
        ({"Authorization": "Bearer slow"}, body(), (429, "rate_limit_error", "1002")),
        ({"Authorization": "Bearer capped"}, body(), (429, "rate_limit_error", "2056")),
        ({"Authorization": "Bearer sk-cp-1"}, body(), (400, "bad_request_error", "2061")),
        (
            {"Authorization": "Bearer k"},
            body(content=[{"type": "text", "text": "a forbidden fox"}]),
            (422, "unprocessable_entity_error", "1026"),
        ),
    ],
)
def test_refusals(
    sim: Simulator,
    connect: Callable[..., httpx.Client],
    headers: dict[str, str],
    wanted: dict[str, Any],
    told: tuple[int, str, str],
) -> None:
    """Each refusal has its real HTTP status, its type and its number; nothing is charged."""
    assert refused(connect(sim, headers).post(CREATE, json=wanted)) == told
    assert (sim.creates["total"], sim.spent["minimax"]) == (0, 0)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (1000, 500, "server_error"),
        (1002, 429, "rate_limit_error"),
        (1008, 402, "insufficient_balance_error"),
        (1027, 422, "unprocessable_entity_error"),
        (2013, 400, "bad_request_error"),
        (2056, 429, "rate_limit_error"),
    ],
)
def test_numbers_on_request(sim: Simulator, api: httpx.Client, code: int, status: int, kind: str) -> None:
    """A fault's number comes in V2's shape."""
    sim.fault("code", provider="minimax", phase="create", code=code, message="no")
    assert refused(api.post(CREATE, json=body())) == (status, kind, str(code))


def test_an_overloaded_gateway_has_no_number(sim: Simulator, api: httpx.Client) -> None:
    """529 is a status with a type of its own."""
    sim.fault("code", provider="minimax", phase="create", code=529, message="busy")
    answer = api.post(CREATE, json=body())
    assert (answer.status_code, answer.json()["error"]["type"]) == (529, "overloaded_error")
    assert answer.json()["error"]["message"] == "busy"


def test_failures(sim: Simulator, api: httpx.Client) -> None:
    """A failed task has a code that is a string, no content, empty usage, and costs nothing."""
    for word, code in (("banned-output", "1027"), ("fail-generation", "1000")):
        task = asked(api, made(api, body(content=[{"type": "text", "text": f"a fox {word}"}])))
        assert (task["status"], task["error"]["code"], task["usage"]) == ("failed", code, {})
        assert "content" not in task
    sim.fault("fail", provider="minimax", code=1026, message="video description contains sensitive content")
    task = asked(api, made(api, body()))
    assert task["error"] == {"code": "1026", "message": "video description contains sensitive content"}
    assert sim.spent["minimax"] == 0


@pytest.mark.parametrize(
    ("wanted", "dollars", "usage"),
    [
        (body(), 0.48, {"total_seconds": 6, "input_seconds": 0, "input_image_count": 0}),
        (body(resolution="2K", duration=15), 1.95, {"output_seconds": 15}),
        (body(**MAX), 0.25, {}),
        (body(**{**MAX, "resolution": "768P"}), 0.40, {}),
        (body(*[picture("reference_image")] * 5), 0.48, {"input_image_count": 5}),
        (body(*[picture("reference_image")] * 7), 0.56, {"input_image_count": 7}),
        (body(*[picture("reference_image")] * 3, **MAX), 0.324, {"input_image_count": 3}),
        (body(picture("first_frame"), picture("last_frame")), 0.48, {"input_image_count": 2}),
        # A clip that cannot be seen counts as five seconds.
        (body(clip()), 0.88, {"total_seconds": 11, "input_seconds": 5, "output_seconds": 6}),
        (body(clip(), resolution="2K"), 1.43, {"total_seconds": 11}),
        (body(clip(), sound(), sound()), 0.88, {"input_audio_seconds": 10}),
    ],
)
def test_charges(
    sim: Simulator, api: httpx.Client, wanted: dict[str, Any], dollars: float, usage: dict[str, int]
) -> None:
    """Output seconds, input seconds at the same rate, pictures past the free ones; sound is free."""
    told = asked(api, made(api, wanted))["usage"]
    assert sim.spent["minimax"] == pytest.approx(dollars)
    assert {key: told[key] for key in usage} == usage
    assert ("input_audio_seconds" in told) is ("input_audio_seconds" in usage)


@pytest.mark.parametrize(
    ("shape", "real"),
    [
        ((640, 360), ("16:9", 1344, 768)),
        ((400, 700), ("9:16", 768, 1344)),
        ((600, 600), ("1:1", 768, 768)),
        ((800, 600), ("4:3", 1024, 768)),
        ((1000, 430), ("21:9", 1536, 672)),
    ],
)
def test_frames_set_the_shape(
    sim: Simulator,
    api: httpx.Client,
    data_url: Callable[..., str],
    shape: tuple[int, int],
    real: tuple[str, int, int],
) -> None:
    """With a frame the ratio that was asked for is ignored, and the real one is told."""
    item = picture("first_frame", data_url(*shape, label="image/png"))
    ratio = asked(api, made(api, body(item, ratio="9:16")))["ratio"]
    (task,) = sim.tasks
    assert (ratio, task["clip"]["width"], task["clip"]["height"]) == real
    assert task["clip"]["first_image"]


@pytest.mark.parametrize("shape", [(255, 400), (300, 800), (900, 300)])
def test_pictures_of_a_wrong_shape(api: httpx.Client, data_url: Callable[..., str], shape: tuple[int, int]) -> None:
    """Sides below 256 px and ratios beyond 0.4 to 2.5 are refused."""
    item = picture("reference_image", data_url(*shape, label="image/png"))
    assert refused(api.post(CREATE, json=body(item))) == INVALID


def upload(api: httpx.Client, content: bytes, name: str = "a.bin") -> str:
    """Upload a file and return its ``mm_file`` URL."""
    answer = api.post("/v1/files/upload", data={"purpose": "video_generation_input"}, files={"file": (name, content)})
    file = answer.json()["file"]
    assert (file["bytes"], file["filename"], file["purpose"]) == (len(content), name, "video_generation_input")
    return f"mm_file://{file['file_id']}"


def h3_file(folder: Path, **changes: Any) -> bytes:
    """Return a clip as H3 makes it: 107 frames of 1344×768, a quarter of it here."""
    plain = {"prompt": "x", "model": "MiniMax-H3", "width": 1344, "height": 768, "duration": 4, "h3": True}
    render_clip(Clip(**{**plain, "draft": True, **changes}), folder, folder / "clip.mp4")
    return (folder / "clip.mp4").read_bytes()


def tone(seconds: float) -> bytes:
    """Return silence as a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * int(8000 * seconds)))
    return target.getvalue()


def test_uploaded_files_are_references(sim: Simulator, api: httpx.Client, picture_bytes: bytes, tmp_path: Path) -> None:
    """Pictures, clips and sounds by ``mm_file``; a clip's seconds are rounded up, a sound's are rounded."""
    items = [
        picture("reference_image", upload(api, picture_bytes, "fox.png")),
        clip(url=upload(api, h3_file(tmp_path), "fox.mp4")),
        sound(upload(api, tone(2.6), "voice.wav")),
    ]
    usage = asked(api, made(api, body(*items)))["usage"]
    wanted = {"total_seconds": 11, "input_seconds": 5, "output_seconds": 6}
    assert usage == {**wanted, "input_image_count": 1, "input_audio_seconds": 3}
    (task,) = sim.tasks
    assert task["clip"]["portrait"]


@pytest.fixture
def picture_bytes(picture: Callable[..., bytes]) -> bytes:
    """One picture."""
    return picture(640, 360)


def test_data_uris_are_references(api: httpx.Client, picture_bytes: bytes, tmp_path: Path) -> None:
    """Pictures, clips and sounds may stand in the body itself, under a lower-case subtype."""

    def uri(kind: str, raw: bytes) -> str:
        return f"data:{kind};base64,{base64.b64encode(raw).decode()}"

    items = [
        picture("reference_image", uri("image/png", picture_bytes)),
        clip(url=uri("video/mp4", h3_file(tmp_path))),
        sound(uri("audio/wav", tone(2))),
    ]
    assert asked(api, made(api, body(*items)))["usage"]["input_seconds"] == 5
    for item in (clip(url=uri("video/MP4", b"1")), sound("data:audio/wav,1")):
        assert refused(api.post(CREATE, json=body(clip(), item))) == INVALID


def test_an_earlier_clip_is_a_reference(api: httpx.Client) -> None:
    """A finished clip of version one is a file of the account: its six seconds are charged."""
    older = {"model": "MiniMax-Hailuo-02", "prompt": "a fox"}
    task_id = api.post("/v1/video_generation", json=older).json()["task_id"]
    file_id = api.get("/v1/query/video_generation", params={"task_id": task_id}).json()["file_id"]
    usage = asked(api, made(api, body(clip(url=f"mm_file://{file_id}"))))["usage"]
    assert (usage["input_seconds"], usage["output_seconds"]) == (6, 6)
    failed = {**older, "prompt": "fail-generation"}
    task_id = api.post("/v1/video_generation", json=failed).json()["task_id"]
    assert refused(api.post(CREATE, json=body(clip(url=f"mm_file://{task_id}")))) == INVALID


def test_an_upload_is_kept_for_seven_days(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """After them the file is unknown."""
    simulator = start()
    api = connect(simulator)
    url = upload(api, tone(3))
    (path,) = simulator.world.uploads.iterdir()
    for age, status in ((WEEK - 60, 200), (WEEK + 60, 400)):
        then = path.stat().st_ctime - age
        os.utime(path, (then, then))
        assert api.post(CREATE, json=body(clip(), sound(url))).status_code == status


def test_files_that_are_not_what_they_should_be(api: httpx.Client, picture_bytes: bytes, tmp_path: Path) -> None:
    """A picture as a clip, a clip as a sound, too short, too long, too long together, of another container."""
    still, moving = upload(api, picture_bytes), upload(api, h3_file(tmp_path))
    webm = upload(api, _webm(tmp_path))
    short, long, half = (upload(api, tone(seconds)) for seconds in (1.5, 16, 8))
    wrong = [[clip(url=still)], [clip(url=webm)], [clip(), sound(moving)], [clip(), sound(short)]]
    wrong += [[clip(), sound(long)], [clip(), sound(half), sound(half)], [clip(), sound(still)]]
    for items in wrong:
        assert refused(api.post(CREATE, json=body(*items))) == INVALID, items
    assert made(api, body(clip(url=moving), sound(half)))


def _webm(folder: Path) -> bytes:
    made_clip = Clip(prompt="x", model="MiniMax-H3", width=1344, height=768, duration=2, h3=True, draft=True)
    render_clip(Clip(**{**made_clip.__dict__, "container": "webm"}), folder, folder / "clip.webm")
    return (folder / "clip.webm").read_bytes()


def test_an_upload_is_the_accounts_own(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Another account does not have the file; a form without purpose or file is 2013."""
    simulator = start(keys=["one", "two"])
    one, two = (connect(simulator, {"Authorization": f"Bearer {key}"}) for key in ("one", "two"))
    url = upload(one, tone(3))
    assert made(one, body(clip(), sound(url)))
    assert refused(two.post(CREATE, json=body(clip(), sound(url)))) == INVALID
    for form in ({"data": {"purpose": "x"}, "files": {"other": b"1"}}, {"files": {"file": b"1"}}):
        assert one.post("/v1/files/upload", **form).json()["base_resp"]["status_code"] == 2013  # type: ignore[arg-type]  # either


def slowly(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> tuple[Simulator, httpx.Client]:
    """Start a simulator whose tasks wait for eighteen seconds."""
    simulator = start(latency=100.0)
    return simulator, connect(simulator)


def move(simulator: Simulator, task_id: str, part: float) -> None:
    """Let a part of a task's generation time have passed."""
    task = simulator.world.tasks.find(task_id=task_id)[0]
    now = time.time()
    simulator.world.tasks.mark(task, created=now - 100 * part, ready=now + 100 * (1 - part))


def test_statuses(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Queued, running, succeeded: usage is empty and there is no content until the end."""
    simulator, api = slowly(start, connect)
    task_id = made(api, body())
    for part, status in ((0.0, "queued"), (0.5, "running"), (1.1, "succeeded")):
        move(simulator, task_id, part)
        task = asked(api, task_id)
        assert (task["status"], bool(task["usage"]), "content" in task) == (status, part > 1, part > 1)


def test_a_queued_task_is_cancelled_for_free(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """DELETE cancels it; it can still be asked about, costs nothing, and cannot be cancelled again."""
    simulator, api = slowly(start, connect)
    task_id = made(api, body())
    assert simulator.spent["minimax"] == 0.48
    answer = api.delete(f"{CREATE}/{task_id}")
    assert (answer.status_code, answer.json()) == (
        200,
        {"task_id": task_id, "action": "cancelled", "status": "cancelled"},
    )
    task = asked(api, task_id)
    assert (task["status"], task["usage"], "content" in task) == ("cancelled", {}, False)
    assert simulator.spent["minimax"] == 0
    assert refused(api.delete(f"{CREATE}/{task_id}")) == INVALID
    assert simulator.world.tasks.active("minimax", time.time()) == 0


def test_a_running_task_goes_on(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """DELETE of a running task is an error, and the task is paid."""
    simulator, api = slowly(start, connect)
    task_id = made(api, body())
    move(simulator, task_id, 0.5)
    assert refused(api.delete(f"{CREATE}/{task_id}")) == INVALID
    assert asked(api, task_id)["status"] == "running"
    assert simulator.spent["minimax"] == 0.48


def test_a_finished_tasks_record_is_deleted_and_stays_paid(sim: Simulator, api: httpx.Client) -> None:
    """DELETE of a finished task takes its record: nobody finds it again, and the money is gone."""
    for prompt in ("a fox", "a fox fail-generation"):
        task_id = made(api, body(content=[{"type": "text", "text": prompt}]))
        told = api.delete(f"{CREATE}/{task_id}").json()
        assert told == {"task_id": task_id, "action": "deleted", "status": "deleted"}
        assert refused(api.get(f"{QUERY}/{task_id}")) == INVALID
        assert refused(api.delete(f"{CREATE}/{task_id}")) == INVALID
    assert api.get(QUERY).json() == {"items": [], "total": 0}
    assert sim.spent["minimax"] == 0.48


def test_a_task_may_finish_while_it_is_cancelled(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """A DELETE that arrives late deletes the record of the paid clip: it is the trap of this call."""
    simulator, api = slowly(start, connect)
    task_id = made(api, body())
    assert asked(api, task_id)["status"] == "queued"
    simulator.fault("delay", provider="minimax", phase="cancel", seconds=0.3)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.delete, f"{CREATE}/{task_id}")
        until(lambda: simulator.requests[-1]["fault"] == "delay", what="the DELETE that waits")
        move(simulator, task_id, 1.5)
        assert answer.result().json()["action"] == "deleted"
    assert simulator.spent["minimax"] == 0.48


def test_unknown_old_and_foreign_tasks(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """An id that is unknown, another account's or older than seven days is "invalid task_id"."""
    simulator = start(keys=["one", "two"])
    one, two = (connect(simulator, {"Authorization": f"Bearer {key}"}) for key in ("one", "two"))
    task_id = made(one, body())
    foreign = two.get(f"{QUERY}/{task_id}")
    assert refused(foreign) == INVALID
    assert "invalid task_id" in foreign.json()["error"]["message"]
    assert refused(one.get(f"{QUERY}/1")) == INVALID
    assert two.get(QUERY).json() == {"items": [], "total": 0}
    task = simulator.world.tasks.find(task_id=task_id)[0]
    for age, found in ((WEEK - 60, 1), (WEEK + 60, 0)):
        simulator.world.tasks.mark(task, created=time.time() - age)
        assert one.get(QUERY).json()["total"] == found
        assert one.get(f"{QUERY}/{task_id}").status_code == (200 if found else 400)


def test_the_list(sim: Simulator, api: httpx.Client) -> None:
    """Newest first, in pages, by status, id, model and type; an item is what the query shows."""
    ids = [made(api, body(duration=seconds)) for seconds in (4, 5, 6)]
    ids += [made(api, body(**MAX)), made(api, body(content=[{"type": "text", "text": "fail-generation"}]))]
    ids.append(made(api, body(resolution=None), PROMPT))

    def listed(**params: Any) -> tuple[list[str], int]:
        told = api.get(QUERY, params=params).json()
        return [item["id"] for item in told["items"]], told["total"]

    assert listed() == (ids[::-1], 6)
    assert listed(page_num=2, page_size=4) == (ids[1::-1], 6)
    assert listed(page_num=9) == ([], 6)
    assert listed(**{"filter.status": "failed"}) == ([ids[4]], 1)
    assert listed(**{"filter.status": "queued"}) == ([], 0)
    assert listed(**{"filter.model": "MiniMax-H3-Max"}) == ([ids[3]], 1)
    assert listed(**{"filter.task_type": "h3_context_ir"}) == ([ids[5]], 1)
    assert listed(**{"filter.task_ids": [ids[0], ids[2], "7"]}) == ([ids[2], ids[0]], 2)
    (item,) = api.get(QUERY, params={"filter.task_ids": ids[0]}).json()["items"]
    whole = asked(api, ids[0])
    assert item.pop("content")["url"].partition("?")[0] == whole.pop("content")["url"].partition("?")[0]
    assert item == whole
    wrong = ({"page_num": 0}, {"page_size": "x"}, {"filter.status": "done"}, {"filter.task_type": "video"})
    for params in wrong:
        assert refused(api.get(QUERY, params=params)) == INVALID


def test_a_lost_create_is_in_the_list(sim: Simulator, api: httpx.Client) -> None:
    """The answer is lost, the task made and paid; the list has it, without its prompt."""
    sim.fault("drop_after", provider="minimax", phase="create")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post(CREATE, json=body())
    (item,) = api.get(QUERY, params={"filter.model": "MiniMax-H3"}).json()["items"]
    assert "a fox" not in json.dumps(item)
    assert (sim.creates["minimax"], sim.spent["minimax"]) == (1, 0.48)


def test_version_one_does_not_know_the_tasks_of_version_two(api: httpx.Client) -> None:
    """Nor the other way round."""
    newer = made(api, body())
    older = api.post("/v1/video_generation", json={"model": "MiniMax-Hailuo-02", "prompt": "x"}).json()["task_id"]
    told = api.get("/v1/query/video_generation", params={"task_id": newer}).json()
    assert told["base_resp"]["status_code"] == 2013
    assert refused(api.get(f"{QUERY}/{older}")) == INVALID


def test_regeneration_by_id(sim: Simulator, api: httpx.Client) -> None:
    """A 768P clip becomes the same clip at 2K, at $0.05 a second; its ratio is empty."""
    source = made(api, body(duration=5, ratio="9:16"))
    wanted = {"model": "MiniMax-H3", "source_task_id": source, "resolution": "2K"}
    task = asked(api, made(api, wanted, REGENERATE))
    assert (task["task_type"], task["resolution"], task["duration"], task["ratio"]) == ("regeneration", "2K", 5, "")
    assert task["usage"] == {"total_seconds": 5, "input_seconds": 0, "output_seconds": 5, "input_image_count": 0}
    assert sim.spent["minimax"] == pytest.approx(0.40 + 0.25)
    first, second = (task["clip"] for task in sim.tasks)
    assert (second["width"], second["height"]) == (1440, 2560)
    same = ("prompt", "duration", "variation", "h3")
    assert {key: first[key] for key in same} == {key: second[key] for key in same}


def test_regeneration_of_a_base_video(sim: Simulator, api: httpx.Client, tmp_path: Path) -> None:
    """A clip as H3 makes them comes with the body, beside every input of its own."""
    content = [TEXT, picture("first_frame"), clip("base_video", upload(api, h3_file(tmp_path, duration=6)))]
    wanted = {"model": "MiniMax-H3", "content": content, "resolution": "2K"}
    task = asked(api, made(api, wanted, REGENERATE))
    assert (task["task_type"], task["duration"], task["resolution"]) == ("regeneration", 6, "2K")
    assert sim.spent["minimax"] == 0.30
    assert made(api, {**wanted, "content": content[2:]}, REGENERATE)
    for length, status in ((40_000, 200), (40_001, 400)):
        long = [{"type": "text", "text": "x" * length}, content[2]]
        assert api.post(REGENERATE, json={**wanted, "content": long}).status_code == status


def test_regeneration_refuses(sim: Simulator, api: httpx.Client, tmp_path: Path) -> None:
    """Both sources or none, other sizes, tasks that are no succeeded 768P generation, clips of another make."""
    done, large, failed = (
        made(api, body()),
        made(api, body(resolution="2K")),
        made(api, body(content=[{"type": "text", "text": "fail-generation"}])),
    )
    plain = {"model": "MiniMax-H3", "source_task_id": done, "resolution": "2K"}
    base = [clip("base_video", upload(api, h3_file(tmp_path)))]
    silent = [clip("base_video", upload(api, h3_file(tmp_path, h3=False)))]
    narrow = [clip("base_video", upload(api, h3_file(tmp_path, width=1280, height=720)))]
    before = sim.creates["minimax"]
    for wrong in (
        {**plain, "content": base},
        {"model": "MiniMax-H3", "resolution": "2K"},
        {**plain, "resolution": "768P"},
        {**plain, "model": "MiniMax-H3-Max"},
        *({**plain, "source_task_id": task_id} for task_id in (large, failed, "1", 5)),
        *({"model": "MiniMax-H3", "resolution": "2K", "content": items} for items in (silent, narrow, [TEXT])),
        {"model": "MiniMax-H3", "resolution": "2K", "content": [TEXT, *base, *base]},
    ):
        assert refused(api.post(REGENERATE, json=wrong)) == INVALID, wrong
    assert sim.creates["minimax"] == before


def film(**changes: Any) -> bytes:
    """Return a grey clip: by default what H3 makes, a quarter of its size, as a draft is."""
    made_of: dict[str, Any] = {
        "fps": 24,
        "width": 336,
        "height": 192,
        "frames": 107,
        "codec": "libx264",
        "sound": "aac",
    }
    made_of |= changes
    target = io.BytesIO()
    with av.open(target, "w", format="mov") as container:
        options = {"preset": "ultrafast"} if made_of["codec"] == "libx264" else {}
        video = container.add_stream(made_of["codec"], rate=made_of["fps"], options=options)
        video.codec_context.thread_count = 1
        video.width, video.height, video.pix_fmt = made_of["width"], made_of["height"], "yuv420p"
        seconds = made_of["frames"] / made_of["fps"]
        if made_of["sound"]:
            audio = container.add_stream(made_of["sound"], rate=32000, layout="mono")
            form = "fltp" if made_of["sound"] == "aac" else "s16"
            silence = np.zeros((1, int(32000 * seconds)), np.float32 if form == "fltp" else np.int16)
            frame = av.AudioFrame.from_ndarray(silence, form, "mono")
            frame.sample_rate = 32000
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        for index in range(made_of["frames"]):
            picture_of = av.VideoFrame(made_of["width"], made_of["height"], "yuv420p")
            picture_of.pts = index
            container.mux(video.encode(picture_of))
        container.mux(video.encode(None))
    return target.getvalue()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sound": ""}, "must have sound"),
        ({"fps": 25, "frames": 124}, "must have 24 frames per second, got 25"),
        ({"width": 340}, "multiples of 32, got 1360x768"),
        ({"width": 176, "height": 184}, "area from 768x768 to 768x1344, got 704x736"),
        ({"width": 344, "height": 200}, "area from 768x768 to 768x1344, got 1376x800"),
        ({"frames": 108}, "107 to 362 frames in steps of 17, got 108"),
        ({"frames": 90}, "107 to 362 frames in steps of 17, got 90"),
    ],
)
def test_a_base_video_is_what_h3_makes(api: httpx.Client, changes: dict[str, Any], why: str) -> None:
    """MiniMax's page: sound, 24 frames a second, sides in steps of 32, an area, and 107 to 362 frames."""
    wanted = {"model": "MiniMax-H3", "resolution": "2K"}
    answer = api.post(REGENERATE, json={**wanted, "content": [clip("base_video", upload(api, film(**changes)))]})
    assert refused(answer) == INVALID
    assert why in answer.json()["error"]["message"]


def test_a_film_like_h3s_is_taken(api: httpx.Client) -> None:
    """What the next tests change is taken as it is, both as a base video and as a reference."""
    url = upload(api, film())
    made(api, {"model": "MiniMax-H3", "resolution": "2K", "content": [clip("base_video", url)]}, REGENERATE)
    made(api, body(clip(url=url)))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"codec": "mpeg4"}, "must be H.264 or H.265, got mpeg4"),
        ({"sound": "pcm_s16le"}, "must have AAC or MP3 sound, got pcm_s16le"),
        ({"frames": 24}, "must be 2 to 15 seconds long, got 1.0"),
        ({"frames": 375, "width": 96, "height": 64}, "must be 2 to 15 seconds long, got 15.6"),
        ({"fps": 20}, "must have 23.976 to 60 frames per second, got 20"),
        ({"width": 62}, "sides from 256 to 5760 px, got 62x192"),
        ({"width": 500}, "aspect ratio from 0.4 to 2.5, got 500x192"),
    ],
)
def test_limits_of_reference_clips(api: httpx.Client, changes: dict[str, Any], why: str) -> None:
    """MiniMax's page, by the file itself (a draft's sides are a quarter): codecs, length, rate, sides and ratio."""
    answer = api.post(CREATE, json=body(clip(url=upload(api, film(**changes)))))
    assert refused(answer) == INVALID
    assert why in answer.json()["error"]["message"]


def test_regeneration_by_id_is_for_listed_accounts(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """An account that is not on MiniMax's list sends the clip itself."""
    api = connect(start(regeneration_by_id=False))
    wanted = {"model": "MiniMax-H3", "source_task_id": made(api, body()), "resolution": "2K"}
    assert refused(api.post(REGENERATE, json=wanted)) == INVALID


def test_a_better_prompt(sim: Simulator, api: httpx.Client) -> None:
    """The task ends with text, counts tokens and is charged by them; it has no resolution."""
    wanted = body(picture("reference_image"), resolution=None, ratio="adaptive")
    task = asked(api, made(api, wanted, PROMPT))
    assert (task["task_type"], task["modality"], "resolution" in task) == ("h3_context_ir", "text", False)
    prompt = task["content"]["prompt"]
    assert list(task["content"]) == ["prompt"]
    places = [prompt.index(name) for name in ("integrated_multimodal_", "overall_soundscape", "non_diegetic_music")]
    assert places == sorted(places)
    usage = task["usage"]
    assert set(usage) == {"total_tokens", "prompt_tokens", "completion_tokens"}
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    dollars = (0.90 * usage["prompt_tokens"] + 3.60 * usage["completion_tokens"]) / 1e6
    assert sim.spent["minimax"] == pytest.approx(dollars, abs=1e-6)
    for wrong in ({**wanted, "model": "MiniMax-H3-Max"}, {**wanted, "duration": 3}, {**wanted, "content": []}):
        assert refused(api.post(PROMPT, json=wrong)) == INVALID


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, Any]], threading.Event]]:
    """A callback URL that repeats challenges, what it got, and an event for the end of a task."""
    got: list[dict[str, Any]] = []
    ended = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append(told)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"challenge": told.get("challenge")}).encode())
            if told.get("task", {}).get("status") in ("succeeded", "failed", "cancelled"):
                ended.set()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got, ended
    server.shutdown()
    thread.join()
    server.server_close()


Hook = tuple[str, list[dict[str, Any]], threading.Event]


def test_a_callback_for_each_change(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """First the challenge, then the query's body with each status; the last has the URL."""
    url, got, ended = hook
    api = connect(start(latency=0.4))
    task_id = made(api, body(callback_url=url))
    assert ended.wait(20)
    assert list(got[0]) == ["challenge"]
    assert [told["task"]["status"] for told in got[1:]] == ["queued", "running", "succeeded"]
    assert all(list(told) == ["task"] and told["task"]["id"] == task_id for told in got[1:])
    assert api.head(got[-1]["task"]["content"]["url"]).status_code == 200


def test_a_restarted_simulator_still_tells(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """A task of an earlier process is told when it ends, and its waiting is not told again."""
    url, got, ended = hook
    simulator = start(latency=100.0)
    task_id = made(connect(simulator), body(callback_url=url))
    until(lambda: len(got) > 1, what="the first status")
    move(simulator, task_id, 0.99)
    simulator.stop()
    simulator.start()
    assert ended.wait(20)
    assert [told["task"]["status"] for told in got[1:]] == ["queued", "succeeded"]


def test_a_cancellation_is_called_back(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """A cancelled task is told as cancelled, and nothing after it."""
    url, got, ended = hook
    simulator, api = slowly(start, connect)
    task_id = made(api, body(callback_url=url))
    api.delete(f"{CREATE}/{task_id}")
    assert ended.wait(20)
    assert [told["task"]["status"] for told in got[1:]][-1] == "cancelled"
    world = simulator.world
    task = world.tasks.find(task_id=task_id)[0]
    until(lambda: world.current(task).notified, what="the note that it was told")
    told = len(got)
    asyncio.run(tell(world, task, time.time()))  # what is due after the cancellation
    assert len(got) == told


def test_balances(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """A pay-as-you-go key has sums as decimal strings, less what was paid; a Token Plan has what is left of it."""
    simulator = start(credits=10.0)
    api = connect(simulator)
    made(api, body())
    told = api.get("/account/query_balance").json()
    assert (told["available_amount"], told["cash_balance"], told["voucher_balance"]) == ("9.52", "9.52", "0.00")
    assert {"credit_balance", "owed_amount", "balance_alert_switch", "balance_alert_threshold"} < set(told)
    general, video = api.get("/v1/token_plan/remains").json()["model_remains"]
    assert (general["model_name"], general["current_interval_remaining_percent"]) == ("general", 100)
    assert (video["current_interval_total_count"], video["current_interval_usage_count"]) == (20, 0)
    api.post("/v1/video_generation", json={"model": "MiniMax-Hailuo-02", "prompt": "x"})
    video = api.get("/v1/token_plan/remains").json()["model_remains"][1]
    assert (video["current_interval_usage_count"], video["current_interval_remaining_percent"]) == (1, 95)
    broke = connect(simulator, {"Authorization": "Bearer broke"})
    assert broke.get("/account/query_balance").json()["available_amount"] == "0.00"


def test_an_account_that_cannot_pay(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """What is left decides: the third clip cannot be paid; a cancelled one gives its money back."""
    simulator = start(credits=1.0, latency=100.0)
    api = connect(simulator)
    first = made(api, body())
    made(api, body())
    assert refused(api.post(CREATE, json=body())) == (402, "insufficient_balance_error", "1008")
    api.delete(f"{CREATE}/{first}")
    made(api, body())
    assert simulator.spent["minimax"] == pytest.approx(0.96)


@pytest.mark.parametrize(("path", "phase"), [(QUERY, "list"), (f"{QUERY}/1", "query")])
def test_faults_befall_the_new_routes(sim: Simulator, api: httpx.Client, path: str, phase: str) -> None:
    """Statuses, cut answers and HTML come from list and query too, each under its own phase."""
    sim.fault("http", provider="minimax", phase=phase, status=429, retry_after=3)
    answer = api.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    sim.fault("malformed", provider="minimax", phase=phase)
    with pytest.raises(json.JSONDecodeError):
        api.get(path).json()
    sim.fault("html", provider="minimax", phase=phase)
    assert api.get(path).text.startswith("<html>")


def test_an_answer_without_its_id(sim: Simulator, api: httpx.Client) -> None:
    """The task is made and paid, and the answer is an empty object."""
    sim.fault("missing_task_id", provider="minimax", phase="create")
    assert api.post(CREATE, json=body()).json() == {}
    assert sim.creates["minimax"] == 1


def test_a_forgotten_and_a_stuck_task(sim: Simulator, api: httpx.Client) -> None:
    """A forgotten task is invalid to the query; a stuck one runs for ever, and keeps its link shut."""
    sim.fault("forget", provider="minimax", phase="create")
    assert refused(api.get(f"{QUERY}/{made(api, body())}")) == INVALID
    sim.fault("stuck", provider="minimax", phase="create")
    task = asked(api, made(api, body()))
    assert task["status"] in ("queued", "running")


def test_a_status_that_nobody_documents(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """An unfinished task may have any word for its status; a finished one is told as it is."""
    simulator, api = slowly(start, connect)
    task_id = made(api, body())
    simulator.fault("word", provider="minimax", phase="query", message="rendering", times=None)
    assert asked(api, task_id)["status"] == "rendering"
    move(simulator, task_id, 1.1)
    assert asked(api, task_id)["status"] == "succeeded"


def test_an_expired_link(sim: Simulator, api: httpx.Client) -> None:
    """A link that has expired is 403; asking again gives a fresh one."""
    task_id = made(api, body())
    sim.fault("expired", provider="minimax", phase="query")
    assert api.get(asked(api, task_id)["content"]["url"]).status_code == 403
    assert api.head(asked(api, task_id)["content"]["url"]).status_code == 200
