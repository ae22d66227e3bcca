"""Download of one clip: a stream that the engine opens, into a part, then checked and published.

Downloading again is free, so what may pass is tried again. Bytes that are here are not requested twice: an interrupted
download resumes, if the server shows that it still has the same bytes. What cannot be a clip is refused at its first
bytes. This module opens no connection; the disk is written in threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from hailuo_widgets.archive import response
from hailuo_widgets.archive.archive import Archive, Archived, NotWholeError
from hailuo_widgets.archive.gzip_body import MAGIC, Unpacker
from hailuo_widgets.errors import DownloadError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from hailuo_widgets.archive.partial_download import Part

T = TypeVar("T")

ATTEMPTS = 5
BATCH = 256 * 1024
SLOWEST_BYTES, SLOWEST_S = 20 * 1024, 20.0  # a body with fewer bytes in this time is broken off
MOST_STALLED = 2  # slow tries in a row, after which another link is better
REASON_S = 10.0  # for which a refusal's text is awaited: its status says enough
_REASON_BYTES = 8192
_PASSING = {408, 425, 429}
_OK, _PARTIAL, _UNSATISFIABLE, _SERVER_ERROR = 200, 206, 416, 500
_FRESH = "Ask the provider for the task again: it gives a fresh link while it still has the clip."


class Stream(Protocol):
    """A response whose body has not been read yet."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, with lower-case names."""

    def aiter(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""


class _Again(Exception):
    """This try brought no whole clip, but the next may.

    Args:
        why: What went wrong.
        code: The HTTP status, if it was the cause.
        later: The server may only need time.
        stalled: The body came too slowly.
    """

    def __init__(self, why: str, code: str | None = None, *, later: bool = False, stalled: bool = False) -> None:
        super().__init__(why)
        self.code = code
        self.later = later
        self.stalled = stalled


class _Pace:
    """Speed limit from below: a body that drips holds a connection and brings no clip."""

    def __init__(self, slowest_bytes: int, slowest_s: float) -> None:
        self._slowest_bytes = slowest_bytes
        self._slowest_s = slowest_s
        self._since = time.monotonic()
        self._bytes = 0

    def took(self, count: int) -> None:
        """Count bytes that have come.

        Raises:
            _Again: They come too slowly; another connection may bring the rest faster.
        """
        self._bytes += count
        now = time.monotonic()
        if now - self._since < self._slowest_s:
            return
        if self._bytes < self._slowest_bytes:
            raise _Again(f"only {self._bytes} bytes came in {self._slowest_s:g} s", stalled=True)
        self._since, self._bytes = now, 0


async def back_off(attempt: int) -> None:
    """Sleep up to 1, 2, 4, 8 … seconds (full jitter), never more than 15."""
    await asyncio.sleep(random.uniform(0, min(15.0, 2.0 ** (attempt - 1))))  # noqa: S311 - jitter is no secret


async def fetch(
    archive: Archive,
    run_id: str,
    open_stream: Callable[[int, str | None], AbstractAsyncContextManager[Stream]],
    *,
    attempts: int = ATTEMPTS,
    sleep: Callable[[int], Awaitable[None]] = back_off,
    reason_s: float = REASON_S,
    slowest_bytes: int = SLOWEST_BYTES,
    slowest_s: float = SLOWEST_S,
) -> Archived:
    """Download a run's clip into the archive.

    Args:
        archive: The archive.
        run_id: The run.
        open_stream: Opens the download from an offset. With an offset above 0, send ``Range: bytes=<offset>-`` and
            ``If-Range: <validator>``; always send ``Accept-Encoding: identity``. What it or the body raises as
            TransportError or OSError is tried again.
        attempts: The number of tries.
        sleep: Awaited between tries, with the number of the try that ended (from 1).
        reason_s: For this long a refusal's body is read.
        slowest_bytes: A body that brings less in ``slowest_s`` is broken off.
        slowest_s: Seconds.

    Returns:
        The clip under its final name.

    Raises:
        DownloadError: The download failed; ``dead_link`` says that a fresh link may help, ``later`` that the same
            one may. A part that can be resumed stays.
        asyncio.CancelledError: The task was cancelled. The part stays.
    """
    opened: list[Part] = []
    try:
        await in_thread(lambda: opened.append(archive.part(run_id)))
        return await _Download(
            archive, opened[0], open_stream, reason_s=reason_s, slowest=(slowest_bytes, slowest_s)
        ).run(attempts, sleep)
    finally:
        for part in opened:
            if part.resumable:
                part.close()
            else:
                part.discard()


class _Download:
    """One clip's tries."""

    def __init__(
        self,
        archive: Archive,
        part: Part,
        open_stream: Callable[[int, str | None], AbstractAsyncContextManager[Stream]],
        *,
        reason_s: float,
        slowest: tuple[int, float],
    ) -> None:
        self._reason_s = reason_s
        self._slowest = slowest
        self._archive = archive
        self._part = part
        self._open_stream = open_stream
        self._packed = False  # this try's body is gzip
        self._unsealed: int | None = None  # size of an earlier try that might have been cut

    async def run(self, attempts: int, sleep: Callable[[int], Awaitable[None]]) -> Archived:
        if self._part.complete:  # all bytes came before an earlier process ended: no link is needed
            with contextlib.suppress(NotWholeError):
                return await in_thread(self._archive.publish, self._part)
            await in_thread(self._part.restart)
        stalled = 0
        for attempt in range(1, attempts + 1):
            before = self._part.offset
            try:
                return await self._try()
            except (_Again, NotWholeError, TransportError, OSError) as error:
                slow = bool(getattr(error, "stalled", False)) and self._part.offset < before + self._slowest[0]
                stalled = stalled + 1 if slow else 0
                if attempt == attempts or stalled == MOST_STALLED:
                    raise self._given_up(error, attempt, dead_link=stalled == MOST_STALLED) from error
            await sleep(attempt)
        raise DownloadError(f"attempts={attempts!r}: at least one is needed.", run_id=self._part.run_id)

    def _given_up(self, error: Exception, attempts: int, *, dead_link: bool) -> DownloadError:
        # An error of this package has its own sentence and code.
        why = getattr(error, "message", None) or str(error) or type(error).__name__
        later = getattr(error, "again" if isinstance(error, TransportError) else "later", False)
        return DownloadError(
            f"The clip could not be brought here in {attempts} tries; the last: {why.rstrip('.')}.",
            run_id=self._part.run_id,
            code=getattr(error, "code", None),
            dead_link=dead_link,
            later=bool(later) and not dead_link,
            hint="Resume later; downloading again is free while the provider keeps the clip.",
        )

    async def _try(self) -> Archived:
        part = self._part
        if part.offset and not part.resumable:
            await in_thread(part.restart)
        async with self._open_stream(part.offset, part.validator if part.offset else None) as stream:
            if stream.status == _UNSATISFIABLE and part.offset:
                if response.content_range(stream.headers).total != part.offset:
                    await in_thread(part.restart)
                    raise _Again("the server has fewer bytes than are here", "HTTP 416")
                total: int | None = part.offset
            else:
                total = await self._take(stream)
        try:
            return await self._finish(total)
        except NotWholeError:
            await in_thread(part.restart)
            raise

    async def _finish(self, total: int | None) -> Archived:
        here = self._part.offset
        if not here:
            raise _Again("the file is empty", later=True)
        if total is not None and here < total:
            raise _Again(f"{here} of {total} bytes arrived")
        if total is None and here != self._unsealed and not await in_thread(self._archive.sealed, self._part):
            self._unsealed = here
            await in_thread(self._part.restart)
            raise _Again("nothing shows that the file is whole; the same size once more will")
        # A body longer than its announced length is judged by its boxes alone.
        return await in_thread(self._archive.publish, self._part)

    async def _take(self, stream: Stream) -> int | None:
        """Write the body; the size of the whole, if the server said it."""
        part, headers = self._part, stream.headers
        if stream.status not in (_OK, _PARTIAL):
            raise await self._refused(stream)
        if (coding := response.content_encoding(headers)) not in {None, "gzip", "x-gzip"}:
            raise DownloadError(
                f"The server sent the clip with Content-Encoding {coding!r}; only plain bytes and gzip are taken.",
                run_id=part.run_id,
                hint="A proxy may do this; try from another network.",
            )
        length, mark = response.content_length(headers), response.validator(headers)
        total = response.content_range(headers).total if stream.status == _PARTIAL else length
        if stream.status == _PARTIAL:
            if not self._continues(headers, mark):
                await in_thread(part.restart)
                raise _Again("the server's answer does not go on from what is here", "HTTP 206")
        elif part.offset:
            await in_thread(part.restart)  # the whole comes again: never append it
        await in_thread(part.remember, part.validator if part.offset else mark, total)
        await self._write(stream)
        return None if self._packed else total  # the size that was announced is that of the gzip

    def _continues(self, headers: Mapping[str, str], mark: str | None) -> bool:
        part, sent = self._part, response.content_range(headers)
        if sent.total is None or sent.first != part.offset:
            return False
        return not part.offset or (part.total in (None, sent.total) and mark in (None, part.validator))

    async def _write(self, stream: Stream) -> None:
        part, waiting, judged = self._part, bytearray(), self._part.offset > 0
        self._packed = False
        try:
            async for piece in self._plain(stream):
                waiting += piece
                if not judged and len(waiting) >= response.HEAD:
                    self._check_head(bytes(waiting))
                    judged = True
                if judged and len(waiting) >= BATCH:
                    batch, waiting = waiting, bytearray()
                    await in_thread(part.write, batch)
        except (_Again, TransportError, OSError):
            if judged and waiting:
                await in_thread(part.write, waiting)
            raise
        if waiting and not judged:
            self._check_head(bytes(waiting))
        if waiting:
            await in_thread(part.write, waiting)

    async def _plain(self, stream: Stream) -> AsyncIterator[bytes]:
        """The body, unpacked if it is gzip, whatever its headers say. A gzip never continues a part."""
        part, head, pace, unpacker = self._part, b"", _Pace(*self._slowest), None
        judged = part.offset > 0
        async for piece in stream.aiter():
            pace.took(len(piece))
            head += piece
            if not judged and len(head) < len(MAGIC):
                continue
            if not judged and head.startswith(MAGIC):
                await in_thread(part.remember, None, None)
                unpacker, self._packed = Unpacker(), True
            judged, packed, head = True, head, b""
            try:
                for plain in (packed,) if unpacker is None else unpacker.feed(packed):
                    yield plain
            except ValueError as e:
                raise _Again(f"the compressed body is damaged: {e}", later=True) from None
        if head:
            yield head
        if unpacker is not None and not unpacker.ended:
            raise _Again("the compressed body ends too soon")

    def _check_head(self, head: bytes) -> None:
        kind = response.foreign_kind(head)
        if kind is not None:
            kind = f"compressed data that hold {kind}" if self._packed else kind
            said = response.is_refusal(head)
            dead, later = response.judge_refusal(_OK, head)  # a page or a picture may stand there until the clip does
            raise DownloadError(
                f"The link gave {kind} instead of an MP4 file.",
                run_id=self._part.run_id,
                provider_message=response.refusal_text(head) if said else None,
                dead_link=dead and said,
                later=later or not said,
                hint=_FRESH if said else "Open the link in a browser to see what it is.",
            )

    async def _refused(self, stream: Stream) -> Exception:
        status, code = stream.status, f"HTTP {stream.status}"
        if status >= _SERVER_ERROR or status in _PASSING:
            return _Again(f"the server answered {code}", code, later=True)
        body = b""
        with contextlib.suppress(TransportError, OSError):  # the status alone says enough; a time-out is an OSError
            async with asyncio.timeout(self._reason_s):
                async for piece in stream.aiter():
                    body += piece
                    if len(body) >= _REASON_BYTES:
                        break
        dead, later = response.judge_refusal(status, body[:_REASON_BYTES])
        what = "is expired or wrong" if dead else "has no file yet" if later else "gave no file"
        return DownloadError(
            f"The link to the clip {what}.",
            run_id=self._part.run_id,
            code=code,
            provider_message=response.refusal_text(body[:_REASON_BYTES]),
            dead_link=dead,
            later=later,
            hint=_FRESH,
        )


async def in_thread(work: Callable[..., T], *args: object) -> T:
    """Run blocking work in a thread. A cancel waits for its end, so that no file is closed under it."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that the loop does not report it
        raise
