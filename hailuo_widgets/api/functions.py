"""The functions of the package's front page, on the session that is there when nobody names one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.settings.credentials import ask_key, keep_key, variable
from hailuo_widgets.settings.settings import Settings, shell_config
from hailuo_widgets.system.forks import Lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from hailuo_widgets.redaction.secret import Secret
    from hailuo_widgets.webhooks import Webhook
    from hailuo_widgets.workspace.resumed import Resumed
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = [
    "camera_instructions",
    "default_session",
    "estimate",
    "generate",
    "models",
    "providers",
    "resume",
    "run",
    "runs",
    "set_key",
    "sweep",
    "sweep_of",
    "templates",
    "webhook",
]

LONGEST_NAME = 24  # of a provider
_lock = Lock()
_state: dict[str, Any] = {"session": None}  # survives %reload_ext: runs in flight hang on it


def default_session() -> Session:
    """The session that the functions of this module work with; a new one where the settings have changed."""
    with _lock:
        config = shell_config()
        wanted = Settings.resolve(config=config)
        session: Session | None = _state["session"]
        if session is None or session.settings != wanted:
            session = _state["session"] = Session(config=config)
        return session


def generate(
    prompt: str = "",
    *,
    variables: Mapping[str, Any] | None = None,
    provider: str | None = None,
    model: str | None = None,
    duration: int | None = None,
    resolution: str | None = None,
    aspect_ratio: str | None = None,
    seed: int | None = None,
    first_frame: str | bytes | Path | Any | None = None,
    last_frame: str | bytes | Path | Any | None = None,
    subject: str | bytes | Path | Any | None = None,
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
    tags: Sequence[str] = (),
    budget: float | None = None,
    max_parallel: int | None = None,
    reuse: bool = True,
    yes: bool = False,
    name: str | None = None,
    **arguments: Any,
) -> Run:
    r"""Have one clip generated. It is under way when this returns; ``await run`` (or ``run.wait()``) until it is there.

    Args:
        prompt: What is to be seen. Camera instructions stand in brackets: ``[Push in]``. ``{{name}}`` takes a variable,
            and ``\{{`` is a literal ``{{``.
        variables: The values of ``{{name}}``, by their names.
        provider: The gateway; the setting's where none is given.
        model: The provider's name of it or a short one (``"2.3"``); the provider's default otherwise.
        duration: Seconds.
        resolution: For example ``"768P"``.
        aspect_ratio: For example ``"9:16"``, where the provider takes one.
        seed: Where the provider takes one.
        first_frame: A path, URL, data URL, bytes, ``PIL.Image`` or NumPy array; a template's picture too.
        last_frame: Likewise.
        subject: A picture of the person to be seen (subject reference).
        fit: ``"crop"`` cuts the images to the ratio that the provider takes, ``"pad"`` adds black to them; what is
            transparent in them is laid on white then. None sends them as they are.
        template: A template's id or name.
        text: A template's words.
        prompt_optimizer: Let the provider rewrite the prompt. Off, as a rewritten prompt confounds a comparison.
        fast_pretreatment: Shorten the optimizer's time, where the model has it.
        watermark: Ask for the provider's watermark.
        callback_url: Where the provider is to report.
        width: Pixels, where the provider takes them.
        height: Likewise.
        options: Further fields of the provider's own.
        tags: Words to find the run by.
        budget: What it may cost, in the provider's currency.
        max_parallel: Runs of this call in flight at once; for one run it says nothing.
        reuse: Take the clip of an equal run that succeeded instead of paying again: from the archive, from that of
            another home on the same log, or from the provider while it has it.
        yes: Send it also where it costs more than the setting ``ask_above_cost``.
        name: What to call it, for :func:`sweep_of` and wherever a sweep is asked for.
        arguments: None other: a misspelled one is a mistake, and those of :func:`sweep` make more than one run.

    Raises:
        UsageError: A problem of the request, more than one run (:func:`sweep` makes several), or it costs more than is
            sent unasked; nothing was sent.
        MissingKey: ``mode`` is ``live`` and there is no key.
        BudgetExceeded: It costs more than the budget, or its price is not known.
    """
    return default_session().generate(
        prompt,
        variables=variables,
        provider=provider,
        model=model,
        duration=duration,
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        seed=seed,
        first_frame=first_frame,
        last_frame=last_frame,
        subject=subject,
        fit=fit,
        template=template,
        text=text,
        prompt_optimizer=prompt_optimizer,
        fast_pretreatment=fast_pretreatment,
        watermark=watermark,
        callback_url=callback_url,
        width=width,
        height=height,
        options=options,
        tags=tags,
        budget=budget,
        max_parallel=max_parallel,
        reuse=reuse,
        yes=yes,
        name=name,
        **arguments,
    )


def sweep(
    prompt: str | Sequence[str] | Mapping[str, str] | pd.DataFrame = "",
    *,
    variables: Mapping[str, Any] | pd.DataFrame | None = None,
    repeat: int = 1,
    zipped: Sequence[Sequence[str]] = (),
    exclude: Sequence[Mapping[str, Any]] = (),
    sample: int | None = None,
    sample_seed: int | None = None,
    tags: Sequence[str] = (),
    budget: float | None = None,
    max_parallel: int | None = None,
    reuse: bool = True,
    yes: bool = False,
    name: str | None = None,
    **arguments: Any,
) -> Sweep:
    r"""Have several clips generated: the product of every list that is given.

    The order of the runs: prompts change slowest, then the arguments as they are given, replicates fastest. Everything
    is checked before the first create call.

    Args:
        prompt: One prompt, a list of them, a mapping of labels to prompts, or a table of cases: a DataFrame whose
            columns are arguments and variables, and each row one case. An empty cell is "not given".
            ``{{dawn | dusk}}`` in a prompt is an axis, ``{{name}}`` takes a variable, ``\{{`` is a literal ``{{``.
        variables: The values of ``{{name}}``, by their names; a list is an axis. Or a table of cases.
        repeat: Replicates of each run. A replicate is never called a seed.
        zipped: Groups of axes that go together, value by value, instead of being crossed: arguments, variables,
            ``"prompt"``. For example ``[("prompt", "first_frame")]``.
        exclude: Runs that match all values of one of these are left out, for example ``[{"model": "02", "seed": 3}]``.
            One that meets no run is an error.
        sample: Draw so many of the runs. A larger sample holds every smaller one.
        sample_seed: Another one draws other runs.
        tags: Words to find the runs by.
        budget: What all of it may cost, in the providers' currency; nothing is sent past it.
        max_parallel: Runs of this call in flight at once; the account's own limit holds beside it.
        reuse: Take clips of equal runs that succeeded from the archive: growing a sweep pays for the new runs alone.
        yes: Send it also where it is more than the settings ``ask_above`` and ``ask_above_cost`` let pass unasked.
        name: What to call it, for :func:`sweep_of` and wherever a sweep is asked for.
        arguments: Those of :func:`generate`; a list, tuple, range, array, Series or Index is an axis
            (``seed=range(1, 5)``). As an image, an array is one image.

    Raises:
        UsageError: What is wrong with any of the runs, or it is more than is sent unasked; nothing was sent.
        BudgetExceeded: Already the first run passes the budget; nothing was sent.
    """
    return default_session().sweep(
        prompt,
        variables=variables,
        repeat=repeat,
        zipped=zipped,
        exclude=exclude,
        sample=sample,
        sample_seed=sample_seed,
        tags=tags,
        budget=budget,
        max_parallel=max_parallel,
        reuse=reuse,
        yes=yes,
        name=name,
        **arguments,
    )


def estimate(
    prompt: str | Sequence[str] | Mapping[str, str] | pd.DataFrame = "",
    *,
    reuse: bool = True,
    **arguments: Any,
) -> pd.DataFrame:
    """What a sweep (or one run) would cost and take; nothing is sent.

    Args:
        prompt: As for :func:`sweep`.
        reuse: Leave out what is there already.
        arguments: As for :func:`sweep`, so that its call can be estimated as it stands; ``name``, ``tags`` and
            ``max_parallel`` say nothing here. What that call would meet is told: how far its ``budget`` reaches, and
            that it needs ``yes=True``.

    Returns:
        One row for each provider and currency: ``provider``, ``runs``, ``there_already``, ``to_send``, ``cost`` (``NA``
        where any price is not known), ``currency``, ``unpriced`` (runs without a known price), ``wall_s`` (seconds
        until the last clip is there, at the account's limit; ``NA`` where no figure is known).

    Raises:
        UsageError: What is wrong with any of the runs.
    """
    from hailuo_widgets.dataframes.costs import estimate_frame
    from hailuo_widgets.workspace.cell import plan_call

    session = default_session()
    return estimate_frame(plan_call(session, prompt, reuse=reuse, **arguments), session.accounts)


def providers() -> pd.DataFrame:
    """The gateways: one row each, with modes, seeds, limits, and the source of the facts."""
    from hailuo_widgets.dataframes.providers import providers_frame

    return providers_frame(default_session().accounts)


def models(provider: str | None = None) -> pd.DataFrame:
    """The models: one row for each model, mode and resolution, with its price where a source names one.

    Args:
        provider: Only this gateway's.

    Raises:
        UsageError: No such gateway.
    """
    from hailuo_widgets.dataframes.providers import models_frame

    return models_frame(default_session().accounts, provider)


def templates() -> pd.DataFrame:
    """The video templates, with what each needs. Ids are text: they exceed 2**53."""
    from hailuo_widgets.dataframes.providers import templates_frame

    return templates_frame(default_session().accounts)


def camera_instructions() -> pd.DataFrame:
    """The 15 camera instructions, in English and Chinese."""
    from hailuo_widgets.dataframes.providers import camera_frame

    return camera_frame()


def run(run_id: str | Run | Sweep | pd.DataFrame) -> Run:
    """A run of the log, by its id or the first characters of it; or the one run of a sweep or of a DataFrame.

    Raises:
        UsageError: There is none, or more than one.
    """
    return default_session().run(run_id)


def runs(
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
        sweep: Only the runs of this sweep, or of these: its name (of several of that name the newest), id or handle;
            or rows of an earlier call, runs, or their ids.
        status: Only those in this status, or one of these.
        provider: Only those at this provider.
        model: Only those of this model, by the provider's name of it or a short one.
        since: Only those planned since then: a date or time as text (UTC unless it says otherwise), or a datetime.
        tag: Only those that were started with this tag, or whose clip has it.

    Raises:
        UsageError: A sweep, status, provider or model that there is not, or a ``since`` that is no date. A tag or a
            date that no run has gives an empty frame.
    """
    session = default_session()
    return session.runs(sweep=sweep, status=status, provider=provider, model=model, since=since, tag=tag)


def sweep_of(what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None) -> Sweep:
    """Return a sweep of the log as :func:`sweep` returned it, for example after a restart.

    Args:
        what: Its name (of several of that name the newest) or id, or runs of it; the latest sweep where nothing is
            given.

    Raises:
        UsageError: There is none, or the runs are of several.
    """
    return default_session().sweep_of(what)


def resume() -> Resumed:
    """Take up every run that an earlier kernel left unfinished, or that was lost. It costs nothing.

    What is returned stands for all of them, as a sweep does: ``await`` it, or ``wait()`` in a script, which drives the
    runs; ``df`` has their rows; a notebook shows it as a board. It is iterated and indexed as a list of runs.

    Runs that another living kernel follows are left to it. Runs that were planned and never sent stay so, and are
    counted: their cells send them.
    """
    return default_session().resume()


def set_key(provider: str, *, remember: bool = False) -> None:
    """Ask for a provider's key, unseen, and use it from now on in this process.

    Args:
        provider: The gateway's name.
        remember: Also keep it in the system's keyring, for later kernels (needs the extra ``keyring``).

    Raises:
        UsageError: No such provider, nobody can be asked here, or nothing that can be a key was typed.
    """
    if len(str(provider)) > LONGEST_NAME:  # it may be the key: it is not repeated
        raise UsageError(
            "set_key() takes a provider's name, and what was given is too long for one",
            hint="write hw.set_key('minimax'), and type the key where it asks for it",
        )
    name = default_session().engine.accounts.provider(provider).facts.name
    keep_key(variable(name), ask_key(variable(name), provider=name), remember=remember, provider=name)


def webhook(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    keys: Mapping[str, str | Secret] | None = None,
    public_url: str | None = None,
) -> Webhook:
    """Serve callbacks: a provider that calls here has its run asked about at once. A callback itself is not believed.

    Give ``callback_url=hook.callback_url("minimax")`` to requests; ``with hw.webhook() as hook:`` closes it at its end.

    Args:
        host: The address to listen at; the default is reached from this machine alone.
        port: 0 takes a free one.
        keys: ``kie``: what KIE signs with, where ``KIE_WEBHOOK_KEY`` does not say it; ``runware``: the token in the
            address, where it should not be a new one.
        public_url: The https address of a tunnel or proxy that leads here.

    Raises:
        UsageError: The port is taken, or an argument is not allowed.
    """
    from hailuo_widgets.webhooks import Webhook

    return Webhook(default_session(), host=host, port=port, keys=keys, public_url=public_url)
