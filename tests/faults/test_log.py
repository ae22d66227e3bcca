"""Tests of a log that can't be written (rows 10, 61, 62, 67): nothing unrecorded is paid, nothing paid is lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from conftest import error_of, steps
from fake_provider import Act

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store.runlog import RunLog

if TYPE_CHECKING:
    from conftest import Begin, Scene

    from hailuo_widgets.domain.run import RunRecord

FULL = "the disk is full"


def lock(scene: Scene) -> sqlite3.Connection:
    """Another program takes the store's write lock."""
    other = sqlite3.connect(scene.session.settings.home / "runs.sqlite3", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def hurried(scene: Scene) -> None:
    """The store waits a fifth of a second for a lock, not half a minute."""
    scene.session.log.database.busy_s = 0.2


def test_a_commit_that_fails_is_a_create_that_is_not_sent(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """10: the disk refuses the row that says ``submitting``: nothing is sent, and the error is the disk's."""
    scene = begin()

    def reserve(*_: Any, **__: Any) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(RunLog, "reserve", reserve)
    run = scene.run()
    assert "disk I/O error" in str(error_of(run))
    assert (run.status, scene.sent, scene.charged, scene.files()) == ("failed", 0, 0, [])


def test_a_store_that_is_locked_before_the_create(begin: Begin) -> None:
    """61: another program holds the store: nothing is sent, and the error says that it is locked."""
    scene = begin()
    hurried(scene)
    scene.run("an earlier one")
    with closing(lock(scene)), pytest.raises(StoreError, match="locked"):
        scene.session.generate("a fox", model="02").wait(30)
    assert (scene.sent, scene.charged) == (1, 1)


def test_a_store_that_is_locked_after_the_create(begin: Begin) -> None:
    """61: locked while the answer was on its way: the task id is on the disk beside the store, and resume takes it."""
    scene = begin().on("create", Act(wait_s=0.3))
    hurried(scene)
    held: list[sqlite3.Connection] = []
    run = scene.session.generate("a fox", model="02")
    run.subscribe(lambda r: held.append(lock(scene)) if r.status == "submitting" and not held else None)
    with pytest.raises(StoreError) as caught:
        run.wait(30)
    (charge,) = scene.fake_provider.charges
    rescue = scene.session.settings.home / "rescue.jsonl"
    (line,) = [json.loads(text) for text in rescue.read_text().splitlines() if text]
    assert (line["run_id"], line["task_id"]) == (run.id, charge.task_id)
    for text in (str(caught.value), str(run.error)):
        assert charge.task_id in text
        assert "rescue.jsonl" in text
    held[0].close()
    scene.session.resume()
    assert scene.session.run(run.id).wait(30).status == "succeeded"
    assert (scene.sent, scene.charged, scene.parts()) == (1, 1, [])


@pytest.mark.parametrize("times", [1, 4])
def test_a_disk_that_is_full_for_a_moment_after_the_create(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """62: the commit of an accepted create is tried again; it is charged once, and its clip is here."""
    scene = begin()
    accept, failures = RunLog.accept, [StoreError(FULL)] * times

    def failing(log: RunLog, *args: Any, **kwargs: Any) -> RunRecord:
        if failures:
            raise failures.pop()
        return accept(log, *args, **kwargs)

    monkeypatch.setattr(RunLog, "accept", failing)
    run = scene.run()
    assert (run.status, run.error, scene.sent, scene.charged) == ("succeeded", None, 1, 1)
    assert steps(run).count("create_accepted") == 1


def test_a_disk_that_is_full_for_good_after_the_create(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """62: not even the rescue file can be written: the error itself holds the task id, and the line that adopts it."""
    scene = begin()
    (scene.session.settings.home / "rescue.jsonl").mkdir(parents=True)  # in the way, as a full disk is

    def full(*_: Any, **__: Any) -> None:
        raise StoreError(FULL)

    with monkeypatch.context() as patch:
        patch.setattr(RunLog, "accept", full)
        run = scene.session.generate("a fox", model="02")
        with pytest.raises(StoreError) as caught:
            run.wait(30)
    (charge,) = scene.fake_provider.charges
    assert f"was accepted as task {charge.task_id}" in str(caught.value)
    assert f"hw.run({run.id!r}).adopt({charge.task_id!r})" in str(caught.value)
    assert (scene.sent, scene.charged) == (1, 1)
