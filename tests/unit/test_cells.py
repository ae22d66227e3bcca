"""Tests that a written cell parses into the values that it was written from."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.prompts import Prompt, Text, Variable, parse_variants
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import COUNTS, OPTIONS, Line, parse_line
from hailuo_widgets.planning.render_cell import render_cell, render_line

# What a value may hold: blanks within, quotes, dollars, commas, any script; no backslash, which escapes a comma.
words = (
    st.text(alphabet=st.sampled_from("ab 7.,$'\"#{}狐🦊|=-"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda s: bool(s) and not s.startswith("--") and re.search(r"\d\.\.", s) is None)
)
# In the place of a number, a variable that IPython left as it is was never a value: parse_line refuses it.
numbers = words.filter(lambda s: re.fullmatch(r"\$[^\W\d]\w*|\{\s*[^\W\d]\w*\s*\}", s) is None)
NUMBERS = {"seed", "duration", "width", "height"}
names = st.sampled_from(["seed", "model", "duration", "first_frame"])
plain = st.text(alphabet="abc狐7", min_size=1, max_size=6)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any line: each option or not, with any value that it may have."""
    request: dict[str, Any] = {}
    run: dict[str, Any] = {}
    cell: dict[str, Any] = {}
    for option in OPTIONS.values():
        into = {"request": request, "run": run, "cell": cell}[option.group]
        if option.sets in into or not draw(st.booleans()):
            continue
        if option.flag:
            into[option.sets] = option.value
        elif option.name == "--option":
            into["options"] = draw(st.dictionaries(plain, st.booleans() | st.integers(0, 99) | words, min_size=1))
        elif option.name in {"--tag", "--reference"}:
            into[option.sets] = draw(st.lists(words, min_size=1, max_size=3))
        elif option.name == "--zip":
            into["zipped"] = draw(st.lists(st.lists(names, min_size=2, max_size=3), min_size=1, max_size=2))
        elif option.name == "--exclude":
            into["exclude"] = draw(st.lists(st.dictionaries(names, plain, min_size=1), min_size=1, max_size=2))
        elif option.name in COUNTS:
            into[option.sets] = draw(st.integers(1, 99))
        elif option.group == "request":
            values = draw(st.lists(numbers if option.sets in NUMBERS else words, min_size=1, max_size=3))
            into[option.sets] = values if len(values) > 1 else values[0]
        else:
            into[option.sets] = draw(words)
    return Line(request=request, run=run, cell=cell)


@given(lines())
def test_a_line_reads_back(line: Line) -> None:
    """Whatever a line holds, what is written of it is read as the same."""
    assert parse_line(render_line(line)) == line


@given(st.sampled_from(sorted(NUMBERS)), st.sampled_from(["$b", "{b}", "{ 狐 }"]))
def test_a_variable_that_is_not_there_is_no_number(name: str, value: str) -> None:
    """The one value that does not read back is refused by its name."""
    with pytest.raises(UsageError, match=f"--{name}.*there is no variable"):
        parse_line(render_line(Line(request={name: value}, run={})))


@given(lines(), st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_a_whole_cell_reads_back(line: Line, bodies: list[str]) -> None:
    """Options above, prompts below: the cell is taken apart into both again."""
    try:
        prompts = tuple(p for body in bodies for p in parse_variants(body) if p.parts)
    except UsageError:
        prompts = ()
    prompts = prompts or (Prompt((Text("a fox, "), Variable("style")), "day"),)
    head, _, body = render_cell(line, prompts).partition("\n")
    assert parse_line(head.removeprefix("%%hailuo")) == line
    assert parse_variants(body) == prompts
