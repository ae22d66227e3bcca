"""Balances of the accounts as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from hailuo_widgets.dataframes.providers import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.provider.messages import AccountBalance


__all__ = ["BALANCE_COLUMNS", "balance_frame"]

BALANCE_COLUMNS = (
    "provider", "kind", "name", "amount", "currency", "left", "total", "unit", "until", "as_of", "note", "source",
)  # fmt: skip


def balance_frame(accounts: Sequence[AccountBalance]) -> pd.DataFrame:
    """Return one row for each sum of money and each row of a plan; one for an account that tells neither."""
    rows = [row for account in accounts for row in _rows(account)]
    frame = frame_of(rows, BALANCE_COLUMNS)
    for name in ("until", "as_of"):
        frame[name] = pd.to_datetime(pd.Series([row.get(name) for row in rows], dtype="object"), utc=True)
    return frame


def _rows(account: AccountBalance) -> list[dict[str, Any]]:
    about = {"provider": account.provider, "as_of": account.as_of}
    if account.error:
        return [{**about, "kind": "unknown", "note": account.error}]
    if account.balance is None:
        return [{**about, "kind": "not offered", "note": "this provider has no call for it"}]
    about["source"] = account.balance.source or None
    money = [
        {**about, "kind": "money", "name": a.name or None, "amount": a.micros / 1_000_000, "currency": a.currency}
        for a in account.balance.amounts
    ]
    plan = [
        {
            **about,
            "kind": "plan",
            "name": row.name,
            "left": row.left,
            "total": row.total,
            "unit": row.unit or "clips",
            "until": row.until,
        }
        for row in account.balance.plan
    ]
    return [*money, *plan] or [{**about, "kind": "unknown", "note": "the reply names no balance"}]
