"""Tests of whether a request was sent: this depends on where the call failed, not on the error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import idna
import pytest
from conftest import KEY, error_of
from fake_provider import Act, FakeProvider

from hailuo_widgets.domain.catalog import Auth
from hailuo_widgets.errors import HailuoError, ProviderError, TransportError, Unconfirmed
from hailuo_widgets.provider.interface import HttpCall, HttpReply
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.transport.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Begin, Scene

    from hailuo_widgets.domain.run import RunRecord

TYPES: list[type[Exception]] = [
    httpx.InvalidURL,
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ReadError,
    httpx.WriteTimeout,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
    httpx.TooManyRedirects,
    httpx.StreamError,
    idna.IDNAError,
    UnicodeDecodeError,
    TimeoutError,
    OverflowError,
    ConnectionRefusedError,
    KeyError,
    RuntimeError,
    RecursionError,
]


def made(kind: type[Exception]) -> Exception:
    """An exception of a type, whatever its constructor takes."""
    if kind is UnicodeDecodeError:
        return UnicodeDecodeError("ascii", b"\xff", 0, 1, "odd")
    return kind("odd")


def called(url: str, deadline_s: float = 5.0) -> HttpReply | TransportError:
    """The answer to one create, or what the call failed with."""

    async def through() -> HttpReply:
        http = Http()
        call = HttpCall(method="POST", path="/v1/video_generation", json={"prompt": "a fox"})
        try:
            auth = Auth(header="Authorization", prefix="Bearer ")
            return await http.call(url, call, auth=auth, key=Secret(KEY), fresh=True, deadline_s=deadline_s)
        finally:
            await http.close()

    try:
        return asyncio.run(through())
    except TransportError as e:
        return e


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("where", ["before", "after"])
def test_the_place_decides_and_not_the_type(
    clip: bytes, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], where: str
) -> None:
    """Any exception before the first byte means "not sent"; the same one after it means "may have arrived"."""
    real = httpx.AsyncHTTPTransport.handle_async_request

    async def odd(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if where == "after":
            await real(transport, request)
        raise made(kind)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", odd)
    with FakeProvider(clip) as fake_provider:
        error = called(fake_provider.url)
    assert isinstance(error, TransportError)
    assert len(fake_provider.charges) == (where == "after")
    assert error.sent is (None if where == "after" else False)
    assert ("nothing was sent" in str(error)) is (where == "before")


def test_a_deadline_that_is_over_before_the_first_byte(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that ends while the connection is still being made has sent nothing."""

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", never)
    error = called("http://127.0.0.1:9", deadline_s=0.05)
    assert isinstance(error, TransportError)
    assert error.sent is False


def test_an_answer_that_was_read_holds_whatever_its_end_meets(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that cannot be closed in peace costs no task id."""

    async def odd(_: httpx.Response) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(httpx.Response, "aclose", odd)
    with FakeProvider(clip) as fake_provider:
        reply = called(fake_provider.url)
    assert isinstance(reply, HttpReply)
    assert fake_provider.charges[0].task_id.encode() in reply.body


def test_an_answer_that_was_read_holds_however_long_its_end_takes(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose end outlasts the call's deadline costs no task id either."""
    real = httpx.Response.aclose

    async def slow(response: httpx.Response) -> None:
        await real(response)
        if "called" in marks:
            await asyncio.Event().wait()
        marks.append("called")  # the first close is the library's own, at the body's end

    marks: list[str] = []
    monkeypatch.setattr(httpx.Response, "aclose", slow)
    with FakeProvider(clip) as fake_provider:
        reply = called(fake_provider.url, deadline_s=0.5)
    assert isinstance(reply, HttpReply)
    assert len(marks) == 1
    assert fake_provider.charges[0].task_id.encode() in reply.body


ODD_HEADERS = {
    "Location without a scheme": {"location": "gw.example:443/login"},
    "Location of a mailbox": {"location": "mailto:x"},
    "Location without slashes": {"location": "https:login"},
    "Location of no address": {"location": "http://["},
    "Location with an odd port": {"location": "https://a:99999999999999/"},
    "Location with a name of no script": {"location": "https://xn--a/"},
    "Location with blanks": {"location": "https://a b/\tc"},
    "Location of another scheme": {"location": "javascript:alert(1)"},
    "Location of 30,000 characters": {"location": "https://a/" + "a" * 30_000},
    "no Location": {},
    "a cookie from year 10^20": {"location": "/x", "set-cookie": "a=b; expires=Fri, 01 Jan 99999999999999999999 00:00"},
}


@pytest.mark.parametrize("status", [200, 302, 308])
@pytest.mark.parametrize("odd", ODD_HEADERS)
def test_a_create_whose_answers_headers_are_odd(begin: Begin, odd: str, status: int) -> None:
    """However odd its headers are, an accepted create is charged once, and nobody says that nothing was sent."""
    headers: dict[str, str | None] = {**ODD_HEADERS[odd]}
    body = None if status == 200 else b""
    scene = begin().on("create", Act(status=status, headers=headers, body=body))
    run = scene.run()
    assert (scene.sent, scene.charged) == (1, 1)
    assert run.status == ("succeeded" if status == 200 else "unconfirmed"), run.error
    assert "nothing was sent" not in str(run.error)


def breaks(name: str) -> Callable[..., Any]:
    """A function of a provider that fails as no provider should."""

    def odd(*_: Any, **__: Any) -> Any:
        raise KeyError(name)

    return odd


@pytest.mark.parametrize(("function", "charged"), [("encode_create", 0), ("decode_create", 1)])
def test_a_provider_that_fails_within(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, function: str, charged: int
) -> None:
    """A mistake in a provider's code before the call is "not sent", after it "unconfirmed"; neither is sent again."""
    scene = begin()
    provider = scene.session.engine.accounts.provider("minimax")
    monkeypatch.setattr(type(provider), function, breaks(function))
    run = scene.run()
    assert (run.status, scene.sent, scene.charged) == ("unconfirmed" if charged else "failed", charged, charged)
    kind = Unconfirmed if charged else (ProviderError, TransportError)
    assert isinstance(error_of(run), kind)
    assert ("nothing was sent" in str(error_of(run))) is not bool(charged)


def _store_deleted(scene: Scene) -> None:
    for path in scene.session.settings.home.glob("runs.sqlite3*"):
        path.unlink()


def _network_gone(scene: Scene) -> None:
    scene.fake_provider.stop()


def _key_spoiled(scene: Scene) -> None:
    for fake_provider in scene.session.engine.clients._clients.values():
        fake_provider._key = Secret("sk with blanks")


@pytest.mark.parametrize(
    ("trouble", "told"), [(_store_deleted, "is gone"), (_network_gone, "cannot be reached"), (_key_spoiled, "blanks")]
)
def test_nobody_says_of_a_sent_run_that_nothing_was_sent(
    begin: Begin, trouble: Callable[[Scene], None], told: str
) -> None:
    """It was accepted and charged; what goes wrong after that is said without those words, wherever it is said."""
    scene = begin(timeout=0.5)
    run = scene.session.generate("a fox", model="02")
    said: list[str] = []

    def hear(record: RunRecord) -> None:
        if record.status == "queued" and "it was accepted" not in said:
            said.append("it was accepted")
            trouble(scene)
        said.append(str(record.error))

    run.subscribe(hear)
    with pytest.raises((HailuoError, TimeoutError)) as caught:
        run.wait(2.0)
    said.append(str(caught.value))
    assert scene.charged == 1
    assert [text for text in said if told in text]
    assert [text for text in said if "nothing was sent" in text.lower()] == []
