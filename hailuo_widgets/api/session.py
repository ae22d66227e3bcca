"""Session: a home folder with its settings, and every public function of the package as a method."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.api.handle_session import on_session_of_runs
from hailuo_widgets.domain.annotation import tags_of
from hailuo_widgets.domain.ballot import CONSENT, QUESTION
from hailuo_widgets.domain.user_values import as_flag, as_value, as_whole, shown
from hailuo_widgets.errors import UsageError
from hailuo_widgets.settings.credentials import ask_key, keep_key
from hailuo_widgets.settings.settings import SETTINGS, RunMode
from hailuo_widgets.widgets.wait_view import show_wait
from hailuo_widgets.workspace.ballots import add_votes
from hailuo_widgets.workspace.keywords import checked, given
from hailuo_widgets.workspace.power import CONFIDENCE, PREFERENCES, TIES, Design, Power, power_of
from hailuo_widgets.workspace.registrations import Registration, register
from hailuo_widgets.workspace.seed_check import PROMPT, SeedCheck, check_of_runs, plan_seed_check
from hailuo_widgets.workspace.selection import every, sweep_name
from hailuo_widgets.workspace.spending_limits import as_budget, rates_of
from hailuo_widgets.workspace.votes import blind_test, ranking, votes_table
from hailuo_widgets.workspace.waiting_view import set_view
from hailuo_widgets.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.redaction.secret import Secret
    from hailuo_widgets.voting.aspects import AspectRankings
    from hailuo_widgets.voting.ranking import Ranking
    from hailuo_widgets.webhooks import Webhook
    from hailuo_widgets.workspace.resumed import Resumed
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["Session"]

LONGEST_NAME = 24  # characters of a provider's name
_DESIGN = frozenset({
    "seeds", "prompts", "replicates", "raters", "variants", "preference", "ties", "confidence", "budget",
})  # fmt: skip
_CALL = {"tags", "budget", "max_parallel", "yes", "name"}  # arguments of a call that are not its plan's

set_view(show_wait)


class Session(Workspace):
    """A home folder with its settings, and the package's functions as methods, for code that wants no defaults.

    The package's functions call these methods on a default session. A method that is given runs, a sweep or a
    DataFrame of another open session works on that session.

    Args:
        notice: Called with each sentence for the user; ``print`` by default.
        config: Settings that ``%config Hailuo`` has given; arguments override them.
        settings: Settings by their names: ``provider=``, ``home=``, ``store=``, ``archive=``, ``mode=``,
            ``poll_interval=``, ``timeout=``, ``max_parallel=``, ``budget=``, …. They override the environment, files
            and defaults.

    Raises:
        UsageError: A name that is not a setting, or a value that its setting does not allow.
    """

    # -- clips ----------------------------------------------------------------------------------------------------

    @checked
    def generate(
        self,
        prompt: str = "",
        *,
        variables: Mapping[str, Any] | pd.DataFrame | None = None,
        provider: str | None = None,
        model: str | None = None,
        duration: int | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        seed: int | None = None,
        first_frame: str | Path | bytes | Any | None = None,
        last_frame: str | Path | bytes | Any | None = None,
        subject: str | Path | bytes | Any | None = None,
        references: str | Path | bytes | Any | Sequence[Any] | None = None,
        fit: str | None = None,
        template: str | None = None,
        text: str | None = None,
        prompt_optimizer: bool = False,
        fast_pretreatment: bool | None = None,
        watermark: bool | None = None,
        callback_url: str | None = None,
        width: int | None = None,
        height: int | None = None,
        options: Mapping[str, Any] | None = None,
        unlisted: bool = False,
        price: float | str | None = None,
        repeat: int = 1,
        zipped: Sequence[Sequence[str]] | Sequence[str] = (),
        exclude: Sequence[Mapping[str, Any]] | Mapping[str, Any] = (),
        sample: int | None = None,
        sample_seed: int | None = None,
        control: bool = False,
        tags: str | Sequence[str] = (),
        budget: float | str | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        yes: bool = False,
        name: str | None = None,
    ) -> Run:
        r"""Generate one clip. The run has started when this returns; ``await run`` (or ``run.wait()``) for its clip.

        Args:
            prompt: What the clip shows. Camera instructions stand in brackets: ``[Push in]``. ``{{name}}`` takes a
                variable, and ``\{{`` is a literal ``{{``.
            variables: The values of ``{{name}}``, by their names.
            provider: The provider; by default the setting's.
            model: The provider's name of the model or a short one (``"2.3"``); by default the provider's default.
            duration: Seconds.
            resolution: For example ``"768P"``.
            aspect_ratio: For example ``"9:16"``, if the provider takes one.
            seed: If the provider takes one; -1 asks for a random one, if the provider has that.
            first_frame: A path, URL, data URL, Base64, bytes, ``PIL.Image`` or NumPy array, or at Runware the UUID of
                an image that it keeps; also a template's picture.
            last_frame: Likewise.
            subject: A picture of the person in the clip (subject reference).
            references: Pictures, clips and sounds that the model is to follow, in the order in which the prompt counts
                them: each a path, URL, data URL, bytes, a run with a clip, or a picture as for ``first_frame``. A URL
                that doesn't end in a known suffix needs ``image:``, ``video:`` or ``audio:`` before it.
            fit: ``"crop"`` cuts images to the ratio that the provider takes, ``"pad"`` adds black; both lay transparent
                parts on white. By default images are sent as they are.
            template: A template's id or name.
            text: A template's words.
            prompt_optimizer: Let the provider rewrite the prompt. Off by default: a rewritten prompt confounds a
                comparison.
            fast_pretreatment: Shorten the optimizer's time, if the model has this option.
            watermark: Ask for the provider's watermark.
            callback_url: The URL that the provider reports to.
            width: Pixels, if the provider takes them.
            height: Likewise.
            options: Further fields of the provider's own.
            unlisted: ``model`` is in no table of this package: it is sent as typed, with the other arguments and
                ``options`` as they are. Nothing of the request is checked, and its price is not known.
            price: What a clip of an unlisted model costs: ``"0.5 USD"``, or a number in the provider's currency.
                Without it, a budget refuses the run.
            repeat: As for :func:`sweep`, and so are the next five; together they must leave one run.
            zipped: See ``repeat``.
            exclude: See ``repeat``.
            sample: See ``repeat``.
            sample_seed: See ``repeat``.
            control: See ``repeat``.
            tags: Words to find the run by.
            budget: The most that it may cost, in the provider's currency, or with its own: ``"5 USD"``. That needs a
                rate of the provider's currency (see the setting ``rates``); without one, the run is not sent.
            max_parallel: Runs of this call in flight at once; has no effect on one run.
            reuse: Take the clip of an equal run that succeeded instead of paying again: from the archive, from the
                archive of another home on the same log, or from the provider while it has the clip. A request with
                ``seed=-1``, or without a seed, is equal to its like too; ``reuse=False`` makes a new clip.
            yes: Send it even if it costs more than the setting ``ask_above_cost``.
            name: A name for :func:`sweep_of`, and for every function that takes a sweep.

        Raises:
            UsageError: A problem of the request, more than one run (:func:`sweep` makes several), or a cost that needs
                a confirmation; nothing was sent.
            MissingKey: ``mode`` is ``live`` and there is no key.
            BudgetExceeded: It costs more than the budget, or its price is not known.
        """
        # Without the log: a cell returns at once, and the engine looks for an equal run before it pays.
        plan = self.plan(prompt, ask_log=False, **given(locals(), but={*_CALL, "prompt", "reuse"}))
        if (count := plan.results) != 1 or plan.axis_values():
            what = f"{count} are asked for" if count != 1 else f"{' and '.join(plan.axis_values())} is an axis"
            raise UsageError(f"generate() makes one run, and {what}", hint="use hw.sweep: it takes the same arguments")
        more: dict[str, Any] = {"budget": budget, "max_parallel": max_parallel, "yes": yes, "name": name}
        return self.begin(plan, tags=tags, reuse=reuse, **more)[0]

    @checked
    def sweep(
        self,
        prompt: str | Sequence[str] | Mapping[str, str] | pd.DataFrame = "",
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
        tags: str | Sequence[str] = (),
        budget: float | str | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        yes: bool = False,
        name: str | None = None,
    ) -> Sweep:
        r"""Generate several clips: the product of every list that is given.

        A list, tuple, range, array, Series or Index is an axis (``seed=range(1, 5)``); as an image, an array is one
        image. Prompts change slowest, then the arguments in the order of the call, replicates fastest. Everything is
        checked before the first create call.

        Args:
            prompt: One prompt, a list of prompts, a mapping of labels to prompts, or a table of cases: a DataFrame
                whose columns are arguments and variables, and whose rows are cases. An empty cell is "not given".
                ``{{dawn | dusk}}`` in a prompt is an axis, ``{{name}}`` takes a variable, ``\{{`` is a literal
                ``{{``.
            variables: The values of ``{{name}}``, by their names; a list is an axis. Or a table of cases.
            provider: As for :func:`generate`, and so are the arguments up to ``price``; each takes one value or
                several.
            model: See ``provider``.
            duration: See ``provider``.
            resolution: See ``provider``.
            aspect_ratio: See ``provider``.
            seed: See ``provider``.
            first_frame: See ``provider``.
            last_frame: See ``provider``.
            subject: See ``provider``.
            references: See ``provider``; a list is one value, and a list of lists is an axis.
            fit: See ``provider``.
            template: See ``provider``.
            text: See ``provider``.
            prompt_optimizer: See ``provider``.
            fast_pretreatment: See ``provider``.
            watermark: See ``provider``.
            callback_url: See ``provider``.
            width: See ``provider``.
            height: See ``provider``.
            options: See ``provider``.
            unlisted: See ``provider``.
            price: See ``provider``.
            repeat: Replicates of each run. A replicate is never called a seed.
            zipped: Groups of axes that are combined value by value instead of crossed: names of arguments, of
                variables, or ``"prompt"``. For example ``[("prompt", "first_frame")]``.
            exclude: Leave out the runs that match all values of one of these, for example
                ``[{"model": "02", "seed": 3}]``. One that matches no run is an error.
            sample: Draw this many of the runs. A larger sample contains every smaller one.
            sample_seed: Another seed draws other runs.
            control: Add a null control: the first run's request twice more, in two arms that differ by chance alone,
                each with as many clips as there are seeds and replicates. The clips have other seeds (or are further
                replicates) and are paid for: only the same call again, or with more seeds, reuses them.
                :func:`vote` shows their pairs among the others, and :func:`rank` tells what the raters found there:
                a difference of that size is noise.
            tags: Words to find the runs by.
            budget: The most that all runs together may cost, in the providers' currency, or with its own: ``"5 USD"``;
                nothing is sent beyond it. Each run is converted by your ``rates``; one without a rate is not sent.
            max_parallel: Runs of this call in flight at once; the account's own limit holds as well.
            reuse: Take clips of equal runs that succeeded: extending a sweep pays for the new runs alone. A run with
                ``seed=-1``, or without a seed, is equal to its like of an earlier call; ``seed=[-1, -1]`` and
                ``repeat=2`` are two clips each, and ``reuse=False`` makes all anew.
            yes: Send it even if it exceeds the settings ``ask_above`` and ``ask_above_cost``.
            name: A name for :func:`sweep_of`, and for every function that takes a sweep.

        Raises:
            UsageError: Problems of any of the runs, or a number or cost that needs a confirmation; nothing was sent.
            BudgetExceeded: The first run already exceeds the budget; nothing was sent.
        """
        plan = self.plan(prompt, **given(locals(), but={*_CALL, "prompt"}))
        self._notice(f"hailuo: {plan.sentence()}")
        if made := plan.parts().makes:
            self._notice(f"  makes: {made}")
        if plan.axes.control:
            self._notice(f"  control: {plan.parts().control}")
        more: dict[str, Any] = {"budget": budget, "max_parallel": max_parallel, "yes": yes, "name": name}
        return self.begin(plan, tags=tags, reuse=reuse, **more)

    @checked
    def estimate(
        self,
        prompt: str | Sequence[str] | Mapping[str, str] | pd.DataFrame = "",
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
        tags: str | Sequence[str] = (),
        budget: float | str | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        yes: bool = False,
        name: str | None = None,
        currency: str | None = None,
        rates: Mapping[str, Any] | str | None = None,
    ) -> pd.DataFrame:
        """Estimate what a sweep (or one run) costs and how long it takes; sends nothing.

        Takes the arguments of :func:`sweep`, so that a call can be estimated as it stands; ``name``, ``tags`` and
        ``max_parallel`` have no effect. Also tells how far the call's ``budget`` reaches, and whether it needs
        ``yes=True``.

        With ``currency`` (here or in the settings), the costs also stand in that currency. ``rates`` say what one unit
        of a provider's currency is worth in it: ``{"CNY": 0.14, "credits": 0.005}``, or with the day of a rate,
        ``{"CNY": {"rate": 0.14, "as_of": "2026-11-30"}}``. They are added to those of the settings, if these are into
        the same currency. A currency without a rate is not converted, and named; where a provider's document has the
        price in ``currency`` too (KIE: dollars per second), that is taken.

        Returns:
            One row for each provider and currency: ``provider``, ``runs``, ``reused`` (runs whose clip is in the
            archive), ``shared`` (runs that take the clip of an equal run in progress, or earlier in this call),
            ``to_send``, ``cost`` (``NA`` if any price is unknown), ``currency``, ``without_price`` (runs without a
            known price), ``expected_s`` (seconds until the last clip is there, at the account's limit; ``NA`` if
            unknown). With ``currency`` also ``converted`` (the row's cost in it), ``total`` (that of all rows
            together, the same in each; ``NA`` if any part is unknown or has no rate) and ``total_currency``.

        Raises:
            UsageError: Problems of any of the runs.
        """
        from hailuo_widgets.dataframes.costs import estimate_frame

        agreed = as_flag("yes", yes)
        most = None if budget is None else as_budget("budget", budget)
        if max_parallel is not None:
            as_whole("max_parallel", max_parallel, least=1)
        tags_of(tags)
        sweep_name(name)
        worth = rates_of(self.settings, currency, rates)
        plan = self.plan(prompt, **given(locals(), but={*_CALL, "prompt", "currency", "rates"}))
        plan = replace(plan, rates=worth)
        if plan.axes.control:
            self.say(f"control: {plan.parts().control}")
        for sentence in self.foreseen(plan.to_send, budget=most, rates=worth, yes=agreed):
            self.say(sentence)
        return estimate_frame(plan, self.accounts)

    # -- runs of the log ------------------------------------------------------------------------------------------

    @checked
    @on_session_of_runs
    def run(self, run_id: str | Run | Sweep | pd.DataFrame) -> Run:
        """A run of the log, by its id or the first characters of it; or the one run of a sweep or of a DataFrame.

        Raises:
            UsageError: There is none, or more than one.
        """
        return super().run(run_id)

    @checked
    @on_session_of_runs
    def runs(
        self,
        *,
        sweep: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        status: str | Sequence[str] | None = None,
        provider: str | None = None,
        model: str | None = None,
        since: str | date | None = None,
        tag: str | None = None,
    ) -> pd.DataFrame:
        """The run log: one row a run, oldest first, columns as in ``hailuo_widgets.dataframes.runs.RUN_COLUMNS``.

        Args:
            sweep: Only the runs of this sweep, or of these: its name (the newest of that name), id or handle; or rows
                of an earlier call, runs, or their ids.
            status: Only runs in this status, or in one of these.
            provider: Only runs at this provider.
            model: Only runs of this model, by the provider's name of it or a short one.
            since: Only runs planned since then: a date or time as text (UTC unless it names a zone), or a datetime.
            tag: Only runs that were started with this tag, or whose clip has it.

        Raises:
            UsageError: An unknown sweep, status, provider or model, or a ``since`` that is not a date. A tag or a date
                that no run has gives an empty frame.
        """
        return super().runs(sweep=sweep, status=status, provider=provider, model=model, since=since, tag=tag)

    @checked
    @on_session_of_runs
    def sweep_of(self, what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None) -> Sweep:
        """Return a sweep of the log as :func:`sweep` returned it, for example after a restart.

        Args:
            what: Its name (the newest of that name) or id, or runs of it; by default the latest sweep.

        Raises:
            UsageError: There is none, or the runs are of several.
        """
        return super().sweep_of(what)

    @checked
    def resume(self) -> Resumed:
        """Take up every run that an earlier kernel left unfinished, or that was lost. It costs nothing.

        Returns all of them as one handle, like a sweep: ``await`` it, or ``wait()`` in a script, which drives the runs;
        ``df`` has their rows; a notebook shows it as a board. It is iterated and indexed as a list of runs.

        Runs that another living kernel follows are left to it. Runs that were planned and never sent stay planned, and
        are counted: their cells send them.
        """
        return super().resume()

    # -- views and files ------------------------------------------------------------------------------------------

    @checked
    @on_session_of_runs
    def compare(
        self,
        what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        *,
        rows: str | None = None,
        cols: str | None = None,
        pages: str | None = None,
    ) -> None:
        """Show runs in a grid, all clips on one clock: play, step by frames, zoom, wipe and subtract; rate, tag, note.

        Ratings, tags and notes go to the run log, and belong to the clip: every run that shows it has them. A run
        without a clip has its cell, with the reason; a clip that several runs show has one cell.

        Args:
            what: A sweep or its name, rows of :func:`runs` (a DataFrame with ``run_id``), or runs or their ids; by
                default the latest sweep.
            rows: A column of :func:`runs` whose values are the grid's rows; by default what varies (a prompt, a
                model).
            cols: Likewise for its columns.
            pages: Likewise for its pages; by default one page.

        Raises:
            UsageError: No runs, or a name that is not a column of these runs.
        """
        from hailuo_widgets.domain.grid import arrange
        from hailuo_widgets.widgets.display import show_compare

        records = self._shown(what)
        show_compare(self, records, arrange(records, rows=rows, cols=cols, pages=pages))

    @checked
    def monitor(self) -> None:
        """Show everything in flight in the store, from any kernel: stage, time, cost so far, the last error; live.

        Its buttons cancel runs, take them up (``resume``), and try a failed download again. In a terminal, and without
        an event loop, it is one line a run.
        """
        from hailuo_widgets.widgets.display import show_monitor

        show_monitor(self)

    @checked
    @on_session_of_runs
    def studio(self, start: Run | Sweep | pd.DataFrame | str | None = None) -> None:
        """Show the studio: a form that builds a request, checks and prices it as you type, and runs it below.

        It shows the equivalent ``%%hailuo`` cell and Python call, and can be filled from either.

        Args:
            start: A run, a run's id, or a sweep or rows of :func:`runs` that hold one run: its request fills the form.

        Raises:
            UsageError: No such run, several, or no notebook.
        """
        from hailuo_widgets.widgets.display import show_studio

        show_studio(self, None if start is None else self.run(start).record)

    @checked
    @on_session_of_runs
    def export(
        self,
        what: Sweep | pd.DataFrame | Ranking | AspectRankings | Run | str | Path | Sequence[Run | str] | None = None,
        path: str | Path | None = None,
        *,
        rows: str | None = None,
        cols: str | None = None,
        pages: str | None = None,
        width: int | None = None,
        frames: int | None = None,
        largest: float | None = None,
        sound: Run | str | None = None,
    ) -> Path:
        """Write runs to a file; the end of its name selects the kind.

        A report (``.html``) is one file that plays its clips in sync without a kernel or a network, with a table of the
        runs and a summary of the votes. A table is ``.csv``, ``.parquet`` or ``.tex``; in CSV a spreadsheet takes no
        text for a formula. ``.mp4`` is a grid of the clips with labels as one video, at 25 frames a second, as long as
        the longest clip. ``.png`` is a filmstrip: a row a run.

        A ranking is written as LaTeX tables (``.tex``), as a Methods paragraph whose figures are those of the ranking
        (``.md``), as a table (``.csv``), as a notebook shows it (``.html``), or as a forest plot (``.png``, ``.svg``,
        ``.pdf``; needs the extra ``plots``); rows of :func:`votes` as ``.csv`` or ``.parquet``, with pseudonyms of the
        raters.

        Args:
            what: A sweep or its name, rows of :func:`runs`, or runs or their ids; by default the latest sweep. A clip
                that several of them show is written once. Or a ranking, or rows of :func:`votes`.
            path: The file. An existing file is replaced when the new one is complete.
            rows: For a report and a video, the column of :func:`runs` whose values are the grid's rows, as for
                :func:`compare`.
            cols: Likewise for its columns.
            pages: Likewise for a report's pages.
            width: For a video and a filmstrip, the width of one clip in pixels; by default 426 and 192.
            frames: For a filmstrip, the number of frames in a row; by default 8.
            largest: For a report, its largest size in megabytes; by default 200. Its size is told before it is written.
            sound: For a video, ``"mix"`` for the sound of all its clips at equal shares, or the run, or its id, whose
                sound is kept unchanged. By default the video is silent, and if clips have sound, that is told.

        Returns:
            The file's path.

        Raises:
            UsageError: No runs or no clips, an unknown end, an argument that this kind does not take, a missing folder,
                a report larger than ``largest``, or a ``sound`` that no shown run has.
        """
        from hailuo_widgets.exports import export as write
        from hailuo_widgets.exports import export_judgements
        from hailuo_widgets.voting.aspects import AspectRankings
        from hailuo_widgets.voting.ranking import Ranking

        if not isinstance(path, str | os.PathLike | None):
            raise UsageError(
                f"path must be a file's name, not {shown(path)}",
                argument="path",
                hint="the runs come first: hw.export(sweep, 'report.html')",
            )
        if path is None:  # hw.export("report.html"): the latest sweep
            if not isinstance(what, str | os.PathLike):
                raise UsageError("path is missing: where to write", hint="for example hw.export(sweep, 'report.html')")
            target = os.fspath(what)
            what = None
        else:
            target = os.fspath(path)
        asked: dict[str, Any] = {"rows": rows, "cols": cols, "pages": pages, "width": width}
        asked |= {"frames": frames, "largest": largest, "sound": sound}
        shape = {name: value for name, value in asked.items() if value is not None}
        judged: Any = what
        if isinstance(what, Ranking | AspectRankings) or (hasattr(judged, "columns") and "answer" in judged.columns):
            if shape:
                raise UsageError(
                    f"{next(iter(shape))} is for an export of runs", argument=next(iter(shape)), hint="leave it out"
                )
            return export_judgements(judged, target)
        return write(self, self._shown(what), target, **shape)

    def _shown(self, what: Any) -> list[RunRecord]:
        """The runs that are meant, each clip once; tells if that leaves some out."""
        from hailuo_widgets.domain.clips import one_per_clip

        found = every(self, what)
        shown = one_per_clip(found)
        if len(shown) < len(found):
            self.say(
                f"{len(found) - len(shown)} of {len(found)} runs show the clip of another one: each clip is there once"
            )
        return shown

    # -- votes ----------------------------------------------------------------------------------------------------

    @checked
    @on_session_of_runs
    def vote(
        self,
        what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        between: str | None = None,
        within: str | None = None,
        *,
        rater: str | None = None,
        question: str | Sequence[str] | Mapping[str, str] = QUESTION,
        aim: str = "order",
        repeats: float = 0.1,
    ) -> None:
        """Judge runs in blind pairs: left, right, tie or both bad. Which is which is shown at the end, not before.

        Sides are random. The next pair is the most informative one. Some pairs are repeated with their sides swapped,
        which measures a preference for a side. Each vote is in the log at once; a vote continues where it was left.

        Args:
            what: A sweep or its name, rows of :func:`runs` (a DataFrame with ``run_id``), or runs or their ids; by
                default the latest sweep. Runs without a clip are left out: a failure is no verdict on a picture. A clip
                that several of them show is judged once, and earlier votes on it count.
            between: The column of :func:`runs` that is judged; by default the prompts' labels, or what else varies.
            within: The column in which both clips of a pair agree; by default the seed, if seeds were sent. Everything
                else that varies agrees too. By default, runs without a common seed (of a provider that takes none, or
                of the seed -1, which is a random one) are paired too, unmatched: :func:`votes` has ``unmatched`` as
                their ``within``, and :func:`rank` says so.
            rater: Who judges; by default this system's user.
            question: The question that is asked of each pair; or up to eight, such as one on motion and one on faults
                (a mapping's keys are only for you to read), which are asked one after another. :func:`rank` keeps them
                apart.
            aim: With three values or more, what the next pair should tell: the ``order`` of all, or which one is the
                ``best``, which takes fewer votes.
            repeats: The share of votes that go to repeated pairs, from 0 to 0.5.

        Raises:
            UsageError: No two runs make a pair, a name that is not a column of these runs, or there is no notebook.
        """
        from hailuo_widgets.widgets.display import show_vote

        records, test = blind_test(
            self, what, between=between, within=within, rater=rater, question=question, aim=aim, repeats=repeats
        )
        show_vote(self, records, test)

    @checked
    @on_session_of_runs
    def ballot(
        self,
        what: Sweep | pd.DataFrame | Run | str | Path | Sequence[Run | str] | None = None,
        path: str | Path | None = None,
        *,
        between: str | None = None,
        within: str | None = None,
        question: str = QUESTION,
        consent: str = CONSENT,
        repeats: float = 0.1,
        largest: float | None = None,
    ) -> Path:
        """Write a blind page on which others judge runs in pairs, without a notebook, a kernel or a network.

        Each rater chooses a pseudonym, agrees to ``consent``, judges pairs by mouse or keyboard as with :func:`vote`,
        and saves a file of votes, which :func:`add_votes` adds. Votes stay in the browser when the page is closed. The
        page names nothing but the question: clips have random names and no metadata, and each rater sees the pairs in
        an order of its own. The run log keeps which clip is which.

        Args:
            what: The runs, given as for :func:`vote`; by default the latest sweep.
            path: The page, a file like ``"vote.html"``. An existing one is replaced; votes on it can still be added.
            between: The column of :func:`runs` that is judged, as for :func:`vote`.
            within: The column in which both clips of a pair agree, as for :func:`vote`.
            question: The question that is asked of each pair.
            consent: What each rater agrees to before the first pair.
            repeats: The share of votes that go to pairs shown again with their sides swapped, from 0 to 0.5.
            largest: The largest size of the file in megabytes; by default 50. A larger page becomes a folder with the
                clips beside ``index.html``: ``vote`` for ``"vote.html"``.

        Returns:
            The page's path.

        Raises:
            UsageError: No two runs make a pair, a name that is not a column of these runs, a wrong argument, a clip
                that can't be copied, or a folder of that name is there already.
        """
        from hailuo_widgets.exports.ballot_page import LARGEST_MB, write_ballot

        if path is None and isinstance(what, str | os.PathLike) and str(what).lower().endswith(".html"):
            path, what = os.fspath(what), None  # hw.ballot("vote.html"): the latest sweep
        if path is None:
            raise UsageError("path is missing: where to write", hint="for example hw.ballot(sweep, 'vote.html')")
        return write_ballot(
            self,
            what,
            path,
            between=between,
            within=within,
            question=question,
            consent=consent,
            repeats=repeats,
            largest=LARGEST_MB if largest is None else largest,
        )

    @checked
    def add_votes(self, files: str | Path | Sequence[str | Path]) -> pd.DataFrame:
        """Add the votes that raters saved from a page of :func:`ballot`; :func:`rank` counts them like others.

        A file that is added again, or that has further votes of the same rater, adds what is new. A vote that a rater
        has undone since is withdrawn. A file with a wrong value adds none of its votes.

        Args:
            files: A file, a pattern like ``"votes-*.json"``, a folder with such files, or several of these.

        Returns:
            A row per file: ``rater`` (the pseudonym and the page's random ID, so that two raters of one name stay two),
            the numbers of votes that are ``new``, ``known`` already, and ``undone`` since, and why it was ``refused``.

        Raises:
            UsageError: There is no such file, or each file was refused.
        """
        return add_votes(self, files)

    @checked
    @on_session_of_runs
    def votes(
        self,
        what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        *,
        between: str | None = None,
        rater: str | None = None,
    ) -> pd.DataFrame:
        """The votes: one row each, oldest first, columns as in ``hailuo_widgets.dataframes.votes.VOTE_COLUMNS``.

        Args:
            what: Only votes on two of the clips that these runs show, given as for :func:`vote`; by default all votes.
            between: Only votes that judged this column.
            rater: Only this rater's.

        Returns:
            A frame without the votes that were taken back. ``winner`` is missing for a tie and for both bad.
            ``left_run`` and ``right_run`` are the runs that were shown; a later run may show the same clip.
        """
        return votes_table(self, what, between=between, rater=rater)

    @checked
    @on_session_of_runs
    def rank(
        self,
        what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        between: str | None = None,
        *,
        question: str | None = None,
        rater: str | None = None,
        confidence: float | None = None,
    ) -> Ranking | AspectRankings:
        """The result of the votes: win rates and strengths with intervals, sides, raters, and one plain sentence.

        Args:
            what: Runs whose clips were judged, given as for :func:`vote`, or rows of :func:`votes`. Each clip counts
                once, whichever runs show it.
            between: The column that was judged; needed only if votes judged several.
            question: Only the votes that answer this question. By default, votes on several questions give a mapping of
                each question to its ranking; winners, p-values and ranks are corrected for their number in any case.
            rater: Only this rater's votes.
            confidence: The level of the intervals, and of the claim that one is better; by default what was registered,
                else 0.95.

        Raises:
            UsageError: Votes on several columns, and ``between`` is not given; or no vote answers ``question``.
        """
        return ranking(self, what, between, question=question, rater=rater, confidence=confidence)

    @checked
    @on_session_of_runs
    def preregister(
        self,
        what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        question: str = QUESTION,
        *,
        between: str | None = None,
        alpha: float = 0.05,
        looks: int | Sequence[int] | None = None,
        stopping: str = "",
        exclusions: str = "",
        raters: str | Sequence[str] | None = None,
    ) -> Registration:
        """Write down, before the votes, what will be compared and how; :func:`rank` says whether it was done so.

        The run log keeps the record with its time and hash, and never changes it. :func:`rank` of these runs begins its
        notes with "As registered on …", or with each deviation. Registering the same again returns the first record; of
        several records of one comparison, the first counts.

        Args:
            what: The runs, given as for :func:`vote`; they may still be unfinished.
            question: The question that the raters will be asked.
            between: The column that will be compared, as for :func:`vote`.
            alpha: The probability of naming a wrong winner; :func:`rank` uses it by default.
            looks: The numbers of units (seeds, or prompts) that two variants have in common at which a winner may be
                named, such as ``[10, 20]``, and at no others: that takes fewer votes than looks at any time, which are
                the default.
            stopping: When voting ends, in words.
            exclusions: Which runs or votes will be left out, in words.
            raters: Who will judge; by default anybody.

        Returns:
            The record: ``sha256`` to cite, ``at``, ``text``.

        Raises:
            UsageError: An argument is not valid, or no two runs make a pair; nothing was written.
        """
        return register(
            self,
            what,
            question=question,
            between=between,
            alpha=alpha,
            looks=looks,
            stopping=stopping,
            exclusions=exclusions,
            raters=raters,
        )

    @checked
    @on_session_of_runs
    def seed_check(
        self,
        what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
        *,
        prompt: str = PROMPT,
        provider: str | None = None,
        model: str | None = None,
        duration: int | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        seed: int = 1,
        first_frame: str | Path | bytes | Any | None = None,
        last_frame: str | Path | bytes | Any | None = None,
        prompt_optimizer: bool = False,
        options: Mapping[str, Any] | None = None,
        tags: str | Sequence[str] = (),
        budget: float | str | None = None,
        max_parallel: int | None = None,
        reuse: bool = True,
        yes: bool = False,
        name: str | None = None,
    ) -> SeedCheck:
        """Check whether a provider makes the same clip from the same seed; ``await`` the result for its clips.

        Compares two clips of one seed with two of different seeds, by their pixels and their structure. Without runs,
        it pays for three clips (one seed twice, and another one), with the plan, budget and confirmation of
        :func:`sweep`; equal runs' clips are reused.

        Args:
            what: Runs to compare instead, given as for :func:`vote`: of one model, with two clips of one request and
                one seed (``repeat=2``), and one of another seed. Nothing is sent.
            prompt: As for :func:`generate`, and so are the arguments up to ``options``; one value each.
            provider: See ``prompt``.
            model: See ``prompt``.
            duration: See ``prompt``.
            resolution: See ``prompt``.
            aspect_ratio: See ``prompt``.
            seed: The seed that is asked for twice; the other one is the next.
            first_frame: See ``prompt``.
            last_frame: See ``prompt``.
            prompt_optimizer: See ``prompt``.
            options: See ``prompt``.
            tags: As for :func:`generate`, and so are the following.
            budget: See ``tags``.
            max_parallel: See ``tags``.
            reuse: See ``tags``.
            yes: See ``tags``.
            name: See ``tags``.

        Returns:
            A handle with ``sentence``, ``verdict``, ``reproduces``, ``runs`` and ``df``, which a notebook shows.

        Raises:
            UsageError: The provider or model takes no seed, runs beside arguments of a request, runs that don't tell,
                or as for :func:`sweep`; nothing was sent.
            BudgetExceeded: The first run already exceeds the budget; nothing was sent.
        """
        asked = given(locals(), but={"what"})
        if what is not None:
            if asked:
                raise UsageError(
                    f"seed_check() compares the runs that are given, so {next(iter(asked))} has no use",
                    argument=next(iter(asked)),
                    hint="leave it out, or leave the runs out and new clips are made",
                )
            return check_of_runs(self, every(self, what))
        request = {k: v for k, v in asked.items() if k not in {*_CALL, "seed", "reuse"}} | {"prompt": prompt}
        plan = plan_seed_check(self, request, seed=seed, reuse=as_flag("reuse", reuse))
        self._notice(f"hailuo: {plan.sentence()}")
        more: dict[str, Any] = {"budget": budget, "max_parallel": max_parallel, "yes": yes, "name": name}
        return SeedCheck(self, self.begin(plan, tags=tags, reuse=reuse, **more))

    @checked
    def power(
        self,
        seeds: int = 20,
        *,
        prompts: int = 1,
        replicates: int = 1,
        raters: int = 1,
        variants: int = 2,
        preference: float | Sequence[float] = PREFERENCES,
        ties: float = TIES,
        confidence: float = CONFIDENCE,
        budget: float | str | None = None,
        provider: str | Sequence[str] | None = None,
        model: str | None = None,
        duration: int | None = None,
        resolution: str | None = None,
    ) -> Power:
        """Tell before paying what a comparison can find, and what it costs at each provider; sends nothing.

        Simulates votes on so many seeds of each prompt, and does with them what :func:`rank` does. As there, the seeds
        are the units, or the prompts if there are five or more.

        Args:
            seeds: The seeds of each prompt, from 1 to 500. With ``budget``, those that it pays for.
            prompts: The prompts on which the variants are compared.
            replicates: The clips of each variant on one seed.
            raters: How many judge each pair. They narrow the intervals, and name a winner no sooner.
            variants: How many are compared; one of them is preferred to each other one.
            preference: One or several mean scores of the better variant, from above 0.5 to below 1; a tie is one half.
            ties: The share of ties.
            confidence: As for :func:`rank`.
            budget: The most that the clips may cost, in the provider's currency or as ``"5 USD"``; needs one provider.
            provider: One or several; by default all that make a clip from a text, and in live mode have a key.
            model: As for :func:`generate`, and so are the following.
            duration: See ``model``.
            resolution: See ``model``.

        Returns:
            A :class:`~hailuo_widgets.workspace.power.Power`, with ``sentence``, ``df`` and ``costs``; a notebook shows
            it.

        Raises:
            UsageError: A value out of range, or a budget without one provider whose price is known.
        """
        request = given(locals(), but=_DESIGN)
        limit: tuple[int, str | None] | None = None
        if budget is not None:
            amount, _, currency = str(as_budget("budget", budget)).partition(" ")
            limit = round(float(amount) * 1_000_000), currency or None
        design = Design(seeds=seeds, prompts=prompts, raters=raters, variants=variants, replicates=replicates)
        return power_of(
            self, design, ties=ties, preference=preference, confidence=confidence, budget=limit, request=request
        )

    # -- catalog, keys, callbacks ---------------------------------------------------------------------------------

    @checked
    def providers(self) -> pd.DataFrame:
        """The providers: one row each, with modes, seeds, limits, and the source of the facts.

        ``output_format``, ``storage`` (how long a clip is kept) and ``link_life`` (how long its link works) are in the
        document's words; ``checked`` is the day when the facts were last compared with their documents.
        """
        from hailuo_widgets.dataframes.providers import providers_frame

        return self._without_unusable(providers_frame(self.accounts))

    @checked
    def models(self, provider: str | None = None) -> pd.DataFrame:
        """The models: one row for each model, mode and resolution, with its prices if a source names them.

        A model whose price depends on the region of the host has a row for each ``region``. ``price`` is that of a
        clip whose duration is not given: of the default duration, mostly 6 seconds, or of the shortest clip if the
        model does not make that. ``price_6s``, ``price_8s`` and ``price_10s`` are those of a clip of that length,
        ``price_per_s`` is that of one second, all in ``currency`` and without surcharges for references.
        ``also_priced`` is the price in another currency, where the document has it. ``price_source`` and
        ``price_as_of`` name the price's source and month, ``checked`` the day when the facts were last compared with
        their documents. ``recommended`` and ``styles`` are the document's recommended uses and art styles; ``note`` is
        what contradicts a document.

        Args:
            provider: Only this provider's.

        Raises:
            UsageError: No such provider.
        """
        from hailuo_widgets.dataframes.providers import models_frame

        provider = None if provider is None else str(as_value("provider", provider))
        return self._without_unusable(models_frame(self.accounts, provider))

    @checked
    def balance(self, provider: str | Sequence[str] | None = None) -> pd.DataFrame:
        """What the accounts have left, of each provider whose key is set; an answer is kept for 60 s.

        Asks each provider's free call (KIE, MiniMax and Runware have one), and waits for at most 10 s.

        Args:
            provider: Only this provider's, or these.

        Returns:
            One row for each sum of money (``kind`` is ``money``; the first of a provider is what can be spent) with
            ``amount`` and ``currency``, and for each row of a subscription's plan (``plan``) with ``left`` of ``total``
            in ``unit`` and the time ``until`` which it counts. ``not offered``: the provider tells no balance;
            ``unknown``: it could not be read, and ``note`` says why. ``as_of`` is when it was asked, in UTC.

        Raises:
            UsageError: No such provider.
        """
        from hailuo_widgets.dataframes.balances import balance_frame
        from hailuo_widgets.provider import names

        asked = [provider] if isinstance(provider, str) else list(names() if provider is None else provider)
        found = self.engine.balances.ask([self.accounts.provider(name).facts.name for name in asked])
        if not found:
            why = "mode is simulated" if self.settings.mode == RunMode.SIMULATED else "no key is set"
            self.say(f"{why}, so there is no account to ask; %hailuo keys shows where keys are looked for")
        return balance_frame(found)

    @checked
    def templates(self) -> pd.DataFrame:
        """The video templates, with what each needs. Ids are text: they exceed 2**53."""
        from hailuo_widgets.dataframes.providers import templates_frame

        return self._without_unusable(templates_frame(self.accounts))

    def _without_unusable(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The table, after saying once which providers of other packages are not in it, and why."""
        for name, reason in self.accounts.unusable.items():
            if reason not in self._noticed:
                self._noticed.add(reason)
                self.say(f"{name} is left out: {reason}")
        return frame

    @checked
    def camera_instructions(self) -> pd.DataFrame:
        """The 15 camera instructions, in English and Chinese."""
        from hailuo_widgets.dataframes.providers import camera_frame

        return camera_frame()

    @checked
    def set_key(self, provider: str, *, remember: bool = False) -> None:
        """Ask for a provider's key without showing it, and use it from now on in this process, in every session.

        Args:
            provider: The provider's name.
            remember: Also keep the key in the system's keyring, for later kernels (needs the extra ``keyring``).

        Raises:
            UsageError: No such provider, nobody can be asked here, or what was typed cannot be a key.
        """
        if len(str(provider)) > LONGEST_NAME:  # it may be the key: it is not repeated
            raise UsageError(
                "set_key() takes a provider's name, and what was given is too long for one",
                hint="write hw.set_key('minimax'), and type the key where it asks for it",
            )
        facts = self.accounts.provider(provider).facts
        name, variable = facts.name, facts.key_variable
        keep_key(variable, ask_key(variable, provider=name), remember=remember, provider=name)

    @checked
    def webhook(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        keys: Mapping[str, str | Secret] | None = None,
        public_url: str | None = None,
    ) -> Webhook:
        """Serve callbacks: when a provider calls, its run is polled at once. A callback's content is not believed.

        Give ``callback_url=hook.callback_url("minimax")`` to requests; ``with hw.webhook() as hook:`` closes it at the
        end of the block.

        Args:
            host: The address to listen at; the default is reached from this machine alone.
            port: 0 takes a free one.
            keys: ``kie``: the key that KIE signs with, instead of ``KIE_WEBHOOK_KEY``; ``replicate``: the secret that
                Replicate signs with, instead of ``REPLICATE_WEBHOOK_SECRET``; ``runware``: the token in the address,
                instead of a new one. Others by the variable that their provider names.
            public_url: The https address of a tunnel or proxy that leads here.

        Raises:
            UsageError: The port is taken, or an argument is not allowed.
        """
        from hailuo_widgets.webhooks import Webhook

        if keys is not None and not isinstance(keys, Mapping):
            raise UsageError(f"keys must be a dict of providers and keys, not {type(keys).__name__}", argument="keys")
        public_url = None if public_url is None else str(as_value("public_url", public_url))
        port = as_whole("port", port)
        return Webhook(self, host=str(as_value("host", host)), port=port, keys=keys, public_url=public_url)


def _signature() -> inspect.Signature:
    """The arguments of ``Session``, with the settings by their names."""
    named = [p for p in inspect.signature(Workspace).parameters.values() if p.kind is p.KEYWORD_ONLY]
    settings = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=f"{row.kind.python} | None")
        for name, row in SETTINGS.items()
    ]
    return inspect.Signature([*named, *settings])


Session.__signature__ = _signature()  # type: ignore[attr-defined]  # for help and Tab: they read it
