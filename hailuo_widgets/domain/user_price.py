"""Price of one clip as a user gives it, for a model that no price list has."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["as_price", "micros_of"]

CURRENCIES = {"usd": "USD", "$": "USD", "cny": "CNY", "¥": "CNY", "credits": "credits", "credit": "credits"}
_PRICE = re.compile(r"([$¥]?) *([0-9]{1,9}(?:\.[0-9]{1,6})?) *([A-Za-z]*)")


def as_price(given: Any, own: Collection[str]) -> str:
    """Return a price as ``AMOUNT CURRENCY``: ``0.5 USD``.

    Args:
        given: A number in the provider's currency, or text such as ``0.5 USD``, ``$0.50`` or ``90 credits``.
        own: The currencies of the provider's price list.

    Raises:
        UsageError: It is no price from 0 up, or a number where the provider's currency is not clear.
    """
    text = f"{given:f}" if isinstance(given, (float, Decimal)) else str(given).strip()
    match = None if isinstance(given, bool) else _PRICE.fullmatch(text)
    words = [word.casefold() for word in (match[1], match[3]) if word] if match else []
    if match is None or len(words) > 1 or any(word not in CURRENCIES for word in words):
        raise UsageError(
            f"price must be an amount per clip from 0 up, for example '0.5 USD', not {shown(given)}",
            argument="price",
            hint="currencies are USD, CNY and credits",
        )
    if not words and len(own) != 1:
        raise UsageError(
            f"price={shown(given)} names no currency; the provider's list has {' and '.join(sorted(own)) or 'none'}",
            argument="price",
            hint=f"write price='{match[2]} USD'",
        )
    amount = match[2].rstrip("0").rstrip(".") if "." in match[2] else str(int(match[2]))
    return f"{amount} {CURRENCIES[words[0]] if words else next(iter(own))}"


def micros_of(price: str) -> tuple[int, str] | None:
    """Return the millionths and the currency of a price that :func:`as_price` returned; None for other text."""
    match = _PRICE.fullmatch(price)
    if match is None or match[3].casefold() not in CURRENCIES:
        return None
    return int(Decimal(match[2]) * 1_000_000), CURRENCIES[match[3].casefold()]
