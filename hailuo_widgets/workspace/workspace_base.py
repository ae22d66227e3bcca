"""Base class of a workspace: settings, run log, archive and engine of one home folder.

:class:`hailuo_widgets.workspace.workspace.Workspace` adds planning, starting and resuming. Handles and selections ask
for this class alone, so that nothing here imports them.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NoReturn, Self
from weakref import WeakValueDictionary

from hailuo_widgets.archive import Archive
from hailuo_widgets.domain.ids import make_id, next_id
from hailuo_widgets.domain.run import SIMULATOR, RunRecord, Status
from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.engine.engine import Engine
from hailuo_widgets.engine.local_simulator import LocalSimulator
from hailuo_widgets.engine.runtime import Runtime
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.plan import planned_again
from hailuo_widgets.render.card_of_record import card_of
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.store import RunLog
from hailuo_widgets.system.forks import Lock
from hailuo_widgets.workspace.account_notes import balances_of, live_providers, unpayable
from hailuo_widgets.workspace.confirmation import confirm, foreseen
from hailuo_widgets.workspace.fixed_attributes import Fixed
from hailuo_widgets.workspace.spending_limits import budgets_of, spent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from hailuo_widgets.domain.budget import Budget
    from hailuo_widgets.domain.callback_format import CallbackFormat
    from hailuo_widgets.domain.events import RunEvent
    from hailuo_widgets.domain.exchange import Rates
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.planning.plan import Planned
    from hailuo_widgets.render.card import Card

__all__ = ["OPENED_AS", "WorkspaceBase", "opened_as", "settings_of"]

OPENED_AS = "hailuo_session"  # in a DataFrame's attrs: the name of the open workspace that its rows are of
_opened: WeakValueDictionary[str, WorkspaceBase] = WeakValueDictionary()
_settings: dict[str, Settings] = {}  # of each workspace that was opened in this process, by its name


def opened_as(name: Any) -> WorkspaceBase | None:
    """The workspace that was opened under a name, in this process; None if it is closed or unknown."""
    return _opened.get(name) if isinstance(name, str) else None


def settings_of(name: Any) -> Settings | None:
    """The settings of the workspace that was opened under a name, also if it is closed; None if it is unknown."""
    return _settings.get(name) if isinstance(name, str) else None


class WorkspaceBase(Fixed):
    """An open home folder.

    Args:
        misplaced: Nothing: settings are given by their names.
        notice: Called with each sentence for the user; ``print`` by default.
        config: Settings that ``%config Hailuo`` has given; arguments override them.
        runtime: Clock, timing, ids and connections in the place of this machine's, for tests.
        settings: Settings by their names, for example ``home=``, ``mode=`` or ``budget=``.

    Raises:
        UsageError: A name that is not a setting, or a value that its setting does not allow.
    """

    _own = frozenset({"settings", "runtime", "archive", "log", "engine", "accounts", "opened_as", "closed"})
    _replaceable = True  # a test, or a program around it, may replace a method
    _advice = "a setting is given when a session is made: Session(budget=5)"

    def __init__(
        self,
        *misplaced: Any,
        notice: Callable[[str], None] = print,
        config: Mapping[str, Any] | None = None,
        runtime: Runtime | None = None,
        **settings: Any,
    ) -> None:
        if misplaced:
            raise UsageError(
                f"settings are given by their names, and {shown(misplaced[0])} has none",
                hint=f"for example Session(home={str(misplaced[0])!r})"
                if isinstance(misplaced[0], str | PurePath)
                else "for example Session(budget=5)",
            )
        if not callable(notice):
            raise UsageError(
                f"notice must be a function that takes a sentence, not {shown(notice)}",
                argument="notice",
                hint="notice=print is the default; notice=lambda sentence: None keeps silent",
            )
        self.settings = Settings.resolve(settings, config)
        self.runtime = runtime = runtime or Runtime()
        self.archive = Archive(self.settings.archive_folder, poster=runtime.poster)
        self.log = RunLog(
            self.settings.store_url, clock=runtime.clock, executor=runtime.store_executor, notice=self.say
        )
        self._simulator = LocalSimulator(self.settings.home, speed=self.settings.simulator_speed)
        self.engine = Engine(
            self.settings, log=self.log, archive=self.archive, simulator=self._simulator, runtime=runtime
        )
        self.accounts = self.engine.accounts
        self.opened_as = secrets.token_hex(8)
        self.closed = False
        _opened[self.opened_as] = self
        _settings[self.opened_as] = self.settings
        self._notice = notice
        self._noticed: set[str] = set()
        self._id_lock = Lock()
        self._last_id = make_id("r", datetime.fromtimestamp(0, UTC), 0)

    def say(self, sentence: str) -> None:
        """Tell the user something, in the way that this workspace reports what it does."""
        self._notice(f"hailuo: {sentence}")

    # -- runs -----------------------------------------------------------------------------------------------------

    async def records(self, run_ids: Iterable[str]) -> list[RunRecord]:
        """The current records of runs, in the order of the ids; asks the log once for all that the engine lacks."""
        wanted = list(run_ids)
        engine = self.engine
        known = {i: engine.runs.known(i) if engine.runs.follows(i) else engine.runs.decided(i) for i in wanted}
        asked = [i for i, record in known.items() if record is None]
        for n in range(0, len(asked), 500):  # under every database's limit of parameters
            known |= {r.run_id: r for r in await self.log.ask(self.log.find, run_ids=asked[n : n + 500])}
        return [record for i in wanted if (record := known[i]) is not None]

    def card(self, run_id: str) -> Card:
        """The card of a run as it stands now."""
        record = self.engine.record(run_id)
        facts = self.accounts.provider(record.request.provider).facts
        expected, price = self.engine.runs.expected(run_id), self.accounts.list_price(record.request, record.origin)
        return card_of(record, facts=facts, archive=self.archive, expected=expected, price=price)

    def change(self, run_id: str, what: RunEvent, **changes: Any) -> None:
        """Write a user's own decision on a run."""
        self.engine.runs.learn(self.log.call(self.log.change, run_id, what, **changes))

    def followed(self, provider: str, task_id: str) -> list[str]:
        """The followed runs of a provider's task: one, or as many as the task has results."""
        records = [self.engine.record(run_id) for run_id in self.engine.runs.followed]
        return [r.run_id for r in records if r.request.provider == provider and r.task_id == task_id]

    def callback_formats(self) -> dict[str, CallbackFormat]:
        """How the callbacks of each provider are read that has any, by the provider's name."""
        return self.accounts.callback_formats()

    def nudge(self, run_id: str) -> None:
        """Ask for a run's state now instead of at its next poll; from any thread."""
        self.engine.runs.run_of(run_id).nudge()

    def simulator_url(self) -> str:
        """The bundled simulator's URL; starts it if it is not running."""
        return self._simulator.url()

    # -- another paid try -----------------------------------------------------------------------------------------

    def confirm_again(self, earlier: RunRecord, *, yes: bool) -> None:
        """Refuse another paid try of a run that needs a confirmation.

        Raises:
            UsageError: It costs more than is sent without one, and ``yes`` is False; nothing was changed.
        """
        confirm([planned_again(earlier, accounts=self.accounts)], self.settings, yes=yes)

    def again(self, request: Request, earlier: RunRecord) -> str:
        """Start another paid try of a request of the log; returns the new run's id."""
        record = replace(
            self._new(request, str(earlier.origin)),
            tags=earlier.tags,
            variant=earlier.variant,
            variables=earlier.variables,
        )
        self.engine.start([record], reuse=False, budgets=self._budgets(None, None))
        return record.run_id

    def upscale(self, run_id: str, *, resolution: str | None, budget: float | None, yes: bool) -> str:
        """Start the paid run that makes a run's clip larger, and return its id; a :class:`Workspace` can.

        Raises:
            NotImplementedError: This is not one.
        """
        raise NotImplementedError

    def _new_id(self) -> str:
        """A new run's id, greater than every earlier one of this workspace: ids order runs by their age."""
        with self._id_lock:
            moment = self.runtime.clock.now()
            # Half of the bits are left for those of one millisecond, which follow one another.
            self._last_id = max(make_id("r", moment, self.runtime.ids.randbits(39)), next_id(self._last_id))
            return self._last_id

    def _new(self, request: Request, origin: str) -> RunRecord:
        return RunRecord(
            run_id=self._new_id(),
            created_at=self.runtime.clock.now(),
            request=request,
            request_hash=request.hash,
            origin=origin,
            simulated=origin == SIMULATOR,
            client_uuid=str(self.runtime.ids.uuid()) if self.accounts.provider(request.provider).client_ids else None,
        )

    def _budgets(self, sweep_id: str | None, budget: float | str | None) -> tuple[Budget, ...]:
        """The limits that each create call is checked against; ``budget`` is the sweep's own."""
        owner, now = self.engine.runs.owner, self.runtime.clock.now()
        return budgets_of(self.settings, sweep_id=sweep_id, budget=budget, owner=owner, now=now)

    def foreseen(
        self,
        calls: Sequence[Planned],
        *,
        budget: float | str | None = None,
        rates: Rates | None = None,
        yes: bool = False,
    ) -> tuple[str, ...]:
        """Sentences about what would stop create calls now; blocks for the log if a budget is set.

        See :func:`hailuo_widgets.workspace.confirmation.foreseen`.
        """
        budgets = spent_of(self.log, self._budgets("", budget), calls)
        return foreseen(calls, self.settings, budgets, rates=rates, yes=yes)

    # -- balances -------------------------------------------------------------------------------------------------

    def balance_texts(self, calls: Sequence[Planned]) -> list[str]:
        """What the accounts have left that create calls would be charged to, if it was asked for in the last minute."""
        return balances_of(calls, self.engine.balances.known, self._title)

    def balance_notes(self, calls: Sequence[Planned]) -> tuple[str, ...]:
        """The texts of :meth:`balance_texts`, and whether that pays for the calls; sends nothing."""
        return (*self.balance_texts(calls), *self.unpayable(calls))

    def unpayable(self, calls: Sequence[Planned]) -> list[str]:
        """A sentence for each account whose known balance cannot pay for create calls; sends nothing."""
        return unpayable(calls, self.engine.balances.known, self._title)

    def ask_balances(self, calls: Sequence[Planned], then: Callable[[], None] | None = None) -> None:
        """Ask the accounts that create calls would be charged to, in the background.

        ``then`` is called in another thread, once they have answered; not at all if all are known.
        """
        self.engine.balances.refresh(live_providers(calls), then)

    def _title(self, name: str) -> str:
        return self.accounts.provider(name).facts.title

    # -- waiting and closing --------------------------------------------------------------------------------------

    async def settled(self, run_ids: Iterable[str], seconds: float | None = None) -> None:
        """Wait until none of the runs is followed any more; see :func:`hailuo_widgets.engine.waiting.settled`."""
        await self.engine.settled(run_ids, seconds)

    def wait(self, run_ids: Iterable[str], timeout: float | None = None) -> None:
        """Wait in synchronous code; see :func:`hailuo_widgets.engine.waiting.wait`."""
        self.engine.wait(run_ids, timeout)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session and its runs are neither pickled nor copied: keep a run's id, hw.run(id) finds it")

    def close(self) -> None:
        """Close connections and the run log, and stop the simulator. Unfinished runs stay in the log for ``resume``.

        Waits for the answers to create calls on their way. Inside a running event loop it cannot wait: there an answer
        that comes later goes to the rescue file, and :meth:`aclose` waits for it.
        """
        followed = self._end()
        try:
            self.engine.close()
        finally:  # an interrupt ends the wait for a create call's answer, and leaves nothing open
            self._release(followed)

    async def aclose(self) -> None:
        """Close as :meth:`close` does, inside a running event loop: waits for create calls, and for connections."""
        followed = self._end()
        try:
            await self.engine.aclose()
        finally:
            self._release(followed)

    def _end(self) -> list[str]:
        """Mark it as closed; returns the ids of the runs that were followed until now."""
        self.closed = True
        _opened.pop(self.opened_as, None)
        return self.engine.runs.followed

    def _release(self, followed: Iterable[str]) -> None:
        """Close the log and stop the simulator; tell of the runs that were never sent."""
        self.log.close()
        self._simulator.stop()
        last = (self.engine.runs.last_known(run_id) for run_id in followed)
        unsent = sum(record is not None and record.status == Status.PLANNED for record in last)
        if unsent:
            were, them = ("1 run was", "it") if unsent == 1 else (f"{unsent} runs were", "them")
            self.say(
                f"{were} planned and not sent before the session was closed, so nothing was paid for {them}: wait() "
                f"(or await) within the session sends {them}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
