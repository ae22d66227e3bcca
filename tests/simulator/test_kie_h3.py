"""KIE's three models of MiniMax-H3, its uploads of clips and sounds, its credit and its codes: by its public pages."""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.simulator.kie_jobs import moments
from hailuo_widgets.simulator.render import Clip, render_clip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from hailuo_widgets.simulator import Simulator

JOB = "/api/v1/jobs/createTask"
RECORD = "/api/v1/jobs/recordInfo"
URL = "https://example.com/a"
FLAGGED = "Your prompt was flagged by Website as violating content policies"


def job(kind: str, **changes: Any) -> dict[str, Any]:
    """Return a valid body for one model, some of its input changed; None takes a field out."""
    given: dict[str, Any] = {"prompt": "a fox", "duration": 6}
    given |= {"aspect_ratio": "16:9"} if kind == "text" else {}
    given |= {"first_frame_url": f"{URL}.jpg"} if kind == "image" else {}
    given |= {"reference_image_urls": [f"{URL}.jpg"]} if kind == "reference" else {}
    given = {key: value for key, value in {**given, **changes}.items() if value is not None}
    return {"model": f"minimax-h3/{kind}-to-video", "input": given}


def record(api: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """Create a task and return its record."""
    told = api.post(JOB, json=body).json()
    assert (told["code"], told["msg"], list(told["data"])) == (200, "success", ["taskId"]), told
    return dict(api.get(RECORD, params=told["data"]).json()["data"])


@pytest.mark.parametrize(
    ("body", "credits_used", "size"),
    [
        (job("text"), 156, (2560, 1440)),  # 2K is what a job without a resolution gets, and pays
        (job("text", resolution="768P"), 96, (1344, 768)),
        (job("text", resolution="768P", duration=4, aspect_ratio="9:16"), 64, (768, 1344)),
        (job("text", resolution="2K", duration=15, aspect_ratio="21:9"), 390, (2944, 1248)),
        (job("image", resolution="768P"), 96, (1344, 768)),
        (job("image", resolution="768P", last_frame_url=f"{URL}b.jpg"), 96, (1344, 768)),
        (job("image", resolution="768P", first_frame_url=None, last_frame_url=f"{URL}b.jpg"), 96, (1344, 768)),
        (job("reference", resolution="768P", aspect_ratio="1:1"), 96, (768, 768)),
        (job("reference", resolution="768P", aspect_ratio="adaptive"), 96, (1344, 768)),
        (job("reference", resolution="768P", reference_image_urls=[f"{URL}.jpg"] * 9), 96, (1344, 768)),
        # A clip that cannot be seen counts as five seconds.
        (job("reference", resolution="768P", reference_video_urls=[f"{URL}.mp4"]), 176, (1344, 768)),
        (
            job("reference", reference_image_urls=None, reference_video_urls=[f"{URL}.mp4"] * 3),
            546,
            (2560, 1440),
        ),
        (job("reference", resolution="768P", reference_audio_urls=[f"{URL}.mp3"] * 3), 96, (1344, 768)),
        (job("text", prompt="x" * 7000, resolution="768P"), 96, (1344, 768)),
    ],
)
def test_what_the_pages_allow_is_made_and_charged(
    sim: Simulator, api: httpx.Client, body: dict[str, Any], credits_used: float, size: tuple[int, int]
) -> None:
    """16 credits a second at 768P, 26 at 2K, the seconds of reference clips counted; the record has them."""
    told = record(api, body)
    assert (told["state"], told["model"], told["creditsConsumed"]) == ("success", body["model"], credits_used)
    assert json.loads(told["param"]) == body
    assert len(json.loads(told["resultJson"])["resultUrls"]) == 1
    (task,) = sim.tasks
    assert (task["clip"]["width"], task["clip"]["height"], task["clip"]["h3"]) == (*size, True)
    assert sim.spent["kie"] == credits_used


@pytest.mark.parametrize(
    "body",
    [
        job("text", prompt=None),
        job("text", prompt=" "),
        job("text", prompt="x" * 7001),
        job("text", duration=None),
        job("text", duration="6"),  # a string is what KIE's Hailuo models take
        job("text", duration=3),
        job("text", duration=16),
        job("text", duration=6.5),
        job("text", aspect_ratio=None),
        job("text", aspect_ratio="adaptive"),
        job("text", resolution="1080P"),
        job("text", resolution="768p"),
        job("text", seed=1),
        job("text", prompt_optimizer=True),
        job("text", nsfw_checker=False),
        job("image", aspect_ratio="16:9"),
        job("image", first_frame_url=None),
        job("image", first_frame_url="data:image/png;base64,AAAA"),
        job("image", reference_image_urls=[f"{URL}.jpg"]),
        job("reference", reference_image_urls=None),
        job("reference", reference_image_urls=None, reference_audio_urls=[f"{URL}.mp3"]),
        job("reference", reference_image_urls=[f"{URL}.jpg"] * 10),
        job("reference", reference_video_urls=[f"{URL}.mp4"] * 4),
        job("reference", reference_audio_urls=[f"{URL}.mp3"] * 4),
        job("reference", reference_image_urls=f"{URL}.jpg"),
        job("reference", first_frame_url=f"{URL}.jpg"),
        job("reference", aspect_ratio="2:1"),
        {"model": "minimax-h3/text-to-video"},
        {**job("text"), "extra": 1},
    ],
)
def test_what_the_pages_do_not_allow_is_refused(sim: Simulator, api: httpx.Client, body: dict[str, Any]) -> None:
    """Code 422, and nothing is made."""
    assert api.post(JOB, json=body).json()["code"] == 422
    assert sim.creates["total"] == 0


def test_a_prompt_that_is_flagged(sim: Simulator, api: httpx.Client) -> None:
    """Code 400 with KIE's sentence at create; in a record, failCode 400 with the same."""
    told = api.post(JOB, json=job("text", prompt="a forbidden fox")).json()
    assert told == {"code": 400, "msg": FLAGGED, "data": None}
    assert sim.creates["total"] == 0
    told = record(api, job("text", prompt="a fox banned-output"))
    assert (told["state"], told["failCode"], told["failMsg"]) == ("fail", "400", FLAGGED)
    (task,) = sim.world.tasks.find(task_id=told["taskId"])
    ((_, letter),) = moments(sim.world, task)
    assert (letter()["code"], letter()["msg"]) == (400, FLAGGED)
    told = record(api, job("text", prompt="a fox fail-generation"))
    assert (told["state"], told["failCode"]) == ("fail", "501")
    assert "creditsConsumed" not in told


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [("wrong", 401, 401), ("broke", 200, 402), ("capped", 200, 433), ("slow", 200, 429)],
)
def test_refusals(sim: Simulator, connect: Callable[..., httpx.Client], key: str, status: int, code: int) -> None:
    """A sub-key whose own limit is reached is 433; nothing is accepted."""
    answer = connect(sim, {"Authorization": f"Bearer {key}"}).post(JOB, json=job("text"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (sim.creates["total"], sim.spent["kie"]) == (0, 0)


def test_a_status_that_nobody_documents(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """An unfinished task may have any word for its state."""
    simulator = start(latency=100.0)
    simulator.fault("word", provider="kie", phase="query", message="rendering")
    assert record(connect(simulator), job("text"))["state"] == "rendering"


@pytest.mark.parametrize("code", [433, 455, 500, 501, 505])
def test_codes_on_request(sim: Simulator, api: httpx.Client, code: int) -> None:
    """A fault's code comes in the body, with HTTP 200."""
    sim.fault("code", provider="kie", phase="create", code=code, message="no")
    answer = api.post(JOB, json=job("text"))
    assert (answer.status_code, answer.json()) == (200, {"code": code, "msg": "no", "data": None})


def test_credit(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """What is left, less what was paid; a clip that it cannot pay is 402."""
    simulator = start(credits=100.0)
    api = connect(simulator)
    record(api, job("text", resolution="768P"))
    assert api.get("/api/v1/chat/credit").json() == {"code": 200, "msg": "success", "data": 4.0}
    assert api.post(JOB, json=job("text")).json()["code"] == 402
    broke = connect(simulator, {"Authorization": "Bearer broke"})
    assert broke.get("/api/v1/chat/credit").json()["data"] == 0


@pytest.fixture
def files(tmp_path: Path, picture: Callable[..., bytes]) -> dict[str, bytes]:
    """A picture, a clip of 3.96 seconds and a sound of three, by their media types."""
    clip = Clip(prompt="x", model="x", width=768, height=1344, duration=3.96, draft=True)
    render_clip(clip, tmp_path, tmp_path / "clip.mp4")
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 3))
    moving, audible = (tmp_path / "clip.mp4").read_bytes(), target.getvalue()
    return {"image/png": picture(), "video/mp4": moving, "audio/wav": audible}


ENDINGS = {"image/png": "png", "video/mp4": "mp4", "audio/wav": "wav"}


def test_uploads_are_references(sim: Simulator, api: httpx.Client, files: dict[str, bytes]) -> None:
    """Pictures, clips and sounds come by form, by Base64 and by URL; their links are what a job takes."""
    links: dict[str, str] = {}
    for media, raw in files.items():
        name = f"a.{ENDINGS[media]}"
        form = {"files": {"file": (name, raw)}, "data": {"uploadPath": "refs"}}
        encoded = f"data:{media};base64,{base64.b64encode(raw).decode()}"
        told = api.post("/api/file-stream-upload", **form).json()  # type: ignore[arg-type]  # a form
        again = api.post(
            "/api/file-base64-upload", json={"base64Data": encoded, "uploadPath": "refs", "fileName": name}
        ).json()
        for answer in (told, again):
            assert (answer["success"], answer["code"], answer["data"]["mimeType"]) == (True, 200, media)
            assert answer["data"]["fileSize"] == len(raw)
        assert told["data"]["downloadUrl"] == again["data"]["downloadUrl"]
        links[media] = told["data"]["downloadUrl"]
        by_url = api.post("/api/file-url-upload", json={"fileUrl": links[media], "uploadPath": "refs"}).json()["data"]
        assert (by_url["mimeType"], api.get(by_url["downloadUrl"]).content) == (media, raw)
    image, video, audio = links.values()
    references = {"reference_image_urls": [image], "reference_video_urls": [video], "reference_audio_urls": [audio]}
    assert record(api, job("reference", resolution="768P", **references))["creditsConsumed"] == 160
    references = {"reference_image_urls": None, "reference_video_urls": [video]}
    record(api, job("reference", resolution="768P", **references))
    assert (sim.tasks[-1]["clip"]["width"], sim.tasks[-1]["clip"]["height"]) == (768, 1344)
    swapped = {"reference_image_urls": None, "reference_video_urls": [audio]}
    assert api.post(JOB, json=job("reference", **swapped)).json()["code"] == 422


@pytest.mark.parametrize(("name", "media"), [("a.mp4", "video/mp4"), ("a.wav", "audio/wav"), ("a.jpg", "image/png")])
def test_an_upload_of_a_public_url_is_a_stand_in(api: httpx.Client, name: str, media: str) -> None:
    """The simulator never leaves the machine: what it keeps is of the kind that the URL's ending names."""
    body = {"fileUrl": f"https://example.com/{name}?x=1", "uploadPath": "refs"}
    told = api.post("/api/file-url-upload", json=body).json()["data"]
    assert told["mimeType"] == media
    assert len(api.get(told["downloadUrl"]).content) == told["fileSize"] > 0


def test_faults_befall_uploads_and_credit(sim: Simulator, api: httpx.Client) -> None:
    """Both have phases of their own."""
    sim.fault("http", provider="kie", phase="account", status=500)
    assert api.get("/api/v1/chat/credit").status_code == 500
    sim.fault("code", provider="kie", phase="upload", code=429)
    body = {"fileUrl": f"{URL}.mp4", "uploadPath": "refs"}
    assert api.post("/api/file-url-upload", json=body).json()["code"] == 429
    assert api.post("/api/file-url-upload", json=body).json()["code"] == 200
