"""Assignment of a task's results to its runs: which clip or failure belongs to which run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.engine.recorder import ended_by
from hailuo_widgets.provider.messages import PollState

if TYPE_CHECKING:
    from hailuo_widgets.domain.clock import Clock
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.errors import ProviderError
    from hailuo_widgets.provider.interface import Poll, Results

__all__ = ["Standstill", "own_share"]

SAME_ANSWERS = 3


class Standstill:
    """For how long a task's replies have been the same, with no result in progress."""

    def __init__(self, clock: Clock, *, standing_s: float) -> None:
        self._clock = clock
        self._standing_s = standing_s
        self._seen: tuple[frozenset[str | None], int] | None = None
        self._times = 0
        self._since = 0.0
        self._said: dict[tuple[str | None, str | None], int] = {}  # in how many answers in a row a failure was named

    def lasting(self, results: Results) -> list[ProviderError]:
        """Return the failures that three replies in a row named; a passing one is not a result."""
        named = {(error.code, error.provider_message): error for error in results.failures}
        self._said = {key: self._said.get(key, 0) + 1 for key in named}
        return [error for key, error in named.items() if self._said[key] >= SAME_ANSWERS]

    def nothing_more(self, results: Results, number: int) -> bool:
        """Return whether the missing results of a task will not come, so that they have failed.

        Two equal errors in an answer may be one that is named twice, and a result that is still to come need not be
        named at all. So a failure of the whole task counts when it was said three times in a row, entries that add up
        to all of the task's results likewise, and anything else after minutes.

        Args:
            results: The results in the last reply.
            number: The number of results of the task.
        """
        seen = (frozenset(clip.file_id for clip in results.clips), results.failed)
        if seen != self._seen or results.pending:
            self._seen, self._times, self._since = seen, 0, self._clock.monotonic()
        self._times += 1
        if results.pending or not results.failures or self._times < SAME_ANSWERS:
            return False
        complete = len(results.clips) + results.failed >= number
        return results.ended or complete or self._clock.monotonic() - self._since >= self._standing_s


async def own_share(ctx: Context, still: Standstill, record: RunRecord, poll: Poll) -> tuple[RunRecord, Poll]:
    """Return what a poll of a task with several results says about one of its runs.

    Returns:
        The run, ended if one of the failures is its own; and the poll, reduced to this run.
    """
    results = poll.results
    if results is None:
        return record, poll
    lasting = still.lasting(results)
    if not (results.clips or results.failures):
        return record, poll
    ready = {str(clip.file_id): clip for clip in results.clips}
    now, share = await ctx.log.ask(ctx.log.take_result, record.run_id, list(ready))
    counted = lasting if share.runs > 1 else results.failures
    if counted and share.file_id is None:
        failures = [ended_by(record, error, now=ctx.clock.now()) for error in counted]
        now, share = await ctx.log.ask(
            ctx.log.take_result, record.run_id, list(ready), failures, pending=results.pending
        )
    if now.status.ended:
        return ctx.recorder.told(now), poll
    nothing_more = still.nothing_more(results, share.runs)
    if share.file_id is not None:
        return record, replace(poll, state=PollState.SUCCEEDED, clip=ready[share.file_id], error=None)
    if nothing_more and now.file_id is None:
        return record, replace(poll, state=PollState.FAILED, clip=None, error=results.failures[0])
    return record, replace(poll, state=PollState.RUNNING, clip=None, error=None)
