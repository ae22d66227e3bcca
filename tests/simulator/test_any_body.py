"""Any JSON in any place of a body of the newer routes is taken or refused in the gateway's shape; none breaks it."""

from __future__ import annotations

import copy
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from hailuo_widgets.simulator import Simulator

URL = "https://example.com/a"
TEXT = {"type": "text", "text": "a fox"}
FILES = [
    {"type": "image_url", "image_url": {"url": f"{URL}.jpg"}, "role": "reference_image"},
    {"type": "video_url", "video_url": {"url": f"{URL}.mp4"}, "role": "reference_video"},
]
V2 = {"model": "MiniMax-H3", "content": [TEXT, *FILES], "resolution": "768P", "duration": 4, "ratio": "16:9"}
BASE = [{"type": "video_url", "video_url": {"url": f"{URL}.mp4"}, "role": "base_video"}]
KIE = {"prompt": "a fox", "duration": 4, "reference_image_urls": [f"{URL}.jpg"], "reference_video_urls": [f"{URL}.mp4"]}
RUNWARE = {
    "taskType": "videoInference",
    "taskUUID": "",
    "model": "minimax:h3@0",
    "positivePrompt": "a fox",
    "resolution": "768p",
    "duration": 5,
    "seed": 1,
    "inputs": {"referenceImages": [f"{URL}.jpg"], "referenceVideos": [f"{URL}.mp4"]},
    "safety": {"mode": "fast"},
}
FRAMES = {**RUNWARE, "inputs": {"frameImages": [{"image": f"{URL}.jpg", "frame": "first"}]}}
OLDER = {**FRAMES, "model": "minimax:4@2", "providerSettings": {"minimax": {"promptOptimizer": True}}}
del OLDER["seed"], OLDER["resolution"]
ACCOUNT = {"taskType": "accountManagement", "taskUUID": "", "operation": "getDetails"}
STORE = {"taskType": "mediaStorage", "taskUUID": "", "operation": "upload", "media": "AAAA"}
BODIES: dict[str, tuple[str, Any]] = {
    "create": ("/v2/video_generation", {**V2, "extra": {}, "callback_url": "", "aigc_watermark": False}),
    "regenerate": ("/v2/video_regeneration", {"model": "MiniMax-H3", "content": [TEXT, *BASE], "resolution": "2K"}),
    "prompt": ("/v2/h3_context_ir", {key: value for key, value in V2.items() if key != "resolution"}),
    "kie": ("/api/v1/jobs/createTask", {"model": "minimax-h3/reference-to-video", "input": KIE}),
    "runware": ("/v1", [RUNWARE]),
    "frames": ("/v1", [FRAMES]),
    "older": ("/v1", [OLDER]),
    "account": ("/v1", [ACCOUNT]),
    "store": ("/v1", [STORE]),
}
ODD = [
    "http://[",
    "http://",
    "data:",
    "data:,",
    "mm_file://",
    "mm_file://9" * 3,
    "\x00",
    "\ud800",
    "x" * 41_000,
    2**70,
    -0.0,
]
VALUES = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from places(item, (*path, key))


def with_value(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a body with another value in one place."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place(sim: Simulator, api: httpx.Client, name: str, data: st.DataObject) -> None:
    """The answer is the gateway's own, and only what it takes is charged."""
    path, plain = BODIES[name]
    body = with_value(plain, data.draw(st.sampled_from(list(places(plain)))), data.draw(VALUES))
    if isinstance(body, list) and body and isinstance(body[0], dict) and body[0].get("taskUUID") == "":
        body[0]["taskUUID"] = str(uuid.uuid4())
    before = sim.creates["total"]
    content = json.dumps(body).encode()
    answer = api.post(path, content=content, headers={"Content-Type": "application/json"})
    told = answer.json()
    made = sim.creates["total"] - before
    if path == "/v1":
        assert answer.status_code in (200, 400, 404)
        assert set(told) <= {"data", "errors"}
        assert made == (name not in ("account", "store") and "errors" not in told)
    elif name == "kie":
        assert (answer.status_code, set(told)) == (200, {"code", "msg", "data"})
        assert made == (told["code"] == 200)
    else:
        assert (answer.status_code, made) in ((200, 1), (400, 0))
        assert set(told) == ({"task_id"} if made else {"type", "error", "request_id"})


def test_a_prompt_that_no_answer_can_hold(api: httpx.Client) -> None:
    """A lone surrogate in a prompt is replaced where an answer repeats the prompt."""
    broken = json.dumps({**RUNWARE, "taskUUID": str(uuid.uuid4()), "positivePrompt": "a \ud800 fox"})
    task = json.loads(broken)
    assert api.post("/v1", content=f"[{broken}]".encode()).status_code == 200
    details = [{"taskType": "getTaskDetails", "taskUUID": task["taskUUID"]}]
    (told,) = api.post("/v1", json=details).json()["data"]
    assert told["request"] == [{**task, "positivePrompt": "a ? fox"}]
    path, plain = BODIES["prompt"]
    body = json.dumps({**plain, "content": [{"type": "text", "text": "a \ud800 fox"}]}).encode()
    task_id = api.post(path, content=body).json()["task_id"]
    task = api.get(f"/v2/query/video_generation/{task_id}").json()["task"]
    assert "a ? fox" in task["content"]["prompt"]
