"""Stars, notes and tags of clips: read from the run log and written to it.

Whoever shows a run is told of each change.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.events import RunEvent
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["heard", "remark", "remarked", "with_remarks"]


def remark(session: WorkspaceBase, run_id: str, what: RunEvent, **said: Any) -> None:
    """Write a rating, note or tags of a run's clip; see :meth:`hailuo_widgets.store.runlog.RunLog.judge`."""
    heard(session, session.log.call(session.log.judge, run_id, what, **said))


def remarked(session: WorkspaceBase, run_id: str) -> RunRecord:
    """A run with the log's annotations of its clip: another run or another kernel may have annotated it."""
    try:
        return session.log.call(session.log.get, run_id)
    except HailuoError:
        return session.engine.record(run_id)  # the latest known record, if the log cannot be read


async def with_remarks(session: WorkspaceBase, run_ids: Iterable[str]) -> list[RunRecord]:
    """The current records of runs, with the log's annotations of their clips."""
    found = await session.records(run_ids)
    said: dict[str, RunRecord] = {}
    with contextlib.suppress(HailuoError):  # then the latest known annotations are used
        said = {r.run_id: r for r in await session.log.ask(session.log.find, run_ids=[r.run_id for r in found])}
    return [_with(r, said.get(r.run_id, r)) for r in found]


def heard(session: WorkspaceBase, records: Iterable[RunRecord]) -> None:
    """Give the engine the log's annotations of clips, and nothing else: it knows the status of its runs best."""
    for r in records:
        with contextlib.suppress(KeyError):  # a run that this engine does not know
            session.engine.runs.learn(_with(session.engine.runs.known(r.run_id), r))


def _with(record: RunRecord, said: RunRecord) -> RunRecord:
    return replace(record, rating=said.rating, note=said.note, clip_tags=said.clip_tags)
