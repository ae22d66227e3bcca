"""Tests of the money of H3 runs at MiniMax: a lost create call, a cancel at each moment, an upscale."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from patience import HANG_S, until

from hailuo_widgets.errors import Cancelled, HailuoError, Unconfirmed

if TYPE_CHECKING:
    from conftest import Begin, Scene

    from hailuo_widgets.workspace.run import Run

H3 = {"model": "h3"}
LOST = {"kind": "drop_after", "provider": "minimax", "phase": "create"}


def steps(run: Run) -> list[str]:
    """What the log says was done."""
    return [e["what"] for e in run.events]


def at(scene: Scene, run: Run, part: float) -> None:
    """Let a part of a task's generation time have passed: it is queued, then running, then finished."""
    task = scene.simulator.world.tasks.find(task_id=str(run.task_id))[0]
    now = time.time()
    scene.simulator.world.tasks.mark(task, created=now - 100 * part, ready=now + 100 * (1 - part))


def sent(scene: Scene) -> list[tuple[str, str]]:
    """The calls of V2 that arrived, without the polls."""
    calls = [(r["method"], r["path"]) for r in scene.requests("/v2/")]
    return [call for call in calls if not call[1].startswith("/v2/query/video_generation/")]


async def started(scene: Scene) -> Run:
    """A run that the provider has accepted."""
    run = scene.session.generate("a fox", **H3)
    queued = asyncio.Event()
    stop = run.subscribe(lambda record: queued.set() if record.status == "queued" else None)
    await queued.wait()
    stop()
    return run


async def ended(run: Run) -> None:
    """Wait for a run's end, whichever it is."""
    with suppress(HailuoError):
        await run


def test_from_plan_to_clip(begin: Begin) -> None:
    """An H3 run goes to V2 and is asked for there; nothing is retrieved, and one create was charged."""
    scene = begin()
    run = scene.session.generate("a fox", **H3).wait(HANG_S)
    assert (run.status, run.simulated, scene.creates) == ("succeeded", False, 1)
    assert run.video is not None
    assert (run.request.resolution, run.request.duration, run.request.aspect_ratio) == ("768P", 6, "16:9")
    assert sent(scene) == [("POST", "/v2/video_generation")]
    assert scene.requests("/v1/") == []


def test_a_lost_create_call_is_found_in_the_list(begin: Begin) -> None:
    """The task was made and its answer lost: nothing is sent again by itself, and the user's choice brings the clip."""
    scene = begin(LOST)
    run = scene.session.generate("a fox", **H3)
    with pytest.raises(Unconfirmed):
        run.wait(HANG_S)
    assert (run.status, scene.creates) == ("unconfirmed", 1)
    (found,) = run.candidates()
    assert (found.model, found.resolution, found.duration) == ("MiniMax-H3", "768P", 6)
    run.adopt(found.task_id).wait(HANG_S)
    assert (run.status, run.task_id, scene.creates) == ("succeeded", found.task_id, 1)
    assert run.video is not None


def test_of_two_lost_calls_the_user_chooses(begin: Begin) -> None:
    """Both tasks could be either run's, and one of V1 is neither's; a task that a run has is offered to no other."""
    scene = begin()
    scene.session.generate("a fox", model="02").wait(HANG_S)
    runs = []
    for prompt in ("a fox", "a wolf"):
        scene.simulator.fault(**LOST)
        runs.append(scene.session.generate(prompt, **H3))
        with pytest.raises(Unconfirmed):
            runs[-1].wait(HANG_S)
    assert scene.creates == 3
    ours, other = runs
    both = {one.task_id for one in ours.candidates()}
    assert len(both) == 2
    assert {one.task_id for one in other.candidates()} == both
    chosen = min(both)
    ours.adopt(chosen).wait(HANG_S)
    assert [one.task_id for one in other.candidates()] == [max(both)]
    assert scene.creates == 3


def test_a_queued_task_is_cancelled(begin: Begin) -> None:
    """It is asked about right before, and costs nothing."""
    scene = begin(simulator={"latency": 100.0})

    async def scenes() -> Run:
        run = await started(scene)
        run.cancel()
        with pytest.raises(Cancelled, match="does not bill it"):
            await run
        return run

    run = asyncio.run(scenes())
    assert (run.status, steps(run)[-1]) == ("cancelled", "cancelled_free")
    assert [(r["method"], r["path"]) for r in scene.requests("/v2/")][-2:] == [
        ("GET", f"/v2/query/video_generation/{run.task_id}"),
        ("DELETE", f"/v2/video_generation/{run.task_id}"),
    ]
    assert scene.simulator.spent.get("minimax", 0) == 0


def test_a_running_task_is_not_deleted(begin: Begin) -> None:
    """The call, which would do harm, is not even sent: the run says that it was too late, and retry brings the clip."""
    scene = begin(simulator={"latency": 100.0})

    async def scenes() -> Run:
        run = await started(scene)
        at(scene, run, 0.5)
        run.cancel()
        with pytest.raises(Cancelled, match="too late"):
            await run
        assert sent(scene) == [("POST", "/v2/video_generation")]
        at(scene, run, 1.5)
        return await run.retry()

    assert (asyncio.run(scenes()).status, scene.creates) == ("succeeded", 1)


def test_a_task_that_has_finished_is_brought(begin: Begin) -> None:
    """The query before the call finds it finished: its clip is paid for, so the run goes on to it."""
    scene = begin(simulator={"latency": 100.0})

    async def scenes() -> Run:
        run = await started(scene)
        at(scene, run, 1.5)
        run.cancel()
        await ended(run)
        return run

    assert (asyncio.run(scenes()).status, scene.creates) == ("succeeded", 1)
    assert sent(scene) == [("POST", "/v2/video_generation")]


def test_a_task_that_finishes_while_the_call_is_on_its_way(begin: Begin) -> None:
    """The record is deleted, and the run never says that it was free."""
    scene = begin(simulator={"latency": 100.0})

    async def scenes() -> Run:
        run = await started(scene)
        scene.simulator.fault("delay", provider="minimax", phase="cancel", seconds=0.5)
        run.cancel()
        arrived = ("DELETE", f"/v2/video_generation/{run.task_id}")
        await asyncio.to_thread(until, lambda: arrived in sent(scene), what="the call")
        at(scene, run, 1.5)
        await ended(run)
        return run

    run = asyncio.run(scenes())
    assert run.status == "cancelled"
    assert steps(run)[-1] == "cancelled_unknown"
    assert scene.simulator.spent["minimax"] == pytest.approx(0.48)
    assert "its record is deleted" in str(run.error)


def test_upscale(begin: Begin) -> None:
    """A run's clip at 2K is a run of its own, sent with the task's ID and billed once."""
    scene = begin()
    run = scene.session.generate("a fox", **H3).wait(HANG_S)
    larger = run.upscale(yes=True).wait(HANG_S)
    assert (larger.status, scene.creates) == ("succeeded", 2)
    assert larger.request.source is not None
    (call,) = scene.requests("/v2/video_regeneration")
    assert call["body"] == {"model": "MiniMax-H3", "source_task_id": run.task_id, "resolution": "2K"}
