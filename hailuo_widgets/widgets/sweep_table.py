"""Static table of a sweep: one output that is updated in place, for saved notebooks.

While the kernel runs, ``monitor.py`` shows the same runs and hides this table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.render.board import board_class, board_text, render_board
from hailuo_widgets.widgets.run_rows import varying
from hailuo_widgets.widgets.throttle import Throttle

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["SweepTable"]

PUSH_S = 0.5  # seconds between two updates


class SweepTable:
    """A sweep's static table in the current cell's output.

    Args:
        sweep: Its runs are the rows.
        loop: The event loop that follows them.
    """

    def __init__(self, sweep: Sweep, loop: AbstractEventLoop) -> None:
        from IPython.display import display

        self._sweep = sweep
        self._throttle = Throttle(loop, self._send, interval_s=PUSH_S)
        self._handle: Any = display(self._bundle(), raw=True, display_id=True)
        self._unsubscribe = [run.subscribe(lambda _: self._throttle.soon()) for run in sweep]

    def stop(self) -> None:
        """Stop updating: the table stays as it is."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._throttle.stop()

    def push(self) -> None:
        """Update the table now."""
        self._throttle.now()

    def _send(self) -> None:
        self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        cards = [run.card for run in self._sweep]
        html_ = render_board(cards, board_class(self._sweep.id), varying([run.record for run in self._sweep]))
        return {"text/html": html_, "text/plain": board_text(cards)}
