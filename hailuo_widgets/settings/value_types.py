"""Kinds of settings: each checks a value from any place, and says what is allowed.

A value comes as Python's own (arguments, ``%config``, TOML) or as text (the environment).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Protocol

from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.redaction.passwords import PrivateUrl

__all__ = [
    "Amounts",
    "Choice",
    "Currency",
    "Folder",
    "Kind",
    "Limit",
    "Number",
    "RateTable",
    "Text",
    "Url",
    "as_currency",
    "as_limit",
]

LEAST_RATE, MOST_RATE = 1e-9, 1e9  # beyond any two currencies, and no sum at them overflows
_SIGNS = {"$": "USD", "¥": "CNY", "€": "EUR", "£": "GBP"}
_LIMIT = re.compile(r"([$¥€£]?) *([0-9]{1,9}(?:\.[0-9]{1,6})?) *([A-Za-z]*)")
_CODE = re.compile(r"[A-Za-z]{3}")


class Kind(Protocol):
    """A kind of values."""

    @property
    def python(self) -> str:
        """The type of an argument, as a signature shows it."""

    def read(self, name: str, value: Any) -> Any:
        """The value of the setting ``name``.

        Raises:
            UsageError: It is not allowed; the message names the setting, the value, and what is allowed.
        """


@dataclass(frozen=True, kw_only=True)
class Text:
    """Any text."""

    python: str = field(default="str", init=False)

    def read(self, name: str, value: Any) -> str:
        """The text."""
        del name
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]
    python: str = field(default="str", init=False)

    def read(self, name: str, value: Any) -> str:
        """The word, without blanks around it."""
        word = str(value).strip()
        if word in self.words:
            return word
        near = nearest(word, self.words)
        raise UsageError(
            f"{name}={value!r}: allowed is {', '.join(self.words)}",
            hint=f"did you mean {near!r}?" if near else f"give {self.words[0]!r}",
        )


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A local folder."""

    python: str = field(default="str | Path", init=False)

    def read(self, name: str, value: Any) -> Path:
        """The folder; ``~`` is the user's."""
        if not isinstance(value, str | PathLike) or isinstance(fspath(value), bytes):
            raise UsageError(
                f"{name}={value!r}: a local folder is allowed, as text or as a Path", hint=f"{name}='runs'"
            )
        if "://" in str(value):  # as a path it would be a folder called "s3:", here
            raise UsageError(
                f"{name}={str(value)!r} is a URL: a local folder is allowed, and no other kind yet",
                hint="give a folder; a bucket can be mounted as one, or get a copy of the folder afterwards",
            )
        return Path(value).expanduser()


@dataclass(frozen=True, kw_only=True)
class Url:
    """A URL whose password is never shown."""

    python: str = field(default="str", init=False)

    def read(self, name: str, value: Any) -> str:
        """The URL, in a type that does not show its password."""
        del name
        return PrivateUrl(value)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A finite number from ``low`` up; with ``whole`` a whole one."""

    low: float
    whole: bool = False

    @property
    def python(self) -> str:
        """The type of an argument, as a signature shows it."""
        return "int" if self.whole else "float"

    def read(self, name: str, value: Any) -> float | int:
        """The number."""
        try:
            number = int(str(value)) if self.whole else float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if isinstance(value, bool) or not self.low <= number < float("inf"):
            kind = "a whole number" if self.whole else "a number"
            raise UsageError(
                f"{name}={value!r}: {kind} from {self.low:g} up is allowed", hint=f"give {kind}, for example {name}=10"
            )
        return number


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Amounts by currency, a number for each of them, or ``none``: no bound."""

    defaults: Mapping[str, float]
    python: str = field(default="float | str | Mapping[str, float]", init=False)

    def read(self, name: str, value: Any) -> Mapping[str, float] | None:
        """Amounts by currency: those given, the defaults for the others; None if nothing is bounded."""
        if isinstance(value, str):
            text = value.strip()
            if text.casefold() in {"none", "off"}:
                return None
            if "=" in text:
                value = dict([part.strip() for part in pair.partition("=")[::2]] for pair in text.split(","))
        amount = Number(low=0)
        if not isinstance(value, Mapping):
            return dict.fromkeys(self.defaults, float(amount.read(name, value)))
        known = {currency.casefold(): currency for currency in self.defaults}
        found = dict(self.defaults)
        for word, given in value.items():
            currency = known.get(str(word).casefold())
            if currency is None:
                raise UsageError(
                    f"{name}={value!r}: {word!r} is not a currency of a provider; allowed are "
                    f"{', '.join(self.defaults)}",
                    hint=f"for example {name}={{'USD': 3}}, or the text USD=3,CNY=20",
                )
            found[currency] = float(amount.read(f"{name}[{currency!r}]", given))
        return found


def as_currency(word: str) -> str | None:
    """Return a currency's name as prices have it: ``USD``, ``CNY``, ``credits``, any code of three letters; or None."""
    word = word.strip()
    if word.casefold() in {"credit", "credits"}:
        return "credits"
    return _SIGNS.get(word) or (word.upper() if _CODE.fullmatch(word) else None)


def as_limit(given: Any) -> str | None:
    """Return an amount with its currency as ``AMOUNT CURRENCY``: ``5 USD``; None if it isn't one."""
    match = _LIMIT.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None or bool(match[1]) == bool(match[3]):
        return None
    currency = as_currency(match[1] or match[3])
    return None if currency is None else f"{match[2]} {currency}"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A number from 0 up, or an amount with its currency, for example ``5 USD``."""

    python: str = field(default="float | str", init=False)

    def read(self, name: str, value: Any) -> float | str:
        """The number, or the amount as ``AMOUNT CURRENCY``."""
        found = as_limit(value)
        if found is not None:
            return found
        try:
            return float(Number(low=0).read(name, value))
        except UsageError as e:
            raise UsageError(e.message, hint=f"give a number, for example {name}=10, or {name}='5 USD'") from None


@dataclass(frozen=True, kw_only=True)
class Currency:
    """A currency: a code of three letters, or ``credits``."""

    python: str = field(default="str", init=False)

    def read(self, name: str, value: Any) -> str:
        """The currency as prices have it."""
        found = as_currency(value) if isinstance(value, str) else None
        if found is None:
            raise UsageError(
                f"{name}={value!r}: a currency is a code of three letters, or credits", hint=f"for example {name}='USD'"
            )
        return found


@dataclass(frozen=True, kw_only=True)
class RateTable:
    """What one unit of a currency is worth: a number for each currency, which may have a date."""

    python: str = field(default="str | Mapping[str, Any]", init=False)

    def read(self, name: str, value: Any) -> Mapping[str, tuple[float, str | None]]:
        """The rate of each currency, with its date as ``YYYY-MM-DD`` or None."""
        if isinstance(value, str):
            pairs = [pair.partition("=")[::2] for pair in value.split(",") if pair.strip()]
            table = {word.strip(): _dated(text) for word, text in pairs}
            if len(table) < len(pairs):
                raise _no_rates(name, value, "a currency has two rates")
            value = table
        if not isinstance(value, Mapping):
            raise _no_rates(name, value, f"{value!r} isn't a table of rates")
        found: dict[str, tuple[float, str | None]] = {}
        for word, given in value.items():
            currency = as_currency(word) if isinstance(word, str) else None
            if currency is None:
                raise _no_rates(name, value, f"{word!r} isn't a currency")
            if currency in found:
                raise _no_rates(name, value, f"{currency} has two rates")
            found[currency] = _rate(name, value, currency, given)
        return found


def _dated(text: str) -> Any:
    """A rate in text, for example ``0.14`` or ``0.14@2026-11-30``, as the value of a table."""
    rate, sign, day = text.partition("@")
    return {"rate": rate.strip(), "as_of": day.strip()} if sign else rate.strip()


def _rate(name: str, table: Any, currency: str, given: Any) -> tuple[float, str | None]:
    day: Any = None
    if isinstance(given, tuple):
        given, day = given if len(given) == 2 else (None, None)  # noqa: PLR2004 - as read() returns it
    elif isinstance(given, Mapping):
        if unknown := [key for key in given if key not in {"rate", "as_of"}]:
            raise _no_rates(name, table, f"{currency} has {unknown[0]!r}; a rate has 'rate' and 'as_of'")
        given, day = given.get("rate"), given.get("as_of")
    try:
        number = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not LEAST_RATE <= number <= MOST_RATE:
        allowed = f"a number from {LEAST_RATE:g} to {MOST_RATE:g}"
        raise _no_rates(name, table, f"{given!r} isn't a rate of {currency}: it must be {allowed}")
    if isinstance(day, datetime):
        day = day.date()
    try:
        as_of = None if day is None else (day if isinstance(day, date) else date.fromisoformat(day)).isoformat()
    except (TypeError, ValueError):
        raise _no_rates(name, table, f"{day!r} isn't a date; write it like '2026-11-30'") from None
    if as_of is not None and as_of > (datetime.now(UTC) + timedelta(days=1)).date().isoformat():
        raise _no_rates(name, table, f"{as_of} is to come; as_of is the day of the rate")
    return number, as_of


def _no_rates(name: str, value: Any, why: str) -> UsageError:
    return UsageError(
        f"{name}={value!r}: {why}",
        hint=f"for example {name}={{'CNY': 0.14, 'credits': {{'rate': 0.005, 'as_of': '2026-11-30'}}}}, "
        "or the text CNY=0.14,credits=0.005@2026-11-30",
    )
