"""Virtual time: event loops, clocks and threads whose time passes only if nothing else can happen.

Each simulated kernel has a loop of its own on one shared clock. A step runs what is ready on one loop and no more, so
a kernel can be stopped between any two of its steps, and an hour of polling takes milliseconds.
"""

from __future__ import annotations

import asyncio
import heapq
import uuid
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hailuo_widgets.engine.runtime import Ids, Runtime, Timing

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

__all__ = ["Clock", "Inline", "VirtualLoop", "runtime"]

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)


class Clock:
    """The time of a world: seconds since it began; see :class:`hailuo_widgets.domain.clock.Clock`."""

    def __init__(self) -> None:
        self.at = 0.0
        self.wall_s = 0.0  # what the wall clock has been stepped by; nothing that is measured may go by it

    def now(self) -> datetime:
        """Return the wall clock's time, which may be set."""
        return EPOCH + timedelta(seconds=self.at + self.wall_s)

    def monotonic(self) -> float:
        """Return the seconds since the world began."""
        return self.at

    def uptime(self) -> float:
        """Return the same: no machine of the world sleeps."""
        return self.at

    def boot(self) -> str:
        """Return the id of the one start of the world's machine."""
        return "world"


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
        return self._clock.at

    def _write_to_self(self) -> None:
        """Nobody sleeps in a select that would have to be woken."""

    def step(self) -> None:
        """Run what is ready now, and no more."""
        self.call_soon(self.stop)
        self.run_forever()

    @property
    def ready(self) -> bool:
        """Whether something can run now."""
        return bool(self._ready) or (self.next_timer is not None and self.next_timer <= self._clock.at)  # type: ignore[attr-defined]  # likewise

    @property
    def next_timer(self) -> float | None:
        """When the next thing is due; None where nothing is."""
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]  # likewise
        while scheduled and scheduled[0]._cancelled:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]  # likewise
        return float(scheduled[0]._when) if scheduled else None


def runtime(clock: Clock, rng: random.Random, *, timing: Mapping[str, Any], **more: Any) -> Runtime:
    """Return a runtime on the shared clock, whose ids and pauses come from the given generator.

    Args:
        clock: The world's clock.
        rng: Where all chance comes from.
        timing: Fields of ``Timing`` that are not as in the package.
        more: Further fields of ``Runtime``.
    """

    def backoff_s(attempt: int, *, base: float = 1.0, cap: float = 60.0) -> float:
        return rng.uniform(0.1, 1.0) * min(cap, base * 2.0 ** min(attempt, 16))

    async def download_sleep(attempt: int) -> None:
        await asyncio.sleep(rng.uniform(0, min(15.0, 2.0 ** (attempt - 1))))

    return Runtime(
        clock=clock,
        timing=Timing(**{"backoff_s": backoff_s, "download_sleep": download_sleep, **timing}),
        ids=Ids(randbits=rng.getrandbits, uuid=lambda: uuid.UUID(int=rng.getrandbits(128), version=4)),
        store_executor=Inline,
        poster=lambda _: None,
        **more,
    )
