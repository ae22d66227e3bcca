"""Tests of downloads (rows 48 to 60): each try is free, and a clip's file is complete or missing."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import pytest
from conftest import Scene, error_of, quick, steps
from fake_provider import Act, FakeProvider, reset_half

from hailuo_widgets.api.session import Session
from hailuo_widgets.archive import file_operations as disk
from hailuo_widgets.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Begin

    from hailuo_widgets.workspace.run import Run

XML = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
JSON = b'{"code": "AccessDenied", "message": "Request has expired"}'


def assert_here(scene: Scene, run: Run) -> None:
    """The clip is here, whole, and was charged once; nothing half-done is left."""
    assert (run.status, run.error, run.cost) == ("succeeded", None, 0.28)
    assert run.video is not None
    assert run.video.read_bytes() == scene.fake_provider.clip
    assert run.record.sha256 == hashlib.sha256(scene.fake_provider.clip).hexdigest()
    assert (scene.sent, scene.charged, scene.fake_provider.twice) == (1, 1, [])
    assert scene.files() == [f"{run.id}.jpg", f"{run.id}.mp4"]


def assert_undelivered(scene: Scene, run: Run, *says: str) -> None:
    """The run failed with its clip at the provider, says so, costs what it costs, and is brought later for free."""
    error = error_of(run)
    assert isinstance(error, DownloadError)
    text = str(error)
    assert [word for word in (*says, "the clip is finished", "for free") if word not in text] == [], text
    assert (run.status, run.cost, run.video) == ("failed", 0.28, None)
    assert [name for name in scene.files() if name.endswith(".mp4")] == []
    scene.fake_provider.always("download", None)
    run.retry().wait(30)
    assert_here(scene, run)


MENDED: dict[str, Callable[[bytes], tuple[Act, ...]]] = {
    "48 HTTP 403": lambda _: (Act(status=403, body=XML),),
    "48 HTTP 404": lambda _: (Act(status=404, body=b""),),
    "48 HTTP 410": lambda _: (Act(status=410, body=JSON),),
    "48 200 with XML": lambda _: (Act(body=XML, headers={"content-type": "application/xml"}),),
    "48 200 with JSON": lambda _: (Act(body=JSON),),
    "49 half of the length": lambda _: (Act(cut=reset_half),) * 2,
    "49 reset in the middle": lambda _: (Act(cut=reset_half, end="reset"),) * 2,
    "49 half of a chunk": lambda _: (Act(chunked=True, cut=reset_half),),
    "50 half, and no length": lambda _: (Act(headers={"content-length": None}, cut=reset_half),),
    "51 longer than its length": lambda c: (Act(body=c[: len(c) // 2], headers={"content-length": "1000"}),),
    "52 the right file under a wrong type": lambda _: (Act(headers={"content-type": "text/html"}),),
    "54 no bytes": lambda _: (Act(body=b""),),
    "56 a range that was ignored": lambda c: (Act(cut=reset_half), Act(status=200, body=c)),
    "a server that fails": lambda _: (Act(status=503, body=b"x"), Act(raw=b""), Act(raw=b"", end="reset")),
}


@pytest.mark.parametrize("what", MENDED)
def test_what_is_mended(begin: Begin, clip: bytes, what: str) -> None:
    """48 to 52, 54, 56: tried again, with a fresh link where the old one is dead, until the clip is here."""
    scene = begin().on("download", *MENDED[what](clip))
    run = scene.run()
    assert_here(scene, run)
    links = len(scene.fake_provider.of("retrieve"))
    assert links == (2 if what.startswith("48") and what != "48 HTTP 404" else 1)  # that one may only need time


def test_a_changed_file_is_not_appended_to(begin: Begin, clip: bytes) -> None:
    """56: half of the old file is here, and the server has another under the link: it is fetched whole."""
    old = bytes(clip[:40]) + bytes(reversed(clip[40:]))
    scene = begin().on("download", Act(body=old, headers={"etag": '"clip-0"'}, cut=reset_half))
    run = scene.run()
    assert_here(scene, run)
    asked = [call.headers.get("if-range") for call in scene.fake_provider.of("download")]
    assert asked == [None, '"clip-0"']


def test_an_interrupted_download_goes_on_where_it_stopped(begin: Begin, clip: bytes) -> None:
    """49: the bytes that are here are not asked for again, and the joined file is the clip."""
    scene = begin().on("download", Act(cut=reset_half))
    run = scene.run()
    assert_here(scene, run)
    ranges = [call.headers.get("range") for call in scene.fake_provider.of("download")]
    assert ranges == [None, f"bytes={len(clip) // 2}-"]


REFUSED: dict[str, tuple[Callable[[bytes], Act], tuple[str, ...]]] = {
    "48 expired for good": (lambda _: Act(status=403, body=XML), ("expired or wrong", "HTTP 403", "has expired")),
    "49 short for good": (
        lambda c: Act(body=c[: len(c) // 2], headers={"content-length": str(len(c)), "etag": None}),
        ("in 5 tries",),
    ),
    "50 short for good, and no length": (
        lambda c: Act(body=c[: len(c) // 2], headers={"content-length": None, "etag": None}),
        ("in 5 tries", "not a whole MP4"),
    ),
    "52 a page": (lambda _: Act(body=b"<html>", headers={"content-type": "video/mp4"}), ("an HTML page",)),
    "52 a playlist": (lambda _: Act(body=b"#EXTM3U\nhttp://127.0.0.1/x"), ("a playlist",)),
    "52 a picture": (lambda _: Act(body=b"\x89PNG\r\n\x1a\n" + bytes(64)), ("a PNG picture",)),
    "53 packed otherwise": (lambda _: Act(body=bytes(500), headers={"content-encoding": "br"}), ("'br'", "plain")),
    "53 packed, and cut for good": (
        lambda c: Act(body=gzip.compress(c)[:-20], headers={"content-encoding": "gzip"}),
        ("ends too soon",),
    ),
    "53 packed twice": (lambda c: Act(body=gzip.compress(gzip.compress(c))), ("compressed data",)),
    "54 no bytes for good": (lambda _: Act(body=b""), ("the file is empty",)),
    "55 a file of this machine": (lambda _: Act(status=302, headers={"location": "file:///etc/passwd"}), ("file:",)),
    "55 the cloud's own address": (
        lambda _: Act(status=302, headers={"location": "http://169.254.169.254/latest/"}),
        ("169.254.169.254", "no clip is fetched from"),
    ),
    "55 the cloud's own address over https": (
        lambda _: Act(status=307, headers={"location": "https://169.254.169.254/latest/"}),
        ("169.254.169.254", "no clip is fetched from"),
    ),
    "55 a stranger without https": (
        lambda _: Act(status=301, headers={"location": "http://elsewhere.invalid/x.mp4"}),
        ("elsewhere.invalid", "no clip is fetched from"),
    ),
    "55 round in circles": (
        lambda _: Act(status=302, headers={"location": "/clips/1.mp4"}),
        ("redirected more than 5 times",),
    ),
    "55 nowhere": (lambda _: Act(status=302, headers={"location": "http://["}), ("could not be brought here",)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(begin: Begin, clip: bytes, what: str) -> None:
    """48 to 50, 52 to 55: the run says that its clip is finished and was not brought, and why; retry brings it."""
    act, says = REFUSED[what]
    scene = begin()
    scene.fake_provider.always("download", act(clip))
    run = scene.run()
    if "circles" in what:
        assert len(scene.fake_provider.of("download")) == 12  # six hops, and six of the fresh link
    assert_undelivered(scene, run, *says)


PACKED: dict[str, Callable[[bytes], Act]] = {
    "with its header": lambda c: Act(body=gzip.compress(c), headers={"content-encoding": "gzip"}),
    "without a header": lambda c: Act(body=gzip.compress(c)),
    "chunked": lambda c: Act(body=gzip.compress(c), headers={"content-encoding": "x-gzip"}, chunked=True),
    "the header alone": lambda c: Act(body=c, headers={"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("what", PACKED)
def test_a_store_that_always_packs(begin: Begin, clip: bytes, what: str) -> None:
    """53: a clip that comes as gzip, whatever was asked for, is unpacked, in one download."""
    scene = begin()
    scene.fake_provider.always("download", PACKED[what](clip))
    assert_here(scene, scene.run())
    assert len(scene.fake_provider.of("download")) == 1


def test_a_packed_body_without_an_end(begin: Begin) -> None:
    """54: a small gzip that grows past the cap is left there, and nothing of it is kept."""
    scene = begin()
    scene.session.archive.max_bytes = 2**20
    bomb = gzip.compress(bytes.fromhex("000000186674797069736f6d0000020069736f6d69736f32") + bytes(8 * 2**20))
    scene.fake_provider.always("download", Act(body=bomb, headers={"content-encoding": "gzip"}))
    run = scene.run()
    assert scene.parts() == []
    assert_undelivered(scene, run, "at most 1048576 are taken")


def test_a_longer_body_is_judged_by_its_boxes(begin: Begin, clip: bytes) -> None:
    """51: bytes behind the announced length are cut off by HTTP itself; what was announced is whole, so it is taken."""
    scene = begin().on("download", Act(body=clip + bytes(100), headers={"content-length": str(len(clip))}))
    assert_here(scene, scene.run())


BEHIND = {"a line end": b"\n", "4 zeros": bytes(4), "8 zeros": bytes(8), "a form's end": b"\r\n--a-form--\r\n"}


@pytest.mark.parametrize("what", BEHIND)
def test_a_clip_with_something_behind_its_boxes(begin: Begin, clip: bytes, what: str) -> None:
    """51: what plays is kept as it came, after one download; the log says what is odd about it."""
    scene = begin(fake_provider=FakeProvider(clip + BEHIND[what]))
    run = scene.run()
    assert_here(scene, run)
    assert len(scene.fake_provider.of("download")) == 1
    (here,) = [e for e in run.events if e["what"] == "clip_downloaded"]
    assert "all of it decodes" in here["data"]["warning"]


def test_what_is_asked_for(begin: Begin) -> None:
    """53: plain bytes are asked for, and neither the key nor a cookie goes to the clip's host."""
    scene = begin().on("retrieve", Act(headers={"set-cookie": "session=1"}))
    scene.run()
    (call,) = scene.fake_provider.of("download")
    assert call.headers["accept-encoding"] == "identity"
    assert {"authorization", "cookie"} & set(call.headers) == set()


def test_a_body_without_an_end(begin: Begin, clip: bytes) -> None:
    """54: past the cap the download ends, whatever the server still sends; nothing of it is kept."""
    scene = begin()
    scene.session.archive.max_bytes = 4 * 2**20
    box = (2**20).to_bytes(4, "big") + b"free" + bytes(2**20 - 8)
    endless = Act(body=clip[:32] + box, repeat=64, headers={"content-length": None})
    scene.fake_provider.always("download", endless)
    run = scene.run()
    assert scene.parts() == []
    assert_undelivered(scene, run, "at most 4194304 are taken")


def test_a_length_past_the_cap(begin: Begin) -> None:
    """54: 20 GB are refused by their announcement."""
    scene = begin()
    scene.fake_provider.always("download", Act(headers={"content-length": str(20 * 10**9)}, end="hang"))
    run = scene.run()
    assert scene.parts() == []
    assert_undelivered(scene, run, "20000000000 bytes")


def test_redirects_within_the_provider(begin: Begin, clip: bytes) -> None:
    """55: a redirect to a place that clips are fetched from is followed, without the key."""
    with FakeProvider(clip) as store:
        scene = begin().on("download", Act(status=302, headers={"location": f"{store.url}/clips/9.mp4"}))
        run = scene.run()
        assert_here(scene, run)
        assert [call.headers.get("authorization") for call in store.calls] == [None]


def test_the_second_link(begin: Begin, clip: bytes) -> None:
    """48: where the first link fails for another reason than age, the second one brings the clip."""
    scene = begin(fake_provider=FakeProvider(clip, backup=True))
    scene.fake_provider.always("download", Act(body=b"<html>"))
    run = scene.run()
    assert_here(scene, run)
    assert (len(scene.fake_provider.of("download")), len(scene.fake_provider.of("backup"))) == (1, 1)


@pytest.mark.parametrize("misses", [0, 1])
def test_the_second_link_where_the_first_never_has_the_clip(begin: Begin, clip: bytes, misses: int) -> None:
    """48: a second link is tried once before the first is waited for; then a fresh one is asked for, then again."""
    scene = begin(fake_provider=FakeProvider(clip, backup=True))
    scene.fake_provider.always("download", Act(status=404, body=b""))
    scene.on("backup", *[Act(status=404, body=b"")] * misses)
    run = scene.run()
    assert_here(scene, run)
    assert (len(scene.fake_provider.of("retrieve")), len(scene.fake_provider.of("backup"))) == (1 + misses, 1 + misses)
    assert (len(scene.fake_provider.of("download")) > 1) is bool(misses)


NOT_YET = {
    "a page": Act(body=b"<html>Checking your browser</html>", headers={"content-type": "text/html"}),
    "a picture": Act(body=b"\x89PNG\r\n\x1a\n" + bytes(64)),
    "a playlist": Act(body=b"#EXTM3U\nhttp://127.0.0.1/x"),
    "no MP4": Act(body=bytes(500)),
    "words of no document": Act(body=b'{"error": "hold on"}'),
    "a redirect to this machine's files": Act(status=302, headers={"location": "file:///etc/passwd"}),
    "a redirect to nowhere": Act(status=307, headers={"location": "http://["}),
    "a redirect without https": Act(status=301, headers={"location": "http://elsewhere.invalid/x.mp4"}),
} | {f"HTTP {status}": Act(status=status, body=b"") for status in (302, 400, 405, 409, 412, 418, 421, 423, 424, 451)}


@pytest.mark.parametrize("what", NOT_YET)
def test_an_answer_that_may_mean_not_yet_is_waited_for(begin: Begin, what: str) -> None:
    """48, 52: whatever stands at a fresh link in the place of its clip, it is asked again, and the clip is brought."""
    scene = begin().on("download", *[NOT_YET[what]] * 3)
    assert_here(scene, scene.run())


def test_a_full_disk(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """57: the error says what is needed and where; the half is removed, and with room the clip comes for free."""
    scene = begin()
    run = scene.session.generate("a fox", model="02")
    with monkeypatch.context() as full:
        free = [disk.GIB]
        full.setattr(disk, "free_bytes", lambda _: free[0])
        run.subscribe(lambda r: free.__setitem__(0, 1000) if r.status == "downloading" else None)
        scene.session.wait([run.id], 30)
        assert scene.files() == []
        text = str(error_of(run))
    assert "The disk is full: 0.1 MB needed" in text
    assert "HAILUO_HOME" in text
    assert_undelivered(scene, run)


def test_a_full_disk_is_found_before_the_first_create(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """58: nothing is paid for that cannot be kept: neither sent nor charged, and the folder is named."""
    scene = begin()
    monkeypatch.setattr(disk, "free_bytes", lambda _: 1000)
    run = scene.run()
    assert "The disk is full" in str(error_of(run))
    assert str(scene.session.archive.root) in str(error_of(run))
    assert (run.status, scene.sent, scene.charged, scene.files()) == ("failed", 0, 0, [])


def test_a_taken_name(begin: Begin) -> None:
    """59: what has the clip's name already is left as it is; the clip gets a suffix, and the log says which."""
    scene = begin()
    run = scene.session.generate("a fox", model="02")
    scene.session.archive.root.mkdir(parents=True)
    mine = scene.session.archive.root / f"{run.id}.mp4"
    mine.write_text("something of the user's")
    run.wait(30)
    assert run.video is not None
    assert (run.status, run.video.name, mine.read_text()) == ("succeeded", f"{run.id}.2.mp4", "something of the user's")
    assert run.video.read_bytes() == scene.fake_provider.clip
    assert (scene.charged, scene.parts()) == (1, [])


def test_a_deleted_clip_is_missing_and_is_not_shown(begin: Begin) -> None:
    """60: the run has no file any more, and its card says so; an equal run has it brought again, and pays nothing."""
    scene = begin()
    run = scene.run()
    assert run.video is not None
    run.video.unlink()
    assert not scene.session.run(run.id).video
    assert (run.status, run.card.video_src) == ("succeeded", None)
    again = scene.run()
    assert (again.status, again.record.reused_from, scene.charged) == ("succeeded", run.id, 1)
    assert again.video is not None


def test_a_deleted_clip_comes_again_for_free(begin: Begin) -> None:
    """60: while the provider still has it, ``retry`` brings a deleted clip again without another create."""
    scene = begin()
    run = scene.run()
    assert run.video is not None
    run.video.unlink()
    run.retry().wait(30)
    assert run.video is not None
    assert scene.charged == 1


def test_a_drip_is_broken_off_and_gone_on_with(begin: Begin) -> None:
    """35: a body that comes byte by byte is not waited for; another connection brings the rest, by Range."""
    scene = begin(timing={"slowest_s": 1.0}).on("download", Act(pace_s=0.0005))
    run = scene.run()
    assert_here(scene, run)
    first, second = scene.fake_provider.of("download")
    assert ("range" in first.headers, second.headers["range"].startswith("bytes=")) == (False, True)


def test_a_download_that_stands_still_can_be_left(begin: Begin) -> None:
    """35, 69: cancelled in the middle of a body that does not come: it ends at once, and is brought later for free."""
    scene = begin(timing={"ask_s": 5.0}).on("download", Act(cut=reset_half, end="hang"))
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(TimeoutError):
        run.wait(3)
    assert (run.status, len(scene.parts())) == ("downloading", 2)
    run.cancel()
    scene.session.wait([run.id], 10)
    assert run.status == "cancelled"
    assert steps(run)[-1] == "cancelled_after_sent"
    heir = Session(home=scene.session.settings.home, mode="live", poll_interval=0.05, runtime=quick())
    taken = heir.run(run.id).retry().wait(30)
    assert_here(scene, taken)
    heir.close()
