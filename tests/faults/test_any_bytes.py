"""Tests with arbitrary bytes as one reply at any step: the run is paid once, and continues or gives a reason."""

from __future__ import annotations

import json
from collections import deque
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from clock import EPOCH, VirtualLoop, Wire, runtime
from conftest import KEY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.run import Status
from hailuo_widgets.engine.rate_limit import retry_after_s
from hailuo_widgets.errors import Unconfirmed
from hailuo_widgets.provider.interface import HttpReply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    from hailuo_widgets.workspace.run import Run

WORDS = ["task_id", "status", "base_resp", "status_code", "status_msg", "code", "message", "error", "errors", "data"]
WORDS += [
    "file",
    "file_id",
    "download_url",
    "backup_download_url",
    "video_url",
    "state",
    "task",
    "metadata",
    "url",
    "id",
]
ODD_TEXTS = [
    "Fri, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 01 Jan 0000 00:00:00 GMT",
    "9" * 400,
    "-1",
    "NaN",
    "1e400",
    "１２",
    "https://xn--a/",
    "https://xn--/x.mp4",
    "https://ex\u00e4mple.\u2003/x",
    "https://a..b/x.mp4",
    "https://" + "a" * 300 + ".example/x.mp4",
    "http://[::1%25eth0]/x",
    "https://a:0/x",
    "https://999.999.999.999/x.mp4",
    "%",
    "\x85\xa0",
    '"\u00e9"',
    "bytes 99999999999999999999-0/1",
    "Success",
    "Fail",
    "processing",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(ODD_TEXTS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=10,
)
BODIES = (
    st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=5).map(lambda v: json.dumps(v).encode())
    | VALUES.map(lambda v: json.dumps(v).encode())
    | st.binary(max_size=20)
    | st.just(b"[" * 5000)
)
NAMES = ["retry-after", "trace-id", "content-type", "content-length", "content-range", "etag", "last-modified", "date"]
HEADERS = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(ODD_TEXTS) | st.text(st.characters(max_codepoint=255), max_size=12)
)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 303, 400, 401, 402, 403, 404, 410, 429, 460, 499, 500, 503, 999])
REPLIES = st.builds(HttpReply, status=STATUSES, headers=HEADERS, body=BODIES)


class OddWire(Wire):
    """A wire whose first answers, step by step, are as scripted; the download's too."""

    odd_file: HttpReply | None = None

    @asynccontextmanager
    async def stream(self, url: str, headers: Mapping[str, str], *, local: bool) -> AsyncIterator[Any]:
        """The scripted answer once, then the clip."""
        odd, self.odd_file = self.odd_file, None
        if odd is None:
            async with super().stream(url, headers, local=local) as found:
                yield found
            return

        async def aiter_() -> AsyncIterator[bytes]:
            yield odd.body

        yield SimpleNamespace(status=odd.status, headers=odd.headers, aiter=aiter_)


class Bench:
    """Makes sessions on one virtual clock."""

    def __init__(self, loop: VirtualLoop, clip: bytes, home: Path) -> None:
        self.loop, self.clip, self.home = loop, clip, home
        self.made = 0

    def run(
        self, phase: str, *odd: HttpReply, broken: Callable[[Session], None] | None = None, **more: Any
    ) -> tuple[Run, OddWire]:
        """One run whose answers of a phase begin with these, carried to where it is left; and its wire."""
        wire = OddWire(self.loop, self.clip)
        if phase == "download":
            wire.odd_file = odd[0]
        else:
            wire.scripts[phase] = deque(odd)
        self.made += 1
        session = Session(
            mode="live",
            provider="minimax",
            notice=lambda _: None,
            home=self.home / str(self.made),
            store="sqlite://",
            runtime=runtime(self.loop, lambda: wire),
            **{"timeout": 1800.0, **more},
        )
        session.engine.runs.run_loop._loop = self.loop
        if broken is not None:
            broken(session)
        run = session.generate("a fox", model="02")
        self.loop.run_until_complete(session.settled([run.id]))
        wire.made_by = session  # type: ignore[attr-defined]  # kept until the caller has looked
        return run, wire


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: bytes) -> Iterator[Bench]:
    """A bench; its loop is closed at the end."""
    loop = VirtualLoop()
    monkeypatch.setenv("MINIMAX_API_KEY", KEY)
    yield Bench(loop, clip, tmp_path)
    loop.close()


def look(run: Run, wire: OddWire) -> None:
    """What holds of any run, and is let go of."""
    try:
        said = str(run.error)
        assert "hailuo-widgets itself" not in said
        assert Status(run.status).ended or (run.error is not None)
        refused = run.status == "failed" and not wire.creates
        assert len(wire.creates) <= 1
        assert len(wire.at("create")) <= 2 or refused
    finally:
        wire.made_by.close()  # type: ignore[attr-defined]


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(phase=st.sampled_from(["create", "query", "retrieve", "download"]), odd=REPLIES)
def test_any_answer_at_any_step(bench: Bench, phase: str, odd: HttpReply) -> None:
    """No answer ends in an error of our own, strands the run, or makes it paid twice."""
    look(*bench.run(phase, odd))


DATES = [
    "Fri, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 01 Jan 2000 00:00:00 +99999999999999",
    "Sat, 01 Jan 2000 99999999999999999999:00:00 GMT",
    "Sat, 99999999999999999999 Jan 2000 00:00:00 GMT",
]


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("phase", ["create", "query", "retrieve"])
def test_a_pause_that_no_clock_holds(bench: Bench, phase: str, date: str) -> None:
    """A ``Retry-After`` that is no date anybody could wait for is none: the step is taken again, and the clip comes."""
    run, wire = bench.run(phase, HttpReply(status=429, headers={"retry-after": date}, body=b"{}"))
    assert (run.status, len(wire.creates)) == ("succeeded", 1), run.error
    look(run, wire)


@settings(max_examples=300, deadline=None)
@given(word=st.text(st.characters(max_codepoint=255), max_size=40) | st.sampled_from(DATES + ODD_TEXTS))
def test_retry_after_reads_any_text(word: str) -> None:
    """Seconds from 1 to 300, or nothing, whatever the header holds."""
    seconds = retry_after_s(word, now=EPOCH)
    assert seconds is None or 1 <= seconds <= 300


FUNCTIONS = {
    "encode_query": ("query", "succeeded"),
    "decode_query": ("query", "succeeded"),
    "encode_link": ("link", "succeeded"),
    "decode_link": ("link", "succeeded"),
    "encode_create": ("create", "failed"),
    "decode_create": ("create", "unconfirmed"),
}


def broken_once(session: Session, name: str, times: int, *instead: Any) -> None:
    """Let a provider's function fail as none should, or return what none should, so many times."""
    provider = session.engine.accounts.provider("minimax")
    real, left = getattr(provider, name), [times]

    def odd(*given_: Any, **more: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            if instead:
                return instead[0]
            raise OverflowError("odd")
        return real(*given_, **more)

    odd.__name__ = name
    setattr(provider, name, odd)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_step_that_fails_within_ends_the_step(bench: Bench, caplog: pytest.LogCaptureFixture, name: str) -> None:
    """A mistake in a step's code is logged and ends that step: the paid run is followed on to its clip."""
    times = 99 if name == "encode_create" else 2  # a plan writes the call out too
    run, wire = bench.run("create", broken=lambda session: broken_once(session, name, times))
    assert run.status == FUNCTIONS[name][1]
    assert len(wire.at("create")) == (0 if name == "encode_create" else 1)
    assert any(r.exc_info and r.exc_info[0] is OverflowError for r in caplog.records)
    assert name != "decode_create" or isinstance(run.error, Unconfirmed)
    wire.made_by.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("instead", [None, "queued", {"task_id": "7"}, 7], ids=repr)
@pytest.mark.parametrize("name", ["decode_query", "decode_link", "decode_create"])
def test_a_function_that_returns_something_else_ends_the_step(bench: Bench, name: str, instead: Any) -> None:
    """A provider's answer of another type is one that cannot be read, and the error names the provider's function."""
    run, wire = bench.run("create", broken=lambda session: broken_once(session, name, 2, instead))
    assert run.status == FUNCTIONS[name][1]
    assert len(wire.at("create")) == 1
    if name == "decode_create":
        assert isinstance(run.error, Unconfirmed)
        assert "decode_create of provider minimax returned" in str(run.error)
    wire.made_by.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["client_of", "durations", "change", "told"])
def test_an_engine_that_fails_within_strands_no_run(bench: Bench, name: str) -> None:
    """Nor does a mistake in the engine's own code: what is paid is followed on, what is not is said to be unsent."""
    tried: list[str] = []

    def broken(session: Session) -> None:
        engine = session.engine
        thing = {"client_of": engine.clients, "durations": session.log}.get(name, engine.recorder)
        real = getattr(thing, name)

        def odd(*given_: Any, **more: Any) -> Any:
            tried.append(name)
            if len(tried) == (1 if name in {"client_of", "durations"} else 3):
                raise OverflowError("odd")
            return real(*given_, **more)

        setattr(thing, name, odd)

    run, wire = bench.run("create", broken=broken)
    assert len(wire.creates) <= 1
    assert run.status == ("succeeded" if wire.creates else "failed")
    wire.made_by.close()  # type: ignore[attr-defined]


def test_a_poll_that_always_fails_within_ends_at_the_time_out(bench: Bench) -> None:
    """A mistake that does not pass leaves the run, paid and not lost, with what stands in its way."""
    run, wire = bench.run("create", broken=lambda session: broken_once(session, "encode_query", 10**6))
    assert (run.status, run.record.unfinished, len(wire.creates)) == ("queued", True, 1)
    assert "it is paid, and not lost" in str(run.error)
    assert "OverflowError" in str(run.error)
    wire.made_by.close()  # type: ignore[attr-defined]


def said(code: int, **more: Any) -> HttpReply:
    """An answer to a query."""
    body = {"base_resp": {"status_code": code, "status_msg": "task not found" if code else "success"}, **more}
    return HttpReply(status=200, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


BETWEEN = {
    "a state": said(0, status="Processing"),
    "an outage": HttpReply(status=503, headers={}, body=b"busy"),
    "a refused rate": HttpReply(status=429, headers={"retry-after": "1"}, body=b"{}"),
    "a page": HttpReply(status=200, headers={"content-type": "text/html"}, body=b"<p>sign in"),
}


@pytest.mark.parametrize("between", BETWEEN)
def test_a_task_is_unknown_only_in_a_row(bench: Bench, between: str) -> None:
    """Denied twice, and then something else, for half an hour: the task is asked for on, and brings its clip."""
    unknown = said(2013)
    run, wire = bench.run("query", *[unknown, unknown, BETWEEN[between]] * 15, poll_interval=40.0, timeout=90_000)
    assert (run.status, run.error) == ("succeeded", None)
    assert len(wire.at("query")) > 45
    look(run, wire)


def test_a_task_that_is_denied_in_a_row_is_lost(bench: Bench) -> None:
    """The same denials without anything between them: the promise above can fail."""
    run, wire = bench.run("query", *[said(2013)] * 30, poll_interval=40.0)
    assert run.status == "lost"
    look(run, wire)
