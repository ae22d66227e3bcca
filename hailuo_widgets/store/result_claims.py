"""Which result of a task belongs to which of its runs: each result to one run, across all kernels on a store.

A create call may make several clips under one task id, each a run of its own. The gateway names them as they get ready,
in any order. A run claims one by its identity, which is kept as the run's ``file_id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.run import ENDS
from hailuo_widgets.store.schema import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Share", "claim"]


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a run has of its task's results.

    Args:
        file_id: The result that is this run's; None where none of those that are there is.
        runs: How many runs the task has.
        failed: How many of the other ones failed with the task.
    """

    file_id: str | None
    runs: int
    failed: int


def claim(c: sa.Connection, record: RunRecord, ready: Sequence[str]) -> Share:
    """Take one of the results that are ready for a run, in the transaction that sees what the others have.

    Args:
        c: The transaction.
        record: The run.
        ready: The identities of the results that are there. The one at the run's own place is taken if it is free.
    """
    same = (runs.c.provider == record.request.provider) & (runs.c.task_id == record.task_id)
    same &= runs.c.origin.is_(None) if record.origin is None else runs.c.origin == record.origin
    query = sa.select(runs.c.run_id, runs.c.file_id, runs.c.status, runs.c.error).where(same)
    others = [dict(row) for row in c.execute(query).mappings() if row["run_id"] != record.run_id]
    failed = sum(row["status"] == "failed" and not _undelivered(row["error"]) for row in others)
    mine = record.file_id
    if mine is None and record.status not in ENDS:
        taken = {row["file_id"] for row in others}
        free = [n for n, result in enumerate(ready) if result not in taken]
        if free:
            mine = ready[record.result_index if record.result_index in free else free[0]]
            c.execute(runs.update().where(runs.c.run_id == record.run_id).values(file_id=mine))
    return Share(file_id=mine if mine in ready else None, runs=len(others) + 1, failed=failed)


def _undelivered(error: Any) -> bool:
    """Whether a run failed with its clip made: only bringing it here did not work."""
    return isinstance(error, dict) and error.get("kind") == "DownloadError"
