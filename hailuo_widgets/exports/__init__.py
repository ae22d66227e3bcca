"""Export of runs to a file whose extension selects the format, for :func:`hailuo_widgets.export`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.voting.aspects import AspectRankings
    from hailuo_widgets.voting.ranking import Ranking
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["KINDS", "export", "export_judgements"]

KINDS = (".csv", ".parquet", ".tex", ".html", ".mp4", ".png")
TAKES: dict[str, tuple[str, ...]] = {
    ".html": ("rows", "cols", "pages", "largest"),
    ".mp4": ("rows", "cols", "width", "sound"),
    ".png": ("frames", "width"),
}


def export(session: Workspace, records: Sequence[RunRecord], path: str | os.PathLike[str], **shape: Any) -> Path:
    """Write runs to a file.

    Args:
        session: The session whose archive has the clips.
        records: The runs; of several runs with the same clip, only one is written.
        path: The file to write; its extension is one of :data:`KINDS`.
        shape: Options of the format, as listed in :data:`TAKES`.

    Returns:
        The file's path.

    Raises:
        UsageError: There are no runs, the extension is unknown, the folder doesn't exist, or ``path`` is a folder.
    """
    target = _target(path)
    kind = target.suffix.lower()
    if kind not in KINDS:
        near = nearest(kind, KINDS)
        raise UsageError(
            f"path={str(path)!r}: its end says what is written: {', '.join(KINDS)}",
            hint=f"did you mean {target.stem + near!r}?" if near else "for example 'runs.csv'",
        )
    if not records:
        raise UsageError("there are no runs to export", hint="give a sweep, a DataFrame of hw.runs(), or runs")
    _check_place(target)
    takes = TAKES.get(kind, ())
    if strange := [name for name in shape if name not in takes]:
        raise UsageError(
            f"{', '.join(strange)}: {kind} takes {', '.join(takes) or 'nothing besides'}",
            hint=f"{strange[0]} is for {' and '.join(k for k, names in TAKES.items() if strange[0] in names)}",
        )
    _writer(kind)(session, one_per_clip(records), target, **shape)
    return target


def export_judgements(what: Ranking | AspectRankings | pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a ranking, or votes without the raters' names.

    Raises:
        UsageError: The extension is not one for these, the folder doesn't exist, or ``path`` is a folder.
    """
    from hailuo_widgets.exports.ranking_files import write_ranking, write_votes
    from hailuo_widgets.voting.aspects import AspectRankings
    from hailuo_widgets.voting.ranking import Ranking

    target = _target(path)
    _check_place(target)
    if isinstance(what, Ranking | AspectRankings):
        write_ranking(what, target, target.suffix.lower())
    else:
        write_votes(what, target, target.suffix.lower())
    return target


def _target(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"path must be a file's name, not {path!r}", hint="for example 'runs.csv'")
    return Path(path).expanduser()


def _check_place(target: Path) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"path={str(target)!r}: the folder {str(target.parent)!r} is not there", hint="make it first")
    if target.is_dir():
        raise UsageError(f"path={str(target)!r} is a folder", hint=f"for example {str(target / 'runs.csv')!r}")


def _writer(kind: str) -> Callable[..., None]:
    """Return the function that writes a format; it is imported when needed."""
    if kind == ".html":
        from hailuo_widgets.exports.report import write_report

        return write_report
    if kind == ".mp4":
        from hailuo_widgets.exports.video import write_grid

        return write_grid
    if kind == ".png":
        from hailuo_widgets.exports.filmstrip import write_filmstrip

        return write_filmstrip
    from hailuo_widgets.exports.tables import write_table

    return write_table
