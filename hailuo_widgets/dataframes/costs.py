"""Costs as DataFrames: of the run log, of each run of a plan, and of a plan in total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.dataframes.providers import frame_of
from hailuo_widgets.domain import money
from hailuo_widgets.domain.run import CostKind, Status
from hailuo_widgets.planning.plan import wall_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan, Planned
    from hailuo_widgets.provider.accounts import Accounts

__all__ = ["cost_frame", "estimate_frame", "plan_frame"]


def cost_frame(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Return what runs cost: one row per provider and currency, with separate rows for simulated runs.

    ``runs`` and ``succeeded`` count the runs that were begun; ``reused`` counts those that show an earlier run's clip.
    ``cost`` is the sum of the known costs; ``unknown`` counts the runs that may be billed and whose cost is not known,
    as :func:`hailuo_widgets.domain.money.total` does.
    """
    groups: dict[tuple[str, bool, str | None], list[RunRecord]] = {}
    for r in records:
        if r.status not in {Status.PLANNED, Status.SKIPPED} or money.may_be_billed(r) or r.cost_micros is not None:
            groups.setdefault((r.request.provider, r.simulated, r.currency), []).append(r)
    rows = []
    for (provider, simulated, currency), group in sorted(groups.items(), key=lambda kv: str(kv[0])):
        sent = [r for r in group if r.reused_from is None]
        total = money.total(group)
        micros = total.spent.get(currency) if currency is not None else None
        rows.append(
            {
                "provider": provider,
                "simulated": simulated,
                "currency": currency,
                "runs": len(sent),
                "succeeded": sum(r.status == Status.SUCCEEDED for r in sent),
                "reused": len(group) - len(sent),
                "cost": None if micros is None else micros / 1_000_000,
                "reported": sum(r.cost_kind == CostKind.REPORTED for r in sent),
                "unknown": total.unknown,
            }
        )
    columns = ("provider", "simulated", "currency", "runs", "succeeded", "reused", "cost", "reported", "unknown")
    return frame_of(rows, columns)


def plan_frame(plan: Plan) -> pd.DataFrame:
    """Return a plan run by run: one row per run, with its price and whether an equal run's clip is reused."""
    rows = [
        {
            "provider": p.request.provider,
            "model": p.request.model or None,
            "mode": p.request.mode.value,
            "prompt": p.request.prompt or None,
            "variant": p.cell.variant.label,
            "seed": p.request.seed,
            "replicate": p.request.replicate,
            "duration": p.request.duration,
            "resolution": p.request.resolution,
            "there_already": outlook.fate in {"reused", "shared"},
            "cost": None if p.micros is None else p.micros / 1_000_000,
            "currency": p.currency,
            "seconds": p.seconds,
        }
        for p in plan.runs
        for outlook in p.outlooks
    ]
    return frame_of(rows, list(rows[0]))


def estimate_frame(plan: Plan, accounts: Accounts) -> pd.DataFrame:
    """Return a plan's totals: one row per provider and currency."""
    groups: dict[tuple[str, str | None], list[Planned]] = {}
    for p in plan.runs:
        groups.setdefault((p.request.provider, p.currency), []).append(p)
    rows = []
    for (provider, currency), planned in groups.items():
        sending = [p for p in planned if p.sent]
        known = [p for p in sending if p.micros is not None]
        runs, to_send = (sum(p.results for p in group) for group in (planned, sending))
        priced = sum(p.results for p in known)
        micros = sum(p.micros * p.results for p in known if p.micros is not None)
        rows.append(
            {
                "provider": provider,
                "runs": runs,
                "there_already": sum(o.fate in {"reused", "shared"} for p in planned for o in p.outlooks),
                "to_send": to_send,
                "cost": micros / 1_000_000 if priced == to_send and currency else None,
                "currency": currency,
                "unpriced": to_send - priced,
                "wall_s": wall_s(planned, accounts),
            }
        )
    return frame_of(rows, list(rows[0]))
