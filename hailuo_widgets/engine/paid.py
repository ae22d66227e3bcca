"""The task of a create call: a loop that ends waits for its answer, which is worth money.

``asyncio.run`` cancels every task when its coroutine has ended, and so do servers that shut down. A create call that is
on its way then would leave a task at the provider whose id nobody has.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["abort", "paid_task"]

T = TypeVar("T")
ANSWER_S = 10.0  # so long a loop that ends waits for the answer to a create call


def paid_task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task on the running loop. Cancelled by another one, or while its loop stands still, it has ANSWER_S more.

    Its own time-outs cancel it from the loop's callbacks, and end it at once as ever.
    """
    task: asyncio.Task[T] = _kind(asyncio.Task)(work, loop=asyncio.get_running_loop())
    return task


def abort(task: asyncio.Future[Any]) -> None:
    """Cancel a task at once, a paid one too."""
    getattr(task, "abort", task.cancel)()


@lru_cache(maxsize=4)
def _kind(base: type[asyncio.Task[Any]]) -> Any:
    """The class of such tasks. nest-asyncio puts another ``Task`` in asyncio, so it is made of that one."""

    def cancel(self: Any, msg: Any = None) -> bool:
        loop = self.get_loop()
        if not _from_outside(self, loop) or loop.is_closed():
            return bool(base.cancel(self, msg))
        if self.done():
            return False
        if not self.late:
            self.late = True
            loop.call_later(ANSWER_S, self.abort)
        return True

    def abort(self: Any) -> bool:
        return bool(base.cancel(self))

    return type("PaidTask", (base,), {"cancel": cancel, "abort": abort, "late": False})


def _from_outside(task: asyncio.Task[Any], loop: asyncio.AbstractEventLoop) -> bool:
    """Whether somebody else cancels it: another task, or who ran the loop until now."""
    if not loop.is_running():
        return True
    try:
        current = asyncio.current_task()
    except RuntimeError:
        return True  # from another thread, which it should not be
    return current is not None and current is not task
