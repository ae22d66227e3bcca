"""Webhooks: MiniMax's handshake and states, the other gateways' single call, and nothing beyond this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from hailuo_widgets.simulator import Simulator

GOOD = {"model": "MiniMax-Hailuo-02", "prompt": "a fox"}
WAIT = 10


class Hook:
    """An endpoint that repeats challenges and keeps what it gets."""

    def __init__(self) -> None:
        self.bodies: Queue[Any] = Queue()
        self.letters: Queue[tuple[Any, bytes]] = Queue()  # headers and content of each POST
        self.repeats = True
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(content)
                hook.letters.put((self.headers, content))
                hook.bodies.put(body)
                self.answer(json.dumps(body if hook.repeats else {"status": "success"}).encode())

            def do_PUT(self) -> None:
                hook.bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(b"")

            def answer(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A running endpoint."""
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.mark.parametrize(("prompt", "word"), [("a fox", "success"), ("fail-generation", "failed")])
def test_minimax_shakes_hands_then_tells(api: httpx.Client, hook: Hook, prompt: str, word: str) -> None:
    """First the challenge, then processing, then the end, in lower case."""
    body = {**GOOD, "prompt": prompt, "callback_url": hook.url}
    task_id = api.post("/v1/video_generation", json=body).json()["task_id"]
    assert set(hook.bodies.get(timeout=WAIT)) == {"challenge"}
    told = [hook.bodies.get(timeout=WAIT) for _ in range(2)]
    assert [item["task_id"] for item in told] == [task_id] * 2
    assert told[1]["status"] == word
    assert ("file_id" in told[1]) is (word == "success")


def test_states_are_told_in_their_order(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """A task that takes its time is processing first, a success later."""
    api = connect(start(latency=0.4))
    api.post("/v1/video_generation", json={**GOOD, "callback_url": hook.url})
    hook.bodies.get(timeout=WAIT)
    assert [hook.bodies.get(timeout=WAIT)["status"] for _ in range(2)] == ["processing", "success"]


def test_an_unrepeated_challenge(
    sim: Simulator, api: httpx.Client, start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """Without a repeated challenge nothing more is told; with strict_callback, create is refused."""
    hook.repeats = False
    body = {**GOOD, "callback_url": hook.url}
    assert api.post("/v1/video_generation", json=body).json()["base_resp"]["status_code"] == 0
    assert [note["kind"] for note in sim.state["callbacks"]] == ["challenge"]
    assert not sim.state["callbacks"][0]["ok"]
    strict = connect(start(strict_callback=True))
    assert strict.post("/v1/video_generation", json=body).json()["base_resp"]["status_code"] == 2013


def test_nothing_leaves_the_machine(sim: Simulator, api: httpx.Client) -> None:
    """A public callback URL is accepted, noted, and not called."""
    body = {**GOOD, "callback_url": "https://example.com/hook"}
    assert api.post("/v1/video_generation", json=body).json()["base_resp"]["status_code"] == 0
    (note,) = sim.state["callbacks"]
    assert "never called" in note["why"]


def test_kie_calls_once(api: httpx.Client, hook: Hook) -> None:
    """KIE's webhook has the documented fields; the jobs dialect has its record."""
    api.post("/api/v1/minimax/generate", json={"prompt": "x", "callBackUrl": hook.url})
    told = hook.bodies.get(timeout=WAIT)
    assert set(told) == {"taskId", "status", "videoUrl", "duration", "completedAt"}
    assert api.head(told["videoUrl"]).status_code == 200
    job = {"model": "hailuo/02-text-to-video-pro", "input": {"prompt": "x"}, "callBackUrl": hook.url}
    api.post("/api/v1/jobs/createTask", json=job)
    assert hook.bodies.get(timeout=WAIT)["data"]["state"] == "success"


def test_runware_calls_for_each_result_and_uploads(api: httpx.Client, hook: Hook) -> None:
    """Each finished result is its own webhook call, and an upload endpoint gets the file by PUT."""
    task = {
        "taskType": "videoInference",
        "taskUUID": "0d2f1a5e-7d1c-4f6e-9a34-1c2f0b7e9d11",
        "model": "minimax:3@1",
        "positivePrompt": "a fox",
        "numberResults": 2,
        "webhookURL": hook.url,
    }
    api.post("/v1", json=[task])
    told = [hook.bodies.get(timeout=WAIT)["data"][0]["videoUUID"] for _ in range(2)]
    assert len(set(told)) == 2
    upload = {
        "taskType": "videoInference",
        "taskUUID": "5b9e2c40-3f07-4c39-8a0e-6f1f5d3b2a77",
        "model": "minimax:3@1",
        "positivePrompt": "a fox",
        "uploadEndpoint": hook.url,
    }
    api.post("/v1", json=[upload])
    assert hook.bodies.get(timeout=WAIT)[4:8] == b"ftyp"


def test_a_restarted_simulator_still_tells(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """A callback that was due after a stop is made after the next start."""
    simulator = start(latency=1.0)
    connect(simulator).post("/v1/video_generation", json={**GOOD, "callback_url": hook.url})
    hook.bodies.get(timeout=WAIT)
    simulator.stop()
    before = hook.bodies.qsize()
    simulator.start()
    told = [hook.bodies.get(timeout=WAIT)["status"] for _ in range(2 + before)]
    assert told[-1] == "success"


def test_a_slow_challenge(sim: Simulator, api: httpx.Client, hook: Hook) -> None:
    """A callback fault of kind delay makes the challenge come late, and create wait for it."""
    sim.fault("delay", provider="minimax", phase="callback", seconds=0.3)
    answer = api.post("/v1/video_generation", json={**GOOD, "callback_url": hook.url})
    assert answer.elapsed.total_seconds() >= 0.3
    assert "challenge" in hook.bodies.get(timeout=WAIT)


@pytest.mark.parametrize(("prompt", "word"), [("a fox", "OK"), ("a forbidden fox", "ERROR")])
def test_fal_tells_the_end(
    sim: Simulator, connect: Callable[..., httpx.Client], hook: Hook, prompt: str, word: str
) -> None:
    """One call at the end, asked for in the query string, with the result's own payload."""
    fal = connect(sim, {"Authorization": "Key k"})
    path = "/fal-ai/minimax/hailuo-2.3/standard/text-to-video"
    told = fal.post(path, params={"fal_webhook": hook.url}, json={"prompt": prompt}).json()
    body = hook.bodies.get(timeout=WAIT)
    assert body["request_id"] == body["gateway_request_id"] == told["request_id"]
    assert body["status"] == word
    if word == "OK":
        assert (body["error"], fal.head(body["payload"]["video"]["url"]).status_code) == (None, 200)
    else:
        assert body["error"] == "Invalid status code: 422"
        assert body["payload"]["detail"][0]["type"] == "content_policy_violation"


@pytest.mark.parametrize(("events", "states"), [(None, 3), (["completed"], 2)])
def test_replicate_tells_and_signs(api: httpx.Client, hook: Hook, events: list[str] | None, states: int) -> None:
    """Start and completed always, output where it is wanted; each is the prediction, and signed with the secret."""
    body: dict[str, Any] = {"input": {"prompt": "a fox"}, "webhook": hook.url}
    if events:
        body["webhook_events_filter"] = events
    made = api.post("/v1/models/minimax/hailuo-2.3/predictions", json=body).json()
    letters = [hook.letters.get(timeout=WAIT) for _ in range(states)]
    assert [json.loads(content)["id"] for _, content in letters] == [made["id"]] * states
    assert json.loads(letters[-1][1])["status"] == "succeeded"
    secret = base64.b64decode(api.get("/v1/webhooks/default/secret").json()["key"].removeprefix("whsec_"))
    for headers, content in letters:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
        expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    assert len({headers["webhook-id"] for headers, _ in letters}) == states


def test_fal_tells_of_a_cancellation(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """A cancelled request is told at once, as an error."""
    simulator = start(latency=60.0, eager=False)
    fal = connect(simulator, {"Authorization": "Key k"})
    path = "/fal-ai/minimax/hailuo-2.3/standard/text-to-video"
    told = fal.post(path, params={"fal_webhook": hook.url}, json={"prompt": "a fox"}).json()
    fal.put(told["cancel_url"])
    body = hook.bodies.get(timeout=WAIT)
    assert (body["request_id"], body["status"]) == (told["request_id"], "ERROR")
    assert body["payload"]["error_type"] == "client_cancelled"


def test_replicate_tells_of_a_cancellation(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], hook: Hook
) -> None:
    """A cancelled prediction is told at once: after its start, the end."""
    api = connect(start(latency=60.0, eager=False))
    body = {"input": {"prompt": "a fox"}, "webhook": hook.url}
    made = api.post("/v1/models/minimax/hailuo-2.3/predictions", json=body).json()
    assert hook.bodies.get(timeout=WAIT)["status"] == "starting"
    api.post(made["urls"]["cancel"])
    assert hook.bodies.get(timeout=WAIT)["status"] == "canceled"
