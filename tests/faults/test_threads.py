"""Tests of threads, loops and forks: open runs are always driven, and every wait ends."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from fake_provider import Act

from hailuo_widgets.api import functions as api
from hailuo_widgets.archive import partial_download as part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from conftest import Begin, Scene

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.run import Run

END_S = 60.0  # a hang, and nothing else, takes so long


def drawn(scene: Scene, number: int) -> list[Run]:
    """So many runs, each of its own prompt."""
    return [scene.session.generate(f"fox {n}", model="02") for n in range(number)]


def told_when(run: Run, status: str) -> threading.Event:
    """Set when the run comes to this status."""
    event = threading.Event()
    run.subscribe(lambda record: event.set() if record.status == status else None)
    return event


def test_every_thread_s_wait_ends(begin: Begin) -> None:
    """Eight threads wait for sixteen runs, two each: whichever drives the loop hands it on when its own have ended."""
    scene = begin(max_parallel=16)
    scene.fake_provider.polls = 2

    def work(n: int) -> list[str]:
        return [scene.session.generate(f"fox {n} {k}", model="02").wait(END_S).status for k in range(2)]

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(work, range(8)))
    assert ended == [["succeeded"] * 2] * 8
    assert scene.fake_provider.twice == []


def test_the_one_that_drives_ends_first(begin: Begin) -> None:
    """The first thread's run ends at once, the second's later: the second goes on by itself."""
    scene = begin()
    slow, fast = drawn(scene, 2)
    scene.fake_provider.on("query", Act(wait_s=0.3))
    driving = threading.Event()
    fast.subscribe(lambda _: driving.set())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(fast.wait, END_S)
        assert driving.wait(END_S)
        second = pool.submit(slow.wait, END_S)
        assert (first.result().status, second.result().status) == ("succeeded", "succeeded")


def test_waits_with_a_time_out_in_each_thread(begin: Begin) -> None:
    """Each gives up after its own time, whoever drives; nothing is lost by it."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    runs = drawn(scene, 4)

    def wait(run: Run) -> str:
        try:
            return run.wait(0.2 + 0.1 * runs.index(run)).status
        except TimeoutError as e:
            return str(e)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(wait, runs))
    assert [run.id in text for run, text in zip(runs, told, strict=True)] == [True] * 4
    scene.fake_provider.always("query", None)
    assert [run.wait(END_S).status for run in runs] == ["succeeded"] * 4


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C as a script has it."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.parametrize("first", ["main", "other"])
def test_an_interrupt_in_the_main_thread(begin: Begin, heard: None, first: str) -> None:
    """It ends the main thread's wait, also where that drove the loop; the other thread's run goes on to its end."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    mine, other = drawn(scene, 2)
    there = threading.Event()

    waits: list[Future[Run]] = []

    with ThreadPoolExecutor(1) as pool:

        def hear(record: RunRecord) -> None:
            if record.status == "queued" and not there.is_set():
                there.set()
                if first == "main":
                    waits.append(pool.submit(other.wait, END_S))
                os.kill(os.getpid(), signal.SIGINT)

        mine.subscribe(hear)
        if first == "other":
            waits.append(pool.submit(other.wait, END_S))
        with pytest.raises(KeyboardInterrupt):
            mine.wait(END_S)
        scene.fake_provider.always("query", None)
        assert waits[0].result(END_S).status == "succeeded"
    assert mine.wait(END_S).status == "succeeded"
    assert scene.charged == 2


def test_two_loops_in_two_threads(begin: Begin) -> None:
    """``asyncio.run`` in each: when the one that carries all runs ends, the other one carries on."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    slow, fast = drawn(scene, 2)
    sent = [told_when(run, "queued") for run in (slow, fast)]

    async def short() -> None:
        scene.session.engine.runs.drive()
        await asyncio.gather(*(asyncio.to_thread(event.wait, END_S) for event in sent))

    async def long() -> list[str]:
        await asyncio.gather(slow, fast)
        return [slow.status, fast.status]

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(asyncio.run, short())
        assert sent[0].wait(END_S)
        second = pool.submit(asyncio.run, long())
        first.result(END_S)
        scene.fake_provider.always("query", None)
        assert second.result(END_S) == ["succeeded", "succeeded"]
    assert scene.charged == 2


def test_a_wait_beside_a_loop_that_ends(begin: Begin) -> None:
    """A plain thread waits while ``asyncio.run`` in another carries its run: it takes over when that ends."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    (run,) = drawn(scene, 1)
    sent = told_when(run, "queued")

    async def short() -> None:
        scene.session.engine.runs.drive()
        await asyncio.to_thread(sent.wait, END_S)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(asyncio.run, short())
        assert sent.wait(END_S)
        second = pool.submit(run.wait, END_S)
        first.result(END_S)
        scene.fake_provider.always("query", None)
        assert second.result(END_S).status == "succeeded"
    assert scene.charged == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on this system")
@pytest.mark.parametrize("where", ["a thread drives", "inside the loop", "nothing runs"])
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child(begin: Begin, where: str) -> None:
    """A child that is forked while the loop runs has its own clip made, follows its parent's run, and ends."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    (run,) = drawn(scene, 1)
    reading, writing = os.pipe()

    def child() -> None:
        told: dict[str, Any] = {}
        try:
            own = scene.session.generate("a wolf", model="02").wait(END_S)
            told = {"status": own.status, "parent": run.wait(END_S).status, "id": own.id}
        except BaseException as e:  # noqa: BLE001 - it is told to the parent
            told = {"error": repr(e)}
        finally:
            os.write(writing, json.dumps(told).encode())
            os._exit(0)

    def fork() -> int:
        pid = os.fork()
        if pid == 0:
            child()
        os.close(writing)
        scene.fake_provider.always("query", None)
        return pid

    async def inside() -> int:
        waiting = asyncio.ensure_future(run._settled(None))
        while run.status != "queued":  # noqa: ASYNC110 - a fork belongs to no callback
            await asyncio.sleep(0.01)
        pid = fork()
        await waiting
        return pid

    if where == "inside the loop":
        pid = asyncio.run(inside())
    elif where == "a thread drives":
        with ThreadPoolExecutor(1) as pool:
            sent = told_when(run, "queued")
            waiting = pool.submit(run.wait, END_S)
            assert sent.wait(END_S)
            pid = fork()
            waiting.result(END_S)
    else:
        with pytest.raises(TimeoutError):
            run.wait(0.5)
        pid = fork()
        run.wait(END_S)
    told = json.loads(os.read(reading, 4096))
    os.close(reading)
    os.waitpid(pid, 0)
    assert (told.get("status"), told.get("parent")) == ("succeeded", "succeeded"), told
    assert run.status == "succeeded"
    assert scene.session.run(told["id"]).status == "succeeded"
    assert sorted(c.prompt for c in scene.fake_provider.charges) == ["a wolf", "fox 0"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on this system")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_no_lock_is_held_in_a_child(begin: Begin) -> None:
    """Whatever lock another thread of the parent holds in the moment of the fork: the child's clip is made."""
    scene = begin()
    engine = scene.session.engine
    reading, writing = os.pipe()
    ours = [engine.runs._lock, engine.listeners._lock, engine.runs.holding._lock]
    locks = [scene.session._id_lock, api._lock, part._OPEN_LOCK, *ours]
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as all_of_them:
            for lock in locks:
                all_of_them.enter_context(lock)
            held.set()
            done.wait(END_S)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(END_S)
    pid = os.fork()
    if pid == 0:
        said = b"failed"
        try:
            said = scene.session.generate("a wolf", model="02").wait(END_S).status.encode()
        finally:
            os.write(writing, said)
            os._exit(0)
    done.set()
    thread.join()
    os.close(writing)
    if not select.select([reading], [], [], END_S)[0]:
        os.kill(pid, signal.SIGKILL)
    assert os.read(reading, 99) == b"succeeded"
    os.close(reading)
    os.waitpid(pid, 0)


def test_no_run_is_begun_on_a_loop_that_ends(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """``asyncio.run`` waits for a paid answer as it ends: what another thread starts meanwhile is begun after that."""
    answer, ending = threading.Event(), threading.Event()
    scene = begin().on("create", Act(until=answer))
    (run,) = drawn(scene, 1)
    give_up = scene.session.engine.runs.run_loop.give_up

    def given_up(loop: asyncio.AbstractEventLoop) -> None:
        give_up(loop)
        ending.set()

    monkeypatch.setattr(scene.session.engine.runs.run_loop, "give_up", given_up)
    sent = told_when(run, "submitting")

    async def short() -> None:
        scene.session.engine.runs.drive()
        await asyncio.to_thread(sent.wait, END_S)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(asyncio.run, short())
        assert ending.wait(END_S)
        wolf = scene.session.generate("a wolf", model="02")
        second = pool.submit(wolf.wait, END_S)
        answer.set()
        first.result(END_S)
        assert second.result(END_S).status == "succeeded"
    assert run.wait(END_S).status == "succeeded"
    assert scene.charged == 2
