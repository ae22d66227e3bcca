"""Tests of the callback application: it checks callbacks as the documents say, and only causes one poll."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from hailuo_widgets.domain.callback_format import CallbackFormat
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.registry import BUNDLED
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.webhooks import app as app_module

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Open = Callable[..., "Post"]

TOY = CallbackFormat(tasks=lambda body: iter([body["what"]["job"]] if "what" in body else []))
KEY = "hook-CANARY"
NOW = 1_700_000_000.0
PATH = "unguessable"


class Follower:
    """Follows one run of each task in ``tasks``, and counts its nudges."""

    def __init__(self) -> None:
        self.tasks = {
            ("minimax", "401047179385389059"): ["r-m"],
            ("kie", "task-1"): ["r-k"],
            ("runware", "u-1"): ["r-r"],
            ("toy", "t-1"): ["r-t"],
        }
        self.nudged: list[str] = []
        self.came = asyncio.Event()

    def callback_formats(self) -> dict[str, CallbackFormat]:
        """Those that the bundled providers declare, and one of another package."""
        settings = Settings.resolve({}, environ={})
        formats = {name: open_provider(name, settings).callbacks for name in BUNDLED}
        return {name: form for name, form in formats.items() if form is not None} | {"toy": TOY}

    def followed(self, provider: str, task_id: str) -> list[str]:
        """The runs of a task."""
        return self.tasks.get((provider, task_id), [])

    def nudge(self, run_id: str) -> None:
        """Count it."""
        self.nudged.append(run_id)
        self.came.set()


class Post:
    """Posts to an application, without a socket."""

    def __init__(
        self, follower: Follower, *, rest_s: float, signed: bool = True, body_s: float = app_module.BODY_S
    ) -> None:
        keys = {"kie": Secret(KEY)} if signed else {}
        application = app_module.CallbackApp(
            follower,
            path_token=PATH,
            secrets={**keys, "runware": Secret(KEY)},
            rest_s=rest_s,
            clock=lambda: NOW,
            body_s=body_s,
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(application.app), base_url="http://callbacks")

    async def __call__(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """Post a body, bytes as they are and anything else as JSON."""
        content = body if isinstance(body, bytes) or hasattr(body, "__aiter__") else json.dumps(body).encode()
        return await self.client.post(f"/{PATH}/{path}", content=content, **options)


def signature(task: str, stamp: str, key: str = KEY) -> dict[str, str]:
    """KIE's two headers, as its page on webhook verification makes them."""
    made = hmac.new(key.encode(), f"{task}.{stamp}".encode(), hashlib.sha256).digest()
    return {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": base64.b64encode(made).decode()}


@pytest.fixture
def follower() -> Follower:
    """The one behind the application."""
    return Follower()


@pytest.fixture
def application(follower: Follower) -> Open:
    """Opens an application; ``rest_s`` is long, so that nothing is told twice by chance."""
    return lambda rest_s=1000.0, **options: Post(follower, rest_s=rest_s, **options)


STAMP = str(int(NOW))
KNOWN = {"task_id": "401047179385389059", "status": "success"}
FLAT_KIE = {"taskId": "task-1", "status": 1, "videoUrl": "https://evil.example/x.mp4"}
VECTOR = "+JJfCPSCpnFavdtSyHrc37dSwef33fnFIc351BTBDTg="  # openssl's HMAC of "task-1.1700000000" with KEY


def run(work: Any) -> Any:
    """Run a coroutine on a loop of its own."""
    return asyncio.run(work)


def test_the_challenge_is_repeated(application: Open, follower: Follower) -> None:
    """MiniMax's challenge comes back as it was, and nobody is asked anything."""
    for provider in ("minimax", "kkiai", "pixazo"):
        answer = run(application()(provider, {"challenge": "3f1b-é"}))
        assert (answer.status_code, answer.json()) == (200, {"challenge": "3f1b-é"})
    assert follower.nudged == []


def test_a_provider_of_another_package_that_cannot_read_a_body(application: Open, follower: Follower) -> None:
    """Its function may fail on a stranger's body: that is a refused callback, and no error page."""
    answer = run(application()("toy", {"what": 7}))
    assert (answer.status_code, follower.nudged) == (400, [])


@pytest.mark.parametrize("provider", ["kie", "runware"])
def test_others_get_no_echo(application: Open, provider: str) -> None:
    """A provider that has no challenge gets nothing of its post back."""
    headers = signature("", STAMP)
    answer = run(application()(f"{provider}?token={KEY}", {"challenge": "<script>"}, headers=headers))
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})


@pytest.mark.parametrize(
    ("path", "body", "who"),
    [
        ("minimax", {**KNOWN, "status": "processing"}, "r-m"),
        ("minimax", {"task_id": 401047179385389059}, "r-m"),
        ("kie", FLAT_KIE, "r-k"),
        ("kie", {"code": 200, "data": {"taskId": "task-1", "state": "success"}}, "r-k"),
        ("kie", {"code": 200, "data": {"task_id": "task-1"}}, "r-k"),
        (f"runware?token={KEY}", {"data": [{"taskType": "videoInference", "taskUUID": "u-1"}]}, "r-r"),
        (f"runware?token={KEY}", {"errors": [{"code": "x", "taskUUID": "u-1"}]}, "r-r"),
        (f"runware?token={KEY}", {"taskUUID": "u-1"}, "r-r"),
        ("toy", {"what": {"job": "t-1"}}, "r-t"),
    ],
)
def test_news_of_a_known_task(application: Open, follower: Follower, path: str, body: Any, who: str) -> None:
    """Each document's body leads to its run, whatever state it tells of."""
    answer = run(application()(path, body, headers=signature("task-1", STAMP)))
    assert (answer.status_code, follower.nudged) == (200, [who])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Webhook-Timestamp": STAMP, "X-Webhook-Signature": VECTOR}, 200),
        (signature("task-1", str(int(NOW) - 300)), 200),
        (signature("task-1", str(int(NOW) + 300)), 200),
        ({}, 401),
        ({"X-Webhook-Signature": VECTOR}, 401),
        ({"X-Webhook-Timestamp": STAMP}, 401),
        (signature("task-1", str(int(NOW) - 301)), 401),
        (signature("task-1", str(int(NOW) + 301)), 401),
        (signature("task-1", "1e9"), 401),
        (signature("task-1", "nan"), 401),
        (signature("task-1", STAMP, key="another"), 403),
        (signature("task-2", STAMP), 403),
        ({"X-Webhook-Timestamp": str(int(NOW) - 1), "X-Webhook-Signature": VECTOR}, 403),
        ({"X-Webhook-Timestamp": STAMP, "X-Webhook-Signature": VECTOR.lower()}, 403),
        ({"X-Webhook-Timestamp": STAMP, "X-Webhook-Signature": b"\xff\xfe"}, 403),
    ],
)
def test_kie_signatures(application: Open, follower: Follower, headers: dict[str, Any], status: int) -> None:
    """KIE's vectors: good, none, late, early, of another key, of another task, of another time."""
    answer = run(application()("kie", FLAT_KIE, headers=headers))
    assert answer.status_code == status
    assert follower.nudged == (["r-k"] if status == 200 else [])


def test_kie_without_a_key(application: Open, follower: Follower) -> None:
    """Where no key for KIE's signature is set, the address is what KIE is known by."""
    assert run(application(signed=False)("kie", FLAT_KIE)).status_code == 200
    assert follower.nudged == ["r-k"]


@pytest.mark.parametrize("query", ["", "?token=", "?token=hook-CANARX", "?Token=hook-CANARY", "?token=%ff%fe"])
def test_runware_token(application: Open, follower: Follower, query: str) -> None:
    """Without our token in its query a post is not Runware's."""
    answer = run(application()(f"runware{query}", {"data": [{"taskUUID": "u-1"}]}))
    assert (answer.status_code, follower.nudged) == (403, [])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 60_000, 400),
        (b'{"task_id": ' + b"9" * 6000 + b"}", 400),
        (b"\xff\xfe\x00", 400),
        (b"[]", 400),
        (b'"task"', 400),
        (b"{}", 202),
        (b'{"task_id": true}', 202),
        (b'{"task_id": ["401047179385389059"]}', 202),
        (b'{"task_id": "unknown"}', 202),
        (b'{"data": {"data": {"task_id": "401047179385389059"}}}', 202),
        (json.dumps({"data": [{"task_id": str(n)} for n in range(3000)]}).encode(), 202),
        (b'{"challenge": 7}', 202),
        (json.dumps({"challenge": "x" * 2000}).encode(), 202),
        (b'{"task_id": "x", "pad": "' + b"x" * 64 * 1024 + b'"}', 413),
        (b"x" * 10_000_000, 413),
    ],
)
def test_odd_bodies(application: Open, follower: Follower, body: bytes, status: int) -> None:
    """What is no JSON object, too large, or names no task of ours comes to nothing."""
    answer = run(application()("minimax", body))
    assert (answer.status_code, follower.nudged) == (status, [])
    assert len(answer.content) < 60


def test_a_body_that_does_not_end(application: Open, follower: Follower) -> None:
    """A sender that stops in the middle is answered after a while, and forgotten."""

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    assert run(application(body_s=0.02)("minimax", stuck())).status_code == 408
    assert follower.nudged == []


@pytest.mark.parametrize(
    "path", ["/wrong/minimax", f"/{PATH}/nobody", f"/{PATH}", "/", f"/{PATH}/minimax/x", f"/{PATH}x/minimax"]
)
def test_wrong_paths(application: Open, follower: Follower, path: str) -> None:
    """Without the path's token, or for no provider, there is nothing here."""
    answer = run(application().client.post(path, json=KNOWN))
    assert (answer.status_code, follower.nudged) == (404, [])


def test_only_posts(application: Open) -> None:
    """Nothing can be read here."""
    assert run(application().client.get(f"/{PATH}/minimax")).status_code == 405


def test_repeats_are_one_question(application: Open, follower: Follower) -> None:
    """However often a callback comes while the run rests, its provider is asked once."""

    async def flood() -> None:
        post = application()
        for _ in range(200):
            assert (await post("minimax", KNOWN)).status_code == 200

    run(flood())
    assert follower.nudged == ["r-m"]


def test_news_in_the_rest_is_not_lost(application: Open, follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """A success that follows hard on another callback is asked about when the rest is over, once."""

    async def twice() -> None:
        post, loop = application(rest_s=1000.0), asyncio.get_running_loop()
        later: list[Callable[[], None]] = []
        monkeypatch.setattr(loop, "call_later", lambda _wait, do, *args: later.append(partial(do, *args)))
        await post("minimax", {**KNOWN, "status": "processing"})
        for _ in range(3):
            await post("minimax", KNOWN)
        assert (follower.nudged, len(later)) == (["r-m"], 1)
        later[0]()  # the rest is over

    run(twice())
    assert follower.nudged == ["r-m", "r-m"]


def test_order_does_not_matter(application: Open, follower: Follower) -> None:
    """A state that comes after the end it led to is one more hint."""

    async def reversed_() -> list[int]:
        post = application(rest_s=0.0)
        return [(await post("minimax", {**KNOWN, "status": s})).status_code for s in ("success", "processing")]

    assert run(reversed_()) == [200, 200]
    assert follower.nudged == ["r-m", "r-m"]


def test_replies_hold_no_secret(application: Open) -> None:
    """No answer has a part of a key, of the path's token or of the post in it, headers included."""

    async def every() -> list[str]:
        post, said = application(), []
        for path in ("minimax", "kie", "runware", f"runware?token={KEY}", "nobody"):
            for body in (KNOWN, FLAT_KIE, {"taskUUID": "u-1"}, b"sk-CANARY", {"x": "sk-CANARY"}):
                answer = await post(path, body, headers=signature("task-1", STAMP))
                said.append(f"{answer.headers}{answer.text}")
        return said

    assert not [text for text in run(every()) if "CANARY" in text or PATH in text or "evil" in text]
