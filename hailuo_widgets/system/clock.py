"""System clock: the machine's wall clock, monotonic clock, uptime and boot id."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

__all__ = ["SYSTEM_CLOCK", "SystemClock"]

BOOT = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The clock of this machine; see :class:`hailuo_widgets.domain.clock.Clock`."""

    def now(self) -> datetime:
        """Return the wall clock's time, in UTC with its zone."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def uptime(self) -> float:
        """Return the seconds since the machine started, sleep included."""
        return _ticks()

    def boot(self) -> str:
        """Return the machine's boot id; if the system has none, an id of this process."""
        return _boot(os.getpid())


SYSTEM_CLOCK = SystemClock()


def _ticks() -> float:
    """Read a clock that is never set and that counts while the machine sleeps."""
    read = getattr(time, "clock_gettime", None)
    if read is None:
        return time.monotonic()  # Windows, where it counts sleep
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else float(read(clock))


@lru_cache(maxsize=8)
def _boot(pid: int) -> str:
    """Return the machine's boot id; if the system has none, an id of this process."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return f"process {pid} {secrets.token_hex(8)}"
