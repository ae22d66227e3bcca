"""Clients of providers: opened once for each account and loop, simulated or live."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.engine.provider_client import ProviderClient
from hailuo_widgets.engine.rate_limit import RateLimiter
from hailuo_widgets.errors import MissingKey
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.local_simulator import LocalSimulator
    from hailuo_widgets.engine.runtime import Runtime
    from hailuo_widgets.provider.accounts import Accounts
    from hailuo_widgets.provider.interface import Provider
    from hailuo_widgets.store import RunLog
    from hailuo_widgets.transport.http import Http

__all__ = ["Clients"]

LOCAL_POLL_FLOOR_S = 0.25


class Clients:
    """Open clients by event loop, provider and origin."""

    def __init__(self, accounts: Accounts, simulator: LocalSimulator, log: RunLog, runtime: Runtime) -> None:
        self._runtime = runtime
        self._accounts = accounts
        self._log = log
        self._simulator = simulator
        self.begin()

    def begin(self) -> None:
        """Reset to the state of a new process: no connection is open."""
        self._https: dict[asyncio.AbstractEventLoop, Http] = {}
        self._clients: dict[tuple[asyncio.AbstractEventLoop, str, str, str | None], ProviderClient] = {}

    @property
    def loops(self) -> list[asyncio.AbstractEventLoop]:
        """The event loops that have open connections."""
        return list(self._https)

    def forget(self, loop: asyncio.AbstractEventLoop) -> Http | None:
        """Remove a loop's connections and return them, for closing."""
        self._clients = {place: client for place, client in self._clients.items() if place[0] is not loop}
        return self._https.pop(loop, None)

    async def client_of(self, record: RunRecord) -> ProviderClient:
        """Return the client of the provider that a run is or was sent to."""
        loop = asyncio.get_running_loop()
        accounts = self._accounts
        provider = accounts.provider(record.request.provider)
        log_origin = record.origin or accounts.origin(provider)
        local = None
        if log_origin == SIMULATOR:
            local = accounts.simulator_url(provider.facts.name)
        else:
            accounts.check_origin(record, provider.facts, log_origin)
        place = (loop, provider.facts.name, log_origin, local)
        if place in self._clients:
            if log_origin != SIMULATOR:
                self._clients[place].take_key(accounts.key(provider.facts))
            return self._clients[place]
        # The first run loads httpx: in a thread, and not while the cell that asks for a run is executing.
        await asyncio.to_thread(import_module, "hailuo_widgets.transport.http")
        if log_origin == SIMULATOR:
            origin = await asyncio.to_thread(self._simulator.url) if local is None else local
            key: Secret | None = Secret("simulated")
        else:
            origin, key = log_origin, accounts.key(provider.facts)
            if key is None:
                raise MissingKey(
                    f"run {record.run_id} was sent to {origin}, and {provider.facts.key_variable} is not set",
                    provider=provider.facts.name,
                    hint="set the key, then %hailuo resume",
                )
        for gone in [known for known in self._https if known.is_closed()]:
            del self._https[gone]
        self._clients = {k: g for k, g in self._clients.items() if not k[0].is_closed()}
        if loop not in self._https:
            self._https[loop] = self._runtime.http()
        if place not in self._clients:  # another run may have opened it while we waited for the simulator
            self._clients[place] = self._open(provider, origin, key, log_origin)
        return self._clients[place]

    def _turn_of(self, name: str, origin: str) -> Callable[[int], Awaitable[float]]:
        """Return a function that counts requests in the log, so that all kernels share the limit per minute."""
        return lambda per_minute: self._log.ask(self._log.take_turn, f"{name} {origin}", per_minute)

    def _open(self, provider: Provider, origin: str, key: Secret | None, log_origin: str) -> ProviderClient:
        facts = provider.facts
        local = is_loopback(origin)
        limit = self._accounts.concurrent(facts.name, local=local)
        return ProviderClient(
            provider=provider,
            origin=origin,
            key=key,
            http=self._https[asyncio.get_running_loop()],
            timing=self._runtime.timing,
            limiter=RateLimiter(
                clock=self._runtime.clock,
                concurrent=limit,
                per_minute=None if local else facts.requests_per_minute,
                take_turn=self._turn_of(facts.name, log_origin),
            ),
            concurrent=limit,
            log_origin=log_origin,
            simulated=log_origin == SIMULATOR,
            local=local,
            poll_floor_s=min(LOCAL_POLL_FLOOR_S, facts.poll_floor_s) if local else facts.poll_floor_s,
            speed=self._accounts.speed_at(log_origin),
        )
