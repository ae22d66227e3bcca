"""MiniMax Hailuo video generation in notebooks: magics, widgets and a run log.

``%load_ext hailuo_widgets`` registers ``%hailuo`` and ``%%hailuo``. Everything can be done in plain Python too::

    import hailuo_widgets as hw

    run = hw.generate("A fox runs through fresh snow, [Push in]")
    await run  # run.wait() in a script
    hw.runs()

Public names are loaded on first use, so importing the package loads neither pandas nor httpx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hailuo_widgets.api.functions import (
        add_votes,
        balance,
        ballot,
        camera_instructions,
        compare,
        estimate,
        export,
        generate,
        models,
        monitor,
        power,
        preregister,
        providers,
        rank,
        resume,
        run,
        runs,
        seed_check,
        set_key,
        studio,
        sweep,
        sweep_of,
        templates,
        vote,
        votes,
        webhook,
    )
    from hailuo_widgets.api.session import Session
    from hailuo_widgets.errors import (
        AuthError,
        BudgetExceeded,
        Cancelled,
        DownloadError,
        HailuoError,
        InsufficientCredits,
        InvalidRequest,
        MissingKey,
        Moderated,
        ProviderError,
        RateLimited,
        Skipped,
        StoreError,
        TaskLost,
        TransportError,
        Unconfirmed,
        UsageError,
    )
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__version__ = "0.1.0"

__all__ = [
    "AuthError",
    "BudgetExceeded",
    "Cancelled",
    "DownloadError",
    "HailuoError",
    "InsufficientCredits",
    "InvalidRequest",
    "MissingKey",
    "Moderated",
    "ProviderError",
    "RateLimited",
    "Run",
    "Session",
    "Skipped",
    "StoreError",
    "Sweep",
    "TaskLost",
    "TransportError",
    "Unconfirmed",
    "UsageError",
    "__version__",
    "add_votes",
    "balance",
    "ballot",
    "camera_instructions",
    "compare",
    "estimate",
    "export",
    "generate",
    "models",
    "monitor",
    "power",
    "preregister",
    "providers",
    "rank",
    "resume",
    "run",
    "runs",
    "seed_check",
    "set_key",
    "studio",
    "sweep",
    "sweep_of",
    "templates",
    "vote",
    "votes",
    "webhook",
]

_API = (
    "add_votes",
    "balance",
    "ballot",
    "camera_instructions",
    "compare",
    "estimate",
    "export",
    "generate",
    "models",
    "monitor",
    "providers",
    "power",
    "preregister",
    "rank",
    "resume",
    "run",
    "runs",
    "seed_check",
    "set_key",
    "studio",
    "sweep",
    "sweep_of",
    "templates",
    "vote",
    "votes",
    "webhook",
)
_ROOMS = {"Run": "workspace.run", "Session": "api.session", "Sweep": "workspace.sweep"} | dict.fromkeys(
    _API, "api.functions"
)


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext hailuo_widgets``: register the magics. A second call changes nothing."""
    from hailuo_widgets.magics import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext hailuo_widgets``: unregister the magics. Runs in progress continue."""
    from hailuo_widgets.magics import unload

    unload(ipython)
