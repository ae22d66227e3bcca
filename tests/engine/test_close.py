"""Tests of closing a session with runs in progress: nothing more is sent, and nothing paid is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from patience import HANG_S

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import Begin


def test_a_session_that_is_closed_leaves_its_runs_to_the_next(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of it stays on the loop, it begins no create call more, and the next session brings the clip."""
    scene = begin(simulator={"latency": 0.5})
    run = scene.session.generate("a fox", model="02")
    while run.status == "planned":
        with pytest.raises(TimeoutError):
            run.wait(0.1)
    loop = scene.session.engine.runs.run_loop.loop
    assert loop is not None
    scene.session.close()
    assert asyncio.all_tasks(loop) == set()
    with pytest.raises(StoreError, match="the session was closed"):
        scene.session.generate("a fox", model="02")
    loop.close()
    heir = Session(home=scene.session.settings.home, mode="live", poll_interval=0.1, notice=lambda _: None)
    (taken,) = heir.resume()
    assert (taken.id, taken.wait(30).status, scene.creates) == (run.id, "succeeded", 1)
    heir.close()
    assert "Task was destroyed" not in caplog.text


def test_a_create_call_that_outlives_its_session(begin: Begin) -> None:
    """On a loop that goes on, its answer comes to a closed log: the task id is rescued, and the next session has it."""
    scene = begin({"kind": "delay_after", "phase": "create", "seconds": 0.6})

    async def closed() -> str:
        run = scene.session.generate("a fox", model="02")
        sent = asyncio.Event()
        run.subscribe(lambda r: sent.set() if r.status == "submitting" else None)
        await sent.wait()
        scene.session.close()
        while not (scene.session.settings.home / "rescue.jsonl").exists():  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)
        return run.id

    run_id = asyncio.run(closed())
    heir = Session(home=scene.session.settings.home, mode="live", poll_interval=0.1, notice=lambda _: None)
    (taken,) = heir.resume()
    assert (taken.id, taken.wait(30).status, scene.creates) == (run_id, "succeeded", 1)
    heir.close()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_was_planned_and_not_sent_is_said(tmp_path: Path, number: int, *, asynchronous: bool) -> None:
    """A ``with`` without a wait sends nothing, and says so, with what sends it; a second close says nothing more."""
    said: list[str] = []
    session = Session(home=tmp_path, mode="simulated", notice=said.append)

    async def within() -> None:
        async with session:
            session.engine.runs.holding.all = True
            session.sweep([f"fox {n}" for n in range(number)], model="02")

    if asynchronous:
        asyncio.run(within())
    else:
        with session:
            session.sweep([f"fox {n}" for n in range(number)], model="02")
    session.close()
    (line,) = [line for line in said if "planned and not sent" in line]
    assert ("1 run was" if number == 1 else "3 runs were") in line
    assert "nothing was paid" in line
    assert "wait()" in line


def test_nothing_is_said_of_what_was_sent(begin: Begin) -> None:
    """A run that was sent, or has ended, is not one that was planned only."""
    said: list[str] = []
    scene = begin(simulator={"latency": 0.5})
    with Session(home=scene.session.settings.home, mode="live", poll_interval=0.1, notice=said.append) as session:
        session.generate("a fox", model="02").wait(HANG_S)
        run = session.generate("a wolf", model="02")
        while run.status in {"planned", "submitting"}:
            with pytest.raises(TimeoutError):
                run.wait(0.1)
    assert said == []


def test_a_closed_sessions_runs_show_what_is_known(begin: Begin) -> None:
    """Status, task, request, cost and card are those that the session last knew; what only the log knows raises."""
    scene = begin(simulator={"latency": 3600})
    sent, planned = (scene.session.generate(f"a {animal}", model="02") for animal in ("fox", "wolf"))
    while sent.status in {"planned", "submitting"}:
        with pytest.raises(TimeoutError):
            sent.wait(0.1)
    before = sent.record
    scene.session.close()
    assert (sent.task_id, sent.record.origin) == (before.task_id, before.origin)
    assert sent.status in {"queued", "running"}
    assert (sent.request, sent.provider, sent.seed, sent.error, sent.video) == (
        before.request,
        "minimax",
        None,
        None,
        None,
    )
    assert planned.request.prompt == "a wolf"
    assert (sent.id in repr(sent), "closed" in repr(sent)) == (True, False)
    for ask in (
        lambda: sent.events,
        lambda: setattr(sent, "rating", 5),
        sent.cancel,
        sent.retry,
        lambda: sent.wait(1),
    ):
        with pytest.raises(StoreError, match="the session was closed") as caught:
            ask()
        assert "only planned" in str(caught.value.hint)
