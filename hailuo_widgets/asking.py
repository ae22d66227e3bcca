"""What a ``%%hailuo`` cell, or the studio, asks for: its line and its prompts as a plan, and that plan begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.given import as_number
from hailuo_widgets.domain.prompts import parse_variants
from hailuo_widgets.grammar import refuse_options_below
from hailuo_widgets.planning import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.grammar import Line
    from hailuo_widgets.planning import Plan
    from hailuo_widgets.session import Session
    from hailuo_widgets.sweeps import Sweep

__all__ = ["begin_cell", "plan_cell"]

_SHAPE = {"repeat", "zipped", "exclude", "sample", "sample_seed"}


def plan_cell(session: Session, line: Line, body: str, namespace: Mapping[str, Any], *, ask_log: bool = True) -> Plan:
    """A cell's variants with the notebook's variables in them, times its axes; checked, and nothing is sent.

    Args:
        session: Whose providers, prices and log.
        line: The cell's options.
        body: Its text.
        namespace: The notebook's variables.
        ask_log: Look for runs that are there already also where only one is asked for.

    Raises:
        UsageError: What is wrong with any of it.
    """
    refuse_options_below(body)
    prompts = parse_variants(body)
    shape = {k: v for k, v in line.run.items() if k in _SHAPE}
    reuse = bool(line.run.get("reuse", True))
    plan = session.plan(prompts, namespace=namespace, ask_log=False, **shape, **line.request)
    return look_up(session, plan, reuse=reuse) if ask_log or plan.results > 1 else plan


def begin_cell(session: Session, line: Line, plan: Plan) -> Sweep:
    """Start what a cell has planned and shown.

    Raises:
        UsageError: It is asked about first, and ``--yes`` was not said.
        BudgetExceeded: Already its first run passes the budget.
    """
    more = {k: v for k, v in line.run.items() if k in {"tags", "reuse", "max_parallel", "yes", "name"}}
    if "budget" in line.run:
        more["budget"] = as_number("--budget", line.run["budget"])
    return session.begin(plan, warned=plan.results > 1, **more)
