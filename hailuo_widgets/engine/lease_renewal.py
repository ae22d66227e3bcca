"""Keeping the leases of the runs that are followed here, and seeing when their loop is being shut down."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from hailuo_widgets.engine.engine import Engine

__all__ = ["Renewing"]


class Renewing:
    """One task on the loop that the engine's runs are on, as long as there are any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """See that it runs on this loop."""
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._renew(), name="hailuo leases")
            self._engine.hold(self._task)

    def end(self) -> None:
        """There is nothing to renew."""
        task, self._task = self._task, None
        if task is not None and not task.get_loop().is_closed():
            task.cancel()

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(self._engine.renew_s)
                self._engine.drive()  # a follower that was cancelled under us begins again
                with contextlib.suppress(HailuoError):  # a store in trouble for a moment: the next time may be in time
                    await self._engine.renew()
        except asyncio.CancelledError:
            if self._task is asyncio.current_task():  # not by us: asyncio.run cancels all tasks as it ends
                self._engine.home.give_up(loop)
            raise
