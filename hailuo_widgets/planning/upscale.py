"""Plan of an upscale: the paid run that makes a finished clip larger at its own provider."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.request import Mode, Request, Source
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.sweep import Axes, Cell, Variant
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.build_request import checked
from hailuo_widgets.planning.plan import Plan, look_up, priced, wall_s

if TYPE_CHECKING:
    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import History
    from hailuo_widgets.provider.accounts import Accounts

__all__ = ["plan_upscale"]


def plan_upscale(
    source: RunRecord, *, resolution: str | None = None, accounts: Accounts, history: History | None = None
) -> Plan:
    """Return the plan of one run: the source's clip again, larger. Blocks with a ``history``; sends nothing.

    The run goes to the origin of its source, which alone knows the source's task.

    Args:
        source: The run that made the clip, not one that shows another's.
        resolution: The new resolution; by default the first that the model offers.
        accounts: The providers and their prices.
        history: Looks up an equal run, whose clip is reused.

    Raises:
        UsageError: The provider or its model makes no clip larger, the source has no finished task, or its request
            can't be read from the log.
    """
    facts = accounts.provider(source.request.provider).facts
    task_id = _task_of(source, facts)
    offers = [o for o in facts.offers if (o.model, o.mode) == (source.request.model, Mode.UPSCALE) and o.resolution]
    wanted = resolution or next((o.resolution for o in offers), None)
    if wanted is not None:
        wanted = facts.resolution(source.request.model, Mode.UPSCALE, wanted)
    if wanted == source.request.resolution:
        raise UsageError(
            f"run {source.run_id} has a resolution of {wanted} already", run_id=source.run_id, argument="resolution"
        )
    request = Request(
        prompt=source.request.prompt,
        provider=facts.name,
        model=source.request.model,
        duration=source.request.duration,
        resolution=wanted,
        source=Source(run_id=source.run_id, task_id=task_id),
        references=tuple(replace(one, data=None) for one in source.request.references),  # they are billed once more
    )
    built = checked(request, facts)
    variant = Variant(prompt=request.prompt, label=source.variant, variables=source.variables)
    runs = (priced(accounts, Cell(variant=variant, values={}, replicate=1), request, str(source.origin)),)
    axes = Axes(variants=(variant,))
    plan = Plan(runs=runs, axes=axes, warnings=built.warnings, wall_s=wall_s(runs, accounts), looked_up=False)
    return plan if history is None else look_up(plan, accounts=accounts, history=history)


def _task_of(source: RunRecord, facts: Facts) -> str:
    """Return the ID of the source's finished task.

    Raises:
        UsageError: There is none that can be made larger.
    """
    able = [o.model for o in facts.offers if o.mode == Mode.UPSCALE]
    if source.request.model not in able:
        models = ", ".join(dict.fromkeys(able))
        raise UsageError(
            f"{source.request.model or 'a template'} at {facts.title} makes no clip larger",
            run_id=source.run_id,
            provider=facts.name,
            hint=f"models that do: {models}" if models else "no model of this provider does",
        )
    if lost := [name for name in source.unread if name.startswith("request")]:
        raise UsageError(
            f"run {source.run_id} can't be made larger: its {', '.join(lost)} can't be read in the run log",
            run_id=source.run_id,
        )
    if source.status != Status.SUCCEEDED or source.task_id is None:
        raise UsageError(
            f"run {source.run_id} is {source.status}: only a finished clip can be made larger",
            run_id=source.run_id,
            hint="wait for it: run.wait()" if not source.status.ended else None,
        )
    if source.request.source is not None:
        raise UsageError(
            f"run {source.run_id} is an upscale itself, of run {source.request.source.run_id}", run_id=source.run_id
        )
    return source.task_id
