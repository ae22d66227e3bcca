"""Tests of the notes on a plan: how far the budget reaches, and that a confirmation is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.budget import Permit
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.render.plan import plan_html, plan_text
from hailuo_widgets.workspace.cell import begin_cell, foretold, plan_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord


@pytest.fixture
def told() -> list[str]:
    """What the session told."""
    return []


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]) -> Iterator[Session]:
    """A session in which runs would be live; nothing drives them, so nothing is sent."""
    for name in ("MINIMAX", "KIE", "RUNWARE"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-CANARY-foretold")
    session = Session(home=tmp_path, mode="live", notice=told.append)
    session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
    yield session
    session.close()


# The cell's options, what is said before, and what the cell then does.
LINES = [
    ("--provider kie --budget 100 --seed 1..4", ["The budget of 100 covers 1 of the 4 runs to send"], None),
    ("--provider kie --budget 1000 --seed 1..4", [], None),
    ("--provider kie --budget 1 --seed 1..4", ["52.5 credits, over the budget of 1"], BudgetExceeded),
    ("--provider kie --budget 1", ["52.5 credits, over the budget of 1"], BudgetExceeded),
    ("--provider runware --budget 1", ["is not known, so no budget can be kept"], BudgetExceeded),
    ("--model 02 --repeat 14", ["14 live runs", "add --yes (in Python: yes=True)"], UsageError),
    ("--model 02 --repeat 14 --yes", [], None),
    ("--provider kie --seed 1..10 --duration 10", ["add --yes"], UsageError),
    ("--model 02 --repeat 14 --budget 0.5", ["14 live runs", "covers 1 of the 14 runs"], UsageError),
    ("--model 02 --repeat 14 --budget 0.5 --yes", ["covers 1 of the 14 runs"], None),
    ("--model 02 --repeat 2", [], None),
]


@pytest.mark.parametrize(("line", "says", "error"), LINES)
def test_a_dry_run_says_what_the_cell_will_do(
    line: str, says: list[str], error: type[Exception] | None, session: Session, told: list[str]
) -> None:
    """The panel of a dry run has each sentence; the cell raises, or sends as many as were said."""
    parsed = parse_line(line)
    plan = plan_cell(session, parsed, "a fox", {})
    notes = foretold(session, parsed, plan)
    for shown in (plan_text(plan, dry=True, notes=notes), plan_html(plan, dry=True, notes=notes)):
        assert all(words in shown for words in says)
    assert bool(notes) == bool(says)
    if error is None:
        begin_cell(session, parsed, plan)
        assert ["covers" in t for t in told if "covers" in t] == ["covers" in s for s in says if "covers" in s]
        return
    with pytest.raises(error):
        begin_cell(session, parsed, plan)
    assert len(session.runs()) == 0


@pytest.mark.parametrize("name", ["budget", "daily_budget"])
def test_a_budget_of_the_settings_is_told_too(name: str, tmp_path: Path, session: Session) -> None:
    """It is told as the call's own budget is."""
    other = Session(home=tmp_path, mode="live", notice=lambda _: None, **{name: 120})
    parsed = parse_line("--provider kie --seed 1..4")
    notes = foretold(other, parsed, plan_cell(other, parsed, "a fox", {}))
    other.close()
    assert ["covers 2 of the 4 runs to send" in note for note in notes] == [True]


SPENT = [  # spent of a budget of 120, the runs to send, and what is said
    (0, 1, None),
    (0, 3, "of 120 covers 2 of the 3 runs to send; the others are not sent"),
    (52.5, 1, None),
    (52.5, 3, "of 120 (52.5 credits is spent or reserved) covers 1 of the 3 runs to send"),
    (105, 3, "of 120 (105 credits is spent or reserved) covers none of the 3 runs to send; they are not sent"),
    (105, 1, "of 120 (105 credits is spent or reserved) doesn't cover the run to send; it is not sent"),
]


@pytest.mark.parametrize("name", ["budget", "daily_budget"])
@pytest.mark.parametrize(("spent", "runs", "says"), SPENT)
def test_what_is_spent_counts(  # noqa: PLR0917 - as pytest gives them
    name: str, spent: float, runs: int, says: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell, the estimate and the sweep say how many runs what is left covers.

    They said how many the whole budget covers, and the sweep said nothing of a budget of the settings.
    """
    monkeypatch.setenv("KIE_API_KEY", "sk-CANARY-foretold")
    told: list[str] = []
    session = Session(home=tmp_path, mode="live", notice=told.append, **{name: 120})
    session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
    if spent:
        sent = session.sweep("a wolf", provider="kie", repeat=round(spent / 52.5))
        for run in sent:
            record = session.engine.record(run.id)
            session.engine.runs.learn(reserved(session, record, 52_500_000, "credits"))
    told.clear()
    parsed = parse_line(f"--provider kie --repeat {runs}")
    notes = foretold(session, parsed, plan_cell(session, parsed, "a fox", {}))
    session.estimate("a fox", provider="kie", repeat=runs)
    session.sweep("a fox", provider="kie", repeat=runs)
    session.close()
    found = [[text for text in texts if "the budget" in text.lower() or "'s budget" in text] for texts in (notes, told)]
    assert [len(texts) for texts in found] == ([1, 2] if says else [0, 0])
    assert all(says in text for texts in found for text in texts if says)


def reserved(session: Session, record: RunRecord, micros: int, currency: str) -> RunRecord:
    """The run, sent: its price is reserved."""
    permit = Permit(micros=micros, currency=currency)
    sent = session.log.call(session.log.reserve, record.run_id, permit, {}, origin=record.origin)
    assert sent is not None
    return sent


def test_a_simulated_plan_needs_no_confirmation(tmp_path: Path) -> None:
    """It is not asked about, so nothing is said of it."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    parsed = parse_line("--model 02 --repeat 14")
    assert foretold(session, parsed, plan_cell(session, parsed, "a fox", {})) == ()
    session.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"repeat": 14}, "14 live runs"),
        ({"repeat": 4, "budget": 0.6}, "covers 2 of the 4 runs to send"),
        ({"repeat": 14, "yes": True}, None),
        ({"repeat": 2}, None),
    ],
)
def test_an_estimate_says_it_too(
    arguments: dict[str, Any], says: str | None, session: Session, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``hw.estimate`` takes a sweep's call as it stands, and tells what that call would meet."""
    monkeypatch.setattr(api, "default_session", lambda: session)
    assert len(api.estimate("a fox", model="02", **arguments)) == 1
    assert [says in t for t in told] == ([True] if says else [])


def test_an_estimate_refuses_a_budget_that_is_none(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep's call would be refused, so its estimate is."""
    monkeypatch.setattr(api, "default_session", lambda: session)
    with pytest.raises(UsageError, match="budget"):
        api.estimate("a fox", model="02", budget="much")
