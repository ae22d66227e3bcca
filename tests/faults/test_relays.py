"""Tests of relays that serve a clip at their own route, which needs the key: it is sent only there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from conftest import KEY, quick

from hailuo_widgets.api.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "task_8f0c5f0e"
CONTENT = f"/v1/videos/{ID}/content"


class Relay:
    """A relay that speaks OpenAI's video shape, and the host that it keeps its clips at."""

    def __init__(self, clip: bytes) -> None:
        self.clip = clip
        self.done: dict[str, Any] = {}  # what stands beside "completed"
        self.elsewhere: str | None = None  # where the content route leads to
        self.seen: list[tuple[str, str, str | None]] = []  # host's name, path, key
        self.servers = [self._server("relay"), self._server("store")]

    def url(self, number: int = 0) -> str:
        """A server's origin."""
        return f"http://127.0.0.1:{self.servers[number].server_address[1]}"

    def _server(self, name: str) -> ThreadingHTTPServer:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                key = self.headers.get("authorization")
                relay.seen.append((name, self.path, key))
                status, headers, body = relay.answer(name, self.path, key, self.command)
                self.send_response(status)
                for header, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(header, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815 - the names that the library calls

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def answer(self, name: str, path: str, key: str | None, method: str) -> tuple[int, dict[str, str], bytes]:
        """What one of the servers says."""
        video = {"id": ID, "object": "video", "model": "MiniMax-Hailuo-02"}
        status, told = 200, {**video, "status": "queued", "progress": 0}
        if name != "store" and key != f"Bearer {KEY}":
            status, told = 401, {"error": {"message": "Invalid token", "type": "new_api_error"}}
        elif path.startswith("/minimax/v1/query/"):
            told = {**video, "status": "completed", "progress": 100, **self.done}
        elif method == "GET" and name == "relay" and self.elsewhere is not None:
            return 302, {"location": self.elsewhere}, b""
        elif method == "GET":
            return 200, {"content-type": "video/mp4"}, self.clip
        return status, {"content-type": "application/json"}, json.dumps(told).encode()


@pytest.fixture
def relay(clip: bytes) -> Iterator[Relay]:
    """A relay that runs."""
    made = Relay(clip)
    yield made
    for server in made.servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def session(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session that pays at it."""
    monkeypatch.setenv("KKIAI_BASE_URL", relay.url())
    monkeypatch.setenv("KKIAI_API_KEY", KEY)
    session = Session(
        mode="live",
        provider="kkiai",
        home=tmp_path / "home",
        poll_interval=0.05,
        notice=lambda _: None,
        runtime=quick(),
    )
    yield session
    session.close()


@pytest.mark.parametrize("way", ["no link", "a path", "a whole link"])
def test_the_key_goes_to_the_relays_own_route(relay: Relay, session: Session, way: str) -> None:
    """However the link is told: a relay's own content is fetched with the key."""
    links = {"no link": {}, "a path": {"metadata": {"url": CONTENT}}, "a whole link": {"url": relay.url() + CONTENT}}
    relay.done = links[way]
    run = session.generate("a fox", model="02").wait(30)
    assert (run.status, run.task_id) == ("succeeded", ID)
    assert ("relay", CONTENT, f"Bearer {KEY}") in relay.seen
    assert {name for name, _, _ in relay.seen} == {"relay"}


def test_the_key_is_not_taken_along(relay: Relay, session: Session) -> None:
    """A redirect to another host, or to another port, goes without the key."""
    relay.elsewhere = f"{relay.url(1)}/clips/fox.mp4?signature=7"
    run = session.generate("a fox", model="02").wait(30)
    assert run.status == "succeeded"
    assert [key for name, _, key in relay.seen if name == "store"] == [None]


def test_a_link_to_another_host_gets_no_key(relay: Relay, session: Session) -> None:
    """Whatever the relay says: the key is for its own address."""
    relay.done = {"metadata": {"url": f"{relay.url(1)}{CONTENT}"}}
    run = session.generate("a fox", model="02").wait(30)
    assert run.status == "succeeded"
    assert [key for name, _, key in relay.seen if name == "store"] == [None]


def test_a_link_that_was_not_used_is_in_the_log(relay: Relay, session: Session) -> None:
    """The relay names another task's route: our own is fetched, and the log says why, although the run succeeds."""
    relay.done = {"url": "/v1/videos/task_of_another/content"}
    run = session.generate("a fox", model="02").wait(30)
    assert ("relay", CONTENT, f"Bearer {KEY}") in relay.seen
    assert not [path for _, path, _ in relay.seen if "another" in path]
    (finished,) = [e for e in session.log.call(session.log.events, run.id) if e["what"] == "provider_finished"]
    assert "is not used" in finished["data"]["warning"]
