"""Kinds of settings: each checks a value from any place, and says what is allowed.

A value comes as Python's own (arguments, ``%config``, TOML) or as text (the environment).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.redaction.passwords import PrivateUrl

__all__ = ["Amounts", "Choice", "Folder", "Kind", "Number", "Text", "Url"]


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
