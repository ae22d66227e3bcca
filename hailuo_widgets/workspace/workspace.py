"""A home folder at work: plans, starts, finds and resumes runs.

:class:`hailuo_widgets.api.session.Session` adds the public functions; widgets and exports ask for this class alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.annotation import tags_of
from hailuo_widgets.domain.ids import make_id
from hailuo_widgets.domain.run import SIMULATOR, RunRecord, Status
from hailuo_widgets.domain.user_values import as_flag, as_whole
from hailuo_widgets.engine.equal_runs import History
from hailuo_widgets.engine.event_loop import running_loop
from hailuo_widgets.engine.reopen import ask_again_for_lost
from hailuo_widgets.engine.rescue_file import adopt_rescued
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.planning.axes import axes_of
from hailuo_widgets.planning.plan import look_up, make_plan
from hailuo_widgets.planning.upscale import plan_upscale
from hailuo_widgets.settings.settings import RunMode
from hailuo_widgets.store.unfinished_count import never_sent, unconfirmed_runs
from hailuo_widgets.workspace.confirmation import confirm, part_of, question, within
from hailuo_widgets.workspace.keywords import checked, given
from hailuo_widgets.workspace.resumed import Resumed
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.workspace.selection import chosen, run_id_of, runs_table, sweep_id_of, sweep_name
from hailuo_widgets.workspace.spending_limits import as_budget, rates_of, spent_of
from hailuo_widgets.workspace.sweep import Sweep
from hailuo_widgets.workspace.typed_keys import refuse_typed_keys
from hailuo_widgets.workspace.workspace_base import WorkspaceBase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from hailuo_widgets.planning.plan import Plan, Planned

__all__ = ["Workspace"]

_SHAPE = ("variables", "repeat", "zipped", "exclude", "sample", "sample_seed", "control", "namespace")


class Workspace(WorkspaceBase):
    """An open home folder that plans, starts, finds and resumes runs; the arguments are those of the base."""

    # -- asking for clips -----------------------------------------------------------------------------------------

    @checked
    def plan(
        self,
        prompt: Any = "",
        *,
        variables: Mapping[str, Any] | pd.DataFrame | None = None,
        provider: str | Sequence[str] | None = None,
        model: str | Sequence[str] | None = None,
        duration: int | Sequence[int] | None = None,
        resolution: str | Sequence[str] | None = None,
        aspect_ratio: str | Sequence[str] | None = None,
        seed: int | Sequence[int] | range | None = None,
        first_frame: str | Path | bytes | Any | None = None,
        last_frame: str | Path | bytes | Any | None = None,
        subject: str | Path | bytes | Any | None = None,
        references: str | Path | bytes | Any | Sequence[Any] | None = None,
        fit: str | Sequence[str] | None = None,
        template: str | Sequence[str] | None = None,
        text: str | Sequence[str] | None = None,
        prompt_optimizer: bool | Sequence[bool] = False,
        fast_pretreatment: bool | Sequence[bool] | None = None,
        watermark: bool | Sequence[bool] | None = None,
        callback_url: str | Sequence[str] | None = None,
        width: int | Sequence[int] | None = None,
        height: int | Sequence[int] | None = None,
        options: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        unlisted: bool | Sequence[bool] = False,
        price: float | str | Sequence[float | str] | None = None,
        repeat: int = 1,
        zipped: Sequence[Sequence[str]] | Sequence[str] = (),
        exclude: Sequence[Mapping[str, Any]] | Mapping[str, Any] = (),
        sample: int | None = None,
        sample_seed: int | None = None,
        control: bool = False,
        reuse: bool = True,
        ask_log: bool = True,
        namespace: Mapping[str, Any] | None = None,
    ) -> Plan:
        """Make and check the requests of a sweep (or of one run); sends nothing.

        The arguments are those of :func:`hailuo_widgets.sweep`, and these: ``ask_log`` asks the run log and the archive
        for clips of equal runs; ``namespace`` has a notebook's variables, which a cell gives instead of ``variables``.
        ``prompt`` may be a cell's parsed prompts.

        Raises:
            UsageError: Every problem of the arguments, at once.
        """
        arguments = given(locals(), but={"prompt", "reuse", "ask_log"})
        shape = {name: arguments.pop(name) for name in _SHAPE if name in arguments}
        reuse = as_flag("reuse", reuse)
        return make_plan(
            axes_of(prompt, arguments, **shape),
            accounts=self.accounts,
            provider=self.settings.provider,
            history=History(self.engine.context) if ask_log else None,
            reuse=reuse,
            rates=rates_of(self.settings),
        )

    def begin(
        self,
        plan: Plan,
        *,
        tags: str | Sequence[str] = (),
        budget: float | str | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        warned: bool = False,
        yes: bool = False,
        name: str | None = None,
    ) -> Sweep:
        """Start a plan as a sweep.

        With ``warned`` the plan's warnings were shown already; with ``yes`` its number and cost are confirmed.

        Raises:
            UsageError: It needs a confirmation, or an argument is wrong; nothing was sent.
            BudgetExceeded: Its first run already exceeds the budget; nothing was sent.
        """
        reuse, yes, words, called = as_flag("reuse", reuse), as_flag("yes", yes), tags_of(tags), sweep_name(name)
        budget = None if budget is None else as_budget("budget", budget)
        at_once = None if max_parallel is None else as_whole("max_parallel", max_parallel, least=1)
        if not reuse and plan.fated("sent") < plan.results:
            plan = self.look_up(plan, reuse=False)  # it was made with reuse
        try:
            confirm(plan.to_send, self.settings, yes=yes)
            self._within(plan, budget)
        except (UsageError, BudgetExceeded):
            if plan.looked_up:
                raise
            plan = self.look_up(plan, reuse=reuse)  # an equal run's clip costs nothing
            confirm(plan.to_send, self.settings, yes=yes)
            self._within(plan, budget)
        self._say_part(plan, budget, warned=warned)
        if plan.results > 1 and not warned:
            self._say_unpayable(plan)
        for problem in () if warned else plan.warnings:
            self._notice(f"note: {problem}")
        sweep_id = make_id("s", self.runtime.clock.now(), self.runtime.ids.randbits(40))
        records = [r for n, planned in enumerate(plan.runs) for r in self._records(planned, sweep_id, n, words)]
        records = [replace(r, sweep_name=called) for r in records]
        refuse_typed_keys(records, self.accounts)
        budgets, unpaid = self._budgets(sweep_id, budget), plan.unpaid([r.run_id for r in records])
        self.engine.start(records, reuse=reuse, unpaid=unpaid, budgets=budgets, at_once=at_once)
        return Sweep(self, sweep_id, [Run(self, r.run_id) for r in records])

    def upscale(self, run_id: str, *, resolution: str | None, budget: float | None, yes: bool) -> str:
        """Start the paid run that makes a run's clip larger, and return its id; see :meth:`Run.upscale`."""
        record = self.log.call(self.log.get, run_id)
        if record.reused_from:
            record = self.log.call(self.log.get, record.reused_from)  # the run whose task made the clip
        history = History(self.engine.context)
        plan = plan_upscale(record, resolution=resolution, accounts=self.accounts, history=history)
        makes = plan.parts().makes
        self.say(f"{plan.sentence()}; makes {makes}" if makes else plan.sentence())
        return self.begin(plan, tags=record.tags, budget=budget, yes=yes)[0].id

    def look_up(self, plan: Plan, *, reuse: bool = True) -> Plan:
        """The plan with the clips of log and archive; blocks. See :func:`hailuo_widgets.planning.plan.look_up`."""
        return look_up(plan, accounts=self.accounts, history=History(self.engine.context), reuse=reuse)

    def question(self, plan: Plan) -> str | None:
        """The question that must be confirmed before a plan is started; None if there is none."""
        return question(plan.to_send, self.settings)

    def _records(self, planned: Planned, sweep_id: str, index: int, tags: tuple[str, ...]) -> list[RunRecord]:
        """The records of one planned create call: one, or as many as the call has results."""
        if planned.origin == SIMULATOR:
            self._say_simulated(planned.request.provider)
        for _, file in planned.request.inputs:
            if file.data is not None:
                self.archive.keep_input(file.data, str(file.media_type))
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
            why = (
                "mode is simulated"
                if self.settings.mode == RunMode.SIMULATED
                else f"no {self.accounts.provider(name).facts.key_variable} is set"
            )
            url = self.accounts.simulator_url(name)
            who = "the bundled simulator" if url is None else f"the simulator at {url}"
            self._notice(f"hailuo: {why}, so {who} makes the clips: nothing is sent out or billed")

    def _within(self, plan: Plan, budget: float | str | None) -> None:
        """Refuse a call if its first run already exceeds the budget; later runs are checked when they are sent."""
        budgets = self._budgets("", budget)
        if not plan.to_send or not budgets:
            return
        if budgets[0].since is None:
            within(plan.to_send, budgets[0])

    def _say_part(self, plan: Plan, budget: float | str | None, *, warned: bool) -> None:
        """Say how many of a plan's runs the budgets still cover, if it isn't all.

        With ``warned``, the session's and the day's were said already.
        """
        budgets = spent_of(self.log, self._budgets("", budget), plan.to_send)
        for limit, spent in budgets:
            if (limit.sweep_id is not None or not warned) and (some := part_of(plan.to_send, limit, spent)):
                self.say(some)

    def _say_unpayable(self, plan: Plan) -> None:
        """Say if a balance can't pay for a plan: before it starts if that is known, else as soon as it is.

        In a script, where no event loop runs, only what is known is said.
        """

        def say() -> None:
            for sentence in self.unpayable(plan.to_send):
                self.say(sentence)

        say()
        if running_loop() is not None:
            self.ask_balances(plan.to_send, say)

    # -- runs of the log ------------------------------------------------------------------------------------------

    def run(self, run_id: Any) -> Run:
        """A run of the log; see :func:`hailuo_widgets.run`."""
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
        ask_again_for_lost(self.engine.context)
        ours = self.engine.runs.undriven()
        taken = [Run(self, r.run_id) for r in [*ours, *self.engine.take_up()]]
        if waiting := [r.run_id for r in self.engine.runs.never_sent() if not self.engine.runs.follows(r.run_id)]:
            self._notice(f"hailuo: {never_sent(len(waiting))}")
        taken_ids = {run.id for run in taken}
        unconfirmed = [r for r in self.log.call(self.log.find, status=Status.UNCONFIRMED) if r.run_id not in taken_ids]
        if unconfirmed:
            self._notice(f"hailuo: {unconfirmed_runs(len(unconfirmed))}")
        self.archive.sweep_stale()
        return Resumed(self, taken, unconfirmed=len(unconfirmed))

    def chosen(self, what: Any = None) -> list[RunRecord]:
        """The records of the selected runs, each clip once; see :func:`hailuo_widgets.workspace.selection.chosen`."""
        return chosen(self, what)

    def sweep_of(self, what: Any = None) -> Sweep:
        """A sweep of the log; see :func:`hailuo_widgets.sweep_of`."""
        sweep_id = sweep_id_of(self, what)
        return Sweep(self, sweep_id, [Run(self, r.run_id) for r in self.log.call(self.log.find, sweep=sweep_id)])
