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
_COMMA = re.compile(r"([$¥]?) *([0-9]{1,9}),([0-9]{1,6}) *([A-Za-z]*)")


def as_price(given: Any, own: Collection[str]) -> str:
    """Return a price as ``AMOUNT CURRENCY``: ``0.5 USD``.

    Args:
        given: A number in the provider's currency, or text such as ``0.5 USD``, ``$0.50`` or ``90 credits``.
        own: The currencies of the provider's price list.

    Raises:
        UsageError: It is no price above 0, or a number where the provider's currency is not clear. A price of 0 would
            let any budget pass.
    """
    text = f"{given:f}" if isinstance(given, (float, Decimal)) else str(given).strip()
    match = None if isinstance(given, bool) else _PRICE.fullmatch(text)
    words = [word.casefold() for word in (match[1], match[3]) if word] if match else []
    if match is None or len(words) > 1 or any(word not in CURRENCIES for word in words):
        raise UsageError(
            f"price must be an amount per clip above 0, for example '0.5 USD', not {shown(given)}",
            argument="price",
            hint=_hint(text, own),
        )
    if not Decimal(match[2]):
        raise UsageError(
            f"price={shown(given)}: with a price of 0 per clip, every budget would be kept",
            argument="price",
            hint="give what a clip costs at most, in steps of 0.000001, or leave price out: it is then unknown",
        )
    if not words and len(own) != 1:
        raise UsageError(
            f"price={shown(given)} names no currency; the provider's list has {' and '.join(sorted(own)) or 'none'}",
            argument="price",
            hint=f"write price='{match[2]} USD' (--price {match[2]}USD)",
        )
    amount = match[2].rstrip("0").rstrip(".") if "." in match[2] else str(int(match[2]))
    return f"{amount} {CURRENCIES[words[0]] if words else next(iter(own))}"


def _hint(text: str, own: Collection[str]) -> str:
    """Return how a price is written; with a decimal comma, as it was probably meant."""
    comma = _COMMA.fullmatch(text)
    if comma is None:
        return "currencies are USD, CNY and credits"
    before, whole, part, after = comma.groups()
    unit = CURRENCIES.get((before or after).casefold()) or (next(iter(own)) if len(own) == 1 else "USD")
    amount = f"{whole}.{part} {unit}"
    return f"with a decimal point: price={amount!r} (--price {amount.replace(' ', '')})"


def micros_of(price: str) -> tuple[int, str] | None:
    """Return the millionths and the currency of a price that :func:`as_price` returned; None for other text."""
    match = _PRICE.fullmatch(price)
    if match is None or match[3].casefold() not in CURRENCIES:
        return None
    return int(Decimal(match[2]) * 1_000_000), CURRENCIES[match[3].casefold()]
