"""Tests of two homes on one log: what one has paid for, the other does not pay for again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Begin, Scene, quick, steps
from fake_provider import Act

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine import reuse as before
from hailuo_widgets.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.workspace.run import Run

TOO_OLD = Act(status=403, body=b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")


@pytest.fixture
def homes(begin: Begin, tmp_path: Path) -> Iterator[tuple[Scene, Run, Callable[..., Session]]]:
    """A home with one clip, and what opens another home on its log."""
    store = f"sqlite:///{tmp_path / 'runs.sqlite3'}"
    scene = begin(store=store)
    opened: list[Session] = []

    def other(name: str = "b", **settings: Any) -> Session:
        options = {"home": tmp_path / name, "store": store, "mode": "live", "poll_interval": 0.05, **settings}
        options.setdefault("runtime", quick(join_s=0.02))
        opened.append(Session(provider="minimax", notice=scene.told.append, **options))
        return opened[-1]

    yield scene, scene.run(), other
    for session in opened:
        session.close()


def again(session: Session) -> Run:
    """The same request once more."""
    run = session.generate("a fox", model="02")
    session.wait([run.id], 60)
    return run


def test_a_clip_of_another_home_is_copied(homes: tuple[Scene, Run, Callable[..., Session]]) -> None:
    """The other home's clip serves: it is copied, checked, nothing is downloaded, and both homes then have it."""
    scene, first, other = homes
    session = other()
    assert session.plan("a fox", model="02").sentence().startswith("1 run; 1 there already, 0 to send")
    run = again(session)
    assert (run.status, run.record.reused_from, run.cost) == ("succeeded", first.id, 0.0)
    assert run.video is not None
    assert run.video.parent == session.archive.root
    assert run.video.read_bytes() == scene.fake_provider.clip
    assert (scene.charged, len(scene.fake_provider.of("download"))) == (1, 1)
    assert session.runs()["video"].notna().all()
    assert scene.session.runs()["video"].notna().all()
    third = other("c")
    assert first.video is not None
    first.video.unlink()
    assert again(third).record.reused_from == first.id  # from the second home
    assert (scene.charged, len(scene.fake_provider.of("download"))) == (1, 1)


def test_a_row_of_another_home_is_brought_by_retry(homes: tuple[Scene, Run, Callable[..., Session]]) -> None:
    """``retry`` on a run whose clip lies in another home copies it, and asks the provider for nothing."""
    scene, first, other = homes
    session = other()
    run = session.run(first.id)
    assert run.video is None
    run.retry()
    session.wait([run.id], 30)
    assert (run.status, run.video) == ("succeeded", session.archive.root / f"{first.id}.mp4")
    assert len(scene.fake_provider.of("download")) == 1
    assert first.video is not None


def test_a_retry_that_fails_leaves_the_run_as_it_was(homes: tuple[Scene, Run, Callable[..., Session]]) -> None:
    """The clip cannot be brought to the second home: that is told there, and in the first the run is what it was."""
    scene, first, other = homes
    plant(scene, first, "/nowhere")
    scene.fake_provider.always("download", TOO_OLD)
    session = other()
    run = session.run(first.id)
    with pytest.raises(DownloadError, match="for free"):
        run.retry().wait(30)
    assert (run.status, run.video) == ("succeeded", None)
    there = scene.session.log.call(scene.session.log.get, first.id)
    assert (there.status, there.error, first.video is not None) == ("succeeded", None, True)
    scene.fake_provider.always("download", None)
    assert run.retry().wait(30).video is not None


def test_retry_of_a_reused_run_brings_the_clip(homes: tuple[Scene, Run, Callable[..., Session]]) -> None:
    """A run that took another's clip has no task: the run that made the clip brings it, for both."""
    scene, first, other = homes
    session = other()
    run = again(session)
    assert run.video is not None
    run.video.unlink()
    brought = run.retry().wait(30)
    assert (brought.id, run.video) == (first.id, session.archive.root / f"{first.id}.mp4")
    assert len(scene.fake_provider.of("download")) == 1


@pytest.mark.parametrize("link", ["alive", "dead"])
def test_a_clip_that_is_in_no_archive_comes_from_the_provider(
    homes: tuple[Scene, Run, Callable[..., Session]], link: str
) -> None:
    """Where no archive has it, the provider's link brings it, or a fresh one: for free. The plan says what may be."""
    scene, first, other = homes
    assert first.video is not None
    first.video.unlink()
    if link == "dead":
        scene.on("download", TOO_OLD)
    session = other()
    plan = session.plan("a fox", model="02")
    assert len(plan.to_send) == 1
    assert ["made before" in str(w) for w in plan.warnings] == [True]
    run = again(session)
    assert (run.status, run.record.reused_from, run.cost) == ("succeeded", first.id, 0.0)
    assert run.video is not None
    assert run.video.read_bytes() == scene.fake_provider.clip
    assert (scene.charged, len(scene.fake_provider.of("retrieve"))) == (1, 2 if link == "dead" else 1)
    assert scene.session.run(first.id).status == "succeeded"


def test_a_clip_that_is_nowhere_is_paid_again_as_was_said(homes: tuple[Scene, Run, Callable[..., Session]]) -> None:
    """Nowhere any more: it is sent again, and that it may be stood in the plan; the first run stays as it was."""
    scene, first, other = homes
    assert first.video is not None
    first.video.unlink()
    scene.on("download", TOO_OLD, TOO_OLD)
    session = other()
    (run,) = session.sweep(["a fox"], model="02")
    session.wait([run.id], 60)
    assert (run.status, run.record.reused_from, scene.charged) == ("succeeded", None, 2)
    assert any("sent, and charged, again" in sentence for sentence in scene.told)
    assert "clip_expired" in steps(first)
    assert scene.session.run(first.id).status == "succeeded"


def test_a_clip_that_is_nowhere_is_asked_for_once(homes: tuple[Scene, Run, Callable[..., Session]]) -> None:
    """A run that waits for an equal one's clip does not ask for the lost one again and again."""
    scene, first, other = homes
    assert first.video is not None
    first.video.unlink()
    scene.on("download", *[TOO_OLD] * 4)  # each run tries the old link and a fresh one; a further try would succeed
    scene.fake_provider.polls = 20
    session = other()
    runs = session.sweep(["a fox", "a fox"], model="02")
    session.wait([run.id for run in runs], 60)
    assert [run.record.reused_from for run in runs] == [None, runs[0].id]
    assert [steps(run).count("equal_clip_missing") for run in runs] == [1, 1]
    assert (scene.charged, len(scene.fake_provider.of("download"))) == (2, 6)


def test_a_run_that_ends_while_a_lost_clip_is_looked_for_serves(
    homes: tuple[Scene, Run, Callable[..., Session]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the second run looks for a lost clip the first is sent and ends: its clip serves, and is paid for once."""
    scene, first, other = homes
    assert first.video is not None
    first.video.unlink()
    scene.on("download", *[TOO_OLD] * 4)
    session = other()
    runs: list[Run] = []
    look = before.brought

    async def slow(ctx: Any, follower: Any, equals: Any) -> Any:
        found = await look(ctx, follower, equals)
        while equals and follower.run_id == runs[1].id and runs[0].status != "succeeded":  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
        return found

    monkeypatch.setattr(before, "brought", slow)
    runs += session.sweep(["a fox", "a fox"], model="02")
    session.wait([run.id for run in runs], 60)
    assert ([run.record.reused_from for run in runs], scene.charged) == ([None, runs[0].id], 2)


def plant(scene: Scene, first: Run, folder: str, **row: Any) -> None:
    """Change what the log says of a clip's place, as anyone can who has the file."""
    path = str(scene.session.settings.store_url).removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(
            "UPDATE events SET data = json_set(data, '$.folder', ?) WHERE run_id = ? AND what = 'clip_downloaded'",
            (folder, first.id),
        )
        for name, value in row.items():
            store.execute(f"UPDATE runs SET {name} = ? WHERE run_id = ?", (value, first.id))  # noqa: S608 - ours


@pytest.mark.parametrize("what", ["other bytes", "another name", "a link", "a share", "no path", "upwards", "a number"])
def test_a_planted_place_is_not_believed(
    homes: tuple[Scene, Run, Callable[..., Session]], tmp_path: Path, what: str
) -> None:
    """A folder in the log is followed only to a regular file with the run's name and hash, or not at all."""
    scene, first, other = homes
    private = tmp_path / "private"
    private.mkdir()
    clip = private / f"{first.id}.mp4"
    secret = bytes(reversed(scene.fake_provider.clip))
    clip.write_bytes(scene.fake_provider.clip)
    row: dict[str, Any] = {}
    if what == "other bytes":
        clip.write_bytes(secret)
    if what == "another name":
        clip = clip.rename(private / "diary.mp4")
        row["video"] = "diary.mp4"
    if what == "a link":
        clip = clip.rename(private / "real")
        (private / f"{first.id}.mp4").symlink_to(clip)
    if what == "upwards":
        row["video"] = f"../private/{first.id}.mp4"
    words = {"a share": f"//server{private}", "no path": "private", "a number": "7"}
    assert first.video is not None
    first.video.unlink()
    plant(scene, first, words.get(what, str(private)), **row)
    session = other()
    run = again(session)
    assert (run.status, run.record.reused_from, scene.charged) == ("succeeded", first.id, 1)
    assert len(scene.fake_provider.of("download")) == 2
    assert run.video is not None
    assert run.video.read_bytes() == scene.fake_provider.clip
    assert secret not in [p.read_bytes() for p in session.archive.root.glob("*")]
