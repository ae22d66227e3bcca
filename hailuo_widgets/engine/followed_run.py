"""Follower of a run: the handle by which other threads stop its task, or make it ask now."""

from __future__ import annotations

import asyncio

__all__ = ["Follower"]


class Follower:
    """One task that follows a run, on one event loop. ``cancel`` and ``nudge`` are thread-safe."""

    def __init__(self, run_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.run_id = run_id
        self.loop = loop
        self.task: asyncio.Task[None] | None = None
        self.cancelled = False
        self.abandoned = False  # another loop has taken the run over
        self._wake = asyncio.Event()

    @property
    def stopped(self) -> bool:
        """Whether the run is no longer to be followed by this task."""
        return self.cancelled or self.abandoned

    def cancel(self) -> None:
        """Stop following. A create call in flight is waited for first: its answer is worth money."""
        self.cancelled = True
        self.nudge()

    def nudge(self) -> None:
        """End the present pause: ask now."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._wake.set)

    async def pause(self, seconds: float) -> None:
        """Sleep, unless nudged or cancelled."""
        if self.cancelled:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def stopping(self) -> None:
        """Wait until the run is cancelled."""
        while not self.cancelled:
            await self._wake.wait()
            self._wake.clear()
