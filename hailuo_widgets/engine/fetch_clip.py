"""The clip of a run that has ended, brought here again, for free: copied from another archive, or downloaded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.engine.download import download, keep_poster
from hailuo_widgets.engine.other_archives import copied
from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.archive import Archived
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.engine import Engine
    from hailuo_widgets.engine.followed_run import Control

__all__ = ["brought"]


async def brought(engine: Engine, control: Control, equals: Sequence[RunRecord]) -> RunRecord | None:
    """The first of some equal runs whose clip can be had, with the file as it is here now; None where none can."""
    for bring in (_from_an_archive, _from_the_provider):
        for found in equals:
            archived = await bring(engine, control, found)
            if archived is not None:
                await keep_poster(engine, archived)
                return replace(
                    found,
                    video=archived.path.name,
                    video_bytes=archived.size,
                    video_width=archived.width,
                    video_height=archived.height,
                    sha256=archived.sha256,
                )
    return None


async def _from_an_archive(engine: Engine, _: Control, found: RunRecord) -> Archived | None:
    here = await asyncio.to_thread(engine.archive.adopt, found.run_id, found.sha256) if found.sha256 else None
    return here or await copied(engine, found)


async def _from_the_provider(engine: Engine, control: Control, found: RunRecord) -> Archived | None:
    if found.task_id is None or control.stopped:
        return None
    try:
        _, archived = await download(engine, control, await engine.clients.gateway(found), found, ended=True)
    except HailuoError as e:
        await engine.note(found.run_id, "the clip is no longer at the provider", {"error": e.message})
        return None
    return archived
