"""Magics ``%hailuo`` and ``%%hailuo``: a cell is a request, a line is a sub-command."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.magic import line_cell_magic, magics_class

from hailuo_widgets.errors import HailuoError, UsageError
from hailuo_widgets.magics.cell_name import check_name, refuse_other_meaning
from hailuo_widgets.magics.setting_traits import SettingTraits
from hailuo_widgets.planning.grammar import help_text, parse_line, split_cell
from hailuo_widgets.settings.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.api.session import Session
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["Hailuo"]

PARAMS = re.compile(r"(--params[ =]+)(?:\$|\{\s*)([^\W\d]\w*)(?:\s*\})?")


def _as_ipython(error: UsageError) -> UsageError:
    """The same error, also an IPython ``UsageError``: one line without a traceback, which still fails a notebook."""
    if isinstance(error, IPythonUsageError):
        return error
    both = type("UsageError", (type(error), IPythonUsageError), {"__module__": type(error).__module__})
    shown: UsageError = both(error.message)
    shown.__dict__.update(error.__dict__)
    return shown


class WaitInterrupted(KeyboardInterrupt):
    """The stop button ended the wait of a cell. Shown as one sentence without a traceback: no code failed."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


@magics_class
class Hailuo(SettingTraits):
    """The magics. ``%config Hailuo`` lists their settings; arguments override them, they override the environment."""

    @line_cell_magic
    def hailuo(self, line: str, cell: str | None = None) -> Any:
        """Generate a video: the cell's text is the prompt. As a line: a sub-command; ``%hailuo`` alone lists them.

        Example::

            %%hailuo --model 2.3 --duration 6 --name fox
            A fox runs through fresh snow, [Push in]
        """
        if cell is None:
            from hailuo_widgets.magics.commands import command

            return self._saying(lambda: command(line.strip(), help_text))
        return self._saying(lambda: self._plain_cell(line, cell))

    def given(self) -> dict[str, Any]:
        """The settings that ``%config Hailuo`` has given a value."""
        return {name: value for name in SETTINGS if (value := getattr(self, name, None)) is not None}

    @property
    def _shell(self) -> Any:
        return self.shell

    def _plain_cell(self, line: str, cell: str) -> Any:
        """Run a cell that was not rewritten into an await: inside another magic, or run by code."""
        from hailuo_widgets.engine.event_loop import running_loop

        made, options = self._begin(line, cell)
        if made is None or not options.get("wait", True) or running_loop() is not None:
            return options["plan"] if made is None else made
        _show(made)
        return _ended(made.wait(), options)

    async def waiting_cell(self, line: str, cell: str) -> Any:
        """Run a rewritten ``%%hailuo`` cell: start it, show it, and wait while the kernel stays free."""
        line, cell = split_cell(line, cell)
        # The object that --params names is read, and not its text, which would stand there after the expansion.
        line = self._shell.var_expand(PARAMS.sub(r"\1\2", line), depth=1)
        from hailuo_widgets.widgets.display import prepare

        prepare()
        made, options = self._saying(lambda: self._begin(line, cell))
        if made is None:
            return options["plan"]
        _show(made)
        if not options.get("wait", True):
            return made
        cancelled = False
        try:
            await made
        except asyncio.CancelledError:
            cancelled = True
        except UsageError as e:
            raise _as_ipython(e) from None
        if cancelled:
            raise WaitInterrupted(f"the wait ended, and {_named(made)} goes on: await it again, or see %hailuo")
        if made.is_sweep:
            _show(made)  # the final board, sent by this cell, is what a notebook saves
        return _ended(made, options)

    async def timed_cell(self, _: str, line: str, cell: str) -> Any:
        """Run a ``%%hailuo`` cell below ``%%time``."""
        began = time.perf_counter(), time.process_time()
        try:
            return await self.waiting_cell(line, cell)
        finally:
            cpu, wall = time.process_time() - began[1], time.perf_counter() - began[0]
            print(f"CPU times: total: {cpu:.2f} s\nWall time: {wall:.2f} s")  # noqa: T201 - as %%time does

    async def captured_cell(self, options: str, line: str, cell: str) -> Any:
        """Run a ``%%hailuo`` cell below ``%%capture``, whose options are its own."""
        from IPython.core.magics.execution import ExecutionMagics
        from IPython.utils.capture import capture_output

        parser: Any = ExecutionMagics.capture.parser
        asked = parser.parse_argstring(options)
        with capture_output(not asked.no_stdout, not asked.no_stderr, not asked.no_display) as captured:
            made = await self.waiting_cell(line, cell)
        if asked.output:
            self._shell.user_ns[asked.output] = captured
        return made

    def _begin(self, line: str, cell: str) -> tuple[Run | Sweep | None, dict[str, Any]]:
        """Check the cell and start its runs; with ``--dry-run`` start none, and return its plan in ``plan``."""
        from hailuo_widgets.api.functions import default_session
        from hailuo_widgets.widgets.display import show_plan
        from hailuo_widgets.workspace.cell import begin_cell, foretold, plan_cell
        from hailuo_widgets.workspace.power import power_of_plan

        line, cell = split_cell(line, cell)
        parsed = parse_line(line)
        if parsed.cell.get("help"):
            print(f"{help_text()}\n\nNothing was sent.")  # noqa: T201 - what was asked for
            return None, {"plan": None}
        name = parsed.run.get("name")
        if name is not None:
            refuse_other_meaning(line, name)
            check_name(name, self._shell.user_ns, self._shell.user_ns_hidden)
        session = default_session()
        dry = bool(parsed.run.get("dry_run"))
        plan = plan_cell(session, parsed, cell, self._shell.user_ns, ask_log=dry)
        if dry:
            from hailuo_widgets.dataframes.costs import plan_frame

            notes = (*foretold(session, parsed, plan), power_of_plan(plan))
            show_plan(plan, dry=True, notes=tuple(filter(None, notes)))
            return None, {"plan": plan_frame(plan)}
        if plan.results > 1:
            _show_before(session, plan, foretold(session, parsed, plan))
        sweep = begin_cell(session, parsed, plan)
        made = sweep if len(sweep) > 1 else sweep[0]
        if name is not None:
            self._shell.user_ns[name] = made
        return made, parsed.run

    def _saying(self, work: Callable[[], Any]) -> Any:
        """Call ``work``; a ``UsageError`` becomes an IPython ``UsageError`` too."""
        failure: UsageError | None = None
        try:
            return work()
        except UsageError as e:
            failure = _as_ipython(e)
        raise failure


def _show_before(session: Session, plan: Plan, notes: Sequence[str]) -> None:
    """Show a plan that is about to start, with the balances that are known.

    Balances that are not known, and what the plan can find, come when they do: nothing is sent later because of them.
    """
    from hailuo_widgets.engine.event_loop import running_loop
    from hailuo_widgets.widgets.display import show_plan
    from hailuo_widgets.workspace.power import power_of_plan

    calls, loop = plan.to_send, running_loop()
    power: list[str] = []

    def all_notes() -> tuple[str, ...]:
        return (*session.balance_notes(calls), *notes, *power)

    update = show_plan(plan, notes=all_notes())

    def arrived() -> None:
        if update is not None and loop is not None:
            loop.call_soon_threadsafe(lambda: update(all_notes()))
            return
        for sentence in session.unpayable(calls):
            session.say(sentence)

    session.ask_balances(calls, arrived)
    if update is None or loop is None:
        return

    def found(told: asyncio.Future[str]) -> None:
        if not told.cancelled() and told.exception() is None and told.result():
            power.append(told.result())
            update(all_notes())

    loop.run_in_executor(None, power_of_plan, plan).add_done_callback(found)


def _show(made: Run | Sweep) -> None:
    from hailuo_widgets.widgets import display

    if made.is_sweep:
        display.show_sweep(made)
    else:
        display.show_run(made)


def _named(made: Run | Sweep) -> str:
    return f"{'sweep' if made.is_sweep else 'run'} {made.id}"


def _ended(made: Run | Sweep, options: Mapping[str, Any]) -> Run | Sweep:
    """The value of a cell whose runs have ended; raises if a run of a sweep failed."""
    if not made.is_sweep or options.get("keep_going") or not made.failed:
        return made
    first = made.failed[0]
    raise HailuoError(
        f"{len(made.failed)} of {len(made)} runs ended without a clip; the first: {first.error or first.status}",
        run_id=first.id,
        hint="the others are there: sweep.failed has these runs, --keep-going lets the notebook go on",
    )
