"""Live board of runs: those of a sweep, or all unfinished ones in a store.

The browser asks for ``rows`` once; then Python sends the changed rows at most twice a second, as messages and not as
traits, which a saved notebook would keep. The browser sends ``cancel``, ``retry`` and ``resume`` with ``{ids}``.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

import traitlets

from hailuo_widgets.domain.run import UNFINISHED
from hailuo_widgets.errors import UsageError
from hailuo_widgets.render.board import board_class
from hailuo_widgets.widgets.clip_widget import ClipWidget
from hailuo_widgets.widgets.request_widget import STATIC, Handler, Question, sentence_of
from hailuo_widgets.widgets.run_rows import row_of, same, totals, varying
from hailuo_widgets.widgets.throttle import Throttle
from hailuo_widgets.workspace.annotations import heard, with_remarks
from hailuo_widgets.workspace.budgets_left import left_texts
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.workspace.selection import run_id_of

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable, Mapping

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.widgets.messages import BoardFailure, BoardHead, BoardNews, BoardRows, Resumed, Row
    from hailuo_widgets.workspace.sweep import Sweep
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["Monitor", "SweepBoard"]

PUSH_S: Final = 0.5
LOOK_S: Final = 2.0  # seconds between two reads of the log for the runs of other kernels
MOST_ENDED: Final = 200


class SweepRuns:
    """The runs of one sweep, in its order."""

    def __init__(self, session: WorkspaceBase, run_ids: Iterable[str]) -> None:
        self.session = session
        self.ids = tuple(run_ids)

    def concerns(self, run_id: str) -> bool:
        """Whether a change of this run changes the board."""
        return run_id in self.ids

    async def records(self) -> list[RunRecord]:
        """The runs as they are now."""
        return await self.session.records(self.ids)

    @property
    def watches(self) -> bool:
        """Whether the log must be read for what other kernels do."""
        runs = self.session.engine.runs
        return any(not runs.follows(i) and runs.decided(i) is None for i in self.ids)


class StoreRuns:
    """All unfinished runs of a store, from any kernel, and the newest of those that ended while they were watched."""

    watches = True

    def __init__(self, session: WorkspaceBase) -> None:
        self.session = session
        self._seen: dict[str, None] = {}

    def concerns(self, run_id: str) -> bool:
        """Always: any run of the store may be new."""
        return bool(run_id)

    async def records(self) -> list[RunRecord]:
        """The runs as they are now, the oldest first."""
        log = self.session.log
        for r in await log.ask(log.find, status=UNFINISHED):
            self._seen[r.run_id] = None
        found = await self.session.records(self._seen)
        ended = [r.run_id for r in found if not r.unfinished]
        for run_id in ended[: max(0, len(ended) - MOST_ENDED)]:
            del self._seen[run_id]
        return [r for r in found if r.run_id in self._seen]


class RunsBoard(ClipWidget):
    """The widget.

    Args:
        runs: The runs that it shows.
        loop: The event loop that follows them.
    """

    _esm: ClassVar[pathlib.Path] = STATIC / "monitor.js"
    _css: ClassVar[pathlib.Path] = STATIC / "monitor.css"
    kind = traitlets.Unicode("monitor").tag(sync=True)  # "monitor" or "sweep"
    css = traitlets.Unicode("").tag(sync=True)  # the class of the static table that the widget hides

    def __init__(self, runs: SweepRuns | StoreRuns, *, loop: asyncio.AbstractEventLoop, **traits: Any) -> None:
        self._runs = runs
        self._sent: dict[str, Row] = {}
        self._budgets: list[str] = []
        self._looking: asyncio.Task[None] | None = None
        self._throttle = Throttle(loop, self._look, interval_s=PUSH_S)
        super().__init__(runs.session, (), loop=loop, **traits)
        bus = runs.session.engine.listeners
        self._unsubscribe = bus.subscribe(None, lambda r: self._throttle.soon() if runs.concerns(r.run_id) else None)
        self._throttle.soon()

    def on_close(self) -> None:
        """Stop sending."""
        self._unsubscribe()
        self._throttle.stop()

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
        return {
            **super().handlers(),
            "rows": self._send_rows,
            "cancel": self._cancel,
            "retry": self._retry,
            "resume": self._resume,
        }

    # -- what is shown --------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = self._loop.create_task(self._push())
        else:
            self._throttle.soon()  # the next read sees what changed meanwhile

    async def _push(self) -> None:
        try:
            rows = await self._rows()
        except Exception as error:  # noqa: BLE001 - every error is shown under the board
            failure: BoardFailure = {"type": "problem", "text": sentence_of(error)}
            self.send(failure)
        else:
            changed = [row for run_id, row in rows.items() if self._sent.get(run_id) != row]
            gone = [run_id for run_id in self._sent if run_id not in rows]
            self._sent = rows
            if changed or gone:
                news: BoardNews = {"type": "rows", "rows": changed, "gone": gone, **self._head()}
                self.send(news)
        if self._runs.watches:
            self._throttle.after(LOOK_S)

    async def _rows(self) -> dict[str, Row]:
        engine = self._session.engine
        found = await self._runs.records()
        self._records = {r.run_id: r for r in found}
        self._budgets = await left_texts(self._session, found)
        rows = {
            r.run_id: row_of(r, here=engine.runs.follows(r.run_id), expected=engine.runs.expected(r.run_id))
            for r in found
        }
        if self.kind == "sweep":
            for run_id, values in varying(found).items():
                rows[run_id]["values"] = dict(values)
        return rows

    def _head(self) -> BoardHead:
        runs, found = self._session.engine.runs, list(self._records.values())
        expected = {r.run_id: runs.expected(r.run_id) for r in found}
        sweep = self.kind == "sweep"
        return {
            "title": next((r.sweep_name for r in found if r.sweep_name), "") if sweep else "",
            "same": same(found, self._titles) if sweep else [],
            "budgets": self._budgets,
            "totals": totals(found, expected=expected),
            "now": round(time.time(), 3),
        }

    def _titles(self, request: Request) -> tuple[str, str]:
        """The titles of a request's provider and model; their names if the provider isn't installed any more."""
        name = request.model or request.template or ""
        try:
            facts = self._session.accounts.provider(request.provider).facts
        except UsageError:
            return request.provider, name
        model = facts.model(request.model)
        return facts.title, model.title if model else name

    async def _send_rows(self, question: Question) -> None:
        heard(self._session, await with_remarks(self._session, [r.run_id for r in await self._runs.records()]))
        self._sent = await self._rows()
        rows: BoardRows = {"rows": list(self._sent.values()), **self._head()}
        question.reply(rows)

    # -- orders ---------------------------------------------------------------------------------------------------

    async def _cancel(self, question: Question) -> None:
        for run_id in _ids(question):
            await self._in_thread(self._session.engine.cancel, run_id)
        self._throttle.soon()
        question.reply()

    async def _retry(self, question: Question) -> None:
        for run_id in _ids(question):
            found = await self._in_thread(run_id_of, self._session, run_id)
            await self._in_thread(Run(self._session, found).retry)
        self._session.engine.runs.drive()
        self._throttle.soon()
        question.reply()

    async def _resume(self, question: Question) -> None:
        """Follow runs here; those that another living kernel follows are left to it, and the reply counts them."""
        wanted = _ids(question)
        taken = await self._in_thread(self._session.engine.take_up, wanted)
        self._session.engine.runs.drive()
        self._throttle.soon()
        left = len(wanted) - len(taken)
        resumed: Resumed = {"note": f"{left} of them are followed by another kernel" if left else ""}
        question.reply(resumed)

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.to_thread(work, *arguments)


class Monitor(RunsBoard):
    """All unfinished runs of a session's store; see :func:`hailuo_widgets.monitor`."""

    def __init__(self, session: WorkspaceBase, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(StoreRuns(session), loop=loop, kind="monitor")

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return "<Monitor of the runs in flight>"


class SweepBoard(RunsBoard):
    """The runs of one sweep."""

    def __init__(self, sweep: Sweep, *, loop: asyncio.AbstractEventLoop) -> None:
        runs = SweepRuns(sweep.session, [r.id for r in sweep.runs])
        super().__init__(runs, loop=loop, kind="sweep", css=board_class(sweep.id))
        self._name = sweep.id

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return f"<Board of sweep {self._name}>"


def _ids(question: Question) -> list[str]:
    ids = question.data.get("ids")
    if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
        raise ValueError(f"ids is {ids!r}: a list of run ids is wanted")
    return ids
