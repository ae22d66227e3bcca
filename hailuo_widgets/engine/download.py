"""The step after the task's end: bring its clip here. Each try is free."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hailuo_widgets.archive import fetch
from hailuo_widgets.engine.follow import MOST_UNKNOWN, SETTLING_S, clip_changes, stop, task_of
from hailuo_widgets.engine.limits import backoff_s
from hailuo_widgets.errors import DownloadError, HailuoError, ProviderError, TaskLost
from hailuo_widgets.gateways.base import Clip

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hailuo_widgets.archive import Archived
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.control import Control
    from hailuo_widgets.engine.core import Engine
    from hailuo_widgets.engine.gateway import Gateway
    from hailuo_widgets.http import Stream

__all__ = ["bring"]

MOST_ANSWERS = 5


async def bring(engine: Engine, control: Control, gateway: Gateway, record: RunRecord) -> RunRecord:
    """Download a finished task's clip: its link, then a fresh one, then the backup; each try is free."""
    archived = await asyncio.to_thread(engine.archive.adopt, record.run_id, record.sha256)
    tries = _Links()
    while archived is None:
        if control.stopped:
            return await stop(engine, control, record)
        try:
            record = await _linked(engine, gateway, record, fresh=tries.fresh)
            if record.status != "downloading":
                return record  # another kernel has brought it to an end meanwhile
            archived = await _fetch(engine, control, gateway, record.run_id, tries.url(record))
        except TaskLost as e:
            tries.unknown += 1
            if tries.unknown >= MOST_UNKNOWN:
                return await engine.fail(record, e, status="lost")
            await control.pause(backoff_s(tries.unknown, base=SETTLING_S / 8))
        except HailuoError as e:
            if not tries.another(e, record):
                return await engine.fail(record, _undelivered(e, gateway))
            if not isinstance(e, DownloadError):
                await control.pause(backoff_s(tries.failed))
    if archived.poster is not None:
        with contextlib.suppress(OSError):  # a full disk may cost the picture, not the word that the clip is here
            await asyncio.to_thread(archived.path.with_suffix(".jpg").write_bytes, archived.poster)
    return await engine.change(
        record.run_id,
        "the clip is here",
        {"bytes": archived.size, "sha256": archived.sha256},
        status="succeeded",
        video=archived.path.name,
        video_bytes=archived.size,
        sha256=archived.sha256,
        finished_at=datetime.now(UTC),
        error=None,
    )


class _Links:
    """Which link to try: the first one, a fresh one where it is dead, then the backup."""

    def __init__(self) -> None:
        self.failed = 0
        self.unknown = 0  # how often the provider did not know the task, which has finished
        self.fresh = False
        self._backup = False

    def url(self, record: RunRecord) -> str:
        return str(record.backup_url if self._backup else record.video_url)

    def another(self, error: HailuoError, record: RunRecord) -> bool:
        """Whether another try makes sense after this failure."""
        self.failed += 1
        if not isinstance(error, DownloadError):  # the call for a link failed
            return self.failed < MOST_ANSWERS and getattr(error, "again", True)
        if self._backup:
            return False
        if error.dead_link and not self.fresh:
            self.fresh = True
            return True
        self.fresh, self._backup = False, bool(record.backup_url)
        return self._backup


async def _linked(engine: Engine, gateway: Gateway, record: RunRecord, *, fresh: bool) -> RunRecord:
    """The record with a link to its clip; with ``fresh`` a new one."""
    if record.video_url and not fresh:
        return record
    await gateway.limiter.turn()
    clip = await gateway.link(task_of(record), Clip(file_id=record.file_id))
    if clip is None:  # no call of its own for links: the poll names one
        poll = await gateway.query(task_of(record))
        clip = poll.clip
    if clip is None or clip.url is None:
        error = ProviderError("the provider finished the task and names no link to the clip")
        error.again = True
        raise error
    return await engine.change(record.run_id, "a link to the clip", **clip_changes(record, clip))


async def _fetch(engine: Engine, control: Control, gateway: Gateway, run_id: str, url: str) -> Archived | None:
    """Download; None when the run was cancelled meanwhile."""

    @contextlib.asynccontextmanager
    async def opened(offset: int, validator: str | None) -> AsyncIterator[Stream]:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and validator:
            headers["If-Range"] = validator
        async with gateway.download(url, headers) as stream:
            yield stream

    download = asyncio.ensure_future(fetch(engine.archive, run_id, opened))
    stopping = asyncio.ensure_future(control.stopping())
    try:
        await asyncio.wait({download, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await download if download.done() else None
    finally:
        stopping.cancel()
        if not download.done():
            download.cancel()  # what is here already stays, for the next try
            with contextlib.suppress(asyncio.CancelledError, HailuoError):
                await download
        elif not download.cancelled():
            download.exception()  # looked at, should the wait have been cancelled in the same moment


def _undelivered(e: HailuoError, gateway: Gateway) -> DownloadError:
    return DownloadError(
        f"the clip is finished and could not be brought here: {e.message}",
        provider=gateway.provider.facts.name,
        code=e.code,
        provider_message=e.provider_message,
        trace_id=e.trace_id,
        hint="%hailuo retry downloads it again, for free" + (f". {e.hint}" if e.hint else ""),
    )
