"""Tests of axes: variables, zips, exclusions and samples mean the same in cells and in Python."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.prompts import Choice, Prompt, Text, Variable, parse_prompt, render_prompt
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.widgets.form import cell_of, form_of_cell, form_of_run, line_of, python_of
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.planning.plan import Plan

A, B = "https://pictures.example/a.png", "https://pictures.example/b.png"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session that sends nothing."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    yield session
    session.close()


def cell(session: Session, line: str, body: str, **names: Any) -> Plan:
    """What a cell would send."""
    return plan_cell(session, parse_line(line), body, names, ask_log=False)


def python(session: Session, prompt: Any, **arguments: Any) -> Plan:
    """What a call would send."""
    return session.plan(prompt, ask_log=False, **arguments)


def told(plan: Plan) -> list[tuple[Any, ...]]:
    """What tells runs apart."""
    return [
        (p.request.hash, p.cell.variant.label, tuple(p.cell.variant.variables.items()), p.request.prompt)
        for p in plan.runs
    ]


# -- the grammar -------------------------------------------------------------------------------------------------------


def test_places_mean_the_same_in_a_cell_and_in_python(session: Session) -> None:
    r"""``{{a | b}}`` is an axis in both, ``{{name}}`` a variable, ``\{{`` a literal ``{{``."""
    body, names = "A {{style}} fox {{dawn | dusk}} \\{{x}} {y} $5", {"style": ["ink", "oil"]}
    one = cell(session, "--provider kie --seed 1,2", body, **names)
    two = python(session, body, provider="kie", seed=[1, 2], variables=names)
    assert told(one) == told(two)
    assert len(one.runs) == 8
    assert one.runs[0].request.prompt == "A ink fox dawn {{x}} {y} $5"


@pytest.mark.parametrize(
    ("prompt", "variables", "says"),
    [
        ("A {{style}} fox", {}, "there is no variable 'style'"),
        ("A {{style}} fox", {"stlye": "ink"}, "variables: no prompt has a place {{stlye}}"),
        ("A {style} fox", {"style": "ink"}, "no prompt has a place {{style}}"),
        ("A {{a b}} fox", {}, "is no variable's name"),
        ("A {{style}} fox", {"style": []}, "is an empty list"),
        ("A {{style}} fox", ["style"], "variables must be a dict"),
        ("A {{style}} fox", {1: "ink"}, "is no name"),
    ],
)
def test_an_unknown_name_is_a_mistake(prompt: str, variables: Any, says: str, session: Session) -> None:
    """No brace is paid for: a place without its variable, and a variable without its place, are refused."""
    with pytest.raises(UsageError, match=says):
        python(session, prompt, provider="kie", variables=variables)
    with pytest.raises(UsageError, match=says):
        session.generate(prompt, provider="kie", variables=variables)


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt": "a {{dawn | dusk}} fox"},
        {"prompt": ["a fox", "a wolf"]},
        {"prompt": "a fox", "seed": [1, 2]},
        {"prompt": "a {{x}} fox", "variables": {"x": [1, 2]}},
        {"prompt": "a fox", "seed": [1, 2], "sample": 1},
        {"prompt": "a fox", "seed": [1, 2], "exclude": {"seed": 1}},
        {"prompt": "a fox", "repeat": 2},
    ],
    ids=",".join,
)
def test_generate_names_sweep_where_it_meets_an_axis(arguments: dict[str, Any], session: Session) -> None:
    """One call of ``generate`` is one run: an axis is a mistake there, whatever is left of it, and says what to use."""
    with pytest.raises(UsageError, match=r"generate\(\) makes one run") as caught:
        session.generate(provider="kie", **arguments)
    assert "sweep" in str(caught.value.hint)
    assert len(session.runs()) == 0


def test_separators_are_the_cells_alone(session: Session) -> None:
    """In Python a line ``---`` is text of the prompt."""
    assert python(session, "a\n---\nb", provider="kie").runs[0].request.prompt == "a\n---\nb"
    assert len(cell(session, "--provider kie", "a\n---\nb").runs) == 2


@pytest.mark.parametrize("names", [{"style": "ink"}, {"upper": ["a"]}])
def test_a_pipe_that_looks_like_a_filter_is_told(names: dict[str, Any], session: Session) -> None:
    """``{{style|upper}}`` is a choice of two words: where one of them is a variable, that is said before it is sent."""
    for plan in (
        cell(session, "--provider kie", "a {{style|upper}} fox", **names),
        python(session, "a {{style|upper}} fox", provider="kie", variables=names),
    ):
        assert [p.request.prompt for p in plan.runs] == ["a style fox", "a upper fox"]
        (warning,) = plan.warnings
        assert "is a choice between the words style, upper" in warning.message
    assert not cell(session, "--provider kie", "a {{style|upper}}", style=print, os=itertools).warnings


places = st.sampled_from(["{{", "}}", "\\{{", "{", "}", "\\", "a", " ", "|", "x", "\n", "---", "狐"])


@given(st.lists(places, max_size=12).map("".join))
def test_a_literal_prompt_reads_back(text: str) -> None:
    """Any text, written as a prompt of the grammar, is that text again and has no place."""
    assert parse_prompt(render_prompt(Prompt((Text(text),)))).fill({}) == text


@given(
    st.lists(
        st.builds(Variable, st.sampled_from(["x", "style"]))
        | st.just(Choice(("a", "b")))
        | st.lists(st.sampled_from(["{{", "}}", "{", "a ", "|", "狐"]), min_size=1).map("".join).map(Text),
        max_size=6,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_the_studios_call_and_cell_ask_for_the_same(session: Session, parts: list[Any]) -> None:
    """A cell with any places, as a call and as a cell again: the same runs, labels and variables."""
    body = f"z{render_prompt(Prompt(tuple(parts)))}z"
    try:
        parse_prompt(body)
    except UsageError:
        return
    names = {"x": [1, "狐{{"], "style": "ink"}
    form = {"request": {"provider": "kie", "seed": "1..2"}, "run": {"sample_seed": "3", "sample": "4"}, "body": body}
    plan = plan_cell(session, line_of(form), body, names, ask_log=False)
    again = form_of_cell(cell_of(form))
    assert told(plan_cell(session, line_of(again), again["body"], names, ask_log=False)) == told(plan)
    made: list[Plan] = []

    class Recorder:
        """In the place of the package."""

        def sweep(self, prompt: Any, **arguments: Any) -> None:
            """Plan it."""
            made.append(python(session, prompt, **arguments))

    eval(python_of(line_of(form), plan), {"hw": Recorder()})  # noqa: S307 - our own text
    assert told(made[0]) == told(plan)


def test_a_logged_prompt_with_braces_is_asked_for_again(tmp_path: Any) -> None:
    """A prompt that holds ``{{x}}`` as text fills the studio's form, whose cell and call send that text again."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    text = "--seed 5 {{x}} {{a | b}}\n--- night"
    record = session.generate(render_prompt(Prompt((Text(text),))), provider="kie").record
    assert record.request.prompt == text
    form = form_of_run(record, {})
    plan = plan_cell(session, line_of(form), form["body"], {}, ask_log=False)
    assert [p.request.hash for p in plan.runs] == [record.request_hash]
    again = form_of_cell(cell_of(form))
    assert line_of(again) == line_of(form)
    assert plan_cell(session, line_of(again), again["body"], {}, ask_log=False).runs[0].request == plan.runs[0].request
    call = python_of(line_of(form), plan)
    asked: list[Any] = []
    hw = type("hw", (), {"generate": lambda prompt, **more: asked.append(session.plan(prompt, ask_log=False, **more))})
    eval(call, {"hw": hw})  # noqa: S307 - our own text
    assert [p.request.hash for p in asked[0].runs] == [record.request_hash]
    session.close()


# -- pairs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prompt", "variant"])
def test_one_prompt_a_picture(name: str, session: Session) -> None:
    """Prompts are an axis that any other can be paired with, under either of its names, in cells and Python."""
    line = f"--provider minimax --first-frame {A},{B} --duration 6,10 --zip {name},first-frame"
    one = cell(session, line, "a fox\n--- w\na wolf")
    two = python(
        session,
        {"1": "a fox", "w": "a wolf"},
        provider="minimax",
        first_frame=[A, B],
        duration=[6, 10],
        zipped=[(name, "first_frame")],
    )
    assert told(one) == told(two)
    assert [
        (p.request.prompt, p.request.first_frame.url, p.request.duration) for p in one.runs if p.request.first_frame
    ] == [
        ("a fox", A, 6),
        ("a fox", A, 10),
        ("a wolf", B, 6),
        ("a wolf", B, 10),
    ]
    assert one.sentence().startswith("4 runs = 2 prompts+first_frame × 2 duration")


@pytest.mark.parametrize(
    ("zipped", "pairs"),
    [
        ("style,seed", [("ink dawn", 1), ("ink dusk", 1), ("oil dawn", 2), ("oil dusk", 2)]),
        ("var_style,seed", [("ink dawn", 1), ("ink dusk", 1), ("oil dawn", 2), ("oil dusk", 2)]),
        ("seed,choice_1", [("ink dawn", 1), ("ink dusk", 2), ("oil dawn", 1), ("oil dusk", 2)]),
        ("'dawn | dusk,seed,style'", [("ink dawn", 1), ("oil dusk", 2)]),
    ],
)
def test_a_variable_and_an_option_are_paired(zipped: str, pairs: list[Any], session: Session) -> None:
    """A variable or a choice goes with an option, value by value."""
    plan = cell(session, f"--provider kie --seed 1,2 --zip {zipped}", "{{style}} {{dawn | dusk}}", style=["ink", "oil"])
    assert [(p.request.prompt, p.request.seed) for p in plan.runs] == pairs


def test_the_prompts_of_one_choice_are_paired(session: Session) -> None:
    """One prompt that a choice or a variable makes several of: those are what ``prompt`` means."""
    line = f"--provider minimax --first-frame {A},{B} --zip prompt,first-frame"
    for plan in (
        cell(session, line, "a {{fox | wolf}}"),
        cell(session, line, "a {{animal}} at {{hour}}", animal=["fox", "wolf"], hour="dawn"),
    ):
        assert [p.request.first_frame.url for p in plan.runs if p.request.first_frame] == [A, B]
        assert len({p.request.prompt for p in plan.runs}) == 2
    with pytest.raises(UsageError, match="prompt has 1, first_frame has 2"):
        cell(session, line, "a {{fox | wolf}} at {{dawn | dusk}}")


def test_a_pair_of_a_prompt_and_its_variable(session: Session) -> None:
    """Prompts paired with a variable take one value each; a prompt that has not the place is paired with nothing."""
    plan = python(session, ["a {{x}}", "b {{x}}"], provider="kie", variables={"x": [1, 2]}, zipped=("prompt", "x"))
    assert [p.request.prompt for p in plan.runs] == ["a 1", "b 2"]
    plan = python(session, ["a {{x}}", "b"], provider="kie", variables={"x": [1, 2]}, seed=[7, 8], zipped=("x", "seed"))
    assert [(p.request.prompt, p.request.seed) for p in plan.runs] == [("a 1", 7), ("a 2", 8), ("b", 7), ("b", 8)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--seed 1,2 --zip sed,prompt", "did you mean 'seed'"),
        ("--seed 1..3 --zip prompt,seed", "prompt has 2, seed has 3"),
        ("--seed 1,2 --zip prompt,variant", "prompt is zipped twice"),
        ("--seed 1,2 --zip prompt,model", "which is no axis"),
    ],
)
def test_mistakes_in_pairs(line: str, says: str, session: Session) -> None:
    """A name that is no axis, or lists of different lengths, are refused in words."""
    with pytest.raises(UsageError, match=says):
        cell(session, f"--provider kie {line}", "a\n---\nb")


@pytest.mark.parametrize("zipped", ["prompt", 7, {"a"}, [1], [("seed", 1)]])
def test_pairs_that_are_none(zipped: Any, session: Session) -> None:
    """What is no group of names is refused: a word is never taken for its letters."""
    with pytest.raises(UsageError, match=r"zipped|named by text"):
        python(session, ["a", "b"], provider="kie", seed=[1, 2], zipped=zipped)


# -- the public functions ----------------------------------------------------------------------------------------------


def test_the_public_functions_take_the_grammar(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """``generate``, ``sweep`` and ``estimate`` take the same words; a misspelled one is a UsageError in each."""
    monkeypatch.setattr(api, "default_session", lambda: session)
    begun: list[Any] = []
    monkeypatch.setattr(Session, "begin", lambda _, plan, **__: begun.append(plan) or [None])
    call: dict[str, Any] = {"provider": "kie", "seed": range(1, 5), "sample": 2, "sample_seed": 3, "name": "foxes"}
    call |= {"variables": {"x": ["ink", "oil"]}, "zipped": [], "exclude": {"x": "ink"}, "yes": True, "tags": [2026]}
    api.sweep("a {{x}} fox", **call)
    assert [p.request.prompt for p in begun[0].runs] == ["a oil fox"] * 2
    assert int(api.estimate("a {{x}} fox", **call)["runs"].sum()) == 2
    api.generate("a {{x}} fox", provider="kie", variables={"x": "ink"})
    assert begun[1].runs[0].request.prompt == "a ink fox"
    for function in (api.generate, api.sweep, api.estimate):
        with pytest.raises(UsageError, match="did you mean 'seed'"):
            function("a fox", sed=1)  # type: ignore[operator]
    with pytest.raises(UsageError, match="sweep"):
        api.generate("a fox", provider="kie", repeat=2)
