"""Accepted task ids that the run log does not have yet.

An id is held from the moment an accepting answer is read until the log has it. If anything comes between (a cancelled
task, a closed loop, an interrupt, a slow or broken store, the interpreter's end), the id goes to the rescue file. If
that cannot be written either, the id goes to stderr, with the line that adopts it.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Receipt", "adopting_line", "tell"]

_held: set[Receipt] = set()


def adopting_line(run_id: str, task_id: str) -> str:
    """Return the line of Python that gives a run its task ID."""
    return f"hw.run({run_id!r}).adopt({task_id!r})"


class Receipt:
    """One task ID that is not in the log yet. ``secure`` may be called from any thread, and more than once.

    Args:
        run_id: The run.
        task_id: The provider's ID of its task.
        rescue: Writes it to the rescue file and returns whether it is there. It blocks, and raises nothing.
        where: The path of the rescue file, for messages.
    """

    def __init__(self, run_id: str, task_id: str, *, rescue: Callable[[], bool], where: str) -> None:
        self.run_id = run_id
        self.task_id = task_id
        self.kept = False  # the rescue file has it
        self._rescue = rescue
        self._where = where
        self._told = False
        _held.add(self)

    def secure(self) -> None:
        """Write the task ID to the rescue file, or else to stderr, so that it outlives this process."""
        if self.kept or self not in _held:
            return
        self.kept = self._rescue()
        if not self.kept and not self._told:
            self._told = True
            tell(
                f"hailuo: run {self.run_id} was accepted (and may be billed) as task {self.task_id}; neither the run "
                f"log nor {self._where} could be written yet. Keep this line, and run it if the run has no task id "
                f"when the log works again: {adopting_line(self.run_id, self.task_id)}"
            )

    def close(self) -> None:
        """Stop keeping the ID: the log has it, or an error has told the user."""
        _held.discard(self)


def tell(text: str) -> None:
    """Write to stderr, or to the process's original stderr if a notebook has replaced it by one that fails."""
    for stream in (sys.stderr, sys.__stderr__):
        with suppress(Exception):
            if stream is not None:
                print(text, file=stream, flush=True)
                return


@atexit.register
def _secure_all() -> None:
    for receipt in list(_held):
        receipt.secure()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_held.clear)  # they are the parent's
