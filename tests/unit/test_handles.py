"""Tests of the run handle: attributes that can be set are stored in the log, and others raise an error."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.annotation import MOST_TEXT
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.engine.create_answer import WAYS_OUT
from hailuo_widgets.errors import UsageError
from hailuo_widgets.workspace.run import Run
from hailuo_widgets.workspace.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run of the log that has ended, started with one tag."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    request = Request(prompt="a fox", provider="kie", model="02")
    record = RunRecord(
        run_id="r1", created_at=NOW, request=request, request_hash=request.hash, status="succeeded", sweep_id="s1",
        tags=("pilot",),
    )  # fmt: skip
    session.log.call(session.log.add, [record])
    yield Run(session, "r1")
    session.close()


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("rating", 1, 1),
        ("rating", np.int64(5), 5),
        ("rating", 4.0, 4),
        ("rating", "3", 3),
        ("rating", None, None),
        ("note", "the tail = 狐\n", "the tail = 狐\n"),
        ("note", " ", None),
        ("note", None, None),
        ("tags", "keep, sharp", ("pilot", "keep, sharp")),
        ("tags", ["keep", " sharp ", "keep", "pilot"], ("pilot", "keep", "sharp")),
        ("tags", (), ("pilot",)),
        ("tags", [2026], ("pilot", "2026")),
        ("tags", np.array(["a", "b"]), ("pilot", "a", "b")),
        ("tags", None, ("pilot",)),
    ],
)
def test_what_is_set_is_in_the_log(run: Run, name: str, given: Any, kept: Any) -> None:
    """It is read back, from another handle and from the log's frame, and the step is among the events."""
    setattr(run, name, given)
    assert getattr(run, name) == kept
    assert getattr(run._session.run("r1"), name) == kept
    cell = run._session.runs()[name][0]
    assert (cell is not None and cell == (", ".join(kept) if name == "tags" else kept)) or kept is None
    assert run.events[-1]["what"] in {"rated", "noted", "tagged"}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("rating", 0),
        ("rating", 6),
        ("rating", -1),
        ("rating", 4.5),
        ("rating", float("nan")),
        ("rating", float("inf")),
        ("rating", True),
        ("rating", [5]),
        ("rating", 10**30),
        ("rating", pd.NA),
        ("note", 5),
        ("note", ["a"]),
        ("note", "x" * (MOST_TEXT + 1)),
        ("note", "a\0b"),
        ("note", "a\ud800"),
        ("tags", [""]),
        ("tags", ["a", None]),
        ("tags", {"a": 1}),
        ("tags", b"ab"),
        ("tags", ["a\0"]),
        ("tags", ["x" * (MOST_TEXT + 1)]),
    ],
)
def test_what_is_not_allowed_is_refused(run: Run, name: str, given: Any) -> None:
    """It names the argument, and what was said before stays."""
    run.rating, run.note, run.tags = 3, "before", ["kept"]
    with pytest.raises(UsageError, match=r"rating|note|tag"):
        setattr(run, name, given)
    assert (run.rating, run.note, run.tags) == (3, "before", ("pilot", "kept"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ratting", "did you mean 'rating'"),
        ("notes", "did you mean 'note'"),
        ("tag", "did you mean 'tags'"),
        ("favourite", "has no attribute 'favourite'; note, rating, tags can be set"),
        ("status", "'status' of a Run cannot be set"),
        ("cost", "'cost' of a Run cannot be set"),
        ("id", "'id' of a Run cannot be set"),
        ("cancel", "'cancel' of a Run cannot be set"),
        ("is_sweep", "'is_sweep' of a Run cannot be set"),
    ],
)
def test_any_other_attribute_of_a_run_is_refused(run: Run, name: str, says: str) -> None:
    """An attribute that is not there, or is not for users to set, is an error with the nearest name."""
    with pytest.raises(UsageError, match=says):
        setattr(run, name, 5)
    with pytest.raises(AttributeError):
        setattr(run, name, 5)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rating", "a Sweep has no attribute 'rating'"),
        ("run", "did you mean 'runs'"),
        ("runs", "'runs' of a Sweep cannot be set"),
        ("id", "'id' of a Sweep cannot be set"),
        ("session", "'session' of a Sweep cannot be set"),
        ("df", "'df' of a Sweep cannot be set"),
        ("name", "a Sweep has no attribute 'name'"),
    ],
)
def test_no_attribute_of_a_sweep_can_be_set(run: Run, name: str, says: str) -> None:
    """A sweep holds nothing that a user may set: its runs do."""
    sweep = Sweep(run._session, "s1", [run])
    with pytest.raises(UsageError, match=says):
        setattr(sweep, name, "x")


@pytest.mark.parametrize("name", ["budget", "provider", "mode", "home", "favourite"])
def test_a_sessions_settings_are_not_lost_in_its_attributes(run: Run, name: str) -> None:
    """A setting that is assigned would change nothing: it is an error that says where settings go."""
    with pytest.raises(UsageError, match=f"has no attribute '{name}'"):
        setattr(run._session, name, 5)


def test_a_run_in_flight_keeps_its_place(run: Run) -> None:
    """To judge a run that is followed here changes what was said of it, and nothing of how far it has come."""
    session = run._session
    heard: list[RunRecord] = []
    session.engine.runs._records["r1"] = run.record.__class__(**(vars(run.record) | {"status": "running"}))
    run.subscribe(heard.append)
    run.rating = 5
    assert [(r.status, r.rating) for r in heard] == [("running", 5)]


def unconfirmed(run: Run, run_id: str) -> Run:
    """Another run, whose create call's answer was lost."""
    error = {"kind": "Unconfirmed", "message": "the answer was lost", "hint": WAYS_OUT, "trace_id": "t-1"}
    request = replace(run.request, model="minimax-hailuo-02", duration=6)
    record = replace(
        run.record, run_id=run_id, request=request, status="unconfirmed", error=error, finished_at=NOW, origin="o"
    )
    run._session.log.call(run._session.log.add, [record])
    return run._session.run(run_id)


def test_a_run_that_was_written_off_advises_what_can_still_be_done(run: Run) -> None:
    """Its error says what became of it and keeps the trace id; nothing of it advises to adopt or write off any more."""
    left = unconfirmed(run, "r2").write_off()
    assert (left.status, type(left.error).__name__) == ("failed", "Unconfirmed")
    told = f"{left.error} {left.card.error_hint} {left._session.runs()['error'].iloc[-1]}"
    assert "written off" in told
    assert "t-1" in told
    assert not [word for word in ("adopt", "write_off", "resubmit") if word in told]


def test_an_adopted_run_knows_its_cost(run: Run) -> None:
    """What the price list says of it is its cost, of that kind; its error and its end are gone."""
    found = unconfirmed(run, "r3").adopt("t1")
    row = found._session.runs().set_index("run_id").loc["r3"]
    assert (row["cost"], row["currency"], row["cost_kind"]) == (found.cost, "credits", "list")
    assert found.cost is not None
    assert found.cost > 0
    assert (found.error, found.record.finished_at) == (None, None)
    found.cancel()


def test_a_cancelled_run_does_not_advise_what_no_longer_helps(run: Run) -> None:
    """What stood in the way of a run is gone when it is cancelled: resume() does not take it up any more."""
    error = {"kind": "ProviderError", "message": "still running", "hint": "%hailuo resume takes it up again"}
    record = replace(run.record, run_id="r4", status="running", task_id="t", error=error)
    run._session.log.call(run._session.log.add, [record])
    left = run._session.run("r4")
    left.cancel()
    assert (left.status, left.error) == ("cancelled", None)
