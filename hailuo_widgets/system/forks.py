"""What a fork must not hand on: connections, threads and locks of the parent are of no use to a child, or harm it.

A SQLite connection that a child closes can roll back its parent's transaction, so none is open while a process forks.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forks", "Lock", "follow"]


class Forks(Protocol):
    """Something that is to be told of forks, in the thread that forks."""

    def before_fork(self) -> None:
        """Come to rest, and let go of what a child must not have."""

    def after_fork(self, *, child: bool) -> None:
        """Go on; in the child with everything new."""


_following: WeakSet[Forks] = WeakSet()


def follow(thing: Forks) -> None:
    """Tell something of every fork, as long as it lives."""
    _following.add(thing)


class Lock:
    """A lock that is free in a child, whoever of its parent's threads held it in the moment of the fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        follow(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Nothing: who holds it holds it for a moment."""

    def after_fork(self, *, child: bool) -> None:
        """The thread that holds it is not in the child."""
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
