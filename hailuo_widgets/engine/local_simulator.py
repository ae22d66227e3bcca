"""Bundled simulator, started in this process when a run first needs it, and bound to this machine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hailuo_widgets.system import forks

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.simulator import Simulator

__all__ = ["LocalSimulator"]


class LocalSimulator:
    """One simulator for a home folder. Its tasks are in a file there, so a restarted kernel finds them."""

    def __init__(self, home: Path, *, speed: float) -> None:
        self._home = home / "simulator"
        self._speed = speed
        self._lock = threading.Lock()
        self._simulator: Simulator | None = None
        forks.follow(self)

    def before_fork(self) -> None:
        """Do nothing: the parent's simulator continues."""

    def after_fork(self, *, child: bool) -> None:
        """In a child, forget the parent's simulator, whose thread the child doesn't have."""
        if child:
            self._lock = threading.Lock()
            self._simulator = None

    def url(self) -> str:
        """The simulator's origin; blocks while it starts (about half a second, the first time)."""
        with self._lock:
            if self._simulator is None:
                from hailuo_widgets.simulator import Simulator

                simulator = Simulator(self._home, speed=self._speed)
                simulator.start()
                self._simulator = simulator
            return self._simulator.url

    def stop(self) -> None:
        """Stop it, if it runs."""
        with self._lock:
            if self._simulator is not None:
                self._simulator.stop()
                self._simulator = None
