"""Listeners of runs: each gets the record of a run after each step."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Listeners"]

_log = logging.getLogger(__name__)


class Listeners:
    """Subscribers by run (None: all runs). They are called in the thread that made the step, and must not block."""

    def __init__(self) -> None:
        self._next = 0
        self.begin()

    def begin(self) -> None:
        """Reset to the state of a new process: no listeners."""
        self._lock = threading.Lock()
        self._subscribers: dict[int, tuple[str | None, Callable[[RunRecord], None]]] = {}

    def subscribe(self, run_id: str | None, callback: Callable[[RunRecord], None]) -> Callable[[], None]:
        """Call ``callback`` with each new record of the run; the returned function unsubscribes."""
        with self._lock:
            token = self._next
            self._next += 1
            self._subscribers[token] = (run_id, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(token, None)

        return unsubscribe

    def tell(self, record: RunRecord) -> None:
        """Call the run's listeners. One that fails is logged, and affects neither the run nor the others."""
        with self._lock:
            wanted = [c for run_id, c in self._subscribers.values() if run_id in {None, record.run_id}]
        for callback in wanted:
            try:
                callback(record)
            except Exception:  # noqa: BLE001 - a widget's mistake must not stop a paid run
                _log.exception("a listener of run %s failed", record.run_id)
