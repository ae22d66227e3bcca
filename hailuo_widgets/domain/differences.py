"""Comparison of runs: the columns in which they differ, and each run's value in a column.

Grid, boards, vote, report and LaTeX table all use this, so that they show the same differences. A column is a field of
the request as :func:`hailuo_widgets.runs` names it, an input image's or template's field, or ``var_…``: a variable of
the prompts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.option_text import option_text
from hailuo_widgets.domain.request import Control, Source
from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["COLUMNS", "are_labels", "check_column", "columns_of", "has", "in_rows", "of", "value"]

COLUMNS = (
    "variant", "provider", "model", "mode", "prompt", "seed", "replicate", "prompt_optimizer", "duration", "resolution",
    "aspect_ratio", "template", "text", "first_frame", "last_frame", "subject", "references", "source",
    "fast_pretreatment", "watermark", "options", "control",
)  # fmt: skip
RESULTS = ("status", "sweep_id")  # can be rows and columns of a grid, but say nothing of what was asked for


def value(record: RunRecord, name: str) -> str:
    """Return a run's value in a column as text (for a file, its name); "" if the run has none."""
    if name.startswith("var_"):
        found: Any = record.variables.get(name.removeprefix("var_"))
    elif name in {"variant", "replicate", *RESULTS}:
        found = getattr(record, name)
    else:
        found = getattr(record.request, name, None)
    if isinstance(found, Image):
        return found.name
    if name == "references":
        return " + ".join(one.name for one in record.request.references)
    if name == "options":
        return option_text(record.request)
    if isinstance(found, Control):
        return f"control {found.arm}"
    if isinstance(found, Source):
        return found.run_id
    return "" if found is None else str(found)


def has(record: RunRecord, name: str) -> bool:
    """Return whether a run has a column: one of another prompt's variables it doesn't have."""
    return not name.startswith("var_") or name.removeprefix("var_") in record.variables


def columns_of(records: Sequence[RunRecord]) -> tuple[str, ...]:
    """Return the columns by which runs can be arranged, the variables of their prompts last."""
    variables = dict.fromkeys(f"var_{name}" for r in records for name in r.variables)
    return (*COLUMNS, *RESULTS, *variables)


def of(records: Sequence[RunRecord], *, ignore: Collection[str] = (), every: bool = False) -> tuple[str, ...]:
    """Return the columns in which runs differ, in the order of :func:`columns_of`, without their results.

    Args:
        records: The runs.
        ignore: Columns that do not count.
        every: Name variant and prompt both if both differ, though one of them is enough to tell the runs apart.
    """
    names = [name for name in columns_of(records) if name not in RESULTS and name not in ignore]
    rows = [{name: value(r, name) for name in names} for r in records]
    return _differing(rows) if every else in_rows(rows)


def in_rows(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the columns in which rows of a table differ; a missing value is "".

    If both variant and prompt differ, only one of them is returned: the variant, if the user wrote its labels and each
    label (with the variables) determines the prompt; the prompt, if the labels are only numbers.
    """
    found = _differing(rows)
    if "variant" not in found or "prompt" not in found:
        return found
    if not _labels([row.get("variant", "") for row in rows]):
        return tuple(name for name in found if name != "variant")
    if _follows("prompt", rows, [name for name in found if name == "variant" or name.startswith("var_")]):
        return tuple(name for name in found if name != "prompt")
    return found


def _differing(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    names = dict.fromkeys(name for row in rows for name in row)
    return tuple(name for name in names if len({row.get(name, "") for row in rows}) > 1)


def _follows(name: str, rows: Sequence[Mapping[str, str]], others: Sequence[str]) -> bool:
    """Return whether the values of ``others`` determine the value of ``name``."""
    known = [tuple(row.get(other, "") for other in others) for row in rows]
    return len(set(known)) == len({(key, row.get(name, "")) for key, row in zip(known, rows, strict=True)})


def are_labels(records: Sequence[RunRecord]) -> bool:
    """Return whether every run has a variant's label that the user wrote, not only a number."""
    return _labels([r.variant or "" for r in records])


def _labels(variants: Sequence[str]) -> bool:
    return all(label and not label.isdecimal() for label in variants)


def check_column(argument: str, name: str | None, known: Sequence[str]) -> None:
    """Check that a name is a column of these runs, or None.

    Raises:
        UsageError: It is not.
    """
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{argument} must be the name of a column, not {name!r}", hint=f"for example {known[0]!r}")
    if name is not None and name not in known:
        near = f"var_{name}" if f"var_{name}" in known else nearest(name, known)
        raise UsageError(
            f"{argument}={name!r} is no column of these runs; there are {', '.join(known)}",
            hint=f"did you mean {near!r}?" if near else None,
        )
