"""Circuit breaker for create calls: one at first, then a few at once, none while the provider fails.

Until a provider has accepted one of our create calls, no second one is sent beside it: a wrong key, an empty account or
a provider that is down is met by one run of a sweep, not by ten. Create calls whose answers were lost since the last
accepted one are counted with those still waiting for an answer, so at most five runs meet an outage, even if it begins
after a success and while others are on their way. Then the circuit is open: nothing more is sent until a free query
shows that the provider answers again. That says little about create calls, so one alone tries it, at growing intervals.
The same happens if a provider that has accepted our create calls can no longer be reached: an outage fails no sweep.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

from hailuo_widgets.errors import ProviderError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from hailuo_widgets.engine.followed_run import Follower

__all__ = ["CircuitBreaker"]

AT_ONCE = 4
MOST_DOUBTFUL = 5
MOST_RELAPSES = 4  # the time between two tries doubles up to so many times


class CircuitBreaker:
    """Circuit breaker of one provider account.

    Args:
        alive: Makes a free call to the provider and returns whether it was answered.
        probe_s: Seconds between two such calls while the circuit is open.
        due_s: Seconds between two looks whether answers have come that are due.
    """

    def __init__(self, alive: Callable[[], Awaitable[bool]], *, probe_s: float, due_s: float) -> None:
        self._due_s = due_s
        self._alive = alive
        self._probe_s = probe_s
        self._few = asyncio.Semaphore(AT_ONCE)
        self._one = asyncio.Lock()
        self._proven = False
        self._known = False  # it has accepted a create of ours, so its address is right
        self._numbers = itertools.count()
        self._doubts: set[int] = set()  # the numbers of creates whose answers were lost
        self._due: set[int] = set()  # of those whose answers are due
        self._inside = 0  # who stands in the door
        self._barred = False  # it cannot be reached
        self._relapses = 0  # tries that were lost like those before them

    @property
    def shut(self) -> bool:
        """Whether the circuit is open, so that nothing is sent."""
        return self._barred or len(self._doubts) >= MOST_DOUBTFUL

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Context of one create call; the exception that leaves it decides the result, and none means success."""
        number = next(self._numbers)
        self._due.add(number)
        try:
            yield
        except BaseException as e:
            self._due.discard(number)
            if isinstance(e, ProviderError) and e.accepted is False:
                if not e.again:
                    self._forget(number)
            elif not isinstance(e, TransportError) or e.sent is not False:
                self.doubted(number)
            raise
        self._due.discard(number)
        self._known = True
        self._relapses = 0
        self._forget(number)
        self._proven = not self._doubts

    def doubted(self, number: int | None = None) -> None:
        """Count a create call whose reply was lost; without a number, it is an earlier kernel's."""
        if len(self._doubts) == MOST_DOUBTFUL - 1 and not self._proven:
            self._relapses = min(self._relapses + 1, MOST_RELAPSES)
        self._proven = False
        self._doubts.add(next(self._numbers) if number is None else number)

    def _forget(self, number: int) -> None:
        """Stop counting lost replies of calls sent before one that was answered."""
        self._doubts = {doubt for doubt in self._doubts if doubt > number}

    def _try_again(self) -> None:
        """Let one create call through, because the provider answers queries again."""
        self._barred = False
        self._doubts = set(sorted(self._doubts)[: MOST_DOUBTFUL - 1])

    async def away(self) -> bool:
        """Return whether a provider that answered before is unreachable; then the circuit is open until it answers."""
        if not self._known or await self._alive():
            return False
        self._proven, self._barred = False, True
        return True

    @contextlib.asynccontextmanager
    async def passing(self, follower: Follower, on_shut: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Wait until one create call may be sent; the call is made inside this context.

        Args:
            follower: The run's follower; if it is cancelled, the wait ends.
            on_shut: Called once when the circuit is found open.
        """
        async with self._few:
            # Held only while nothing is proven. Everybody queues for it, so all enter in the order of their coming.
            await self._one.acquire()
            alone = not self._proven
            if not alone:
                self._one.release()
            try:
                if self.shut:
                    await on_shut()
                while not follower.stopped and not self._may_enter():
                    await self._wait(follower)
                self._inside += 1
                try:
                    yield
                finally:
                    self._inside -= 1
            finally:
                if alone:
                    self._one.release()

    def _may_enter(self) -> bool:
        return not self.shut and len(self._doubts) + max(self._inside, len(self._due)) < MOST_DOUBTFUL

    async def _wait(self, follower: Follower) -> None:
        if not self.shut:
            await follower.pause(self._due_s)
            return
        await follower.pause(self._probe_s * 2 ** max(0, self._relapses - 1))
        if not follower.stopped and await self._alive():
            self._try_again()
