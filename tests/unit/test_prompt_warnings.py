"""Tests of prompt text that looks like syntax: a certain mistake is an error, a possible one a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.camera import INSTRUCTIONS, advice
from hailuo_widgets.domain.prompts import parse_prompt
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import OPTIONS, parse_line
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = parse_line("--provider kie --model 02")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session that sends nothing."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    yield session
    session.close()


def notes(session: Session, body: str, **names: object) -> str:
    """What a cell of this text is told before it is sent."""
    return "\n".join(map(str, plan_cell(session, LINE, body, names, ask_log=False).warnings))


def python_notes(session: Session, body: str, **variables: object) -> str:
    """What a call with this prompt is told before it is sent."""
    plan = session.plan(body, provider="kie", model="02", ask_log=False, variables=variables or None)
    return "\n".join(map(str, plan.warnings))


# -- an open place -----------------------------------------------------------------------------------------------------

OPEN = [
    "A fox on {{snow | sand}",
    "A {{ x",
    "{{",
    "a {{snow | sand} and {{dawn | dusk}}",
    "a {{dawn | dusk}} on {{snow | sand}",
    "a {{{snow | sand}",
    "a {{{{dawn | dusk}}",
    "a {{snow | sand} and \\{{ x }}",
    "a {{snow | sand\n} }",
    "one\n\na {{snow",
]


@pytest.mark.parametrize("body", OPEN)
def test_a_place_that_is_not_closed_is_a_mistake(body: str, session: Session) -> None:
    r"""An open ``{{`` was paid for as text: it is refused, with its line; ``\{{`` is literal."""
    line = 1 + body[: body.index("{{")].count("\n")
    for ask in (notes, python_notes):
        with pytest.raises(UsageError, match=rf"\{{\{{.* isn't closed \(line {line}\)") as caught:
            ask(session, body)
        assert "\\{{" in str(caught.value.hint)
    with pytest.raises(UsageError, match="isn't closed"):
        session.generate(body, provider="kie")
    assert len(session.runs()) == 0


@given(
    st.lists(st.sampled_from(["\\{{", "{", "}", "}}", "a", " ", "{{a|b}}", "\n", "｛", "｝"]), max_size=12).map("".join)
)
@settings(max_examples=60)
def test_what_is_read_holds_no_open_place(body: str) -> None:
    r"""A prompt without a place is sent as it is written, and holds no ``{{`` that was not written as ``\{{``."""
    try:
        prompt = parse_prompt(body)
    except UsageError:
        return
    assert prompt.places or "{{" not in body.replace("\\{{", "-")
    if not prompt.places:
        assert prompt.fill({}) == body.replace("\\{{", "{{")


# -- told, and sent as it is -------------------------------------------------------------------------------------------

TOLD = [
    ("A fox on ｛｛snow | sand｝｝", "'｛｛snow | sand｝｝' is sent as text"),
    ("A fox on ﹛﹛snow | sand﹜﹜", "is sent as text"),
    ("A fox on {｛snow | sand｝}", "is sent as text"),
    ("A fox on { {snow | sand} }", "'{ {snow | sand} }' is sent as text"),
    ("A fox on {snow | sand}", "'{snow | sand}' is sent as text"),
    ("A fox on ｛snow ｜ sand｝", "is sent as text"),
    ("A fox on snow | sand}}", "A } is left over"),
    ("A fox in {{snow | sand}}}", "A } at {{snow | sand}} is left over"),
    ("A fox in {{{snow | sand}}", "A { at {{snow | sand}} is left over"),
    ("A fox\nin snow\n--seed 4", "'--seed 4' is sent as text of the prompt"),
    ("A fox\n  —duration 6", "'—duration 6' is sent as text of the prompt"),
    ("A fox runs --duration 6", "'--duration 6' is sent as text of the prompt"),
    ("A fox\n—-\nA wolf", "The line '—-' is sent as text"),
    ("A fox\n–––\nA wolf", "The line '–––' is sent as text"),
    ("A fox\n--\nA wolf", "The line '--' is sent as text"),
    ("A fox\n----\nA wolf", "The line '----' is sent as text"),
    ("A fox\n ---\nA wolf", "The line '---' is sent as text"),
    ("A fox\n—\nA wolf", "The line '—' is sent as text"),
    ("A fox\n---b\nA wolf", "The line '---b' is sent as text"),
    ("---a\nA fox\n---b\nA wolf", "The line '---a' is sent as text"),
    ("A fox\n  --- b\nA wolf", "The line '--- b' is sent as text"),
    ("A fox\n---- b\nA wolf", "The line '---- b' is sent as text"),
    ("A fox\n———b\nA wolf", "The line '———b' is sent as text"),
    ("A fox\n— b\nA wolf", "The line '— b' is sent as text"),
    ("A fox\n – night sky\nA wolf", "The line '– night sky' is sent as text"),
    ("A fox\n -- b\nA wolf", "The line '-- b' is sent as text"),
    ("A fox\n-- {{dawn | dusk}}\n\nA wolf", "The line '-- …' is sent as text"),
    ("A fox [Push in", "'[Push in' isn't closed, and is sent as plain text"),
    ("A fox [推进, it runs\nfast]", "isn't closed"),
    ("A fox Push in]", "'Push in]' isn't opened"),
    ("A fox 【推进】", "'【推进】' is sent as plain text"),
    ("A fox ［Push in］", "is sent as plain text"),
]


@pytest.mark.parametrize(("body", "says"), TOLD)
def test_what_looks_like_more_than_text_is_told(body: str, says: str, session: Session) -> None:
    """It is sent as it is written, and a note says so before: in a cell and in Python."""
    assert says in notes(session, body)
    assert says in python_notes(session, body)


QUIET = [
    'A sign says {"a": {"b": 1}} and {c}',
    "A {{{snow | sand}}} box",
    "\\{{snow | sand}}",
    "A fox - it runs -- fast; tom--jerry",
    "\\--seed 4 is on its sign",
    "A fox\n\\---\nA wolf",
    "A fox [on a sign and (Push in)",
    "A fox [Push in], [推进]",
    "A fox } runs {",
    "A fox\n--seeds of love\n-- Shakespeare",
    "A fox\n- red\n- quick\nin snow",
    "A fox\n— it says that it will come again —\nin snow",
    "— once more\nA fox",
    "A fox\n\\--- b\nA wolf",
]


@pytest.mark.parametrize("body", QUIET)
def test_ordinary_text_is_not_told_of(body: str, session: Session) -> None:
    """What balances, or was marked as text, says nothing."""
    assert notes(session, body) == ""


def test_every_option_in_a_prompt_is_told_of(session: Session) -> None:
    """Each of them, on a line of its own."""
    for name, option in OPTIONS.items():
        assert f"'{name} x' is sent as text" in notes(session, f"A fox\n{name} x")
        instead = f"give {option.sets}= instead" if option.group != "cell" else "Write options on the %%hailuo line"
        assert instead in python_notes(session, f"{name} x")


def test_a_separator_in_python_is_told_of(session: Session) -> None:
    """``---`` separates in a cell; in Python it is text, and a list is what was meant."""
    assert "give a list of prompts" in python_notes(session, "A fox\n---\nA wolf")
    assert notes(session, "A fox\n---\nA wolf") == ""


@pytest.mark.parametrize("value", ["red {{y}}", "{{a | b}}", "{{"])
def test_a_place_in_a_variables_value_is_told_of(value: str, session: Session) -> None:
    """A value is text: places in it are not filled in, and the note says which value it is."""
    for told in (notes(session, "A {{x}} fox", x=["plain", value]), python_notes(session, "A {{x}} fox", x=value)):
        assert "The value of x has {{ in it" in told
    assert notes(session, "A {{x}} fox", x="plain {y}") == ""


def test_a_place_in_a_tables_cell_is_told_of(session: Session) -> None:
    """A column of a table of cases is a variable too."""
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"x": ["ink", "{{y}}"]})
    assert "The value of x has {{ in it" in "\n".join(
        map(str, session.plan("A {{x}} fox", provider="kie", model="02", ask_log=False, variables=table).warnings)
    )


def test_a_place_in_a_templates_words_is_told_of(session: Session) -> None:
    """A template's text has no places."""
    plan = session.plan(
        provider="minimax", template="Survival", first_frame="https://a.example/a.png", text="{{a | b}}", ask_log=False
    )
    assert "The value of text has {{ in it" in "\n".join(map(str, plan.warnings))


def test_notes_are_few_however_many_slips_there_are(session: Session) -> None:
    """A long text of braces costs no more than its length, and isn't told of thousands of times."""
    text = "}} " * 90 + "｛｛x" * 20 + "\n".join(["", *OPTIONS])
    assert 0 < notes(session, text).count("sent as text") < 12


@pytest.mark.parametrize("name", ["style", "place"])
def test_a_variable_in_single_braces_is_told_of(name: str, session: Session) -> None:
    """``{style}`` beside ``{{style}}``: only the second is filled in."""
    assert f"'{{{name}}}' is sent as text" in notes(session, f"A {{{name}}} fox, {{{{{name}}}}}", **{name: "ink"})


@given(st.sampled_from(INSTRUCTIONS), st.sampled_from(["", " slowly", ", a fox runs", "\nnext"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_instruction_that_is_not_closed_is_told_of(instruction: object, after: str) -> None:
    """English, Chinese, in any case."""
    for word in (instruction.english, instruction.chinese, instruction.english.upper()):  # type: ignore[attr-defined]
        assert any("isn't closed" in what for what, _ in advice(f"a fox [{word}{after}"))
