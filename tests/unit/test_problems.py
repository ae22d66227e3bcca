"""Problems are carried whole: each reaches the form with its own argument, hint and number of runs."""

from __future__ import annotations

import copy
import itertools
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import Problem, ProblemCode, UsageError, about

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# An argument, a value that is wrong, the providers that refuse it (all of these refuse the others), and its hint.
WRONG: dict[str, tuple[Any, set[str], str]] = {
    "prompt": ("x" * 6000, {"minimax", "kie", "kkiai", "pixazo"}, r"shorten it by \d+"),
    "resolution": ("4K", {"minimax", "kie", "kkiai", "pixazo"}, "give '768P'"),
    "seed": (-7, {"kie"}, "give a seed up to 99999"),
    "aspect_ratio": ("7:3", {"minimax", "kie", "kkiai", "pixazo"}, "leave it out: the clip follows|give '16:9'"),
    "width": (3, {"minimax", "kie", "kkiai", "pixazo"}, "give resolution=… instead"),
    "prompt_optimizer": (True, {"kie"}, "leave it off"),
    "watermark": (True, {"kie"}, "leave it out"),
}
PROVIDERS = [["kie"], ["minimax"], ["minimax", "kie"], ["kkiai", "pixazo"], ["kie", "kkiai"]]
CHOICES = [*map(list, itertools.combinations(WRONG, 1)), list(WRONG), list(reversed(WRONG)), ["prompt", "watermark"]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session that plans alone."""
    home: Path = tmp_path_factory.mktemp("home")
    found = Session(home=home, mode="simulated", notice=lambda _: None)
    yield found
    found.close()


@pytest.mark.parametrize("providers", PROVIDERS, ids="+".join)
@pytest.mark.parametrize("wrong", CHOICES, ids="+".join)
def test_each_problem_has_its_own_argument_and_hint(session: Session, wrong: list[str], providers: list[str]) -> None:
    """However many there are, and over however many providers; each counts the runs that have it.

    With two providers every argument was lost, and all hints stood at the last problem.
    """
    arguments = {name: WRONG[name][0] for name in wrong if name != "prompt"}
    prompt = WRONG["prompt"][0] if "prompt" in wrong else "a fox"
    expected = {name: len(WRONG[name][1] & set(providers)) for name in wrong}
    if providers == ["minimax"] and "seed" in wrong:
        expected["seed"] = 1  # one provider without seeds refuses one; beside another it makes a replicate of it
    if not any(expected.values()):
        session.plan(prompt, ask_log=False, provider=providers, **arguments)
        return
    with pytest.raises(UsageError) as refused:
        session.plan(prompt, ask_log=False, provider=providers, **arguments)
    problems = refused.value.problems
    assert {p.argument for p in problems} == {name for name, count in expected.items() if count}
    for name, count in expected.items():
        own = [p for p in problems if p.argument == name]
        assert sum(p.runs for p in own) == count
        assert all(name == "seed" or re.match(WRONG[name][2], p.hint) for p in own)
        assert all(p.message in str(refused.value) for p in own)
    assert refused.value.checked == len(providers)


def test_one_problem_of_several_runs_is_one_problem(session: Session) -> None:
    """Equal problems are counted, not repeated."""
    with pytest.raises(UsageError) as refused:
        session.plan(["a fox", "a den"], ask_log=False, provider="kie", watermark=True, seed=[1, 2, -7])
    found = {p.argument: p.runs for p in refused.value.problems}
    assert found == {"watermark": 6, "seed": 2}
    assert refused.value.checked == 6


def test_a_missing_picture_is_a_problem_of_the_picture(session: Session) -> None:
    """It was shown at the template, because the message begins with that word."""
    with pytest.raises(UsageError) as refused:
        session.plan("", ask_log=False, template="Diving", provider=["minimax", "kie"])
    assert [(p.argument, p.code, p.hint) for p in refused.value.problems] == [
        ("first_frame", ProblemCode.MISSING, "give first_frame=…"),
        ("template", ProblemCode.UNSUPPORTED, "take provider='minimax'"),
    ]


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("seed", {"seed": 2.5}),
        ("first_frame", {"first_frame": "no such file.png"}),
        ("model", {"model": "nonesuch"}),
        ("provider", {"provider": "nonesuch"}),
        ("fit", {"fit": "crop"}),
        ("options", {"options": {"nonesuch": 1}}),
        ("prompt", {"prompt": "a {{fox"}),
        ("prompt", {"prompt": "a {{}}"}),
        ("zipped", {"zipped": [["seed", "nonesuch"]]}),
        ("exclude", {"exclude": {"nonesuch": 1}}),
        ("repeat", {"repeat": 0}),
        ("variables", {"variables": {"style": ["ink"]}}),
        ("duration", {"duration": []}),
        ("speed", {"speed": 3}),
    ],
)
def test_what_is_refused_before_the_check_names_its_argument_too(
    session: Session, argument: str, arguments: dict[str, Any]
) -> None:
    """Whoever refuses it: the grammar, the values, the pictures, the sweep."""
    prompt = arguments.get("prompt", "a fox")
    with pytest.raises(UsageError) as refused:
        session.plan(prompt, ask_log=False, **{n: v for n, v in arguments.items() if n != "prompt"})
    (problem,) = refused.value.problems
    assert problem.argument == argument
    assert problem.hint == refused.value.hint


def test_an_error_keeps_its_problems_when_it_travels() -> None:
    """Pickled, copied, and named from outside; a password in a problem's URL is hidden as in the message."""
    with pytest.raises(UsageError) as refused, about("callback_url"):
        raise UsageError("https://fox:den@example.org is no URL", hint="give another")
    for error in (refused.value, pickle.loads(pickle.dumps(refused.value)), copy.copy(refused.value)):  # noqa: S301
        assert error.problems == (
            Problem(
                argument="callback_url",
                code=ProblemCode.INVALID,
                message="https://***@example.org is no URL",
                hint="give another",
            ),
        )
