"""Plan of runs of the log that are sent again, with the same seed or with further ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.sweep import Axes
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.plan import Plan, planned_again, priced, wall_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Planned
    from hailuo_widgets.provider.accounts import Accounts

__all__ = ["plan_again"]


def plan_again(records: Sequence[RunRecord], *, seeds: int, beside: Sequence[RunRecord], accounts: Accounts) -> Plan:
    """Return the plan of runs that are sent again; no equal run was looked up.

    Args:
        records: The runs.
        seeds: 0 sends each request as it was; n sends each request, apart from its seed, with the next n seeds.
        beside: The runs whose seeds are used already.
        accounts: The providers and their prices.

    Raises:
        UsageError: There is no run, a request can't be read completely, or its model takes no seed or no further one.
    """
    if not records:
        raise UsageError("no run was chosen")
    calls = [planned_again(r, accounts=accounts) for r in records]
    runs = tuple(calls) if seeds == 0 else tuple(_reseeded(calls, seeds, beside, accounts))
    axes = Axes(variants=(runs[0].cell.variant,))
    return Plan(runs=runs, axes=axes, warnings=(), wall_s=wall_s(runs, accounts), looked_up=False)


def _reseeded(calls: Sequence[Planned], count: int, beside: Sequence[RunRecord], accounts: Accounts) -> list[Planned]:
    """Each call, apart from its seed, with its next seeds."""
    found: dict[tuple[str, str], list[Planned]] = {}
    for call in calls:
        bare = replace(call.request, seed=None, replicate=1)
        key = (call.origin, bare.hash)
        if key in found:
            continue
        facts = accounts.provider(bare.provider).facts
        seeds = facts.seeds_of(bare.model)
        if seeds is None:
            raise UsageError(
                f"{facts.title} takes no seed for this model", hint="run it again instead: that makes a replicate"
            )
        used = {r.request.seed for r in beside if replace(r.request, seed=None, replicate=1).hash == bare.hash} - {
            None,
            seeds.random,
        }
        first = max([seeds.low, *(seed + 1 for seed in used if seed is not None)])
        if first == 0:
            first = 1
        if first + count - 1 > seeds.high:
            raise UsageError(f"{facts.title} takes seeds up to {seeds.high}, and {first} would be the next")
        found[key] = [
            priced(accounts, call.cell, replace(bare, seed=seed), call.origin) for seed in range(first, first + count)
        ]
    return [planned for group in found.values() for planned in group]
