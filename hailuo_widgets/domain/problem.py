"""One thing that is wrong or doubtful about a request, and the two ways to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Problem", "doubt", "fault", "is_web_url", "text_faults"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong or doubtful: which argument, what was given, why, and what to do."""

    severity: str  # "error" or "warning"
    argument: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.hint}" if self.hint else self.message


def fault(argument: str, message: str, hint: str = "") -> Problem:
    """All sources agree that the provider refuses it: nothing is sent."""
    return Problem(severity="error", argument=argument, message=message, hint=hint)


def doubt(argument: str, message: str, hint: str = "") -> Problem:
    """It is sent, and this is said before."""
    return Problem(severity="warning", argument=argument, message=message, hint=hint)


def text_faults(argument: str, text: str) -> Iterator[Problem]:
    """The first character of a text that cannot be sent, if it holds one."""
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            what = "a NUL character" if character == "\0" else "half of a surrogate pair"
            yield fault(
                argument, f"{argument} holds {what} at position {position}, which no provider takes", "remove it"
            )
            return


def is_web_url(text: str) -> bool:
    """Whether a text is a whole http(s) URL; never raises."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets around what is no address, or a port over 65535
        return False
