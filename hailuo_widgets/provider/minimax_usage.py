"""Cost of a finished task of MiniMax's V2, by the price list and the task's own ``usage``.

The reply names no price, but what is billed: the clip's seconds, and the pictures and seconds of its references.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.request import Mode
from hailuo_widgets.provider.interface import as_micros

if TYPE_CHECKING:
    from hailuo_widgets.domain.catalog import Facts

__all__ = ["cost_of"]

COUNTED = {"reference_image": "input_image_count", "reference_video_second": "input_seconds"}
MOST = 10**5  # seconds or files of one task


def cost_of(task: dict[str, Any], facts: Facts, region: str | None) -> tuple[int, str] | None:
    """Return a finished task's cost in millionths of a currency; None if a price or a count is not known.

    Args:
        task: The task in the reply to a query.
        facts: MiniMax's prices and surcharges.
        region: The region of the origin that answered.
    """
    usage, model, resolution = task.get("usage"), task.get("model"), task.get("resolution")
    if region is None or not isinstance(usage, dict) or not isinstance(model, str) or not isinstance(resolution, str):
        return None
    larger = task.get("task_type") == "regeneration"
    mode = Mode.UPSCALE if larger else Mode.TEXT_TO_VIDEO
    row = facts.price(model, resolution, None, mode=mode, region=region)
    seconds = _count(usage.get("output_seconds"))
    if row is None or not row.per_second or not seconds:
        return None
    micros = row.micros * seconds
    for what, name in COUNTED.items():
        number = _count(usage.get(name, 0))
        if number is None or (number and larger):  # at what rate an upscale's references are billed is in no document
            return None
        extra = next(
            (
                one
                for one in facts.surcharges
                if (one.what, one.model, one.region) == (what, model, region) and one.resolution in {None, resolution}
            ),
            None,
        )
        if number and extra is None:
            return None
        micros += max(0.0, number - extra.free) * extra.micros if extra is not None else 0
    return math.ceil(micros), row.currency


def _count(value: object) -> float | None:
    micros = as_micros(value)
    return None if micros is None or micros > MOST * 1_000_000 else micros / 1_000_000
