"""What a fork must not hand on: connections, threads and locks of the parent are of no use to a child, or harm it.

A SQLite connection that a child closes can roll back its parent's transaction, so none is open while a process forks.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forks", "follow"]


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
