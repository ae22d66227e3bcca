"""A run's pictures, which the log keeps by their hash alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.request import IMAGE_FIELDS

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.engine import Engine

__all__ = ["with_inputs"]


async def with_inputs(engine: Engine, record: RunRecord) -> RunRecord:
    """The record with the bytes of its pictures, from the archive."""
    images = {}
    for name in IMAGE_FIELDS:
        image = getattr(record.request, name)
        if image is not None and image.sha256 and image.data is None:
            data = await asyncio.to_thread(engine.archive.read_input, image.sha256)
            images[name] = replace(image, data=data)
    return replace(record, request=replace(record.request, **images)) if images else record
