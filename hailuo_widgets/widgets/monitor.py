"""Live board of runs: those of a sweep, or all unfinished ones in a store.

The browser asks for ``rows`` once; then Python sends the changed rows at most twice a second, as messages and not as
traits, which a saved notebook would keep. The browser sends ``cancel``, ``retry`` and ``resume`` with ``{ids}``.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Final

import traitlets

from hailuo_widgets.domain.run import UNFINISHED
from hailuo_widgets.errors import HailuoError, Reason, UsageError
from hailuo_widgets.planning.plan_again import plan_again
from hailuo_widgets.render.board import board_class
from hailuo_widgets.widgets.clip_widget import ClipWidget
from hailuo_widgets.widgets.form_choice import refuse_changed
from hailuo_widgets.widgets.request_widget import STATIC, Handler, Question, sentence_of
from hailuo_widgets.widgets.run_rows import row_of, same, totals, varying
from hailuo_widgets.widgets.throttle import Throttle
from hailuo_widgets.workspace.annotations import heard, with_remarks
from hailuo_widgets.workspace.budgets_left import left_texts
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.workspace.selection import run_id_of

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable, Mapping, Sequence

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.widgets.board_place import BoardPlace
    from hailuo_widgets.widgets.messages import (
        Begun,
        BoardFailure,
        BoardHead,
        BoardNews,
        BoardRows,
        Quote,
        Resumed,
        Row,
        RunTexts,
    )
    from hailuo_widgets.workspace.sweep import Sweep
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["Monitor", "SweepBoard"]

PUSH_S: Final = 0.5
LOOK_S: Final = 2.0  # seconds between two reads of the log for the runs of other kernels
MOST_ENDED: Final = 200
MOST_PRESSES: Final = 100  # remembered presses of a button: one that arrives twice is sent once
MOST_SEEDS: Final = 20


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
        place: Where it opens further widgets and starts further runs; None for nowhere.
        traits: The widget's own traits.
    """

    _esm: ClassVar[pathlib.Path] = STATIC / "monitor.js"
    _css: ClassVar[pathlib.Path] = STATIC / "monitor.css"
    kind = traitlets.Unicode("monitor").tag(sync=True)  # "monitor" or "sweep"
    css = traitlets.Unicode("").tag(sync=True)  # the class of the static table that the widget hides

    def __init__(
        self,
        runs: SweepRuns | StoreRuns,
        *,
        loop: asyncio.AbstractEventLoop,
        place: BoardPlace | None = None,
        **traits: Any,
    ) -> None:
        self._runs, self._place = runs, place
        self._presses: deque[str] = deque(maxlen=MOST_PRESSES)
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
            "texts": self._texts,
            "quote": self._quote,
            "again": self._again,
            "open": self._open,
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
            "opens": self._place is not None,
            "code": _export_code(found) if sweep else "",
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

    # -- further runs and widgets ---------------------------------------------------------------------------------

    async def _texts(self, question: Question) -> None:
        record = self._named(question)
        texts: RunTexts = {
            "prompt": record.request.prompt or record.request.text or "",
            "words": list(record.clip_tags),
        }
        question.reply(texts)

    async def _quote(self, question: Question) -> None:
        """Reply with what it costs to send runs again; nothing is sent."""
        quote: Quote = {
            "runs": 0, "sends": "", "there": "", "cost": "", "digest": "", "ask": "", "notes": [], "refused": ""
        }  # fmt: skip
        try:
            plan, asked, notes = await self._planned(question)
        except HailuoError as e:
            quote["refused"] = e.told()
        else:
            parts = plan.parts()
            quote |= {"runs": plan.results, "sends": parts.sends, "there": parts.there, "cost": parts.cost}
            quote |= {"digest": plan.digest, "ask": asked or "", "notes": list(notes)}
        question.reply(quote)

    async def _again(self, question: Question) -> None:
        """Send runs again that the user has agreed to, at the price that was shown."""
        plan, _, _ = await self._planned(question)
        if not isinstance(question.data.get("shown"), dict):
            raise UsageError("the price was not shown, so nothing was sent")
        refuse_changed(question.data["shown"], plan)
        press = str(question.data.get("press") or question.id)
        if press in self._presses:
            raise UsageError("This was sent already.", reason=Reason.ALREADY_SENT)
        self._presses.append(press)
        records = self._several(question)
        common = [word for word in records[0].tags if all(word in r.tags for r in records)]
        try:
            sweep = await self._there().start(plan, tags=common, reuse=_seeds(question) > 0)
        except HailuoError:
            self._presses.remove(press)  # nothing was started: it may be pressed again
            raise
        begun: Begun = {"runs": [run.id for run in sweep]}
        question.reply(begun)

    async def _planned(self, question: Question) -> tuple[Plan, str | None, tuple[str, ...]]:
        seeds, beside = _seeds(question), list(self._records.values())
        plan = plan_again(self._several(question), seeds=seeds, beside=beside, accounts=self._session.accounts)
        return await self._there().quote(plan, reuse=seeds > 0)

    async def _open(self, question: Question) -> None:
        """Show the studio, a comparison or a vote of some runs."""
        await self._there().show(str(question.data.get("what")), self._several(question))
        question.reply()

    def _there(self) -> BoardPlace:
        if self._place is None:
            raise UsageError("this board opens nothing: there is no place for it")
        return self._place

    def _several(self, question: Question) -> list[RunRecord]:
        return [self._records[i] for i in _ids(question) if i in self._records]

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.to_thread(work, *arguments)


class Monitor(RunsBoard):
    """All unfinished runs of a session's store; see :func:`hailuo_widgets.monitor`."""

    def __init__(
        self, session: WorkspaceBase, *, loop: asyncio.AbstractEventLoop, place: BoardPlace | None = None
    ) -> None:
        super().__init__(StoreRuns(session), loop=loop, place=place, kind="monitor")

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return "<Monitor of the runs in flight>"


class SweepBoard(RunsBoard):
    """The runs of one sweep."""

    def __init__(self, sweep: Sweep, *, loop: asyncio.AbstractEventLoop, place: BoardPlace | None = None) -> None:
        runs = SweepRuns(sweep.session, [r.id for r in sweep.runs])
        super().__init__(runs, loop=loop, place=place, kind="sweep", css=board_class(sweep.id))
        self._name = sweep.id

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return f"<Board of sweep {self._name}>"


def _ids(question: Question) -> list[str]:
    ids = question.data.get("ids")
    if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
        raise ValueError(f"ids is {ids!r}: a list of run ids is wanted")
    return ids


def _seeds(question: Question) -> int:
    """How many further seeds are asked for; 0 sends the same requests again."""
    seeds = question.data.get("seeds", 0)
    if not isinstance(seeds, int) or isinstance(seeds, bool) or not 0 <= seeds <= MOST_SEEDS:
        raise UsageError(f"seeds must be from 0 to {MOST_SEEDS}, not {seeds!r}")
    return seeds


def _export_code(records: Sequence[RunRecord]) -> str:
    """The call that writes a report of a sweep."""
    first = next(iter(records), None)
    name = None if first is None else first.sweep_name or first.sweep_id
    return f"hw.export({name!r}, {f'{name}.html'!r})" if name else ""
