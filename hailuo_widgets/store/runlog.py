"""Facade of the run log: each question and each change, run in the log's own thread.

The methods block. :meth:`RunLog.ask` awaits one in the log's thread, :meth:`RunLog.call` waits for it, and
:meth:`RunLog.submit` returns a future. SQLAlchemy (0.2 s) is imported by the method that first needs the store: in the
log's thread, and not in the cell that asks.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from hailuo_widgets.domain.budget import ConstraintBroken, TaskIdTaken
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store.run_queries import RunQueries
from hailuo_widgets.system import forks
from hailuo_widgets.system.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.budget import Permit
    from hailuo_widgets.domain.clock import Clock
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.store.backup import StoreHealth
    from hailuo_widgets.store.database import Database
    from hailuo_widgets.store.result_claims import Share

__all__ = ["RunLog", "one_thread"]

P = ParamSpec("P")
T = TypeVar("T")
IMPORT_S = 30.0  # a fork waits no longer for the log's thread to import what it needs


def one_thread() -> ThreadPoolExecutor:
    """Return an executor with one thread."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hailuo-store")


class _LogThread:
    """An executor with one thread, which a forked child replaces by its own."""

    def __init__(self, make: Callable[[], Executor]) -> None:
        self._make = make
        self._new()
        forks.follow(self)

    def _new(self) -> None:
        self.executor = self._make()
        self.opening = threading.RLock()
        self._held = False  # whether the thread that forks holds it

    def loaded(self, method: Callable[P, T]) -> Callable[P, T]:
        """Return a method that first imports all that it needs: a child forked during an import has half a module."""

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.opening:
                from hailuo_widgets.store import (  # noqa: F401
                    backup,
                    database,
                    documents,
                    durations,
                    equal_runs,
                    find_by_name,
                    restore,
                    run_changes,
                    votes,
                )
            return method(*args, **kwargs)

        return run

    def before_fork(self) -> None:
        """Wait for imports; the database waits for the thread's transaction."""
        self._held = self.opening.acquire(timeout=IMPORT_S)

    def after_fork(self, *, child: bool) -> None:
        """Start anew in the child, which has no thread but the one that forked."""
        if child:
            self._new()
        elif self._held:
            self._held = False
            self.opening.release()


class RunLog(RunQueries):
    """The run log of a store, which is opened, checked and migrated when it is first used.

    Args:
        url: The store's SQLAlchemy URL. The first use raises UsageError if it is none.
        clock: The clock of all times in it.
        executor: Makes the log's thread, and another one in a forked child.
        busy_s: Seconds to wait for another process's lock; None for 30 s.
        notice: Called in the log's thread with each sentence about the store that a user should read.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        executor: Callable[[], Executor] = one_thread,
        busy_s: float | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._url = url
        self.clock = clock
        self._busy_s = busy_s
        self._notice = notice
        self._database: Database | None = None
        self._thread = _LogThread(executor)

    @property
    def database(self) -> Database:
        """The store's transactions. SQLAlchemy is imported here.

        Raises:
            UsageError: The URL is none.
        """
        with self._thread.opening:
            if self._database is None:
                from hailuo_widgets.store.database import BUSY_S, Database

                busy_s = BUSY_S if self._busy_s is None else self._busy_s
                self._database = Database(self._url, clock=self.clock, busy_s=busy_s, notice=self._notice)
            return self._database

    # -- the log's thread -----------------------------------------------------------------------------------------

    def submit(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a method in the log's thread, after all that were submitted before it.

        Raises:
            StoreError: The log was closed.
        """
        try:
            return self._thread.executor.submit(self._thread.loaded(method), *args, **kwargs)
        except RuntimeError:
            closed = StoreError(
                "the session was closed, and its run log with it",
                hint="make a new session with the same home: its resume() follows the runs that were sent; those that "
                "were only planned are sent by making them again",
            )
        closed.closed = True
        raise closed

    async def ask(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await a method in the log's thread. A cancelled wait does not undo it."""
        return await asyncio.wrap_future(self.submit(method, *args, **kwargs))

    def call(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a method in the log's thread and wait for its result."""
        return self.submit(method, *args, **kwargs).result()

    def close(self) -> None:
        """Finish what was submitted, then close the store's connections."""
        self._thread.executor.shutdown(wait=True)
        if self._database is not None:
            self._database.close()

    # -- runs -----------------------------------------------------------------------------------------------------

    def add(self, records: Sequence[RunRecord], owner: str | None = None) -> None:
        """Write new runs, all or none, as followed by ``owner``.

        Raises:
            UsageError: A text holds what no store can keep; nothing was written.
        """
        from hailuo_widgets.store import run_changes

        rows = run_changes.checked_rows(records)
        with self.database.write() as c:
            run_changes.add(c, records, rows, owner)

    def note(self, run_id: str, what: RunEvent, data: Mapping[str, Any] | None = None) -> None:
        """Write that a step is about to be taken, or its outcome.

        Raises:
            StoreError: There is no such run.
        """
        from hailuo_widgets.store import run_changes

        with self.database.write() as c:
            run_changes.one(c, run_id, self.place())
            run_changes.note(c, run_id, what, data or {})

    def change(self, run_id: str, what: RunEvent, data: Mapping[str, Any] | None = None, **changes: Any) -> RunRecord:
        """Change a run and write why, in one transaction; the record as it is now.

        Raises:
            StoreError: There is no such run, or its status may not become the new one.
            TaskIdTaken: ``task_id`` belongs to another run.
        """
        from hailuo_widgets.store import run_changes

        try:
            with self.database.write() as c:
                return run_changes.change(c, run_changes.one(c, run_id, self.place()), what, data or {}, changes)
        except ConstraintBroken as e:
            if not e.unique or "task_id" not in changes:
                raise
        raise _taken(run_id, changes)

    def advance(self, run_id: str, what: RunEvent, data: Mapping[str, Any] | None = None, **changes: Any) -> RunRecord:
        """As :meth:`change`, for the follower of a run: a run that has ended meanwhile stays as it is.

        Another kernel may have ended it, or the user; only users take a run out of an end.
        """
        from hailuo_widgets.store import run_changes

        with self.database.write() as c:
            return run_changes.advance(c, run_changes.one(c, run_id, self.place()), what, data or {}, changes)

    def accept(self, run_id: str, data: Mapping[str, Any], **changes: Any) -> RunRecord:
        """Write an accepted create call in one transaction: to its run, and to those of the task's further results.

        Raises:
            TaskIdTaken: The task id belongs to another run.
        """
        from hailuo_widgets.store import run_changes

        try:
            with self.database.write() as c:
                return run_changes.accept(c, run_changes.one(c, run_id, self.place()), data, changes)
        except ConstraintBroken as e:
            if not e.unique:
                raise
        raise _taken(run_id, changes)

    def take_result(
        self, run_id: str, ready: Sequence[str], failures: Sequence[Mapping[str, Any]] = (), *, pending: int = 0
    ) -> tuple[RunRecord, Share]:
        """Give a run one of its task's results, or one of its failures, in one transaction.

        Args:
            run_id: The run.
            ready: The results that are there, by their identities.
            failures: For each failure of the task, the changes of the run that it becomes. One is this run's if none
                of the results is, and the task's other runs have not failed as often.
            pending: How many results are still being made.

        Returns:
            The run as it is now, and its share of the results.
        """
        from hailuo_widgets.store import run_changes

        with self.database.write() as c:
            record = run_changes.one(c, run_id, self.place())
            return run_changes.take_result(c, record, ready, failures, pending=pending)

    def restore(self, record: RunRecord, owner: str) -> None:
        """Write a run as its follower knows it, to a store that was replaced meanwhile.

        Raises:
            StoreError: Its task id belongs to another run.
        """
        from hailuo_widgets.store.restore import restore

        try:
            with self.database.write() as c:
                return restore(c, record, owner)
        except ConstraintBroken as e:
            if not e.unique:
                raise
        raise StoreError(f"run {record.run_id} cannot be written again: its task id is another run's")

    def rescue(
        self, run_id: str, data: Mapping[str, Any], *, why: RunEvent = RunEvent.RESCUED, **changes: Any
    ) -> RunRecord | None:
        """Write a task id that was paid for and kept outside of the log, to each run of the task that has none.

        Args:
            run_id: One of the task's runs.
            data: What the event holds.
            why: The event.
            changes: What else changes in the runs.

        Returns:
            The record as it is now; None if the run has a task id already, or has ended otherwise.

        Raises:
            StoreError: There is no such run.
            TaskIdTaken: The task id belongs to another run.
        """
        from hailuo_widgets.store import run_changes

        try:
            with self.database.write() as c:
                return run_changes.rescue(c, run_changes.one(c, run_id, self.place()), data, why, changes)
        except ConstraintBroken as e:
            if not e.unique:
                raise
        raise _taken(run_id, changes)

    def reserve(self, run_id: str, permit: Permit, data: Mapping[str, Any], **changes: Any) -> RunRecord | None:
        """Let a planned run be sent: its status becomes ``submitting``, and its price is reserved.

        Returns:
            The record, which is ``cancelled`` if another kernel wanted that; None while the account has no place for
            another task, across all kernels on this store.

        Raises:
            StoreError: There is no such run, or it is not planned.
            BudgetExceeded: Its price does not fit into one of the budgets.
        """
        from hailuo_widgets.store import run_changes

        with self.database.write() as c:
            return run_changes.reserve(c, run_changes.one(c, run_id, self.place()), permit, data, changes)

    def judge(self, run_id: str, what: RunEvent, **said: Any) -> list[RunRecord]:
        """Write what a user says of the clip that a run shows: ``rating``, ``note``, ``clip_tags``.

        Returns:
            All runs that show the clip, as they are now.

        Raises:
            StoreError: There is no such run.
            UsageError: A text holds what no store can keep; nothing was written.
        """
        from hailuo_widgets.store import run_changes
        from hailuo_widgets.store.text import check_text

        for name, value in said.items():
            check_text(name.removeprefix("clip_"), value)
        with self.database.write() as c:
            return run_changes.judge(c, run_changes.one(c, run_id, self.place()), what, said)

    # -- accounts and owners --------------------------------------------------------------------------------------

    def take_turn(self, account: str, per_minute: int) -> float:
        """Count a request of an account; 0, or the seconds to wait if this minute has no room for it."""
        from hailuo_widgets.store import budgets

        with self.database.write() as c:
            return budgets.take_turn(c, account, per_minute)

    def claim(self, run_ids: Iterable[str], owner: str, is_dead: Callable[[str], bool]) -> list[RunRecord]:
        """Give an owner the runs that nobody follows: without an owner, with an expired lease, or with a dead owner.

        Args:
            run_ids: The runs that are wanted.
            owner: The process that takes them.
            is_dead: Whether an owner is certainly gone.

        Returns:
            The runs that are ``owner``'s now.
        """
        from hailuo_widgets.store import leases
        from hailuo_widgets.store.schema import from_row

        with self.database.write() as c:
            return [from_row(row) for row in leases.claim(c, run_ids, owner, is_dead)]

    def renew(self, run_ids: Iterable[str], owner: str) -> dict[str, bool]:
        """Keep the leases of runs that are still followed; see :func:`hailuo_widgets.store.leases.renew`."""
        from hailuo_widgets.store import leases

        with self.database.write() as c:
            return leases.renew(c, run_ids, owner)

    def release(self, run_id: str, owner: str) -> None:
        """End a lease: ``owner`` no longer follows the run."""
        from hailuo_widgets.store import leases

        with self.database.write() as c:
            leases.release(c, run_id, owner)

    # -- votes ----------------------------------------------------------------------------------------------------

    def vote(self, vote: Vote) -> None:
        """Write a vote on two runs.

        Raises:
            StoreError: One of them is not in the log.
            UsageError: A text holds what no store can keep.
        """
        from hailuo_widgets.store import run_changes, votes

        with self.database.write() as c:
            for run_id in (vote.left_run, vote.right_run):
                run_changes.one(c, run_id, self.place())
            votes.add(c, vote)

    def withdraw(self, vote_id: str) -> None:
        """Take a vote back; it stays in the log, as withdrawn.

        Raises:
            UsageError: There is no such vote.
        """
        from hailuo_widgets.store import votes

        with self.database.write() as c:
            votes.withdraw(c, vote_id)

    # -- the store ------------------------------------------------------------------------------------------------

    def place(self) -> str:
        """Where the store is: the file's path, or the URL without its password."""
        return self.database.where

    def notes(self) -> list[str]:
        """What a user should know of the place that the store is in, each once: for example a network disk."""
        return self.database.notes()

    def backup(self, target: str | Path | None = None) -> Path:
        """Copy the store to a file that is not there yet; see :func:`hailuo_widgets.store.backup.backup`."""
        from hailuo_widgets.store.backup import backup

        return backup(self.database, target)

    def check(self) -> StoreHealth:
        """The store's schema number, number of runs and integrity."""
        from hailuo_widgets.store.backup import check

        return check(self.database)


def _taken(run_id: str, changes: Mapping[str, Any]) -> TaskIdTaken:
    return TaskIdTaken(f"the provider returned a task id already used: {changes['task_id']}", run_id=run_id)
