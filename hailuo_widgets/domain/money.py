"""Amounts of money as people write them. An amount is a whole number of millionths of its currency."""

from __future__ import annotations

__all__ = ["money"]

_SYMBOLS = {"USD": "$", "CNY": "¥"}


def money(micros: int | None, currency: str | None) -> str:
    """An amount as people write it; "unknown" where it is not known."""
    if micros is None or currency is None:
        return "unknown"
    amount = micros / 1_000_000
    if currency in _SYMBOLS:
        return f"{_SYMBOLS[currency]}{amount:.2f}"
    return f"{amount:g} {currency}"
