"""Plan of a ``%%hailuo`` cell or of the studio, and its start."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.errors import UsageError, about
from hailuo_widgets.planning.grammar import refuse_options_below
from hailuo_widgets.workspace.cell_inputs import params_of, prompts_of
from hailuo_widgets.workspace.spending_limits import as_budget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.planning.grammar import Line
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.sweep import Sweep
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["begin_cell", "foretold", "plan_cell"]

MOST_PICTURES = 50  # longest axis of pictures that is checked for split names
_SHAPE = {"repeat", "zipped", "exclude", "sample", "sample_seed", "control"}


def plan_cell(session: Workspace, line: Line, body: str, namespace: Mapping[str, Any], *, ask_log: bool = True) -> Plan:
    """Plan a cell: its variants, filled with the notebook's variables, times its axes; sends nothing.

    Args:
        session: Its providers, prices and log are used.
        line: The cell's options.
        body: Its text.
        namespace: The notebook's variables.
        ask_log: Look for equal runs in the log even if the cell makes only one run.

    Raises:
        UsageError: Every problem of the cell, at once.
    """
    refuse_options_below(body)
    _whole_names(line)
    prompts = prompts_of(line, body, namespace)
    arguments, variables = params_of(line, prompts, namespace)
    shape = {k: v for k, v in line.run.items() if k in _SHAPE}
    reuse = bool(line.run.get("reuse", True))
    plan = session.plan(prompts, namespace=variables, ask_log=False, **shape, **line.request, **arguments)
    return session.look_up(plan, reuse=reuse) if ask_log or plan.results > 1 else plan


def _whole_names(line: Line) -> None:
    """Check that no comma split a file name: ``a,b.png`` would be read as two files that do not exist.

    Raises:
        UsageError: A comma did; the hint shows how to escape it.
    """
    for name in IMAGE_FIELDS:
        values = line.request.get(name)
        if not isinstance(values, list) or len(values) > MOST_PICTURES:
            continue
        for first, last in itertools.combinations(range(len(values) + 1), 2):
            pieces = values[first:last]
            for whole in (",".join(pieces), ", ".join(pieces)) if len(pieces) > 1 else ():
                if _is_file(whole) and not all(map(_is_file, pieces)):
                    option = f"--{name.replace('_', '-')}"
                    escaped = whole.replace(",", "\\,")
                    raise UsageError(
                        f"{option}: a comma separates pictures, and {whole!r} is one file",
                        argument=name,
                        hint=f"Write {option} {shlex.quote(escaped) if ' ' in escaped else escaped}",
                    )


def _is_file(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):
        return False


def foretold(session: Workspace, line: Line, plan: Plan) -> tuple[str, ...]:
    """Sentences about what would stop the cell if it started now: a confirmation, and budgets that it exceeds.

    Blocks for the log if a budget is set.

    Raises:
        UsageError: Its budget is not a number.
    """
    yes = bool(line.run.get("yes"))
    return session.foreseen(plan.to_send, budget=_budget(line), rates=plan.rates, yes=yes)


def _budget(line: Line) -> float | str | None:
    with about("budget"):
        return as_budget("--budget", line.run["budget"]) if "budget" in line.run else None


def begin_cell(session: Workspace, line: Line, plan: Plan) -> Sweep:
    """Start the plan of a cell.

    Raises:
        UsageError: It needs a confirmation, and ``--yes`` is not given; nothing was sent.
        BudgetExceeded: Its first run already exceeds the budget; nothing was sent.
    """
    more = {k: v for k, v in line.run.items() if k in {"tags", "reuse", "max_parallel", "yes", "name"}}
    if (budget := _budget(line)) is not None:
        more["budget"] = budget
    return session.begin(plan, warned=plan.results > 1, **more)
