"""Tests of the studio's form: form to cell to form is the identity, and a run's form gives the same request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.option_values import parse_values, render_values
from hailuo_widgets.domain.prompts import parse_variants, render_variants
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import OPTIONS
from hailuo_widgets.widgets.form import cell_of, form_of_cell, form_of_run, line_of, python_of
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from pathlib import Path

words = (
    st.text(alphabet=st.sampled_from("ab 7.,$'\"#{}狐🦊"), min_size=1, max_size=10)
    .map(str.strip)
    .filter(lambda s: bool(s) and re.search(r"\d\.\.", s) is None)
)
typed = st.lists(words, min_size=1, max_size=3).map(render_values) | st.sampled_from(["1..4", "9..1..-4", "6,10"])


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    """Any form, with its values as they would be typed."""
    request: dict[str, Any] = {}
    for option in OPTIONS.values():
        if option.group != "request" or option.sets in request or not draw(st.booleans()):
            continue
        if option.flag:
            request[option.sets] = option.value
        elif option.name == "--option":
            request["options"] = draw(st.dictionaries(st.sampled_from(["ttl", "fps"]), st.integers(0, 99), min_size=1))
        elif option.name == "--reference":
            request["references"] = draw(st.lists(words, min_size=1, max_size=3))
        else:
            request[option.sets] = draw(typed)
    run: dict[str, Any] = {}
    if draw(st.booleans()):
        run |= {"repeat": str(draw(st.integers(1, 9))), "tags": draw(st.lists(words, min_size=1, max_size=2))}
    if draw(st.booleans()):
        run |= {"reuse": False, "budget": "0.5", "control": True}
    body = draw(st.text(alphabet=st.sampled_from("a {}[]\n狐$"), max_size=40))
    try:
        body = render_variants(parse_variants(body))
    except UsageError:
        body = "a fox [Push in]\n---\na wolf"
    return {"request": request, "run": run, "body": body}


@given(forms())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_form_cell_form(form: dict[str, Any]) -> None:
    """The cell that a form shows fills the same form: each value means the same, and the cell of it is the same."""
    cell = cell_of(form)
    again = form_of_cell(cell)
    assert cell_of(again) == cell
    assert line_of(again) == line_of(form)
    assert parse_variants(again["body"]) == parse_variants(form["body"])
    for name, value in form["request"].items():
        if isinstance(value, str):
            assert parse_values(name, again["request"][name]) == parse_values(name, value)
        else:
            assert again["request"][name] == value


def test_the_python_call_asks_for_the_same(tmp_path: Path) -> None:
    """Evaluated, the call that a form shows makes the plan that the form makes."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    form = {
        "request": {"provider": "kie", "model": "02", "duration": "6,10", "seed": "1..3"},
        "run": {"repeat": "2", "tags": ["x"], "control": True},
        "body": '--- a\na "fox" {{at}}\n--- b\na wolf\'s {{at}}',
    }
    line = line_of(form)
    plan = plan_cell(session, line, form["body"], {"at": ["dawn", "dusk"]})
    call = python_of(line, plan)
    asked: list[Any] = []

    class Recorder:
        """In the place of the package."""

        def sweep(self, prompt: Any, **arguments: Any) -> None:
            """Plan it."""
            arguments.pop("tags")
            asked.append(session.plan(prompt, **arguments))

    eval(call, {"hw": Recorder()})  # noqa: S307 - our own text
    assert [p.request for p in asked[0].runs] == [p.request for p in plan.runs]
    session.close()


def test_a_runs_form_asks_for_the_same_request(tmp_path: Path) -> None:
    """What a run was asked for fills the form, and the form's plan is that request, to the hash."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    run = session.generate("a fox, {curly} $5", provider="kie", model="2.3", duration=6, seed=7, aspect_ratio="9:16")
    form = form_of_run(run.record, {})
    plan = plan_cell(session, line_of(form), form["body"], {})
    assert [p.request.hash for p in plan.runs] == [run.record.request_hash]
    session.close()


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"request": {"sead": "1"}}, "'sead' is no part of a request"),
        ({"run": {"repeat": "many"}}, "no whole number from 1 up"),
        ({"request": {"seed": "1,,2"}}, "empty value"),
    ],
)
def test_mistakes_in_a_form(form: dict[str, Any], says: str) -> None:
    """They are refused as they would be in a cell."""
    with pytest.raises(UsageError, match=says):
        line_of(form)


def test_what_is_no_cell() -> None:
    """A text that is no cell of ours fills nothing."""
    with pytest.raises(UsageError, match="no %%hailuo cell"):
        form_of_cell("%%time\na fox")
