"""A run log that loads SQLAlchemy (0.2 s) in its own thread, when it is first asked, and not in the cell that asks."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from hailuo_widgets.errors import StoreError
from hailuo_widgets.system import forks

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.store.runlog import RunLog

__all__ = ["LateLog"]

T = TypeVar("T")


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hailuo-store")


class LateLog:
    """Stands for a :class:`~hailuo_widgets.store.runlog.RunLog`: its methods are looked up when they are called.

    Args:
        url: The store's SQLAlchemy URL.
        notice: Told, in the log's thread, what a user should know of the store.
    """

    def __init__(self, url: str, *, notice: Callable[[str], None] | None = None) -> None:
        self._url = url
        self._notice = notice
        self._lock = threading.Lock()
        self._log: RunLog | None = None
        self._thread = _one_thread()
        forks.follow(self)

    def submit(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """Run a method in the log's thread, after all that were given to it before.

        Raises:
            StoreError: The log was closed.
        """
        try:
            return self._thread.submit(method, *args, **kwargs)
        except RuntimeError:
            closed = StoreError(
                "the session was closed, and its run log with it",
                hint="make a new session: resume() takes up what this one left unfinished",
            )
        closed.closed = True
        raise closed

    async def ask(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Await a method in the log's thread. A cancelled wait does not undo it."""
        return await asyncio.wrap_future(self.submit(method, *args, **kwargs))

    def call(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The result of a method, waited for."""
        return self.submit(method, *args, **kwargs).result()

    def close(self) -> None:
        """Finish what was given and let go of the store."""
        self._thread.shutdown(wait=True)
        if self._log is not None:
            self._log.close()

    def before_fork(self) -> None:
        """Nothing: the database waits for the thread's transaction."""

    def after_fork(self, *, child: bool) -> None:
        """A child has no thread but the one that forked; it starts its own when it is asked for something."""
        if child:
            self._thread, self._lock = _one_thread(), threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def later(*args: Any, **kwargs: Any) -> Any:
            return getattr(self._opened(), name)(*args, **kwargs)

        return later

    def _opened(self) -> RunLog:
        with self._lock:
            if self._log is None:
                from hailuo_widgets.store.runlog import RunLog

                self._log = RunLog(self._url, notice=self._notice)
            return self._log
