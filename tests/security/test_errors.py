"""Tests that no error contains a key: no traceback, no local variable, no log line."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import ssl
import subprocess
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from IPython.core.ultratb import FormattedTB

from hailuo_widgets.domain.catalog import Auth
from hailuo_widgets.errors import HailuoError, TransportError
from hailuo_widgets.provider.interface import HttpCall
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.transport.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Begin, OpenHost

CANARY = "sk-CANARY-security"
AUTHS = [Auth(header="Authorization", prefix="Bearer "), Auth(header="Ocp-Apim-Subscription-Key", prefix="")]


def call(origin: str, key: Secret, auth: Auth, seconds: float, task: type[asyncio.Task[None]]) -> BaseException:
    """Make a call that fails, with a key, in a task of one kind; what it failed with."""

    async def made() -> None:
        http = Http()
        try:
            await http.call(
                origin,
                HttpCall(method="POST", path="/v1/x", json={"prompt": "a fox"}),
                auth=auth,
                key=key,
                fresh=True,
                deadline_s=seconds,
            )
        finally:
            await http.close()

    try:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            loop.set_task_factory(lambda loop, work, **given: task(work, loop=loop, **given))
            runner.run(made())
    except HailuoError as e:
        return e
    raise AssertionError("the call succeeded")


def renderings(error: BaseException) -> dict[str, str]:
    """An error as Python, IPython's three modes and a collector of locals show it."""
    shown = {
        mode: FormattedTB(mode=mode, include_vars=mode == "Verbose").text(type(error), error, error.__traceback__)
        for mode in ("Plain", "Context", "Verbose")
    }
    shown["python"] = "".join(traceback.format_exception(error))
    shown["locals"] = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    shown["itself"] = f"{error!r} {error} {vars(error)} {error.args}"
    return shown


def chain(error: BaseException | None) -> list[BaseException]:
    """An error and all that it came of."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


@pytest.fixture
def origin(open_host: OpenHost, tmp_path: Path) -> Callable[[str], tuple[str, Secret, float]]:
    """A provider that fails in one way: its origin, the key to send, and the seconds that it is given."""

    def made(way: str) -> tuple[str, Secret, float]:
        if way == "refused":
            with socket.create_server(("127.0.0.1", 0)) as gone:
                return f"http://127.0.0.1:{gone.getsockname()[1]}", Secret(CANARY), 5
        if way == "no name":
            return "https://no-such-host.invalid", Secret(CANARY), 5
        if way == "bad TLS":
            return open_host(context=_certificate(tmp_path)).url, Secret(CANARY), 5
        if way == "bad key":
            return open_host().url, Secret(f"{CANARY}\n{CANARY}"), 5
        if way == "not ASCII":
            return open_host().url, Secret(f"{CANARY}é"), 5
        answers: dict[str, dict[str, Any]] = {
            "closed": {"silent": True},
            "timeout": {"status": 0},
            "too large": {"body": b"x" * (5 * 1024 * 1024)},
            "odd length": {"headers": {"Content-Length": "x"}},
            "odd encoding": {"headers": {"Content-Encoding": "gzip"}, "body": CANARY.encode()},
        }
        return open_host(**answers[way]).url, Secret(CANARY), 0.3 if way == "timeout" else 5

    return made


def _certificate(folder: Path) -> ssl.SSLContext:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate that nobody trusts, and it is not on this machine")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    pair = (folder / "certificate.pem", folder / "private.pem")
    subprocess.run([*made, "-out", str(pair[0]), "-keyout", str(pair[1])], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


WAYS = (
    "refused",
    "no name",
    "bad TLS",
    "bad key",
    "not ASCII",
    "closed",
    "timeout",
    "too large",
    "odd length",
    "odd encoding",
)


@pytest.mark.parametrize("task", [asyncio.tasks._CTask, asyncio.tasks._PyTask], ids=["C", "Python"])
@pytest.mark.parametrize("auth", AUTHS, ids=lambda auth: auth.header)
@pytest.mark.parametrize("way", WAYS)
def test_a_failed_call(
    origin: Callable[[str], tuple[str, Secret, float]],
    way: str,
    auth: Auth,
    task: type[asyncio.Task[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its error is ours alone, and neither it, five kinds of traceback, nor the log at DEBUG has the key."""
    caplog.set_level(logging.DEBUG)
    where, key, seconds = origin(way)
    error = call(where, key, auth, seconds, task)
    assert isinstance(error, TransportError)
    assert chain(error) == [error]
    assert [name for name, text in renderings(error).items() if CANARY in text] == []
    assert CANARY not in caplog.text
    assert ("nothing was sent" in str(error)) == (error.sent is False)


def test_the_renderings_would_show_it() -> None:
    """A key in a local variable is in the two renderings with locals: the tests above can fail."""

    def careless() -> None:
        headers = {"Authorization": f"Bearer {CANARY}"}
        raise RuntimeError(len(headers))

    try:
        careless()
    except RuntimeError as e:
        shown = renderings(e)
    assert CANARY in shown["Verbose"]
    assert CANARY in shown["locals"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "code", "phase": "create", "provider": "minimax", "code": 1008},
        {"kind": "drop_after", "phase": "create"},
        {"kind": "redirect", "phase": "create", "message": "http://127.0.0.1:9/"},
        {"kind": "fail", "phase": "create"},
        {"kind": "http", "phase": "create", "status": 401},
        {"kind": "malformed", "phase": "query", "times": 2},
        {"kind": "truncate", "phase": "download", "times": 1},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault['phase']}",
)
def test_a_whole_run(begin: Begin, fault: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """A run that meets a fault, from its cell to its end, leaves the key in no error and no line of the log."""
    caplog.set_level(logging.DEBUG)
    session, _ = begin(fault)
    run = session.generate("a fox")
    error: HailuoError | None = None
    try:
        run.wait(timeout=60)
    except HailuoError as e:
        error = e
    assert (error is None) == (fault["phase"] != "create")
    assert not [link for link in chain(error) if type(link).__module__.startswith(("httpx", "httpcore", "h11"))]
    shown = renderings(error) if error else {}
    assert [name for name, text in shown.items() if CANARY in text] == []
    assert CANARY not in caplog.text
    assert "Signature=" not in caplog.text


def test_signed_links_in_the_log(open_host: OpenHost, caplog: pytest.LogCaptureFixture) -> None:
    """Httpx's lines about our downloads have no query, of a redirect neither; those about others' calls are whole."""
    caplog.set_level(logging.DEBUG)
    clip = open_host(body=b"clip")
    hop = open_host(status=302, headers={"Location": f"{clip.url}/b.mp4?sig=CANARY-2"})
    near = open_host(status=302, headers={"Location": "/c.mp4?sig=CANARY-3"})

    async def fetched(url: str) -> None:
        http = Http()
        try:
            async with http.stream(url, {}, local=True) as stream:
                assert [chunk async for chunk in stream.aiter()] == [b"clip"]
        finally:
            await http.close()

    asyncio.run(fetched(f"{hop.url}/a.mp4?sig=CANARY-1"))
    with pytest.raises(HailuoError, match="redirected more than"):
        asyncio.run(fetched(f"{near.url}/a.mp4?sig=CANARY-1"))
    assert f"GET {hop.url}/a.mp4?…" in caplog.text
    assert "CANARY" not in caplog.text
    assert "sig=CANARY-2" in clip.seen[0]
    httpx.get(f"{clip.url}/?mine=1", trust_env=False)
    assert "?mine=1" in caplog.text
