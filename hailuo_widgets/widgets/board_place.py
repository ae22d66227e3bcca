"""Interface of the place below a board, where it opens further widgets and starts further runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["BoardPlace"]


class BoardPlace(Protocol):
    """The place. Its methods are called on the loop that follows the runs."""

    async def quote(self, plan: Plan, *, reuse: bool) -> tuple[Plan, str | None, tuple[str, ...]]:
        """The plan with what equal runs have made, its question, and what stands against it."""

    async def start(self, plan: Plan, *, tags: Sequence[str], reuse: bool) -> Sweep:
        """Start a plan that the user has agreed to, and show its runs."""

    async def show(self, what: str, records: Sequence[RunRecord]) -> None:
        """Show the ``studio``, a ``compare`` or a ``vote`` of these runs."""
