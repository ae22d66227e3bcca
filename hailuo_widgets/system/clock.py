"""Measuring what passes between two moments, on clocks that nobody sets: the wall clock is for showing alone.

A stamp is a moment on them, as plain values that the log can keep: another process on the same machine measures from
it too, until the machine is started again.
"""

from __future__ import annotations

import os
import secrets
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["measured_s", "since_s", "stamp"]

BOOT = Path("/proc/sys/kernel/random/boot_id")
ASLEEP_S = 5.0  # a machine that slept for longer tells nothing of how long a task has taken


def stamp() -> dict[str, Any]:
    """This moment: which start of the machine, seconds since then, and those of them that it was awake."""
    return {"boot": _boot(os.getpid()), "ticks": round(_ticks(), 3), "awake": round(time.monotonic(), 3)}


def since_s(then: Mapping[str, Any] | None) -> float | None:
    """Seconds since a stamp, with those in which the machine slept; None where that is not known."""
    passed = _passed(then)
    return None if passed is None else passed[0]


def measured_s(then: Mapping[str, Any] | None) -> float | None:
    """Seconds since a stamp, as a figure of how long something took; None where the machine slept meanwhile, too."""
    passed = _passed(then)
    if passed is None or passed[0] - passed[1] > ASLEEP_S:
        return None
    return round(passed[0], 3)


def _passed(then: Mapping[str, Any] | None) -> tuple[float, float] | None:
    if not then or then.get("boot") != _boot(os.getpid()):
        return None
    ticks, awake = then.get("ticks"), then.get("awake")
    if not isinstance(ticks, int | float) or not isinstance(awake, int | float):
        return None  # a row of the log is input
    passed = _ticks() - ticks, time.monotonic() - awake
    return passed if passed[0] >= 0 else None


def _ticks() -> float:
    """A clock that is never set, and goes on while the machine sleeps."""
    read = getattr(time, "clock_gettime", None)
    if read is None:
        return time.monotonic()  # Windows: it counts sleep
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else float(read(clock))


@lru_cache(maxsize=8)
def _boot(pid: int) -> str:
    """Which start of the machine this is; where the system does not tell, which process."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return f"process {pid} {secrets.token_hex(8)}"
