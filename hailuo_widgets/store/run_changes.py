"""Changes of runs, each inside a transaction of the caller.

Each change of a run's row writes an event with the reason, in the same transaction. All functions block.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.budget import EqualRunSent
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.run import RunRecord, Status, may_become
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import clips, equal_runs, leases
from hailuo_widgets.store import result_claims as results
from hailuo_widgets.store.budgets import check_budgets, has_place
from hailuo_widgets.store.schema import events, from_row, plain, runs, to_row
from hailuo_widgets.store.text import check_text, storable
from hailuo_widgets.store.transaction_time import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hailuo_widgets.domain.budget import Permit

__all__ = [
    "accept",
    "add",
    "advance",
    "change",
    "judge",
    "note",
    "one",
    "rescue",
    "reserve",
    "take_result",
]


def one(c: sa.Connection, run_id: str, where: str) -> RunRecord:
    """The run of an id.

    Args:
        c: The transaction.
        run_id: The whole id.
        where: The store, for the message.

    Raises:
        StoreError: There is no such run.
    """
    row = c.execute(sa.select(runs).where(runs.c.run_id == run_id)).mappings().first()
    if row is None:
        raise _astray(f"run {run_id} is not in the log at {where}", run_id)
    return clips.records_of(c, [row])[0]


def add(c: sa.Connection, records: Sequence[RunRecord], rows: Sequence[Mapping[str, Any]], owner: str | None) -> None:
    """Write new runs, whose rows are ``rows``, as followed by ``owner``."""
    moment = now(c)
    lease = {"session": owner, "owner": owner, "lease_until": moment + leases.LEASE if owner else None}
    c.execute(runs.insert(), [{**row, **lease} for row in rows])
    c.execute(
        events.insert(),
        [
            {"run_id": r.run_id, "at": moment, "what": RunEvent.PLANNED.value, "data": {"hash": r.request_hash}}
            for r in records
        ],
    )


def checked_rows(records: Iterable[RunRecord]) -> list[dict[str, Any]]:
    """Rows of the runs' table for new runs.

    Raises:
        UsageError: A text holds what no store can keep.
    """
    rows = [to_row(r) for r in records]
    for row in rows:
        for name, value in row.items():
            check_text(name, value)
    return rows


def note(c: sa.Connection, run_id: str, what: RunEvent, data: Mapping[str, Any]) -> None:
    """Write an event of a run."""
    c.execute(events.insert().values(run_id=run_id, at=now(c), what=str(what), data=storable(data)))


def change(
    c: sa.Connection, record: RunRecord, what: RunEvent, data: Mapping[str, Any], changes: Mapping[str, Any]
) -> RunRecord:
    """Change a run and write why; the record as it is now.

    Raises:
        StoreError: The run's status may not become the new one.
        sqlalchemy.exc.IntegrityError: The task id is another run's.
    """
    run_id, status = record.run_id, changes.get("status", record.status)
    if not may_become(record.status, status):
        raise _astray(f"run {run_id} is {record.status} and cannot become {status}", run_id)
    if record.reused_from:  # what is said of a clip stands with the run that paid for it
        said = {name: value for name, value in changes.items() if name in clips.SAID}
        clips.judge(c, record, said)
        changes = {name: value for name, value in changes.items() if name not in said}
    if changes:
        c.execute(runs.update().where(runs.c.run_id == run_id).values(**storable(plain(changes))))
    note(c, run_id, what, data)
    return _again(c, record)


def advance(
    c: sa.Connection, record: RunRecord, what: RunEvent, data: Mapping[str, Any], changes: Mapping[str, Any]
) -> RunRecord:
    """As :func:`change`, but a run that has ended stays as it is."""
    return record if record.status.ended else change(c, record, what, data, changes)


def accept(c: sa.Connection, record: RunRecord, data: Mapping[str, Any], changes: Mapping[str, Any]) -> RunRecord:
    """Write an accepted create call to its run, and to the runs of the task's further results."""
    if record.client_uuid is not None:
        beside = (runs.c.client_uuid == record.client_uuid) & (runs.c.run_id != record.run_id)
        rows = c.execute(sa.select(runs).where(beside, runs.c.status == Status.PLANNED)).mappings().all()
        for row in rows:
            change(c, from_row(dict(row)), RunEvent.TASK_ACCEPTED, data, changes)
    return change(c, record, RunEvent.CREATE_ACCEPTED, data, changes)


def take_result(
    c: sa.Connection,
    record: RunRecord,
    ready: Sequence[str],
    failures: Sequence[Mapping[str, Any]],
    *,
    pending: int,
) -> tuple[RunRecord, results.Share]:
    """Give a run one of its task's results, or one of its failures."""
    share = results.claim(c, record, ready)
    mine = share.file_id is None and record.file_id is None and record.status.live
    if mine and share.failed < min(len(failures), share.runs - len(ready) - pending):
        return change(c, record, RunEvent.FAILED, {}, failures[share.failed]), share
    return _again(c, record), share


def rescue(
    c: sa.Connection, record: RunRecord, data: Mapping[str, Any], why: RunEvent, changes: Mapping[str, Any]
) -> RunRecord | None:
    """Write a task id from outside of the log to each run of the task that has none; None if this run has one."""
    beside = runs.c.run_id == record.run_id
    if record.client_uuid is not None:
        beside |= runs.c.client_uuid == record.client_uuid
    waiting = runs.c.task_id.is_(None) & runs.c.status.in_((Status.PLANNED, Status.SUBMITTING, Status.UNCONFIRMED))
    rows = c.execute(sa.select(runs).where(beside, waiting)).mappings().all()
    ids = [change(c, from_row(dict(row)), why, data, changes).run_id for row in rows]
    return _again(c, record) if record.run_id in ids else None


def reserve(
    c: sa.Connection, record: RunRecord, permit: Permit, data: Mapping[str, Any], changes: Mapping[str, Any]
) -> RunRecord | None:
    """Let a planned run be sent, and reserve its price; None while the account has no place for another task.

    Raises:
        StoreError: The run is not planned.
        EqualRunSent: The permit asks for it, and an equal run may have been paid for.
        BudgetExceeded: Its price does not fit into one of the budgets.
    """
    if record.status != Status.PLANNED:  # to stay as it is would be legal, and would send it a second time
        raise StoreError(f"run {record.run_id} is {record.status}: it is not sent again", run_id=record.run_id)
    if leases.cancel_wished(c, [record.run_id]):
        return change(c, record, RunEvent.CANCELLED_BEFORE_SENT, {}, {"status": "cancelled"})
    origin = str(changes["origin"])
    if permit.alike is not None and equal_runs.is_sent(c, replace(record, origin=origin), permit.alike):
        raise EqualRunSent(f"an equal run of {record.run_id} was sent meanwhile", run_id=record.run_id)
    if not has_place(c, record.request.provider, origin, permit):
        return None
    check_budgets(c, permit)
    reserved = {"reserved_micros": permit.micros, "reserved_currency": permit.currency}
    return change(c, record, RunEvent.CREATE_SENT, data, {**changes, **reserved, "status": "submitting"})


def judge(c: sa.Connection, record: RunRecord, what: RunEvent, said: Mapping[str, Any]) -> list[RunRecord]:
    """Write what a user says of the clip that a run shows; all runs that show it, as they are now."""
    shown = clips.judge(c, record, said)
    note(c, record.run_id, what, plain(said))
    rows: list[sa.RowMapping] = []
    for some in clips.chunks(shown):
        rows += c.execute(sa.select(runs).where(runs.c.run_id.in_(some)).order_by(runs.c.run_id)).mappings()
    return clips.records_of(c, rows)


def _again(c: sa.Connection, record: RunRecord) -> RunRecord:
    """The record of a run, read anew in the transaction that has read it before."""
    row = c.execute(sa.select(runs).where(runs.c.run_id == record.run_id)).mappings().one()
    return clips.records_of(c, [row])[0]


def _astray(message: str, run_id: str) -> StoreError:
    error = StoreError(message, run_id=run_id)
    error.astray = True
    return error
