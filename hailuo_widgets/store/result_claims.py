"""Claims on a task's results: each result goes to one of its runs, across all kernels on a store.

One create call may make several clips under one task id; each is a run. The provider lists the clips as they get ready,
in any order. A run claims one by the result's identity, which becomes the run's ``file_id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.store.schema import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Share", "claim"]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A run's share of its task's results.

    Args:
        file_id: This run's result; None if none of the ready ones is.
        runs: How many runs the task has.
        failed: How many of the other runs failed with the task.
    """

    file_id: str | None
    runs: int
    failed: int


def claim(c: sa.Connection, record: RunRecord, ready: Sequence[str]) -> Share:
    """Claim one of the ready results for a run, in the transaction that reads the other runs' claims.

    Args:
        c: The transaction.
        record: The run.
        ready: The identities of the ready results. The one at the run's own index is preferred.
    """
    same = (runs.c.provider == record.request.provider) & (runs.c.task_id == record.task_id)
    same &= runs.c.origin.is_(None) if record.origin is None else runs.c.origin == record.origin
    query = sa.select(runs.c.run_id, runs.c.file_id, runs.c.status, runs.c.error).where(same)
    others = [dict(row) for row in c.execute(query).mappings() if row["run_id"] != record.run_id]
    failed = sum(row["status"] == "failed" and not _undelivered(row["error"]) for row in others)
    mine = record.file_id
    if mine is None and record.status.live:
        taken = {row["file_id"] for row in others}
        free = [n for n, result in enumerate(ready) if result not in taken]
        if free:
            mine = ready[record.result_index if record.result_index in free else free[0]]
            c.execute(runs.update().where(runs.c.run_id == record.run_id).values(file_id=mine))
    return Share(file_id=mine if mine in ready else None, runs=len(others) + 1, failed=failed)


def _undelivered(error: Any) -> bool:
    """Whether the clip was made and only its download failed."""
    return isinstance(error, dict) and error.get("kind") == "DownloadError"
