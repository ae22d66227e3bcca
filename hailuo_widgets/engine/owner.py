"""Who follows a run: a name for this process, and whether another one of that kind is certainly gone."""

from __future__ import annotations

import os
import secrets
import socket

__all__ = ["is_dead", "is_this_process", "name_of_this_process"]


def name_of_this_process() -> str:
    """Host, process id and a random word: no two processes, and no two lives of one, share it."""
    return f"{socket.gethostname()}|{os.getpid()}|{secrets.token_hex(4)}"


def is_this_process(owner: str) -> bool:
    """Whether a name is one of this process's."""
    return owner.startswith(f"{socket.gethostname()}|{os.getpid()}|")


def is_dead(owner: str) -> bool:
    """Whether the process of that name, on this machine, is gone. On another machine only its lease can tell."""
    host, _, rest = owner.partition("|")
    pid = rest.partition("|")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if is_this_process(owner):
        return True  # an earlier session of this very process that let go without saying so
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
