"""Grid arrangement of runs by columns of the run log.

Labels show only what differs. A cell may hold several runs, for example replicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.domain import differences
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Grid", "arrange"]

ROWS_FIRST = ("variant", "prompt", "model", "provider")
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The labels of rows, columns and pages, and each run's place: the indices (row, column, page)."""

    names: tuple[str, str, str]
    rows: tuple[str, ...]
    cols: tuple[str, ...]
    pages: tuple[str, ...]
    places: Mapping[str, tuple[int, int, int]]
    differ: tuple[str, ...]  # the other columns in which the runs differ


def arrange(
    records: Sequence[RunRecord], *, rows: str | None = None, cols: str | None = None, pages: str | None = None
) -> Grid:
    """Arrange runs in a grid.

    Args:
        records: The runs; their order determines the order of the labels.
        rows: The column of the log for the rows (``prompt``, ``seed``, ``var_style``, …); by default one that varies.
        cols: The column of the log for the columns; by default another one that varies.
        pages: The column of the log for the pages; by default there is one page.

    Raises:
        UsageError: There are no runs, or a name is not a column of these runs.
    """
    if not records:
        raise UsageError("there are no runs to compare", hint="give a sweep, a DataFrame of hw.runs(), or runs")
    known = differences.columns_of(records)
    for argument, name in (("rows", rows), ("cols", cols), ("pages", pages)):
        differences.check_column(argument, name, known)
    twice = [name for name in (rows, cols, pages) if name and [rows, cols, pages].count(name) > 1]
    if twice:
        raise UsageError(f"{twice[0]!r} is named twice", hint="rows, cols and pages are three columns")
    differ = differences.of(records)
    chosen = [name for name in (rows, cols, pages) if name is not None]
    free = [name for name in differ if name not in chosen]
    if rows is None:
        first = free[0] if len(free) > 1 or (free and cols) else ""
        rows = next((n for n in ROWS_FIRST if n in free), first)
    if cols is None:
        cols = next((n for n in free if n != rows), "")
    names = (rows, cols, pages or "")
    axes = [list(dict.fromkeys(_value(r, n) for r in records)) for n in names]
    places: dict[str, tuple[int, int, int]] = {}
    for r in records:
        at = [axis.index(_value(r, n)) for axis, n in zip(axes, names, strict=True)]
        places[r.run_id] = (at[0], at[1], at[2])
    return Grid(
        names=names,
        rows=tuple(axes[0]),
        cols=tuple(axes[1]),
        pages=tuple(axes[2]),
        places=places,
        differ=tuple(n for n in differ if n not in {rows, cols, pages}),
    )


def _value(record: RunRecord, name: str) -> str:
    return differences.value(record, name) if name else ALL
