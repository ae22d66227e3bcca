"""Tests of deadlines: every phase of a request has one, so that slow bytes can't hold a run."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from conftest import quick
from fake_provider import Act, FakeProvider

from hailuo_widgets.archive import fetch
from hailuo_widgets.errors import DownloadError
from hailuo_widgets.transport.http import Http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from conftest import Begin

DRIP = Act(pace_s=0.05)  # a byte of the headers each time: they would take a quarter of a minute


SHORT = {"create_s": 0.4, "ask_s": 0.4}


short = partial(Http, headers_s=0.4)


@pytest.mark.parametrize(
    ("phase", "status"), [("create", "unconfirmed"), ("query", "succeeded"), ("retrieve", "succeeded")]
)
def test_headers_that_drip(begin: Begin, phase: str, status: str) -> None:
    """A call is given up at its deadline, whatever drips in; what is free is made again."""
    scene = begin(runtime=quick(http=short, **SHORT)).on(phase, DRIP)
    run = scene.run()
    assert (run.status, scene.charged) == (status, 1)
    assert len(scene.fake_provider.of(phase)) == (1 if phase == "create" else 2)


@pytest.mark.parametrize(
    "act",
    [DRIP, Act(raw=b"", end="hang"), Act(raw=b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n", end="hang")],
    ids=["drips", "says nothing", "stops in its headers"],
)
def test_a_download_that_never_begins(begin: Begin, clip: bytes, act: Act) -> None:
    """Two tries at the link, two at a fresh one, then the backup brings the clip."""
    scene = begin(fake_provider=FakeProvider(clip, backup=True), runtime=quick(http=short, **SHORT))
    scene.fake_provider.always("download", act)
    run = scene.run()
    assert (run.status, scene.charged) == ("succeeded", 1)
    tried = [len(scene.fake_provider.of(phase)) for phase in ("download", "retrieve", "backup")]
    assert tried == [4, 2, 1]


def test_a_redirect_that_leads_in_circles_slowly(begin: Begin, clip: bytes) -> None:
    """All hops of a link share one deadline."""
    scene = begin(fake_provider=FakeProvider(clip, backup=True), runtime=quick(http=short, **SHORT))
    scene.fake_provider.always("download", Act(status=302, headers={"location": "/clips/1.mp4"}, body=b"", wait_s=0.15))
    run = scene.run()
    assert run.status == "succeeded"
    assert len(scene.fake_provider.of("download")) <= 4 * 3


def test_a_body_that_stops(begin: Begin, clip: bytes) -> None:
    """A body that stands still is left after so long, and gone on with from where it stopped."""
    half = lambda answer: answer[: len(answer) // 2]  # noqa: E731 - one line
    scene = begin(runtime=quick(http=partial(short, stall_s=0.3), **SHORT)).on("download", Act(cut=half, end="hang"))
    run = scene.run()
    assert run.status == "succeeded"
    assert [call.headers.get("range") is not None for call in scene.fake_provider.of("download")] == [False, True]


class Reply:
    """An answer whose body is as a test says."""

    def __init__(self, status: int, headers: Mapping[str, str], pieces: AsyncIterator[bytes]) -> None:
        self.status, self.headers, self._pieces = status, headers, pieces

    def aiter(self) -> AsyncIterator[bytes]:
        """The body."""
        return self._pieces


async def _dripping() -> AsyncIterator[bytes]:
    while True:
        yield b"x"
        await asyncio.sleep(0.01)


def _opens(reply: Any) -> Any:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def opened(_offset: int, _validator: str | None) -> AsyncIterator[Any]:
        yield reply()

    def given(offset: int, validator: str | None) -> AbstractAsyncContextManager[Any]:
        return opened(offset, validator)

    return given


def test_a_refusal_whose_words_do_not_end(tmp_path: Path) -> None:
    """A refusal is known by its status: its words are not waited for."""
    from hailuo_widgets.archive import Archive

    opened = _opens(lambda: Reply(403, {}, _dripping()))
    with pytest.raises(DownloadError) as caught:
        asyncio.run(fetch(Archive(tmp_path), "r1", opened, reason_s=0.1))
    assert (caught.value.code, caught.value.dead_link) == ("HTTP 403", True)


def test_progress_is_no_stall(tmp_path: Path, clip: bytes) -> None:
    """A link whose tries each bring a good part is gone on with, as long as there are tries."""
    from hailuo_widgets.archive import Archive
    from hailuo_widgets.errors import TransportError

    asked: list[int] = []
    size, step = len(clip), len(clip) // 4

    def opened(offset: int, validator: str | None) -> Any:
        asked.append(offset)
        status = 206 if offset else 200
        headers = {"etag": '"1"', "content-length": str(size - offset)}
        if offset:
            headers["content-range"] = f"bytes {offset}-{size - 1}/{size}"

        async def pieces() -> AsyncIterator[bytes]:
            yield clip[offset : offset + step]
            if offset + step < size:
                error = TransportError("odd", sent=None)
                error.stalled = True
                raise error

        return _opens(lambda: Reply(status, headers, pieces()))(offset, validator)

    async def no_sleep(_: int) -> None:
        return

    archived = asyncio.run(fetch(Archive(tmp_path), "r1", opened, sleep=no_sleep, slowest_bytes=10))
    assert (archived.size, len(asked)) == (size, 5)
