"""Waits for runs, and the create calls that they hold back.

A wait that was stopped pays for nothing more.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Holding"]


class Holding:
    """The create calls that must not be sent. Methods may be called from any thread.

    Attributes:
        all: Whether all create calls are held back.
        reserving: Runs whose reservation in the log is under way.
    """

    def __init__(self) -> None:
        self.all = False
        self.reserving: set[str] = set()
        self._lock = threading.Lock()
        self._awaited: Counter[str] = Counter()
        self._held: set[str] = set()

    @contextmanager
    def awaiting(self, run_ids: Iterable[str]) -> Iterator[None]:
        """Context of a wait for these runs: they may be sent, even if an earlier wait for them was stopped."""
        ids = set(run_ids)
        with self._lock:
            self._awaited.update(ids)
            self._held -= ids
        try:
            yield
        finally:
            with self._lock:
                self._awaited -= Counter(ids)

    def hold(self, run_ids: Iterable[str]) -> None:
        """Hold these runs back until they are waited for again; called by the wait that is stopped."""
        with self._lock:
            self._held.update(i for i in run_ids if self._awaited[i] <= 1)

    def holds(self, run_id: str) -> bool:
        """Return whether the run's create call is held back."""
        return self.all or run_id in self._held

    def forget(self, run_id: str) -> None:
        """Forget a run that is no longer followed."""
        with self._lock:
            self._held.discard(run_id)
