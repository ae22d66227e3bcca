"""Rescue file: task ids that were paid for and could not be written to the log.

The rescue file holds one JSON object a line: ``at``, ``run_id``, ``provider``, ``task_id`` and ``changes``, what the
accepted create call was to change in the log. Lines are only appended. The file is put aside, never deleted, when each
of its lines is settled in the log.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.budget import TaskIdTaken
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.engine.task_details import small_details
from hailuo_widgets.errors import StoreError
from hailuo_widgets.provider.parse import as_task_id
from hailuo_widgets.redaction.redact import redact
from hailuo_widgets.settings.settings import ASK_ABOVE_COST
from hailuo_widgets.system.private_files import make_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.store import RunLog

__all__ = ["RESCUE_FILE", "adopt_own", "adopt_rescued", "forget_unwritten", "remember_unwritten", "write_rescue"]

RESCUE_FILE = "rescue.jsonl"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # a planted link must not make us append to another file
_PRICE = ("cost_micros", "cost_kind", "currency")
_DETAILS = "task_details"
_RUN_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_KINDS = frozenset({"list", "reported", "estimated"})  # the last one is an earlier version's word for the first
_CURRENCIES = frozenset(ASK_ABOVE_COST)
MOST_MICROS = 10**15  # of any currency
CLOCKS_APART = timedelta(days=1)  # so much the clocks of two machines, or of one that was set, may differ
MOST_SHOWN = 200  # characters of a line that is no line of ours
_unwritten: dict[str, dict[str, Any]] = {}  # by run: lines with the task ids that this process has and no log yet


def remember_unwritten(record: RunRecord, task_id: str, changes: Mapping[str, Any], *, at: datetime) -> None:
    """Keep a task ID in memory until the log has it; ``adopt_own`` looks there first."""
    _unwritten[record.run_id] = _line(record, task_id, changes, at)


def forget_unwritten(run_id: str) -> None:
    """Forget a task ID that the log has."""
    _unwritten.pop(run_id, None)


def write_rescue(
    path: Path, record: RunRecord, task_id: str, changes: Mapping[str, Any] | None = None, *, at: datetime
) -> bool:
    """Append the task ID to the rescue file, sync it, and return whether it is there."""
    # The line break before it parts it from a line that a full disk left unfinished.
    text = f"\n{json.dumps(_line(record, task_id, changes, at))}\n".encode()
    try:
        make_private(path.parent)
        for _ in range(3):
            handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY | _NO_LINK, 0o600)
            try:
                if os.write(handle, text) != len(text):
                    return False
                os.fsync(handle)
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return True
            except FileNotFoundError:
                pass  # put aside by another kernel since it was opened, perhaps before it saw this line: once more
            finally:
                os.close(handle)
    except OSError:
        pass  # the error that follows names the task id to the user
    return False


def _line(record: RunRecord, task_id: str, changes: Mapping[str, Any] | None, at: datetime) -> dict[str, Any]:
    return {
        "at": at.isoformat(),
        "run_id": record.run_id,
        "provider": record.request.provider,
        "task_id": task_id,
        "changes": {k: v for k, v in (changes or {}).items() if k in {*_PRICE, _DETAILS}}
        | {"simulated": record.simulated},
    }


def adopt_own(log: RunLog, home: Path, run_id: str) -> RunRecord:
    """Return a run without a reply in the log, with the task ID from this process or the rescue file.

    It is the run as the log has it then, with a task id or without. Blocks for the log. The rescue file stays as it is:
    what there is to say of its lines, ``adopt_rescued`` says.

    Raises:
        StoreError: The log cannot be asked or written, or the rescue file cannot be read.
    """
    record = log.call(log.get, run_id)
    if record.task_id is not None or record.status not in {"submitting", "unconfirmed"}:
        return record
    if (mine := _unwritten.get(run_id)) is not None:
        _adopt(log, mine)
    found = log.call(log.get, run_id)
    if found.task_id is not None:
        return found
    for line in [*list(_unwritten.values()), *_lines_of(home)]:
        if _is_of(log, record, line["run_id"]):
            _adopt(log, line)
    return log.call(log.get, run_id)


def _lines_of(home: Path) -> list[dict[str, Any]]:
    path = home / RESCUE_FILE
    try:
        raw = read_regular(path)
    except FileNotFoundError:
        return []
    except OSError as e:
        why = e.strerror or str(e)
    else:
        read = [_read(text) for text in raw.decode("utf-8", "replace").split("\n")]
        return [line for line in read if line is not None]
    raise StoreError(
        f"{path} may hold the task id of a run that was paid for, and cannot be read: {why}",
        hint="make it readable, or move it away if it is no file of ours, and try again",
    )


def _is_of(log: RunLog, record: RunRecord, run_id: str) -> bool:
    """Return whether a line is about the run, or another result of the same create call."""
    if run_id == record.run_id or record.client_uuid is None:
        return run_id == record.run_id
    return any(other.client_uuid == record.client_uuid for other in log.call(log.find, run_ids=[run_id]))


def adopt_rescued(log: RunLog, home: Path) -> list[str]:
    """Write the task IDs of the rescue file to the log, and return a sentence on each. Blocks for the log.

    The file is put aside as ``rescue-<time>.done`` after that, unless a line belongs to a run that this log does not
    have: then it stays, for the log that does.

    Raises:
        StoreError: The log cannot be written; the file stays.
    """
    path = home / RESCUE_FILE
    try:
        raw = read_regular(path)
    except FileNotFoundError:
        return []
    except OSError as e:
        return [f"{path} holds task ids that were paid for, and cannot be read: {e.strerror or e}"]
    said, settled = _adopt_lines(log, path, raw)
    if not settled:
        return said
    done = home / f"rescue-{log.clock.now():%Y%m%dT%H%M%S.%fZ}.done"
    try:
        path.rename(done)
        more = read_regular(done)[len(raw) :]  # what another kernel appended meanwhile
    except OSError as e:
        return [*said, f"{path} could not be put aside: {e.strerror or e}"] if path.exists() else said
    return said + _adopt_lines(log, done, more)[0]


def _adopt_lines(log: RunLog, path: Path, raw: bytes) -> tuple[list[str], bool]:
    said: list[str] = []
    settled = True
    for number, text in enumerate(raw.decode("utf-8", "replace").split("\n"), 1):
        if not text.strip():
            continue
        line = _read(text)
        if line is None:
            said.append(
                f"line {number} of {path} is not whole; it may hold the task id of a run that is unconfirmed: "
                f"{_shown(text)}"
            )
            continue
        sentence, known = _adopt(log, line)
        settled = settled and known
        if sentence:
            said.append(sentence if known else f"{sentence}; the line stays in {path}")
    return said, settled


def _shown(text: str) -> str:
    """Return the beginning of an untrusted line for display, without control characters and keys."""
    return redact("".join(c for c in text.strip()[: 2 * MOST_SHOWN] if c.isprintable()))[:MOST_SHOWN]


def _read(text: str) -> dict[str, Any] | None:
    """Return a line's object; None if this package did not write it."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not isinstance(line.get("provider"), str):
        return None
    run_id, task_id = line.get("run_id"), line.get("task_id")
    ours = isinstance(run_id, str) and _RUN_ID.fullmatch(run_id)
    return line if ours and isinstance(task_id, str) and as_task_id(task_id) == task_id else None


def _adopt(log: RunLog, line: Mapping[str, Any]) -> tuple[str, bool]:
    """Process one line; return a sentence for the user ("" if nothing was to do), and whether the run is known."""
    run_id, task_id = line["run_id"], line["task_id"]
    try:
        before = log.call(log.find, run_ids=[run_id])
        if not before:
            return f"run {run_id}, accepted as task {task_id}, is not in the log at {log.place()}", False
        if before[0].task_id == task_id:
            return "", True
        if before[0].request.provider != line["provider"]:
            return f"run {run_id} is not of the provider that accepted task {task_id}: it was left as it is", True
        changed = log.call(log.rescue, run_id, {"task_id": task_id}, **_changes(line, before[0], log.clock.now()))
    except TaskIdTaken:
        return f"run {run_id}: task {task_id} belongs to another run; ask the provider's support", True
    if changed is None:
        log.call(log.note, run_id, RunEvent.IN_RESCUE_FILE, {"task_id": task_id})
        now = log.call(log.get, run_id)
        return f"run {run_id} is {now.status}; its create call was accepted as task {task_id}", True
    return f"run {run_id} has its task id {task_id} again, from the rescue file: hw.resume() follows it", True


def _changes(line: Mapping[str, Any], record: RunRecord, now: datetime) -> dict[str, Any]:
    """Return what an accepted create call changes, from a line; only ``simulated`` is taken from the log."""
    return {
        **_price(line.get("changes")),
        **_details(line.get("changes")),
        "submitted_at": _submitted_at(line.get("at"), record, now),
        "status": "queued",
        "task_id": line["task_id"],
        "finished_at": None,
        "error": None,
    }


def _price(told: Any) -> dict[str, Any]:
    """Return the cost of the call from a line; empty if a part of it is not valid."""
    micros, kind, currency = (told.get(name) if isinstance(told, dict) else None for name in _PRICE)
    whole = isinstance(micros, int) and not isinstance(micros, bool) and 0 <= micros < MOST_MICROS
    named = isinstance(kind, str) and isinstance(currency, str) and kind in _KINDS and currency in _CURRENCIES
    if not (whole and named):
        return {}
    return {"cost_micros": micros, "cost_kind": kind, "currency": currency}


def _details(told: Any) -> dict[str, Any]:
    """Return the task's details from a line; empty if it has none."""
    kept, _ = small_details(told.get(_DETAILS) if isinstance(told, dict) else {})
    return {_DETAILS: kept} if kept else {}


def _submitted_at(told: Any, record: RunRecord, now: datetime) -> datetime:
    """Return when a call was accepted, from a line; now, if the line's time is not valid."""
    try:
        at = datetime.fromisoformat(told)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return now
    return at if record.created_at - CLOCKS_APART <= at <= now + CLOCKS_APART else now
