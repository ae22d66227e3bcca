"""Sending at most so often: what changes a hundred times a second reaches the browser a few times a second."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Pulse"]


class Pulse:
    """Does one piece of work soon after it was asked for, at most once in ``interval_s``, always on one loop.

    Args:
        loop: Where the work is done.
        work: What is to be done; it must not block, and answers for its own errors.
        interval_s: Seconds between the beginnings of two.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[], None], *, interval_s: float) -> None:
        self._loop, self._work, self._interval_s = loop, work, interval_s
        self._timer: asyncio.TimerHandle | None = None
        self._done_at = float("-inf")
        self._ended = False

    @property
    def waiting(self) -> bool:
        """Whether the work is due at some time."""
        return self._timer is not None

    def soon(self) -> None:
        """Ask for the work; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing moves any more
            self._loop.call_soon_threadsafe(self._plan)

    def now(self) -> None:
        """Do the work now, and not again for what was asked before; on the loop."""
        self._cancel()
        if not self._ended:
            self._done_at = self._loop.time()
            self._work()

    def after(self, seconds: float) -> None:
        """Do the work in so many seconds, unless it is done before; on the loop."""
        if not self._ended and self._timer is None:
            self._timer = self._loop.call_later(seconds, self.now)

    def stop(self) -> None:
        """Nothing more is done; from any thread."""
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
