"""Tests of reservations: a run is reserved only once, whoever asks."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.budget import Budget, Permit
from hailuo_widgets.errors import BudgetExceeded, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.store import RunLog

PERMIT = Permit(micros=280_000, currency="USD", concurrent=5)


def test_a_run_is_reserved_once(sqlite_log: RunLog, record: Any) -> None:
    """The second one who asks is told that the run is submitting; its row and its events stay as they were."""
    sqlite_log.add([record("r1")])
    first = sqlite_log.reserve("r1", PERMIT, {"origin": "o"}, origin="o", channel="a")
    assert first is not None
    assert (first.status, first.channel) == ("submitting", "a")
    events = sqlite_log.events("r1")
    with pytest.raises(StoreError, match="r1 is submitting: it is not sent again"):
        sqlite_log.reserve("r1", PERMIT, {"origin": "o"}, origin="o", channel="b")
    assert (sqlite_log.get("r1"), sqlite_log.events("r1")) == (first, events)


@pytest.mark.parametrize("status", ["queued", "running", "downloading", "unconfirmed", "succeeded", "failed"])
def test_a_run_that_was_sent_is_not_reserved(sqlite_log: RunLog, record: Any, status: str) -> None:
    """Nor is one that has gone on since, or has ended."""
    sqlite_log.add([record("r1", status=status)])
    with pytest.raises(StoreError, match=f"r1 is {status}: it is not sent again"):
        sqlite_log.reserve("r1", PERMIT, {}, origin="o")
    assert sqlite_log.get("r1").status == status


def test_what_was_asked_for_twice_counts_once(sqlite_log: RunLog, record: Any) -> None:
    """A refused second leave takes no place and no money."""
    sqlite_log.add([record("r1"), record("r2")])
    bound = Budget(name="budget", micros=2 * 280_000)
    permit = Permit(micros=280_000, currency="USD", concurrent=2, budgets=(bound,))
    assert sqlite_log.reserve("r1", permit, {}, origin="o") is not None
    with pytest.raises(StoreError):
        sqlite_log.reserve("r1", permit, {}, origin="o")
    assert sqlite_log.reserve("r2", permit, {}, origin="o") is not None


@pytest.mark.parametrize(
    "odd", [float("inf"), float("-inf"), -(2**62), -5, 1e300, 2**62, "x", b"\xff", "Infinity", 0.5]
)
def test_what_a_row_has_reserved_may_be_anything(sqlite_log: RunLog, record: Any, path: Path, odd: Any) -> None:
    """A run is sent, or told that the budget is used up; no row makes room for more than the budget."""
    sqlite_log.add([record("r0"), record("r1"), record("r2"), record("r3")])
    permit = Permit(micros=280_000, currency="USD", budgets=[Budget(name="budget", micros=600_000)])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET reserved_micros = ?, reserved_currency = 'USD' WHERE run_id = 'r0'", [odd])
    sent = 0
    for run_id in ("r1", "r2", "r3"):
        with suppress(BudgetExceeded):
            sqlite_log.reserve(run_id, permit, {}, origin="o")
            sent += 1
    assert sent == (0 if isinstance(odd, (int, float)) and odd > 1 else 2)
