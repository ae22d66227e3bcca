"""A task id that was paid for and could not be committed: tried again, and kept beside the store meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.engine.limits import backoff_s
from hailuo_widgets.errors import StoreError, Unconfirmed
from hailuo_widgets.store.runlog import TaskIdTaken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.core import Engine

__all__ = ["keep_accepted"]

TRIES = 5
RESCUE_FILE = "rescue.jsonl"


async def keep_accepted(
    engine: Engine, record: RunRecord, task_id: str, data: Mapping[str, Any], changes: Mapping[str, Any]
) -> RunRecord:
    """Commit an accepted create.

    Raises:
        StoreError: It could not be; the error and the rescue file hold the task id.
    """
    failure: StoreError | None = None
    for attempt in range(1, TRIES + 1):
        try:
            return await engine.write_accepted(record.run_id, data, changes)
        except TaskIdTaken as e:
            error = Unconfirmed(e.message, provider=record.request.provider, hint="ask the provider's support")
            return await engine.fail(record, error, status="unconfirmed")
        except StoreError as e:
            failure = e
            if attempt == 1:
                await asyncio.to_thread(write_rescue, engine.settings.home / RESCUE_FILE, record, task_id)
            await asyncio.sleep(backoff_s(attempt))
    message = failure.message if failure else "unknown"
    raise StoreError(
        f"the create call was accepted as task {task_id}, and the log could not be written: {message}",
        provider=record.request.provider,
        run_id=record.run_id,
        hint=f"when the log works again: hw.run({record.run_id!r}).adopt({task_id!r}); the id is in {RESCUE_FILE} too",
    )


def write_rescue(path: Path, record: RunRecord, task_id: str) -> None:
    """Append the task id to the rescue file and sync it."""
    line = {
        "at": datetime.now(UTC).isoformat(),
        "run_id": record.run_id,
        "provider": record.request.provider,
        "task_id": task_id,
    }
    try:
        handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.write(handle, (json.dumps(line) + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:
        return  # the error that follows names the task id to the user
