"""Closing the connections of an engine, each on the event loop that it was opened on.

A create call on its way is paid for: its connection stays open until it is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from hailuo_widgets.engine.event_loop import running_loop

if TYPE_CHECKING:
    from hailuo_widgets.engine.client_pool import Clients
    from hailuo_widgets.engine.supervisor import Supervisor
    from hailuo_widgets.transport.http import Http

__all__ = ["close_connections"]


def close_connections(clients: Clients, runs: Supervisor) -> asyncio.Task[None] | None:
    """Close all connections, after the runs were left; from any thread.

    On a loop that is running a task closes them, and a loop that ends waits for it. A loop that only runs were on, and
    that is not running, is closed too.

    Returns:
        The task on the loop that is running in this thread, if there is one.
    """
    here = running_loop()
    if here is not None:
        return _close_beside(clients, runs, here)
    with runs.run_loop.at_rest() as idle:
        for loop in [loop for loop in clients.loops if loop is idle or not (loop.is_running() or loop.is_closed())]:
            if (http := clients.forget(loop)) is not None:
                loop.run_until_complete(_close(http, runs))
        if idle is not None and idle is runs.run_loop.private:
            idle.close()
    return _close_beside(clients, runs, None)


def _close_beside(
    clients: Clients, runs: Supervisor, here: asyncio.AbstractEventLoop | None
) -> asyncio.Task[None] | None:
    """Begin to close the connections of loops that are running; those of closed loops end with their objects."""
    task = None
    for loop in clients.loops:
        http = clients.forget(loop)
        if http is None or loop.is_closed():
            continue
        if loop is here:
            task = _begin(http, runs)
        else:
            with contextlib.suppress(RuntimeError):  # closed in this moment
                loop.call_soon_threadsafe(_begin, http, runs)
    return task


def _begin(http: Http, runs: Supervisor) -> asyncio.Task[None]:
    task = runs.keep(_close(http, runs))
    runs.closing.add(task)
    return task


async def _close(http: Http, runs: Supervisor) -> None:
    loop = asyncio.get_running_loop()
    sending = [task for task in runs.sending if task.get_loop() is loop and not task.done()]
    if sending:
        await asyncio.wait(sending)
    await http.close()
