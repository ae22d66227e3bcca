"""Poll of a task until it ends, as a step of its run.

Each poll is free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.clock import since_s
from hailuo_widgets.domain.events import READ_AS, RunEvent
from hailuo_widgets.domain.expected_duration import ASSUMED_S, next_poll_s
from hailuo_widgets.domain.run import CostKind
from hailuo_widgets.engine.create_answer import WAYS_OUT
from hailuo_widgets.engine.rate_limit import retry_after_s
from hailuo_widgets.engine.recorder import unexpected
from hailuo_widgets.engine.task_results import Standstill, own_share
from hailuo_widgets.errors import (
    AuthError,
    HailuoError,
    InvalidRequest,
    ProviderError,
    RateLimited,
    TaskLost,
    TransportError,
    Unconfirmed,
    as_detail,
)
from hailuo_widgets.provider.interface import MIX_UP, Clip, Poll, Task
from hailuo_widgets.provider.messages import PollState

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import FollowedRun, Follower
    from hailuo_widgets.engine.provider_client import ProviderClient

__all__ = ["clip_changes", "follow", "heard", "stop", "task_of"]

MOST_UNKNOWN = 3


def task_of(record: RunRecord) -> Task:
    """Return the values by which the provider knows the run's task."""
    return Task(
        task_id=str(record.task_id),
        channel=record.channel or "",
        result_index=record.result_index,
        file_id=record.file_id,
        details=record.task_details,
    )


async def follow(ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord) -> RunRecord:
    """Poll a queued or running task until it ends, the follower is stopped, or the time-out is over."""
    watch = _Watch(ctx, follower.run, client, record, since_s(ctx.clock, await ctx.recorder.stamp_of(record.run_id)))
    while True:
        late = watch.late
        if not late:
            await follower.pause(watch.pause_s())
        if follower.stopped:
            return record
        record = await _ask(ctx, client, watch, record)
        if record.status not in {"queued", "running"} or watch.blocked:
            return record
        if late:
            said = f"; the last poll failed: {watch.last.message}" if watch.last else ""
            said = f"; the provider says {watch.word!r}, a status in no document" if watch.word and not said else said
            advice = f". {watch.last.hint}" if watch.last and watch.last.hint else ""
            limit = f"{ctx.settings.timeout:g} s"
            error = ProviderError(
                f"the task is still {record.status} after {limit}; it is paid, and not lost{said}",
                provider=client.provider.facts.name,
                hint=f"%hailuo resume (hw.resume()) takes it up again{advice}",
            )
            return await ctx.recorder.park(record, error)


async def _ask(ctx: Context, client: ProviderClient, watch: _Watch, record: RunRecord) -> RunRecord:
    """Poll once, and record the result; a reply that says nothing about the task changes nothing."""
    await client.limiter.turn()
    try:
        poll = await client.query(task_of(record))
    except TaskLost as e:
        watch.missed(e, unknown=True)
        return await _denied(ctx, client, watch, record, e) if watch.lost else record
    except AuthError as e:
        watch.blocked = True
        return await ctx.recorder.park(record, e)
    except (ProviderError, TransportError) as e:
        watch.missed(e)
        if isinstance(e, RateLimited):
            client.limiter.pause(
                retry_after_s(e.retry_after, now=ctx.clock.now())
                or ctx.timing.backoff_s(watch.misses, base=client.poll_floor_s)
            )
        if e.code == MIX_UP and not watch.mixed_up:
            watch.mixed_up = True
            await ctx.recorder.note(record.run_id, RunEvent.ANSWER_OF_OTHER_TASK, as_detail(e, record.run_id))
        elif watch.misses == 1:  # one line in the log for an outage, not a thousand
            await ctx.recorder.note(record.run_id, RunEvent.POLL_FAILED, {"error": e.message, "code": e.code or ""})
        if isinstance(e, InvalidRequest):  # what asking alone will not mend is told while it is still asked for
            ctx.runs.learn(replace(record, error=as_detail(e, record.run_id)))
        return record
    except Exception as e:  # noqa: BLE001 - whatever it was, the task is as it was
        watch.missed(unexpected(e, record.run_id, "a poll"))
        return record
    return await _heard(ctx, client, watch, record, poll)


async def _denied(ctx: Context, client: ProviderClient, watch: _Watch, record: RunRecord, why: TaskLost) -> RunRecord:
    """End a run whose task the provider does not know."""
    if await _is_a_wrong_id(ctx, watch, record):
        return await _doubted_again(ctx, client, record, why)
    return await ctx.recorder.fail(record, why, status="lost")


async def _is_a_wrong_id(ctx: Context, watch: _Watch, record: RunRecord) -> bool:
    """Return whether all that says that the run has this task is the user, who may have mistyped its ID."""
    if watch.known or record.status != "queued":
        return False
    steps = [e["what"] for e in await ctx.log.ask(ctx.log.events, record.run_id)]
    return RunEvent.ADOPTED in steps and not {RunEvent.CREATE_ACCEPTED, RunEvent.TASK_ACCEPTED} & set(steps)


async def _doubted_again(ctx: Context, client: ProviderClient, record: RunRecord, why: TaskLost) -> RunRecord:
    """Make a run unconfirmed again whose adopted task the provider does not know: its own may still be billed."""
    error = Unconfirmed(
        f"the provider does not know task {record.task_id}, which the run was given by adopt(): it may have been "
        "billed as another task",
        provider=client.provider.facts.name,
        code=why.code,
        provider_message=why.provider_message,
        trace_id=why.trace_id,
        hint=WAYS_OUT,
    )
    return await ctx.recorder.fail(record, error, status="unconfirmed", task_id=None)


async def _heard(ctx: Context, client: ProviderClient, watch: _Watch, record: RunRecord, poll: Poll) -> RunRecord:
    """Record the result of a poll, and an undocumented status; return the run after it."""
    new_word = poll.word is not None and poll.word != watch.word
    watch.heard(poll.word)
    if new_word:
        await ctx.recorder.note(record.run_id, RunEvent.UNKNOWN_STATUS, {"status": poll.word, READ_AS: poll.state})
    taken, poll = await own_share(ctx, watch.standstill, record, poll)
    if taken.unfinished:
        taken = await _take(ctx, record, poll)
    if taken.status in {"queued", "running"} and poll.word is not None:
        ctx.runs.learn(replace(taken, error=as_detail(_odd_word(client, poll.word), record.run_id)))
    elif taken is record and ctx.runs.known(record.run_id).error != record.error:
        ctx.runs.learn(record)  # what stood in the way stands there no more
    return taken


def _odd_word(client: ProviderClient, word: str) -> ProviderError:
    """Return the error that is shown for a task with an undocumented status."""
    return ProviderError(
        f"the provider says {word!r}, a status in no document",
        provider=client.provider.facts.name,
        hint="the task is asked for on; the provider's console may say more",
    )


class _Watch:
    """The time-out and the failed polls of one run. After a stall, one more poll is made before the time-out counts."""

    def __init__(
        self, ctx: Context, run: FollowedRun, client: ProviderClient, record: RunRecord, before_s: float | None
    ) -> None:
        expected = run.expected
        self.misses = 0  # polls in a row that told nothing
        self.known = False  # whether the provider has named a state of the task
        self.last: HailuoError | None = None  # why the last of them did
        self.mixed_up = False  # whether the log has a line for it that an answer was about something else
        self.standstill = Standstill(ctx.clock, standing_s=ctx.timing.standing_s)
        self.word: str | None = None  # the last status, where it is in no document
        self._unknown: list[float] = []  # when the provider did not know the task, in a row up to now
        self.blocked = False  # no further poll can succeed until the user has done something
        self._settings = ctx.settings
        self._floor = client.poll_floor_s
        self._expected_s = expected.median_s if expected else ASSUMED_S / client.speed
        self._clock = ctx.clock
        self._timing = ctx.timing
        self._began = ctx.clock.monotonic()
        if before_s is None:  # sent by another machine: its wall clock is all there is, and decides nothing
            since = record.submitted_at or record.created_at
            before_s = max(0.0, (ctx.clock.now() - since).total_seconds())
        self._before = before_s

    def missed(self, error: HailuoError, *, unknown: bool = False) -> None:
        """Count a poll without a state. ``unknown``: the provider doesn't know the task."""
        self.misses += 1
        self.last = error
        self._unknown = [*self._unknown, self._clock.monotonic()] if unknown else []

    def heard(self, word: str | None) -> None:
        """Count a poll with a state; ``word`` is an undocumented status."""
        self.misses, self.last, self._unknown, self.word, self.known = 0, None, [], word, True

    @property
    def lost(self) -> bool:
        """Return whether the provider has denied the task often and long enough for it to be lost."""
        denied = len(self._unknown) >= MOST_UNKNOWN and self._unknown[-1] - self._unknown[0] >= self._timing.settling_s
        return denied and self.elapsed_s > self._timing.settling_s

    @property
    def elapsed_s(self) -> float:
        return self._before + self._clock.monotonic() - self._began

    @property
    def late(self) -> bool:
        return self._clock.monotonic() - self._began > self._settings.timeout

    def pause_s(self) -> float:
        left = self._settings.timeout - (self._clock.monotonic() - self._began)
        pause = self._settings.poll_interval or next_poll_s(self.elapsed_s, self._expected_s, floor_s=self._floor)
        if self.misses:
            pause = max(pause, self._timing.backoff_s(self.misses, base=self._floor))
        return min(pause, max(self._floor, left))


async def stop(ctx: Context, follower: Follower, record: RunRecord) -> RunRecord:
    """End the run as cancelled, or leave it unchanged if the engine no longer follows it."""
    if follower.abandoned:
        return record
    # Nothing stands in its way now, so its error goes.
    return await ctx.recorder.change(record.run_id, RunEvent.CANCELLED_AFTER_SENT, status="cancelled", error=None)


async def heard(ctx: Context, record: RunRecord, poll: Poll) -> RunRecord:
    """Write the result of a single poll of a task with one result; a state never goes back."""
    return await _take(ctx, record, poll) if poll.results is None else record


async def _take(ctx: Context, record: RunRecord, poll: Poll) -> RunRecord:
    """Write the result of a poll. A state never goes back."""
    data = ({"status": poll.word} if poll.word else {}) | ({"warning": poll.warning} if poll.warning else {})
    if poll.state == PollState.FAILED:
        error = poll.error or ProviderError("the generation failed")
        asked = poll.cancelled and await _cancel_asked(ctx, record)
        return await ctx.recorder.fail(record, error, status="cancelled" if asked else "failed")
    if poll.state == PollState.SUCCEEDED and poll.clip is not None:
        return await ctx.recorder.change(
            record.run_id, RunEvent.PROVIDER_FINISHED, data, status="downloading", **clip_changes(record, poll.clip)
        )
    if poll.state == PollState.RUNNING and record.status == "queued":
        return await ctx.recorder.change(
            record.run_id, RunEvent.GENERATING, data, status="running", started_at=ctx.clock.now(), error=None
        )
    return record


async def _cancel_asked(ctx: Context, record: RunRecord) -> bool:
    """Return whether the provider was asked to cancel the task, in this kernel or an earlier one."""
    return any(e["what"] == RunEvent.CANCEL_SENT for e in await ctx.log.ask(ctx.log.events, record.run_id))


def clip_changes(record: RunRecord, clip: Clip) -> dict[str, Any]:
    """Return the fields of a record that a reply about its clip changes.

    The simulator reports a cost for every clip. It is not kept where no list has a price: there, nobody knows one.
    """
    changes: dict[str, Any] = {
        "file_id": clip.file_id or record.file_id,
        "video_url": clip.url or record.video_url,
        "backup_url": clip.backup_url or record.backup_url,
        "seed_returned": clip.seed if clip.seed is not None else record.seed_returned,
        "error": None,
    }
    invented = record.simulated and record.cost_micros is None and not clip.by_list
    if clip.cost_micros is not None and not invented:
        kind = CostKind.LIST if clip.by_list else CostKind.REPORTED
        changes |= {"cost_micros": clip.cost_micros, "currency": clip.currency, "cost_kind": kind}
    return changes
