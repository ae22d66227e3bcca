"""Tests of replies to create calls that come after the loop ended: the task ID is kept."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from conftest import quick
from fake_provider import Act, FakeProvider
from patience import HANG_S, until

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine import paid_task as paid

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Begin, Scene

SHORT_S = 0.02


SHORT = {"loop_end_s": SHORT_S}  # what a loop that ends waits for an answer


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name localhost has two addresses, and only the second one is served."""
    known = socket.getaddrinfo

    def found(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in {"localhost", b"localhost"}:
            return known(host, port, *args, **kwargs)
        first = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", int(port), 0, 0))
        return [first, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def held(scene: Scene) -> threading.Event:
    """The answer to the create call waits for this."""
    answer = threading.Event()
    scene.on("create", Act(until=answer))
    return answer


async def _later(scene: Scene) -> None:
    """The create call has arrived, and longer ago than a loop that ends would wait."""
    async with asyncio.timeout(HANG_S):
        while not scene.sent:  # noqa: ASYNC110 - the provider is in another thread
            await asyncio.sleep(0.005)
    await asyncio.sleep(5 * SHORT_S)


class _Named(FakeProvider):
    """Known by a name."""

    @property
    def url(self) -> str:
        return super().url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("kind", [FakeProvider, _Named])
def test_a_slow_answer(begin: Begin, clip: bytes, two_addresses: None, kind: type[FakeProvider]) -> None:
    """Over a connection as the client makes it, which cancels its own waits; nothing ends, so nothing is cut short."""
    scene = begin(timing=SHORT, fake_provider=kind(clip))
    answer = held(scene)
    run = scene.session.generate("a fox", model="02")

    async def script() -> None:
        scene.session.engine.runs.drive()
        await _later(scene)
        answer.set()
        await run

    asyncio.run(script())
    (charge,) = scene.fake_provider.charges
    assert (run.status, run.task_id, scene.sent) == ("succeeded", charge.task_id, 1)


def _all_but_this() -> None:
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task():
            task.cancel()


async def _by_a_task(_: Scene) -> None:
    _all_but_this()


async def _by_a_callback(_: Scene) -> None:
    """As a handler of a signal does."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(lambda: (_all_but_this(), done.set()))
    await done.wait()


@pytest.mark.parametrize("end", [_by_a_task, _by_a_callback])
def test_cancelled_on_a_loop_that_goes_on(begin: Begin, end: Callable[[Scene], Any]) -> None:
    """Every task is cancelled and the loop runs on: the answer is heard, however late."""
    scene = begin(timing=SHORT)
    answer = held(scene)
    run = scene.session.generate("a fox", model="02")

    async def script() -> None:
        scene.session.engine.runs.drive()
        await _later(scene)
        with suppress(asyncio.CancelledError):
            await end(scene)
        await asyncio.sleep(5 * SHORT_S)
        answer.set()
        await run

    asyncio.run(script())
    (charge,) = scene.fake_provider.charges
    assert (run.status, run.task_id, scene.sent) == ("succeeded", charge.task_id, 1)


async def _time_out() -> str:
    try:
        async with asyncio.timeout(SHORT_S):
            await asyncio.Event().wait()
    except TimeoutError:
        return "ended"
    return "never"


async def _scope() -> str:
    with anyio.move_on_after(SHORT_S) as scope:
        await asyncio.Event().wait()
    return "ended" if scope.cancelled_caught else "never"


async def _child() -> str:
    async with anyio.create_task_group() as group:

        async def first() -> None:
            group.cancel_scope.cancel()

        group.start_soon(first)
        await asyncio.Event().wait()
    return "ended"


async def _group() -> str:
    async def fails() -> None:
        raise ValueError

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await asyncio.Event().wait()
    except* ValueError:
        pass
    return "ended"


@pytest.mark.parametrize("work", [_time_out, _scope, _child, _group])
def test_what_the_task_begins_ends_it_as_any_task(work: Callable[[], Any]) -> None:
    """Time-outs and groups of the libraries below: at once, and no cancel is left over that asyncio counts."""

    async def call() -> tuple[str, int]:
        ended = await work()
        task = asyncio.current_task()
        await asyncio.sleep(5 * SHORT_S)  # nothing else comes for it
        return ended, task.cancelling() if task else -1

    async def script() -> tuple[str, int]:
        async with asyncio.timeout(HANG_S):
            return await paid.paid_task(call(), answer_s=SHORT_S)

    assert asyncio.run(script()) == ("ended", 0)


def test_a_loop_that_ends_waits_no_longer(begin: Begin) -> None:
    """An answer that does not come keeps a loop that ends for ``loop_end_s``, and the run is unconfirmed."""
    scene = begin(timing=SHORT)
    answer = held(scene)
    run = scene.session.generate("a fox", model="02")

    async def script() -> None:
        scene.session.engine.runs.drive()
        await _later(scene)

    asyncio.run(script())
    answer.set()
    scene.session.wait([run.id], HANG_S)
    assert run.status == "unconfirmed"
    assert scene.charged == 1


async def _closed_within_a_loop(session: Session) -> None:
    session.close()


@pytest.mark.parametrize(
    "close", [Session.close, lambda session: asyncio.run(_closed_within_a_loop(session))], ids=["plainly", "in a loop"]
)
def test_closed_by_another_thread(begin: Begin, close: Callable[[Session], None]) -> None:
    """One thread waits, and so drives the loop; another closes the session before the answer comes: the id is kept."""
    scene = begin(timing=SHORT | {"answer_s": HANG_S})
    answer = held(scene)
    run = scene.session.generate("a fox", model="02")
    with ThreadPoolExecutor(2) as pool:
        driving = pool.submit(run.wait, HANG_S)
        until(lambda: scene.sent)
        closing_it = pool.submit(close, scene.session)
        until(lambda: scene.session.engine.runs.holding.all)
        wait({driving}, timeout=0.4)  # without an answer to wait for, it would end now
        answer.set()
        closing_it.result(HANG_S)
        with suppress(Exception):
            driving.result(HANG_S)
    (charge,) = scene.fake_provider.charges
    with closing(
        Session(home=scene.session.settings.home, mode="live", poll_interval=0.05, notice=print, runtime=quick())
    ) as heir:
        (taken,) = heir.resume()
        assert (taken.task_id, taken.wait(HANG_S).status, scene.sent) == (charge.task_id, "succeeded", 1)
