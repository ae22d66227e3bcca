"""The functions of the package's front page that show runs, or hand them on as files, on the default session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hailuo_widgets.api.functions import default_session
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from hailuo_widgets.api.session import Session
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["compare", "export", "monitor", "studio"]


def compare(
    what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
    *,
    rows: str | None = None,
    cols: str | None = None,
    pages: str | None = None,
) -> None:
    """Show runs in a grid, all clips on one clock: play, step by frames, zoom, wipe and subtract; rate, tag, note.

    Ratings, tags and notes go to the run log, and belong to the clip: every run that shows it has them. A run that
    brought no clip has its place, and says why; a clip that several runs show has one.

    Args:
        what: A sweep or its name, rows of :func:`runs` (a DataFrame with ``run_id``), or runs or their ids; the latest
            sweep where nothing is given.
        rows: A column of :func:`runs` whose values are the grid's rows; by default what varies (a prompt, a model).
        cols: Likewise for its columns.
        pages: Likewise for its pages; one page by default.

    Raises:
        UsageError: No runs, or a name that is no column of these runs.
    """
    from hailuo_widgets.domain.grid import arrange
    from hailuo_widgets.widgets.display import show_compare

    session = default_session()
    records = _shown(session, what)
    show_compare(session, records, arrange(records, rows=rows, cols=cols, pages=pages))


def export(
    what: Sweep | pd.DataFrame | Run | str | Path | Sequence[Run | str] | None = None,
    path: str | Path | None = None,
    *,
    rows: str | None = None,
    cols: str | None = None,
    pages: str | None = None,
    width: int | None = None,
    frames: int | None = None,
    largest: float | None = None,
) -> Path:
    """Write runs to a file; its name's end says what.

    A report (``.html``) is one file that plays its clips in sync without a kernel or a network, with a table of the
    runs and what the votes amount to. A table is ``.csv``, ``.parquet`` or ``.tex``; in CSV no text can be taken for a
    formula by a spreadsheet. ``.mp4`` is a grid of the clips with labels as one video, at 25 frames a second, as long
    as the longest clip. ``.png`` is a filmstrip: a row a run.

    Args:
        what: A sweep or its name, rows of :func:`runs`, or runs or their ids; left out, the latest sweep. A clip that
            several of them show is written once.
        path: Where to. A file that is there is replaced when the new one is whole.
        rows: For a report and a video, the column of :func:`runs` whose values are the grid's rows, as for
            :func:`compare`.
        cols: Likewise for its columns.
        pages: Likewise for a report's pages.
        width: For a video and a filmstrip, the pixels of one clip's width (426 and 192 where none is given).
        frames: For a filmstrip, how many frames a row has (8 where none is given).
        largest: For a report, the megabytes that it may have (200 where none is given). Its size is said before.

    Returns:
        The file's path.

    Raises:
        UsageError: No runs or no clips, an end that says nothing, an argument that this kind does not take, a folder
            that is not there, or a report larger than ``largest``.
    """
    from hailuo_widgets.exports import export as write

    if path is None:  # hw.export("report.html"): the latest sweep
        if not isinstance(what, str | os.PathLike):
            raise UsageError("path is missing: where to write", hint="for example hw.export(sweep, 'report.html')")
        target = os.fspath(what)
        what = None
    else:
        target = os.fspath(path)
    session = default_session()
    given = {"rows": rows, "cols": cols, "pages": pages, "width": width, "frames": frames, "largest": largest}
    shape = {name: value for name, value in given.items() if value is not None}
    return write(session, _shown(session, what), target, **shape)


def _shown(session: Session, what: Any) -> list[RunRecord]:
    """The runs that are meant, each clip once; that some were left out for it is said."""
    from hailuo_widgets.domain.clips import one_a_clip
    from hailuo_widgets.workspace.selection import every

    found = every(session, what)
    shown = one_a_clip(found)
    if len(shown) < len(found):
        session.say(
            f"{len(found) - len(shown)} of {len(found)} runs show the clip of another one: each clip is there once"
        )
    return shown


def monitor() -> None:
    """Show everything in flight in the store, from any kernel: stage, time, cost so far, the last error; live.

    Runs can be cancelled there, taken up (``resume``), and a failed download be tried again. In a terminal, and where
    no event loop runs, it is one line a run.
    """
    from hailuo_widgets.widgets.display import show_monitor

    show_monitor(default_session())


def studio(start: Run | Sweep | pd.DataFrame | str | None = None) -> None:
    """Show the studio: a form that builds a request, checks and prices it as you type, and runs it below.

    It shows the ``%%hailuo`` cell and the Python call that it stands for, and is filled from either.

    Args:
        start: A run, a run's id, or a sweep or rows of :func:`runs` that hold one run: its request fills the form.

    Raises:
        UsageError: No such run, several, or no notebook.
    """
    from hailuo_widgets.widgets.display import show_studio

    session = default_session()
    show_studio(session, None if start is None else session.run(start).record)
