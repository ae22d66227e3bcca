"""Who follows a run: a name for each engine, and whether one of that name is certainly gone."""

from __future__ import annotations

import os
import secrets
import socket
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from hailuo_widgets.engine.engine import Engine

__all__ = ["is_dead", "is_this_process", "let_go_of", "living", "name_for"]

_living: WeakValueDictionary[str, Engine] = WeakValueDictionary()  # the engines of this process, by their names


def name_for(engine: Engine) -> str:
    """Host, process id and a random word: no two engines, and no two lives of a process, share it."""
    name = f"{socket.gethostname()}|{os.getpid()}|{secrets.token_hex(4)}"
    _living[name] = engine
    return name


def let_go_of(name: str) -> None:
    """The engine of that name follows nothing any more."""
    _living.pop(name, None)


def living() -> list[Engine]:
    """The engines of this process that may follow runs."""
    return list(_living.values())


def is_this_process(owner: str) -> bool:
    """Whether a name is one of this process's."""
    return owner.startswith(f"{socket.gethostname()}|{os.getpid()}|")


def is_dead(owner: object) -> bool:
    """Whether the engine of that name, on this machine, is gone. On another machine only its lease can tell.

    So it is with a name that is none of ours: a row of the log may hold anything.
    """
    if not isinstance(owner, str):
        return False
    host, _, rest = owner.partition("|")
    pid = rest.partition("|")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    if is_this_process(owner):
        return owner not in _living
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError, ValueError):  # another user's; or no number that a process can have
        return False
    return False
