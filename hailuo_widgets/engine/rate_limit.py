"""Rate limiter, one for each provider account, shared by create and poll calls."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from contextlib import asynccontextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from hailuo_widgets.system.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from hailuo_widgets.domain.clock import Clock

__all__ = ["CallLimit", "Places", "RateLimiter", "backoff_s", "retry_after_s"]

MINUTE_S = 60.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
FASTEST_GAP_S, SLOWEST_GAP_S = 0.025, 10.0  # between two requests of an account: from 40 a second down
EASE_S, EASE = 60.0, 0.9  # after so long without a refusal, the gap shrinks to so much of itself


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds of a ``Retry-After`` header (digits or an HTTP date), from 1 to 300; None without one."""
    if not header:
        return None
    word = header.strip()
    if word.isascii() and word.isdigit():
        seconds = float(word[:9])
    else:
        try:
            moment = parsedate_to_datetime(word)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            seconds = (moment - now).total_seconds()
        except Exception:  # noqa: BLE001 - the text is from the wire: a year of 20 digits is no ValueError
            return None
    return min(max(seconds, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


def backoff_s(attempt: int, *, base: float = 1.0, cap: float = 60.0) -> float:
    """Return the seconds to wait before attempt ``attempt`` + 1: full jitter with a doubling limit."""
    return random.uniform(0.1, 1.0) * min(cap, base * 2.0 ** min(attempt, 16))  # noqa: S311 - jitter is no secret


class Places:
    """A semaphore for tasks in progress on one event loop; None means no limit."""

    def __init__(self, concurrent: int | None) -> None:
        self._slots = asyncio.Semaphore(concurrent) if concurrent else None

    @asynccontextmanager
    async def slot(self, stopping: Callable[[], Awaitable[None]], *, already_there: bool) -> AsyncIterator[bool]:
        """Hold a place among the tasks in progress.

        Args:
            stopping: Ends if the place is no longer wanted; then the result is False.
            already_there: Whether the task is already in progress: it is counted, but does not wait.
        """
        if self._slots is None or (already_there and self._slots.locked()):
            yield True
            return
        place = asyncio.ensure_future(self._slots.acquire())
        stopped = asyncio.ensure_future(stopping())
        try:
            await asyncio.wait({place, stopped}, return_when=asyncio.FIRST_COMPLETED)
            yield place.done()
        finally:
            stopped.cancel()
            if not place.done():
                place.cancel()
            elif not place.cancelled():
                self._slots.release()


class CallLimit:
    """The limit on runs in progress that the runs of one call share, on any event loop."""

    def __init__(self, at_once: int | None) -> None:
        self._at_once = at_once
        self._places: dict[asyncio.AbstractEventLoop, Places] = {}

    def places(self) -> Places:
        """Return the places of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._places:
            self._places = {loop: Places(self._at_once)}
        return self._places[loop]


class RateLimiter(Places):
    """At most ``concurrent`` tasks in progress and ``per_minute`` requests, and no request during a pause.

    All requests of the account keep one pace, which halves when the provider refuses one for its rate. Without that, a
    hundred pollers that wait for the end of a pause together would be refused together, again and again.

    It belongs to one event loop. ``take_turn`` counts a request where all kernels see it, and gives the seconds to
    wait where the minute is full.
    """

    def __init__(
        self,
        *,
        concurrent: int | None,
        per_minute: int | None,
        take_turn: Callable[[int], Awaitable[float]] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(concurrent)
        self._clock = clock
        self._per_minute = per_minute
        self._take_turn = take_turn
        self._taken: deque[float] = deque()  # when we sent, on a clock that is never set
        self._paused_until = 0.0
        self._gap_s = FASTEST_GAP_S
        self._next = 0.0  # when the next request may be sent, as far as the pace goes
        self._eased = 0.0

    async def turn(self) -> None:
        """Wait until the next request may be sent, and count it."""
        while True:
            await self._stand_in_line()
            wait = await self._wait_s()
            if wait <= 0:
                break
            await asyncio.sleep(wait)
        now = self._clock.monotonic()
        self._taken.append(now)
        if now - self._eased > EASE_S:
            self._gap_s, self._eased = max(self._gap_s * EASE, FASTEST_GAP_S), now

    def pause(self, seconds: float) -> None:
        """Pause all requests for that long after a rate-limit error, and then send half as often."""
        now = self._clock.monotonic()
        if now >= self._paused_until:  # those that were on their way with it are refused with it: that counts once
            self._gap_s = min(self._gap_s * 2, SLOWEST_GAP_S)
        self._paused_until = max(self._paused_until, now + seconds)
        self._eased = self._paused_until

    async def _stand_in_line(self) -> None:
        now = self._clock.monotonic()
        at = max(now, self._next, self._paused_until)
        self._next = at + self._gap_s
        if at > now:
            await asyncio.sleep(at - now)

    async def _wait_s(self) -> float:
        wait = self._paused_until - self._clock.monotonic()
        if wait > 0 or self._per_minute is None or self._take_turn is None:
            return wait
        # The log's count goes by the wall clock, as all kernels on it must: one that is set forward forgets the minute.
        wait = self._own_wait_s(self._per_minute)
        return wait if wait > 0 else await self._take_turn(self._per_minute)

    def _own_wait_s(self, per_minute: int) -> float:
        now = self._clock.monotonic()
        while self._taken and self._taken[0] <= now - MINUTE_S:
            self._taken.popleft()
        return self._taken[-per_minute] + MINUTE_S - now if len(self._taken) >= per_minute else 0.0
