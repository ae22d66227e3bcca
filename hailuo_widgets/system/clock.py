"""Elapsed-time measurement on clocks that are never set, for the run log.

A stamp is a moment on the machine's boot-time and monotonic clocks, as plain values that can be stored. Any process on
the same machine can measure from it, until the machine restarts. The wall clock is only used for times that are shown.
"""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SYSTEM_CLOCK", "SystemClock", "measured_s", "since_s", "stamp"]

BOOT = Path("/proc/sys/kernel/random/boot_id")
ASLEEP_S = 5.0  # if the machine slept longer than this, the elapsed time is not a task's duration


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


def stamp() -> dict[str, Any]:
    """Return the current moment: the machine's boot id, seconds since boot, and the seconds it was awake."""
    return {"boot": _boot(os.getpid()), "ticks": round(_ticks(), 3), "awake": round(time.monotonic(), 3)}


def since_s(then: Mapping[str, Any] | None) -> float | None:
    """Return the seconds since a stamp, sleep included; None if that is unknown (another machine, or a restart)."""
    passed = _passed(then)
    return None if passed is None else passed[0]


def measured_s(then: Mapping[str, Any] | None) -> float | None:
    """Return the seconds since a stamp as a duration; None if that is unknown or the machine slept in between."""
    passed = _passed(then)
    if passed is None or passed[0] - passed[1] > ASLEEP_S:
        return None
    return round(passed[0], 3)


def _passed(then: Mapping[str, Any] | None) -> tuple[float, float] | None:
    if not then or then.get("boot") != _boot(os.getpid()):
        return None
    ticks, awake = then.get("ticks"), then.get("awake")
    if not isinstance(ticks, int | float) or not isinstance(awake, int | float):
        return None  # the log's rows are not trusted
    passed = _ticks() - ticks, time.monotonic() - awake
    return passed if passed[0] >= 0 else None


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
