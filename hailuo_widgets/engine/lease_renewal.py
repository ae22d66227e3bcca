"""Renewal of the leases of followed runs, in one task on their event loop.

The task also notices that the loop is shut down.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hailuo_widgets.engine.event_loop import RunLoop

__all__ = ["LeaseRenewal"]


class LeaseRenewal:
    """A task on the runs' event loop that runs as long as there are followed runs.

    Args:
        renew: Renews the leases once.
        every_s: Seconds between two renewals.
        drive: Starts again the runs whose tasks were lost.
        hold: Keeps a task alive.
        run_loop: Is notified when the loop is being shut down.
    """

    def __init__(
        self,
        renew: Callable[[], Awaitable[None]],
        *,
        every_s: float,
        drive: Callable[[], None],
        hold: Callable[[asyncio.Future[Any]], None],
        run_loop: RunLoop,
    ) -> None:
        self._renew = renew
        self._every_s = every_s
        self._drive = drive
        self._hold = hold
        self._run_loop = run_loop
        self._task: asyncio.Task[None] | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the task on this loop, unless it runs there already."""
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._go_on(), name="hailuo leases")
            self._hold(self._task)

    def end(self) -> None:
        """Stop the task, because there are no leases to renew."""
        task, self._task = self._task, None
        if task is not None and not task.get_loop().is_closed():
            task.cancel()

    async def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(self._every_s)
                self._drive()  # a follower that was cancelled under us begins again
                with contextlib.suppress(HailuoError):  # a store in trouble for a moment: the next time may be in time
                    await self._renew()
        except asyncio.CancelledError:
            if self._task is asyncio.current_task():  # not by us: asyncio.run cancels all tasks as it ends
                self._run_loop.give_up(loop)
            raise
