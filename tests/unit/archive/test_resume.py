"""Downloads that were stopped, and go on: only with bytes that are surely of the same clip."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.archive import Archive, Archived, fetch
from hailuo_widgets.archive import partial_download as part
from hailuo_widgets.errors import DownloadError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

LOST = TransportError("The connection broke.")


def get(archive: Archive, server: Any, run_id: str = "r", **options: Any) -> Archived:
    """Run one download to its end; its pauses take no time."""
    return asyncio.run(fetch(archive, run_id, server.open, sleep=server.sleep, **options))


def names(archive: Archive) -> list[str]:
    """What is in the folder."""
    return sorted(path.name for path in archive.root.iterdir())


def begin(archive: Archive, data: bytes, total: int, etag: str = '"one"') -> None:
    """Leave a part of run ``r`` behind."""
    with archive.part("r") as begun:
        begun.remember(etag, total)
        begun.write(data)


def test_range_ignored(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A 200 to a Range request begins from zero; nothing is appended."""
    begin(archive, clip[:3000], len(clip))
    server = serve(clip)
    server = serve(clip, [server.correct()])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(3000, '"one"')]


def test_content_changed(archive: Archive, serve: Callable[..., Any], clip: bytes, other_clip: bytes) -> None:
    """If the server now has another clip, none of the old bytes get into it, even if it answers 206."""
    begin(archive, clip[:3000], len(clip))
    server = serve(other_clip, etag='"two"')
    assert get(archive, server).path.read_bytes() == other_clip
    begin(archive, clip[:3000], len(clip))
    wrong = server.correct(3000, '"two"')
    server = serve(other_clip, [wrong], etag='"two"')
    assert get(archive, server).path.read_bytes() == other_clip
    assert server.asked == [(3000, '"one"'), (0, None)]


@pytest.mark.parametrize("mark", ['"two"', None])
def test_validator_in_a_partial_answer(
    archive: Archive, serve: Callable[..., Any], clip: bytes, mark: str | None
) -> None:
    """A 206 with another ETag is not appended, though its place and size are right; one without any is."""
    begin(archive, clip[:3000], len(clip))
    rest = serve(clip).correct(3000, '"one"')
    rest.headers = {key: value for key, value in rest.headers.items() if key != "etag"} | (
        {"etag": mark} if mark else {}
    )
    server = serve(clip, [rest])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(3000, '"one"')] + [(0, None)] * bool(mark)


@pytest.mark.parametrize(
    ("etag", "date", "then"),
    [('W/"one"', None, (0, None)), ('W/"one"', "a date", (5000, "a date")), (None, None, (0, None))],
)
def test_what_can_be_gone_on_with(
    archive: Archive,
    serve: Callable[..., Any],
    clip: bytes,
    *,
    etag: str | None,
    date: str | None,
    then: tuple[int, str | None],
) -> None:
    """A weak ETag names no exact bytes: the rest is asked for by the date, or else all of it again."""
    server = serve(clip, [serve(clip).cut(5000, LOST, etag=etag, last_modified=date)])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked[1] == then


@pytest.mark.parametrize("said", ["bytes 2999-{end}/{size}", "bytes 3000-{end}/*", "bytes 3000-{end}/7", "", "items 1"])
def test_wrong_content_range(archive: Archive, serve: Callable[..., Any], clip: bytes, said: str) -> None:
    """A 206 that is not exactly the rest of the same whole is not appended."""
    begin(archive, clip[:3000], len(clip))
    wrong = serve(clip).correct(3000, '"one"')
    wrong.headers["content-range"] = said.format(end=len(clip) - 1, size=len(clip))
    server = serve(clip, [wrong])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(3000, '"one"'), (0, None)]


def test_not_satisfiable(archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], clip: bytes) -> None:
    """A 416 means either that all bytes are here, or that they are of something else."""
    begin(archive, clip, len(clip) + 10)
    server = serve(clip)
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(len(clip), '"one"')]
    begin(archive, clip[:3000], len(clip))
    server = serve(clip, [reply(status=416, headers={"content-range": "bytes */2000"})])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(3000, '"one"'), (0, None)]


def test_all_bytes_were_here(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A clip whose bytes all came before we were stopped is published without asking anybody."""
    begin(archive, clip, len(clip))
    server = serve(clip)
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == []


def test_damaged_bytes_were_here(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """If those bytes are no whole clip, they are fetched again."""
    begin(archive, clip[:40] + bytes(4) + clip[44:], len(clip))
    server = serve(clip)
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(0, None)]


def test_resumed_but_wrong_is_fetched_whole(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """If the bytes from before turn out wrong, the clip is fetched once more from zero."""
    begin(archive, clip[:32] + b"\0" * 40 + clip[72:3000], len(clip))
    server = serve(clip)
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(3000, '"one"'), (0, None)]


def test_fresh_link_goes_on(
    archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], clip: bytes
) -> None:
    """When the link dies half-way, the part stays, and a second call with a fresh link asks only for the rest."""
    server = serve(clip, [serve(clip).cut(5000, LOST), reply(b"", 403)])
    with pytest.raises(DownloadError) as caught:
        get(archive, server)
    assert caught.value.dead_link
    fresh = serve(clip)
    assert get(archive, fresh).path.read_bytes() == clip
    assert fresh.asked == [(5000, '"one"')]
    assert names(archive) == ["r.mp4"]


def test_cancel_keeps_the_part(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A cancelled download stops at once, and what is on the disk is not asked for again."""

    async def scene() -> None:
        arrived, server = asyncio.Event(), serve(clip)
        first = server.cut(5000, LOST)

        async def hang(_: int) -> None:
            arrived.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(fetch(archive, "r", serve(clip, [first]).open, sleep=hang))
        await asyncio.wait_for(arrived.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not part._OPEN
        kept = await fetch(archive, "r", server.open, sleep=server.sleep)
        assert kept.path.read_bytes() == clip
        assert server.asked == [(5000, '"one"')]

    asyncio.run(scene())


@pytest.mark.parametrize("moment", ["part", "write", "publish"])
def test_cancel_during_disk_work(
    archive: Archive, serve: Callable[..., Any], clip: bytes, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """A cancel, even two, during disk work waits for it: no file is left open, and the next call finishes."""
    inside, go = threading.Event(), threading.Event()
    owner = part.Part if moment == "write" else Archive
    real = getattr(owner, moment)

    def slow(*args: Any, **options: Any) -> Any:
        inside.set()
        assert go.wait(10)
        return real(*args, **options)

    async def scene() -> None:
        server = serve(clip)
        monkeypatch.setattr(owner, moment, slow)
        task = asyncio.create_task(fetch(archive, "r", server.open, sleep=server.sleep))
        assert await asyncio.to_thread(inside.wait, 10)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        monkeypatch.setattr(owner, moment, real)
        assert not part._OPEN
        kept = archive.adopt("r") or await fetch(archive, "r", server.open, sleep=server.sleep)
        assert kept.path.read_bytes() == clip

    asyncio.run(scene())
    assert names(archive) == ["r.mp4"]
