"""Keyword arguments, checked for unknown names and in the order of the call.

An unknown name is refused with the nearest known one.

Python hands keyword-only arguments over without the order in which they were written. That order is the order of a
sweep's axes, and so of its runs: :func:`given` returns it.
"""

from __future__ import annotations

import inspect
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["UnknownArgument", "checked", "given"]

P = ParamSpec("P")
T = TypeVar("T")
_ORDER: ContextVar[tuple[str, ...]] = ContextVar("hailuo_keywords", default=())


class UnknownArgument(UsageError, TypeError):
    """A keyword that a function does not take; also a ``TypeError``, which Python raises for it."""


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Refuse keywords that a function does not take, and note the order of those that it is given.

    Raises:
        UnknownArgument: When the function is called with such a keyword; it was not run.
    """
    known = [name for name in inspect.signature(function).parameters if name != "self"]

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in kwargs:
            if name not in known:
                _refuse(function.__name__, name, known)
        token = _ORDER.set(tuple(kwargs))
        try:
            return function(*args, **kwargs)
        finally:
            _ORDER.reset(token)

    return call


def given(values: Mapping[str, Any], but: Collection[str] = ()) -> dict[str, Any]:
    """The keywords that a :func:`checked` function was called with, in the caller's order.

    Args:
        values: The function's ``locals()``.
        but: Keywords to leave out.
    """
    return {name: values[name] for name in _ORDER.get() if name not in but}


def _refuse(function: str, name: str, known: list[str]) -> None:
    near = nearest(name, known)
    takes = "" if near else f"; it takes {', '.join(known) or 'none'}"
    raise UnknownArgument(
        f"{function}() has no argument {name!r}{takes}",
        argument=name,
        hint=f"did you mean {near!r}?" if near else None,
    )
