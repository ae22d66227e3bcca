"""Fork hooks: close connections and stop threads before a fork, start them anew in the child.

Connections, threads and locks of the parent are useless or harmful in a child: a SQLite connection that a child closes
can roll back its parent's transaction, so none is open while a process forks.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forks", "Lock", "follow"]


class Forks(Protocol):
    """An object with fork hooks. They are called in the thread that forks."""

    def before_fork(self) -> None:
        """Stop work and close everything that a child must not inherit."""

    def after_fork(self, *, child: bool) -> None:
        """Resume work; in the child with new connections, threads and locks."""


_following: WeakSet[Forks] = WeakSet()


def follow(thing: Forks) -> None:
    """Call an object's hooks at every fork. The object is held by a weak reference."""
    _following.add(thing)


class Lock:
    """A lock that is free in a forked child, even if a thread of the parent held it at the fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        follow(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Do nothing: the lock is only ever held for a moment."""

    def after_fork(self, *, child: bool) -> None:
        """Replace the lock in the child, which does not have the thread that may hold it."""
        if child:
            self._lock = threading.Lock()


def _before() -> None:
    for thing in list(_following):
        thing.before_fork()


def _after(*, child: bool) -> None:
    for thing in list(_following):
        thing.after_fork(child=child)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(
        before=_before, after_in_parent=lambda: _after(child=False), after_in_child=lambda: _after(child=True)
    )
