"""Waiting for runs: as a coroutine that an interrupt ends within a second, and in synchronous code."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from typing import TYPE_CHECKING

from hailuo_widgets.engine.accepted_ids import tell
from hailuo_widgets.engine.event_loop import run_to_end, running_loop
from hailuo_widgets.engine.paid_task import looked_at
from hailuo_widgets.engine.supervisor import Supervisor
from hailuo_widgets.engine.wait_timeout import still_open
from hailuo_widgets.system.process import is_dead, living

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.engine.outcome import Outcome

__all__ = ["leave", "leave_here", "settled", "wait"]


async def settled(runs: Supervisor, run_ids: Iterable[str], seconds: float | None = None) -> None:
    """Wait until none of the runs is followed. Cancelling the wait does not affect the runs.

    Raises:
        TimeoutError: They are not, after that many seconds; it says which. They go on.
    """
    waited_for = list(dict.fromkeys(run_ids))
    waiting = waited_for
    loop = asyncio.get_running_loop()
    runs.run_loop.welcome(loop)
    news = asyncio.Event()
    stop = runs.listeners.subscribe(None, lambda _: _set(loop, news))
    try:
        with runs.holding.awaiting(waited_for):
            runs.drive()
            async with asyncio.timeout(seconds) as bound:
                while waiting := await _still_open(runs, waiting):
                    news.clear()
                    try:
                        async with asyncio.timeout(runs.runtime.timing.wake_s):
                            await news.wait()
                    except TimeoutError:
                        runs.drive()  # a follower that a nested wait has lost begins again from the log
    except TimeoutError:
        if not bound.expired():
            raise
    finally:
        stop()
    if bound.expired():
        raise TimeoutError(still_open(runs, waited_for, seconds))
    for run_id in waited_for:
        # Told once more, from the cell that waited: what shows the run sends its last state again, and nbclient,
        # which keeps only what the running cell sends, saves it.
        known = runs.decided(run_id)
        runs.listeners.tell(known if known is not None else await runs.log.ask(runs.log.get, run_id))


async def _still_open(runs: Supervisor, run_ids: list[str]) -> list[str]:
    left = [i for i in run_ids if runs.follows(i)]
    for run_id in set(run_ids) - set(left):
        if runs.decided(run_id) is not None:
            continue
        record = await runs.log.ask(runs.log.get, run_id)
        if not record.unfinished or record.error is not None:
            continue
        await asyncio.to_thread(runs.take_up, [run_id])
        if not runs.follows(run_id):
            await asyncio.sleep(
                runs.runtime.timing.elsewhere_s
            )  # another kernel follows it: the log will say when it has ended
        left.append(run_id)
    return left


def wait(runs: Supervisor, run_ids: Iterable[str], timeout: float | None = None) -> None:
    """Wait in synchronous code. If no loop is running, this drives the runs, or waits for the thread that does.

    Raises:
        TimeoutError: The runs have not ended in that time; it says which. They go on.
        UsageError: This kernel cannot wait synchronously; ``await`` is the way.
    """
    waiting = list(dict.fromkeys(run_ids))
    with runs.holding.awaiting(waiting):
        try:
            _wait(runs, waiting, timeout)
        except KeyboardInterrupt:
            if running_loop() is None:
                runs.holding.hold(waiting)
            raise


def _wait(runs: Supervisor, waiting: list[str], timeout: float | None) -> None:
    deadline = None if timeout is None else runs.runtime.clock.monotonic() + timeout
    while True:
        home, here = runs.run_loop.loop, running_loop()
        if here is not None and not (home is not None and home.is_running() and home is not here):
            _wait_nested(runs, waiting, timeout, here)
            return
        if here is None:
            with runs.run_loop.driving() as loop:
                if loop is not None:
                    left = None if deadline is None else max(0.0, deadline - runs.runtime.clock.monotonic())
                    try:
                        _drive(runs, waiting, left, loop)
                    except TimeoutError:
                        break
                    return
        if _wait_beside(runs, waiting, timeout, deadline):
            return
    raise TimeoutError(still_open(runs, waiting, timeout))


def _wait_nested(runs: Supervisor, waiting: list[str], timeout: float | None, here: asyncio.AbstractEventLoop) -> None:
    try:
        run_to_end(here, settled(runs, waiting, timeout))
    except KeyboardInterrupt:
        runs.begin_again()
        raise


def _drive(runs: Supervisor, waiting: list[str], timeout: float | None, loop: asyncio.AbstractEventLoop) -> None:
    try:
        run_to_end(loop, settled(runs, waiting, timeout))
    except KeyboardInterrupt:
        # Whoever stops a script may end it: a create call on its way is answered, and written, before that.
        try:
            run_to_end(loop, _answered(runs))
        finally:
            runs.holding.all = False
        raise
    finally:
        if is_dead(runs.owner):  # another thread has closed the session: nobody else hears what is still to come
            _hear_last(runs, loop)
            loop.run_until_complete(runs.end_tasks())


def leave(runs: Supervisor) -> None:
    """Stop following all runs; unfinished ones can be resumed.

    A create call on its way is answered first, whichever thread drives its loop. From within a running loop nothing can
    be waited for: there the answer comes when the log is closed, and its task id goes to the rescue file.
    """
    try:
        if running_loop() is None:
            _hear_answers(runs)
    finally:
        loop = runs.run_loop.loop
        runs.close()
        if loop is not None and not loop.is_running() and running_loop() is None:
            loop.run_until_complete(runs.end_tasks())


async def leave_here(runs: Supervisor) -> None:
    """Do as :func:`leave` inside a running loop: wait for the replies to create calls, then end the tasks."""
    try:
        await _answered(runs)
    finally:
        runs.close()
    await runs.end_tasks()


def _hear_answers(runs: Supervisor) -> None:
    """Do the same as ``_answered`` from a thread without a loop, while another thread may drive the runs."""
    runs.holding.all = True
    deadline = runs.runtime.clock.monotonic() + runs.runtime.timing.answer_s
    news = threading.Event()
    stop = runs.listeners.subscribe(None, lambda _: news.set())
    try:
        while (runs.submitting or runs.holding.reserving) and runs.runtime.clock.monotonic() < deadline:
            if runs.run_loop.loop is None:
                return
            with runs.run_loop.at_rest() as loop:
                if loop is not None:
                    run_to_end(loop, _answered(runs))
                    return
            news.wait(runs.runtime.timing.wake_s)
            news.clear()
    finally:
        stop()


async def _answered(runs: Supervisor) -> None:
    """Wait for the replies to create calls, up to a limit; no new create calls are started."""
    runs.holding.all = True
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    stop = runs.listeners.subscribe(None, lambda _: _set(loop, news))
    try:
        async with asyncio.timeout(runs.runtime.timing.answer_s):
            while runs.submitting or runs.holding.reserving:
                news.clear()
                await news.wait()
    except TimeoutError:
        return  # its run stays "submitting" in the log, and is unconfirmed for whoever takes it up
    finally:
        stop()


@atexit.register
def _at_exit() -> None:
    """At the end of a script, wait for the replies to create calls, and keep or print their task IDs.

    What was planned and never sent is said too. A kernel's loop is left alone: it would go on with whatever else is on
    it, such as cells that wait for their turn.
    """
    for runs in living(Supervisor):
        unsent = runs.unsent
        loop = runs.run_loop.private
        if loop is not None and not loop.is_running():
            runs.close()
            with contextlib.suppress(Exception, KeyboardInterrupt):
                _hear_last(runs, loop)
                loop.run_until_complete(asyncio.wait_for(runs.end_tasks(), runs.runtime.timing.end_s))
        if unsent:
            tell(f"hailuo: {_never_sent(len(unsent))}")


def _never_sent(number: int) -> str:
    were, them = ("1 run was", "it") if number == 1 else (f"{number} runs were", "them")
    return f"{were} planned and not sent, so nothing was paid for {them}: in a script, wait() sends {them}"


def _unanswered(runs: Supervisor, loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Outcome]]:
    return [t for t in runs.sending if t.get_loop() is loop and not t.done()]


def _hear_last(runs: Supervisor, loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until its create calls are answered, up to a limit."""
    if sending := _unanswered(runs, loop):
        loop.run_until_complete(asyncio.wait(sending, timeout=runs.runtime.timing.answer_s))
        for task in sending:
            looked_at(task)


def _wait_beside(runs: Supervisor, run_ids: list[str], timeout: float | None, deadline: float | None) -> bool:
    """Wait while another thread drives the runs; return True if they ended, False if no thread drives them any more.

    Raises:
        TimeoutError: They have not ended by the deadline.
    """
    news = threading.Event()
    stop = runs.listeners.subscribe(None, lambda _: news.set())
    try:
        while True:
            followed = any(runs.follows(i) for i in run_ids)
            if not followed and not _open_elsewhere(runs, run_ids):
                return True
            if not runs.run_loop.driven:
                return False
            if deadline is not None and runs.runtime.clock.monotonic() > deadline:
                raise TimeoutError(still_open(runs, run_ids, timeout))
            timing = runs.runtime.timing
            news.wait(timing.wake_s if followed else timing.elsewhere_s)
            news.clear()
    finally:
        stop()


def _open_elsewhere(runs: Supervisor, run_ids: list[str]) -> bool:
    """Return whether runs that are not followed here have not ended; those that no kernel follows are resumed."""
    for run_id in run_ids:
        if runs.follows(run_id):
            return True
        if runs.decided(run_id) is None:
            record = runs.log.call(runs.log.get, run_id)
            if record.unfinished and record.error is None:
                runs.take_up([run_id])
                return True
    return False


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # closed, and so is the wait
        loop.call_soon_threadsafe(event.set)
