"""Process identity and liveness: names a process uniquely, and tells whether it still runs.

A process is identified by its machine (host name, boot id, process namespace), its number and its start time, since the
system reuses numbers. It decides who may continue a partial file: a file of a process on another machine, or from
before this machine's last start, is never continued. The other machine may still be writing, and after a power cut a
file's length says nothing about its content.
"""

from __future__ import annotations

import functools
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_PROC = Path("/proc")


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
        return "alive" if _began(self.pid) == self.began else "dead"


def this_process() -> Owner:
    """Return the calling process."""
    return _owner(os.getpid())


@functools.lru_cache(maxsize=2)  # keyed by the number, since a fork changes it
def _owner(pid: int) -> Owner:
    return Owner(machine=_machine(), pid=pid, began=_began(pid))


def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = (_PROC / "self/ns/pid").readlink().name
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname()} {boot} {namespace}"


def _began(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text("utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets and may hold anything; the start is the 22nd field.
    fields = stat.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else None  # noqa: PLR2004 - 22 less the two fields before, from 0
