"""Process identity and liveness: names a process uniquely, and tells whether it still runs.

A process is identified by its machine (host name, boot id, process namespace), its number and its start time:
containers share host names, and the system reuses numbers. The run log names a run's owner this way, the archive the
writer of a partial file. Only a process of this boot and this namespace can be looked at. All others count as alive:
their runs are free when the lease ends, their partial files are never continued, since the other machine may still be
writing, and after a power cut a file's length says nothing about its content.
"""

from __future__ import annotations

import functools
import os
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar
from weakref import WeakValueDictionary

__all__ = [
    "Owner",
    "is_dead",
    "is_this_process",
    "let_go_of",
    "living",
    "name_for",
    "shares_our_clock",
    "this_process",
]

T = TypeVar("T")
_PROC = Path("/proc")
_NAME = re.compile(r"([^|]*)\|([0-9]{1,19})\|([0-9]{0,20})\|[0-9a-f]+")
_living: WeakValueDictionary[str, object] = WeakValueDictionary()  # name → object of this process


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """One process: its machine, its number, and its start time (None if the system has none)."""

    machine: str
    pid: int
    began: str | None

    def state(self) -> Literal["me", "alive", "dead", "elsewhere"]:
        """Return whether the process is this one, is alive, has ended, or can't be seen from this machine."""
        mine = this_process()
        if self == mine:
            return "me"
        # On Windows, os.kill(pid, 0) would end the process, so it is not used there.
        if self.machine != mine.machine or os.name != "posix":
            return "elsewhere"
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return "dead"
        except (OSError, OverflowError):
            return "alive"  # another user's process
        began = _began(self.pid)
        return "alive" if None in {began, self.began} or began == self.began else "dead"

    def name(self, token: str) -> str:
        """Return the process and a token as text, for the run log's ``owner`` column."""
        return f"{self.machine}|{self.pid}|{self.began or ''}|{token}"


def this_process() -> Owner:
    """Return the calling process."""
    return _owner(os.getpid())


def name_for(thing: object) -> str:
    """Return a unique name for an object of this process, which is alive until it is collected or let go of."""
    name = this_process().name(secrets.token_hex(4))
    _living[name] = thing
    return name


def let_go_of(name: str) -> None:
    """Make a name of this process a dead one."""
    _living.pop(name, None)


def living(kind: type[T]) -> list[T]:
    """Return the objects of a type that were named in this process; a forked child starts with none."""
    return [thing for name, thing in list(_living.items()) if isinstance(thing, kind) and is_this_process(name)]


def is_this_process(name: object) -> bool:
    """Return whether a name was made in this process."""
    return _parse(name) == this_process()


def is_dead(name: object) -> bool:
    """Return whether the object of this name is certainly gone.

    False if that cannot be seen from here, so that its lease decides: for a name of another machine or namespace, for
    one in the form of earlier versions (host name, number, token), and for any other value. The log is not trusted.
    """
    owner = _parse(name)
    state = "elsewhere" if owner is None else owner.state()
    return name not in _living if state == "me" else state == "dead"


def shares_our_clock(name: object) -> bool:
    """Return whether the process of a name goes by this machine's wall clock, whose changes both see at once."""
    machine = str(name).partition("|")[0]
    mine = this_process().machine.split(" ")
    return machine.split(" ")[:2] == mine[:2] if _parse(name) else machine == mine[0]


def _parse(name: object) -> Owner | None:
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    return Owner(machine=found[1], pid=int(found[2]), began=found[3] or None) if found else None


@functools.lru_cache(maxsize=2)  # keyed by the number, since a fork changes it
def _owner(pid: int) -> Owner:
    return Owner(machine=_machine(), pid=pid, began=_began(pid))


def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = (_PROC / "self/ns/pid").readlink().name
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname().replace(' ', '-').replace('|', '-')} {boot} {namespace}"


def _began(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text("utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets and may hold anything; the start is the 22nd field.
    fields = stat.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else None  # noqa: PLR2004 - 22 less the two fields before, from 0
