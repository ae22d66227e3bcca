"""Constructors of problems, and checks of texts and URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hailuo_widgets.errors import Problem, ProblemCode, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Problem", "error", "is_web_url", "text_errors", "warning"]


def error(argument: str, code: ProblemCode, message: str, hint: str = "") -> Problem:
    """Return an error: the provider certainly refuses the argument, so nothing is sent."""
    return Problem(argument=argument, code=code, message=message, hint=hint)


def warning(argument: str, code: ProblemCode, message: str, hint: str = "") -> Problem:
    """Return a warning: it is shown, and the request is sent."""
    return Problem(argument=argument, code=code, message=message, hint=hint, severity=Severity.WARNING)


def text_errors(argument: str, text: str, *, called: str = "") -> Iterator[Problem]:
    """Yield an error about the first character of a text that can't be sent.

    ``called`` is the text's name in the message, by default the argument's.
    """
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            what = "a NUL character" if character == "\0" else "half of a surrogate pair"
            message = f"{called or argument} holds {what} at position {position}, which no provider takes"
            yield error(argument, ProblemCode.UNREADABLE, message, "remove it")
            return


def is_web_url(text: str) -> bool:
    """Return whether a text is a complete http(s) URL; never raises."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a malformed address in brackets, or a port over 65535
        return False
