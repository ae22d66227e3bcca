"""A session: settings, a run log, an archive and an engine. All that users do goes through one."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from hailuo_widgets.archive import Archive
from hailuo_widgets.domain.annotation import tags_of
from hailuo_widgets.domain.budget import Budget
from hailuo_widgets.domain.ids import make_id, next_id
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.domain.run import SIMULATOR, RunRecord
from hailuo_widgets.domain.user_values import as_flag, as_number, as_whole
from hailuo_widgets.engine.engine import Engine
from hailuo_widgets.engine.equal_runs import History
from hailuo_widgets.engine.local_simulator import Backdrop
from hailuo_widgets.engine.reopen import ask_again_for_lost
from hailuo_widgets.engine.rescue_file import adopt_rescued
from hailuo_widgets.engine.waiting import leave, settled, wait
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.planning.axes import axes_of
from hailuo_widgets.planning.plan import look_up, make_plan, planned_again
from hailuo_widgets.render.run_card import card_of
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.store import open_log
from hailuo_widgets.store.peek import never_sent
from hailuo_widgets.system.forks import Lock
from hailuo_widgets.workspace.confirmation import confirm, part_of, question, within
from hailuo_widgets.workspace.fixed_attributes import Fixed
from hailuo_widgets.workspace.resumed import Resumed
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.workspace.selection import chosen, filtered, run_id_of, sweep_id_of, sweep_name
from hailuo_widgets.workspace.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    import pandas as pd

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.planning.plan import Plan, Planned
    from hailuo_widgets.render.card import Card

__all__ = ["Session"]

_SHAPE = ("variables", "repeat", "zipped", "exclude", "sample", "sample_seed", "namespace")
_MICROS = 1_000_000


class Session(Fixed):
    """What ``hw.generate``, ``hw.runs`` and the rest work with, for code that wants no defaults.

    Args:
        notice: Called with each sentence that the user should read; printed by default.
        config: Settings of the second order, as ``%config Hailuo`` has them.
        settings: ``provider=``, ``home=``, ``store=``, ``archive=``, ``mode=``, ``poll_interval=``, ``timeout=``,
            ``max_parallel=``, ``budget=``, …: before environment and defaults.

    Raises:
        UsageError: A name that is no setting, or a value that is not allowed.
    """

    _own = frozenset({"settings", "archive", "log", "engine", "accounts"})
    _replaceable = True  # a test, or a program around it, may stand in for a method
    _advice = "a setting is given when a session is made: Session(budget=5)"

    def __init__(
        self,
        *,
        notice: Callable[[str], None] = print,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings.resolve(settings, config)
        self.archive = Archive(self.settings.archive_folder)
        self.log = open_log(self.settings.store_url, notice=self.say)
        self._backdrop = Backdrop(self.settings.home, speed=self.settings.simulator_speed)
        self.engine = Engine(self.settings, log=self.log, archive=self.archive, backdrop=self._backdrop)
        self.accounts = self.engine.accounts
        self._notice = notice
        self._noticed: set[str] = set()
        self._id_lock = Lock()
        self._last_id = make_id("r", datetime.fromtimestamp(0, UTC), 0)

    # -- asking for clips -----------------------------------------------------------------------------------------

    def plan(self, prompt: Any = "", *, reuse: bool = True, ask_log: bool = True, **arguments: Any) -> Plan:
        """Make and check the requests of a sweep (or of one run); nothing is sent.

        The arguments are those of :func:`hailuo_widgets.sweep`; a cell gives the notebook's variables as ``namespace``.

        Raises:
            UsageError: What is wrong with them, all at once.
        """
        shape = {name: arguments.pop(name) for name in _SHAPE if name in arguments}
        reuse = as_flag("reuse", reuse)
        return make_plan(
            axes_of(prompt, arguments, **shape),
            accounts=self.accounts,
            provider=self.settings.provider,
            history=History(self.engine) if ask_log else None,
            reuse=reuse,
        )

    def generate(
        self,
        prompt: str = "",
        *,
        tags: str | Sequence[str] = (),
        budget: float | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        yes: bool = False,
        name: str | None = None,
        **arguments: Any,
    ) -> Run:
        """One clip; see :func:`hailuo_widgets.generate`."""
        plan = self.plan(prompt, ask_log=False, **arguments)  # the engine asks it: a cell returns at once
        if (count := plan.results) != 1 or plan.axis_values():
            what = f"{count} are asked for" if count != 1 else f"{' and '.join(plan.axis_values())} is an axis"
            raise UsageError(f"generate() makes one run, and {what}", hint="use hw.sweep: it takes the same arguments")
        more: dict[str, Any] = {"budget": budget, "max_parallel": max_parallel, "yes": yes, "name": name}
        return self.begin(plan, tags=tags, reuse=reuse, **more)[0]

    def sweep(
        self,
        prompt: Any = "",
        *,
        tags: str | Sequence[str] = (),
        budget: float | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        yes: bool = False,
        name: str | None = None,
        **arguments: Any,
    ) -> Sweep:
        """Several clips; see :func:`hailuo_widgets.sweep`."""
        plan = self.plan(prompt, reuse=reuse, **arguments)
        self._notice(f"hailuo: {plan.sentence()}")
        more: dict[str, Any] = {"budget": budget, "max_parallel": max_parallel, "yes": yes, "name": name}
        return self.begin(plan, tags=tags, reuse=reuse, **more)

    def begin(
        self,
        plan: Plan,
        *,
        tags: str | Sequence[str] = (),
        budget: float | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        warned: bool = False,
        yes: bool = False,
        name: str | None = None,
    ) -> Sweep:
        """Start what was planned, as a sweep of that name.

        ``warned``: its warnings have been shown; ``yes``: its cost is agreed to.

        Raises:
            UsageError: It would send more, or cost more, than is sent unasked, or the name is none; nothing was sent.
            BudgetExceeded: Already its first run passes the budget; nothing was sent.
        """
        reuse, yes, words, called = as_flag("reuse", reuse), as_flag("yes", yes), tags_of(tags), sweep_name(name)
        budget = None if budget is None else as_number("budget", budget)
        at_once = None if max_parallel is None else as_whole("max_parallel", max_parallel, least=1)
        if not reuse and plan.fated("sent") < plan.results:
            plan = self.look_up(plan, reuse=False)  # it was made for clips to be reused
        try:
            confirm(plan.to_send, self.settings, yes=yes)
            self._within(plan, budget)
        except (UsageError, BudgetExceeded):
            if plan.looked_up:
                raise
            plan = self.look_up(plan, reuse=reuse)  # an equal run's clip costs nothing
            confirm(plan.to_send, self.settings, yes=yes)
            self._within(plan, budget)
        for problem in () if warned else plan.warnings:
            self._notice(f"note: {problem}")
        sweep_id = make_id("s", datetime.now(UTC), secrets.randbits(40))
        records = [r for n, planned in enumerate(plan.runs) for r in self._records(planned, sweep_id, n, words)]
        records = [replace(r, sweep_name=called) for r in records]
        budgets, unpaid = self._budgets(sweep_id, budget), plan.unpaid([r.run_id for r in records])
        self.engine.start(records, reuse=reuse, unpaid=unpaid, budgets=budgets, at_once=at_once)
        return Sweep(self, sweep_id, [Run(self, r.run_id) for r in records])

    def look_up(self, plan: Plan, *, reuse: bool = True) -> Plan:
        """The plan with what log and archive know, see :func:`hailuo_widgets.planning.plan.look_up`; it blocks."""
        return look_up(plan, accounts=self.accounts, history=History(self.engine), reuse=reuse)

    def question(self, plan: Plan) -> str | None:
        """What is asked before a plan is begun; None where nothing is. See ``confirmation.question``."""
        return question(plan.to_send, self.settings)

    def confirm_again(self, earlier: RunRecord, *, yes: bool) -> None:
        """Refuse another paid try of a run that costs more than is sent unasked.

        Raises:
            UsageError: It does, and ``yes`` was not said; nothing was changed.
        """
        confirm([planned_again(earlier, accounts=self.accounts)], self.settings, yes=yes)

    def again(self, request: Request, earlier: RunRecord) -> Run:
        """Another paid try of a request that the log has."""
        record = replace(
            self._new(request, str(earlier.origin)),
            tags=earlier.tags,
            variant=earlier.variant,
            variables=earlier.variables,
        )
        self.engine.start([record], reuse=False, budgets=self._budgets(None, None))
        return Run(self, record.run_id)

    def _records(self, planned: Planned, sweep_id: str, index: int, tags: tuple[str, ...]) -> list[RunRecord]:
        """The runs of one planned create call: one, or as many as it has results."""
        if planned.origin == SIMULATOR:
            self._say_simulated(planned.request.provider)
        for name in IMAGE_FIELDS:
            image = getattr(planned.request, name)
            if image is not None and image.data is not None:
                self.archive.keep_input(image.data, str(image.media_type))
        variant = planned.cell.variant
        record = replace(
            self._new(planned.request, planned.origin),
            sweep_id=sweep_id,
            sweep_index=index,
            variant=variant.label,
            variables=dict(variant.variables),
            tags=tags,
        )
        further = [replace(record, run_id=self._new_id(), result_index=n) for n in range(1, planned.results)]
        return [record, *further]

    def _new_id(self) -> str:
        """A run's id, greater than every earlier one of this session: who came first is told by it."""
        with self._id_lock:
            moment = datetime.now(UTC)
            # Half of the bits are left for those of one millisecond, which follow one another.
            self._last_id = max(make_id("r", moment, secrets.randbits(39)), next_id(self._last_id))
            return self._last_id

    def _new(self, request: Request, origin: str) -> RunRecord:
        return RunRecord(
            run_id=self._new_id(),
            created_at=datetime.now(UTC),
            request=request,
            request_hash=request.hash,
            origin=origin,
            simulated=origin == SIMULATOR,
            client_uuid=str(uuid4()) if self.accounts.provider(request.provider).client_ids else None,
        )

    def _say_simulated(self, name: str) -> None:
        if name not in self._noticed:
            self._noticed.add(name)
            why = "mode is simulated" if self.settings.mode == "simulated" else f"no {name.upper()}_API_KEY is set"
            url = self.accounts.simulator_url(name)
            who = "the bundled simulator" if url is None else f"the simulator at {url}"
            self._notice(f"hailuo: {why}, so {who} makes the clips: nothing is sent out or billed")

    # -- money ----------------------------------------------------------------------------------------------------

    def _budgets(self, sweep_id: str | None, budget: float | None) -> tuple[Budget, ...]:
        """The bounds that each create call is held against; ``budget`` is that of the sweep."""
        budgets = []
        if budget is not None:
            micros = round(budget * _MICROS)
            budgets.append(Budget(name="budget of this call", micros=micros, sweep_id=sweep_id))
        if self.settings.budget is not None:
            micros = round(self.settings.budget * _MICROS)
            budgets.append(Budget(name="session's budget", micros=micros, session=self.engine.owner))
        if self.settings.daily_budget is not None:
            midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            micros = round(self.settings.daily_budget * _MICROS)
            budgets.append(Budget(name="budget of the day (UTC)", micros=micros, since=midnight))
        return tuple(budgets)

    def _within(self, plan: Plan, budget: float | None) -> None:
        """Refuse a call at once whose first run already passes its budget; the rest is counted as it is sent."""
        bound = self.settings.budget if budget is None else budget
        if bound is None or not plan.to_send:
            return
        within(plan.to_send, bound)
        if budget is not None and (some := part_of(plan.to_send, bound)):
            self.say(some)

    # -- runs of the log ------------------------------------------------------------------------------------------

    def run(self, run_id: Any) -> Run:
        """A run of the log, by its id or the first characters of it, or by what holds no other run."""
        return Run(self, run_id_of(self, run_id))

    def runs(
        self,
        *,
        sweep: Any = None,
        status: str | Sequence[str] | None = None,
        provider: str | None = None,
        model: str | None = None,
        since: str | date | None = None,
        tag: str | None = None,
    ) -> pd.DataFrame:
        """The run log; see :func:`hailuo_widgets.runs`."""
        from hailuo_widgets.dataframes.runs import runs_frame, since_moment

        moment = since_moment(since)
        found = filtered(self, sweep=sweep, status=status, provider=provider, model=model, since=moment, tag=tag)
        return runs_frame(found, self.archive.root, self.log.call(self.log.unmeasured, [r.run_id for r in found]))

    def resume(self) -> Resumed:
        """Take up every run that an earlier kernel left unfinished; see :func:`hailuo_widgets.resume`."""
        for sentence in [*self.log.call(self.log.notes), *adopt_rescued(self.log, self.settings.home)]:
            self._notice(f"hailuo: {sentence}")
        ask_again_for_lost(self.engine)
        ours = self.engine.undriven()
        taken = [Run(self, r.run_id) for r in [*ours, *self.engine.take_up()]]
        if waiting := [r.run_id for r in self.engine.waiting() if not self.engine.follows(r.run_id)]:
            self._notice(f"hailuo: {never_sent(len(waiting))}")
        self.archive.sweep_stale()
        return Resumed(self, taken)

    def chosen(self, what: Any = None) -> list[RunRecord]:
        """The runs that are meant, each clip once; see :func:`hailuo_widgets.workspace.selection.chosen`."""
        return chosen(self, what)

    def sweep_of(self, what: Any = None) -> Sweep:
        """A sweep of the log; see :func:`hailuo_widgets.sweep_of`."""
        sweep_id = sweep_id_of(self, what)
        return Sweep(self, sweep_id, [Run(self, r.run_id) for r in self.log.call(self.log.find, sweep=sweep_id)])

    async def records(self, run_ids: Iterable[str]) -> list[RunRecord]:
        """Runs as they are known now, in the order of their ids as given; the log is asked once for all it must be."""
        wanted = list(run_ids)
        engine = self.engine
        known = {i: engine.known(i) if engine.follows(i) else engine.decided(i) for i in wanted}
        asked = [i for i, record in known.items() if record is None]
        for n in range(0, len(asked), 500):  # under every database's limit of parameters
            known |= {r.run_id: r for r in await self.log.ask(self.log.find, run_ids=asked[n : n + 500])}
        return [record for i in wanted if (record := known[i]) is not None]

    def card(self, run_id: str) -> Card:
        """What is to be shown of a run now."""
        record = self.engine.record(run_id)
        facts = self.accounts.provider(record.request.provider).facts
        return card_of(record, facts=facts, archive=self.archive, expected=self.engine.expected.get(run_id))

    def say(self, sentence: str) -> None:
        """Tell the user something, as this session tells what it does."""
        self._notice(f"hailuo: {sentence}")

    def change(self, run_id: str, what: str, **changes: Any) -> None:
        """Write a user's own decision on a run."""
        self.engine.learn(self.log.call(self.log.change, run_id, what, **changes))

    # -- news from outside ----------------------------------------------------------------------------------------

    def followed(self, provider: str, task_id: str) -> list[str]:
        """The runs of a provider's task that are followed here: one, or as many as the task has results."""
        here = [run_id for run_id in list(self.engine.expected) if self.engine.follows(run_id)]
        records = [self.engine.record(run_id) for run_id in here]
        return [r.run_id for r in records if r.request.provider == provider and r.task_id == task_id]

    def nudge(self, run_id: str) -> None:
        """Ask for a run's state now rather than at its next poll; from any thread."""
        self.engine.nudge(run_id)

    def simulator_url(self) -> str:
        """Where the bundled simulator listens; it is started where it is not running yet."""
        return self._backdrop.url()

    # -- waiting --------------------------------------------------------------------------------------------------

    async def settled(self, run_ids: Iterable[str], seconds: float | None = None) -> None:
        """Wait until none of the runs is followed any more; see :func:`hailuo_widgets.engine.waiting.settled`."""
        await settled(self.engine, run_ids, seconds)

    def wait(self, run_ids: Iterable[str], timeout: float | None = None) -> None:
        """Wait in synchronous code; see :func:`hailuo_widgets.engine.waiting.wait`."""
        wait(self.engine, run_ids, timeout)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session and its runs are neither pickled nor copied: keep a run's id, hw.run(id) finds it")

    def close(self) -> None:
        """Let go of the store and stop the simulator. Runs in flight stay in the log for ``resume``."""
        try:
            leave(self.engine)
        finally:  # an interrupt ends the wait for a create call's answer, and leaves nothing open
            self.log.close()
            self._backdrop.stop()
