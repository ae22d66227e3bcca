"""Tests of values of a wrong type: the error says what to give instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.costs import plan_frame
from hailuo_widgets.dataframes.runs import runs_frame
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.tables import latex_of
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.render.board import board_text, render_board
from hailuo_widgets.widgets import display
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.render.card import Card
    from hailuo_widgets.workspace.sweep import Sweep


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session that drives nothing, with a sweep of one run and one of two."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
    yield session
    session.close()


@pytest.fixture(scope="module")
def one(session: Session) -> Sweep:
    """A sweep of one run."""
    return session.sweep("an owl", provider="kie", seed=[1])


@pytest.fixture(scope="module")
def two(session: Session) -> Sweep:
    """A sweep of two runs."""
    return session.sweep("a {{m}} fox", provider="kie", variables={"m": ["red", "grey"]})


@pytest.fixture
def studio(session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str | None]:
    """Open the studio, and say the run that fills it."""
    opened: list[RunRecord | None] = []
    monkeypatch.setattr(api, "default_session", lambda: session)
    monkeypatch.setattr(display, "show_studio", lambda _, start: opened.append(start))

    def shown(start: Any) -> str | None:
        api.studio(start)
        record = opened.pop()
        return record.run_id if record is not None else None

    return shown


HOLDS_ONE: list[Callable[[Sweep], Any]] = [
    lambda s: s,
    lambda s: s[0],
    lambda s: s[0].id,
    lambda s: s.df,
    lambda s: [s[0]],
    lambda s: (s[0].id,),
    lambda s: s[0].record,
]


@pytest.mark.parametrize("way", HOLDS_ONE)
def test_what_holds_one_run_is_that_run(way: Callable[[Sweep], Any], one: Sweep, studio: Callable[..., Any]) -> None:
    """A sweep of one run, a row, a list: for the studio, and for ``hw.run``."""
    assert studio(way(one)) == one[0].id
    assert api.run(way(one)).id == one[0].id


STRANGE = [5, 1.5, b"r1", object(), {}, set(), [], pd.DataFrame({"x": [1]}), "%%hailuo\na fox", "nosuch", print]


@pytest.mark.parametrize("what", STRANGE, ids=lambda what: type(what).__name__)
def test_what_is_no_run_is_refused(what: Any, one: Sweep, studio: Callable[..., Any]) -> None:
    """It is an error of the user's, whatever it is."""
    assert studio(None) is None
    for ask in (studio, api.run):
        with pytest.raises(UsageError) as caught:
            ask(what)
        assert caught.value.hint
    with pytest.raises(UsageError, match="None is no run"):
        api.run(None)  # type: ignore[arg-type]
    assert len(one) == 1


@pytest.mark.parametrize("way", [*HOLDS_ONE[:1], lambda s: s.df, list])
def test_several_runs_are_not_one(way: Callable[[Sweep], Any], two: Sweep, studio: Callable[..., Any]) -> None:
    """Which one is meant is for the user to say."""
    for ask in (studio, api.run):
        with pytest.raises(UsageError, match="holds 2"):
            ask(way(two))


@pytest.mark.parametrize("word", ["reused", "Reused", "shared"])
def test_reused_is_no_status(word: str, session: Session) -> None:
    """A board calls a run reused: in the table it succeeded, and says whose clip it has."""
    with pytest.raises(UsageError, match="reused_from") as caught:
        session.runs(status=word)
    assert "status='succeeded'" in str(caught.value.hint)


def test_a_run_log_is_no_table_of_cases(session: Session, two: Sweep) -> None:
    """``hw.sweep(hw.runs())``, in each place that takes a table; so is a dry run's. The columns to take work."""
    frame = two.df
    for ask in (
        lambda: session.plan(frame),
        lambda: session.plan("a {{m}}", variables=frame),
        lambda: session.plan(frame[["prompt", "run_id"]]),
        lambda: session.plan(plan_frame(session.plan("a fox", provider="kie"))),
    ):
        with pytest.raises(UsageError, match="no table of cases") as caught:
            ask()
    with pytest.raises(UsageError) as caught:
        session.plan(frame)
    columns = str(caught.value.hint).partition("df[[")[2].partition("]]")[0].replace("'", "").split(", ")
    plan = session.plan(frame[columns], ask_log=False)
    assert [p.request.prompt for p in plan.runs] == ["a red fox", "a grey fox"]


def test_a_column_of_a_variable_is_called_by_its_whole_name(two: Sweep) -> None:
    """``cols="m"`` means ``var_m``."""
    with pytest.raises(UsageError) as caught:
        arrange([r.record for r in two], cols="m")
    assert "did you mean 'var_m'?" in str(caught.value.hint)


@pytest.mark.parametrize("option", ["--first-frame", "--last-frame", "--subject"])
@pytest.mark.parametrize("name", ["a,b.png", "a, b.png", "a,b,c.png", "pics/a,b.png"])
def test_a_comma_in_a_files_name(
    option: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    r"""A comma separates pictures: where the whole is a file and its pieces are none, the hint is ``\,``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pics").mkdir()
    for file in (name, "x.png"):
        (tmp_path / file).write_bytes(b"")
    escaped = name.replace(",", "\\,")
    for others in ("", "x.png,"):
        with pytest.raises(UsageError, match="is one file") as caught:
            plan_cell(session, parse_line(f'--provider minimax {option} "{others}{name}"'), "a fox", {}, ask_log=False)
        assert escaped in str(caught.value.hint)
    assert parse_line(f'{option} "{escaped}"').request == {option[2:].replace("-", "_"): name}


def test_one_is_no_plural(one: Sweep, two: Sweep) -> None:
    """1 run, 2 runs, wherever they are counted."""
    assert [plural(n, "run") for n in range(3)] == ["0 runs", "1 run", "2 runs"]
    for sweep, told in ((one, "1 run"), (two, "2 runs")):
        assert f": {told}, " in repr(sweep)
        cards: list[Card] = [run.card for run in sweep]
        assert board_text(cards).splitlines()[0] == told
        assert f"<b>{told}</b>" in render_board(cards)


def test_a_table_for_a_paper_says_what_was_reused(one: Sweep) -> None:
    """A cost of 0 beside a reused clip looks as if it were free: ``cost_kind`` stands beside it, and only there."""
    from dataclasses import replace

    paid = replace(one[0].record, status="succeeded", cost_micros=52_500_000, currency="credits", cost_kind="list")
    again = replace(paid, run_id="r2", cost_micros=0, cost_kind="reused", reused_from=paid.run_id)
    for records, there in (([paid], False), ([paid, again], True), ([again], True)):
        table = latex_of(runs_frame(records, one.session.archive.root))
        assert (r"cost & cost kind & currency" in table) is there
        assert ("& reused &" in table) is there
