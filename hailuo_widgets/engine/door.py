"""The door that creates go through: one at first, then a few at once, none while the gateway is in trouble.

Until a gateway has accepted one create of ours, a second is not sent beside it: a wrong key, an empty account or a dead
gateway is met by one run of a sweep, not by ten. After five doubtful answers in a row the circuit is open: nothing more
is sent until a free query shows that the gateway answers again. So at most five runs of an outage are unconfirmed.
The same when a gateway that has accepted creates of ours cannot be reached: an outage fails no sweep.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from hailuo_widgets.engine.control import Control

__all__ = ["Door"]

AT_ONCE = 4
MOST_DOUBTFUL = 5
PROBE_S = 30.0


class Door:
    """One for each gateway.

    Args:
        alive: A free call to the gateway; whether it was answered.
        probe_s: Seconds between two such calls while the circuit is open.
    """

    def __init__(self, alive: Callable[[], Awaitable[bool]], *, probe_s: float = PROBE_S) -> None:
        self._alive = alive
        self._probe_s = probe_s
        self._few = asyncio.Semaphore(AT_ONCE)
        self._one = asyncio.Lock()
        self._proven = False
        self._known = False  # it has accepted a create of ours, so its address is right
        self._doubtful = 0

    @property
    def shut(self) -> bool:
        """Whether the circuit is open: nothing is sent."""
        return self._doubtful >= MOST_DOUBTFUL

    def accepted(self) -> None:
        """A create was accepted."""
        self._proven, self._known, self._doubtful = True, True, 0

    def answered(self) -> None:
        """The gateway answered something that can be read."""
        self._doubtful = 0

    def doubted(self) -> None:
        """A create's answer was lost."""
        self._proven = False
        self._doubtful += 1

    async def away(self) -> bool:
        """Whether a gateway that was there before cannot be reached now: then the circuit is open until it answers."""
        if not self._known or await self._alive():
            return False
        self._proven, self._doubtful = False, MOST_DOUBTFUL
        return True

    @contextlib.asynccontextmanager
    async def passing(self, control: Control, on_shut: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Stand in the door: inside, one create may be sent.

        Args:
            control: Whose run it is; a cancelled one does not wait.
            on_shut: Called once when the circuit is found open.
        """
        async with self._few:
            # Taken only while nothing is proven; whoever waited for it may find that it is no longer needed.
            alone = not self._proven
            if alone:
                await self._one.acquire()
                if self._proven:
                    self._one.release()
                    alone = False
            try:
                if self.shut:
                    await on_shut()
                while self.shut and not control.stopped:
                    await control.pause(self._probe_s)
                    if not control.stopped and await self._alive():
                        self.answered()
                yield
            finally:
                if alone:
                    self._one.release()
