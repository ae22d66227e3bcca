"""A clock that a test moves: everything that is given it stands still in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)


class ManualClock:
    """See :class:`hailuo_widgets.domain.clock.Clock`.

    Attributes:
        awake_s: The monotonic clock.
        asleep_s: Seconds that the machine slept.
        wall_s: By how much the user has set the wall clock.
        started: The id of the machine's start.
    """

    def __init__(self) -> None:
        self.awake_s = 1000.0
        self.asleep_s = 0.0
        self.wall_s = 0.0
        self.started = "a-start"

    def now(self) -> datetime:
        """Return the wall clock's time."""
        return EPOCH + timedelta(seconds=self.awake_s + self.asleep_s + self.wall_s)

    def monotonic(self) -> float:
        """Return the seconds that the machine was awake."""
        return self.awake_s

    def uptime(self) -> float:
        """Return the seconds since its start."""
        return self.awake_s + self.asleep_s

    def boot(self) -> str:
        """Return the id of its start."""
        return self.started
