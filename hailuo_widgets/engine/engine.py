"""Engine: starts, resumes, cancels and records the runs of one session."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.engine.account_balances import Balances
from hailuo_widgets.engine.cancel import UNDER_WAY, can_cancel
from hailuo_widgets.engine.client_pool import Clients
from hailuo_widgets.engine.closing import close_connections
from hailuo_widgets.engine.context import Context
from hailuo_widgets.engine.event_loop import running_loop
from hailuo_widgets.engine.listeners import Listeners
from hailuo_widgets.engine.rate_limit import CallLimit
from hailuo_widgets.engine.recorder import Recorder
from hailuo_widgets.engine.run_task import follow_run
from hailuo_widgets.engine.runtime import Runtime
from hailuo_widgets.engine.supervisor import Supervisor
from hailuo_widgets.engine.waiting import leave, leave_here, settled, wait
from hailuo_widgets.errors import HailuoError, StoreError
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.system import forks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.local_simulator import LocalSimulator
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.store import RunLog

__all__ = ["Engine"]

CANCEL_S = 30.0  # for this long a script waits for the provider's answer to a cancel call


class Engine:
    """Starts, follows and cancels runs. It connects the parts, which the steps get as a ``Context``.

    Args:
        settings: The session's settings.
        log: The run log.
        archive: Where clips are kept.
        simulator: The bundled simulator.
        runtime: Its clock, its timing, and where ids and connections come from; those of this machine by default.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log: RunLog,
        archive: Archive,
        simulator: LocalSimulator,
        runtime: Runtime | None = None,
    ) -> None:
        runtime = runtime or Runtime()
        self.log = log
        self.accounts = Accounts(settings)
        self.clients = Clients(self.accounts, simulator, log, runtime)
        self.balances = Balances(settings, self.accounts, runtime)
        self.listeners = Listeners()
        self.runs = Supervisor(log, self.listeners, lambda follower: follow_run(self.context, follower), runtime)
        self.recorder = Recorder(log, self.runs, runtime.clock)
        self.context = Context(
            runtime=runtime,
            settings=settings,
            log=log,
            archive=archive,
            accounts=self.accounts,
            clients=self.clients,
            runs=self.runs,
            recorder=self.recorder,
        )
        forks.follow(self)

    # -- forks ----------------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Do nothing: a child follows none of its parent's runs."""

    def after_fork(self, *, child: bool) -> None:
        """In a child, start as a new engine, with its own owner name, event loop and connections."""
        if child:
            self.listeners.begin()
            self.clients.begin()
            self.runs.begin()

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
        """Write new runs to the log and follow them. Blocks for the log, because a run must be in it before it starts.

        Args:
            records: The runs.
            reuse: Whether the clip of an equal run may be reused.
            unpaid: The IDs of runs that are not sent according to the plan.
            budgets: The budgets that limit their create calls.
            at_once: How many of them may be in progress at once, within the account's limit.

        Raises:
            StoreError: The log can't be written; no run was started, and nothing is sent.
        """
        call = CallLimit(at_once)
        self._add(records)
        self.runs.add(records, reuse=reuse, unpaid=unpaid, budgets=budgets, call=call)

    def _add(self, records: Sequence[RunRecord]) -> None:
        added = self.log.submit(self.log.add, records, self.runs.owner)
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
            self.log.submit(self.log.advance, record.run_id, RunEvent.CANCELLED_BEFORE_SENT, status="cancelled")

    def take_up(self, run_ids: Iterable[str] | None = None) -> list[RunRecord]:
        """Follow unfinished runs of earlier kernels that no kernel follows now. Blocks for the log.

        Planned runs that were never sent are left alone, because sending costs money.
        """
        return self.runs.take_up(run_ids)

    def record(self, run_id: str) -> RunRecord:
        """Return the run's current record. Blocks for the log if the run is not followed here.

        Once the session is closed, it is the record as this session last knew it.

        Raises:
            StoreError: The log can't be asked, and this session doesn't know the run.
        """
        if self.runs.follows(run_id):
            return self.runs.known(run_id)
        known = self.runs.decided(run_id)
        if known is not None and known.status.ended:
            return known
        try:
            told = self.log.call(self.log.get, run_id)
        except HailuoError as e:
            if known is None and isinstance(e, StoreError) and e.closed:
                known = self.runs.last_known(run_id)
            if known is None:
                raise
            return known  # the log cannot be asked: this is how we left it
        unwritten = known is not None and told.status == known.status and told.error is None
        return known if unwritten and known is not None else told  # the error that the log could not be told of

    def cancel(self, run_id: str) -> None:
        """Cancel a run: its task at the provider, if that can be; otherwise it is only followed no further.

        If another kernel is sending the run's create call, or would have to ask the provider, that kernel cancels the
        run when it renews its leases.
        """
        asked = self._cancelled_there(run_id)
        told, unsent = (False, False) if asked and not self.runs.run_of(run_id).follower else self.runs.cancel(run_id)
        if asked and (told or self._take_up_to_cancel(run_id)):
            self._drive_to_end(run_id)
        elif told or asked:
            return
        elif self.record(run_id).status == "submitting":
            # It may be charged: who sends it must be able to say so; if nobody does any more, it is settled here.
            if not self.take_up([run_id]):
                self.log.call(self.log.note, run_id, RunEvent.CANCEL_REQUESTED)
        elif unsent or self.record(run_id).unfinished:
            self.runs.learn(self.log.call(self.log.advance, run_id, RunEvent.CANCELLED, status="cancelled", error=None))

    def _cancelled_there(self, run_id: str) -> bool:
        """Return whether the run's provider can cancel its task."""
        record = self.record(run_id)
        return record.status in UNDER_WAY and can_cancel(self.accounts.provider(record.request.provider), record)

    def _take_up_to_cancel(self, run_id: str) -> bool:
        """Follow a run in order to cancel it; False if another kernel follows it, which is asked to do so."""
        self.runs.run_of(run_id).cancel_wished = True
        if self.runs.follows(run_id) or self.take_up([run_id]):
            return True
        self.runs.run_of(run_id).cancel_wished = False
        self.log.call(self.log.note, run_id, RunEvent.CANCEL_REQUESTED)
        return False

    def _drive_to_end(self, run_id: str) -> None:
        """Drive a run in a script, where no loop would ask the provider before the next wait."""
        self.runs.drive()
        if running_loop() is None and not self.runs.run_loop.driven:
            with contextlib.suppress(TimeoutError):
                self.wait([run_id], CANCEL_S)

    # -- waiting --------------------------------------------------------------------------------------------------

    async def settled(self, run_ids: Iterable[str], seconds: float | None = None) -> None:
        """Wait until none of the runs is followed any more; see :func:`hailuo_widgets.engine.waiting.settled`."""
        await settled(self.runs, run_ids, seconds)

    def wait(self, run_ids: Iterable[str], timeout: float | None = None) -> None:
        """Wait in synchronous code; see :func:`hailuo_widgets.engine.waiting.wait`."""
        wait(self.runs, run_ids, timeout)

    def close(self) -> None:
        """Stop following runs; see :func:`hailuo_widgets.engine.waiting.leave`."""
        try:
            leave(self.runs)
        finally:
            close_connections(self.clients, self.runs)

    async def aclose(self) -> None:
        """Stop following runs, inside a running loop; see :func:`hailuo_widgets.engine.waiting.leave_here`."""
        try:
            await leave_here(self.runs)
        finally:
            task = close_connections(self.clients, self.runs)
        if task is not None:
            await asyncio.shield(task)
