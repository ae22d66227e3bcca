"""Comparison widget: runs in a grid, with all clips on one clock.

The browser asks for the ``layout`` once, for each ``poster`` and ``video`` when it becomes visible, and for a ``run``
when its details are opened; it sends ``rate``, ``tag`` and ``note``, which are written to the log. All of them name the
run by ``{id}``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.annotation import note_of, rating_of, tags_of
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.errors import UsageError
from hailuo_widgets.render.card import format_seconds
from hailuo_widgets.render.grid import layout_of
from hailuo_widgets.widgets.request_widget import STATIC, Handler, Question, RequestWidget
from hailuo_widgets.workspace.annotations import heard, with_remarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["Compare"]


class Compare(RequestWidget):
    """The widget.

    Args:
        session: Its log and archive are used.
        records: The runs.
        grid: Their places.
        loop: The event loop that handles the messages.
        css: The class of the static table that the widget hides.
    """

    _esm: ClassVar[Path] = STATIC / "compare.js"
    _css: ClassVar[Path] = STATIC / "compare.css"
    css = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        session: Workspace,
        records: Sequence[RunRecord],
        grid: Grid,
        *,
        loop: asyncio.AbstractEventLoop,
        css: str = "",
    ) -> None:
        self._session = session
        self._records = {r.run_id: r for r in records}
        self._grid = grid
        super().__init__(loop=loop, css=css)

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return f"<Compare {plural(len(self._records), 'run')}>"

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
        return {
            "layout": self._layout,
            "run": self._run,
            "poster": self._poster,
            "video": self._video,
            "rate": self._rate,
            "tag": self._tag,
            "note": self._note,
        }

    async def _layout(self, question: Question) -> None:
        records = await with_remarks(self._session, self._records)
        self._records = {r.run_id: r for r in records}
        question.reply(await asyncio.to_thread(layout_of, records, self._grid, self._session.archive))

    def _named(self, question: Question) -> RunRecord:
        run_id = question.data.get("id")
        record = self._records.get(str(run_id))
        if record is None:
            raise UsageError(f"run {run_id!r} is not on this board")
        return record

    async def _run(self, question: Question) -> None:
        """All known values of a run, with their names."""
        card = await asyncio.to_thread(self._session.card, self._named(question).run_id)
        rows: dict[str, str | None] = {"provider": card.provider, "model": card.model, "mode": card.mode}
        rows |= dict(card.parameters)
        rows |= {"planned": f"{card.created_at:%Y-%m-%d %H:%M:%S} UTC", "task": card.task_id, "cost": card.cost}
        rows |= {"took": None if card.elapsed_s is None else format_seconds(card.elapsed_s), "file": card.video_src}
        rows |= {"sha256": card.sha256, "error": card.error_text, "next": card.error_hint}
        question.reply([(name, value) for name, value in rows.items() if value])

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
