"""Kill points without a tracer: the process ends itself at the n-th call of a kind, as by ``kill -9``.

It is the stand-in where ptrace is not allowed or strace is missing. Coarser than system calls, but at the same seams:
each commit of the store (before and after it), each send and each receive on a socket, each write, sync and naming of
a file in the archive.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from hailuo_widgets.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KINDS", "arm", "write_counts"]

KINDS = ("commit", "committed", "send", "receive", "write", "sync", "name")
_counts = dict.fromkeys(KINDS, 0)
_fatal: dict[str, Any] = {"kind": "", "at": 0, "report": None}


def arm(kind: str, at: int, *, report: Path) -> None:
    """End this process at the ``at``-th call of a kind; 0 only counts them, into ``report``."""
    _fatal.update(kind=kind, at=at, report=report)
    event.listen(sa.Engine, "commit", lambda _: _pass("commit"))
    writing = Database._writing

    def written(self: Database, engine: sa.Engine) -> Any:
        return _After(writing(self, engine))

    Database._writing = written  # type: ignore[method-assign]  # the seam just behind a commit has no other handle
    _wrap(socket.socket, "send", "send")
    _wrap(socket.socket, "recv", "receive")
    _wrap(socket.socket, "recv_into", "receive")
    _wrap(os, "write", "write")
    _wrap(os, "fsync", "sync")
    for name in ("link", "rename", "replace", "unlink"):
        _wrap(os, name, "name")


def write_counts() -> None:
    """Write how many calls of each kind there were."""
    Path(_fatal["report"]).write_text(json.dumps(_counts), "utf-8")


class _After:
    """A context whose successful end is a point too."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, *error: object) -> Any:
        out = self._inner.__exit__(*error)
        if error[0] is None:
            _pass("committed")
        return out


def _pass(kind: str) -> None:
    _counts[kind] += 1
    if _fatal["kind"] == kind and _counts[kind] == _fatal["at"]:
        os.kill(os.getpid(), signal.SIGKILL)


def _wrap(place: Any, name: str, kind: str) -> None:
    """Count a function's calls, each before it is made."""
    inner: Callable[..., Any] = getattr(place, name)

    def counted(*args: Any, **kwargs: Any) -> Any:
        _pass(kind)
        return inner(*args, **kwargs)

    setattr(place, name, counted)
