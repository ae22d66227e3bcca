"""What stands in a prompt as text, and looks as if more was meant by it: each is told before it is paid for.

Places with other braces than ``{{ }}``, braces and brackets that are left over, options, and lines of dashes. None is
an error, as any of it may be what the clip is to show.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import GAP
from hailuo_widgets.domain.problem import Problem, doubt
from hailuo_widgets.domain.prompts import SEPARATOR, Text, axis_name
from hailuo_widgets.errors import ProblemCode
from hailuo_widgets.planning.grammar import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hailuo_widgets.domain.case_table import Case
    from hailuo_widgets.domain.prompts import Prompt

__all__ = ["slips"]

SHOWN = 40  # characters of a prompt that a note quotes
MOST = 4  # notes of one kind on one prompt
_PLACE = "\ufffc"  # stands in for a place: no keyboard writes it
_OPEN, _CLOSE = "{｛﹛", "}｝﹜"
_WIDE = re.compile(rf"[{_OPEN}]{{2,}}[^{_OPEN}{_CLOSE}]*[{_CLOSE}]*|[{_CLOSE}]{{2,}}")
_SPACED = re.compile(rf"\{{[{GAP}]+\{{[^{{}}]*\}}[{GAP}]*\}}")
_SINGLE = re.compile(rf"(?<![{_OPEN}])[{_OPEN}]([^{_OPEN}{_CLOSE}\n]*)[{_CLOSE}](?![{_CLOSE}])")
_BARS = re.compile(r"[|｜]")
_OPTION = re.compile(rf"(?:^[{GAP}]*(?:--|[‐-―−]{{1,2}})|(?<=[{GAP}])--)([a-z][a-z-]*)(?=[{GAP}=]|$)")
_DASHES = re.compile(rf"[{GAP}]*(?:[-‐-―−]{{2,}}|[‐-―−])[{GAP}]*")


def slips(
    prompts: Sequence[Prompt],
    values: Mapping[str, Sequence[Any]],
    cases: Sequence[Case] = (),
    *,
    python: bool,
) -> tuple[Problem, ...]:
    """A doubt for each thing in some prompts that is sent as text, and looks as if it was meant otherwise.

    Args:
        prompts: The variants as they are written.
        values: The values of their places.
        cases: The cases whose own variables fill the places before these.
        python: Whether they were given in Python: there, ``---`` parts nothing, and options are arguments.
    """
    found: dict[str, Problem] = {}
    own = (case.variables.items() for case in cases)
    pairs = [(name, value) for name, several in values.items() for value in several]
    for name, value in itertools.chain(pairs, *own):
        if isinstance(value, str) and "{{" in value:
            told = f"The value of {name} has {{{{ in it: {_quoted(value[value.index('{{') :])} is sent as text"
            found[told] = doubt("prompt", ProblemCode.SUSPECT, told, "Only a prompt's own places are filled in.")
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
    """Places that are none."""
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
    """Braces that are left over."""
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
    return doubt("prompt", ProblemCode.SUSPECT, f"{_quoted(written.replace(_PLACE, '…'))} is sent as text", hint)


def _left_over(brace: str, text: str, at: int, places: Sequence[str]) -> Problem:
    """A brace beside a place, or one of two, that closes or opens nothing."""
    near = text[: at + 2].count(_PLACE)
    beside = f" at {{{{{places[near - 1]}}}}}" if near and _PLACE in text[max(0, at - 2) : at + 2] else ""
    return doubt(
        "prompt",
        ProblemCode.SUSPECT,
        f"A {brace}{beside} is left over, and sent as text",
        "Remove it, unless the clip is to show it.",
    )


def _lines(text: str, *, python: bool) -> Iterator[Problem]:
    """Options and separators that are none."""
    for number, line in enumerate(text.split("\n")):
        for match in _OPTION.finditer(line):
            name = f"--{match[1]}"
            # What begins a cell's variant was marked as text there: refuse_options_below() lets nothing else pass.
            if name in OPTIONS and (number or match.start() or python):
                yield doubt(
                    "prompt",
                    ProblemCode.SUSPECT,
                    f"{_quoted(line[match.start() :].replace(_PLACE, '…'))} is sent as text of the prompt",
                    f"In Python, give {OPTIONS[name].sets}= instead."
                    if python
                    else "Write options on the %%hailuo line.",
                )
        separator = SEPARATOR.fullmatch(line)
        if python and separator:
            yield _parts_nothing(line, "In Python, give a list of prompts to hw.sweep.")
        elif not separator and _DASHES.fullmatch(line):
            yield _parts_nothing(line, "" if python else "A line --- begins another variant.")


def _parts_nothing(line: str, hint: str) -> Problem:
    return doubt(
        "prompt", ProblemCode.SUSPECT, f"The line {_quoted(line)} is sent as text: it doesn't separate prompts", hint
    )
