"""Result of ``resume()``: the runs that were taken up, as one handle.

They may belong to several sweeps.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from hailuo_widgets.workspace.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["Resumed"]


class Resumed(Sweep):
    """Runs that were taken up together: ``await`` it, or ``wait()`` in a script, which drives them.

    It works like a sweep and like a list of runs: it has a length, is indexed and iterated, is false if it is empty,
    and equals a list of the same runs.
    """

    in_log = False

    def __init__(self, session: WorkspaceBase, runs: Sequence[Run], *, unconfirmed: int = 0) -> None:
        super().__init__(session, f"resumed-{secrets.token_hex(4)}", runs)
        self._unconfirmed = unconfirmed

    @property
    def nothing(self) -> str:
        """What is said if no run was taken up: an unconfirmed run can't be, and isn't settled either."""
        if not self._unconfirmed:
            return "nothing was unfinished"
        are = "1 run is" if self._unconfirmed == 1 else f"{self._unconfirmed} runs are"
        return f"nothing to follow; {are} unconfirmed"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, list | tuple):
            return list(self.runs) == list(other)
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return super().__repr__().replace("<Sweep", "<Resumed", 1) if len(self) else f"<Resumed: {self.nothing}>"

    def __add__(self, other: Any) -> list[Run]:
        return [*self.runs, *other]
