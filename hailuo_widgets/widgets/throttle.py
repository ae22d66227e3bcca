"""Throttle: calls a function at most once per interval, on one event loop."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Throttle"]


class Throttle:
    """Calls a function soon after a request, at most once in ``interval_s`` seconds.

    Args:
        loop: The event loop that calls it.
        work: The function; it must neither block nor raise.
        interval_s: Seconds between the starts of two calls.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[], None], *, interval_s: float) -> None:
        self._loop, self._work, self._interval_s = loop, work, interval_s
        self._timer: asyncio.TimerHandle | None = None
        self._done_at = float("-inf")
        self._ended = False

    @property
    def waiting(self) -> bool:
        """Whether a call is scheduled."""
        return self._timer is not None

    def soon(self) -> None:
        """Schedule a call; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._plan)

    def now(self) -> None:
        """Call it now, which also serves earlier requests; on the loop."""
        self._cancel()
        if not self._ended:
            self._done_at = self._loop.time()
            self._work()

    def after(self, seconds: float) -> None:
        """Schedule a call in so many seconds, unless one is scheduled; on the loop."""
        if not self._ended and self._timer is None:
            self._timer = self._loop.call_later(seconds, self.now)

    def stop(self) -> None:
        """Cancel the scheduled call and allow no further one; from any thread."""
        self._ended = True
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)

    def _plan(self) -> None:
        due = max(self._loop.time(), self._done_at + self._interval_s)
        if self._ended or (self._timer is not None and self._timer.when() <= due):
            return
        self._cancel()
        self._timer = self._loop.call_at(due, self.now)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
