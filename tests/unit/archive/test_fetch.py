"""Downloads that go wrong in every way we know: never a half clip, never a lost one, never a byte asked for twice."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.archive import Archive, Archived, fetch
from hailuo_widgets.errors import DownloadError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOST = TransportError("The connection broke.")


def get(archive: Archive, server: Any, run_id: str = "r", **options: Any) -> Archived:
    """Run one download to its end; its pauses take no time."""
    return asyncio.run(fetch(archive, run_id, server.open, sleep=server.sleep, **options))


def names(archive: Archive) -> list[str]:
    """What is in the folder."""
    return sorted(path.name for path in archive.root.iterdir())


def test_good_download(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A good response is one request and a kept clip."""
    server = serve(clip)
    kept = get(archive, server)
    assert kept.path.read_bytes() == clip
    assert server.asked == [(0, None)]
    assert names(archive) == ["r.mp4"]


def test_short_body_is_gone_on_with(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """After a broken body only the rest is asked for, with the validator."""
    server = serve(clip)
    server = serve(clip, [LOST, server.cut(9000), LOST, ConnectionResetError(104, "reset")])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(0, None), (0, None), (9000, '"one"'), (9000, '"one"'), (9000, '"one"')]
    assert names(archive) == ["r.mp4"]


def test_partial_answers_are_appended(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A body that breaks, and then is continued by a 206 that breaks, is finished from there."""
    server = serve(clip)
    second = server.correct(5000, '"one"')
    second.body, second.error = second.body[:1000], LOST
    server = serve(clip, [server.cut(5000, LOST), second])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(0, None), (5000, '"one"'), (6000, '"one"')]
    assert server.slept == [1, 2]


@pytest.mark.parametrize("cut", [100, 9000, -1])
def test_cut_without_a_length(archive: Archive, serve: Callable[..., Any], clip: bytes, cut: int) -> None:
    """A body cut without an announced length (HTTP/1.0) is seen by its boxes and fetched again from zero."""
    server = serve(clip)
    server = serve(clip, [server.cut(cut, content_length=None)])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(0, None), (0, None)]


def test_cut_between_fragments(archive: Archive, serve: Callable[..., Any], clips: dict[str, Path]) -> None:
    """A fragmented clip cut between two fragments, without a length, is not believed at once."""
    whole = clips["fragmented"].read_bytes()
    cut = whole.index(b"moof", whole.index(b"moof") + 4) - 4
    server = serve(whole)
    server = serve(whole, [server.cut(cut, content_length=None)])
    assert get(archive, server).path.read_bytes() == whole
    unsealed = whole[: whole.index(b"mfra") - 4]
    server = serve(unsealed)
    server = serve(unsealed, [server.cut(len(unsealed), content_length=None)] * 2)
    assert get(archive, server, "s").path.read_bytes() == unsealed
    assert len(server.asked) == 2


def test_short_for_good(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A server that always stops early is tried five times in all; the error says what came."""
    server = serve(clip)
    server = serve(clip, [server.cut(50, etag=None)] * 9)
    with pytest.raises(DownloadError, match=f"50 of {len(clip)} bytes") as caught:
        get(archive, server)
    assert not caught.value.dead_link
    assert len(server.asked) == 5
    assert server.slept == [1, 2, 3, 4]
    assert all(offset == 0 for offset, _ in server.asked)
    assert names(archive) == []


def test_longer_than_announced(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A body longer than its announced length is taken if its boxes are whole, and not otherwise."""
    server = serve(clip)
    server = serve(clip, [server.cut(len(clip), content_length="100")])
    assert get(archive, server).path.read_bytes() == clip
    more = clip + b"\0\0\0\x63mdat"  # a box that was cut
    longer = serve(more, [serve(more).cut(len(more), content_length=str(len(clip)))] * 5)
    with pytest.raises(DownloadError, match="not a whole MP4"):
        get(archive, longer, "s")
    assert names(archive) == ["r.mp4"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_dead_link(archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], status: int) -> None:
    """An expired link is told at once as dead, with the store's own words and none of its signed text."""
    body = (
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired.</Message>"
        b"<StringToSign>SECRET</StringToSign></Error>"
    )
    server = serve(b"", [reply(body, status)])
    with pytest.raises(DownloadError) as caught:
        get(archive, server)
    assert caught.value.dead_link
    assert caught.value.code == f"HTTP {status}"
    assert caught.value.provider_message == "AccessDenied: Request has expired."
    assert "SECRET" not in str(caught.value)
    assert server.slept == []
    assert names(archive) == []


@pytest.mark.parametrize(
    ("body", "dead", "word"),
    [
        (b"\xef\xbb\xbf <?xml version='1.0'?><Error><Code>Expired</Code></Error>", True, "XML"),
        (b'{"code": 404, "message": "file expired"}', True, "JSON"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", False, "HTML"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", False, "playlist"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), False, "PNG"),
        (gzip.compress(b"x" * 100, mtime=0), False, "compressed"),
        (b"\x1a\x45\xdf\xa3" + bytes(50), False, "WebM"),
        (bytes(5000), False, "no MP4"),
        (b"abc", False, "no MP4"),
    ],
)
def test_foreign_body(
    archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], *, body: bytes, dead: bool, word: str
) -> None:
    """What is no MP4 is refused at its first bytes, whatever the headers say; an error document is a dead link."""
    server = serve(b"", [reply(body, 200, {"content-type": "video/mp4"})])
    with pytest.raises(DownloadError, match=word) as caught:
        get(archive, server)
    assert caught.value.dead_link is dead
    assert server.slept == []
    assert names(archive) == []


def test_first_bytes_one_by_one(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """The first bytes are judged when enough of them are here, however small the pieces are."""
    server = serve(clip)
    slow = server.correct()
    slow.piece = 1
    slow.body = clip[:600]
    server = serve(clip, [slow])
    assert get(archive, server).path.read_bytes() == clip
    assert server.asked == [(0, None), (600, '"one"')]


def test_empty_body(archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], clip: bytes) -> None:
    """Nothing at all is tried again, and in the end told."""
    server = serve(clip, [reply(headers={"content-length": "0"})])
    assert get(archive, server).path.read_bytes() == clip
    with pytest.raises(DownloadError, match="empty"):
        get(archive, serve(clip, [reply()] * 5), "s")
    assert names(archive) == ["r.mp4"]


def test_too_large(tmp_path: Path, serve: Callable[..., Any], reply: Callable[..., Any], clip: bytes) -> None:
    """Too large a clip is refused by its announced length, and without one while it comes."""
    archive = Archive(tmp_path, max_bytes=4000)
    body = reply(clip, headers={"content-length": str(20 << 30)})
    for answer in (body, reply(clip)):
        with pytest.raises(DownloadError, match="at most 4000"):
            get(archive, serve(clip, [answer]))
    assert names(archive) == []


def test_coded_body(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A Content-Encoding other than gzip, which is unpacked, is refused; identity is none."""
    server = serve(clip)
    with pytest.raises(DownloadError, match="br"):
        get(archive, serve(clip, [server.cut(len(clip), content_encoding="br")]))
    assert get(archive, serve(clip, [server.cut(len(clip), content_encoding="identity")])).size == len(clip)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_passing_refusals(
    archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], clip: bytes, status: int
) -> None:
    """A busy or broken server is tried again, and is not a dead link even if its body is XML."""
    busy = reply(b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>", status)
    assert get(archive, serve(clip, [busy])).path.read_bytes() == clip
    with pytest.raises(DownloadError, match=f"HTTP {status}") as caught:
        get(archive, serve(clip, [busy] * 5), "s")
    assert not caught.value.dead_link
    assert caught.value.code == f"HTTP {status}"


@pytest.mark.parametrize(("status", "body", "dead"), [(400, b"<Error><Code>X</Code></Error>", True), (302, b"", False)])
def test_other_statuses(
    archive: Archive, serve: Callable[..., Any], reply: Callable[..., Any], *, status: int, body: bytes, dead: bool
) -> None:
    """Any other status is refused at once; a store's error document makes it a dead link."""
    server = serve(b"", [reply(body, status)])
    with pytest.raises(DownloadError) as caught:
        get(archive, server)
    assert caught.value.dead_link is dead
    assert server.slept == []


def test_refusal_of_the_engine_passes(archive: Archive, serve: Callable[..., Any], clip: bytes) -> None:
    """A DownloadError of whoever opens the stream (a forbidden address) is not tried again."""
    server = serve(clip, [DownloadError("The link leads to a private address.")])
    with pytest.raises(DownloadError, match="private address"):
        get(archive, server)
    assert server.slept == []


def test_full_disk(archive: Archive, serve: Callable[..., Any], clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk ends the download at once, with the cure and without a part; then it works again."""
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        if len(data) > 1000:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    server = serve(clip)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(DownloadError, match="The disk is full"):
            get(archive, server)
    assert server.slept == []
    assert names(archive) == []
    assert get(archive, server).path.read_bytes() == clip


def test_every_cut_is_mended(archive: Archive, serve: Callable[..., Any], clips: dict[str, Path]) -> None:
    """Whatever byte the connection breaks at, with or without a length, the clip that is kept is the whole one."""
    for layout, path in clips.items():
        data = path.read_bytes()
        server = serve(data)
        for at in range(0, len(data), len(data) // 12):
            for length in (str(len(data)), None):
                name = f"{layout}-{at}-{length is None}"
                answers = [server.cut(at, content_length=length, etag=None), server.cut(at, LOST)]
                assert get(archive, serve(data, answers), name).path.read_bytes() == data
    assert not [name for name in names(archive) if not name.endswith(".mp4")]


def test_disk_work_is_off_the_loop(
    archive: Archive, serve: Callable[..., Any], clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five megabytes are written and synced outside the loop's thread, in batches of 256 kB or more."""
    data = clip + (5_000_000).to_bytes(4) + b"free" + bytes(5_000_000 - 8)
    server, threads, sizes = serve(data), set(), []
    full = server.correct()
    full.piece = 20_000
    write, sync = os.write, os.fsync

    def watched_write(descriptor: int, piece: bytes) -> int:
        threads.add(threading.get_ident())
        sizes.append(len(piece))
        return write(descriptor, piece)

    def watched_sync(descriptor: int) -> None:
        threads.add(threading.get_ident())
        sync(descriptor)

    async def scene() -> int:
        await fetch(archive, "r", serve(data, [full]).open, sleep=server.sleep)
        return threading.get_ident()

    with monkeypatch.context() as patch:  # asyncio's own wake-ups go over sockets
        patch.setattr(os, "write", watched_write)
        patch.setattr(os, "fsync", watched_sync)
        loop_thread = asyncio.run(scene())
    assert threads
    assert loop_thread not in threads
    notes = [size for size in sizes if size < 1000]
    batches = [size for size in sizes if size >= 1000]
    assert len(notes) == 2
    assert min(batches[:-1]) >= 256 * 1024
    assert sum(batches) == len(data)
