"""Session of a handle: a function that is given runs works on the session of these runs."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from hailuo_widgets.workspace.selection import refuse_closed, workspace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["on_session_of_runs", "session_of_runs"]

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")
RUNS = ("what", "run_id", "sweep", "start")  # the parameters that take runs; a function has at most one of them


def session_of_runs(method: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The open session of the runs that a call is about; None if it names none, or names them by ids alone.

    Args:
        method: A method of ``Session``.
        args: Its positional arguments, without ``self``.
        kwargs: Its keyword arguments.

    Raises:
        UsageError: The runs are of several sessions with different run logs.
    """
    return workspace_of(_runs(method, args, kwargs))


def _runs(method: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The runs that a call is given; None if it is given none."""
    for place, name in enumerate(list(inspect.signature(method).parameters)[1:]):
        if name in RUNS:
            return kwargs.get(name, args[place] if place < len(args) else None)
    return None


def on_session_of_runs(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Call a method of ``Session`` on the session of the runs that it is given, if that is open.

    Raises:
        UsageError: When the method is called with runs of a closed session with another run log.
    """

    @wraps(method)
    def call(session: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        what = _runs(method, args, kwargs)
        found: Any = workspace_of(what)
        if found is None:
            refuse_closed(session, what)  # type: ignore[arg-type]  # every method that this decorates is a session's
        return method(session if found is None else found, *args, **kwargs)

    return call
