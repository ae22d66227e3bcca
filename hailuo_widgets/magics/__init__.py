"""``%hailuo`` and ``%%hailuo``: registering them, and taking all of it back."""

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


def unload(ipython: Any) -> None:
    """Take back what :func:`load` registered. Runs in flight go on."""
    extension = getattr(ipython, _ATTRIBUTE, None)
    if extension is not None:
        extension.unregister()
        setattr(ipython, _ATTRIBUTE, None)
