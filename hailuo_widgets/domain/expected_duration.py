"""Expected duration of a task, and the polling schedule that follows from it.

There are few polls before the task can be finished, frequent ones around the expected end, and fewer after it. The
expected duration is that of earlier runs of the same model, resolution and duration in the log; without any, it is the
provider's published figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["ASSUMED_S", "Expectation", "expect", "held_s", "next_poll_s"]

ASSUMED_S = 150.0  # for the polling schedule only, if nothing is known; never shown
SLOWEST_S = 60.0
MOST_HELD_S = 900.0
ENOUGH = 3  # the fewest finished runs from which a range is computed


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Expected seconds from submission to the clip: median and range. ``source`` is ``log`` or ``document``."""

    median_s: float
    low_s: float | None = None
    high_s: float | None = None
    source: str = "document"


def _kind(request: Request) -> tuple[str | None, int | None, bool]:
    """Return what a task's length depends on."""
    return request.resolution, request.duration, request.source is not None


def expect(
    request: Request, facts: Facts, history: Sequence[tuple[RunRecord, float]], *, speed: float = 1.0
) -> Expectation | None:
    """Return how long a request is expected to take; None if nothing is known.

    Args:
        request: The request.
        facts: The provider's facts.
        history: Finished runs of the model, each with its duration in seconds.
        speed: By what factor the simulator is faster than the documented figures; 1 for a real provider.
    """
    same = [s for r, s in history if _kind(r.request) == _kind(request)]
    if same:
        spread = quantiles(same, n=10) if len(same) >= ENOUGH else None
        return Expectation(
            median_s=median(same),
            low_s=spread[0] if spread else None,
            high_s=spread[-1] if spread else None,
            source="log",
        )
    model = facts.model(request.model)
    figures = model.typical_s if model else {}
    figure = figures.get(request.resolution, figures.get(None))
    return None if figure is None else Expectation(median_s=figure / speed)


def held_s(expected: Expectation | None, *, speed: float = 1.0) -> float:
    """Return the seconds for which a task that no kernel follows may still occupy the provider: 1.5 × the expected."""
    return min(1.5 * (expected.median_s if expected else ASSUMED_S / speed), MOST_HELD_S)


def next_poll_s(elapsed_s: float, expected_s: float, *, floor_s: float) -> float:
    """Return the seconds until the next poll of a task submitted ``elapsed_s`` ago; at least ``floor_s``."""
    if elapsed_s < expected_s / 2:
        delay = min(expected_s / 2 - elapsed_s, expected_s / 4)
    elif elapsed_s < expected_s * 1.5:
        delay = expected_s / 16
    else:
        delay = elapsed_s / 10
    return max(floor_s, min(delay, SLOWEST_S))
