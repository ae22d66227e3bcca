"""MiniMax's balance: sums of money for a pay-as-you-go key, and the plan of a subscription's key.

Source: MiniMax's own command-line client 1.0.27, which asks the first for a key that begins with ``sk-api-``, and the
second for any other. The sums name no currency: it is that of the host's region.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hailuo_widgets.provider.interface import HttpCall, as_micros
from hailuo_widgets.provider.messages import Amount, Balance, PlanRow
from hailuo_widgets.provider.parse import plain

__all__ = ["CALLS", "balance_of"]

SOURCE = "MiniMax's command-line client 1.0.27"
CALLS = (
    HttpCall(method="GET", path="/account/query_balance"),
    HttpCall(method="GET", path="/v1/token_plan/remains"),
)
SUMS = {
    "available_amount": "available",
    "cash_balance": "cash",
    "voucher_balance": "vouchers",
    "credit_balance": "credits",
    "owed_amount": "owed",
}
LONGEST = 30  # characters of a sum
LATEST_MS = 10_000_000_000_000
WITH_WEEK = 1  # current_weekly_status of a plan that counts weeks


def balance_of(data: dict[str, Any], currency: str) -> Balance | None:
    """Return the balance in a reply's object; None if there is none."""
    amounts = [
        Amount(micros=micros, currency=currency, name=name)
        for field, name in SUMS.items()
        if (micros := _micros(data.get(field))) is not None
    ]
    rows = data.get("model_remains")
    plan = [row for one in rows if isinstance(one, dict) for row in _rows(one)] if isinstance(rows, list) else []
    if not plan and (not amounts or amounts[0].name != SUMS["available_amount"]):
        return None
    return Balance(amounts=tuple(amounts), plan=tuple(plan), source=SOURCE)


def _rows(one: dict[str, Any]) -> list[PlanRow]:
    """Return a model's rows: that of the current interval, and that of the week if the plan has one."""
    name = one.get("model_name")
    if not isinstance(name, str) or not name.strip():
        return []
    spans = [("current_interval", "end_time", "")]
    if one.get("current_weekly_status") == WITH_WEEK:
        spans.append(("current_weekly", "weekly_end_time", " (week)"))
    return [_row(one, span, plain(name)[:80] + told, _time(one.get(end))) for span, end, told in spans]


def _row(one: dict[str, Any], span: str, name: str, until: datetime | None) -> PlanRow:
    """Return one row: in clips if the plan counts them, else in percent, which every reply has."""
    total, used, percent = (
        _number(one.get(f"{span}_{what}")) for what in ("total_count", "usage_count", "remaining_percent")
    )
    if percent is None:
        return PlanRow(name=name, total=total, used=used, until=until)
    whole = total or 100.0
    left = whole * percent / 100
    return PlanRow(name=name, total=whole, used=whole - left, left=left, unit="" if total else "%", until=until)


def _micros(value: object) -> int | None:
    """Return a sum in millionths; it is a decimal number as text."""
    if isinstance(value, str) and len(value) <= LONGEST:
        try:
            value = float(value)
        except ValueError:
            return None
    return as_micros(value)


def _number(value: object) -> float | None:
    micros = as_micros(value)
    return None if micros is None else micros / 1_000_000


def _time(value: object) -> datetime | None:
    """Return the time of Unix milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LATEST_MS:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
