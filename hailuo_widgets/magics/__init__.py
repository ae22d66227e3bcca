"""Magics ``%hailuo`` and ``%%hailuo``: their registration, and its removal."""

from __future__ import annotations

from typing import Any

__all__ = ["load", "unload"]

_ATTRIBUTE = "_hailuo_magics"  # on the shell: survives %reload_ext and a second import of this module


def load(ipython: Any) -> None:
    """Register the magics, the cell transformer and the displays. Calling it twice changes nothing."""
    from hailuo_widgets.magics.extension import Extension

    if getattr(ipython, _ATTRIBUTE, None) is None:
        extension = Extension(ipython)
        extension.register()
        setattr(ipython, _ATTRIBUTE, extension)
        for sentence in left_over_sentences():
            print(sentence)  # noqa: T201 - the message of a newly loaded extension


def left_over_sentences() -> list[str]:
    """Sentences about the runs that earlier kernels left unfinished in the default store, with the next step."""
    from hailuo_widgets.errors import UsageError
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.store.peek import left_over, never_sent
    from hailuo_widgets.system.process import is_dead, is_this_process

    try:
        url = Settings.resolve().store_url
    except UsageError:
        return []  # the first call that needs the settings raises this error
    found = left_over(url, lambda owner: is_dead(owner) and not is_this_process(owner))
    unconfirmed, planned = found.pop("unconfirmed", 0), found.pop("planned", 0)
    said = []
    if count := sum(found.values()):
        said.append(
            f"hailuo: {count} run(s) of an earlier kernel are unfinished: %hailuo resume takes them up for free"
        )
    if planned:
        said.append(f"hailuo: {never_sent(planned)}")
    if unconfirmed:
        said.append(
            f"hailuo: {unconfirmed} unconfirmed run(s) may have been billed: %hailuo runs unconfirmed lists them"
        )
    return said


def unload(ipython: Any) -> None:
    """Remove everything that :func:`load` registered. Runs in flight go on."""
    extension = getattr(ipython, _ATTRIBUTE, None)
    if extension is not None:
        extension.unregister()
        setattr(ipython, _ATTRIBUTE, None)
