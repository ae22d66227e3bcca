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
    """From any thread.

    Attributes:
        all: No create call is begun at all.
        leaving: Runs that are just asking the log for leave to be sent.
    """

    def __init__(self) -> None:
        self.all = False
        self.leaving: set[str] = set()
        self._lock = threading.Lock()
        self._awaited: Counter[str] = Counter()
        self._held: set[str] = set()

    @contextmanager
    def awaiting(self, run_ids: Iterable[str]) -> Iterator[None]:
        """Somebody waits for these runs within it: they are sent, also where an earlier wait for them was stopped."""
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
        """Send none of these runs until somebody waits for them again; said by one who is waiting for them now."""
        with self._lock:
            self._held.update(i for i in run_ids if self._awaited[i] <= 1)

    def holds(self, run_id: str) -> bool:
        """Whether the run's create call is not to be begun now."""
        return self.all or run_id in self._held

    def forget(self, run_id: str) -> None:
        """The run is not followed any more."""
        with self._lock:
            self._held.discard(run_id)
