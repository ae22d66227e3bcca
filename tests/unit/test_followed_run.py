"""State of a followed run: what another thread may do to its follower, and what outlives a follower."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.engine.followed_run import FollowedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hailuo_widgets.engine.followed_run import Follower

LONG_S = 60.0


@pytest.fixture
def loops() -> Iterator[tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop]]:
    """Two event loops, neither of which runs."""
    both = asyncio.new_event_loop(), asyncio.new_event_loop()
    yield both
    for loop in both:
        loop.close()


def follow(run: FollowedRun, loop: asyncio.AbstractEventLoop, seconds: float = LONG_S) -> Follower:
    """A follower whose task pauses."""
    follower = run.follow(loop)
    assert follower is not None
    follower.task = loop.create_task(follower.pause(seconds))
    return follower


def from_a_thread(work: Callable[[], None]) -> None:
    """Do something in another thread."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize("what", ["cancel", "nudge"])
def test_another_thread_ends_the_pause(
    loops: tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop], what: str
) -> None:
    """``cancel`` and ``nudge`` from another thread end a pause of a minute at once; only ``cancel`` stops the run."""
    run = FollowedRun("r1")
    follower = follow(run, loops[0])
    assert follower.task is not None
    loops[0].call_soon(from_a_thread, getattr(run, what))
    loops[0].run_until_complete(asyncio.wait_for(follower.task, LONG_S / 2))
    assert (follower.cancelled, follower.stopped) == (what == "cancel", what == "cancel")


@pytest.mark.parametrize("what", ["cancel", "nudge"])
@pytest.mark.parametrize("where", ["not followed", "on a closed loop"])
def test_nothing_is_followed(
    loops: tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop], what: str, where: str
) -> None:
    """Without a follower, and with one whose loop is closed, both do nothing and raise nothing."""
    run = FollowedRun("r1")
    if where == "on a closed loop":
        assert run.follow(loops[0]) is not None
        loops[0].close()
    getattr(run, what)()


def test_a_run_has_one_follower_on_a_loop(loops: tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop]) -> None:
    """While its task goes on, no other begins there; later, or on another loop, the earlier one is abandoned."""
    run = FollowedRun("r1")
    first = follow(run, loops[0])
    assert run.follow(loops[0]) is None
    second = follow(run, loops[1], 0.0)
    assert (first.abandoned, second.abandoned, run.follower) == (True, False, second)
    assert second.task is not None
    loops[1].run_until_complete(second.task)
    third = run.follow(loops[1])
    assert (second.abandoned, run.follower) == (True, third)
    assert first.task is not None
    first.task.cancel()
    loops[0].run_until_complete(asyncio.wait([first.task]))


def test_an_abandoned_follower_sees_what_the_next_one_sent(
    loops: tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop],
) -> None:
    """The task of the create call is the run's: whichever follower began it, the others find it, until the run ends."""
    run = FollowedRun("r1")
    first, second = run.follow(loops[0]), run.follow(loops[1])
    assert first is not None
    assert second is not None
    sending = loops[0].create_future()
    first.run.sending = sending  # type: ignore[assignment]  # a future stands in for a task
    assert second.run.sending is sending  # type: ignore[comparison-overlap]
    assert run.abandon() is second
    assert (run.follower, run.sending) == (None, sending)
    run.end()
    assert (run.follower, run.sending) == (None, None)


def test_what_ends_with_a_run(loops: tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop]) -> None:
    """A run that is taken up again shares no places with the call that it was made by, and sends nothing of itself."""
    run = FollowedRun("r1")
    run.may_reuse = run.unpaid = True
    call, run.linked_at = run.call, 7.0
    run.follow(loops[0])
    run.end()
    assert (run.may_reuse, run.unpaid, run.follower, run.linked_at) == (False, False, None, 7.0)
    assert run.call is not call
