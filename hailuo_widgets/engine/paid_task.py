"""Task of a create call, for whose reply a loop that is shut down waits.

``asyncio.run`` cancels every task when its coroutine has ended, and so do servers that shut down. A create call that is
on its way then would leave a task at the provider whose id nobody has. The HTTP client cancels the task too, as part of
its work: it connects to several addresses at once, and a cancel ends the wait for the others. Those two are told apart
by the context that a cancel is made in: what the task itself began carries a mark there, and nothing else does.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["abort", "looked_at", "paid_task"]

T = TypeVar("T")
_MARK: ContextVar[asyncio.Task[Any] | None] = ContextVar("hailuo_paid_task", default=None)


def paid_task(work: Coroutine[Any, Any, T], *, answer_s: float) -> asyncio.Task[T]:
    """Return a task on the running loop that can't be cancelled from outside.

    Cancelled from outside while its loop runs, it goes on: it has time-outs of its own. Cancelled while the loop stands
    still, as a loop that ends does, it has ``answer_s`` seconds more. What it began itself (time-outs, callbacks,
    tasks) cancels it as any other task.
    """
    task: Any = _kind(asyncio.Task)(_marked(work), loop=asyncio.get_running_loop())
    task.answer_s = answer_s
    task.add_done_callback(lambda _: work.close())  # if it was ended before it began, nothing else closes its coroutine
    paid: asyncio.Task[T] = task
    return paid


async def _marked(work: Coroutine[Any, Any, T]) -> T:
    _MARK.set(asyncio.current_task())  # in the task's own copy of the context
    return await work


def abort(task: asyncio.Future[Any]) -> None:
    """Cancel a task at once, even a paid one."""
    getattr(task, "abort", task.cancel)()


def looked_at(task: asyncio.Future[Any]) -> None:
    """Mark a task's exception as handled: its result is in the log, or was reported."""
    if task.done() and not task.cancelled():
        task.exception()


@lru_cache(maxsize=4)
def _kind(base: type[asyncio.Task[Any]]) -> Any:
    """The class of such tasks. nest-asyncio puts another ``Task`` in asyncio, so it is made of that one."""

    def cancel(self: Any, msg: Any = None) -> bool:
        loop = self.get_loop()
        if _from_itself(self) or loop.is_closed():
            return bool(base.cancel(self, msg))
        if self.done():
            return False
        if not self.late and not loop.is_running():
            self.late = True
            loop.call_later(self.answer_s, self.abort)
        return True

    def abort(self: Any) -> bool:
        return bool(base.cancel(self))

    return type("PaidTask", (base,), {"cancel": cancel, "abort": abort, "late": False, "answer_s": 0.0})


def _from_itself(task: asyncio.Task[Any]) -> bool:
    """Return whether a cancellation comes from the task itself, or from what its call started."""
    if _MARK.get() is task:
        return True
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        return False  # no loop runs in this thread
