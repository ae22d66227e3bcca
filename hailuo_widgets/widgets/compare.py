"""Comparison widget: runs in a grid, with all clips on one clock.

The browser asks for the ``layout`` once, for each ``poster`` and ``video`` when it becomes visible, and for a ``run``
when its details are opened; it sends ``rate``, ``tag`` and ``note``, which are written to the log. All of them name the
run by ``{id}``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

import traitlets

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.render.card import format_seconds
from hailuo_widgets.render.grid import layout_of
from hailuo_widgets.widgets.clip_widget import ClipWidget
from hailuo_widgets.widgets.request_widget import STATIC, Handler, Question
from hailuo_widgets.workspace.annotations import with_remarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["Compare"]


class Compare(ClipWidget):
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
        self._grid = grid
        super().__init__(session, records, loop=loop, css=css)

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return f"<Compare {plural(len(self._records), 'run')}>"

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
        return {
            **super().handlers(),
            "layout": self._layout,
            "run": self._run,
        }

    async def _layout(self, question: Question) -> None:
        records = await with_remarks(self._session, self._records)
        self._records = {r.run_id: r for r in records}
        question.reply(await asyncio.to_thread(layout_of, records, self._grid, self._session.archive))

    async def _run(self, question: Question) -> None:
        """All known values of a run, with their names."""
        card = await asyncio.to_thread(self._session.card, self._named(question).run_id)
        rows: dict[str, str | None] = {"provider": card.provider, "model": card.model, "mode": card.mode}
        rows |= dict(card.parameters)
        rows |= {"planned": f"{card.created_at:%Y-%m-%d %H:%M:%S} UTC", "task": card.task_id, "cost": card.cost}
        rows |= {"took": None if card.elapsed_s is None else format_seconds(card.elapsed_s), "file": card.video_src}
        rows |= {"sha256": card.sha256, "error": card.error_text, "next": card.error_hint}
        question.reply([(name, value) for name, value in rows.items() if value])
