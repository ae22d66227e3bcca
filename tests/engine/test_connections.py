"""A session that is closed leaves nothing open: no HTTP client, no socket, no event loop of its own."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hailuo_widgets.api.session import Session
    from tests.engine.conftest import Begin, Scene


class Clients(list[httpx.AsyncClient]):
    """HTTP clients in the order in which they were made; ``made`` is set by the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.made = threading.Event()

    @property
    def closed(self) -> list[bool]:
        """Whether each is closed."""
        return [client.is_closed for client in self]


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Every HTTP client that is made."""
    made = Clients()

    class Noted(httpx.AsyncClient):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)
            made.made.set()

    monkeypatch.setattr(httpx, "AsyncClient", Noted)
    return made


@contextmanager
def nothing_left_open() -> Iterator[None]:
    """Python itself complains of nothing that was opened and not closed: sockets, transports, loops."""
    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(w.message) for w in told if issubclass(w.category, ResourceWarning)] == []


async def others_end() -> None:
    """Wait until no other task is on this loop."""
    while left := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(left)


def script(session: Session) -> None:
    """As a script does: no loop runs, so wait() drives the run."""
    with session as opened:
        assert opened is session
        assert session.generate("a fox", model="02").wait(30).video is not None


def asynchronous(session: Session) -> None:
    """As an asynchronous program does."""

    async def work() -> None:
        async with session as opened:
            assert opened is session
            await session.generate("a fox", model="02")

    asyncio.run(work())


def nested(session: Session) -> None:
    """A plain block inside a loop that ends right after it."""

    async def work() -> None:
        with session:
            await session.generate("a fox", model="02")

    asyncio.run(work())


def beside(session: Session) -> None:
    """Runs on the loop of another thread, as a kernel's; it goes on for a while."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def work() -> None:
        await session.generate("a fox", model="02")

    def run() -> None:
        loop.call_soon(ready.set)
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    asyncio.run_coroutine_threadsafe(work(), loop).result(30)
    session.close()

    asyncio.run_coroutine_threadsafe(others_end(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("way", [script, asynchronous, nested, beside], ids=lambda way: way.__name__)
def test_a_closed_session_leaves_nothing_open(way: Callable[[Session], None], begin: Begin, clients: Clients) -> None:
    """Whichever loop its runs were on; closing it again changes nothing, and it begins no run more."""
    scene: Scene = begin()
    with nothing_left_open():
        way(scene.session)
        assert clients
        assert clients.closed == [True] * len(clients)
        scene.session.close()
    with pytest.raises(StoreError, match="the session was closed"):
        scene.session.generate("a fox", model="02")


def test_connections_wait_for_a_create_call(begin: Begin, clients: Clients) -> None:
    """A create call on its way keeps its connection until it is answered: its task id is in the rescue file."""
    scene = begin({"kind": "delay_after", "phase": "create", "seconds": 0.6})

    async def work() -> None:
        scene.session.generate("a fox", model="02")
        assert await asyncio.to_thread(clients.made.wait, 30)
        scene.session.close()
        await asyncio.sleep(0)  # the task that closes it has begun
        assert clients.closed == [False]
        await others_end()
        assert clients.closed == [True]

    with nothing_left_open():
        asyncio.run(work())
    assert (scene.session.settings.home / "rescue.jsonl").exists()
    assert scene.creates == 1


def test_an_asynchronous_close_waits_for_a_create_call(begin: Begin, clients: Clients) -> None:
    """``async with`` ends when it is answered, and the log has its task id: nothing is left for the rescue file."""
    scene = begin({"kind": "delay_after", "phase": "create", "seconds": 0.6})
    found: list[Any] = []

    async def work() -> None:
        async with scene.session as session:
            run = session.generate("a fox", model="02")
            run.subscribe(lambda r: found.append(r.task_id))
            assert await asyncio.to_thread(clients.made.wait, 30)
        assert clients.closed == [True] * len(clients)

    asyncio.run(work())
    assert found[-1] is not None
    assert not (scene.session.settings.home / "rescue.jsonl").exists()
    assert scene.creates == 1
