"""Costs as DataFrames: of the run log, of each run of a plan, and of a plan in total."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hailuo_widgets.dataframes.providers import frame_of
from hailuo_widgets.domain import money
from hailuo_widgets.domain.run import CostKind, Status
from hailuo_widgets.planning.plan import total_of, wall_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from hailuo_widgets.domain.exchange import Sum
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
        micros = total.spent.get(currency) if currency is not None else _nothing(sent)
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


def _nothing(records: list[RunRecord]) -> int | None:
    """Return 0 if runs without a currency certainly cost nothing, as those that a provider cancelled for free."""
    free = any(r.cost_micros == 0 for r in records)
    return 0 if free and all(money.is_known(r) or not money.may_be_billed(r) for r in records) else None


def plan_frame(plan: Plan) -> pd.DataFrame:
    """Return a plan run by run: one row per run, with its price.

    ``reused``: an equal run's clip is in the archive. ``shared``: the clip of an equal run that is in progress, or
    earlier in this plan, is taken. ``expected_s``: seconds. ``control``: the arm of the null control.
    """
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
            "aspect_ratio": p.request.aspect_ratio,
            "reused": outlook.fate == "reused",
            "shared": outlook.fate == "shared",
            "cost": None if p.micros is None else p.micros / 1_000_000,
            "currency": p.currency,
            "expected_s": p.seconds,
            "control": p.request.control.arm if p.request.control else None,
        }
        for p in plan.runs
        for outlook in p.outlooks
    ]
    return frame_of(rows, list(rows[0]))


def estimate_frame(plan: Plan, accounts: Accounts) -> pd.DataFrame:
    """Return a plan's totals: one row per provider and currency; with rates, their sums in the user's currency too."""
    groups: dict[tuple[str, str | None], list[Planned]] = {}
    for p in plan.runs:
        groups.setdefault((p.request.provider, p.currency), []).append(p)
    rows = []
    for (provider, currency), planned in groups.items():
        sending = [p for p in planned if p.sent]
        known = [p for p in sending if p.micros is not None]
        fates = Counter(o.fate for p in planned for o in p.outlooks)
        runs, to_send = (sum(p.results for p in group) for group in (planned, sending))
        priced = sum(p.results for p in known)
        micros = sum(p.micros * p.results for p in known if p.micros is not None)
        row = {
            "provider": provider,
            "runs": runs,
            "reused": fates["reused"],
            "shared": fates["shared"],
            "to_send": to_send,
            "cost": micros / 1_000_000 if priced == to_send and currency else None,
            "currency": currency,
            "without_price": to_send - priced,
            "expected_s": wall_s(planned, accounts),
        }
        if plan.rates is not None:
            row["converted"] = _amount(total_of(sending, plan.rates))
            row["total"] = _amount(total_of(plan.to_send, plan.rates))
            row["total_currency"] = plan.rates.currency
        rows.append(row)
    return frame_of(rows, list(rows[0]))


def _amount(total: Sum) -> float | None:
    return None if total.micros is None else total.micros / 1_000_000
