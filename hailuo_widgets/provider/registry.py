"""Registry of the providers, by name.

Another package adds a provider by an entry point of the group ``hailuo_widgets.providers``. It cannot take a name of a
bundled one.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from hailuo_widgets.errors import HailuoError, UsageError, nearest
from hailuo_widgets.redaction.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.provider.interface import Provider
    from hailuo_widgets.settings.settings import Settings

__all__ = ["BUNDLED", "CHECKED", "names", "open_provider"]

CHECKED = "2026-11-28"  # the day when the bundled providers' facts were last compared with their documents
GROUP = "hailuo_widgets.providers"
_NAMES = ("minimax", "kie", "kkiai", "pixazo", "runware", "fal", "replicate", "relay")
BUNDLED = {name: f"hailuo_widgets.provider.{name}:make" for name in _NAMES}


def _found() -> dict[str, Callable[[], Callable[[Settings], Provider]]]:
    """Return a loader for each provider's name, the bundled ones first; no entry point can take a bundled name."""
    loaders = {p.name: p.load for p in entry_points(group=GROUP)}
    third_parties = {name: loaders[name] for name in sorted(set(loaders) - set(BUNDLED))}
    return {**{name: _bundled(name) for name in BUNDLED}, **third_parties}


def _bundled(name: str) -> Callable[[], Callable[[Settings], Provider]]:
    load: Callable[[], Callable[[Settings], Provider]] = EntryPoint(name, BUNDLED[name], GROUP).load
    return load


def names() -> tuple[str, ...]:
    """Return the names of all providers, the bundled ones first."""
    return tuple(_found())


def open_provider(name: str, settings: Settings) -> Provider:
    """Return the provider of that name.

    Raises:
        UsageError: No provider has this name, or the package that has it can't open it.
    """
    word = str(name).strip().casefold()
    if word in BUNDLED:  # without searching every installed package
        return _bundled(word)()(settings)
    found = _found()
    if word not in found:
        near = nearest(word, found)
        raise UsageError(
            f"provider={name!r} is not known; there are {', '.join(found)}",
            argument="provider",
            hint=f"did you mean {near!r}?" if near else "%hailuo providers lists them",
        )
    try:
        return found[word]()(settings)
    except HailuoError:
        raise
    except Exception as e:  # noqa: BLE001 - another package's code raises any error
        what = f"{type(e).__name__}: {redact(str(e))}"
    package = next((p.dist.name for p in entry_points(group=GROUP, name=word) if p.dist is not None), "another package")
    raise UsageError(
        f"provider={name!r} of the package {package} can't be opened ({what})",
        argument="provider",
        hint=f"update {package}, or remove it; the other providers work without it",
    )
