"""A ``%%hailuo`` cell as text: what the grammar reads, written. Reading what is written gives the same again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.prompts import render_variants
from hailuo_widgets.domain.values import render_values
from hailuo_widgets.planning.grammar import OPTIONS, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.prompts import Prompt

__all__ = ["render_cell", "render_line"]


def render_line(line: Line) -> str:
    """The options of a line, in the grammar's order."""
    words: list[str] = []
    for option in OPTIONS.values():
        given = line.request if option.group == "request" else line.run
        if option.sets not in given:
            continue
        value = given[option.sets]
        if option.flag:
            words += [option.name] if value == option.value else []
        else:
            words += [f"{option.name} {shlex.quote(text)}" for text in _texts(option.name, value)]
    return " ".join(words)


def render_cell(line: Line, prompts: Sequence[Prompt]) -> str:
    """The whole cell."""
    return f"%%hailuo {render_line(line)}".rstrip() + f"\n{render_variants(prompts)}"


def _texts(option: str, value: Any) -> list[str]:
    """An option's value as the words that are written after its name; several where it is repeated."""
    if option == "--option":
        return [f"{key}={_json(found)}" for key, found in value.items()]
    if option == "--tag":
        return list(value)
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
    """A provider's own value: text as it is, unless it would be read as something else."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value)
