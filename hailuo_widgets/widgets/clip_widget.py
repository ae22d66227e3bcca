"""Base widget of several runs: their posters and clips, and the remarks on them.

The browser asks for a ``poster`` or ``video``, and sends ``rate``, ``tag`` and ``note``, which are written to
the log; all of them name the run by ``{id}``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.annotation import note_of, rating_of, tags_of
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.errors import UsageError
from hailuo_widgets.widgets.request_widget import Handler, Question, RequestWidget
from hailuo_widgets.workspace.annotations import heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["ClipWidget"]


class ClipWidget(RequestWidget):
    """The base class.

    Args:
        session: Its log and archive are used.
        records: The runs that can be asked for.
        loop: The event loop that handles the messages.
        traits: The widget's own traits.
    """

    def __init__(
        self,
        session: WorkspaceBase,
        records: Iterable[RunRecord],
        *,
        loop: asyncio.AbstractEventLoop,
        **traits: Any,
    ) -> None:
        self._session = session
        self._records = {r.run_id: r for r in records}
        super().__init__(loop=loop, **traits)

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
        return {
            "poster": self._poster,
            "video": self._video,
            "rate": self._rate,
            "tag": self._tag,
            "note": self._note,
        }

    def _named(self, question: Question) -> RunRecord:
        run_id = question.data.get("id")
        record = self._records.get(str(run_id))
        if record is None:
            raise UsageError(f"run {run_id!r} is not on this board")
        return record

    async def _poster(self, question: Question) -> None:
        record = self._named(question)
        data = await asyncio.to_thread(self._session.archive.poster_of, record)
        await question.reply_bytes(data or b"", "image/jpeg")

    async def _video(self, question: Question) -> None:
        path = await asyncio.to_thread(self._session.archive.whole_video_of, self._named(question))
        if path is None:
            raise FileNotFoundError("the clip is not in the archive any more, or its file was changed")
        await question.reply_bytes(await asyncio.to_thread(read_regular, path), "video/mp4")

    async def _rate(self, question: Question) -> None:
        await self._write(question, RunEvent.RATED, rating=rating_of(question.data.get("rating")))

    async def _tag(self, question: Question) -> None:
        own = self._named(question).tags  # they stay with the run
        words = tags_of(question.data.get("tags"))
        await self._write(question, RunEvent.TAGGED, clip_tags=tuple(word for word in words if word not in own))

    async def _note(self, question: Question) -> None:
        await self._write(question, RunEvent.NOTED, note=note_of(question.data.get("note")))

    async def _write(self, question: Question, what: RunEvent, **changes: Any) -> None:
        record = self._named(question)
        log = self._session.log
        records = await log.ask(log.judge, record.run_id, what, **changes)
        heard(self._session, records)
        self._records |= {r.run_id: r for r in records if r.run_id in self._records}
        question.reply()
