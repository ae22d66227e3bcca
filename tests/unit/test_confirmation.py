"""Tests of the confirmation before live runs: by number and by cost, in Python and in cells, never if simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.settings.settings import ASK_ABOVE_COST, Settings
from hailuo_widgets.workspace.cell import begin_cell, plan_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """Opens a session in which runs would be live; nothing drives them, so nothing is sent."""
    for name in ("MINIMAX", "KIE", "KKIAI", "RUNWARE"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-CANARY-confirming")
    opened: list[Session] = []

    def made(**settings: Any) -> Session:
        session = Session(home=tmp_path, **{"mode": "live", "notice": lambda _: None, **settings})
        session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
        opened.append(session)
        return session

    yield made
    for session in opened:
        session.close()


# Settings, the sweep's arguments, and what the question says; None: it is sent unasked.
ASKED: list[tuple[dict[str, Any], dict[str, Any], tuple[str, ...] | None]] = [
    ({}, {"model": "02", "repeat": 10}, None),  # $2.80
    ({}, {"model": "02", "repeat": 11}, ("11 live runs", "$3.08", "More than 10 runs")),
    ({}, {"model": "02", "duration": 10, "resolution": "768P", "repeat": 9}, ("9 live runs", "$5.04", "$3.00")),
    ({}, {"model": "2.3", "repeat": 10}, None),  # ¥20.00
    ({"ask_above_cost": 19}, {"model": "2.3", "repeat": 10}, ("¥20.00", "¥19.00")),
    ({"ask_above_cost": "CNY=19"}, {"model": "2.3", "repeat": 10}, ("¥20.00",)),
    ({"ask_above_cost": {"USD": 100}}, {"model": "2.3", "repeat": 11, "duration": 6}, ("11 live runs",)),
    ({"ask_above_cost": 0}, {"model": "02"}, ("1 live run for $0.28",)),
    ({"ask_above_cost": "none"}, {"provider": "runware", "repeat": 5}, None),
    ({"ask_above_cost": "none"}, {"model": "02", "repeat": 11}, ("More than 10 runs",)),
    ({"ask_above": 100}, {"provider": "kie", "model": "2.3", "repeat": 11}, None),  # 577.5 credits
    ({"ask_above": 100}, {"provider": "kie", "model": "2.3", "repeat": 12}, ("630 credits", "600 credits")),
    # An unknown price is not 0: several of them are asked about. One call was written out by somebody.
    ({}, {"provider": "runware"}, None),
    ({}, {"provider": "runware", "options": {"numberResults": 3}}, None),
    ({}, {"provider": "runware", "repeat": 2}, ("2 live runs at an unknown price",)),
    ({}, {"provider": "runware", "options": {"numberResults": 6}, "repeat": 2}, ("12 live runs", "More than 10")),
    ({}, {"provider": ["minimax", "kkiai"], "model": "02", "repeat": 2}, ("4 live runs for at least $0.56 (2 at an",)),
    # Currencies are not converted: each is a share of its own bound, and the shares add up.
    ({"ask_above": 100}, {"provider": ["minimax", "kie"], "model": "02", "repeat": 5}, None),  # 0.47 + 0.38
    (
        {"ask_above": 100},
        {"provider": ["minimax", "kie"], "model": "02", "repeat": 7},
        ("$1.96 + 315 credits. Together that is past $3.00 and 600 credits",),
    ),
    ({"mode": "simulated"}, {"provider": "runware", "repeat": 50}, None),
]


@pytest.mark.parametrize(("settings", "arguments", "says"), ASKED)
def test_what_is_asked_about(
    live: Callable[..., Session], settings: dict[str, Any], arguments: dict[str, Any], says: tuple[str, ...] | None
) -> None:
    """Python refuses what it would have to ask about, with the figures and the way on; ``yes=True`` sends it.

    The ask counted runs and not money, and held in a cell alone.
    """
    session = live(**settings)
    if says is None:
        assert len(session.sweep("a fox", **arguments)) >= 1
        return
    with pytest.raises(UsageError) as caught:
        session.sweep("a fox", **arguments)
    assert caught.value.reason == "confirmation_needed"
    told = str(caught.value)
    assert all(words in told for words in (*says, "Nothing was sent", "yes=True", "--yes")), told
    assert len(session.runs()) == 0
    assert len(session.sweep("a fox", **arguments, yes=True)) >= 1


def test_every_way_to_pay_goes_through_the_ask(live: Callable[..., Session]) -> None:
    """One call, a sweep, a cell of one run or several, and another try of an unconfirmed run."""
    session = live(ask_above_cost=0.1)
    ways: list[Callable[[], object]] = [
        lambda: session.generate("a fox", model="02"),
        lambda: session.sweep("a fox", model="02"),
        lambda: session.begin(session.plan("a fox", model="02")),
        lambda: begin_cell(
            session, parse_line("--model 02"), plan_cell(session, parse_line("--model 02"), "a fox", {})
        ),
    ]
    for way in ways:
        with pytest.raises(UsageError, match=r"1 live run for \$0\.28"):
            way()
    run = session.generate("a fox", model="02", yes=True)
    for status in ("submitting", "unconfirmed"):
        session.log.call(session.log.change, run.id, status, status=status)
    session.engine.runs.learn(session.log.call(session.log.get, run.id))
    with pytest.raises(UsageError, match="yes=True"):
        run.resubmit()
    assert run.status == "unconfirmed"
    assert run.resubmit(yes=True).status == "planned"


def test_a_plan_made_for_reuse_is_counted_anew_without_it(live: Callable[..., Session]) -> None:
    """Runs that would have shared a clip are all paid for with ``reuse=False``: the ask counts them."""
    session = live()
    plan = session.plan(["a fox"] * 11, model="02")
    assert plan.parts().sends == "1"
    with pytest.raises(UsageError, match="11 live runs"):
        session.begin(plan, reuse=False)
    assert len(session.begin(plan)) == 11


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, ASK_ABOVE_COST),
        ("2.5", {"USD": 2.5, "CNY": 2.5, "credits": 2.5}),
        ("usd=1, credits=50", {"USD": 1.0, "CNY": 20.0, "credits": 50.0}),
        ("none", None),
    ],
)
def test_the_bound_in_money_as_the_environment_gives_it(given: str | None, found: dict[str, float] | None) -> None:
    """A number for each currency, some currencies by name, or nothing at all."""
    environ = {} if given is None else {"HAILUO_ASK_ABOVE_COST": given}
    assert Settings.resolve(environ=environ).ask_above_cost == found


@pytest.mark.parametrize("given", ["-1", "nan", "much", "EUR=3", "USD", "USD=", {"USD": "x"}, {"": 1}])
def test_what_is_no_bound(given: Any) -> None:
    """It is refused where it is set, and not taken for "never ask"."""
    with pytest.raises(UsageError, match="ask_above_cost"):
        Settings.resolve({"ask_above_cost": given}, environ={})


@pytest.mark.parametrize("yes", ["no", "False", 0.5, [False]])
def test_yes_is_true_or_false(live: Callable[..., Session], yes: Any) -> None:
    """A word that is true in Python agrees to nothing."""
    with pytest.raises(UsageError, match="yes must be True or False"):
        live().sweep("a fox", model="02", repeat=11, yes=yes)
