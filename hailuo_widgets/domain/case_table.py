"""Table of cases, read from a pandas DataFrame.

The columns are arguments and variables, and each row is one case. An empty cell means "not given". pandas is not
imported here: a caller with a DataFrame has imported it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.domain.sweep import MOST_CELLS
from hailuo_widgets.domain.user_values import as_json, as_references, as_value, is_missing, shown
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["Case", "read_cases"]


# Columns of the run log and of plans.
_LOGGED = frozenset({"run_id", "sweep_id", "request_hash", "there_already", "reused_from", "expected_s"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row: its prompt and label if the table has them, its arguments, and its variables."""

    prompt: str | None = None
    label: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


def read_cases(table: Any, arguments: Collection[str], refused: Collection[str] = ()) -> list[Case]:
    """Return the rows of a table as cases.

    Args:
        table: A DataFrame.
        arguments: The names of columns that are arguments of a request. The column ``prompt`` is the prompt,
            ``variant`` is its label, and every other column is a variable.
        refused: Columns that this table may not have.

    Raises:
        UsageError: A column's name is not an identifier or stands twice, the table has no rows or too many, or a cell's
            value is not valid.
    """
    names = list(table.columns)
    if logged := [name for name in names if name in _LOGGED]:
        _no_cases(table, arguments, logged[0])
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(
                f"the table's column {shown(name)} is no name",
                hint="rename it: df.rename(columns={…}); names are like first_frame",
            )
        if names.count(name) > 1:
            raise UsageError(f"the table has two columns {name!r}", hint="leave one of them out")
        if name in refused:
            raise UsageError(
                f"a table of variables has no column {name!r}", hint=f"give the table itself to hw.sweep(…), or {name}="
            )
    if not 0 < len(table) <= MOST_CELLS:
        raise UsageError(f"the table has {len(table)} rows; 1 to {MOST_CELLS} are allowed", hint="one row is one case")
    columns = {name: _column(list(table.iloc[:, n])) for n, name in enumerate(names)}
    return [
        _case({name: column[row] for name, column in columns.items()}, row + 1, arguments) for row in range(len(table))
    ]


def _no_cases(table: Any, arguments: Collection[str], logged: str) -> NoReturn:
    """Raise UsageError for a table that this package made: all its runs would be made, and paid for, again."""
    argument_names = {*arguments, "prompt", "variant"}
    filled = [
        name
        for n, name in enumerate(table.columns)
        if name in argument_names and not all(map(is_missing, list(table.iloc[:, n])))
    ]
    raise UsageError(
        f"A run log is no table of cases: it has the column {logged!r}",
        hint=f"Take the columns that are arguments: df[[{', '.join(map(repr, filled))}]]",
    )


def _column(values: list[Any]) -> list[Any]:
    """Return a column's values; whole numbers that pandas stores as floats beside empty cells become int again."""
    present = [v for v in values if not is_missing(v)]
    if len(present) == len(values) or not all(isinstance(v, float) and v.is_integer() for v in present):
        return values
    return [v if is_missing(v) else int(v) for v in values]


def _case(row: Mapping[str, Any], number: int, arguments: Collection[str]) -> Case:
    given: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    texts: dict[str, str | None] = {"prompt": None, "variant": None}
    for name, value in row.items():
        where = f"{name} in row {number}"
        if is_missing(value) or (isinstance(value, str) and not value.strip() and name in {*arguments, *texts}):
            continue
        if name in texts:
            texts[name] = str(as_value(where, value))
        elif name in IMAGE_FIELDS:
            given[name] = value
        elif name == "references":
            given[name] = as_references(value)
        elif name == "options":
            given[name] = as_json(where, value)
        elif name in arguments:
            given[name] = as_value(where, value, flags=True)
        else:
            variables[name] = as_value(where, value)
    return Case(prompt=texts["prompt"], label=texts["variant"], given=given, variables=variables)
