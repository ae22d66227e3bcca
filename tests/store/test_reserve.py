"""Leave to send is given once: a run that has it is not let go a second time, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store.permit import Budget, Permit

if TYPE_CHECKING:
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
