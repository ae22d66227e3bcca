"""Studio widget: a form that builds, checks, prices and starts a request.

The browser holds the form (see ``form.py``) and sends ``catalog`` once, ``check`` after each change, ``power`` after a
check of several runs, ``load`` with a cell's text or a run's id, ``upload`` with the chunks of a file, ``reference``
with a path or URL, and ``generate``. Checks and prices are those of ``%%hailuo``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ipywidgets

from hailuo_widgets.domain.problem import warning
from hailuo_widgets.domain.references import Reference
from hailuo_widgets.errors import HailuoError, ProblemCode, Reason, UsageError
from hailuo_widgets.planning.images import load_image
from hailuo_widgets.planning.load_references import MOST_BYTES as MOST_REFERENCE_BYTES
from hailuo_widgets.planning.load_references import load_reference
from hailuo_widgets.render.card import format_bytes
from hailuo_widgets.widgets.catalog import catalog_of
from hailuo_widgets.widgets.form import cell_of, form_of_cell, form_of_run, line_of, python_of
from hailuo_widgets.widgets.form_choice import choice_problems, fit_for_form, refuse_changed, refuse_other_modes
from hailuo_widgets.widgets.monitor import SweepBoard
from hailuo_widgets.widgets.player import Player, RunSource
from hailuo_widgets.widgets.request_widget import (
    STATIC,
    Handler,
    Question,
    RequestWidget,
    problem_messages,
    problems_of,
)
from hailuo_widgets.workspace.cell import begin_cell, foretold, plan_cell
from hailuo_widgets.workspace.power import power_of_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.errors import Problem
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.widgets.messages import Begun, Form, PlanFigures, PowerLine, ReferenceFacts, Uploaded, Verdict
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["Studio", "studio_box"]

MOST_BYTES: Final = 40 * 1024 * 1024  # of an uploaded picture, before it is opened
REFERENCES: Final = "references"
MOST_PRESSES: Final = 100  # remembered presses of the button: one that arrives twice is sent once
MOST_RESULTS: Final = 20  # players and boards shown under the form


class Studio(RequestWidget):
    """The widget.

    Args:
        session: It plans and starts the runs.
        loop: The event loop that follows the runs.
        namespace: Returns the notebook's variables, for the places of prompts.
        results: The box of the results.
        start: The run whose request fills the form at first.
    """

    _esm: ClassVar[Path] = STATIC / "studio.js"
    _css: ClassVar[Path] = STATIC / "studio.css"

    def __init__(
        self,
        session: Workspace,
        *,
        loop: asyncio.AbstractEventLoop,
        namespace: Callable[[], Mapping[str, Any]],
        results: ipywidgets.VBox,
        start: RunRecord | None = None,
    ) -> None:
        self._session = session
        self._namespace = namespace
        self._results = results
        self._start = start
        self._uploads: dict[str, bytearray] = {}
        self._presses: deque[str] = deque(maxlen=MOST_PRESSES)  # of the button, by their ids: those that were sent
        super().__init__(loop=loop)

    def __repr__(self) -> str:
        """One line for a front end without widgets."""
        return "<Studio>"

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
        return {
            "catalog": self._catalog,
            "check": self._check,
            "load": self._load,
            "upload": self._upload,
            "reference": self._reference,
            "power": self._power,
            "generate": self._generate,
        }

    async def _catalog(self, question: Question) -> None:
        form = self._of_run(self._start) if self._start is not None else None
        question.reply(catalog_of(self._session, form))

    async def _check(self, question: Question) -> None:
        """Reply with the problems of a form, its cell and call, and its plan if nothing is wrong."""
        try:
            if lacking := choice_problems(question.data):
                question.reply(_refused(lacking, question.data))
                return
            plan = await self._plan(question.data)
            line = line_of(question.data)
            line.run["yes"] = True  # the form asks when its button is pressed
            notes = await asyncio.to_thread(foretold, self._session, line, plan)
            self._session.ask_balances(plan.to_send)
            notes = (*notes, *self._session.unpayable(plan.to_send))
            budgets = [warning("budget", ProblemCode.BUDGET, note) for note in notes]
        except HailuoError as e:
            checked = e.checked if isinstance(e, UsageError) else 1
            question.reply(_refused(problems_of(e), question.data, checked))
            return
        verdict: Verdict = {
            "problems": problem_messages((*budgets, *plan.warnings)),
            "checked": 1,
            "cell": _cell(question.data),
            "python": python_of(line_of(question.data), plan),
            "plan": _figures(plan, " · ".join(self._session.balance_texts(plan.to_send))),
        }
        question.reply(verdict)

    async def _power(self, question: Question) -> None:
        """Reply with what votes on a form's clips can find; "" without variants. Its price doesn't wait for this."""
        plan = await self._plan(question.data)
        line: PowerLine = {"sentence": await asyncio.to_thread(power_of_plan, plan)}
        question.reply(line)

    async def _plan(self, form: Mapping[str, Any]) -> Plan:
        line = line_of(form)
        body, names = str(form.get("body", "")), self._namespace()
        plan = await asyncio.to_thread(plan_cell, self._session, line, body, names)
        refuse_other_modes(form, plan)
        return plan

    async def _load(self, question: Question) -> None:
        text = str(question.data.get("text", "")).strip()
        if text.startswith("%%"):
            question.reply(fit_for_form(form_of_cell(text), self._session.settings.provider))
        else:
            run = await asyncio.to_thread(self._session.run, text)
            question.reply(self._of_run(run.record))

    def _of_run(self, record: RunRecord) -> Form:
        pictures: dict[str, str | list[str]] = {}
        references: list[str] = []
        for name, file in record.request.inputs:
            kept = self._session.archive.input_path(file.sha256) if file.sha256 else None
            value = _written_path(kept) if kept is not None else file.url or ""
            if isinstance(file, Reference):
                references.append(f"{file.kind}:{value}" if kept is None and value else value)
            else:
                pictures[name] = value
        if all(references):  # with one of them gone, the others would be another request
            pictures["references"] = references
        form = form_of_run(record, pictures)
        form["request"]["provider"] = record.request.provider
        return form

    async def _upload(self, question: Question) -> None:
        """Add a chunk of a file. After the last one check and keep the file, and reply with its path."""
        data = question.data
        key, slot = str(data.get("upload")), str(data.get("slot"))
        kept = self._uploads.setdefault(key, bytearray())
        for chunk in question.buffers:
            kept += chunk
        most = MOST_REFERENCE_BYTES if slot == REFERENCES else MOST_BYTES
        if len(kept) > most:
            del self._uploads[key]
            raise UsageError(f"{slot}: the file is larger than {most // 2**20} MiB", hint="scale or cut it down")
        uploaded: Uploaded = {}
        if not data.get("last"):
            question.reply(uploaded)
            return
        raw = bytes(self._uploads.pop(key))
        image = await asyncio.to_thread(_loaded, raw, slot)
        path = await asyncio.to_thread(self._session.archive.keep_input, image.data or raw, str(image.media_type))
        uploaded = {"path": _written_path(path), "width": image.width, "height": image.height}
        question.reply(uploaded)

    async def _reference(self, question: Question) -> None:
        """Reply with what the file at a path, or a URL, is."""
        value = str(question.data.get("value", ""))
        found = await asyncio.to_thread(load_reference, value, argument=REFERENCES)
        facts: ReferenceFacts = {
            "kind": found.kind.value,
            "name": found.name,
            "width": found.width,
            "height": found.height,
            "seconds": found.seconds,
            "size": None if found.data is None else format_bytes(len(found.data)),
        }
        question.reply(facts)

    async def _generate(self, question: Question) -> None:
        """Start the form's runs, and show their board or player under the form."""
        form = question.data
        if lacking := choice_problems(form):
            raise UsageError("\n".join(p.message for p in lacking), hint="nothing was sent", problems=lacking)
        line = line_of(form)
        if line.run.get("dry_run"):
            raise UsageError("A dry run sends nothing: the figures beside the button are it.")
        plan = await self._plan(form)
        refuse_changed(form.get("shown"), plan)
        begun: Begun
        if not form.get("agreed") and (asked := self._session.question(plan)) is not None:
            begun = {"ask": asked}
            question.reply(begun)
            return
        line.run["yes"] = True
        press = str(form.get("press") or question.id)
        if press in self._presses:
            raise UsageError(
                "This was sent already.",
                hint="press again once its new figures are there",
                reason=Reason.ALREADY_SENT,
            )
        self._presses.append(press)
        try:
            sweep = await asyncio.to_thread(begin_cell, self._session, line, plan)
        except HailuoError:
            self._presses.remove(press)  # nothing was started: it may be pressed again
            raise
        self._session.engine.runs.drive()
        if len(sweep) > 1:
            shown: RequestWidget = SweepBoard(sweep, loop=self._loop)
        else:
            shown = Player(RunSource(sweep[0]), loop=self._loop)
        earlier = self._results.children
        self._results.children = (shown, *earlier[: MOST_RESULTS - 1])
        for old in earlier[MOST_RESULTS - 1 :]:
            old.close()
        begun = {"runs": [run.id for run in sweep]}
        question.reply(begun)


def _loaded(raw: bytes, slot: str) -> Image | Reference:
    """The file of an upload, checked by its content."""
    return load_reference(raw, argument=slot) if slot == REFERENCES else load_image(raw, argument=slot)


def _written_path(path: Path) -> str:
    """A path for a cell: relative to the notebook's folder if it is below it, else absolute."""
    here = Path.cwd()
    whole = path.absolute()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(whole)


def _cell(form: Mapping[str, Any]) -> str:
    """The cell; "" if it cannot be written."""
    try:
        return cell_of(form)
    except HailuoError:
        return ""


def _refused(problems: Iterable[Problem], form: Mapping[str, Any], checked: int = 1) -> Verdict:
    return {"problems": problem_messages(problems), "checked": checked, "cell": _cell(form)}


def _figures(plan: Plan, balance: str) -> PlanFigures:
    parts = plan.parts()
    return {
        "count": parts.count,
        "there": parts.there,
        "sends": parts.sends,
        "cost": parts.cost,
        "balance": balance,
        "time": parts.time,
        "runs": plan.results,
        "sentence": plan.sentence(),
        "digest": plan.digest,
    }


def studio_box(
    session: Workspace,
    *,
    loop: asyncio.AbstractEventLoop,
    namespace: Callable[[], Mapping[str, Any]],
    start: RunRecord | None = None,
) -> ipywidgets.VBox:
    """The form, with the box of its results below it."""
    results = ipywidgets.VBox([])
    form = Studio(session, loop=loop, namespace=namespace, results=results, start=start)
    return ipywidgets.VBox([form, results])
