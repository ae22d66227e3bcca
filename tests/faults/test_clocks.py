"""Tests of a wall clock that is set, and a machine that sleeps: no figure and no decision changes."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from clock import LoopClock, VirtualLoop, Wire, runtime
from manual_clock import ManualClock

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.clock import measured_s, since_s, stamp
from hailuo_widgets.engine.rate_limit import RateLimiter
from hailuo_widgets.store import leases
from hailuo_widgets.system.process import Owner, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS_S = {"none": 0.0, "an hour on": 3600.0, "an hour back": -3600.0, "a year back": -3.2e7}


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    """Time that passes when nothing else can happen."""
    made = VirtualLoop()
    yield made
    made.close()


@pytest.fixture
def session(
    loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch, clip: bytes, tmp_path: Path
) -> Iterator[tuple[Session, Wire]]:
    """A session on that time, and the provider in memory."""
    wire = Wire(loop, clip)
    monkeypatch.setenv("MINIMAX_API_KEY", "sk-clocks")
    made = Session(
        mode="live",
        provider="minimax",
        notice=lambda _: None,
        home=tmp_path / "home",
        store="sqlite://",
        runtime=runtime(loop, lambda: wire),
    )
    made.engine.runs.run_loop._loop = loop
    yield made, wire
    made.close()


@pytest.mark.parametrize("step", STEPS_S)
@pytest.mark.parametrize("status", ["submitting", "queued", "running", "downloading"])
def test_a_clock_that_is_set_changes_no_figure(
    session: tuple[Session, Wire], loop: VirtualLoop, step: str, status: str
) -> None:
    """However and whenever it is set: what a run took, what is expected of the next one, when the provider is asked."""
    one, wire = session
    run = one.generate("a fox", model="02")
    set_at: list[float] = []

    def now(record: Any) -> None:
        if record.status == status and not set_at:
            set_at.append(loop.now)
            loop.wall_s += STEPS_S[step]

    run.subscribe(now)
    run.wait(2000)
    assert set_at
    began, ended = min(wire.creates.values()), loop.now
    (elapsed,) = one.runs().elapsed_s
    assert 0 < elapsed <= ended - began + 1
    assert elapsed >= 100
    asked = wire.at("query")
    assert len(asked) < 30
    assert max(b - a for a, b in pairwise(asked)) <= 61
    assert 0 <= one.card(run.id).elapsed_s <= ended + 1
    other = one.generate("a wolf", model="02")
    other.wait(2000)
    expected = one.engine.runs.expected(other.id)
    assert expected is not None
    assert expected.median_s == pytest.approx(elapsed, abs=1)


@pytest.mark.parametrize(
    ("ticks", "awake", "boot", "wanted"),
    [
        (90.0, 90.0, None, (90.0, 90.0)),
        (7200.0, 60.0, None, (7200.0, None)),  # it slept
        (90.0, 90.0, "another start", (None, None)),
        (-5.0, -5.0, None, (None, None)),
    ],
)
def test_what_is_measured_is_right_or_unknown(
    ticks: float, awake: float, boot: str | None, wanted: tuple[Any, Any]
) -> None:
    """A machine that sleeps, starts anew, or is another one: nobody knows how long a task took."""
    clock = ManualClock()
    then = stamp(clock)
    clock.started = boot or clock.started
    clock.awake_s += awake
    clock.asleep_s += ticks - awake
    assert (since_s(clock, then), measured_s(clock, then)) == pytest.approx(wanted)


@pytest.mark.parametrize("bad", [None, {}, {"boot": 7}, {"boot": "x", "ticks": "1"}, {"ticks": [], "awake": None}])
def test_a_stamp_of_the_log_is_input(bad: Any) -> None:
    """What is no stamp of this machine measures nothing."""
    clock = ManualClock()
    assert measured_s(clock, bad) is None
    if isinstance(bad, dict):
        assert measured_s(clock, {**stamp(clock), **bad}) is None or not bad


def test_a_run_of_a_machine_that_slept_has_no_figure(session: tuple[Session, Wire], loop: VirtualLoop) -> None:
    """Its ``elapsed_s`` is missing, and nothing is learned of it."""
    one, _ = session
    loop.asleep = 50.0
    record = one.generate("a fox", model="02").wait(2000).record
    assert one.runs().elapsed_s.isna().all()
    assert one.log.call(one.log.durations, "minimax", record.request.model, origin=record.origin) == []


@pytest.mark.parametrize("lease", [timedelta(hours=-2), timedelta(seconds=30), timedelta(hours=9), timedelta(days=900)])
@pytest.mark.parametrize(
    "where", ["here", "here, in the old form", "in another container", "elsewhere", "another boot"]
)
def test_a_lease_ends_when_it_is_not_renewed(lease: timedelta, where: str) -> None:
    """Whatever the wall clock says: renewed it holds on its own machine; not renewed for a minute it holds nowhere."""
    clock = ManualClock()
    host, boot, namespace = this_process().machine.split(" ")
    machine = {
        "here": f"{host} {boot} {namespace}",
        "in another container": f"{host} {boot} pid:[1]",
        "elsewhere": f"another {boot} {namespace}",
        "another boot": f"{host} another {namespace}",
    }
    owner = Owner(machine=machine[where], pid=1, began="1").name("0") if where in machine else f"{host}|1|x"
    one = {"run_id": f"r-{owner}-{lease}", "owner": owner, "lease_until": clock.now() + lease}
    first = leases.held(one, clock)
    assert first == (lease > timedelta(0) or where.startswith(("here", "in")))
    for _ in range(9):  # it is renewed
        clock.awake_s += 20
        one = {**one, "lease_until": one["lease_until"] + timedelta(seconds=20)}
        assert leases.held(one, clock) == first
    clock.awake_s += 61
    assert not leases.held(one, clock)


def test_a_clock_that_is_set_forward_forgets_no_request(loop: VirtualLoop) -> None:
    """The account's minute is kept by this process also where the log's count of it has been forgotten."""
    sent: list[float] = []

    async def forgetful(_: int) -> float:
        return 0.0

    async def send() -> None:
        limiter = RateLimiter(concurrent=None, per_minute=5, take_turn=forgetful, clock=LoopClock(loop))
        for _ in range(16):
            await limiter.turn()
            sent.append(loop.now)

    loop.run_until_complete(send())
    assert max(sum(start <= at < start + 60 for at in sent) for start in sent) == 5
