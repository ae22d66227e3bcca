"""Which event loop the runs live on, and how synchronous code waits for them.

In a notebook it is the kernel's own loop, which is running while a cell is executed. In a script, and at a terminal's
prompt, no loop is running: then ``wait()`` runs one. Widget callbacks may come on another thread with a loop of its own
(ipykernel 7.0 to 7.3); they never get a run.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import FrameType

__all__ = ["Home", "run_to_end", "running_loop"]

T = TypeVar("T")
FIRST_UNSAFE_IPYKERNEL = (
    7  # from this one on nest-asyncio 1.6 leaves the kernel dead; nest-asyncio2 from 1.7.3 does not
)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that is running in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Home:
    """The loop that runs live on."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop, where there is one that is not closed."""
        return None if self._loop is None or self._loop.is_closed() else self._loop

    def claim(self) -> asyncio.AbstractEventLoop | None:
        """The loop to put runs on now: the one they are on while it runs, else the one running in this thread."""
        if self.loop is not None and self.loop.is_running():
            return self.loop
        self._loop = running_loop() or self.loop
        return self._loop

    def private(self) -> asyncio.AbstractEventLoop:
        """A loop that nobody runs, for synchronous code to run: IPython's own at its terminal, else one of ours."""
        if self.loop is None:
            ipython = sys.modules.get("IPython.core.async_helpers")
            terminal = "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None
            self._loop = ipython.get_asyncio_loop() if ipython and terminal else asyncio.new_event_loop()
        if self._loop is None:
            raise AssertionError("a loop was just made")
        return self._loop


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
    """Let the loop be run while it is running."""
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
        """What an interrupt ends; one that has come already ends it before it begins."""
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
    """nest-asyncio2, where it is there, new enough and the first to patch."""
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
    """nest-asyncio, where it is safe: outside ipykernel 7 and later."""
    kernel = sys.modules.get("ipykernel")
    if kernel is not None and int(str(kernel.__version__).split(".", maxsplit=1)[0]) >= FIRST_UNSAFE_IPYKERNEL:
        return None
    import nest_asyncio

    return nest_asyncio
