"""Supervisor of the runs that one engine follows: tasks, leases, and latest known records."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from hailuo_widgets.engine.event_loop import RunLoop
from hailuo_widgets.engine.followed_run import FollowedRun
from hailuo_widgets.engine.held_creates import Holding
from hailuo_widgets.engine.lease_renewal import LeaseRenewal
from hailuo_widgets.engine.paid_task import abort, looked_at, paid_task
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.system.process import let_go_of, name_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
    from concurrent.futures import Future

    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.expected_duration import Expectation
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.followed_run import Follower
    from hailuo_widgets.engine.listeners import Listeners
    from hailuo_widgets.engine.outcome import Outcome
    from hailuo_widgets.engine.rate_limit import CallLimit
    from hailuo_widgets.engine.runtime import Runtime
    from hailuo_widgets.store import RunLog

__all__ = ["Supervisor", "is_behind"]

T = TypeVar("T")


def is_behind(logged: RunRecord, known: RunRecord) -> bool:
    """Return whether the log's row is older than the record in memory, so that using it would send the run again."""
    if not logged.unfinished:
        return False
    never_sent = logged.status == "planned" and known.status == "submitting"
    return never_sent or (known.task_id is not None and logged.task_id is None)


class Supervisor:
    """Starts a task for each followed run, restarts lost tasks, renews leases, and stops following runs.

    Args:
        log: The run log.
        listeners: Are called with each change of a run.
        work: Follows one run to its end; it runs as the task of the follower it is given.
        runtime: Its clock and timing, and who is dead.
    """

    def __init__(
        self,
        log: RunLog,
        listeners: Listeners,
        work: Callable[[Follower], Coroutine[Any, Any, None]],
        runtime: Runtime,
    ) -> None:
        self.log = log
        self.runtime = runtime
        self.listeners = listeners
        self._work = work
        self._records: dict[str, RunRecord] = {}  # each run as it was last learned
        self.begin()

    def begin(self) -> None:
        """Reset to the state of a new process: no runs, and no event loop or lock of another process."""
        self.run_loop = RunLoop()
        self.owner = name_for(self)
        self._lock = threading.RLock()
        self._runs: dict[str, FollowedRun] = {}  # all that were followed here, or whose clips were looked for
        self._open: dict[str, FollowedRun] = {}  # those that are to be followed now, in their order
        self.probe: asyncio.Task[None] | None = None  # checks that the archive is writable, while it lasts
        self._unreleased: set[str] = set()  # runs that are followed no longer, whose lease the log could not end
        self._tasks: set[asyncio.Future[Any]] = set()  # the loop itself keeps only weak references
        self.closing: set[asyncio.Future[Any]] = set()  # tasks that close connections: they are never ended early
        self._renewal = LeaseRenewal(
            self._renew,
            every_s=self.runtime.timing.renew_s,
            drive=self.drive,
            hold=self.hold,
            run_loop=self.run_loop,
        )
        self.holding = Holding()

    # -- from any thread ------------------------------------------------------------------------------------------

    def add(
        self,
        records: Sequence[RunRecord],
        *,
        reuse: bool,
        unpaid: Collection[str] = (),
        budgets: tuple[Budget, ...] = (),
        call: CallLimit,
    ) -> None:
        """Follow new runs, which are in the log.

        Args:
            records: The runs.
            reuse: Whether an equal run's clip may serve.
            unpaid: Ids of the runs that the plan said are not sent.
            budgets: The budgets that limit their create calls.
            call: The limit of runs in flight that they share.
        """
        with self._lock:
            for record in records:
                self._records[record.run_id] = record
                self._open[record.run_id] = run = self.run_of(record.run_id)
                run.may_reuse, run.unpaid = reuse, record.run_id in unpaid
                run.budgets, run.call = budgets, call
        self.drive()

    def take_up(self, run_ids: Iterable[str] | None = None) -> list[RunRecord]:
        """Follow runs that an earlier kernel left unfinished and nobody follows now; blocks for the log.

        Runs that were planned and never sent stay so: sending is paying.
        """
        wanted = [r.run_id for r in self.log.call(self.log.unfinished) if r.status != "planned"]
        if run_ids is not None:
            wanted = [i for i in run_ids if i in wanted]
        wanted = [i for i in wanted if i not in self._open]
        with self._lock:  # a lease that is claimed again must not be ended after that
            left = self._unreleased.intersection(wanted)
            self._unreleased -= left
        try:
            taken = self.log.call(self.log.claim, wanted, self.owner, self.runtime.is_dead) if wanted else []
        except HailuoError:
            with self._lock:
                self._unreleased |= left - self._open.keys()
            self.drive()
            raise
        with self._lock:
            for record in taken:
                self._records[record.run_id] = record
                self._open[record.run_id] = run = self.run_of(record.run_id)
                self._unreleased.discard(record.run_id)
                run.may_reuse = False
        self.drive()
        return taken

    def never_sent(self) -> list[RunRecord]:
        """Return the planned runs that were never sent and that no kernel follows. Blocks for the log."""
        return self.log.call(self.log.waiting, self.runtime.is_dead)

    def run_of(self, run_id: str) -> FollowedRun:
        """The state of a run in this process, whether it is followed now or not."""
        return self._runs.setdefault(run_id, FollowedRun(run_id))

    def expected(self, run_id: str) -> Expectation | None:
        """How long a run will take; None if nothing is known, or it was not followed here."""
        run = self._runs.get(run_id)
        return None if run is None else run.expected

    def follows(self, run_id: str) -> bool:
        """Return whether the run is followed here."""
        return run_id in self._open

    @property
    def followed(self) -> list[str]:
        """The ids of the runs that are followed here."""
        return list(self._open)

    @property
    def sending(self) -> list[asyncio.Task[Outcome]]:
        """The tasks of create calls, beside who waits for them."""
        return [run.sending for run in list(self._runs.values()) if run.sending is not None]

    @property
    def submitting(self) -> bool:
        """Return whether a create call of this engine is in progress."""
        return any(self._records[run_id].status == "submitting" for run_id in list(self._open))

    @property
    def unsent(self) -> list[str]:
        """Return the followed runs that have not been sent yet."""
        return [i for i in list(self._open) if self._records[i].status == "planned"]

    def undriven(self) -> list[RunRecord]:
        """Return the runs that were sent but that no running loop drives, so that a wait must drive them."""
        if self.run_loop.driven:
            return []
        return [r for r in (self._records[i] for i in list(self._open)) if r.status != "planned"]

    def decided(self, run_id: str) -> RunRecord | None:
        """Return the last record of a run that is no longer followed here; None if the log is authoritative.

        It is right even if the log could not be written, or never had the run.
        """
        known = self._records.get(run_id)
        if known is None or run_id in self._open or (known.unfinished and known.error is None):
            return None
        return known

    def learn(self, record: RunRecord) -> None:
        """Update a run's record from the log, and call the listeners."""
        self._records[record.run_id] = record
        self.listeners.tell(record)

    def known(self, run_id: str) -> RunRecord:
        """Return the last known record of a run that is followed here."""
        return self._records[run_id]

    def last_known(self, run_id: str) -> RunRecord | None:
        """Return the last known record of a run; None if it is not known here."""
        return self._records.get(run_id)

    async def as_logged(self, run_id: str) -> RunRecord:
        """Return a followed run from the log; if the log no longer has it, it is written again."""
        known = self._records.get(run_id)
        found = await self.log.ask(self.log.find, run_ids=[run_id])
        if known is not None and (not found or is_behind(found[0], known)):
            await self.log.ask(self.log.restore, known, self.owner)
        elif found:
            return found[0]
        return await self.log.ask(self.log.get, run_id)

    def cancel(self, run_id: str) -> tuple[bool, bool]:
        """Stop following a run.

        Returns:
            Whether a follower was cancelled, and whether the run was open without one and is closed now.
        """
        with self._lock:
            run = self._runs.get(run_id)
            follower = None if run is None else run.follower
            if run is not None and follower is not None:
                run.cancel_wished = True
            unsent = follower is None and self._unfollow(run_id) is not None
        if follower is not None:
            follower.cancel()
        return follower is not None, unsent

    def _unfollow(self, run_id: str) -> FollowedRun | None:
        """The run is not to be followed any more; None if it was not."""
        run = self._open.pop(run_id, None)
        if run is not None:
            run.may_reuse = False
        return run

    def close(self) -> None:
        """Stop following all runs, so that other engines can follow them at once."""
        let_go_of(self.owner)
        self.holding.all = True
        with self._lock:
            for run_id in list(self._open):
                self._unfollow(run_id)
        loop = self.run_loop.loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._abandon_all)
        else:
            self._abandon_all()

    def drive(self) -> None:
        """Start the followers of all open runs on the running loop. Without one, a later ``wait`` does it."""
        loop = self.run_loop.claim()
        if loop is None or not loop.is_running():
            return
        with contextlib.suppress(RuntimeError):  # closed in this moment: the next wait finds another one
            loop.call_soon_threadsafe(self._launch_all, loop)

    def begin_again(self) -> None:
        """Restart the followers of all open runs from the log.

        An interrupt that hits a nested wait can end, or silently lose, whatever the loop was about to do.
        A create call in progress is not cancelled, but waited for.
        """
        self._abandon_all()
        self.drive()

    # -- on the loop ----------------------------------------------------------------------------------------------

    def _abandon_all(self) -> None:
        """End all followers, but no create calls: their replies are still read and written."""
        with self._lock:
            for run in list(self._runs.values()):  # a download may ask for a run of its own meanwhile
                follower = run.abandon()
                if follower is not None and follower.task is not None:
                    follower.task.cancel()
            if not self._open:
                self._renewal.end()

    async def end_tasks(self) -> None:
        """Cancel everything that was started here on the loop."""
        loop = asyncio.get_running_loop()
        left = [task for task in self._tasks if task.get_loop() is loop and task is not asyncio.current_task()]
        for task in left:
            if task not in self.closing:
                abort(task)
        if left:
            await asyncio.wait(left)
            for task in left:
                looked_at(task)

    def _launch_all(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start a follower for every open run on this loop, which is running in this thread."""
        if self.run_loop.ends(loop):
            return
        with self._lock:
            for run_id, run in self._open.items():
                if (follower := run.follow(loop)) is not None:
                    follower.task = loop.create_task(self._work(follower), name=f"hailuo {run_id}")
                    self.hold(follower.task)
            if self._open or self._unreleased:
                self._renewal.begin(loop)

    def hold(self, task: asyncio.Future[Any]) -> None:
        """Keep a task alive until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a create call's task, which survives its waiters, and for whose reply its loop waits."""
        task = paid_task(work, answer_s=self.runtime.timing.loop_end_s)
        self.hold(task)
        return task

    def ended(self, record: RunRecord) -> None:
        """Forget a run that is no longer followed, and notify its waiters."""
        run_id = record.run_id
        self._records[run_id] = record
        with self._lock:
            self._unfollow(run_id)
            self.run_of(run_id).end()
            if not self._open:
                self._renewal.end()
        self.holding.forget(run_id)
        self.listeners.tell(record)
        self._release(run_id)

    def _release(self, run_id: str) -> Future[None]:
        """End a run's lease in the log."""
        release = self.log.submit(self.log.release, run_id, self.owner)
        release.add_done_callback(lambda told: self._released(run_id, told))
        return release

    def _released(self, run_id: str, told: Future[None]) -> None:
        """Note whether a lease has ended; if the log could not be written, the renewal task tries it again."""
        with self._lock:
            if not told.cancelled() and told.exception() is None:
                self._unreleased.discard(run_id)
                return
            if run_id in self._open or self.runtime.is_dead(self.owner):
                return  # it is followed again, or the session was closed
            self._unreleased.add(run_id)
        loop = self.run_loop.loop
        if loop is not None and loop.is_running():
            with contextlib.suppress(RuntimeError):  # closed in this moment
                loop.call_soon_threadsafe(self._launch_all, loop)

    async def _renew(self) -> None:
        """Renew the leases of followed runs, stop following runs whose lease is lost, and end leases left over."""
        if mine := list(self._open):
            renewed = await self.log.ask(self.log.renew, mine, self.owner)
            self._let_go([i for i in mine if i not in renewed and not await self._brought_back(i)])
            for run in [self._runs.get(i) for i, asked in renewed.items() if asked]:
                if run is not None:
                    run.cancel()
        for run_id in list(self._unreleased):
            with self._lock:
                release = self._release(run_id) if run_id in self._unreleased else None
            if release is not None:
                await asyncio.wrap_future(release)
        if not self._open and not self._unreleased:
            self._renewal.end()

    async def _brought_back(self, run_id: str) -> bool:
        """Return whether a run was written again that the log lost when its file was replaced by an earlier one."""
        try:
            before = await self.log.ask(self.log.find, run_ids=[run_id])
            after = await self.as_logged(run_id)
        except (HailuoError, KeyError):
            return False
        return not before or before[0].task_id != after.task_id or before[0].status != after.status

    def _let_go(self, run_ids: Iterable[str]) -> None:
        """Stop following runs that another kernel follows or ended while this one was suspended."""
        with self._lock:
            gone = [run for i in run_ids if (run := self._unfollow(i)) is not None]
            for run in gone:
                run.cancel_wished = False  # whoever follows it now decides
            for follower in [run.abandon() for run in gone]:
                if follower is not None:
                    follower.nudge()
        for run in gone:
            self.log.submit(self.log.get, run.run_id).add_done_callback(self._hear)

    def _hear(self, told: Future[RunRecord]) -> None:
        if not told.cancelled() and told.exception() is None:
            self.learn(told.result())
