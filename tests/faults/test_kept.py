"""Tests that a received task ID is never lost: it is in the log, in the rescue file, or printed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from conftest import KEY, Scene, quick
from fake_provider import Act
from patience import HANG_S
from test_log import FULL, hurried, lock

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine import rescue_file as rescue
from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.store.runlog import RunLog
from hailuo_widgets.workspace.run import Run

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Begin

    from hailuo_widgets.domain.run import RunRecord


NOW = datetime.now(UTC)


def rescued(scene: Scene) -> list[tuple[str, str]]:
    """The run and task ids of the rescue file."""
    path = scene.session.settings.home / "rescue.jsonl"
    lines = [json.loads(text) for text in path.read_text().splitlines() if text] if path.exists() else []
    return [(line["run_id"], line["task_id"]) for line in lines]


async def _return(_: Session) -> None:
    """The coroutine of ``asyncio.run`` ends, which cancels all others."""


async def _cancel_all(_: Session) -> None:
    """As a server does that shuts down."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others)


async def _close(session: Session) -> None:
    session.close()


async def _raise(_: Session) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("end", [_return, _cancel_all, _close, _raise])
@pytest.mark.parametrize("moment", ["asked", "answering", "committing"])
def test_a_loop_that_ends_drops_no_task_id(begin: Begin, end: Callable[[Session], Any], moment: str) -> None:
    """While the create call is on its way, its answer arrives, or the store is held: the id is kept."""
    scene = begin()
    hurried(scene)
    act = Act(wait_s=0.4) if moment == "asked" else Act(pace_s=0.002) if moment == "answering" else Act(wait_s=0.1)
    scene.on("create", act)
    held: list[sqlite3.Connection] = []

    async def script() -> None:
        run = scene.session.generate("a fox", model="02")
        sent = asyncio.Event()

        def heard(record: RunRecord) -> None:
            if record.status == "submitting":
                if moment == "committing":
                    held.append(lock(scene))
                asyncio.get_running_loop().call_soon(sent.set)

        run.subscribe(heard)
        await sent.wait()
        while moment != "asked" and not scene.charged:  # noqa: ASYNC110 - the provider is in another thread
            await asyncio.sleep(0.01)
        await end(scene.session)

    with suppress(KeyboardInterrupt):
        asyncio.run(script())
    (charge,) = scene.fake_provider.charges
    scene.session.close()
    for other in held:
        other.close()
    heir = Session(
        home=scene.session.settings.home, mode="live", poll_interval=0.05, notice=lambda _: None, runtime=quick()
    )
    with closing(heir):
        (taken,) = heir.resume()
        assert (taken.task_id, taken.wait(30).status) == (charge.task_id, "succeeded")
    assert (scene.sent, scene.charged) == (1, 1)


def test_a_store_that_is_held_for_long(begin: Begin) -> None:
    """The id is on the disk long before the store's half a minute is over: who ends the process then loses nothing."""
    scene = begin(timing={"slow_commit_s": 0.05})
    held: list[sqlite3.Connection] = []
    run = scene.session.generate("a fox", model="02")
    run.subscribe(lambda r: held.append(lock(scene)) if r.status == "submitting" and not held else None)

    async def watch() -> None:
        scene.session.engine.runs.drive()
        async with asyncio.timeout(20):
            while not rescued(scene):  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.02)
        held[0].close()
        await run

    asyncio.run(watch())
    assert rescued(scene) == [(run.id, scene.fake_provider.charges[0].task_id)]
    assert (run.status, scene.charged) == ("succeeded", 1)
    scene.session.resume()
    assert rescued(scene) == []
    assert run.status == "succeeded"


def full(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the log nor the rescue file takes a task id."""

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreError(FULL)

    (scene.session.settings.home / "rescue.jsonl").mkdir(parents=True)
    monkeypatch.setattr(RunLog, "accept", refuse)


@pytest.mark.parametrize("number", [1, 2])
def test_a_full_disk_is_said_and_raised(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], number: int
) -> None:
    """A sweep's wait raises, and stderr has each id with the line that adopts it, once; that line works."""
    scene = begin()
    with monkeypatch.context() as patch:
        full(scene, patch)
        sweep = scene.session.sweep("a fox", model="02", repeat=number, max_parallel=1)
        with pytest.raises(StoreError) as caught:
            sweep.wait(60)
    said = capfd.readouterr().err
    ids = {charge.task_id for charge in scene.fake_provider.charges}
    assert len(ids) == number
    for task_id in ids:
        assert task_id in str(caught.value)
    lines = [line.rsplit(": ", 1)[1] for line in said.splitlines() if ".adopt(" in line]
    assert len(lines) == number
    for line in lines:
        exec(line, {"hw": scene.session})  # noqa: S102 - it is what the user is told to run
    sweep.wait(30)
    assert {run.task_id for run in sweep} == ids
    assert ([run.status for run in sweep], scene.sent) == (["succeeded"] * number, number)


def test_all_results_of_a_task_are_adopted(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr brings back all clips of a create call that makes several."""
    scene = begin(provider="runware")
    with monkeypatch.context() as patch:
        full(scene, patch)
        sweep = scene.session.sweep("a fox", options={"numberResults": 3})
        with pytest.raises(StoreError):
            sweep.wait(60)
    (line,) = [line.rsplit(": ", 1)[1] for line in capfd.readouterr().err.splitlines() if ".adopt(" in line]
    exec(line, {"hw": scene.session})  # noqa: S102 - it is what the user is told to run
    (charge,) = scene.fake_provider.charges
    assert [(run.task_id, run.status) for run in sweep] == [(charge.task_id, "queued")] * 3
    assert all(scene.session.engine.runs.follows(run.id) for run in sweep)


SCRIPT = """
import contextlib, sys
from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.store.runlog import RunLog
session = Session(home=sys.argv[1], mode="live", provider="minimax", poll_interval=0.05, notice=lambda _: None)
if sys.argv[2] == "full":
    def accept(*args, **kwargs):
        raise StoreError("the disk is full")
    RunLog.accept = accept
run = session.generate("a fox", model="02")
while run.status != "submitting":
    with contextlib.suppress(TimeoutError):
        run.wait(0.05)
"""


@pytest.mark.parametrize(("disk", "wanted"), [("good", "rescue"), ("full", "stderr")])
def test_a_script_that_ends_too_early(begin: Begin, disk: str, wanted: str, tmp_path: Path) -> None:
    """It gives up its wait while the answer is on its way, and ends: the answer is read, and its id kept or said."""
    scene = begin().on("create", Act(wait_s=1.0))
    home = tmp_path / "script"
    if disk == "full":
        (home / "rescue.jsonl").mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", SCRIPT, home, disk], capture_output=True, text=True, check=True)
    (charge,) = scene.fake_provider.charges
    said = done.stderr if wanted == "stderr" else (home / "rescue.jsonl").read_text()
    assert charge.task_id in said
    assert KEY not in done.stderr


def _refuse(*_: Any, **__: Any) -> None:
    raise StoreError(FULL)


@pytest.mark.parametrize("file", ["good", "full"])
@pytest.mark.parametrize("heir", ["the same session", "another session"])
def test_who_has_the_id_uses_it(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], file: str, heir: str
) -> None:
    """The store and, for "full", the rescue file fail when the id comes: once the store works, the run is followed.

    Nothing says that the kernel ended, which is still here.
    """
    scene = begin()
    run = scene.session.generate("a fox", model="02")
    with monkeypatch.context() as patch:
        if file == "full":
            full(scene, patch)
        else:
            patch.setattr(RunLog, "accept", _refuse)
        with pytest.raises(StoreError):
            run.wait(HANG_S)
    (charge,) = scene.fake_provider.charges
    if file == "full":
        (scene.session.settings.home / "rescue.jsonl").rmdir()
        assert charge.task_id in capfd.readouterr().err
    session = scene.session
    if heir == "another session":
        session.close()
        session = Session(
            home=session.settings.home, mode="live", poll_interval=0.05, notice=lambda _: None, runtime=quick()
        )
    with closing(session):
        session.engine.take_up([run.id])
        session.wait([run.id], HANG_S)
        again = session.run(run.id)
        assert (again.status, again.task_id, scene.sent) == ("succeeded", charge.task_id, 1)
        assert "ended before" not in json.dumps([e["data"] for e in again.events], default=str)


@pytest.mark.parametrize("way_out", [Run.resubmit, Run.write_off])
def test_no_way_out_past_an_id_that_is_kept(begin: Begin, way_out: Callable[[Run], Run]) -> None:
    """An unconfirmed run whose id is in the rescue file: it is followed, and neither paid again nor written off."""
    scene = begin().on("create", Act(raw=b""))
    run = scene.run()
    assert run.status == "unconfirmed"
    (charge,) = scene.fake_provider.charges
    assert rescue.write_rescue(scene.session.settings.home / "rescue.jsonl", run.record, charge.task_id, at=NOW)
    with pytest.raises(UsageError, match=charge.task_id):
        way_out(run)
    assert run.wait(HANG_S).status == "succeeded"
    assert (run.task_id, scene.sent, len(scene.session.runs())) == (charge.task_id, 1, 1)


@pytest.mark.parametrize("way_out", [Run.resubmit, Run.write_off])
def test_a_way_out_past_a_rescue_file_that_cannot_be_read(begin: Begin, way_out: Callable[[Run], Run]) -> None:
    """It may hold the run's id: nothing is sent before somebody has looked."""
    scene = begin().on("create", Act(raw=b""))
    run = scene.run()
    (scene.session.settings.home / "rescue.jsonl").mkdir()
    with pytest.raises(StoreError, match=r"rescue\.jsonl may hold the task id"):
        way_out(run)
    assert (run.status, scene.sent) == ("unconfirmed", 1)


@pytest.mark.parametrize("number", [1, 3])
def test_a_script_that_never_waits_is_told(begin: Begin, number: int, tmp_path: Path) -> None:
    """Its runs are planned and nothing is sent: it says so when it ends, how many, and what would send them."""
    scene = begin()
    lines = [SCRIPT.split("if sys.argv[2]", maxsplit=1)[0]]
    lines += [f"session.generate('fox {n}', model='02')" for n in range(number)]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines), tmp_path / "script"], capture_output=True, text=True, check=True
    )
    assert scene.sent == 0
    said = "1 run was planned and not sent" if number == 1 else "3 runs were planned and not sent"
    assert [said in line and "wait()" in line for line in done.stderr.splitlines()] == [True]


STOPPED_SWEEP = """
import _thread
sweep = session.sweep([f"fox {n}" for n in range(4)], model="02", max_parallel=1, yes=True)
sweep[0].subscribe(lambda r: _thread.interrupt_main() if r.status == "queued" else None)
sweep.wait(60)
"""


def test_a_stopped_script_ends_quietly(begin: Begin, tmp_path: Path) -> None:
    """By Ctrl-C, with runs that wait for their turn: no task is left for asyncio to complain of."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    script = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        + SCRIPT.split("if sys.argv[2]", maxsplit=1)[0]
        + STOPPED_SWEEP
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "script"], capture_output=True, text=True, check=False
    )
    assert (scene.sent, "KeyboardInterrupt" in done.stderr) == (1, True), done.stderr
    assert [line for line in done.stderr.splitlines() if "was destroyed" in line or "never retrieved" in line] == []


def test_resume_counts_what_nobody_drives(begin: Begin) -> None:
    """A run of this very session whose loop has ended: resume hands it back, and its wait drives it."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    run = scene.session.generate("a fox", model="02")

    async def script() -> None:
        queued = asyncio.Event()
        run.subscribe(lambda r: queued.set() if r.status == "queued" else None)
        scene.session.engine.runs.drive()
        await queued.wait()

    asyncio.run(script())
    scene.fake_provider.always("query", None)
    resumed = scene.session.resume()
    assert [r.id for r in resumed] == [run.id]
    resumed.wait(HANG_S)
    assert (run.status, scene.sent) == ("succeeded", 1)
