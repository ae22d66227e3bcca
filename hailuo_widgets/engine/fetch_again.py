"""Fetch of the clip of a run that has ended, once more and for free.

The clip is copied from another archive, or downloaded again.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.engine.download import download, keep_poster
from hailuo_widgets.engine.other_archives import copied
from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.archive import Archived
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.followed_run import Follower

__all__ = ["brought"]


async def brought(ctx: Context, follower: Follower, equals: Sequence[RunRecord]) -> RunRecord | None:
    """Fetch the clip of the first of some equal runs that still has one, and return that run; None if none has."""
    for bring in (_from_an_archive, _from_the_provider):
        for found in equals:
            archived = await bring(ctx, follower, found)
            if archived is not None:
                await keep_poster(ctx, archived)
                return replace(
                    found,
                    video=archived.path.name,
                    video_bytes=archived.size,
                    video_width=archived.width,
                    video_height=archived.height,
                    video_seconds=archived.seconds,
                    video_sound=archived.sound,
                    sha256=archived.sha256,
                )
    return None


async def _from_an_archive(ctx: Context, _: Follower, found: RunRecord) -> Archived | None:
    here = await asyncio.to_thread(ctx.archive.adopt, found.run_id, found.sha256) if found.sha256 else None
    return here or await copied(ctx, found)


async def _from_the_provider(ctx: Context, follower: Follower, found: RunRecord) -> Archived | None:
    if found.task_id is None or follower.stopped:
        return None
    try:
        _, archived = await download(ctx, follower, await ctx.clients.client_of(found), found, ended=True)
    except HailuoError as e:
        await ctx.recorder.note(found.run_id, RunEvent.CLIP_EXPIRED, {"error": e.message})
        return None
    return archived
