"""Event loop of the runs, and waiting for them in synchronous code.

In a notebook it is the kernel's own loop, which is running while a cell is executed. In a script, and at a terminal's
prompt, no loop is running: then ``wait()`` runs one. Widget callbacks may come on another thread with a loop of its own
(ipykernel 7.0 to 7.3); they never get a run.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from types import FrameType

__all__ = ["RunLoop", "run_to_end", "running_loop"]

T = TypeVar("T")
FIRST_UNSAFE_IPYKERNEL = (
    7  # from this one on nest-asyncio 1.6 leaves the kernel dead; nest-asyncio2 from 1.7.3 does not
)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that is running in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class RunLoop:
    """The event loop that all runs are on. Several threads may want to drive it, but only one at a time can."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._private = False  # whether we made the loop
        self._thread = 0  # in which thread it was found running
        self._ending: asyncio.AbstractEventLoop | None = None
        self._wheel = threading.Lock()

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop; None if there is none or it is closed."""
        return None if self._loop is None or self._loop.is_closed() else self._loop

    @property
    def private(self) -> asyncio.AbstractEventLoop | None:
        """The loop if it was created here, so that only runs are on it; else None."""
        return self.loop if self._private else None

    @property
    def driven(self) -> bool:
        """Whether the loop is running, or about to."""
        loop = self.loop
        return self._wheel.locked() or (loop is not None and loop.is_running())

    def claim(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop for runs: the current one while it is running, else the one running in this thread."""
        here = running_loop()
        loop = self.loop
        if loop is not None and loop.is_running() and (loop is here or not self.ends(loop)):
            return loop
        if here is not None:
            self._loop, self._private, self._thread = here, False, threading.get_ident()
        return self.loop

    def ends(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether a loop is being shut down, so that new tasks on it would not finish."""
        return loop is self._ending

    def give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Mark a loop as being shut down."""
        self._ending = loop

    def welcome(self, loop: asyncio.AbstractEventLoop) -> None:
        """Unmark a loop as being shut down, because something waits on it."""
        if self._ending is loop:
            self._ending = None

    @contextmanager
    def at_rest(self) -> Iterator[asyncio.AbstractEventLoop | None]:
        """Yield the runs' loop for this thread to run; None while another thread drives it."""
        if not self._wheel.acquire(blocking=False):
            yield None
            return
        try:
            loop = self.loop
            yield None if loop is None or loop.is_running() else loop
        finally:
            self._wheel.release()

    @contextmanager
    def driving(self) -> Iterator[asyncio.AbstractEventLoop | None]:
        """Return an idle loop for synchronous code to run; None while another thread drives the runs.

        It is IPython's own at its terminal; one that this thread has run before; else one of ours, which any thread may
        drive. Another thread's loop is left to it.
        """
        if not self._wheel.acquire(blocking=False):
            yield None
            return
        try:
            loop = self.loop
            if loop is not None and loop.is_running():
                yield None  # it has begun to run since we looked
                return
            if loop is None or self.ends(loop) or not (self._private or self._thread in {0, threading.get_ident()}):
                self._loop, self._private = _idle_loop()
                self._thread = threading.get_ident()
            yield self._loop
        finally:
            self._wheel.release()


def _idle_loop() -> tuple[asyncio.AbstractEventLoop, bool]:
    """Return a loop to run in this thread, and whether it was created here."""
    ipython = sys.modules.get("IPython.core.async_helpers")
    if ipython is not None and threading.current_thread() is threading.main_thread():
        terminal = sys.modules["IPython"].get_ipython() is not None
        if terminal and not (loop := ipython.get_asyncio_loop()).is_running():
            return loop, False
    return asyncio.new_event_loop(), True


def run_to_end(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop that nobody runs, or inside the one that is running in this thread.

    An interrupt ends the coroutine alone. Raised wherever the loop happens to be, it would end, or silently lose,
    whatever that was about to do: a step of a run, or the kernel's own reading of messages, and then no cell would ever
    run again. Raised while asyncio is being patched, it would leave half a patch, with the same end.

    Raises:
        UsageError: It would leave this kernel dead; the coroutine was not begun.
        KeyboardInterrupt: It was interrupted.
    """
    with _Interrupts() as interrupts:
        try:
            if loop.is_running():
                _patch(loop)
        except BaseException:
            work.close()
            raise
        task = loop.create_task(work)
        interrupts.end(task)
        try:
            result = loop.run_until_complete(task)
        except asyncio.CancelledError:
            if not interrupts.came:
                raise
        else:
            if not interrupts.came:
                return result
    raise KeyboardInterrupt  # also where it came too late to end anything: what follows may cost money


def _patch(loop: asyncio.AbstractEventLoop) -> None:
    """Patch asyncio so that a running loop can be run again."""
    patch = _nest_asyncio2() or _nest_asyncio()
    if patch is None:
        raise UsageError(
            "a synchronous wait() inside this kernel's running loop would leave the kernel dead",
            hint="write `await run` instead (or, before anything else nests: pip install nest-asyncio2)",
        )
    try:
        patch.apply(loop)
    except ValueError as e:
        raise UsageError(f"this loop cannot be waited in synchronously: {e}", hint="write `await run`") from None


class _Interrupts:
    """While it lasts, the first interrupt raises nothing: it cancels a task. A second one is what it always was.

    Only the main thread hears of interrupts, and not even that in a program that was started to hear of none (by "&" in
    a shell's script): there, there is nothing to do.
    """

    def __init__(self) -> None:
        self.came = False
        self._task: asyncio.Task[Any] | None = None
        self._earlier: Any = signal.getsignal(signal.SIGINT)
        self._mine = threading.current_thread() is threading.main_thread() and callable(self._earlier)

    def end(self, task: asyncio.Task[Any]) -> None:
        """Set the task that an interrupt cancels; an interrupt that has come already cancels it at once."""
        self._task = task
        if self.came:
            task.cancel()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            self._earlier(number, frame)
            return
        self.came = True
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def __enter__(self) -> Self:
        if self._mine:
            signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        if self._mine and signal.getsignal(signal.SIGINT) == self._heard:
            signal.signal(signal.SIGINT, self._earlier)


def _nest_asyncio2() -> Any:
    """Return nest-asyncio2 if it is installed, new enough, and nothing else has patched asyncio."""
    if find_spec("nest_asyncio2") is None:
        return None
    patched_by_other = hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2")
    from importlib.metadata import version

    new_enough = tuple(int(n) for n in version("nest-asyncio2").split(".")[:3] if n.isdigit()) >= (1, 7, 3)
    if patched_by_other or not new_enough:
        return None
    import nest_asyncio2

    return nest_asyncio2


def _nest_asyncio() -> Any:
    """Return nest-asyncio if it is safe: not in ipykernel 7 or later."""
    kernel = sys.modules.get("ipykernel")
    if kernel is not None and int(str(kernel.__version__).split(".", maxsplit=1)[0]) >= FIRST_UNSAFE_IPYKERNEL:
        return None
    import nest_asyncio

    return nest_asyncio
