"""Writer of ``%%hailuo`` cells, the inverse of the grammar's parser."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.option_values import render_values
from hailuo_widgets.domain.prompts import render_variants
from hailuo_widgets.planning.grammar import OPTIONS, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.prompts import Prompt

__all__ = ["render_cell", "render_line"]


def render_line(line: Line) -> str:
    """Return the options of a line as text, in the grammar's order."""
    words: list[str] = []
    for option in OPTIONS.values():
        given = {"request": line.request, "run": line.run, "cell": line.cell}[option.group]
        if option.sets not in given:
            continue
        value = given[option.sets]
        if option.flag:
            words += [option.name] if value == option.value else []
        else:
            words += [f"{option.name} {shlex.quote(text)}" for text in _texts(option.name, value)]
    return " ".join(words)


def render_cell(line: Line, prompts: Sequence[Prompt]) -> str:
    """Return the whole cell as text."""
    return f"%%hailuo {render_line(line)}".rstrip() + f"\n{render_variants(prompts)}"


def _texts(option: str, value: Any) -> list[str]:
    """Return an option's values as text: one per occurrence of the option."""
    if option == "--option":
        return [f"{key}={_json(found)}" for key, found in value.items()]
    if option in {"--tag", "--reference"}:
        return [value] if isinstance(value, str) else list(value)
    if option == "--zip":
        return [",".join(group) for group in value]
    if option == "--exclude":
        return [
            ",".join(f"{k}={render_values(v) if isinstance(v, list) else v}" for k, v in rule.items()) for rule in value
        ]
    if OPTIONS[option].group == "request":
        return [render_values([str(v) for v in value] if isinstance(value, list) else [str(value)])]
    return [str(value)]


def _json(value: Any) -> str:
    """Return the value of ``--option`` as text; a string that would parse as JSON is quoted."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value)
