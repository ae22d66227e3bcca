"""Public functions of the package: methods of `hailuo_widgets.Session` on a default session."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from hailuo_widgets.api.handle_session import session_of_runs
from hailuo_widgets.api.session import Session
from hailuo_widgets.settings.settings import Settings, shell_config
from hailuo_widgets.system.forks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "add_votes",
    "balance",
    "ballot",
    "camera_instructions",
    "compare",
    "default_session",
    "estimate",
    "export",
    "generate",
    "models",
    "monitor",
    "power",
    "preregister",
    "providers",
    "rank",
    "resume",
    "run",
    "runs",
    "seed_check",
    "set_key",
    "studio",
    "sweep",
    "sweep_of",
    "templates",
    "vote",
    "votes",
    "webhook",
]

P = ParamSpec("P")
T = TypeVar("T")
_lock = Lock()
_state: dict[str, Any] = {"session": None}  # survives %reload_ext: its engine follows the runs in flight


def default_session() -> Session:
    """The session of these functions; a new one if the settings have changed or it was closed.

    Raises:
        UsageError: A setting is wrong.
    """
    with _lock:
        config = shell_config()
        wanted = Settings.resolve(config=config)
        session: Session | None = _state["session"]
        if session is None or session.closed or session.settings != wanted:
            session = _state["session"] = Session(config=config)
        return session


def on_default(method: Callable[Concatenate[Session, P], T]) -> Callable[P, T]:
    """Make a function that calls a method on the session of the runs it is given, else on the default one."""

    @wraps(method)
    def function(*args: P.args, **kwargs: P.kwargs) -> T:
        session = session_of_runs(method, args, kwargs)
        return method(default_session() if session is None else session, *args, **kwargs)

    whole = inspect.signature(method)
    shown: Any = function
    shown.__signature__ = whole.replace(parameters=list(whole.parameters.values())[1:])
    function.__module__, function.__qualname__ = __name__, method.__name__
    return function


add_votes = on_default(Session.add_votes)
balance = on_default(Session.balance)
ballot = on_default(Session.ballot)
camera_instructions = on_default(Session.camera_instructions)
compare = on_default(Session.compare)
estimate = on_default(Session.estimate)
export = on_default(Session.export)
generate = on_default(Session.generate)
models = on_default(Session.models)
monitor = on_default(Session.monitor)
providers = on_default(Session.providers)
power = on_default(Session.power)
preregister = on_default(Session.preregister)
rank = on_default(Session.rank)
resume = on_default(Session.resume)
run = on_default(Session.run)
runs = on_default(Session.runs)
seed_check = on_default(Session.seed_check)
set_key = on_default(Session.set_key)
studio = on_default(Session.studio)
sweep = on_default(Session.sweep)
sweep_of = on_default(Session.sweep_of)
templates = on_default(Session.templates)
vote = on_default(Session.vote)
votes = on_default(Session.votes)
webhook = on_default(Session.webhook)
