"""Tests of the grammar of prompts and of option values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.option_values import parse_values, render_values
from hailuo_widgets.domain.prompts import Choice, Prompt, Text, Variable, parse_prompt, parse_variants, render_variants
from hailuo_widgets.domain.variants import fill_variants, variables_of
from hailuo_widgets.errors import UsageError

tricky = st.text(alphabet=st.sampled_from("a \n-{}|\\$\"'狐🦊x1,."), max_size=60)


@given(tricky | st.text(max_size=80))
def test_no_text_breaks_the_parser_and_reading_what_is_written_gives_the_same(body: str) -> None:
    """Any text is either refused with a sentence, or its rendering parses to the same prompts."""
    try:
        prompts = parse_variants(body)
    except UsageError:
        return
    assert parse_variants(render_variants(prompts)) == prompts


# But for what ends a line, is no character that is seen, or has a meaning.
ORDINARY = st.characters(exclude_characters="\\\n\r\v\f\x85\u2028\u2029\u200b\u2060\ufeff")


@given(st.text(alphabet=ORDINARY, max_size=80).filter(lambda s: "{{" not in s))
def test_ordinary_text_arrives_as_it_is(line: str) -> None:
    """Braces, dollars, quotes, any script: one line without places is one prompt, to the letter."""
    prompts = parse_variants(line)
    if line.strip() and not line.startswith("---"):
        assert [p.fill({}) for p in prompts] == [line]


def test_variants_and_labels() -> None:
    """A separator line starts the next variant, its words are the label, blank lines around a variant are dropped."""
    assert parse_variants("\na fox\n\n--- night\na wolf\nruns\n") == (
        Prompt((Text("a fox"),)),
        Prompt((Text("a wolf\nruns"),), "night"),
    )
    assert parse_variants("--- day\na fox")[0].label == "day"
    assert [p.label for p in parse_variants("--- day ---\na fox\n--- night - and day -----  \na wolf")] == [
        "day",
        "night - and day",
    ]
    assert [p.label for p in parse_variants("a fox\n--- ---\na wolf\n--- a---\na cat")] == [None, None, "a---"]
    assert parse_variants("a\n\\---\nb")[0].fill({}) == "a\n---\nb"


def test_places() -> None:
    """Variables and choices are found; single braces and an escaped place are text."""
    prompt = parse_prompt("a {fox} in {{ style }} at {{dawn | dusk}} \\{{x}}")
    assert prompt.parts == (
        Text("a {fox} in "),
        Variable("style"),
        Text(" at "),
        Choice(("dawn", "dusk")),
        Text(" {{x}}"),
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{{a b}}", "'a b' is no variable's name"),
        ("{{}}", "'' is no variable's name"),
        ("{{a | a}}", "an option stands twice"),
        ("a\n---\n\n---\nb", "has no text"),
        ("a\n--- x\nb\n--- x\nc", "two variants have this label"),
    ],
)
def test_mistakes_in_a_cell(body: str, says: str) -> None:
    """Each mistake is a sentence that names it."""
    with pytest.raises(UsageError, match=says):
        parse_variants(body)


def test_filling() -> None:
    """Every variant takes its own places' values, the first slowest; a variable that it lacks multiplies nothing."""
    prompts = parse_variants("{{s}} fox {{dawn | dusk}}\n--- n\na wolf")
    axes = variables_of(prompts, {"s": ["ink", "oil"]})
    filled = fill_variants(prompts, axes)
    assert [v.prompt for v in filled] == ["ink fox dawn", "ink fox dusk", "oil fox dawn", "oil fox dusk", "a wolf"]
    assert filled[1].variables == {"s": "ink", "choice_1": "dusk"}
    assert [v.label for v in filled] == ["1", "1", "1", "1", "n"]
    zipped = parse_variants("{{s}} {{t}}")
    axes = variables_of(zipped, {"s": ["a", "b"], "t": [1, 2]})
    assert [v.prompt for v in fill_variants(zipped, axes, [["s", "t"]])] == ["a 1", "b 2"]


def test_unknown_and_empty_variables() -> None:
    """An unknown name is refused with the nearest one; an empty list too."""
    prompts = parse_variants("a {{stlye}}")
    with pytest.raises(UsageError, match="no variable 'stlye'") as caught:
        variables_of(prompts, {"style": "ink"})
    assert "{{style}}" in str(caught.value)
    with pytest.raises(UsageError, match="is an empty list"):
        variables_of(prompts, {"stlye": []})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7", ["7"]),
        ("-1", ["-1"]),
        ("1..4", ["1", "2", "3", "4"]),
        ("1..9..3", ["1", "4", "7"]),
        ("8..6..-1", ["8", "7", "6"]),
        ("1..2,9", ["1", "2", "9"]),
        ("02, 2.3", ["02", "2.3"]),
        ("a\\,b,c", ["a,b", "c"]),
        ("data:image/png;base64,AA", ["data:image/png;base64,AA"]),
        ("https://a/x,y.png,https://b/z.png", ["https://a/x,y.png", "https://b/z.png"]),
    ],
)
def test_values(text: str, values: list[str]) -> None:
    """Single values, lists, ranges, and commas that separate nothing."""
    assert parse_values("--seed", text) == values


@pytest.mark.parametrize(
    ("text", "says"),
    [("a,,b", "empty value"), ("4..1", "write --seed 1..4"), ("1..9..0", "nothing"), ("1..99999999999", "at most")],
)
def test_mistakes_in_values(text: str, says: str) -> None:
    """An empty value, an empty range, a very long one: refused at once, with what to write."""
    with pytest.raises(UsageError, match=says):
        parse_values("--seed", text)


@given(st.text(max_size=40))
def test_no_value_breaks_the_parser(text: str) -> None:
    """Any text is refused with a sentence, or read; what is read can be written and read again."""
    try:
        values = parse_values("--text", text)
    except UsageError:
        return
    plain = [v for v in values if not v.startswith(("http", "data:")) and "\\" not in v and ".." not in v]
    if plain == values:
        assert parse_values("--text", render_values(values)) == values
