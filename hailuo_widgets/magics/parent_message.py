"""Workaround for ipykernel 7.4: restores a cell's parent message when the cell ends.

ipykernel 7.4 handles a widget's message while a cell waits, and then restores the cell's message as the parent of all
output (`Kernel.shell_main`). If the next cell has begun meanwhile, this replaces that cell's parent: the front end is
told twice that the first cell has ended and never that the second has, so the second stays busy, and Run All with it.
Players ask for their clip just when a cell ends.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["Parents"]


class Parents:
    """Parent messages of the executing cells; empty in a terminal and with other kernels."""

    def __init__(self, shell: Any) -> None:
        kernel = getattr(shell, "kernel", None)
        self._kernel: Any = kernel if hasattr(kernel, "_parent_ident") else None
        self._of: WeakKeyDictionary[Any, tuple[Any, Any]] = WeakKeyDictionary()

    def began(self, info: Any) -> None:
        """Keep the message of a cell that begins; ``info`` is the argument of ``pre_run_cell``."""
        if self._kernel is not None:
            ident = self._kernel._parent_ident["shell"]  # noqa: SLF001 - ipykernel has no public name for it
            self._of[info] = ident, self._kernel.get_parent("shell")

    def ended(self, result: Any) -> None:
        """Restore the cell's message if another one replaced it; ``result`` is the argument of ``post_run_cell``."""
        known = None if result is None else self._of.pop(result.info, None)
        if known is not None and self._kernel.get_parent("shell") is not known[1]:
            self._kernel.set_parent(*known, "shell")
