"""Failures that random schedules have found, each as the shortest scene."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from schedules import play

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conftest import Make
    from kernels import Kernel, World

    from hailuo_widgets.api.session import Session
    from hailuo_widgets.domain.run import RunRecord


def test_a_follower_that_is_interrupted_while_it_sends_loses_no_answer(make: Make) -> None:
    """The create's answer is written even when the task that waited for it was ended, and the run is followed on."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while not world.wire.arrived:
        world.turn(world.clock.at + 10)
    kernel.interrupt(run.id)
    world.run(2000, until_idle=True)
    assert (run.status, len(world.wire.tasks), world.errors) == ("succeeded", 1, [])


def test_a_refusal_is_heard_when_its_follower_was_interrupted(make: Make) -> None:
    """A create that was refused for its rate meanwhile is sent again, and nobody calls it unconfirmed."""
    world = make(create={"busy": 1.0})
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while not world.wire.arrived:
        world.turn(world.clock.at + 10)
    kernel.interrupt(run.id)
    world.run(1.0)
    world.wire.calm = True
    world.run(2000, until_idle=True)
    assert (run.status, len(world.wire.tasks), world.errors) == ("succeeded", 1, [])


def test_leases_are_renewed_after_the_store_was_in_trouble(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that failed once does not leave a kernel's runs to others while it lives."""
    world = make()
    kernel = world.begin()
    kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(1.0)
    next(iter(world.wire.tasks.values())).ready = 1000.0
    failed: list[str] = []
    renew = RunLog.renew

    def once(log: RunLog, run_ids: Iterable[str], owner: str) -> set[str]:
        if not failed:
            failed.append(owner)
            raise StoreError("the disk is full")
        return renew(log, run_ids, owner)

    monkeypatch.setattr(RunLog, "renew", once)
    world.run(130.0)
    assert failed == [kernel.name]
    assert world.begin().do(lambda s: s.resume()) == []
    assert world.errors == []


def test_one_denial_does_not_lose_a_finished_clip(make: Make) -> None:
    """A provider that does not know a finished task for once, when a fresh link is asked for, is asked again."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", provider="runware", duration=6))
    while run.status != "downloading":
        world.turn(world.clock.at + 1000)
    world.wire.script = {"download": ["dead"], "query": ["unknown"]}
    world.run(2000, until_idle=True)
    assert (run.status, world.wire.script) == ("succeeded", {"download": [], "query": []})


def test_a_forgotten_clip_is_lost(make: Make) -> None:
    """A provider that denies a finished task for good is believed, in minutes."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", provider="runware", duration=6))
    while run.status != "downloading":
        world.turn(world.clock.at + 1000)
    world.wire.script = {"download": ["dead"]}
    next(iter(world.wire.tasks.values())).fate = "forgotten"  # it was named once, so it is unknown from now on
    world.run(600, until_idle=True)
    assert run.status == "lost"


def test_an_error_on_the_way_does_not_end_a_further_result(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second clip of a call was paid for with the first: a store that fails a moment leaves it for resume."""
    world = make()
    kernel = world.begin()
    sweep = kernel.do(lambda s: s.sweep("foxes", provider="runware", duration=6, options={"numberResults": 2}))
    second = sweep.runs[1]
    failed: list[str] = []
    advance = RunLog.advance

    def once(log: RunLog, run_id: str, what: str, *args: Any, **changes: Any) -> RunRecord:
        if run_id == second.id and changes.get("status") in {"running", "downloading"} and not failed:
            failed.append(what)
            raise StoreError("the disk is full")
        return advance(log, run_id, what, *args, **changes)

    monkeypatch.setattr(RunLog, "advance", once)
    world.run(2000, until_idle=True)
    assert len(failed) == 1
    kernel.do(lambda s: s.resume())
    world.run(2000, until_idle=True)
    assert [r.status for r in sweep.runs] == ["succeeded", "succeeded"]


def test_a_further_result_does_not_wait_for_a_lead_that_nobody_follows(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first run whose end the full disk did not take is followed no more: its call's second clip ends with it."""
    world = make()
    kernel = world.begin()

    def refuses(*_: Any, **__: Any) -> RunRecord:
        raise StoreError("the disk is full")

    for written in ("reserve", "advance"):
        monkeypatch.setattr(RunLog, written, refuses)
    sweep = kernel.do(lambda s: s.sweep("foxes", provider="runware", duration=6, options={"numberResults": 2}))
    world.run(100, until_idle=True)
    assert kernel.idle
    assert [(r.status, "the disk is full" in str(r.error)) for r in sweep.runs] == [("failed", True)] * 2
    assert [kernel.session.log.get(r.id).status for r in sweep.runs] == ["planned"] * 2
    assert (world.wire.arrived, world.errors) == ([], [])


def test_another_kernel_cannot_hide_a_doubt_by_cancelling(make: Make) -> None:
    """A run that is being sent elsewhere cannot be called cancelled: its answer may be lost, and then it is doubted."""
    world = make(create={"slow+": 1.0})
    kernel, other = world.begin(), world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while not world.wire.tasks:
        world.turn(world.clock.at + 10)
    other.do(lambda s: s.run(run.id).cancel())
    world.run(500, until_idle=True)
    assert (run.status, len(world.wire.tasks), world.errors) == ("unconfirmed", 1, [])


def test_a_run_that_was_left_while_it_was_sent_is_not_called_unsent(make: Make) -> None:
    """Cancelled before its place was free, a run of a dead kernel that may have been charged is still in doubt."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while not world.wire.tasks:
        world.turn(world.clock.at + 10)
    world.kill(kernel)
    world.max_parallel = 1
    other = world.begin()
    other.do(lambda s: s.generate("a wolf", model="02"))
    world.run(2.0)

    def resume_and_cancel(session: Session) -> None:
        session.resume()
        session.engine.runs._launch_all(other.loop)
        session.run(run.id).cancel()

    other.do(resume_and_cancel)
    world.run(2000, until_idle=True)
    assert other.session.log.get(run.id).status == "unconfirmed"


def test_a_kernel_that_slept_lets_go_of_what_another_took_up(make: Make) -> None:
    """When its leases ran out and another follows its runs, a kernel that wakes follows them no more."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(2.0)
    next(iter(world.wire.tasks.values())).ready = 1000.0
    world.kernels.remove(kernel)
    world.run(100.0)
    other = world.begin()
    assert [r.id for r in other.do(lambda s: s.resume())] == [run.id]
    world.kernels.append(kernel)
    world.run(60.0)
    assert (kernel.idle, other.idle) == (True, False)
    world.run(2000, until_idle=True)
    assert (other.session.log.get(run.id).status, world.errors) == ("succeeded", [])


def test_a_follower_that_was_ended_is_begun_again_though_nobody_waits(make: Make) -> None:
    """A run whose task was cancelled in the midst of its download is taken up by its own kernel within a minute."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while run.status != "downloading":
        world.turn(world.clock.at + 1000)
    world.turns(10)
    (follower,) = (t for t in asyncio.all_tasks(kernel.loop) if t.get_name() == f"hailuo {run.id}")
    kernel.loop.call_soon(follower.cancel)
    world.run(60.0)
    assert (run.status, kernel.idle, world.errors) == ("succeeded", True, [])


def test_a_late_poll_opens_no_ended_run(make: Make) -> None:
    """A kernel that wakes, and hears that the task has finished, leaves a run alone that another has brought home."""
    world = make(timing={"renew_s": 1e6})  # it polls before it looks whose the run is
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(2.0)
    world.kernels.remove(kernel)
    world.run(100.0)
    other = world.begin()
    assert [r.id for r in other.do(lambda s: s.resume())] == [run.id]
    world.run(3000, until_idle=True)
    assert other.session.log.get(run.id).status == "succeeded"
    world.kernels.append(kernel)
    world.run(3000, until_idle=True)
    assert (kernel.idle, run.status, run.error, world.errors) == (True, "succeeded", None, [])


def test_a_run_that_ends_while_its_link_is_asked_for_is_left(make: Make) -> None:
    """Cancelled by another kernel while this one asks for the clip's link, a run is not downloaded from nowhere."""
    world = make(timing={"renew_s": 1e6}, link={"slow": 1.0})  # it asks before it looks whose the run is
    kernel, other = world.begin(), world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while run.status != "downloading":
        world.turn(world.clock.at + 1000)
    world.turns(10)
    other.do(lambda s: s.run(run.id).cancel())
    world.wire.calm = True
    world.run(2000, until_idle=True)
    assert (other.session.log.get(run.id).status, kernel.idle, world.errors) == ("cancelled", True, [])


@pytest.mark.parametrize("seed", [703, 1050, 5168, 5456, 7363, 8418])
def test_schedules_that_once_found_something(folder: Path, seed: int) -> None:
    """They broke a promise on the day that they were first played."""
    assert play(seed, folder=folder).wrong == []


def _left_while_locked(world: World) -> tuple[Kernel, str]:
    """A kernel that has let go of a paid run while the store was locked, and the run's id."""
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while not world.wire.tasks:
        world.turn(world.clock.at + 10)
    world.run(1.0)
    world.locked = True
    while not kernel.idle:
        assert world.turn(world.clock.at + 4000)
    world.locked = False
    return kernel, run.id


def _renewals(kernel: Kernel) -> list[str]:
    return [name for task in asyncio.all_tasks(kernel.loop) if (name := task.get_name()) == "hailuo leases"]


@pytest.mark.parametrize("left", ["alive", "not taken up", "closed"])
def test_a_lease_that_could_not_be_ended_is_ended_when_the_store_works_again(make: Make, left: str) -> None:
    """A kernel that has let go of a run leaves it to others at once, whatever the wall clock was set to."""
    world = make()
    kernel, run_id = _left_while_locked(world)
    if left == "not taken up":
        world.trouble = 1.0
        assert isinstance(kernel.do(lambda s: s.resume()), StoreError)
        world.trouble = 0.0
    if left == "closed":
        kernel.do(lambda s: s.close())
        world.graves.append(kernel)  # its owner's name is nobody's any more
    world.clock.wall_s -= 90_000.0
    world.run(30.0)
    other = world.begin()
    other.do(lambda s: s.resume())
    assert not other.idle
    world.run(4000, until_idle=True)
    assert (other.do(lambda s: s.run(run_id)).status, len(world.wire.tasks), world.errors) == ("succeeded", 1, [])
    assert _renewals(kernel) == []


def test_a_run_that_is_followed_again_keeps_its_lease(make: Make) -> None:
    """What was to be ended is forgotten when the same kernel takes the run up."""
    world = make()
    kernel, run_id = _left_while_locked(world)
    next(iter(world.wire.tasks.values())).ready = world.clock.at + 600.0
    kernel.do(lambda s: s.resume())
    world.run(100.0)
    assert kernel.session.engine.runs.follows(run_id)
    assert world.begin().do(lambda s: len(s.resume())) == 0
    world.run(4000, until_idle=True)
    assert (kernel.do(lambda s: s.run(run_id)).status, len(world.wire.tasks), world.errors) == ("succeeded", 1, [])
    assert _renewals(kernel) == []


@pytest.mark.parametrize("set_s", [0.0, -2.0, -3600.0, -3.2e7, 3600.0])
@pytest.mark.parametrize("status", ["planned", "submitting", "queued", "downloading", "unconfirmed"])
@pytest.mark.parametrize("first", ["alive", "killed"])
def test_an_equal_run_is_not_paid_again_whatever_the_clock_says(
    make: Make, first: str, status: str, set_s: float
) -> None:
    """Another kernel, whose clock is behind or ahead, has the same request: it waits for the run that is there."""
    world = make()
    kernel = world.begin()
    world.wire.script = {"create": ["lost+"]} if status == "unconfirmed" else {}
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    while run.status != status:
        assert world.turn(world.clock.at + 4000)
    if first == "killed":
        world.kill(kernel)
    world.clock.wall_s += set_s
    other = world.begin()
    again = other.do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    if first == "killed" and status == "planned":  # nobody sends it any more, so the second one is sent
        assert (again.status, len(world.wire.tasks)) == ("succeeded", 1)
        return
    if status == "unconfirmed" or (first, status) == ("killed", "submitting"):
        assert (again.status, len(world.wire.tasks)) == ("skipped", len(world.wire.tasks))
    else:
        served = {run.record.reused_from, again.record.reused_from}
        assert (again.status, served) in [("succeeded", {None, run.id}), ("succeeded", {None, again.id})]
    assert len(world.wire.tasks) <= 1
    assert world.errors == []


@pytest.mark.parametrize("set_s", [0.0, -2.0, -3600.0, 3600.0])
def test_of_two_equal_runs_that_begin_at_once_one_is_sent(make: Make, set_s: float) -> None:
    """Neither kernel has sent its own when the other looks: the order in the log decides, and they agree on it."""
    for second_first in (False, True):
        world = make()
        kernels = [world.begin(), world.begin()]
        runs = []
        for kernel in kernels:
            runs.append(kernel.do(lambda s: s.generate("a fox", model="02")))
            world.clock.wall_s += set_s
        for _ in range(60):
            for kernel in kernels[::-1] if second_first else kernels:
                if kernel.loop.ready:
                    kernel.loop.step()
        world.run(4000, until_idle=True)
        assert [run.status for run in runs] == ["succeeded", "succeeded"]
        assert (len(world.wire.tasks), world.errors) == (1, [])


def test_a_status_of_a_newer_version_holds_an_equal_run_back(make: Make) -> None:
    """It is shown as unconfirmed, because it may have been paid for; so it is not paid for again."""
    world = make()
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    store = kernel.session.settings.store_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(store)) as c, c:
        c.execute("UPDATE runs SET status = 'paid' WHERE run_id = ?", (run.id,))
    other = world.begin()
    again = other.do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    assert (again.status, len(world.wire.tasks)) == ("skipped", 1)
    assert [r.run_id for r in other.session.log.find(status="unconfirmed")] == [run.id]


def test_a_clip_with_the_hash_of_another_request_is_not_reused(make: Make) -> None:
    """A row's hash is believed only if it is the hash of its request."""
    world = make()
    kernel = world.begin()
    wolf = kernel.do(lambda s: s.generate("a wolf", model="02"))
    world.run(4000, until_idle=True)
    fox = kernel.session.plan("a fox", model="02").runs[0].request.hash
    store = kernel.session.settings.store_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(store)) as c, c:
        c.execute("UPDATE runs SET request_hash = ? WHERE run_id = ?", (fox, wolf.id))
    again = world.begin().do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    assert (again.status, again.record.reused_from, len(world.wire.tasks)) == ("succeeded", None, 2)


@pytest.mark.parametrize("joined", ["before the denial", "after it"])
def test_a_mistyped_task_id_leaves_a_run_unconfirmed(make: Make, joined: str) -> None:
    """The provider does not know it, so the run's own task may still be billed: an equal run is not sent."""
    world = make()
    kernel = world.begin()
    world.wire.script = {"create": ["lost+"]}
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    kernel.do(lambda _: run.adopt("424242424242"))
    again = None
    if joined == "before the denial":
        again = kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    assert (run.status, run.task_id) == ("unconfirmed", None)
    again = again or kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(4000, until_idle=True)
    assert (again.status, len(world.wire.tasks), world.errors) == ("skipped", 1, [])
    kernel.do(lambda _: run.adopt(next(iter(world.wire.tasks))))
    world.run(4000, until_idle=True)
    assert run.status == "succeeded"
