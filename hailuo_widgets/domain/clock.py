"""Clock protocol, and elapsed time between two moments, for code that is given its clock.

A stamp is a moment on a machine's boot-time and monotonic clocks, as plain values that can be stored. Any process on
the same machine can measure from it, until the machine restarts. The wall clock is only used for times that are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["Clock", "measured_s", "since_s", "stamp"]

ASLEEP_S = 5.0  # if the machine slept longer than this, the elapsed time is not a task's duration


class Clock(Protocol):
    """The time, as the package reads it. Sleeping is ``asyncio.sleep``, whose clock is the event loop's."""

    def now(self) -> datetime:
        """Return the wall clock's time, in UTC with its zone. The user may set it at any moment."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow; those in which the machine sleeps may not count."""

    def uptime(self) -> float:
        """Return the seconds since the machine started, sleep included."""

    def boot(self) -> str:
        """Return the id of the machine's current start."""


def stamp(clock: Clock) -> dict[str, Any]:
    """Return the current moment: the machine's boot id, seconds since boot, and the seconds it was awake."""
    return {"boot": clock.boot(), "ticks": round(clock.uptime(), 3), "awake": round(clock.monotonic(), 3)}


def since_s(clock: Clock, then: Mapping[str, Any] | None) -> float | None:
    """Return the seconds since a stamp, sleep included; None if that is unknown (another machine, or a restart)."""
    passed = _passed(clock, then)
    return None if passed is None else passed[0]


def measured_s(clock: Clock, then: Mapping[str, Any] | None) -> float | None:
    """Return the seconds since a stamp as a duration; None if that is unknown or the machine slept in between."""
    passed = _passed(clock, then)
    if passed is None or passed[0] - passed[1] > ASLEEP_S:
        return None
    return round(passed[0], 3)


def _passed(clock: Clock, then: Mapping[str, Any] | None) -> tuple[float, float] | None:
    if not then or then.get("boot") != clock.boot():
        return None
    ticks, awake = then.get("ticks"), then.get("awake")
    if not isinstance(ticks, int | float) or not isinstance(awake, int | float):
        return None  # the log's rows are not trusted
    passed = clock.uptime() - ticks, clock.monotonic() - awake
    return passed if passed[0] >= 0 else None
