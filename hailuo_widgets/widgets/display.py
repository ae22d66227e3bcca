"""Display of runs, sweeps and boards in the current cell: widgets in a notebook, text in a terminal.

In a notebook a run has two outputs: the static card, which a saved notebook keeps, and the player, which hides the card
while the kernel runs. Both are updated through their own display handles, because output of a background task would
appear in the cell that ran last.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hailuo_widgets.engine.event_loop import running_loop
from hailuo_widgets.errors import UsageError
from hailuo_widgets.render.board import board_text
from hailuo_widgets.render.card import render_html, render_text
from hailuo_widgets.render.grid import grid_html
from hailuo_widgets.render.plan import plan_html, plan_text
from hailuo_widgets.widgets.sweep_table import SweepTable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.render.card import Card
    from hailuo_widgets.voting.blind_test import BlindTest
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = [
    "count_in_cell",
    "prepare",
    "show_compare",
    "show_monitor",
    "show_plan",
    "show_run",
    "show_studio",
    "show_sweep",
    "show_vote",
]

MOST_SHOWN = 100  # open players and boards of a kernel


class _Shown:
    """A run shown in a cell: its static card and its player."""

    def __init__(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        from IPython.display import display

        from hailuo_widgets.widgets.player import Player, RunSource

        self._run, self._loop = run, loop
        self._status = run.status
        self._handle: Any = display(_bundle(run.card), raw=True, display_id=True)
        self._player = Player(RunSource(run), loop=loop)
        # Without its line of text: a front end without widgets shows the card.
        display(self._player, exclude=["text/plain"])
        self._unsubscribe = run.subscribe(self._on_news)

    @property
    def ended(self) -> bool:
        return not self._run.record.unfinished

    def close(self) -> None:
        """Close the player; the static card stays."""
        self._unsubscribe()
        self._player.close()

    def _on_news(self, record: RunRecord) -> None:
        # The end is sent each time it is reported: a waiting cell reports it again for its own output.
        if record.status != self._status or not record.unfinished:
            self._status = record.status
            self._handle.update(_bundle(self._run.card), raw=True)
        if not record.unfinished and running_loop() is self._loop:
            self._player.flush()


def _bundle(card: Card) -> dict[str, str]:
    return {"text/html": render_html(card), "text/plain": render_text(card)}


_shown: dict[tuple[str, int], _Shown | _ShownSweep] = {}


def prepare() -> None:
    """Import the player before a run starts: the threads of a run would slow the import down."""
    if _has_widgets(_shell()):
        import_module("hailuo_widgets.widgets.player")


def show_run(run: Run) -> None:
    """Show a run in the current cell, once per cell."""
    shell = _shell()
    loop = run.loop
    if shell is None or loop is None or not _has_widgets(shell):
        print(render_text(run.card), file=sys.stdout)  # noqa: T201 - the output for a terminal
        return
    place = (run.id, shell.execution_count)
    if place not in _shown:
        _keep(place, _Shown(run, loop))


def count_in_cell(but: str) -> int:
    """Return how many runs and sweeps the current cell shows, one aside."""
    shell = _shell()
    return sum(cell == shell.execution_count and shown != but for shown, cell in _shown)


def _keep(place: tuple[str, int], shown: _Shown | _ShownSweep) -> None:
    """Remember what is shown, and close the oldest ended ones; their static cards stay.

    Each open one holds a comm, the text of its bundle and a view in the page.
    """
    _shown[place] = shown
    for old in list(_shown)[: max(0, len(_shown) - MOST_SHOWN)]:
        if _shown[old].ended:
            _shown.pop(old).close()


def show_plan(plan: Plan, *, dry: bool = False, notes: Sequence[str] = ()) -> Callable[[Sequence[str]], None] | None:
    """Show a plan before it is started, or a dry run; ``notes`` say what would happen.

    Returns:
        A function that shows it with other notes; None in a terminal.
    """
    if not _has_widgets(_shell()):
        print(plan_text(plan, dry=dry, notes=notes), file=sys.stdout)  # noqa: T201 - the output for a terminal
        return None
    from IPython.display import display

    def bundle(notes: Sequence[str]) -> dict[str, str]:
        return {"text/html": plan_html(plan, dry=dry, notes=notes), "text/plain": plan_text(plan, dry=dry, notes=notes)}

    show: Any = display
    handle = show(bundle(notes), raw=True, display_id=True)
    return lambda notes: handle.update(bundle(notes), raw=True)


class _ShownSweep:
    """A sweep shown in a cell: its static table and its live board."""

    def __init__(self, sweep: Sweep, loop: asyncio.AbstractEventLoop) -> None:
        from IPython.display import display
        from ipywidgets import VBox

        from hailuo_widgets.widgets.below import Below
        from hailuo_widgets.widgets.monitor import SweepBoard

        self._sweep = sweep
        self._table = SweepTable(sweep, loop)
        session: Any = sweep.session
        self._below = Below(session, loop=loop, namespace=_names)
        self._board = SweepBoard(sweep, loop=loop, place=self._below)
        self._box = VBox([self._board, self._below.box])
        display(self._box, exclude=["text/plain"])

    @property
    def ended(self) -> bool:
        return not any(run.record.unfinished for run in self._sweep)

    def push(self) -> None:
        """Update the static table now."""
        self._table.push()

    def close(self) -> None:
        """Close the board and what it opened; the static table stays."""
        self._table.stop()
        self._below.close()
        self._board.close()
        self._box.close()


def show_sweep(sweep: Sweep) -> None:
    """Show a sweep's board in the current cell; a second call in the same cell updates it."""
    shell = _shell()
    loop = sweep.runs[0].loop if len(sweep) else None
    if shell is None or loop is None or not _has_widgets(shell):
        print(board_text([run.card for run in sweep]), file=sys.stdout)  # noqa: T201 - the output for a terminal
        return
    place = (sweep.id, shell.execution_count)
    shown = _shown.get(place)
    if isinstance(shown, _ShownSweep):
        shown.push()
    else:
        _keep(place, _ShownSweep(sweep, loop))


def show_monitor(session: Workspace) -> None:
    """Show all unfinished runs: as a board in a notebook, as lines of text elsewhere."""
    shell, loop = _shell(), running_loop()
    if loop is None or not _has_widgets(shell):
        records = session.log.call(session.log.unfinished)
        cards = [session.card(r.run_id) for r in records]
        print(board_text(cards) if cards else "Nothing is in flight.", file=sys.stdout)  # noqa: T201 - as above
        return
    from IPython.display import display
    from ipywidgets import VBox

    from hailuo_widgets.widgets.below import Below
    from hailuo_widgets.widgets.monitor import Monitor

    below = Below(session, loop=loop, namespace=_names)
    display(VBox([Monitor(session, loop=loop, place=below), below.box]), exclude=["text/plain"])


def show_compare(session: Workspace, records: Sequence[RunRecord], grid: Grid) -> None:
    """Show runs in a grid: the live one and its static table in a notebook, lines of text elsewhere."""
    shell, loop = _shell(), running_loop()
    cards = [session.card(r.run_id) for r in records]
    if loop is None or not _has_widgets(shell):
        print(board_text(cards), file=sys.stdout)  # noqa: T201 - the output for a terminal
        return
    from IPython.display import display

    from hailuo_widgets.widgets.compare import Compare

    css = f"hailuo-grid-{records[0].run_id}"
    show: Any = display
    show({"text/html": grid_html(grid, cards, css), "text/plain": board_text(cards)}, raw=True)
    display(Compare(session, records, grid, loop=loop, css=css), exclude=["text/plain"])


def show_vote(session: Workspace, records: Sequence[RunRecord], blind_test: BlindTest) -> None:
    """Show a blind vote, and a static output with the number of votes, at its end with the result.

    Raises:
        UsageError: There is no notebook to show it in.
    """
    shell, loop = _shell(), running_loop()
    if loop is None or not _has_widgets(shell):
        raise UsageError(
            "a blind vote needs a notebook that shows the clips, and there is none here",
            hint="open one; hw.votes() and hw.rank() work everywhere",
        )
    from IPython.display import display

    from hailuo_widgets.widgets.vote import Vote, vote_bundle

    handle: Any = display(vote_bundle(blind_test), raw=True, display_id=True)

    def changed(blind_test: BlindTest, ended: bool) -> None:  # noqa: FBT001 - a callback
        handle.update(vote_bundle(blind_test, ended=ended), raw=True)

    display(
        Vote(session, records, blind_test, loop=loop, changed=changed),
        exclude=["text/plain"],
    )


def show_studio(session: Workspace, start: RunRecord | None = None) -> None:
    """Show the studio.

    Raises:
        UsageError: There is no notebook to show it in.
    """
    shell, loop = _shell(), running_loop()
    if loop is None or not _has_widgets(shell):
        raise UsageError(
            "the studio is a form in a notebook, and there is none here",
            hint="ask for a clip by hw.generate(…), or by a %%hailuo cell; %hailuo alone lists its options",
        )
    from IPython.display import display

    from hailuo_widgets.widgets.studio import studio_box

    display(
        studio_box(session, loop=loop, namespace=lambda: shell.user_ns, start=start),
        exclude=["text/plain"],
    )


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _names() -> Mapping[str, Any]:
    """The notebook's variables."""
    names: Mapping[str, Any] = _shell().user_ns
    return names


def _has_widgets(shell: Any) -> bool:
    return getattr(shell, "kernel", None) is not None
