"""When to ask for a task's state: few polls while nothing can be ready, dense around the expected end, slower after it.

The expected end comes from the log (what the same model took at the same resolution and duration), and before there is
any history from the provider's published figures.
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

ASSUMED_S = 150.0  # for the schedule alone, where neither log nor document says anything: never shown
SLOWEST_S = 60.0
MOST_HELD_S = 900.0
ENOUGH = 3  # finished runs from which their spread says something


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Seconds from submission to the clip: the median and its range. ``source`` is ``log`` or ``document``."""

    median_s: float
    low_s: float | None = None
    high_s: float | None = None
    source: str = "document"


def expect(
    request: Request, facts: Facts, history: Sequence[tuple[RunRecord, float]], *, speed: float = 1.0
) -> Expectation | None:
    """How long a request will take; None where nothing is known.

    Args:
        request: What is asked for.
        facts: The provider's table.
        history: Finished runs of the model, each with its seconds.
        speed: How many times faster than the documented figures the gateway is (the simulator is).
    """
    same = [
        s for r, s in history if (r.request.resolution, r.request.duration) == (request.resolution, request.duration)
    ]
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
    """Seconds for which a task that nobody follows may still hold a place at the provider: half as long again."""
    return min(1.5 * (expected.median_s if expected else ASSUMED_S / speed), MOST_HELD_S)


def next_poll_s(elapsed_s: float, expected_s: float, *, floor_s: float) -> float:
    """Seconds until the next poll of a task that was submitted ``elapsed_s`` ago; never under ``floor_s``."""
    if elapsed_s < expected_s / 2:
        delay = min(expected_s / 2 - elapsed_s, expected_s / 4)
    elif elapsed_s < expected_s * 1.5:
        delay = expected_s / 16
    else:
        delay = elapsed_s / 10
    return max(floor_s, min(delay, SLOWEST_S))
