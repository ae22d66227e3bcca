"""Generation times: log-normal around the documented medians, divided by the simulator's speed.

Medians in seconds, from the clients that publish them (Hailuo-02 768P about 120, 1080P about 240, I2V-01 about 114,
T2V-01 about 234), from Runware's samples (H3 147 at 768P, 447 for ten seconds at 2K) and from the KIE.ai Minimax API
document ("Hailuo 2.3 Fast: 6-second clips in about 55 seconds").
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hailuo_widgets.simulator.settings import Settings

_SIGMA = 0.22
_SHORT_CLIP = 6


def median_seconds(model: str, resolution: str, duration: float) -> float:
    """Return the documented median generation time.

    Args:
        model: Any gateway's name of a model.
        resolution: ``512P`` … ``1080P``, in any case.
        duration: Length of the clip in seconds; longer than six takes proportionally longer.

    Returns:
        Seconds at the real pace.
    """
    name = model.lower()
    if "fast" in name:
        base = 55.0
    elif "h3" in name:
        base = (
            12.0
            if "h3-max" in name or "h3@max" in name
            else {"2K": 268.0, "1440P": 268.0}.get(resolution.upper(), 147.0)
        )
    elif "i2v-01" in name:
        base = 114.0
    elif "01" in name:
        base = 234.0
    else:
        base = {"512P": 80.0, "720P": 110.0, "1080P": 240.0}.get(resolution.upper(), 120.0)
    return base * max(1.0, duration / _SHORT_CLIP)


def generation_seconds(settings: Settings, ordinal: int, model: str, resolution: str, duration: float) -> float:
    """Return how long the task that is created as number ``ordinal`` generates."""
    if settings.latency is not None:
        return settings.latency
    draw = task_random(settings, ordinal, "latency")
    return median_seconds(model, resolution, duration) * math.exp(draw.gauss(0.0, _SIGMA)) / settings.speed


def task_random(settings: Settings, ordinal: int, purpose: str) -> random.Random:
    """Return the random numbers of one task for one purpose: repeatable where the settings carry a seed."""
    if settings.random_seed is None:
        return random.Random()  # noqa: S311 - a simulated waiting time is no secret
    return random.Random(f"{settings.random_seed}:{ordinal}:{purpose}")  # noqa: S311 - likewise
