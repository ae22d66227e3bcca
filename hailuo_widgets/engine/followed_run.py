"""State of one followed run, and the follower: its task on one event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hailuo_widgets.engine.rate_limit import CallLimit

if TYPE_CHECKING:
    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.expected_duration import Expectation
    from hailuo_widgets.engine.outcome import Outcome

__all__ = ["FollowedRun", "Follower"]


class FollowedRun:
    """State of one run in this process. It outlives its followers, which an interrupt or a lost loop may end.

    ``cancel`` and ``nudge`` are thread-safe.

    Attributes:
        may_reuse: Whether the clip of an equal run may be reused.
        unpaid: Whether the plan said that the run is not sent.
        budgets: The budgets that limit its create call.
        call: The limit of runs in progress, shared by the runs of one call.
        expected: How long it will take; None before that is looked up, and if nothing is known.
        linked_at: When the link to its clip was received, in seconds of ``time.monotonic``; None if unknown.
        cancel_wished: The user wants it cancelled, also if its follower ends before that is done.
        sending: The task of its create call, which continues if its follower ends.
        follower: Its follower; None while it has none.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.may_reuse = False
        self.unpaid = False
        self.budgets: tuple[Budget, ...] = ()
        self.call = CallLimit(None)
        self.expected: Expectation | None = None
        self.linked_at: float | None = None
        self.cancel_wished = False
        self.sending: asyncio.Task[Outcome] | None = None
        self.follower: Follower | None = None

    def cancel(self) -> None:
        """Stop following the run, after the reply to a create call in progress, which may be billed."""
        self.cancel_wished = True
        if (follower := self.follower) is not None:
            follower.cancel()

    def nudge(self) -> None:
        """Poll the run now instead of at its next poll."""
        if (follower := self.follower) is not None:
            follower.nudge()

    def follow(self, loop: asyncio.AbstractEventLoop) -> Follower | None:
        """Create a follower on a loop, replacing an earlier one; return None if that one still works on this loop."""
        earlier = self.follower
        if earlier is not None and earlier.works_on(loop):
            return None
        if earlier is not None:
            earlier.abandoned = True
        self.follower = Follower(self, loop)
        self.follower.cancelled = self.cancel_wished
        return self.follower

    def abandon(self) -> Follower | None:
        """Let go of the follower, if there is one: it writes no further step, and does not end the run."""
        follower, self.follower = self.follower, None
        if follower is not None:
            follower.abandoned = True
        return follower

    def end(self) -> None:
        """The run has ended here, or was left: what the next follower must not find is forgotten."""
        self.follower = self.sending = None
        self.call = CallLimit(None)
        self.may_reuse = self.unpaid = self.cancel_wished = False


class Follower:
    """One task that follows a run, on one event loop. ``cancel`` and ``nudge`` are thread-safe.

    A run may get another follower while this one has not noticed yet that it was abandoned: so what stops a task is
    here, and what the next one must know is in the run.

    Attributes:
        run: The run's state.
        loop: The event loop of its task.
        task: The task; None until it was made.
        cancelled: The user wants the run followed no more.
        abandoned: Another follower, or another process, has the run now.
    """

    def __init__(self, run: FollowedRun, loop: asyncio.AbstractEventLoop) -> None:
        self.run = run
        self.loop = loop
        self.task: asyncio.Task[None] | None = None
        self.cancelled = False
        self.abandoned = False
        self._wake = asyncio.Event()

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.run_id

    @property
    def stopped(self) -> bool:
        """Whether this task must stop following the run."""
        return self.cancelled or self.abandoned

    def works_on(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether its task is on this loop, and has not ended."""
        return self.loop is loop and self.task is not None and not self.task.done()

    def cancel(self) -> None:
        """Stop following, after the reply to a create call in progress, which may be billed."""
        self.cancelled = True
        self.nudge()

    def go_on(self) -> None:
        """Follow the run on: it was too late to cancel it."""
        self.cancelled = self.run.cancel_wished = False

    def nudge(self) -> None:
        """End the present pause."""
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
