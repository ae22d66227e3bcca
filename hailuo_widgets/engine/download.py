"""Download of the clip of a finished task, as a step of its run.

Each try is free.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive import fetch
from hailuo_widgets.domain.events import FOLDER, RunEvent
from hailuo_widgets.domain.run import CostKind
from hailuo_widgets.engine.other_archives import copied
from hailuo_widgets.engine.poll import MOST_UNKNOWN, clip_changes, stop, task_of
from hailuo_widgets.engine.recorder import unexpected
from hailuo_widgets.errors import (
    AuthError,
    DownloadError,
    HailuoError,
    InsufficientCredits,
    ProviderError,
    TaskLost,
    as_detail,
)
from hailuo_widgets.provider.interface import Clip
from hailuo_widgets.provider.messages import PollState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hailuo_widgets.archive import Archived
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import Follower
    from hailuo_widgets.engine.provider_client import ProviderClient
    from hailuo_widgets.transport.http import Stream

__all__ = ["bring", "download", "keep_poster"]

MOST_ANSWERS = 5


async def bring(ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord) -> RunRecord:
    """Get a finished task's clip: from this archive, from another home's archive, or from the provider."""
    archived = await asyncio.to_thread(ctx.archive.adopt, record.run_id, record.sha256)
    archived = archived or await copied(ctx, record)
    if archived is None:
        try:
            record, archived = await download(ctx, follower, client, record)
        except HailuoError as e:
            if getattr(e, "ends_task", False):
                return await ctx.recorder.fail(record, e, **_no_price(record))
            if isinstance(e, AuthError | InsufficientCredits) and record.sha256 is None:
                return await ctx.recorder.park(
                    record, e
                )  # as at a poll: the call for a link waits for a key, or for money
            error = e if isinstance(e, TaskLost) else _undelivered(e, client)
            if record.sha256 is not None:
                return await _not_again(ctx, record, error)
            return await ctx.recorder.fail(record, error, status="lost" if error is e else "failed")
    if archived is None:
        # Another kernel may have brought it to an end meanwhile.
        return await stop(ctx, follower, record) if follower.stopped else record
    await keep_poster(ctx, archived)
    return await ctx.recorder.change(
        record.run_id,
        RunEvent.CLIP_DOWNLOADED,
        {"bytes": archived.size, "sha256": archived.sha256, FOLDER: str(ctx.archive.root)}
        | ({"warning": archived.note} if archived.note else {}),
        status="succeeded",
        video=archived.path.name,
        video_bytes=archived.size,
        video_width=archived.width,
        video_height=archived.height,
        video_seconds=archived.seconds,
        video_sound=archived.sound,
        sha256=archived.sha256,
        finished_at=ctx.clock.now(),
        error=None,
    )


def _no_price(record: RunRecord) -> dict[str, Any]:
    """Return the changes that remove the cost of a failed generation, unless the provider reported it."""
    return {} if record.cost_kind == CostKind.REPORTED else {"cost_micros": None, "currency": None, "cost_kind": None}


async def _not_again(ctx: Context, record: RunRecord, error: HailuoError) -> RunRecord:
    """Report that a clip that was downloaded before can't be downloaded again; the run's row is not changed.

    Another home on the same log may still have the clip.
    """
    detail = as_detail(error, record.run_id)
    told = await ctx.recorder.change(record.run_id, RunEvent.CLIP_UNAVAILABLE, detail, status="succeeded", error=None)
    return replace(told, error=detail)


async def download(
    ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord, *, ended: bool = False
) -> tuple[RunRecord, Archived | None]:
    """Download a clip: from its link (retried for minutes if that is new), then from a new link, then from the backup.

    Args:
        ctx: The context, with archive and log.
        follower: The follower of the run that wants the clip.
        client: The client of the provider that made the clip.
        record: The run that paid for the clip.
        ended: Whether that run has ended, so that its row is not changed.

    Returns:
        The run's current record, and the clip; None if the follower was cancelled.

    Raises:
        HailuoError: The clip could not be downloaded.
    """
    # A clip that was brought once does not lag behind its link: what is not there now is gone.
    tries = _Links(ctx, await _link_age_s(ctx, record), patience_s=0.0 if ended else ctx.timing.patience_s)
    while not follower.stopped:
        try:
            record = await _linked(ctx, client, record, tries, ended=ended)
            if record.status != "downloading" and not ended:
                return record, None
            archived = await _fetch(ctx, follower, client, record, tries.url(record))
            if archived is not None:
                return record, archived
        except TaskLost:
            tries.unknown += 1
            if ended or tries.unknown >= MOST_UNKNOWN:
                raise
            await follower.pause(ctx.timing.backoff_s(tries.unknown, base=ctx.timing.settling_s / 8))
        except Exception as e:  # noqa: BLE001 - whatever it was, the clip is still to be had, and trying is free
            error = e if isinstance(e, HailuoError) else unexpected(e, record.run_id, "a download")
            pause = None if getattr(error, "ends_task", False) else tries.pause_s(error, record)
            if pause is None:
                raise error from None
            if tries.waits == 1 and pause:  # one line in the log, not one a try
                await ctx.recorder.note(record.run_id, RunEvent.CLIP_NOT_READY, {"error": error.message})
            await follower.pause(pause)
    return record, None


async def keep_poster(ctx: Context, archived: Archived) -> None:
    """Save a clip's poster; an error, such as a full disk, does not fail the run."""
    if archived.poster is not None:
        with contextlib.suppress(Exception):
            await asyncio.to_thread(ctx.archive.keep_poster, archived.path, archived.poster)


class _Links:
    """The choice of the link to try next, and when. Object stores may have a clip later than the provider says.

    A link that came less than ``fresh_s`` ago is asked again for some minutes where its server may only need time;
    after that, and where it is older or dead, a fresh link is asked for, once; then the backup. The backup is tried
    once before anything is waited for: it may have the clip already. Each try is free.

    Args:
        ctx: Its clock and timing.
        age_s: Seconds since the link was received; None if unknown.
        patience_s: The longest time to wait in all, in seconds.
    """

    def __init__(self, ctx: Context, age_s: float | None, *, patience_s: float) -> None:
        self._clock = ctx.clock
        self._timing = ctx.timing
        self._patience_s = patience_s
        self.failed = 0
        self.unknown = 0  # how often the provider did not know the task, which has finished
        self.waits = 0
        self.fresh = False  # the next try asks for a fresh link
        self._came = None if age_s is None else self._clock.monotonic() - age_s
        self._until: float | None = None  # how long may be waited
        self._renewed = self._backup = False
        self._early: DownloadError | None = None  # what the first link said, while the backup is tried before a wait
        self._tried_early = False

    def url(self, record: RunRecord) -> str:
        """The link to try now."""
        return str(record.backup_url if self._backup or self._early is not None else record.video_url)

    def came(self, *, at: float) -> None:
        """Take a new link."""
        self._came = at

    def pause_s(self, error: HailuoError, record: RunRecord) -> float | None:
        """Return the seconds to wait before the next try after this failure; None if there is no next try."""
        self.failed += 1
        if not isinstance(error, DownloadError):  # the call for a link failed
            more = getattr(error, "again", True) and (self.failed < MOST_ANSWERS or self._patient())
            return self._timing.backoff_s(self.failed) if more else None
        self.fresh = False
        if self._backup:
            return None
        if self._early is not None:  # the backup has nothing either: what counts is what the first link said
            error, self._early = self._early, None
        elif error.later and record.backup_url and not self._tried_early:
            self._tried_early, self._early = True, error
            return 0.0
        worth_waiting = error.later and (self._renewed or not error.dead_link)
        if worth_waiting and self._young() and self._patient():
            self.waits += 1
            return self._timing.backoff_s(self.waits, cap=self._timing.link_gap_s)
        if (error.later or error.dead_link) and not self._renewed:
            self.fresh = self._renewed = True
            return 0.0
        self._backup = bool(record.backup_url)
        return 0.0 if self._backup else None

    def _young(self) -> bool:
        return self._came is not None and self._clock.monotonic() - self._came < self._timing.fresh_s

    def _patient(self) -> bool:
        """Return whether there is time left to wait, counted from the first failure."""
        if self._until is None:
            self._until = self._clock.monotonic() + self._patience_s
        return self._clock.monotonic() < self._until


async def _link_age_s(ctx: Context, record: RunRecord) -> float | None:
    """Return the seconds since the run's link was received, measured here or from the log; None if unknown."""
    if (came := ctx.runs.run_of(record.run_id).linked_at) is not None:
        return ctx.clock.monotonic() - came
    events = await ctx.log.ask(ctx.log.events, record.run_id)
    told = [e["at"] for e in events if e["what"] in {RunEvent.PROVIDER_FINISHED, RunEvent.LINK_RECEIVED}]
    age_s = (ctx.clock.now() - told[-1]).total_seconds() if told else -1.0
    return age_s if age_s >= 0 else None  # a clock that was set back says nothing of an age


async def _linked(ctx: Context, client: ProviderClient, record: RunRecord, tries: _Links, *, ended: bool) -> RunRecord:
    """Return the record with a link to its clip, requesting a new one if needed."""
    if record.video_url and not tries.fresh:
        return record
    await client.limiter.turn()
    asked = ctx.clock.monotonic()  # a link ages from here: the answer may come late
    clip = await client.link(task_of(record), Clip(file_id=record.file_id))
    if clip is None:  # no call of its own for links: the poll names one
        poll = await client.query(task_of(record))
        clip = poll.clip
        if poll.state == PollState.FAILED and poll.error is not None and poll.word is None and not record.video_url:
            poll.error.ends_task = True  # a failure after a link was named changes nothing
            raise poll.error
    if clip is None or clip.url is None:
        error = ProviderError("the provider finished the task and names no link to the clip")
        error.again = True
        raise error
    if clip.url != record.video_url:  # the same link, named again, is as old as it was
        ctx.runs.run_of(record.run_id).linked_at = asked
        tries.came(at=asked)
    changes = clip_changes(record, clip)
    return (
        replace(record, **changes)
        if ended
        else await ctx.recorder.change(record.run_id, RunEvent.LINK_RECEIVED, **changes)
    )


async def _fetch(
    ctx: Context, follower: Follower, client: ProviderClient, record: RunRecord, url: str
) -> Archived | None:
    """Download; None if the run was cancelled in the meantime."""

    @contextlib.asynccontextmanager
    async def opened(offset: int, validator: str | None) -> AsyncIterator[Stream]:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and validator:
            headers["If-Range"] = validator
        begun = False
        try:
            async with client.download(url, headers, task_of(record)) as stream:
                begun = True
                yield stream
        except DownloadError as e:
            if not begun and not e.dead_link:  # it leads where no clip is fetched from, by itself or by a redirect
                e.dead_link = e.later = True
            raise

    timing = ctx.timing
    download = asyncio.ensure_future(
        fetch(
            ctx.archive,
            record.run_id,
            opened,
            sleep=timing.download_sleep,
            reason_s=timing.reason_s,
            slowest_bytes=timing.slowest_bytes,
            slowest_s=timing.slowest_s,
        )
    )
    stopping = asyncio.ensure_future(follower.stopping())
    try:
        await asyncio.wait({download, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await download if download.done() else None
    finally:
        stopping.cancel()
        if not download.done():
            download.cancel()  # what is here already stays, for the next try
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await download
        elif not download.cancelled():
            download.exception()  # looked at, should the wait have been cancelled in the same moment


def _undelivered(e: HailuoError, client: ProviderClient) -> DownloadError:
    return DownloadError(
        f"the clip is finished and could not be brought here: {e.message}",
        provider=client.provider.facts.name,
        code=e.code,
        provider_message=e.provider_message,
        trace_id=e.trace_id,
        hint="%hailuo retry downloads it again, for free" + (f". {e.hint}" if e.hint else ""),
    )
