"""Tests of closing a session with runs in progress: nothing more is sent, and nothing paid is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
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
