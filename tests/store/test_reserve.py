"""Tests of reservations: a run is reserved only once, whoever asks."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.budget import Budget, Permit
from hailuo_widgets.domain.exchange import Rates
from hailuo_widgets.errors import BudgetExceeded, StoreError
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from pathlib import Path

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


RATES = Rates(currency="USD", worth={"CNY": (0.14, "2026-11-30"), "credits": (0.005, None)})


def test_a_budget_in_one_currency_counts_all_of_them(sqlite_log: RunLog, record: Any) -> None:
    """Yuan, credits and dollars count together, each by its rate: the fourth run would pass it."""
    bound = Budget(name="budget", micros=1_000_000, rates=RATES)  # $1.00
    sqlite_log.add([record(f"r{n}") for n in range(4)])
    for run_id, micros, currency in (("r0", 2_000_000, "CNY"), ("r1", 45_000_000, "credits"), ("r2", 490_000, "USD")):
        permit = Permit(micros=micros, currency=currency, budgets=(bound,))
        assert sqlite_log.reserve(run_id, permit, {}, origin="o") is not None  # 0.28 + 0.225 + 0.49
    with pytest.raises(BudgetExceeded, match=r"\$0\.14 more would pass the budget of \$1\.00: \$0\.9950 is spent"):
        sqlite_log.reserve("r3", Permit(micros=1_000_000, currency="CNY", budgets=(bound,)), {}, origin="o")
    assert sqlite_log.get("r3").status == "planned"


@pytest.mark.parametrize(("spent", "asked"), [("USD", "EUR"), ("EUR", "USD"), (None, "EUR")])
def test_without_a_rate_nothing_is_sent(sqlite_log: RunLog, record: Any, spent: str | None, asked: str) -> None:
    """A price without a rate, or one beside money that has none, does not fit: it cannot be counted."""
    sqlite_log.add([record("r0"), record("r1")])
    if spent is not None:
        sqlite_log.reserve("r0", Permit(micros=10_000, currency=spent), {}, origin="o")
    bound = Budget(name="budget", micros=10**9, rates=RATES)
    with pytest.raises(BudgetExceeded, match="no rate from EUR to USD"):
        sqlite_log.reserve("r1", Permit(micros=10_000, currency=asked, budgets=(bound,)), {}, origin="o")
    assert sqlite_log.get("r1").status == "planned"


def test_two_kernels_share_a_budget_in_one_currency(log: RunLog, url: str, record: Any) -> None:
    """Each reserves in its own currency at the same time: together they never pass it, and use it up."""
    number = 24
    log.add([record(f"r{n:02}") for n in range(number)])
    bound = Budget(name="budget", micros=1_400_000, rates=RATES)  # five of 0.28
    kernels = [RunLog(url), RunLog(url)]
    permits = [
        Permit(micros=2_000_000, currency="CNY", budgets=(bound,)),
        Permit(micros=56_000_000, currency="credits", budgets=(bound,)),
    ]
    gate = threading.Barrier(2)

    def work(which: int) -> int:
        gate.wait()
        sent = 0
        for n in range(which, number, 2):
            with suppress(BudgetExceeded):
                sent += kernels[which].reserve(f"r{n:02}", permits[which], {}, origin="o") is not None
        return sent

    with ThreadPoolExecutor(2) as pool:
        sent = sum(pool.map(work, range(2)))
    for kernel in kernels:
        kernel.close()
    assert sent == 5
    reserved = log.spent([Budget(name="all", micros=0, rates=RATES)], [], rehearsal=False)[0]
    assert sum(RATES.convert(micros, currency) or 0 for currency, micros in reserved.items()) == 1_400_000
