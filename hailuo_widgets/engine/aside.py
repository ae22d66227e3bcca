"""Free calls beside the followed runs: one at a time, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.client_pool import Clients
    from hailuo_widgets.engine.provider_client import ProviderClient

__all__ = ["ask_aside"]

T = TypeVar("T")


def ask_aside(clients: Clients, record: RunRecord, work: Callable[[ProviderClient], Coroutine[Any, Any, T]]) -> T:
    """Return what ``work`` does with the client of a run's provider. Blocks; the caller's loop may be running or not.

    Raises:
        HailuoError: As ``work`` does, or because the provider's key is not set.
    """

    async def main() -> T:
        try:
            return await work(await clients.client_of(record))
        finally:
            http = clients.forget(asyncio.get_running_loop())
            if http is not None:
                await http.close()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="hailuo-ask") as thread:
        return thread.submit(lambda: asyncio.run(main())).result()
