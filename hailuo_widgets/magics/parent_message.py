"""Workaround for ipykernel 7.4: restores a cell's parent message when the cell ends.

ipykernel 7.4 answers a widget's message while a cell waits, and then puts the cell's own message back as the one that
all is told to (`Kernel.shell_main`). Where the next cell has begun meanwhile, it is put in that one's place: the front
end hears twice that the first cell has ended and never that the second has, so that cell is busy for ever, and Run All
with it. Our players ask for their clip just when a cell ends.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["Parents"]


class Parents:
    """The messages of the cells that are being executed. At a terminal, and with another kernel, there are none."""

    def __init__(self, shell: Any) -> None:
        kernel = getattr(shell, "kernel", None)
        self._kernel: Any = kernel if hasattr(kernel, "_parent_ident") else None
        self._of: WeakKeyDictionary[Any, tuple[Any, Any]] = WeakKeyDictionary()

    def began(self, info: Any) -> None:
        """Note the message of a cell that begins; ``info`` is what ``pre_run_cell`` is called with."""
        if self._kernel is not None:
            ident = self._kernel._parent_ident["shell"]  # noqa: SLF001 - ipykernel tells it nowhere else
            self._of[info] = ident, self._kernel.get_parent("shell")

    def ended(self, result: Any) -> None:
        """Put it back where another one is in its place; ``result`` is what ``post_run_cell`` is called with."""
        known = None if result is None else self._of.pop(result.info, None)
        if known is not None and self._kernel.get_parent("shell") is not known[1]:
            self._kernel.set_parent(*known, "shell")
