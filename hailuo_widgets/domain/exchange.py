"""Conversion of amounts into one currency, by rates that the user gave.

A rate is never guessed: an amount without one is not converted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["DOCUMENTED", "USUAL", "Rates", "Sum", "rates_to_give", "sum_of"]

USUAL = "USD"  # the currency of rates that name none
# What a document says that one unit costs, for hints alone: nothing is converted by it. Source: KIE.ai, 2026-08.
DOCUMENTED: Mapping[tuple[str, str], str] = MappingProxyType({("credits", "USD"): "0.005"})


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Rates into ``currency``.

    Attributes:
        currency: The user's currency.
        worth: What one unit of another currency is worth, with the day of that rate if it is known.
    """

    currency: str
    worth: Mapping[str, tuple[float, str | None]] = field(default_factory=lambda: MappingProxyType({}))

    def convert(self, micros: int, currency: str | None) -> int | None:
        """Return an amount in millionths of ``self.currency``, rounded up; None without a rate."""
        if currency == self.currency:
            return micros
        if currency is None or currency not in self.worth:
            return None
        # By the digits of the rate as the user wrote it: 100 at 0.14 are 14, not 14.000000000000002.
        exact = Decimal(micros) * Decimal(repr(float(self.worth[currency][0])))
        return int(exact.to_integral_value(rounding=ROUND_CEILING))

    def convert_price(self, micros: int, currency: str | None, others: Mapping[str, int]) -> int | None:
        """Return a price in millionths of ``self.currency``; None if it can't be converted.

        Args:
            micros: The price.
            currency: Its currency. A rate of it counts first.
            others: The same price in further currencies, if the provider's document names it.
        """
        found = self.convert(micros, currency)
        if found is not None:
            return found
        if self.currency in others:
            return others[self.currency]
        return next((c for name, m in others.items() if (c := self.convert(m, name)) is not None), None)


def rates_to_give(missing: Iterable[str | None], into: str) -> str:
    """Return the argument that gives missing rates, with the documented worth of a unit where there is one."""
    pairs = (f"{str(name)!r}: {DOCUMENTED.get((str(name), into), '…')}" for name in missing)
    return f"rates={{{', '.join(pairs)}}}"


@dataclass(frozen=True, kw_only=True)
class Sum:
    """The sum of prices in one currency.

    Attributes:
        micros: In millionths of ``currency``; None if a part of it is unknown.
        currency: The currency.
        missing: The currencies that have no rate.
        unpriced: The number of prices that are unknown.
    """

    micros: int | None
    currency: str
    missing: tuple[str, ...] = ()
    unpriced: int = 0


def sum_of(prices: Iterable[tuple[int | None, str | None, Mapping[str, int]]], rates: Rates) -> Sum:
    """Return the sum of prices, each converted by itself, as a budget converts it.

    Args:
        prices: The micros, their currency, and the same price in further currencies.
        rates: The rates.
    """
    total, unpriced = 0, 0
    missing: dict[str, None] = {}
    for micros, currency, others in prices:
        if micros is None or currency is None:
            unpriced += 1
            continue
        converted = rates.convert_price(micros, currency, others)
        if converted is None:
            missing[currency] = None
        else:
            total += converted
    known = not missing and not unpriced
    return Sum(micros=total if known else None, currency=rates.currency, missing=tuple(missing), unpriced=unpriced)
