"""Runs as a grid: which columns of the run log are its rows, columns and pages, and what each cell says.

A label shows only what differs. A cell may hold several runs (replicates, say); each has its place in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Grid", "are_labels", "arrange", "check_column", "columns_of", "value_of"]

_FIELDS = (
    "provider", "model", "mode", "prompt", "seed", "replicate", "prompt_optimizer", "duration", "resolution",
    "aspect_ratio", "template",
)  # fmt: skip
ROWS_FIRST = ("variant", "prompt", "model", "provider")
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Labels of rows, columns and pages, and for each run its place: (row, column, page) by their numbers."""

    names: tuple[str, str, str]
    rows: tuple[str, ...]
    cols: tuple[str, ...]
    pages: tuple[str, ...]
    places: Mapping[str, tuple[int, int, int]]
    differ: tuple[str, ...]  # what else the runs differ in


def value_of(record: RunRecord, name: str) -> str:
    """A run's value in a column of the log, as text; "" where it has none."""
    if name.startswith("var_"):
        value: Any = record.variables.get(name.removeprefix("var_"))
    elif name in {"variant", "status", "sweep_id"}:
        value = getattr(record, name)
    else:
        value = getattr(record.request, name, None)
    return "" if value is None else str(value)


def columns_of(records: Sequence[RunRecord]) -> tuple[str, ...]:
    """The columns of the log that runs can be told apart by, their prompts' variables last."""
    variables = dict.fromkeys(f"var_{name}" for r in records for name in r.variables)
    return ("variant", *_FIELDS, "status", "sweep_id", *variables)


def are_labels(records: Sequence[RunRecord]) -> bool:
    """Whether the variants' labels are somebody's words, all of them: a number says less than the prompt."""
    return all(r.variant and not r.variant.isdecimal() for r in records)


def check_column(argument: str, name: str | None, known: Sequence[str]) -> None:
    """Refuse a name that is no column of these runs.

    Raises:
        UsageError: It is none; None is allowed.
    """
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{argument} must be the name of a column, not {name!r}", hint=f"for example {known[0]!r}")
    if name is not None and name not in known:
        near = f"var_{name}" if f"var_{name}" in known else nearest(name, known)
        raise UsageError(
            f"{argument}={name!r} is no column of these runs; there are {', '.join(known)}",
            hint=f"did you mean {near!r}?" if near else None,
        )


def arrange(
    records: Sequence[RunRecord], *, rows: str | None = None, cols: str | None = None, pages: str | None = None
) -> Grid:
    """Put runs into a grid.

    Args:
        records: The runs, in the order in which their values are to stand.
        rows: A column of the log (``prompt``, ``seed``, ``var_style``, …); what varies by itself where none is given.
        cols: Likewise.
        pages: Likewise; one page where none is given.

    Raises:
        UsageError: No runs, or a name that is no column of these runs.
    """
    if not records:
        raise UsageError("there are no runs to compare", hint="give a sweep, a DataFrame of hw.runs(), or runs")
    known = columns_of(records)
    for argument, name in (("rows", rows), ("cols", cols), ("pages", pages)):
        check_column(argument, name, known)
    twice = [name for name in (rows, cols, pages) if name and [rows, cols, pages].count(name) > 1]
    if twice:
        raise UsageError(f"{twice[0]!r} is named twice", hint="rows, cols and pages are three columns")
    differ = [n for n in known if len({value_of(r, n) for r in records}) > 1]
    if "variant" in differ and "prompt" in differ:
        differ.remove("prompt" if are_labels(records) else "variant")
    chosen = [name for name in (rows, cols, pages) if name is not None]
    free = [name for name in differ if name not in chosen and name not in {"status", "sweep_id"}]
    if rows is None:
        first = free[0] if len(free) > 1 or (free and cols) else ""
        rows = next((n for n in ROWS_FIRST if n in free), first)
    if cols is None:
        cols = next((n for n in free if n != rows), "")
    axes = [list(dict.fromkeys(value_of(r, n) if n else ALL for r in records)) for n in (rows, cols, pages or "")]
    places: dict[str, tuple[int, int, int]] = {}
    for r in records:
        at = [axis.index(value_of(r, n) if n else ALL) for axis, n in zip(axes, (rows, cols, pages or ""), strict=True)]
        places[r.run_id] = (at[0], at[1], at[2])
    return Grid(
        names=(rows, cols, pages or ""),
        rows=tuple(axes[0]),
        cols=tuple(axes[1]),
        pages=tuple(axes[2]),
        places=places,
        differ=tuple(n for n in differ if n not in {rows, cols, pages, "status", "sweep_id"}),
    )
