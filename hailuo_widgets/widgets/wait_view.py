"""View of a wait: the card or the board in a notebook, one line with a bar in a terminal.

The line goes to the standard error, and only if that is a terminal: the output of a script is its own. What has ended
already is not shown by a wait, which then takes no time. A view that fails ends no wait.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.domain.cell_text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["show_wait"]

REFRESH_S: Final = 0.5
MOST_IN_A_CELL: Final = 12  # cards and boards that the waits of one cell show


@contextlib.contextmanager
def show_wait(waited_for: Run | Sweep) -> Iterator[None]:
    """Show a run or a sweep while the block runs."""
    leave = _begin(waited_for)
    try:
        yield
    finally:
        if leave is not None:
            leave()


def _begin(waited_for: Any) -> Any:
    """Show it; return what ends the view, None if there is none."""
    runs = waited_for.runs if hasattr(waited_for, "is_sweep") and waited_for.is_sweep else (waited_for,)
    with contextlib.suppress(Exception):
        if not any(run.record.unfinished for run in runs):
            return None
        if _in_a_cell():
            return _show(waited_for)
        if sys.stderr is not None and sys.stderr.isatty():
            return _Line(runs).close
    return None


def _in_a_cell() -> bool:
    """Return whether this is the code of a notebook's cell."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    return getattr(shell, "kernel", None) is not None and threading.current_thread() is threading.main_thread()


def _show(waited_for: Any) -> Any:
    from hailuo_widgets.widgets.display import count_in_cell, show_run, show_sweep

    if count_in_cell(waited_for.id) >= MOST_IN_A_CELL:
        return None
    if not (hasattr(waited_for, "is_sweep") and waited_for.is_sweep):
        show_run(waited_for)
        return None
    show_sweep(waited_for)

    def leave() -> None:
        with contextlib.suppress(Exception):
            show_sweep(waited_for)  # the final board, which a saved notebook keeps

    return leave


class _Line:
    """One line of a terminal that follows some runs."""

    def __init__(self, runs: tuple[Run, ...]) -> None:
        from tqdm import tqdm

        self._records = {run.id: run.record for run in runs}
        self._stops = [run.subscribe(self._on_news) for run in runs]
        # Not tqdm's own estimate of the time left: it knows nothing of how long a clip takes.
        shape = "{desc} {bar} {n_fmt}/{total_fmt} [{elapsed}]" if len(runs) > 1 else "{desc} [{elapsed}]"
        self._bar: Any = tqdm(
            total=len(runs), desc=self._said(), bar_format=shape, file=sys.stderr, leave=False, dynamic_ncols=True
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="hailuo-wait", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Remove the line."""
        self._over.set()
        self._thread.join()
        for stop in self._stops:
            stop()
        self._bar.close()

    def _on_news(self, record: RunRecord) -> None:
        self._records[record.run_id] = record

    def _follow(self) -> None:
        while not self._over.wait(REFRESH_S):
            self._bar.n = sum(not record.unfinished for record in self._records.values())
            self._bar.set_description_str(self._said())

    def _said(self) -> str:
        """Return what is so, in a few words."""
        from hailuo_widgets.render.card import status_word

        records = list(self._records.values())
        if len(records) == 1:
            return f"{records[0].request.provider}: {status_word(records[0].status, reused=False)}"
        open_ = sum(record.unfinished for record in records)
        return f"{plural(open_, 'run')} in progress"
