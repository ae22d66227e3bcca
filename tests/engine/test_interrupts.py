"""Tests of Ctrl-C in a script: it ends the wait, and nothing else."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine.event_loop import run_to_end
from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Begin

    from hailuo_widgets.domain.run import RunRecord


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Ctrl-C as a script has it, also where whoever started the tests has turned it off."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


def interrupt() -> None:
    """What Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


def test_the_answer_to_a_paid_call_is_read(begin: Begin) -> None:
    """While a create call is on its way: the task id is in the log before the wait ends."""
    scene = begin({"kind": "delay_after", "phase": "create", "seconds": 3})
    run = scene.session.generate("a fox", model="02")

    def soon(record: RunRecord) -> None:
        if record.status == "submitting":
            threading.Timer(0.2, interrupt).start()

    run.subscribe(soon)
    with pytest.raises(KeyboardInterrupt):
        run.wait(30)
    assert run.record.task_id is not None
    assert (run.wait(30).status, scene.creates) == ("succeeded", 1)


@pytest.mark.parametrize("status", ["submitting", "queued", "running", "downloading", "succeeded"])
def test_no_step_is_left_half_done(begin: Begin, status: str) -> None:
    """In the very step that brings a run to this status: the step is done to its end, and so is the run."""
    scene = begin()
    run = scene.session.generate("a fox", model="02")
    pressed: list[str] = []

    def now(record: RunRecord) -> None:
        if record.status == status and not pressed:
            pressed.append(status)
            interrupt()

    run.subscribe(now)
    with pytest.raises(KeyboardInterrupt):
        run.wait(30)
    assert (run.wait(30).status, scene.creates) == ("succeeded", 1)


def test_a_second_one_while_the_answer_is_awaited(begin: Begin) -> None:
    """It comes just as the answer is written: that is done to its end, and the next wait goes on from there."""
    scene = begin()
    run = scene.session.generate("a fox", model="02")
    pressed: list[str] = []

    def at(record: RunRecord) -> None:
        if record.status in {"submitting", "queued"} and record.status not in pressed:
            pressed.append(record.status)
            interrupt()

    run.subscribe(at)
    with pytest.raises(KeyboardInterrupt):
        run.wait(30)
    assert (pressed, run.status) == (["submitting", "queued"], "queued")
    assert (run.wait(30).status, scene.creates) == ("succeeded", 1)


def test_closing_is_done_to_its_end(begin: Begin) -> None:
    """It ends the wait for an answer before a session closes: the run is free for others, and the log is closed."""
    scene = begin({"kind": "delay_after", "phase": "create", "seconds": 3})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(TimeoutError):
        run.wait(0.5)
    assert run.status == "submitting"
    threading.Timer(0.2, interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        scene.session.close()
    with pytest.raises(StoreError, match="closed"):
        scene.session.log.call(scene.session.log.get, run.id)
    later = Session(home=scene.session.settings.home, mode="live", notice=lambda _: None)
    try:
        assert [r.id for r in later.resume()] == [run.id]
    finally:
        later.close()


def test_one_that_comes_too_late_is_not_lost() -> None:
    """In the last step of what is waited for: it is raised then, for the next line may cost money."""

    async def work() -> str:
        interrupt()
        return "done"

    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_to_end(loop, work())
    finally:
        loop.close()


def test_where_it_is_turned_off_it_stays_so() -> None:
    """A program that was started to hear of no interrupt (by "&" in a script) does not hear of one while it waits."""

    async def work() -> str:
        interrupt()
        await asyncio.sleep(0)
        return "done"

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    loop = asyncio.new_event_loop()
    try:
        told = run_to_end(loop, work())
    except KeyboardInterrupt:
        told = "interrupted"
    finally:
        loop.close()
    assert told == "done"
