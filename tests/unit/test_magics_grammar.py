"""Tests of the options of ``%%hailuo``, and of the messages for mistakes in them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import COUNTS, OPTIONS, REPEATABLE, help_text, parse_line

VALUED = [o for o in OPTIONS.values() if not o.flag]
PLAIN = [o for o in VALUED if o.name not in REPEATABLE | COUNTS]
FLAGS = [o for o in OPTIONS.values() if o.flag]
# Any shell word but for what has a meaning of its own: commas, ranges, blanks at an end, another option.
WORDS = st.text(st.characters(exclude_characters="\0,\\", codec="utf-8"), min_size=1, max_size=20).filter(
    lambda word: word == word.strip() and ".." not in word and not word.startswith("--")
)


def parsed(line: str) -> dict[str, object]:
    """All that a line sets."""
    found = parse_line(line)
    return {**found.request, **found.run, **found.cell}


@given(option=st.sampled_from(PLAIN), word=WORDS, sign=st.sampled_from([" ", "="]))
def test_a_value_arrives_as_it_was_written(option: object, word: str, sign: str) -> None:
    """Any word, quoted as a shell has it, is the option's value, after a blank or an equals sign.

    In the place of a number, a variable's name that IPython has not filled in is no value.
    """
    name, sets = option.name, option.sets  # type: ignore[attr-defined] # an Option; the strategy's type is lost
    written = f"{name}{sign}{shlex.quote(word)}"
    try:
        found = parsed(written)
    except UsageError as e:
        assert "there is no variable" in str(e)  # noqa: PT017 - which words are names, the next test says
        assert sets in {"duration", "seed", "width", "height"}
        assert word[0] == "$" or (word[0], word[-1]) == ("{", "}")
        return
    assert found == {sets: word}


@pytest.mark.parametrize("word", ["$n", "{n}", "$A", "{long_name}"])
@pytest.mark.parametrize("name", ["--duration", "--seed", "--width", "--height"])
def test_a_variable_that_is_not_there_is_no_number(name: str, word: str) -> None:
    """IPython leaves it as it is; the error names the variable."""
    with pytest.raises(UsageError, match=f"there is no variable '{word.strip('${}')}'"):
        parsed(f"{name} {word}")


@pytest.mark.parametrize("option", FLAGS, ids=lambda o: o.name)
def test_a_flag_takes_no_value(option: object) -> None:
    """A flag sets its value; one with an equals sign is refused and says how to write it."""
    name, sets, value = option.name, option.sets, option.value  # type: ignore[attr-defined] # an Option
    assert parsed(name) == {sets: value}
    with pytest.raises(UsageError, match="takes no value, and 'yes' was given") as caught:
        parse_line(f"{name}=yes")
    assert caught.value.hint == f"write {name} alone"


@pytest.mark.parametrize("option", VALUED, ids=lambda o: o.name)
@pytest.mark.parametrize("line", ["{}", "{} --fresh", "{}=", "{} ''"])
def test_a_lacking_value_is_named(option: object, line: str) -> None:
    """An option without its value is refused with an example that is itself correct; the next option is not taken."""
    name, example = option.name, option.example  # type: ignore[attr-defined] # an Option
    with pytest.raises(UsageError, match=f"^{name} needs a value") as caught:
        parse_line(line.format(name))
    assert caught.value.hint == f"for example {name} {example}"
    assert parsed(f"{name} {example}") != {}


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda o: o.name)
def test_a_slip_of_the_finger_is_recognised(option: object) -> None:
    """With two letters exchanged each option is still told from nonsense: the hint names one that is near."""
    name = option.name  # type: ignore[attr-defined] # an Option
    slip = name[:-2] + name[-1] + name[-2]
    if slip in OPTIONS:
        slip = name + "x"
    with pytest.raises(UsageError, match="is no option of %%hailuo") as caught:
        parse_line(slip)
    assert str(caught.value.hint).startswith("did you mean --")


@pytest.mark.parametrize("option", PLAIN, ids=lambda o: o.name)
def test_twice_is_refused(option: object) -> None:
    """An option that is given twice is refused: neither value is taken silently."""
    name, example = option.name, option.example  # type: ignore[attr-defined] # an Option
    with pytest.raises(UsageError, match=f"{name} is given twice"):
        parse_line(f"{name} {example} {name} {example}")


@pytest.mark.parametrize(
    ("one", "other"), [("--wait", "--background"), ("--reuse", "--fresh"), ("--optimize", "--no-optimize")]
)
def test_contradictions_are_refused(one: str, other: str) -> None:
    """Two flags that say the opposite are refused, in either order."""
    for line in (f"{one} {other}", f"{other} {one}"):
        with pytest.raises(UsageError, match="contradict each other"):
            parse_line(line)


@pytest.mark.parametrize("option", [o for o in PLAIN if o.group == "request"], ids=lambda o: o.name)
def test_every_request_option_may_be_an_axis(option: object) -> None:
    """A list and a range become a list of texts, for each option of the request alike."""
    name, sets = option.name, option.sets  # type: ignore[attr-defined] # an Option
    assert parsed(f"{name} a,b") == {sets: ["a", "b"]}
    assert parsed(f"{name} 1..9..4") == {sets: ["1", "5", "9"]}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_counts_are_whole_numbers(name: str) -> None:
    """A count is a number from 1 up; anything else is refused with an example."""
    assert parsed(f"{name} 3") == {OPTIONS[name].sets: 3}
    for word in ("0", "-1", "2.5", "three", "1..3"):
        with pytest.raises(UsageError, match="is no whole number from 1 up"):
            parse_line(f"{name} {word}")


def test_repeatable_options_gather() -> None:
    """Tags gather in their order; the provider's own fields are read as JSON where they are, else as text."""
    found = parsed("--tag a --tag 'b c' --option ttl=3600 --option fast=true --option word=a=b --option 'x=\"3\"'")
    assert found == {"tags": ["a", "b c"], "options": {"ttl": 3600, "fast": True, "word": "a=b", "x": "3"}}
    with pytest.raises(UsageError, match="'ttl' is not KEY=VALUE"):
        parse_line("--option ttl")


def test_a_prompt_on_the_line_is_sent_below_it() -> None:
    """A word that is no option is taken for a misplaced prompt, and an open quote is named."""
    with pytest.raises(UsageError, match="'fox'") as caught:
        parse_line("--model 02 fox")
    assert caught.value.hint == "the prompt belongs into the cell, below the %%hailuo line"
    with pytest.raises(UsageError, match="No closing quotation"):
        parse_line("--name 'fox")


@pytest.mark.parametrize(
    ("line", "run"),
    [
        ("fox", {"name": "fox"}),
        ("fox --seed 7", {"name": "fox"}),
        ("狐 --fresh", {"name": "狐", "reuse": False}),
        ("--seed 7", {}),
        ("", {}),
    ],
)
def test_a_single_name_before_the_options_is_the_destination(line: str, run: dict[str, object]) -> None:
    """As ``--name`` is."""
    assert parse_line(line).run == run


@pytest.mark.parametrize(
    "line",
    ["a red fox", "fox runs", "fox 7 --seed 7", "--seed 7 fox", "model 02", "background", "red-fox", "'a fox'", "7"],
)
def test_words_of_a_prompt_are_no_destination(line: str) -> None:
    """Nor is an option without its dashes: nothing is sent."""
    with pytest.raises(UsageError, match="an option begins with --"):
        parse_line(line)


def test_a_destination_and_a_name_are_refused() -> None:
    """One of them is too much."""
    with pytest.raises(UsageError, match="contradict each other"):
        parse_line("fox --name fox")


@pytest.mark.parametrize("line", ["--help", "-h", "--model 02 -h", "fox --help"])
def test_help_may_be_asked_for_on_the_line(line: str) -> None:
    """Wherever it stands."""
    assert parse_line(line).cell == {"help": True}


def test_the_help_names_every_option() -> None:
    """No option is left out of ``%hailuo``'s help, and each has a line of words."""
    text = help_text()
    assert [o.name for o in OPTIONS.values() if f"  {o.name} " not in text or not o.help] == []


@given(st.text())
def test_any_line_is_parsed_or_refused_in_words(line: str) -> None:
    """Whatever stands on the line, the answer is values or a UsageError with a next step, nothing else."""
    try:
        parse_line(line)
    except UsageError as e:
        assert e.hint or "twice" in e.message or "contradict" in e.message  # noqa: PT017 - values are an answer too
