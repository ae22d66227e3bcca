"""Tests of run selection: by name, ID, handle, DataFrame or list, and the latest sweep by default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.costs import cost_frame
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord, Status
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.report_sections import facts_html
from hailuo_widgets.magics.commands import command
from hailuo_widgets.render.board import render_board
from hailuo_widgets.widgets.run_rows import row_of, totals
from hailuo_widgets.workspace.selection import every
from hailuo_widgets.workspace.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIRST, SECOND, ALONE = ["r1a", "r1b"], ["r2a", "r2b"], ["r3a"]


def _record(run_id: str, minutes: int, **more: Any) -> RunRecord:
    request = Request(prompt=f"a {run_id}", provider=more.pop("provider", "kie"), model=more.pop("model", "02"))
    return RunRecord(
        **{"run_id": run_id, "created_at": NOW + timedelta(minutes=minutes), "request": request, "request_hash": "h"}
        | {"status": "succeeded", "origin": "o"}
        | more
    )


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The default session: two sweeps called foxes, one without a name that failed, and a run of no sweep."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    monkeypatch.setattr(api, "default_session", lambda: session)
    records = [
        *(_record(r, 1, sweep_id="s1x", sweep_name="foxes", tags=("pilot",)) for r in FIRST),
        *(_record(r, 2, sweep_id="s1y", sweep_name="foxes", model="minimax-hailuo-02") for r in SECOND),
        _record("r3a", 3, sweep_id="s3", provider="minimax", model="MiniMax-Hailuo-02", status="failed"),
        _record("r4a", 4, status="queued"),
    ]
    session.log.call(session.log.add, records)
    yield session
    session.close()


WAYS: list[tuple[str, Callable[[Session], Any], list[str]]] = [
    ("nothing: the latest sweep", lambda _: None, ALONE),
    ("a name: the newest of it", lambda _: "foxes", SECOND),
    ("a sweep's id", lambda _: "s1x", FIRST),
    ("a sweep's beginning", lambda _: "s3", ALONE),
    ("a run's id", lambda _: "r1b", ["r1b"]),
    ("a run's beginning", lambda _: "r4", ["r4a"]),
    ("a sweep", lambda s: s.sweep_of("s1x"), FIRST),
    ("a run", lambda s: s.run("r2a"), ["r2a"]),
    ("a record", lambda s: s.run("r2a").record, ["r2a"]),
    ("a frame", lambda s: s.runs(tag="pilot"), FIRST),
    ("a frame by its ids", lambda s: s.runs(tag="pilot").set_index("run_id"), FIRST),
    ("a column of a frame", lambda s: s.runs(tag="pilot")["run_id"], FIRST),
    ("an index", lambda _: pd.Index(FIRST), FIRST),
    ("an array", lambda _: np.array(["r2b", "r1a"]), ["r2b", "r1a"]),
    ("a list of ids, one twice", lambda _: ["r2b", "r1a", "r2b"], ["r2b", "r1a"]),
    ("a list of names and ids", lambda _: ["s1x", "foxes", "r3a"], FIRST + SECOND + ALONE),
    ("a list of handles", lambda s: [s.sweep_of("foxes"), s.run("r1a")], [*SECOND, "r1a"]),
    ("a tuple of runs", lambda s: tuple(s.sweep_of("foxes")), SECOND),
    ("a generator", lambda s: (run for run in s.sweep_of("foxes")), SECOND),
    ("an empty list", lambda _: [], []),
]


@pytest.mark.parametrize(("give", "meant"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_each_way_to_name_runs(session: Session, give: Callable[[Session], Any], meant: list[str]) -> None:
    """Every way means the same wherever a sweep is asked for; an answer of the log filters by it too."""
    assert [r.run_id for r in every(session, give(session))] == meant
    assert [r.run_id for r in session.chosen(give(session))] == meant
    if give(session) is not None:
        assert sorted(api.runs(sweep=give(session))["run_id"]) == sorted(meant)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("foxs", "did you mean 'foxes'"),
        ("", "no run or sweep in the log is called ''"),
        ("nothing-like-it", "no run or sweep in the log is called 'nothing-like-it'"),
        ("r1", "'r1' may be any of r1a, r1b"),
        ("s1", "'s1' may be any of s1x, s1y"),
        (["r1a", "r9"], "called 'r9'"),
        (5, "5 is neither a run nor a sweep"),
        ([5], "5 is neither"),
        (b"r1a", "neither a run nor a sweep"),
        (["r1a", None], "None is neither"),
        (pd.DataFrame({"id": ["r1a"]}), "no column run_id"),
        (pd.DataFrame({"run_id": ["r1a", pd.NA]}), "no run's id"),
        ([[[[[["r1a"]]]]]], "neither a run nor a sweep"),
        ("%", "called '%'"),
    ],
)
def test_what_names_nothing_is_said(session: Session, what: Any, says: str) -> None:
    """A word that names nothing, or several, and a thing that is none of ours are errors; wherever they are given."""
    for take in (session.chosen, lambda w: api.runs(sweep=w), api.votes, api.compare):
        with pytest.raises(UsageError, match=says):
            take(what)


def test_a_sweep_is_given_again(session: Session) -> None:
    """By its name, its id, a run of it, rows of it or itself; the latest where nothing is named."""
    again = api.sweep_of("foxes")
    assert (again.id, [run.id for run in again]) == ("s1y", SECOND)
    for what in ("s1y", again, again[0], "r2b", again.df, [again[1]]):
        assert api.sweep_of(what).id == "s1y", what
    assert api.sweep_of().id == "s3"
    with pytest.raises(UsageError, match="of no sweep"):
        api.sweep_of("r4a")
    with pytest.raises(UsageError, match="of 2 sweeps"):
        api.sweep_of(["s1x", "s1y"])


def test_an_empty_log_has_no_latest_sweep(tmp_path: Path) -> None:
    """It says so."""
    session = Session(home=tmp_path / "empty", mode="simulated", notice=lambda _: None)
    with pytest.raises(UsageError, match="no sweep in the log yet"):
        session.chosen()
    session.close()


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"status": "sucess"}, "did you mean 'succeeded'"),
        ({"status": ["failed", "lots"]}, "status='lots'.*did you mean 'lost'"),
        ({"status": [None]}, "status=None"),
        ({"provider": "kiee"}, "did you mean 'kie'"),
        ({"model": "2.33"}, "did you mean '2.3'"),
        ({"model": "nothing like it"}, "model='nothing like it' is not known"),
        ({"sweep": "foxs"}, "did you mean 'foxes'"),
        ({"since": "yesterday"}, "is no date"),
        ({"tag": ["pilot"]}, "tag must be a word"),
    ],
)
def test_a_filter_that_names_nothing_known_is_an_error(session: Session, filters: dict[str, Any], says: str) -> None:
    """Closed words are checked: a misspelled one would give an empty frame, which looks like an answer."""
    with pytest.raises(UsageError, match=f"(?s){says}"):
        api.runs(**filters)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        *(({"status": s}, {"succeeded": 4, "failed": 1, "queued": 1}.get(s, 0)) for s in Status),
        ({"status": ("failed", "queued")}, 2),
        ({"status": []}, 0),
        ({"provider": "runware"}, 0),
        ({"provider": "minimax"}, 1),
        ({"model": "2.3"}, 0),
        ({"model": "02"}, 6),  # a short name, as it is at every provider, and the name that the log has
        ({"model": "MiniMax-Hailuo-02"}, 3),  # whatever its case
        ({"tag": "nobody said this"}, 0),
        ({"tag": "pilot", "status": "failed"}, 0),
        ({"since": "2099-01-01"}, 0),
        ({"sweep": "foxes", "model": "02"}, 2),
        ({"sweep": []}, 0),
    ],
)
def test_a_filter_that_fits_nothing_gives_an_empty_frame(session: Session, filters: dict[str, Any], count: int) -> None:
    """A known word that no run has, a tag and a date are no mistakes."""
    assert len(api.runs(**filters)) == count


def test_sub_commands_take_names(session: Session, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """``%hailuo cancel``, ``export``, ``rank`` and ``compare`` take a sweep by its name, all or nothing."""
    said = capsys.readouterr
    command("cancel r4a foxes", str)
    assert session.run("r4a").status == "cancelled"
    assert said().out.count("there is nothing to cancel") == 2
    with pytest.raises(UsageError, match="called 'r9'"):
        command("cancel foxes r9", str)
    for line, runs in ((f"export foxes {tmp_path}/x.csv", 2), (f"export {tmp_path}/y.csv", 1)):
        command(line, str)
        assert len(pd.read_csv(line.split()[-1])) == runs
    assert repr(command("rank foxes", str)).startswith("There are no votes")
    command("compare foxes", str)
    assert "2 runs" in said().out
    with pytest.raises(UsageError, match="can be retried for free"):
        command("retry foxes", str)


def test_a_sweep_keeps_its_name(session: Session) -> None:
    """What a call gives as its name is in the log; what is no name is refused before anything is planned."""
    made = session.sweep(["a fox", "a wolf"], provider="kie", model="02", seed=1, name=" hounds ")
    session.generate("a dog", provider="kie", model="02", name="dog")
    assert session.runs(sweep="hounds")["sweep"].tolist() == ["hounds", "hounds"]
    assert [r.id for r in session.sweep_of("dog")] == [session.runs()["run_id"].iloc[-1]]
    count = len(session.runs())
    for wrong in ("", "  ", 5, ["a"], "x" * 300):
        with pytest.raises(UsageError, match="name"):
            session.sweep(["a fox"], provider="kie", model="02", name=wrong)  # type: ignore[arg-type]
    assert len(session.runs()) == count
    made.cancel()


def test_reused_runs_are_counted_apart(session: Session) -> None:
    """The sums of what runs cost count the paid ones as runs and successes, and the reused ones beside them."""
    paid = {"cost_micros": 280_000, "currency": "USD", "cost_kind": "list"}
    free = {"cost_micros": 0, "currency": "USD", "cost_kind": "reused", "reused_from": "r5a"}
    session.log.call(
        session.log.add,
        [
            _record("r5a", 5, provider="pixazo", **paid),
            *(_record(f"r5{n}", 6, provider="pixazo", **free) for n in "bc"),
        ],
    )
    records = session.chosen(["r5a"]) + every(session, ["r5b", "r5c"])
    assert totals(records, expected={}).items() >= {"reused": 2, "spent": ["$0.28"], "unknown": 0}.items()
    assert "1 succeeded, 2 reused · cost $0.28" in facts_html(records)
    board = render_board([session.card(r.run_id) for r in records])
    assert "1 succeeded, 2 reused" in board
    assert [row_of(r, here=False)["word"] for r in records] == ["Succeeded", "Reused", "Reused"]
    row = cost_frame(session.log.call(session.log.find)).set_index("provider").loc["pixazo"]
    assert (row["runs"], row["succeeded"], row["reused"], row["cost"], row["unknown"]) == (1, 1, 2, 0.28, 0)
    assert "1 succeeded, 2 reused" in repr(Sweep(session, "s", [session.run(r.run_id) for r in records]))
