"""Warnings about prompt text that looks like syntax but is sent as text.

Examples are variables in other braces than ``{{ }}``, unmatched braces, options, and lines of dashes. These are
warnings, not errors, because the clip may be meant to show them.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import GAP
from hailuo_widgets.domain.problem import Problem, warning
from hailuo_widgets.domain.prompts import SEPARATOR, Text, axis_name
from hailuo_widgets.errors import ProblemCode
from hailuo_widgets.planning.grammar import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hailuo_widgets.domain.case_table import Case
    from hailuo_widgets.domain.prompts import Prompt

__all__ = ["prompt_warnings"]

SHOWN = 40  # characters of a prompt that a warning quotes
MOST = 4  # warnings of one kind for one prompt
_PLACE = "\ufffc"  # stands for a variable or choice; it can't be typed
_OPEN, _CLOSE = "{｛﹛", "}｝﹜"
_WIDE = re.compile(rf"[{_OPEN}]{{2,}}[^{_OPEN}{_CLOSE}]*[{_CLOSE}]*|[{_CLOSE}]{{2,}}")
_SPACED = re.compile(rf"\{{[{GAP}]+\{{[^{{}}]*\}}[{GAP}]*\}}")
_SINGLE = re.compile(rf"(?<![{_OPEN}])[{_OPEN}]([^{_OPEN}{_CLOSE}\n]*)[{_CLOSE}](?![{_CLOSE}])")
_BARS = re.compile(r"[|｜]")
_OPTION = re.compile(rf"(?:^[{GAP}]*(?:--|[‐-―−]{{1,2}})|(?<=[{GAP}])--)([a-z][a-z-]*)(?=[{GAP}=]|$)")
_DASHES = re.compile(rf"[{GAP}]*(?:[-‐-―−]{{2,}}|[‐-―−])[{GAP}]*")
_DASH = r"\-‐-―−"
_JOINED = re.compile(rf"[{GAP}]*[{_DASH}]{{3,}}[{GAP}]*([^{GAP}{_DASH}].*?)[{GAP}]*")  # three dashes and a label
# Two hyphens, or a dash that an editor made of hyphens, before a label: a longer line is speech or a quotation.
_SHORT = re.compile(rf"[{GAP}]*(?:[{_DASH}]{{2}}|[‐-―−])[{GAP}]+([^{GAP}]+(?:[{GAP}]+[^{GAP}]+){{0,2}})[{GAP}]*")


def prompt_warnings(
    prompts: Sequence[Prompt],
    values: Mapping[str, Sequence[Any]],
    cases: Sequence[Case] = (),
    *,
    python: bool,
) -> tuple[Problem, ...]:
    """Return a warning for each text in the prompts that looks like a variable, an option or a separator.

    Args:
        prompts: The prompts as written.
        values: The values of their variables and choices.
        cases: The cases of a table, whose variables are filled in first.
        python: Whether the prompts were given in Python, where ``---`` is not a separator and options are arguments.
    """
    found: dict[str, Problem] = {}
    own = (case.variables.items() for case in cases)
    pairs = [(name, value) for name, several in values.items() for value in several]
    for name, value in itertools.chain(pairs, *own):
        if isinstance(value, str) and "{{" in value:
            message = f"The value of {name} has {{{{ in it: {_quoted(value[value.index('{{') :])} is sent as text"
            found[message] = warning(
                "prompt", ProblemCode.SUSPECT, message, "Only a prompt's own places are filled in."
            )
    for prompt in prompts:
        text = "".join(p.text if isinstance(p, Text) else _PLACE for p in prompt.parts)
        places = [axis_name(p) for p in prompt.parts if not isinstance(p, Text)]
        braces, lines = _braces(text, places, values), _lines(text, python=python)
        for problem in (*itertools.islice(braces, MOST), *itertools.islice(lines, MOST)):
            found.setdefault(problem.message, problem)
    return tuple(found.values())


def _quoted(text: str) -> str:
    line = text.split("\n", 1)[0].strip()
    return repr(line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…")


def _braces(text: str, places: Sequence[str], values: Mapping[str, Sequence[Any]]) -> Iterator[Problem]:
    """Yield warnings about braces that look like a variable or a choice."""
    for match in (*_WIDE.finditer(text), *_SPACED.finditer(text)):
        inside = re.sub(f"[{_OPEN}{_CLOSE}]", "", match[0]).strip() or "snow | sand"
        if not match[0].isascii() or _SPACED.fullmatch(match[0]):
            yield _as_text(match[0], f"For a choice or a variable, write {{{{{inside}}}}}.")
    for match in _SINGLE.finditer(text):
        inside = match[1].strip()
        if _BARS.search(inside) or (inside in values and inside.isidentifier()):
            yield _as_text(match[0], f"For a choice or a variable, write {{{{{_BARS.sub('|', inside)}}}}}.")
    yield from _unbalanced(text, places)


def _unbalanced(text: str, places: Sequence[str]) -> Iterator[Problem]:
    """Yield warnings about unmatched braces."""
    opened: list[int] = []
    for i, character in enumerate(text):
        if character == "{":
            opened.append(i)
        elif character == "}" and opened:
            opened.pop()
        elif character == "}" and (text[i - 1 : i] in {"}", _PLACE} or text[i + 1 : i + 2] == "}"):
            yield _left_over("}", text, i, places)
    for i in opened:
        if text[i + 1 : i + 2] == _PLACE:
            yield _left_over("{", text, i, places)


def _as_text(written: str, hint: str) -> Problem:
    return warning("prompt", ProblemCode.SUSPECT, f"{_quoted(written.replace(_PLACE, '…'))} is sent as text", hint)


def _left_over(brace: str, text: str, at: int, places: Sequence[str]) -> Problem:
    """Return the warning about an unmatched brace, with the variable or choice next to it."""
    near = text[: at + 2].count(_PLACE)
    beside = f" at {{{{{places[near - 1]}}}}}" if near and _PLACE in text[max(0, at - 2) : at + 2] else ""
    return warning(
        "prompt",
        ProblemCode.SUSPECT,
        f"A {brace}{beside} is left over, and sent as text",
        "Remove it, unless the clip is to show it.",
    )


def _lines(text: str, *, python: bool) -> Iterator[Problem]:
    """Yield warnings about options and separators that are sent as text."""
    lines = text.split("\n")
    written = [n for n, line in enumerate(lines) if line.strip()]
    for number, line in enumerate(lines):
        for match in _OPTION.finditer(line):
            name = f"--{match[1]}"
            # At the start of a cell's variant, refuse_options_below() has raised unless the option is escaped.
            if name in OPTIONS and (number or match.start() or python):
                yield warning(
                    "prompt",
                    ProblemCode.SUSPECT,
                    f"{_quoted(line[match.start() :].replace(_PLACE, '…'))} is sent as text of the prompt",
                    f"In Python, give {OPTIONS[name].sets}= instead."
                    if python and OPTIONS[name].group != "cell"
                    else "Write options on the %%hailuo line.",
                )
        between = bool(written) and written[0] < number < written[-1]
        labelled = _JOINED.fullmatch(line) or (_SHORT.fullmatch(line) if between else None)
        if SEPARATOR.fullmatch(line):
            if python:
                yield _parts_nothing(line, "In Python, give a list of prompts to hw.sweep.")
        elif labelled or _DASHES.fullmatch(line):
            label = _quoted(f"--- {labelled[1]}".replace(_PLACE, "…")) if labelled else "---"
            yield _parts_nothing(line, "" if python else f"A line {label} begins another variant.")


def _parts_nothing(line: str, hint: str) -> Problem:
    message = f"The line {_quoted(line.replace(_PLACE, '…'))} is sent as text: it doesn't separate prompts"
    return warning("prompt", ProblemCode.SUSPECT, message, hint)
