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

from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = ["UnknownArgument", "checked", "given"]

P = ParamSpec("P")
T = TypeVar("T")
_ORDER: ContextVar[tuple[str, ...]] = ContextVar("hailuo_keywords", default=())


class UnknownArgument(UsageError, TypeError):
    """Arguments that a function does not take, or lacks; also a ``TypeError``, which Python raises for them."""


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Refuse arguments that a function does not take or lacks, and note the order of the keywords that it is given.

    Raises:
        UnknownArgument: When the function is called with such arguments; it was not run.
    """
    signature = inspect.signature(function)
    known = [name for name in signature.parameters if name != "self"]

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in kwargs:
            if name not in known:
                _refuse(function.__name__, name, known)
        fits = True
        try:
            signature.bind(*args, **kwargs)
        except TypeError:
            fits = False
        if not fits:
            _refuse_places(function.__name__, signature, args, kwargs)
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


def _refuse_places(function: str, signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse arguments by position: too many, one that is given by name too, or one that is missing."""
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    args = args[len(signature.parameters) - len(parameters) :]
    places = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    if len(args) > len(places):
        by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in kwargs]
        named = ", ".join(f"{name}={shown(v)}" for name, v in zip(by_name, args[len(places) :], strict=False))
        takes = f"one argument by its place, {places[0].name}" if len(places) == 1 else "no argument by its place"
        if len(places) > 1:
            takes = f"{len(places)} arguments by their places, {', '.join(p.name for p in places)}"
        others = f"the others have names: {', '.join(by_name)}" if by_name else "it takes no others"
        raise UnknownArgument(
            f"{function}() takes {takes}, and {len(args)} were given; {others}",
            hint=f"for example {function}(…, {named})" if named else "leave the others out",
        )
    given_by_place = [p.name for p in places[: len(args)]]
    if twice := next((name for name in given_by_place if name in kwargs), None):
        raise UnknownArgument(
            f"{function}() is given {twice} twice: by its place and by its name", argument=twice, hint="leave one out"
        )
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in {*given_by_place, *kwargs}]
    raise UnknownArgument(
        f"{function}() needs {', '.join(missing)}",
        argument=missing[0] if missing else "",
        hint=f"for example {function}({', '.join(f'{name}=…' for name in missing)})",
    )
