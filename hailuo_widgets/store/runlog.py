"""What the engine and the tables ask of the run log."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from hailuo_widgets.domain.budget import Permit, TaskIdTaken
from hailuo_widgets.domain.run import ENDS, RunRecord, may_become
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import clips, health, leases
from hailuo_widgets.store import result_claims as results
from hailuo_widgets.store import votes as ballots
from hailuo_widgets.store.backup import backup
from hailuo_widgets.store.budgets import check_budgets, has_place, take_turn
from hailuo_widgets.store.cancels import asked_for
from hailuo_widgets.store.database import BUSY_S, Database
from hailuo_widgets.store.restore import restore
from hailuo_widgets.store.run_queries import Reading
from hailuo_widgets.store.schema import events, from_row, plain, runs, to_row
from hailuo_widgets.store.text import check_text, storable
from hailuo_widgets.system import forks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.vote import Vote

__all__ = ["RunLog", "TaskIdTaken"]

T = TypeVar("T")
RESCUED = "adopted from the rescue file"


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hailuo-store")


def _rows(run_ids: Iterable[str]) -> sa.Select[Any]:
    return sa.select(runs).where(runs.c.run_id.in_(list(run_ids))).order_by(runs.c.run_id)


def _astray(said: str, run_id: str) -> StoreError:
    error = StoreError(said, run_id=run_id)
    error.astray = True
    return error


class RunLog(Reading):
    """The run log. Its methods block: ``ask`` runs one in the log's own thread for a coroutine, ``call`` for others.

    Args:
        url: The store's SQLAlchemy URL.
        busy_s: Seconds to wait for another process's lock.
        notice: Told, in the log's thread, what a user should know of the store.

    Raises:
        UsageError: It is no URL.
    """

    def __init__(self, url: str, *, busy_s: float = BUSY_S, notice: Callable[[str], None] | None = None) -> None:
        super().__init__(Database(url, busy_s=busy_s, notice=notice))
        self._thread = _one_thread()
        forks.follow(self)

    def submit(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """Run a method in the log's thread, after all that were given to it before."""
        return self._thread.submit(method, *args, **kwargs)

    async def ask(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Await a method in the log's thread. A cancelled wait does not undo it."""
        return await asyncio.wrap_future(self.submit(method, *args, **kwargs))

    def call(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The result of a method, waited for."""
        return self.submit(method, *args, **kwargs).result()

    def close(self) -> None:
        """Finish what was given and let go of the store."""
        self._thread.shutdown(wait=True)
        self.database.close()

    def place(self) -> str:
        """Where the store is, as a user knows it."""
        return self.database.where

    def before_fork(self) -> None:
        """Nothing: the database waits for the thread's transaction."""

    def after_fork(self, *, child: bool) -> None:
        """A child has no thread but the one that forked; it starts its own when it is asked for something."""
        if child:
            self._thread = _one_thread()

    # -- writing --------------------------------------------------------------------------------------------------

    def add(self, records: Sequence[RunRecord], owner: str | None = None) -> None:
        """Write new runs, all or none, as followed by ``owner``.

        Raises:
            UsageError: A text holds what no store can keep; nothing was written.
        """
        rows = [to_row(r) for r in records]
        for row in rows:
            for name, value in row.items():
                check_text(name, value)
        now = datetime.now(UTC)
        lease = {"session": owner, "owner": owner, "lease_until": now + leases.LEASE if owner else None}
        with self.database.write() as c:
            c.execute(runs.insert(), [row | lease for row in rows])
            c.execute(
                events.insert(),
                [{"run_id": r.run_id, "at": now, "what": "planned", "data": {"hash": r.request_hash}} for r in records],
            )

    def note(self, run_id: str, what: str, data: Mapping[str, Any] | None = None) -> None:
        """Write that a step is about to be taken, or what came of it."""
        with self.database.write() as c:
            self._one(c, run_id)
            self._note(c, run_id, what, data or {})

    def change(self, run_id: str, what: str, data: Mapping[str, Any] | None = None, **changes: Any) -> RunRecord:
        """Change a run and write why, in one transaction; the record as it is now.

        Raises:
            StoreError: There is no such run, or its status may not become the new one.
            TaskIdTaken: ``task_id`` belongs to another run.
        """
        taken = False
        try:
            with self.database.write() as c:
                return self._change(c, self._one(c, run_id), what, data or {}, changes)
        except exc.IntegrityError:
            taken = "task_id" in changes
            if not taken:
                raise
        raise TaskIdTaken(f"the gateway returned a task id already used: {changes['task_id']}", run_id=run_id)

    def advance(self, run_id: str, what: str, data: Mapping[str, Any] | None = None, **changes: Any) -> RunRecord:
        """As :meth:`change`, for who follows a run: one that came to an end meanwhile stays as it is.

        Another kernel may have brought it there, or the user; only users take a run out of an end.
        """
        with self.database.write() as c:
            record = self._one(c, run_id)
            return record if record.status in ENDS else self._change(c, record, what, data or {}, changes)

    def accept(self, run_id: str, data: Mapping[str, Any], **changes: Any) -> RunRecord:
        """Write an accepted create in one transaction: its run's, and those of the task's further results.

        Raises:
            TaskIdTaken: The task id belongs to another run.
        """
        try:
            with self.database.write() as c:
                record = self._one(c, run_id)
                if record.client_uuid is not None:
                    beside = (runs.c.client_uuid == record.client_uuid) & (runs.c.run_id != run_id)
                    rows = c.execute(sa.select(runs).where(beside, runs.c.status == "planned")).mappings().all()
                    for row in rows:
                        self._change(c, from_row(dict(row)), "its task was accepted", data, changes)
                return self._change(c, record, "create was accepted", data, changes)
        except exc.IntegrityError:
            # Raised below, outside of the handler: a database's own error says nothing to a user.
            pass
        raise TaskIdTaken(f"the gateway returned a task id already used: {changes['task_id']}", run_id=run_id)

    def take_result(
        self, run_id: str, ready: Sequence[str], failures: Sequence[Mapping[str, Any]] = (), *, pending: int = 0
    ) -> tuple[RunRecord, results.Share]:
        """Give a run one of its task's results, or one of its failures, in one transaction.

        Args:
            run_id: The run.
            ready: The results that are there, by their identities.
            failures: What each of the task's failures would change in a run. One is this run's where none of the
                results is, and the task's other runs have not failed as often.
            pending: How many results are still being made.

        Returns:
            The run as it is now, and what it has of the results.
        """
        with self.database.write() as c:
            record = self._one(c, run_id)
            share = results.claim(c, record, ready)
            mine = share.file_id is None and record.file_id is None and record.status not in ENDS
            if mine and share.failed < min(len(failures), share.runs - len(ready) - pending):
                return self._change(c, record, "failed", {}, failures[share.failed]), share
            return self._one(c, run_id), share

    def restore(self, record: RunRecord, owner: str) -> None:
        """Write a run as its follower knows it; see :mod:`hailuo_widgets.store.restore`."""
        taken = False
        try:
            with self.database.write() as c:
                restore(c, record, owner)
        except exc.IntegrityError:
            taken = True
        if taken:
            raise StoreError(f"run {record.run_id} cannot be written again: its task id is another run's")

    def rescue(self, run_id: str, data: Mapping[str, Any], *, why: str = RESCUED, **changes: Any) -> RunRecord | None:
        """Write a task id that was paid for and kept outside of the log, for each result of the task that has none.

        Args:
            run_id: One of the task's runs.
            data: What the log is to hold beside it.
            why: Where the task id comes from.
            changes: What else becomes of the runs.

        Returns:
            The record as it is now; None where the run has a task id already, or came to another end.

        Raises:
            StoreError: There is no such run.
            TaskIdTaken: The task id belongs to another run.
        """
        try:
            with self.database.write() as c:
                record = self._one(c, run_id)
                beside = runs.c.run_id == run_id
                if record.client_uuid is not None:
                    beside |= runs.c.client_uuid == record.client_uuid
                waiting = runs.c.task_id.is_(None) & runs.c.status.in_(("planned", "submitting", "unconfirmed"))
                rows = c.execute(sa.select(runs).where(beside, waiting)).mappings().all()
                ids = [self._change(c, from_row(dict(row)), why, data, changes).run_id for row in rows]
                return self._one(c, run_id) if run_id in ids else None
        except exc.IntegrityError:
            pass  # raised below, as in accept
        raise TaskIdTaken(f"the gateway returned a task id already used: {changes['task_id']}", run_id=run_id)

    def reserve(self, run_id: str, permit: Permit, data: Mapping[str, Any], **changes: Any) -> RunRecord | None:
        """Let a planned run be sent: it becomes ``submitting``, and its price is reserved.

        Returns:
            The record, which is ``cancelled`` where another kernel wished so; None while the account has no place for
            another task, across all kernels on this store.

        Raises:
            BudgetExceeded: Its price fits one of the budgets no more.
        """
        with self.database.write() as c:
            record = self._one(c, run_id)
            if record.status != "planned":  # to stay as it is would be legal, and would send it a second time
                raise StoreError(f"run {run_id} is {record.status}: it is not sent again", run_id=run_id)
            if asked_for(c, [run_id]):
                return self._change(c, record, "cancelled before it was sent", {}, {"status": "cancelled"})
            origin = str(changes["origin"])
            if not has_place(c, record.request.provider, origin, permit):
                return None
            check_budgets(c, permit)
            reserved = {"reserved_micros": permit.micros, "reserved_currency": permit.currency}
            return self._change(c, record, "create is sent", data, {**changes, **reserved, "status": "submitting"})

    def take_turn(self, account: str, per_minute: int) -> float:
        """Count a request of an account in this minute; else the seconds until there is room for it."""
        with self.database.write() as c:
            return take_turn(c, account, per_minute)

    def claim(self, run_ids: Iterable[str], owner: str, is_dead: Callable[[str], bool]) -> list[RunRecord]:
        """Take up runs that nobody follows: without an owner, with an expired lease, or with a dead owner.

        Args:
            run_ids: The runs that are wanted.
            owner: Who takes them.
            is_dead: Whether an owner is certainly gone.

        Returns:
            Those that are ``owner``'s now.
        """
        with self.database.write() as c:
            return [from_row(row) for row in leases.claim(c, run_ids, owner, is_dead)]

    def renew(self, run_ids: Iterable[str], owner: str) -> dict[str, bool]:
        """Keep the leases of runs that are still followed; see :func:`hailuo_widgets.store.leases.renew`."""
        with self.database.write() as c:
            return leases.renew(c, run_ids, owner)

    def release(self, run_id: str, owner: str) -> None:
        """End a lease: nobody follows the run any more."""
        with self.database.write() as c:
            leases.release(c, run_id, owner)

    def judge(self, run_id: str, what: str, **said: Any) -> list[RunRecord]:
        """Write what a user says of the clip that a run shows: ``rating``, ``note``, ``clip_tags``.

        Returns:
            All runs that show the clip, as they are now.

        Raises:
            StoreError: There is no such run.
            UsageError: A text holds what no store can keep; nothing was written.
        """
        for name, value in said.items():
            check_text(name.removeprefix("clip_"), value)
        with self.database.write() as c:
            shown = clips.judge(c, self._one(c, run_id), said)
            self._note(c, run_id, what, plain(said))
            rows = [row for some in clips.chunks(shown) for row in c.execute(_rows(some)).mappings()]
            return clips.records_of(c, rows)

    def vote(self, vote: Vote) -> None:
        """Write what somebody said of two runs.

        Raises:
            StoreError: One of them is not in the log.
            UsageError: A text holds what no store can keep.
        """
        with self.database.write() as c:
            for run_id in (vote.left_run, vote.right_run):
                self._one(c, run_id)
            ballots.add(c, vote)

    def withdraw(self, vote_id: str) -> None:
        """Take a vote back; it stays in the log, as withdrawn."""
        with self.database.write() as c:
            ballots.withdraw(c, vote_id)

    def notes(self) -> list[str]:
        """What a user should know of the place that the store is in, each once: for example a network disk."""
        return self.database.notes()

    def backup(self, target: str | Path | None = None) -> Path:
        """Copy the store to a file that is not there yet; see :func:`hailuo_widgets.store.backup.backup`."""
        return backup(self.database, target)

    def check(self) -> str:
        """The store's schema number and integrity, as a sentence."""
        return health.check(self.database)

    def _change(
        self, c: sa.Connection, record: RunRecord, what: str, data: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> RunRecord:
        run_id, status = record.run_id, changes.get("status", record.status)
        if not may_become(record.status, status):
            raise _astray(f"run {run_id} is {record.status} and cannot become {status}", run_id)
        if record.reused_from:  # what is said of a clip stands with the run that paid for it
            said = {name: value for name, value in changes.items() if name in clips.SAID}
            clips.judge(c, record, said)
            changes = {name: value for name, value in changes.items() if name not in said}
        if changes:
            c.execute(runs.update().where(runs.c.run_id == run_id).values(**storable(plain(changes))))
        self._note(c, run_id, what, data)
        return self._one(c, run_id)

    def _note(self, c: sa.Connection, run_id: str, what: str, data: Mapping[str, Any]) -> None:
        c.execute(events.insert().values(run_id=run_id, at=datetime.now(UTC), what=what, data=storable(data)))

    def _one(self, c: sa.Connection, run_id: str) -> RunRecord:
        row = c.execute(sa.select(runs).where(runs.c.run_id == run_id)).mappings().first()
        if row is None:
            raise _astray(f"run {run_id} is not in the log at {self.database.where}", run_id)
        return clips.records_of(c, [row])[0]
