"""Tests of the polling schedule, the back-off and the rate limiter."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from hailuo_widgets.domain.expected_duration import expect, next_poll_s
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.engine.rate_limit import RateLimiter, backoff_s, retry_after_s
from hailuo_widgets.provider.minimax import FACTS

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("expected", [6.0, 55.0, 120.0, 240.0])
def test_polls_are_few_before_and_dense_around_the_expected_end(expected: float) -> None:
    """In the first half fewer polls than in the next, and none follows the end by more than a tenth of the time."""
    times, t = [], 0.0
    while t < 3 * expected:
        t += next_poll_s(t, expected, floor_s=0.25)
        times.append(t)
    first = [x for x in times if x <= expected / 2]
    second = [x for x in times if expected / 2 < x <= expected]
    assert 1 <= len(first) <= 3 < len(second) <= 12
    gaps = [b - a for a, b in pairwise(times) if a >= expected / 2]
    assert max(gaps) <= max(0.3 * expected, 0.25)


def test_no_poll_comes_faster_than_the_floor() -> None:
    """Whatever is expected, the provider's own limit holds."""
    assert all(next_poll_s(t, e, floor_s=5.0) >= 5.0 for t in (0, 1, 10, 1000) for e in (0.1, 6, 600))


def test_expectation_is_learned_from_the_log() -> None:
    """Before any run the document's figure counts, afterwards the runs of the same size, with their spread."""
    request = Request(prompt="x", provider="minimax", model="MiniMax-Hailuo-02", duration=6, resolution="768P")
    document = expect(request, FACTS, [])
    assert document is not None
    assert (document.median_s, document.source) == (120.0, "document")
    same = RunRecord(run_id="r", created_at=NOW, request=request, request_hash="h")
    learned = expect(request, FACTS, [(same, s) for s in (80.0, 90.0, 100.0, 300.0)])
    assert learned is not None
    assert (learned.median_s, learned.source) == (95.0, "log")
    assert learned.low_s is not None
    assert learned.high_s is not None
    assert learned.low_s < 95 < learned.high_s
    unknown = Request(prompt="x", provider="minimax", model="MiniMax-Hailuo-2.3", duration=6, resolution="768P")
    assert expect(unknown, FACTS, []) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), (" 7 ", 7.0), ("0", 1.0), ("1000000000", 300.0), ("nan", None), ("inf", None), ("1e3", None),
     ("-5", None), ("", None), (None, None), ("soon", None), ("9" * 5000, 300.0)],
)  # fmt: skip
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    """Digits count, from 1 to 300 seconds; anything that only looks like a number does not."""
    assert retry_after_s(header, now=NOW) == seconds


def test_retry_after_as_a_date() -> None:
    """An HTTP date counts from now; one in the past means at once."""
    assert retry_after_s(format_datetime(NOW + timedelta(seconds=30), usegmt=True), now=NOW) == 30.0
    assert retry_after_s(format_datetime(NOW - timedelta(days=1), usegmt=True), now=NOW) == 1.0


def test_backoff_grows_under_its_cap() -> None:
    """Jitter stays within a doubling bound, and no number of attempts breaks it."""
    assert all(0 < backoff_s(n, base=1, cap=60) <= min(60, 2**n) for n in range(1, 12) for _ in range(20))
    assert backoff_s(10**9) <= 60


def test_slots_bound_what_is_in_flight() -> None:
    """With two slots a third run waits; one whose wait is no longer wanted is let go without a slot."""

    async def scene() -> tuple[int, bool]:
        limiter = RateLimiter(concurrent=2, per_minute=None)
        inside = most = 0
        stop = asyncio.Event()

        async def run() -> None:
            nonlocal inside, most
            async with limiter.slot(asyncio.Event().wait, already_there=False):  # type: ignore[arg-type]  # never ends
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(run())
        stop.set()
        async with (
            limiter.slot(asyncio.Event().wait, already_there=False),  # type: ignore[arg-type]  # never ends
            limiter.slot(asyncio.Event().wait, already_there=False),  # type: ignore[arg-type]  # never ends
            limiter.slot(stop.wait, already_there=False) as held,  # type: ignore[arg-type]  # its value does not matter
        ):
            return most, held

    assert asyncio.run(scene()) == (2, False)


def test_nobody_sends_during_a_pause() -> None:
    """A pause holds back every turn, and a longer one is not cut short by a shorter one."""
    limiter = RateLimiter(concurrent=None, per_minute=None)
    assert asyncio.run(limiter._wait_s()) <= 0
    limiter.pause(100)
    limiter.pause(1)
    assert asyncio.run(limiter._wait_s()) > 90


def test_a_full_minute_is_waited_for() -> None:
    """A turn is taken again after the seconds that the shared count names."""
    answers = [0.01, 0.01, 0.0]
    asked: list[int] = []

    async def take_turn(per_minute: int) -> float:
        asked.append(per_minute)
        return answers.pop(0)

    asyncio.run(RateLimiter(concurrent=None, per_minute=20, take_turn=take_turn).turn())
    assert asked == [20, 20, 20]
