"""IPython extension: magics, the waiting cell, and the display of runs."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from hailuo_widgets.domain.cell_text import GAP
from hailuo_widgets.magics.magic import Hailuo
from hailuo_widgets.magics.matcher import matcher_for
from hailuo_widgets.magics.parent_message import Parents
from hailuo_widgets.settings.settings import follow_shell

__all__ = ["Extension"]

FRAME_MODULES = ("pandas", "pandas.core.frame")  # the __module__ of DataFrame: in pandas 3, and before it
SWEEPS = (("hailuo_widgets.workspace.sweep", "Sweep"), ("hailuo_widgets.workspace.resumed", "Resumed"))
_CELL = re.compile(rf"[{GAP}]*%%hailuo(?=[{GAP}]|$)(.*)", re.DOTALL)
_AROUND = re.compile(rf"[{GAP}]*%%(time|capture)(|[{GAP}].*)")
_LINE = re.compile(rf"^([ \t]*%hailuo)[{GAP}]+(?=\S)")  # IPython ends a magic's name only at a blank
_ASKED = re.compile(r"(\s*%hailuo\s+[\w-]+)\s*\?{1,2}\s*")


class Extension:
    """Everything that ``%load_ext`` registers, so that ``%unload_ext`` can remove it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._executing = 0
        self._parents = Parents(shell)
        self.magics = Hailuo(shell)
        self._matcher = matcher_for(shell)

    def register(self) -> None:
        """Add everything to the shell."""
        self._shell.register_magics(self.magics)
        follow_shell(self.magics.given)
        self._shell.input_transformers_cleanup.append(self._rewrite)
        self._shell.Completer.custom_matchers.append(self._matcher)
        self._shell.events.register("pre_run_cell", self._began)
        self._shell.events.register("post_run_cell", self._ended)
        shows = self._shell.display_formatter.ipython_display_formatter
        shows.for_type_by_name("hailuo_widgets.workspace.run", "Run", _show)
        for module, name in SWEEPS:
            shows.for_type_by_name(module, name, _show_all)
        for module in FRAME_MODULES:
            self._shell.display_formatter.formatters["text/html"].for_type_by_name(module, "DataFrame", _table)

    def unregister(self) -> None:
        """Remove everything from the shell."""
        follow_shell(None)
        for kind in ("line", "cell"):
            self._shell.magics_manager.magics[kind].pop("hailuo", None)
        self._shell.magics_manager.registry.pop(type(self.magics).__name__, None)
        with contextlib.suppress(ValueError):
            self._shell.configurables.remove(self.magics)
        self._shell.input_transformers_cleanup.remove(self._rewrite)
        self._shell.Completer.custom_matchers.remove(self._matcher)
        self._shell.events.unregister("pre_run_cell", self._began)
        self._shell.events.unregister("post_run_cell", self._ended)
        formatter = self._shell.display_formatter
        _forget(formatter.ipython_display_formatter, "hailuo_widgets.workspace.run", "Run")
        for module, name in SWEEPS:
            _forget(formatter.ipython_display_formatter, module, name)
        for module in FRAME_MODULES:
            _forget(formatter.formatters["text/html"], module, "DataFrame")

    def _rewrite(self, lines: list[str]) -> list[str]:
        """Turn a ``%%hailuo`` cell into an await, so that the kernel stays free while it waits.

        Also turn ``%hailuo runs?`` into ``%hailuo runs -h``: IPython would look for an object named ``runs``.

        A cell below ``%%time`` or ``%%capture`` waits as it does alone. One inside another magic is left alone: its
        body comes here too, and cannot hold an await; a top-level cell is transformed while no cell is executing.
        """
        if self._executing or not lines or not getattr(self._shell, "autoawait", False):
            return lines
        around = _AROUND.fullmatch(lines[0].rstrip())
        if around and len(lines) > 1 and (inner := _CELL.match(lines[1])):
            call = f"get_ipython()._hailuo_magics.magics.{'timed' if around[1] == 'time' else 'captured'}_cell"
            return [f"await {call}({around[2].strip()!r}, {inner[1].strip()!r}, {''.join(lines[2:])!r})\n"]
        head = _CELL.match(lines[0])
        if head is None:
            lines = [_LINE.sub(r"\1 ", line) for line in lines]
            return [f"{asked[1]} -h\n" if (asked := _ASKED.fullmatch(line)) else line for line in lines]
        call = "get_ipython()._hailuo_magics.magics.waiting_cell"
        return [f"await {call}({head[1].strip()!r}, {''.join(lines[1:])!r})\n"]

    # A terminal asks after each line whether the cell is complete; a rewritten cell would be, before it has a prompt.
    _rewrite.has_side_effects = True  # type: ignore[attr-defined] # IPython then skips this transformer

    def _began(self, info: Any) -> None:
        self._executing += 1
        self._parents.began(info)

    def _ended(self, result: Any) -> None:
        self._executing = max(0, self._executing - 1)
        self._parents.ended(result)


def _forget(formatter: Any, module: str, name: str) -> None:
    formatter.deferred_printers.pop((module, name), None)
    for known in [t for t in formatter.type_printers if (t.__module__, t.__name__) == (module, name)]:
        formatter.type_printers.pop(known)


def _table(frame: Any) -> str | None:
    from hailuo_widgets.dataframes.runs import html_of

    return html_of(frame)


def _show_all(runs: Any) -> None:
    if len(runs):
        from hailuo_widgets.widgets.display import show_sweep

        show_sweep(runs)
    elif not hasattr(runs, "nothing"):
        print(repr(runs))  # noqa: T201 - the output in a terminal
    else:
        print(f"{runs.nothing[0].upper()}{runs.nothing[1:]}.")  # noqa: T201 - the output in a terminal


def _show(run: Any) -> None:
    from hailuo_widgets.widgets.display import show_run

    show_run(run)
