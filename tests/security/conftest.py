"""Fixtures of the security tests: hosts that record what they receive, and sessions with a key."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CANARY = "sk-CANARY-security"


@dataclass(kw_only=True)
class Host:
    """One origin. ``seen`` holds each request as text: its line, its headers, its body."""

    url: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    silent: bool = False
    seen: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class OpenHost(Protocol):
    """Starts a host."""

    def __call__(self, *, context: ssl.SSLContext | None = None, **answer: Any) -> Host:
        """With TLS where there is a context; ``silent`` closes without an answer, ``status=0`` never answers."""


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            host.seen.append(f"{self.requestline}\n{self.headers}\n{body.decode('utf-8', 'replace')}")
            if host.status == 0:
                host.over.wait(30)
            if host.silent or host.status == 0:
                self.close_connection = True
                return
            self.send_response(host.status)
            for name, value in host.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(host.body)))
            self.end_headers()
            self.wfile.write(host.body)

        do_POST = do_PUT = do_GET  # noqa: N815 - the standard library's names

    return Handler


@pytest.fixture
def open_host() -> Iterator[OpenHost]:
    """A factory; its hosts are closed at the test's end."""
    with ExitStack() as stack:

        def opened(*, context: ssl.SSLContext | None = None, **answer: Any) -> Host:
            host = Host(**answer)
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
            server.daemon_threads = True
            if context is not None:
                server.socket = context.wrap_socket(server.socket, server_side=True)
            host.url = f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            stack.callback(host.over.set)
            return host

        yield opened


class Begin(Protocol):
    """Starts a provider with faults, and a session that pays there with the canary."""

    def __call__(self, *faults: dict[str, Any], keys: tuple[str, ...] | None = None) -> tuple[Session, Simulator]:
        """The two of them; ``keys`` are those that the provider accepts."""


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """A factory; everything it made is stopped at the test's end."""
    with ExitStack() as stack:

        def made(*faults: dict[str, Any], keys: tuple[str, ...] | None = None) -> tuple[Session, Simulator]:
            home = tmp_path / "provider"
            fake_provider = stack.enter_context(Simulator(home, faults=faults, keys=keys, latency=0.2, draft=True))
            monkeypatch.setenv("MINIMAX_BASE_URL", fake_provider.url)
            monkeypatch.setenv("MINIMAX_API_KEY", CANARY)
            session = Session(home=tmp_path / "home", mode="live", poll_interval=0.1, notice=lambda _: None)
            stack.callback(session.close)
            return session, fake_provider

        yield made
