"""Tests of the circuit breaker: an outage meets at most five create calls, whenever it begins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.engine.circuit_breaker import MOST_DOUBTFUL, CircuitBreaker
from hailuo_widgets.errors import InvalidRequest, ProviderError, TransportError

if TYPE_CHECKING:
    from hailuo_widgets.engine.followed_run import Follower


class Patient:
    """Who waits at the door: a pause is a step of the loop. Tells how long it was."""

    stopped = False

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        """Let the others go first."""
        self.pauses.append(seconds)
        await asyncio.sleep(0)


async def _said() -> None:
    return


async def steps() -> None:
    """Let everything that can go on go on."""
    for _ in range(30):
        await asyncio.sleep(0)


class World:
    """A provider that loses all answers from the create of one number on, until it is over."""

    def __init__(self, begins: int) -> None:
        self.begins = begins
        self.over = False
        self.due: dict[int, asyncio.Future[None]] = {}
        self.sent = 0
        self.lost = 0
        self.patient = Patient()
        self.answers = False  # whether a free query is answered
        self.door = CircuitBreaker(self._alive, probe_s=30.0, due_s=0.2)

    async def _alive(self) -> bool:
        return self.answers

    async def create(self) -> None:
        """One create, from the door to its answer."""
        async with self.door.passing(cast("Follower", self.patient), _said):
            try:
                with self.door.call():
                    number = self.sent
                    self.sent += 1
                    lost = number >= self.begins and not self.over
                    self.lost += lost
                    self.due[number] = asyncio.get_running_loop().create_future()
                    await self.due[number]
                    self._answer(lost=lost)
            except TransportError:
                return

    @staticmethod
    def _answer(*, lost: bool) -> None:
        if lost:
            raise TransportError("the answer was lost", sent=None)

    async def answer(self, pick: int) -> None:
        """One of the answers that are due comes, or is given up."""
        waiting = sorted(self.due)
        if waiting:
            self.due.pop(waiting[pick % len(waiting)]).set_result(None)
            await steps()


@settings(max_examples=150, deadline=None)
@given(begins=st.integers(0, 12), picks=st.lists(st.integers(0, 7), min_size=30, max_size=60))
def test_an_outage_is_met_by_five(begins: int, picks: list[int]) -> None:
    """Wherever it begins among creates that are accepted, and in whatever order answers come."""

    async def played() -> World:
        world = World(begins)
        tasks = [asyncio.ensure_future(world.create()) for _ in range(40)]
        await steps()
        for pick in picks:
            await world.answer(pick)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return world

    world = asyncio.run(played())
    assert world.lost <= MOST_DOUBTFUL
    assert world.sent <= begins + MOST_DOUBTFUL


def test_one_tries_again_and_then_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that is answered lets one create out, and the longer it is in vain the rarer; a yes opens the door."""

    async def played() -> World:
        world = World(0)
        tasks = [asyncio.ensure_future(world.create()) for _ in range(20)]
        for _ in range(MOST_DOUBTFUL):
            await steps()
            await world.answer(0)
        assert (world.sent, world.door.shut) == (5, True)
        world.answers = True
        for tried in range(1, 4):
            await steps()
            assert world.sent == MOST_DOUBTFUL + tried
            await world.answer(0)
        world.over = True
        for _ in range(40):
            await steps()
            await world.answer(0)
        await asyncio.gather(*tasks)
        return world

    world = asyncio.run(played())
    assert (world.sent, world.lost) == (20, 9)
    long = [pause for pause in world.patient.pauses if pause >= 30]
    assert sorted(set(long)) == [30.0, 60.0, 120.0, 240.0]


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (TransportError("odd", sent=False), False),
        (TransportError("odd", sent=None), True),
        (InvalidRequest("odd"), False),
        (RuntimeError("odd"), True),
        (asyncio.CancelledError(), True),
    ],
    ids=["not sent", "lost", "refused", "an error of ours", "cancelled"],
)
def test_what_counts_as_a_sign_of_trouble(error: BaseException, counts: bool) -> None:  # noqa: FBT001 - a column of the table
    """Five creates that may have been accepted shut the door; five that certainly were not do not."""
    door = CircuitBreaker(cast("Any", None), probe_s=30.0, due_s=0.2)
    for _ in range(MOST_DOUBTFUL):
        with pytest.raises(type(error)), door.call():
            raise error
    assert door.shut is counts


def test_a_refusal_of_a_later_create_clears_the_doubts_before_it() -> None:
    """A provider that reads creates again is in no trouble: only what was sent after that counts."""
    door = CircuitBreaker(cast("Any", None), probe_s=30.0, due_s=0.2)
    doubt = ProviderError("odd")
    doubt.accepted = None
    for _ in range(MOST_DOUBTFUL - 1):
        with pytest.raises(ProviderError), door.call():
            raise doubt
    with pytest.raises(InvalidRequest), door.call():
        raise InvalidRequest("a parameter was refused")
    with pytest.raises(ProviderError), door.call():
        raise doubt
    assert not door.shut
