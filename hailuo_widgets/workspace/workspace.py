"""A session: settings, a run log, an archive and an engine. All that users do goes through one."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.annotation import tags_of
from hailuo_widgets.domain.ids import make_id
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.domain.run import SIMULATOR, RunRecord
from hailuo_widgets.domain.user_values import as_flag, as_number, as_whole
from hailuo_widgets.engine.equal_runs import History
from hailuo_widgets.engine.reopen import ask_again_for_lost
from hailuo_widgets.engine.rescue_file import adopt_rescued
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.planning.axes import axes_of
from hailuo_widgets.planning.plan import look_up, make_plan
from hailuo_widgets.store.peek import never_sent
from hailuo_widgets.workspace.base import WorkspaceBase
from hailuo_widgets.workspace.confirmation import confirm, part_of, question, within
from hailuo_widgets.workspace.resumed import Resumed
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.workspace.selection import chosen, run_id_of, runs_table, sweep_id_of, sweep_name
from hailuo_widgets.workspace.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pandas as pd

    from hailuo_widgets.planning.plan import Plan, Planned

__all__ = ["Workspace"]

_SHAPE = ("variables", "repeat", "zipped", "exclude", "sample", "sample_seed", "namespace")
_MICROS = 1_000_000


class Workspace(WorkspaceBase):
    """What ``hw.generate``, ``hw.runs`` and the rest work with, for code that wants no defaults.

    Args:
        notice: Called with each sentence that the user should read; printed by default.
        config: Settings of the second order, as ``%config Hailuo`` has them.
        settings: ``provider=``, ``home=``, ``store=``, ``archive=``, ``mode=``, ``poll_interval=``, ``timeout=``,
            ``max_parallel=``, ``budget=``, …: before environment and defaults.

    Raises:
        UsageError: A name that is no setting, or a value that is not allowed.
    """

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

    def _say_simulated(self, name: str) -> None:
        if name not in self._noticed:
            self._noticed.add(name)
            why = "mode is simulated" if self.settings.mode == "simulated" else f"no {name.upper()}_API_KEY is set"
            url = self.accounts.simulator_url(name)
            who = "the bundled simulator" if url is None else f"the simulator at {url}"
            self._notice(f"hailuo: {why}, so {who} makes the clips: nothing is sent out or billed")

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
        return runs_table(self, sweep=sweep, status=status, provider=provider, model=model, since=since, tag=tag)

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
