"""Tests of a store that is unusable at a cell's start, or was replaced: it is reported and survived."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_log import hurried, lock

from hailuo_widgets.errors import HailuoError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Begin, Scene


@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
@pytest.mark.parametrize("kind", ["generate", "sweep"])
def test_a_store_that_is_locked_when_a_cell_begins(begin: Begin, how: str, kind: str) -> None:
    """The lock is what is said, before any run is shown; nothing is sent; when it is free, the same cell works."""
    scene = begin()
    hurried(scene)
    scene.session.runs()
    ask = {
        "generate": lambda: scene.session.generate("a fox", model="02"),
        "sweep": lambda: scene.session.sweep(["a fox", "a wolf"], model="02"),
    }[kind]
    with closing(lock(scene)) as other:
        other.execute("ROLLBACK")
        other.execute(how)
        for _ in range(2):
            with pytest.raises(StoreError, match="has been locked by another process") as caught:
                ask()
            assert "nothing was" in str(caught.value)
            assert "is not in the log" not in str(caught.value)
    assert (scene.sent, len(scene.session.runs())) == (0, 0)
    made = ask()
    made.wait(60)
    assert scene.charged == len(scene.session.runs()) == (1 if kind == "generate" else 2)
    assert list(scene.session.runs().status.unique()) == ["succeeded"]


def store(scene: Scene) -> Path:
    """The file of the run log."""
    return scene.session.settings.home / "runs.sqlite3"


def _renamed(backup: Path, path: Path) -> None:
    """As a restore does that writes beside it first."""
    backup.rename(path)


def _checked_out(backup: Path, path: Path) -> None:
    """As ``git checkout`` does."""
    path.unlink()
    shutil.copy(backup, path)


def _copied(backup: Path, path: Path) -> None:
    """As ``cp`` does, into the same file."""
    shutil.copy(backup, path)


def _moved(backup: Path, path: Path) -> None:
    """The folder goes away, and another one comes."""
    aside = path.parent.rename(path.parent.with_name("aside"))
    path.parent.mkdir()
    shutil.copy(aside / backup.relative_to(path.parent), path)


REPLACING = [_renamed, _checked_out, _copied, _moved]


@pytest.mark.parametrize("replace", REPLACING)
def test_a_store_that_is_replaced_between_two_cells(begin: Begin, replace: Callable[[Path, Path], None]) -> None:
    """The next cell works, on the file that is there now; that it is another one is said."""
    scene = begin()
    first = scene.run("the first")
    backup = scene.session.log.call(scene.session.log.backup)
    second = scene.run("the second")
    assert len(scene.session.runs()) == 2  # after all that the log's thread had to write
    replace(Path(backup), store(scene))
    third = scene.run("the third")
    assert (first.status, second.id, third.status) == ("succeeded", second.id, "succeeded")
    assert list(scene.session.runs().run_id) == [first.id, third.id]
    assert any("was replaced by another file" in said for said in scene.told) == (replace is not _copied)


@pytest.mark.parametrize(
    ("replace", "earlier", "status"),
    [
        (_renamed, "empty", "planned"),
        (_renamed, "planned", "submitting"),
        (_checked_out, "empty", "submitting"),
        (_copied, "planned", "queued"),
        (_copied, "empty", "queued"),
        (_renamed, "empty", "downloading"),
        (_checked_out, "planned", "downloading"),
    ],
)
def test_a_store_that_is_replaced_by_an_earlier_one_under_a_run(
    begin: Begin, replace: Callable[[Path, Path], None], earlier: str, status: str
) -> None:
    """Neither sent again nor lost: the run is written into the file that is there now, and comes to its end."""
    scene = begin()
    scene.session.runs()
    backups = [scene.session.log.call(scene.session.log.backup)]
    run = scene.session.generate("a fox", model="02")
    backups.append(scene.session.log.call(scene.session.log.backup))
    done: list[str] = []

    def now(record: Any) -> None:
        if record.status == status and not done:
            replace(Path(backups[earlier == "planned"]), store(scene))
            done.append(status)

    run.subscribe(now)
    if status == "planned":
        now(run.record)
    assert run.wait(20).status == "succeeded"
    (charge,) = scene.fake_provider.charges
    found = scene.session.log.call(scene.session.log.get, run.id)
    assert (done, found.status, found.task_id) == ([status], "succeeded", charge.task_id)
    assert scene.sent == 1


def test_a_store_that_is_gone(begin: Begin) -> None:
    """Moved away: that is what is said, each time, and no empty log takes its place; put back, the next cell works."""
    scene = begin()
    run = scene.run()
    path, aside = store(scene), store(scene).with_name("aside")
    path.rename(aside)
    for ask in (lambda: scene.session.generate("a wolf", model="02"), scene.session.runs, lambda: run.events):
        with pytest.raises(StoreError, match="is gone: it was moved or deleted") as caught:
            ask()
        assert "put it back" in str(caught.value)
        assert "free some space" not in str(caught.value)
    assert (path.exists(), scene.sent) == (False, 1)
    aside.rename(path)
    assert scene.run("a wolf").status == "succeeded"
    assert len(scene.session.runs()) == 2


def test_a_store_that_goes_while_a_run_is_paid_for(begin: Begin) -> None:
    """Its task id is in the rescue file, and its error says what has happened to the log; put back, it is resumed."""
    scene = begin()
    run = scene.session.generate("a fox", model="02")
    path, aside = store(scene), store(scene).with_name("aside")
    run.subscribe(lambda r: path.rename(aside) if r.status == "submitting" and path.exists() else None)
    with pytest.raises(HailuoError, match="is gone: it was moved or deleted"):
        run.wait(60)
    aside.rename(path)
    resumed = scene.session.resume()
    assert [r.wait(60).status for r in resumed] == ["succeeded"]
    assert (resumed[0].id, scene.charged) == (run.id, 1)


@pytest.mark.parametrize("replace", REPLACING[1:3])
def test_a_store_that_is_replaced_by_another_file(begin: Begin, replace: Callable[[Path, Path], None]) -> None:
    """By one that is no run log: that is said, and it is not touched; when the log is back, so is the session."""
    scene = begin()
    scene.run()
    good = scene.session.log.call(scene.session.log.backup)
    other = store(scene).with_name("notes")
    other.write_bytes(b"my notes, not a database" * 1000)
    replace(other, store(scene))
    with pytest.raises(StoreError, match="is damaged"):
        scene.session.generate("a wolf", model="02")
    assert store(scene).read_bytes() == other.read_bytes()
    replace(Path(good), store(scene))
    assert scene.run("a wolf").status == "succeeded"
    assert (len(scene.session.runs()), scene.sent) == (2, 2)


def test_a_folder_that_goes_and_comes(begin: Begin, tmp_path: Path) -> None:
    """The whole home is moved away and back (a disk that is unplugged): the session goes on."""
    scene = begin()
    scene.run()
    home = scene.session.settings.home
    home.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is gone"):
        scene.session.runs()
    (tmp_path / "elsewhere").rename(home)
    assert len(scene.session.runs()) == 1
