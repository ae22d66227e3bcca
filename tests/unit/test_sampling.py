"""Tests of exclusions and samples: they mean the same in cells and in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import parse_line
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


# -- exclusions --------------------------------------------------------------------------------------------------------

EXCLUDED = [
    ("model=02", {"model": "02"}, 6),
    ("model=02,seed=1", {"model": "02", "seed": 1}, 2),
    ("model=minimax-hailuo-02", {"model": "MiniMax-Hailuo-02"}, 6),
    ("model=MINIMAX-HAILUO-02", {"model": "minimax-hailuo-02"}, 6),
    ("resolution=768p", {"resolution": " 768p "}, 6),
    ("seed=1..2", {"seed": range(1, 3)}, 8),
    ("seed=3", {"seed": "3"}, 4),
    ("variant=night", {"prompt": "night"}, 0),
    ("seed=3 --exclude model=02", [{"seed": 3.0}, {"model": "02"}], 8),
]


@pytest.mark.parametrize(("text", "rules", "gone"), EXCLUDED, ids=lambda v: v if isinstance(v, str) else "")
def test_an_exclusion_is_resolved_as_a_request_is(text: str, rules: Any, gone: int, session: Session) -> None:
    """Names and values mean what they mean in a request, however they are written, in cells and Python."""
    line = f"--provider kie --model 02,2.3 --seed 1..3 --resolution 768P,1080P --exclude {text}"
    body = "a fox" if gone else "--- night\na fox\n--- day\na fox"
    one = cell(session, line, body)
    two = python(
        session,
        {"night": "a fox", "day": "a fox"} if not gone else "a fox",
        provider="kie",
        model=["02", "2.3"],
        seed=[1, 2, 3],
        resolution=["768P", "1080P"],
        exclude=rules,
    )
    assert told(one) == told(two)
    assert len(one.runs) == 12 - gone


def test_hyphened_names_in_an_exclusion(session: Session) -> None:
    """An option is named as it is typed: with hyphens, underscores, or its dashes."""
    for name in ("first-frame", "first_frame"):
        plan = cell(session, f"--provider minimax --first-frame {A},{B} --exclude {name}={A}", "a fox")
        assert [p.request.first_frame.url for p in plan.runs if p.request.first_frame] == [B]
    plan = python(session, "a", provider="kie", aspect_ratio=["9:16", "16:9"], exclude={"--aspect-ratio": "9:16"})
    assert [p.request.aspect_ratio for p in plan.runs] == ["16:9"]


def test_a_variable_in_an_exclusion(session: Session) -> None:
    """A variable is named by itself, or as the log's column."""
    for name in ("style", "var_style"):
        plan = cell(session, f"--provider kie --exclude {name}=ink", "a {{style}} fox", style=["ink", "oil"])
        assert [p.request.prompt for p in plan.runs] == ["a oil fox"]
    plan = cell(session, "--provider kie --exclude choice_1=dawn", "{{dawn | dusk}}")
    assert [p.request.prompt for p in plan.runs] == ["dusk"]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("model=02,sed=1", "did you mean 'seed'"),
        ("model=03", "no run has model 03"),
        ("model=02,seed=9", "no run has seed 9"),
        ("resolution=4K", "no run has resolution 4K"),
        ("duration=6", "'duration' is no axis"),
        ("variant=night", "no run has variant night"),
        ("seed=1..4", None),
        ("model=02 --exclude model=2.3", "leave no run"),
    ],
)
def test_an_exclusion_that_excludes_nothing_is_a_mistake(rule: str, says: str | None, session: Session) -> None:
    """A rule that names no axis or meets no run is refused: the runs that it meant would be paid for."""
    line = f"--provider kie --model 02,2.3 --seed 1..3 --resolution 768P,1080P --exclude {rule}"
    with pytest.raises(UsageError, match=says or "leave no run"):
        cell(session, line, "a fox")


def test_a_rule_whose_values_never_meet_is_a_mistake(session: Session) -> None:
    """Each value of a rule is there, and no run has them together: nothing would be left out."""
    with pytest.raises(UsageError, match="leaves nothing out"):
        python(
            session,
            "a",
            provider="kie",
            model=["02", "2.3"],
            seed=[1, 2],
            zipped=("model", "seed"),
            exclude={"model": "02", "seed": 2},
        )
    for wrong in ({}, [{}], "model=02", 7, [["model"]]):
        with pytest.raises(UsageError, match="exclude"):
            python(session, "a", provider="kie", model=["02", "2.3"], exclude=wrong)


# -- samples -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 3) | st.none())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_larger_sample_holds_the_smaller(session: Session, few: int, many: int, seed: int | None) -> None:
    """Growing a sample pays only for what is new; however it was asked for."""
    few, many = sorted((few, many))
    axes: dict[str, Any] = {"provider": "kie", "seed": range(1, 13), "model": ["02", "2.3"], "sample_seed": seed}
    small, large = ({p.request.hash for p in python(session, "a", sample=n, **axes).runs} for n in (few, many))
    assert small <= large
    assert (len(small), len(large)) == (few, many)
    again = {"provider": "kie", "model": ["02", "2.3"], "seed": [str(n) for n in range(12, 0, -1)], "sample_seed": seed}
    assert {p.request.hash for p in python(session, "a", sample=few, **again).runs} == small


def test_a_sample_keeps_what_it_drew_where_the_product_grows(session: Session) -> None:
    """A cell's place in the draw is its own: of a grown product the old cells come in the same order as before."""
    small = [p.request.hash for p in python(session, "a", provider="kie", seed=range(1, 21), sample=8).runs]
    old = {p.request.hash for p in python(session, "a", provider="kie", seed=range(1, 21)).runs}
    grown = {p.request.hash for p in python(session, "a", provider="kie", seed=range(1, 41), sample=8).runs}
    assert grown & old <= set(small)
    assert grown & old


def test_another_sample_seed_draws_others(session: Session) -> None:
    """``--sample-seed`` draws another sample, in cells and Python the same; none of them is the head."""
    draws = []
    for seed in (None, 0, 1, 2):
        more = "" if seed is None else f" --sample-seed {seed}"
        one = cell(session, f"--provider kie --seed 1..40 --sample 5{more}", "a fox")
        two = python(session, "a fox", provider="kie", seed=range(1, 41), sample=5, sample_seed=seed)
        assert told(one) == told(two)
        draws.append(tuple(p.request.seed for p in one.runs))
    assert len(set(draws)) == 4
    assert all(max(s for s in draw if s is not None) > 20 for draw in draws)


def test_a_sample_of_a_large_product(session: Session) -> None:
    """A sample may be drawn of more runs than a sweep may have."""
    plan = python(session, "a", provider="kie", seed=range(5000), model=["02", "2.3"], duration=[6, 10], sample=3)
    assert len(plan.runs) == 3
    with pytest.raises(UsageError, match="at most"):
        python(session, "a", provider="kie", seed=range(5000), model=["02", "2.3"], duration=[6, 10])
