"""Constructors of problems, and checks of texts and URLs that several arguments share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hailuo_widgets.errors import Problem, ProblemCode, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Problem", "doubt", "fault", "is_web_url", "text_faults"]


def fault(argument: str, code: ProblemCode, message: str, hint: str = "") -> Problem:
    """An error: all sources agree that the provider refuses it, so nothing is sent."""
    return Problem(argument=argument, code=code, message=message, hint=hint)


def doubt(argument: str, code: ProblemCode, message: str, hint: str = "") -> Problem:
    """A warning: it is shown, and the request is sent."""
    return Problem(argument=argument, code=code, message=message, hint=hint, severity=Severity.WARNING)


def text_faults(argument: str, text: str, *, called: str = "") -> Iterator[Problem]:
    """The first character of a text that cannot be sent, if it holds one.

    ``called`` is the text's name in the message, if it is not the argument's.
    """
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            what = "a NUL character" if character == "\0" else "half of a surrogate pair"
            message = f"{called or argument} holds {what} at position {position}, which no provider takes"
            yield fault(argument, ProblemCode.UNREADABLE, message, "remove it")
            return


def is_web_url(text: str) -> bool:
    """Whether a text is a whole http(s) URL; never raises."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets around what is no address, or a port over 65535
        return False
