"""Box below a board: the studio, comparisons, votes and further runs that it opens."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ipywidgets

from hailuo_widgets.domain.ballot import QUESTION
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.errors import UsageError
from hailuo_widgets.widgets.compare import Compare
from hailuo_widgets.widgets.monitor import SweepBoard
from hailuo_widgets.widgets.player import Player, RunSource
from hailuo_widgets.widgets.studio import studio_box
from hailuo_widgets.widgets.vote import Vote
from hailuo_widgets.workspace.votes import blind_test

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.sweep import Sweep
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["Below"]

MOST_SHOWN: Final = 12


class Below:
    """The box, as a :class:`hailuo_widgets.widgets.board_place.BoardPlace`.

    Args:
        session: It starts the runs.
        loop: The event loop that follows them.
        namespace: Returns the notebook's variables, for the studio.
    """

    def __init__(
        self, session: Workspace, *, loop: asyncio.AbstractEventLoop, namespace: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._session, self._loop, self._namespace = session, loop, namespace
        self.box = ipywidgets.VBox([])

    async def quote(self, plan: Plan, *, reuse: bool) -> tuple[Plan, str | None, tuple[str, ...]]:
        """The plan with what equal runs have made, its question, and what stands against it."""
        known = await asyncio.to_thread(partial(self._session.look_up, plan, reuse=reuse))
        notes = await asyncio.to_thread(partial(self._session.foreseen, known.to_send, yes=True))
        return known, self._session.question(known), notes

    async def start(self, plan: Plan, *, tags: Sequence[str], reuse: bool) -> Sweep:
        """Start a plan that the user has agreed to, and show its runs."""
        begin = partial(self._session.begin, plan, tags=list(tags), reuse=reuse, warned=True, yes=True)
        sweep = await asyncio.to_thread(begin)
        self._session.engine.runs.drive()
        if len(sweep) > 1:
            self._add(SweepBoard(sweep, loop=self._loop, place=self))
        else:
            self._add(Player(RunSource(sweep[0]), loop=self._loop))
        return sweep

    async def show(self, what: str, records: Sequence[RunRecord]) -> None:
        """Show the ``studio``, a ``compare`` or a ``vote`` of these runs."""
        if what == "studio":
            start = next(iter(records), None)
            self._add(studio_box(self._session, loop=self._loop, namespace=self._namespace, start=start))
        elif what == "compare":
            self._add(Compare(self._session, records, arrange(records), loop=self._loop))
        elif what == "vote":
            ids = [r.run_id for r in records]
            usual: dict[str, Any] = {"between": None, "within": None, "rater": None, "aim": "order", "repeats": 0.1}
            begin = partial(blind_test, self._session, ids, question=QUESTION, **usual)
            shown, test = await asyncio.to_thread(begin)
            self._add(Vote(self._session, shown, test, loop=self._loop, changed=lambda *_: None))
        else:
            raise UsageError(f"a board opens studio, compare and vote, not {what!r}")

    def close(self) -> None:
        """Close all that it shows."""
        for one in self.box.children:
            _close(one)
        self.box.close()

    def _add(self, widget: Any) -> None:
        earlier = self.box.children
        self.box.children = (widget, *earlier[: MOST_SHOWN - 1])
        for old in earlier[MOST_SHOWN - 1 :]:
            _close(old)


def _close(widget: Any) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()
