"""Magics ``%hailuo`` and ``%%hailuo``: their registration, and its removal."""

from __future__ import annotations

from typing import Any

__all__ = ["load", "unload"]

_ATTRIBUTE = "_hailuo_magics"  # on the shell: survives %reload_ext and a second import of this module


def load(ipython: Any) -> None:
    """Register the magics, the cell transformer and the displays. Calling it twice changes nothing."""
    from hailuo_widgets.magics.extension import Extension
    from hailuo_widgets.workspace.left_over import left_over_sentences

    if getattr(ipython, _ATTRIBUTE, None) is None:
        extension = Extension(ipython)
        extension.register()
        setattr(ipython, _ATTRIBUTE, extension)
        for sentence in left_over_sentences():
            print(sentence)  # noqa: T201 - the message of a newly loaded extension


def unload(ipython: Any) -> None:
    """Remove everything that :func:`load` registered. Runs in flight go on."""
    extension = getattr(ipython, _ATTRIBUTE, None)
    if extension is not None:
        extension.unregister()
        setattr(ipython, _ATTRIBUTE, None)
