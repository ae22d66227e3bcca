"""Inputs of a cell from elsewhere: prompts of a file or a table, and arguments of a dict."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.domain.prompts import Variable, parse_variants
from hailuo_widgets.domain.user_values import is_table, shown
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.planning.grammar import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.prompts import Prompt
    from hailuo_widgets.planning.grammar import Line

__all__ = ["params_of", "prompts_of"]

TABLES: Final = {".csv": ",", ".tsv": "\t"}
LARGEST: Final = 20 * 2**20
_ARGUMENTS: Final = {option.sets: option.name for option in OPTIONS.values() if option.group == "request"}


def prompts_of(line: Line, body: str, namespace: Mapping[str, Any]) -> Any:
    """Return the prompts of a cell: those below its line, or those that ``--prompts`` names.

    Raises:
        UsageError: There are both, the file or the variable is not there or has no prompts.
    """
    named = line.cell.get("prompts")
    if named is None:
        return parse_variants(body)
    if body.strip():
        raise UsageError(
            f"--prompts {named}: the cell has a prompt too", hint="leave out one of them; a table may have {places}"
        )
    given = namespace.get(named) if named.isidentifier() else None
    if given is None:
        return _of_file(named)
    if is_table(given):
        return _with_prompts(given, named)
    if isinstance(given, str | list | tuple):
        return given
    raise UsageError(
        f"--prompts {named}: the variable is {shown(given)}", hint="give a DataFrame with a column prompt, or a list"
    )


def _of_file(named: str) -> Any:
    path = Path(named).expanduser()
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UsageError(f"--prompts {named}: the file has {size / 2**20:.0f} MB, at most {LARGEST // 2**20}")
        if path.suffix.lower() in TABLES:
            import pandas as pd

            table = pd.read_csv(path, sep=TABLES[path.suffix.lower()], encoding="utf-8-sig")
            return _with_prompts(table, named)
        return _several(parse_variants(path.read_text("utf-8-sig")), named)
    except (OSError, ValueError) as error:  # pandas' errors of parsing are ValueErrors
        if isinstance(error, UsageError):
            raise
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            f"--prompts {named}: {why.splitlines()[0] if why else 'it cannot be read'}",
            hint="give a .csv or .tsv with a column prompt, a .txt, or a variable's name",
        ) from None


def _several(prompts: Sequence[Prompt], named: str) -> Sequence[Prompt]:
    if not any(prompt.parts for prompt in prompts):
        raise UsageError(f"--prompts {named}: the file is empty", hint="write a prompt into it")
    return prompts


def _with_prompts(table: Any, named: str) -> Any:
    columns = [str(column) for column in table.columns]
    if "prompt" not in columns and "variant" not in columns:
        near = nearest("prompt", columns)
        raise UsageError(
            f"--prompts {named}: there is no column prompt among {', '.join(columns[:8])}",
            hint=f"rename {near!r} to 'prompt'" if near else "name the column of prompts 'prompt'",
        )
    if not len(table):
        raise UsageError(f"--prompts {named}: the table has no rows", hint="nothing was sent")
    return table


def params_of(line: Line, prompts: Any, namespace: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the arguments that ``--params`` gives, and the variables of the prompts with its values.

    Raises:
        UsageError: It names no dict with text keys, a key is neither an argument nor in a prompt, or an argument stands
            on the line too.
    """
    named = line.cell.get("params")
    if named is None:
        return {}, namespace
    given = namespace.get(named.lstrip("$").strip("{} "))
    if not isinstance(given, Mapping):
        what = "there is no such variable" if given is None else f"it is {shown(given)}"
        raise UsageError(f"--params {named}: {what}", hint="give the name of a dict, such as mine = {'seed': 7}")
    used = {
        part.name
        for prompt in (prompts if isinstance(prompts, list | tuple) else ())
        for part in getattr(prompt, "parts", ())
        if isinstance(part, Variable)
    }
    arguments: dict[str, Any] = {}
    for key, value in given.items():
        if not isinstance(key, str):
            raise UsageError(f"--params {named}: the key {key!r} is no text", hint="name arguments, such as 'seed'")
        if key in _ARGUMENTS:
            if key in line.request:
                raise UsageError(f"{_ARGUMENTS[key]} stands on the line and in --params {named}", hint="leave one out")
            arguments[key] = value
        elif key not in used:
            near = nearest(key, [*_ARGUMENTS, *used])
            raise UsageError(
                f"--params {named}: {key!r} is no argument of a request, and in no prompt",
                hint=f"did you mean {near!r}?" if near else f"write {{{{{key}}}}} in the prompt, or leave it out",
            )
    return arguments, ChainMap({key: given[key] for key in given if key in used}, dict(namespace))
