"""The functions of the package's front page, on the session that is there when nobody names one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from hailuo_widgets.session import Session
from hailuo_widgets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

    from hailuo_widgets.handles import Run

__all__ = ["default_session", "generate", "resume", "run", "runs", "set_config"]

_lock = threading.Lock()
_state: dict[str, Any] = {"session": None, "config": {}}  # survives %reload_ext: runs in flight hang on it


def set_config(config: Mapping[str, Any]) -> None:
    """Take settings of the second order (``%config Hailuo``); they hold from the next call on."""
    with _lock:
        _state["config"] = dict(config)


def default_session() -> Session:
    """The session that the functions of this module work with; a new one where the settings have changed."""
    with _lock:
        wanted = Settings.resolve(config=_state["config"])
        session: Session | None = _state["session"]
        if session is None or session.settings != wanted:
            session = _state["session"] = Session(config=_state["config"])
        return session


def generate(
    prompt: str = "",
    *,
    provider: str | None = None,
    model: str | None = None,
    duration: int | None = None,
    resolution: str | None = None,
    aspect_ratio: str | None = None,
    seed: int | None = None,
    first_frame: str | bytes | Path | Any | None = None,
    last_frame: str | bytes | Path | Any | None = None,
    subject: str | bytes | Path | Any | None = None,
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
    reuse: bool = True,
) -> Run:
    """Have one clip generated. It is on its way when this returns; ``await run`` (or ``run.wait()``) until it is there.

    Args:
        prompt: What is to be seen. Camera instructions stand in brackets: ``[Push in]``.
        provider: The gateway; the setting's where none is given.
        model: The provider's name of it or a short one (``"2.3"``); the provider's default otherwise.
        duration: Seconds.
        resolution: For example ``"768P"``.
        aspect_ratio: For example ``"9:16"``, where the provider takes one.
        seed: Where the provider takes one.
        first_frame: A path, URL, data URL, bytes, ``PIL.Image`` or NumPy array; a template's picture too.
        last_frame: Likewise.
        subject: A picture of the person to be seen (subject reference).
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
        reuse: Take the clip of an equal run that succeeded from the archive instead of paying again.

    Raises:
        UsageError: A problem of the request; nothing was sent.
        MissingKey: ``mode`` is ``live`` and there is no key.
        BudgetExceeded: It costs more than the budget, or its price is not known.
    """
    return default_session().generate(
        prompt,
        provider=provider,
        model=model,
        duration=duration,
        resolution=resolution,
        aspect_ratio=aspect_ratio,
        seed=seed,
        first_frame=first_frame,
        last_frame=last_frame,
        subject=subject,
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
        reuse=reuse,
    )


def run(run_id: str) -> Run:
    """A run of the log, by its id or the first characters of it.

    Raises:
        UsageError: There is none, or more than one.
    """
    return default_session().run(run_id)


def runs(
    *,
    sweep: str | None = None,
    status: str | Sequence[str] | None = None,
    provider: str | None = None,
    since: str | datetime | None = None,
    tag: str | None = None,
) -> pd.DataFrame:
    """The run log: one row a run, oldest first, fixed columns and dtypes (``hailuo_widgets.frames.RUN_COLUMNS``).

    Args:
        sweep: Only the runs of this sweep.
        status: Only those in this status, or one of these.
        provider: Only those at this gateway.
        since: Only those planned since then: a date or time as text (UTC unless it says otherwise), or a datetime.
        tag: Only those that bear this tag.
    """
    return default_session().runs(sweep=sweep, status=status, provider=provider, since=since, tag=tag)


def resume() -> list[Run]:
    """Take up every run that an earlier kernel left unfinished, and return them. Nothing is paid by it.

    Runs that another living kernel follows are left to it; runs that were planned and never sent stay so.
    """
    return default_session().resume()
