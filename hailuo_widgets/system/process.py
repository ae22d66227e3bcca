"""Which process a half-done file belongs to, and whether that process still lives.

A process is named by its machine (host, start of the system, process namespace), its number and its own start:
numbers are given out again. A file whose process ran on another machine, or before this one last started, is never
taken over: the first may still be at work, and after a power cut a file's length says nothing about its content.
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
    """One process: where it runs, its number, and when it began (None where the system does not say)."""

    machine: str
    pid: int
    began: str | None

    def state(self) -> Literal["me", "alive", "dead", "elsewhere"]:
        """Whether the process is this one, lives, has ended, or cannot be seen from here."""
        mine = this_process()
        if self == mine:
            return "me"
        # os.kill(pid, 0) would end the process on Windows, so there nothing can be asked.
        if self.machine != mine.machine or os.name != "posix":
            return "elsewhere"
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return "dead"
        except (OSError, OverflowError):
            return "alive"  # it is there, and another user's
        return "alive" if _began(self.pid) == self.began else "dead"


def this_process() -> Owner:
    """The process that calls."""
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
