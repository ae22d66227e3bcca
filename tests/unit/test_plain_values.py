"""Enumerations inside, plain text at the border: DataFrames, JSON, the store's rows and ``Run.status``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets import Session
from hailuo_widgets.archive import Archive
from hailuo_widgets.dataframes.costs import plan_frame
from hailuo_widgets.dataframes.runs import runs_frame
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import CostKind, RunRecord, Status
from hailuo_widgets.provider import PollState
from hailuo_widgets.render.card import Card
from hailuo_widgets.render.grid import layout_of
from hailuo_widgets.store import schema
from hailuo_widgets.widgets.card_state import card_state
from hailuo_widgets.widgets.run_rows import row_of, totals

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def records() -> list[RunRecord]:
    """A run of each status and kind of cost, all of them enumerations inside."""
    kinds = [*CostKind, None]
    return [
        RunRecord(
            run_id=f"r{n}",
            created_at=NOW,
            request=Request(prompt="a fox", provider="kie", model="02", seed=n),
            request_hash="h",
            status=status,
            cost_micros=1,
            currency="USD",
            cost_kind=kinds[n % len(kinds)],
        )
        for n, status in enumerate(Status)
    ]


def texts(value: Any) -> Iterator[Any]:
    """Every text in a nested value, names and values."""
    if isinstance(value, Mapping):
        for name, held in value.items():
            yield from texts(name)
            yield from texts(held)
    elif isinstance(value, (list, tuple, set)):
        for held in value:
            yield from texts(held)
    elif isinstance(value, (str, Enum)):
        yield value


@pytest.mark.parametrize("status", Status)
def test_a_record_takes_a_status_as_text(status: Status) -> None:
    """Text becomes a member, and a member equals its text, also as a key."""
    record = RunRecord(
        run_id="r", created_at=NOW, request=Request(prompt="", provider="kie", model="02"), request_hash="h",
        status=status.value, cost_kind="list",  # type: ignore[arg-type]  # what is tested
    )  # fmt: skip
    assert isinstance(record.status, Status)
    assert isinstance(record.cost_kind, CostKind)
    assert record.status == status.value
    assert {status.value: 1}[record.status] == 1
    assert record.status.ended is not record.status.live


def test_no_word_is_a_status() -> None:
    """What is no status is refused."""
    with pytest.raises(ValueError, match="'done' is not a valid Status"):
        RunRecord(run_id="r", created_at=NOW, request=records()[0].request, request_hash="h", status="done")  # type: ignore[arg-type]  # likewise


def test_data_frames_hold_plain_text(tmp_path: Path) -> None:
    """No cell and no column name of ``hw.runs()`` is a member of an enumeration."""
    frame = runs_frame(records(), tmp_path)
    assert frame["status"].tolist() == [s.value for s in Status]
    assert {type(v) for v in texts([list(frame.columns), *(frame[c].tolist() for c in frame.columns)])} == {str}


def test_settings_and_modes_are_plain_text(tmp_path: Path) -> None:
    """A plan's table and the settings hold text, whatever names their values inside."""
    session = Session(home=tmp_path, mode="simulated", kie_dialect="jobs")
    assert {type(session.settings.mode), type(session.settings.kie_dialect)} == {str}
    frame = session.estimate("a fox", provider="kie", model="02")
    plan = plan_frame(session.plan("a fox", provider="kie", model="02"))
    assert {type(v) for f in (frame, plan) for c in f.columns for v in texts([c, *f[c].tolist()])} == {str}
    session.close()


def test_events_hold_plain_text(tmp_path: Path) -> None:
    """What a step is called, its sentence and its data are text; the log's file has the code."""
    session = Session(home=tmp_path, mode="simulated")
    session.log.call(session.log.add, records()[:1])
    data = {"read as": PollState.FAILED}
    session.log.call(session.log.note, "r0", RunEvent.UNKNOWN_STATUS, data)
    events = session.run("r0").events
    assert [e["what"] for e in events] == ["planned", "unknown_status"]
    assert {type(v) for v in texts(events)} == {str}
    session.close()


def test_json_holds_plain_text(tmp_path: Path) -> None:
    """The messages of boards, grids and players hold text alone."""
    found = records()
    archive = Archive(tmp_path)
    cards = [
        Card(
            run_id=r.run_id, status=r.status, provider="kie", model="02", mode="text to video", prompt="a fox",
            simulated=False, created_at=NOW,
        )
        for r in found
    ]  # fmt: skip
    said = [
        [row_of(r, here=True) for r in found],
        totals(found, expected={}),
        layout_of(found, arrange(found), archive),
        [card_state(card, now=NOW.timestamp()) for card in cards],
    ]
    assert {type(v) for v in texts(said)} == {str}


def test_rows_of_the_store_hold_plain_text() -> None:
    """Every value of a row is text that any database takes."""
    assert {type(v) for r in records() for v in texts(schema.to_row(r))} == {str}
    assert type(schema.plain({"status": Status.QUEUED})["status"]) is str


def test_a_run_says_its_status_as_text(tmp_path: Path) -> None:
    """``run.status`` is what notebooks compare, print and format."""
    session = Session(home=tmp_path, mode="simulated")
    session.log.call(session.log.add, records()[5:6])
    run = session.run("r5")
    assert type(run.status) is str
    assert repr(run.status) == "'succeeded'"
    session.close()
