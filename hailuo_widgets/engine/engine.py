"""The engine: which runs are followed, on which loop, and by whom."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from hailuo_widgets.domain.events import ASKED
from hailuo_widgets.domain.run import ENDS
from hailuo_widgets.engine.event_loop import Home
from hailuo_widgets.engine.followed_run import Control
from hailuo_widgets.engine.hold import Holding
from hailuo_widgets.engine.lease_renewal import Renewing
from hailuo_widgets.engine.paid_task import abort, looked_at, paid_task
from hailuo_widgets.engine.rate_limit import Call, Places
from hailuo_widgets.engine.recorder import Entries
from hailuo_widgets.engine.run_task import carry
from hailuo_widgets.errors import HailuoError, StoreError
from hailuo_widgets.system import forks
from hailuo_widgets.system.process import is_dead, let_go_of, name_for

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Iterable, Sequence
    from concurrent.futures import Future

    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.expectation import Expectation
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.local_simulator import Backdrop
    from hailuo_widgets.engine.outcome import Outcome
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.store import RunLog

__all__ = ["Engine"]

T = TypeVar("T")
RENEW_S = 20.0


class Engine(Entries):
    """Carries runs from plan to clip.

    Args:
        settings: What it goes by.
        log: The run log.
        archive: Where clips go.
        backdrop: The bundled simulator.
    """

    def __init__(self, settings: Settings, *, log: RunLog, archive: Archive, backdrop: Backdrop) -> None:
        super().__init__(settings, log=log, backdrop=backdrop)
        self.archive = archive
        self._begin()
        forks.follow(self)

    def _begin(self) -> None:
        """As in a new process: nothing is followed, and no loop, connection or lock of another one is held."""
        self.home = Home()
        self.owner = name_for(self)
        self._lock = threading.RLock()
        self._open: dict[str, bool] = {}  # runs to follow → whether an equal one's clip may serve
        self._controls: dict[str, Control] = {}
        self.expected: dict[str, Expectation | None] = {}  # of the runs followed here
        self.linked: dict[str, float] = {}  # when a run's link came, on the monotonic clock
        self._budgets: dict[str, tuple[Budget, ...]] = {}
        self.probe: asyncio.Task[None] | None = None  # the look at whether clips can be kept, while it lasts
        self._unpaid: set[str] = set()  # runs of which was said that they are not sent
        self._calls: dict[str, Call] = {}  # what the runs of one call share
        self.sending: dict[str, asyncio.Task[Outcome]] = {}  # create calls, beside who waits for them
        self._tasks: set[asyncio.Future[Any]] = set()  # the loop itself keeps only weak references
        self._renewing = Renewing(self)
        self.holding = Holding()

    # -- forks ----------------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Nothing: a child follows none of its parent's runs."""

    def after_fork(self, *, child: bool) -> None:
        """A child is an engine of its own: another owner, on another loop, with connections of its own."""
        if child:
            self._fresh()
            self._begin()

    # -- from any thread ------------------------------------------------------------------------------------------

    def start(
        self,
        records: Sequence[RunRecord],
        *,
        reuse: bool,
        unpaid: Collection[str] = (),
        budgets: tuple[Budget, ...] = (),
        at_once: int | None = None,
    ) -> None:
        """Write new runs to the log and follow them. Blocks for the log: what it does not have is not begun.

        Args:
            records: The runs.
            reuse: Whether an equal run's clip may serve.
            unpaid: The ids of those of which was said that they are not sent.
            budgets: What their create calls are held against.
            at_once: So many of them may be in flight together; the account's limit holds beside it.

        Raises:
            StoreError: The log cannot take them; nothing was begun, and nothing is sent.
        """
        call = Call(at_once)
        self._add(records)
        with self._lock:
            for record in records:
                self._records[record.run_id] = record
                self._open[record.run_id] = reuse
                self._budgets[record.run_id] = budgets
                self._calls[record.run_id] = call
            self._unpaid.update(unpaid)
        self.drive()

    def _add(self, records: Sequence[RunRecord]) -> None:
        added = self.log.submit(self.log.add, records, self.owner)
        failure: StoreError | None = None
        try:
            added.result()
        except StoreError as e:
            failure = e
        except KeyboardInterrupt:
            if not added.cancel():  # it is being written: nobody is to take these runs for planned ones
                added.add_done_callback(lambda _: self._drop(records))
            raise
        if failure is not None:
            failure.hint = f"{failure.hint}. Nothing was sent: run it again when the run log works"
            raise failure

    def _drop(self, records: Sequence[RunRecord]) -> None:
        for record in records:
            self.log.submit(self.log.advance, record.run_id, "cancelled before it was sent", status="cancelled")

    def take_up(self, run_ids: Iterable[str] | None = None) -> list[RunRecord]:
        """Follow runs that an earlier kernel left unfinished and nobody follows now; blocks for the log.

        Runs that were planned and never sent stay so: sending is paying.
        """
        wanted = [r.run_id for r in self.log.call(self.log.unfinished) if r.status != "planned"]
        if run_ids is not None:
            wanted = [i for i in run_ids if i in wanted]
        wanted = [i for i in wanted if i not in self._open]
        taken = self.log.call(self.log.claim, wanted, self.owner, is_dead) if wanted else []
        with self._lock:
            for record in taken:
                self._records[record.run_id] = record
                self._open[record.run_id] = False
        self.drive()
        return taken

    def waiting(self) -> list[RunRecord]:
        """The runs that were planned and never sent, and that nobody follows; blocks for the log."""
        return self.log.call(self.log.waiting, is_dead)

    def said_unpaid(self, run_id: str) -> bool:
        """Whether it was said of the run that it is not sent."""
        return run_id in self._unpaid

    def may_reuse(self, run_id: str) -> bool:
        """Whether an equal run's clip may serve this run."""
        return self._open.get(run_id, False)

    def budgets(self, run_id: str) -> tuple[Budget, ...]:
        """What a run's create call is held against."""
        return self._budgets.get(run_id, ())

    def follows(self, run_id: str) -> bool:
        """Whether the run is being followed here."""
        return run_id in self._open

    @property
    def submitting(self) -> bool:
        """Whether a create call of ours is on its way."""
        return any(self._records[run_id].status == "submitting" for run_id in list(self._open))

    @property
    def unsent(self) -> list[str]:
        """The runs that are to be sent here and were not yet."""
        return [i for i in list(self._open) if self._records[i].status == "planned"]

    def undriven(self) -> list[RunRecord]:
        """The runs that are open here, and sent, while no loop carries them on: a wait drives them."""
        if self.home.driven:
            return []
        return [r for r in (self._records[i] for i in list(self._open)) if r.status != "planned"]

    def decided(self, run_id: str) -> RunRecord | None:
        """A run whose following ended here, as it was left; None where that is for the log to say.

        It holds even where the log could not be written, or never took the run.
        """
        known = self._records.get(run_id)
        if known is None or run_id in self._open or (known.unfinished and known.error is None):
            return None
        return known

    def record(self, run_id: str) -> RunRecord:
        """The run as it is known now; asks the log for one that is not followed here."""
        if run_id in self._open:
            return self._records[run_id]
        known = self.decided(run_id)
        if known is not None and known.status in ENDS:
            return known
        try:
            told = self.log.call(self.log.get, run_id)
        except HailuoError:
            if known is None:
                raise
            return known  # the log cannot be asked: this is how we left it
        unwritten = known is not None and told.status == known.status and told.error is None
        return known if unwritten and known is not None else told  # the error that the log could not be told of

    def cancel(self, run_id: str) -> None:
        """Stop following a run. What was sent goes on at the provider, which may bill it.

        A run whose create call another living kernel is sending is cancelled by that kernel, within RENEW_S seconds.
        """
        with self._lock:
            control = self._controls.get(run_id)
            unsent = run_id in self._open and control is None
            if unsent:
                del self._open[run_id]
        if control is not None:
            control.cancel()
        elif self.record(run_id).status == "submitting":
            # It may be charged: who sends it must be able to say so; where nobody does any more, it is settled here.
            if not self.take_up([run_id]):
                self.log.call(self.log.note, run_id, ASKED)
        elif unsent or self.record(run_id).unfinished:
            self.learn(self.log.call(self.log.advance, run_id, "cancelled here", status="cancelled", error=None))

    def close(self) -> None:
        """Nothing is followed here any more: what is left may be taken up by others at once."""
        let_go_of(self.owner)
        self.holding.all = True
        with self._lock:
            self._open.clear()
        loop = self.home.loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._abandon_all)
        else:
            self._abandon_all()

    def nudge(self, run_id: str) -> None:
        """Ask for the run's state now rather than later."""
        control = self._controls.get(run_id)
        if control is not None:
            control.nudge()

    def drive(self) -> None:
        """See that every open run is followed on the loop that runs now. Without one, a later ``wait`` does it."""
        loop = self.home.claim()
        if loop is None or not loop.is_running():
            return
        with contextlib.suppress(RuntimeError):  # closed in this moment: the next wait finds another one
            loop.call_soon_threadsafe(self._launch_all, loop)

    def begin_again(self) -> None:
        """Follow every open run anew from the log.

        An interrupt that hits a nested wait can end, or silently lose, whatever the loop was about to do.
        A create call that is on its way is left alone, and waited for.
        """
        self._abandon_all()
        self.drive()

    # -- on the loop ----------------------------------------------------------------------------------------------

    def _abandon_all(self) -> None:
        """End all followers, and no create call: its answer is still read, and written."""
        with self._lock:
            for control in self._controls.values():
                control.abandoned = True
                if control.task is not None:
                    control.task.cancel()
            self._controls.clear()
            if not self._open:
                self._renewing.end()

    async def end_tasks(self) -> None:
        """Leave nothing on the loop of what was begun here."""
        loop = asyncio.get_running_loop()
        left = [task for task in self._tasks if task.get_loop() is loop and task is not asyncio.current_task()]
        for task in left:
            abort(task)
        if left:
            await asyncio.wait(left)
            for task in left:
                looked_at(task)

    def _launch_all(self, loop: asyncio.AbstractEventLoop) -> None:
        """See that every open run has a follower on this loop, which is running in this thread."""
        if self.home.ends(loop):
            return
        with self._lock:
            for run_id in self._open:
                control = self._controls.get(run_id)
                if control is not None and control.loop is loop and control.task and not control.task.done():
                    continue
                if control is not None:
                    control.abandoned = True
                control = Control(run_id, loop)
                self._controls[run_id] = control
                control.task = loop.create_task(carry(self, control), name=f"hailuo {run_id}")
                self.hold(control.task)
            if self._open:
                self._renewing.begin(loop)

    def hold(self, task: asyncio.Future[Any]) -> None:
        """Keep a task alive until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A create call's task: it lives on when whoever awaits it is cancelled, and its loop waits for its answer."""
        task = paid_task(work)
        self.hold(task)
        return task

    def places(self, record: RunRecord) -> Places:
        """The places that the runs of one call share."""
        return self._calls.setdefault(record.run_id, Call(None)).places()

    def ended(self, record: RunRecord) -> None:
        """The following of a run ended here: let go of it, and tell whoever waits."""
        run_id = record.run_id
        self._records[run_id] = record
        with self._lock:
            self._open.pop(run_id, None)
            self._controls.pop(run_id, None)
            self.sending.pop(run_id, None)
            self._calls.pop(run_id, None)
            self._unpaid.discard(run_id)
            if not self._open:
                self._renewing.end()
        self.holding.forget(run_id)
        self.bus.tell(record)
        self.log.submit(self.log.release, run_id, self.owner)

    @property
    def renew_s(self) -> float:
        """Seconds between two renewals of the leases."""
        return RENEW_S

    async def renew(self) -> None:
        """Keep the leases of the runs that are followed here, and let go of those that are ours no more."""
        if mine := list(self._open):
            renewed = await self.log.ask(self.log.renew, mine, self.owner)
            self._let_go([i for i in mine if i not in renewed and not await self._brought_back(i)])
            for control in [self._controls.get(i) for i, asked in renewed.items() if asked]:
                if control is not None:
                    control.cancel()

    async def _brought_back(self, run_id: str) -> bool:
        """Whether a run that the log denies us is in it again: its file was replaced by an earlier one."""
        try:
            before = await self.log.ask(self.log.find, run_ids=[run_id])
            after = await self.as_logged(run_id)
        except (HailuoError, KeyError):
            return False
        return not before or before[0].task_id != after.task_id or before[0].status != after.status

    def _let_go(self, run_ids: Iterable[str]) -> None:
        """Runs that another kernel has taken up while this one stood still, or ended, are no longer ours to follow."""
        with self._lock:
            gone = [i for i in run_ids if self._open.pop(i, None) is not None]
            for control in [self._controls.pop(i, None) for i in gone]:
                if control is not None:
                    control.abandoned = True
                    control.nudge()
        for run_id in gone:
            self.log.submit(self.log.get, run_id).add_done_callback(self._hear)

    def _hear(self, told: Future[RunRecord]) -> None:
        if not told.cancelled() and told.exception() is None:
            self.learn(told.result())
