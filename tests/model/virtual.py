"""Virtual time: event loops, clocks and threads whose time passes only if nothing else can happen.

Each simulated kernel has a loop of its own on one shared clock. A step runs what is ready on one loop and no more, so
a kernel can be stopped between any two of its steps, and an hour of polling takes milliseconds.
"""

from __future__ import annotations

import asyncio
import heapq
import secrets
import sys
import time
import uuid
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

__all__ = ["Clock", "Inline", "VirtualLoop", "virtual_time"]

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
ROOMS = (
    "hailuo_widgets.engine",
    "hailuo_widgets.store",
    "hailuo_widgets.system",
    "hailuo_widgets.workspace.base",
    "hailuo_widgets.workspace.workspace",
    "hailuo_widgets.planning.plan",
)


class Clock:
    """Seconds since the world began."""

    def __init__(self) -> None:
        self.now = 0.0
        self.wall_s = 0.0  # what the wall clock has been stepped by; nothing that is measured may go by it


class Inline(ThreadPoolExecutor):
    """A thread pool that works in the caller's thread, at once."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as e:  # noqa: BLE001 - a pool hands on whatever its work raised
            future.set_exception(e)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - its signature
        """Nothing runs."""
        Executor.shutdown(self, wait, cancel_futures=cancel_futures)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without sockets, on a shared clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._selector.select = lambda _=None: []  # type: ignore[attr-defined]  # the loop's own part, untyped
        self.set_default_executor(Inline())

    def time(self) -> float:
        """The shared clock's."""
        return self._clock.now

    def _write_to_self(self) -> None:
        """Nobody sleeps in a select that would have to be woken."""

    def step(self) -> None:
        """Run what is ready now, and no more."""
        self.call_soon(self.stop)
        self.run_forever()

    @property
    def ready(self) -> bool:
        """Whether something can run now."""
        return bool(self._ready) or (self.next_timer is not None and self.next_timer <= self._clock.now)  # type: ignore[attr-defined]  # likewise

    @property
    def next_timer(self) -> float | None:
        """When the next thing is due; None where nothing is."""
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]  # likewise
        while scheduled and scheduled[0]._cancelled:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]  # likewise
        return float(scheduled[0]._when) if scheduled else None


@contextmanager
def virtual_time(clock: Clock, rng: random.Random) -> Iterator[None]:
    """Within it, the engine and the store have the clock's time, and ids come from the given generator."""

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # a plain datetime, as it is stored
            return (EPOCH + timedelta(seconds=clock.now + clock.wall_s)).astimezone(tz)

    put = {
        id(datetime): Datetime,
        id(time): SimpleNamespace(
            monotonic=lambda: clock.now, time=lambda: EPOCH.timestamp() + clock.now + clock.wall_s
        ),
        id(secrets): SimpleNamespace(randbits=rng.getrandbits, token_hex=secrets.token_hex),
        id(uuid.uuid4): lambda: uuid.UUID(int=rng.getrandbits(128), version=4),
    }
    changed = []
    for name, module in list(sys.modules.items()):
        if name.startswith(ROOMS):
            for attribute, value in list(vars(module).items()):
                if id(value) in put:
                    changed.append((module, attribute, value))
                    setattr(module, attribute, put[id(value)])
    try:
        yield
    finally:
        for module, attribute, value in changed:
            setattr(module, attribute, value)
