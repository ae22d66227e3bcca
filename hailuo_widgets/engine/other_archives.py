"""Lookup of clips in the archives of other homes on the same log.

The log names the other archive's folder, and the log is input: a file there is looked at only under the name that the
run's clip would have, and copied only where its bytes have the run's SHA-256.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive import clip_in, open_regular
from hailuo_widgets.domain.events import FOLDER, RunEvent
from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hailuo_widgets.archive import Archive, Archived
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context

__all__ = ["copied", "place_of"]

MOST_FOLDERS = 8
_PIECE = 1 << 20


def place_of(record: RunRecord, events: Iterable[Mapping[str, Any]], archive: Archive) -> Path | None:
    """Return the path of a run's clip in another readable archive; None if there is none."""
    came = {RunEvent.CLIP_DOWNLOADED, RunEvent.CLIP_COPIED}
    told = [e["data"].get(FOLDER) for e in events if e["what"] in came and isinstance(e["data"], dict)]
    for word in list(dict.fromkeys(told[::-1]))[:MOST_FOLDERS]:
        path = _in_folder(word, record, archive)
        if path is not None:
            return path
    return None


def _in_folder(word: object, record: RunRecord, archive: Archive) -> Path | None:
    if not isinstance(word, str) or not record.sha256 or not record.video_bytes:
        return None
    if word.startswith(("//", "\\\\")):  # a share of another machine: it is not asked for anything
        return None
    if not re.fullmatch(rf"{re.escape(record.run_id)}(?:\.[1-9][0-9]?)?\.mp4", record.video or ""):
        return None
    with contextlib.suppress(OSError, ValueError):
        folder = Path(word)
        near = not folder.is_absolute() or folder == archive.root
        path = None if near else clip_in(folder, record.video)
        if path is not None and path.stat().st_size == record.video_bytes <= archive.max_bytes:
            return path
    return None


async def copied(ctx: Context, record: RunRecord) -> Archived | None:
    """Copy a run's clip from another archive; None if no archive has it, or its bytes have changed."""
    events = await ctx.log.ask(ctx.log.events, record.run_id)
    path = await asyncio.to_thread(place_of, record, events, ctx.archive)
    if path is None:
        return None
    try:
        archived = await asyncio.to_thread(_copy, ctx.archive, path, record)
    except (HailuoError, OSError):
        return None
    await ctx.recorder.note(
        record.run_id, RunEvent.CLIP_COPIED, {FOLDER: str(ctx.archive.root), "from": str(path.parent)}
    )
    return archived


def _copy(archive: Archive, path: Path, record: RunRecord) -> Archived:
    part = archive.part(record.run_id)
    try:
        if part.offset:
            part.restart()
        with os.fdopen(open_regular(path), "rb") as source:
            while piece := source.read(_PIECE):
                part.write(piece)
        return archive.publish(part, expected_sha256=record.sha256)
    finally:
        part.discard()
