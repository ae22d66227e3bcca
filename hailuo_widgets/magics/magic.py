"""The two magics: a cell is a request, a line is a sub-command."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from traitlets import Float, Int, Unicode

from hailuo_widgets.errors import UsageError
from hailuo_widgets.magics.grammar import help_text, parse_line
from hailuo_widgets.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.handles import Run

__all__ = ["Hailuo"]


def _as_ipython(error: UsageError) -> UsageError:
    """The same error, also IPython's own: shown as one line without a traceback, and it still fails the notebook."""
    if isinstance(error, IPythonUsageError):
        return error
    both = type("UsageError", (type(error), IPythonUsageError), {"__module__": type(error).__module__})
    shown: UsageError = both(error.message)
    shown.__dict__.update(error.__dict__)
    return shown


class WaitInterrupted(KeyboardInterrupt):
    """The stop button ended a cell's wait. It shows as its sentence alone: nothing went wrong in our code."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


@magics_class
class Hailuo(Magics):
    """``%config Hailuo`` lists the settings of this class; an argument goes before them, the environment after them."""

    provider = Unicode(None, allow_none=True, help=SETTINGS["provider"].help).tag(config=True)
    mode = Unicode(None, allow_none=True, help=SETTINGS["mode"].help).tag(config=True)
    home = Unicode(None, allow_none=True, help=SETTINGS["home"].help).tag(config=True)
    store = Unicode(None, allow_none=True, help=SETTINGS["store"].help).tag(config=True)
    archive = Unicode(None, allow_none=True, help=SETTINGS["archive"].help).tag(config=True)
    poll_interval = Float(None, allow_none=True, help=SETTINGS["poll_interval"].help).tag(config=True)
    timeout = Float(None, allow_none=True, help=SETTINGS["timeout"].help).tag(config=True)
    max_parallel = Int(None, allow_none=True, help=SETTINGS["max_parallel"].help).tag(config=True)
    budget = Float(None, allow_none=True, help=SETTINGS["budget"].help).tag(config=True)
    simulator_speed = Float(None, allow_none=True, help=SETTINGS["simulator_speed"].help).tag(config=True)

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

    @property
    def _shell(self) -> Any:
        return self.shell

    def _plain_cell(self, line: str, cell: str) -> Any:
        """A cell that was not rewritten into an await: inside another magic, or run by code."""
        from hailuo_widgets.engine.loop import running_loop

        run, options = self._begin(line, cell)
        if run is None or not options.get("wait", True) or running_loop() is not None:
            return options["plan"] if run is None else run
        from hailuo_widgets.widgets.display import show_run

        show_run(run)
        return run.wait()

    async def waiting_cell(self, line: str, cell: str) -> Any:
        """A ``%%hailuo`` cell as the transformer writes it: begin, show, and wait while the kernel stays free."""
        line = self._shell.var_expand(line, depth=1)
        run, options = self._saying(lambda: self._begin(line, cell))
        if run is None:
            return options["plan"]
        from hailuo_widgets.widgets.display import show_run

        show_run(run)
        if not options.get("wait", True):
            return run
        cancelled = False
        try:
            await run
        except asyncio.CancelledError:
            cancelled = True
        except UsageError as e:
            raise _as_ipython(e) from None
        if cancelled:
            raise WaitInterrupted(f"the wait ended, and run {run.id} goes on: await it again, or see %hailuo")
        return run

    def _begin(self, line: str, cell: str) -> tuple[Run | None, dict[str, Any]]:
        """Check the cell and start its run; with ``--dry-run`` there is no run, and ``plan`` is what would be sent."""
        from hailuo_widgets.api import default_session, set_config

        set_config({name: value for name in SETTINGS if (value := getattr(self, name, None)) is not None})
        parsed = parse_line(line)
        name = parsed.run.get("name")
        if name is not None and not re.fullmatch(r"[^\W\d]\w*", name):
            raise UsageError(f"--name {name!r} is no Python name", hint="for example --name foxes")
        session = default_session()
        prompt = cell.strip("\n").rstrip()
        if parsed.run.get("dry_run"):
            from hailuo_widgets.tables import plan_frame

            plan = session.plan(prompt, reuse=parsed.run.get("reuse", True), **parsed.request)
            print(f"hailuo: {plan.sentence()}; nothing was sent")  # noqa: T201 - a magic's answer
            return None, {"plan": plan_frame(plan)}
        more = {k: v for k, v in parsed.run.items() if k in {"tags", "reuse"}}
        if "budget" in parsed.run:
            more["budget"] = SETTINGS["budget"].parse(parsed.run["budget"])
        run = session.generate(prompt, **parsed.request, **more)
        if name is not None:
            self._shell.user_ns[name] = run
        return run, parsed.run

    def _saying(self, work: Callable[[], Any]) -> Any:
        """Do it; a user's mistake becomes IPython's kind of error too."""
        failure: UsageError | None = None
        try:
            return work()
        except UsageError as e:
            failure = _as_ipython(e)
        raise failure
