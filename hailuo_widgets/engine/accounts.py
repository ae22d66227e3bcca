"""The gateways that runs go to: opened once for each account and loop, simulated or live."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.engine.gateway import Gateway
from hailuo_widgets.engine.limits import Limiter
from hailuo_widgets.errors import MissingKey, UsageError
from hailuo_widgets.gateways import open_provider
from hailuo_widgets.settings import Secret, base_url, find_key, is_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.backdrop import Backdrop
    from hailuo_widgets.gateways.base import Provider
    from hailuo_widgets.http import Http
    from hailuo_widgets.settings import Settings
    from hailuo_widgets.store import RunLog

__all__ = ["Accounts"]

LOCAL_POLL_FLOOR_S = 0.25
SIMULATED_CONCURRENT = 10


class Accounts:
    """Providers by name, and gateways by loop, provider and origin."""

    def __init__(self, settings: Settings, backdrop: Backdrop, log: RunLog) -> None:
        self._settings = settings
        self._log = log
        self._backdrop = backdrop
        self._providers: dict[str, Provider] = {}
        self._https: dict[asyncio.AbstractEventLoop, Http] = {}
        self._gateways: dict[tuple[asyncio.AbstractEventLoop, str, str, str | None], Gateway] = {}
        self._configured: set[tuple[str, str]] = set()  # where this session's settings have led, by provider

    def provider(self, name: str) -> Provider:
        """The provider of that name."""
        if name not in self._providers:
            self._providers[name] = open_provider(name, self._settings)
        return self._providers[name]

    def origin(self, provider: Provider) -> str:
        """Where a new run goes: the live origin, or ``simulator``. Nothing but this decides that a run is simulated.

        Raises:
            MissingKey: ``mode`` is ``live`` and there is no key.
        """
        facts = provider.facts
        if self._settings.mode == "simulated":
            return SIMULATOR
        if find_key(facts.name) is not None:
            origin = base_url(facts.name, facts.base_url)
            self._configured.add((facts.name, origin))
            return origin
        if self._settings.mode == "auto":
            return SIMULATOR
        name = f"{facts.name.upper()}_API_KEY"
        raise MissingKey(
            f"mode is live, and {name} is not set",
            provider=facts.name,
            hint=f"set it before the kernel starts, or: import os, getpass; os.environ[{name!r}] = getpass.getpass(); "
            "mode='simulated' works without a key",
        )

    @property
    def alike(self) -> dict[str, str]:
        """Each documented origin with its provider's name: a clip of one serves for an equal run at another."""
        return {origin: p.facts.name for p in self._providers.values() for origin in p.facts.origins}

    def simulator_url(self, name: str) -> str | None:
        """The simulator on this machine that a base URL names; None where simulated runs go to the bundled one."""
        facts = self.provider(name).facts
        try:
            url = base_url(facts.name, facts.base_url)
        except UsageError:
            return None  # nothing is sent to it
        return url if is_loopback(url) else None

    def _check(self, record: RunRecord, facts: Facts, origin: str) -> None:
        """See that a run's origin is one that the key may go to: whoever can write a row of the log could name any.

        Raises:
            UsageError: It is neither the configured nor a documented one.
        """
        if origin in facts.origins or (facts.name, origin) in self._configured:
            return
        now = base_url(facts.name, facts.base_url)
        if origin != now:
            name = f"{facts.name.upper()}_BASE_URL"
            raise UsageError(
                f"run {record.run_id} is told to have gone to {origin[:200]}, which is neither {facts.title}'s host "
                f"nor the configured one ({now}): the key is not sent there, and the run is left as it is",
                provider=facts.name,
                hint=f"if that host is yours, set {name}={origin[:200]}, then %hailuo resume (hw.resume())",
            )

    def list_price(self, request: Request) -> dict[str, Any]:
        """The cost fields that the price list gives a request; empty where no source names a price."""
        price = self.provider(request.provider).facts.price(request.model, request.resolution, request.duration)
        if price is None or request.template is not None:
            return {}
        return {"cost_micros": price.micros, "currency": price.currency, "cost_kind": "list"}

    def speed_at(self, origin: str | None) -> float:
        """How many times faster than the documents the gateway at an origin of the log is."""
        return self._settings.simulator_speed if origin == SIMULATOR else 1.0

    def concurrent(self, name: str, *, local: bool = False) -> int | None:
        """How many tasks of a provider may be in flight at once; None where nothing bounds them."""
        documented = self.provider(name).facts.max_concurrent
        return self._settings.max_parallel or documented or (SIMULATED_CONCURRENT if local else None)

    async def gateway(self, record: RunRecord) -> Gateway:
        """The gateway that a run goes to, or went to."""
        loop = asyncio.get_running_loop()
        provider = self.provider(record.request.provider)
        log_origin = record.origin or self.origin(provider)
        local = None
        if log_origin == SIMULATOR:
            local = self.simulator_url(provider.facts.name)
        else:
            self._check(record, provider.facts, log_origin)
        place = (loop, provider.facts.name, log_origin, local)
        if place in self._gateways:
            if log_origin != SIMULATOR:
                self._gateways[place].take_key(find_key(provider.facts.name))
            return self._gateways[place]
        # The first run loads httpx: in a thread, and not while the cell that asks for a run is executing.
        http = await asyncio.to_thread(import_module, "hailuo_widgets.http")
        if log_origin == SIMULATOR:
            origin = await asyncio.to_thread(self._backdrop.url) if local is None else local
            key: Secret | None = Secret("simulated")
        else:
            origin, key = log_origin, find_key(provider.facts.name)
            if key is None:
                raise MissingKey(
                    f"run {record.run_id} was sent to {origin}, and {provider.facts.name.upper()}_API_KEY is not set",
                    provider=provider.facts.name,
                    hint="set the key, then %hailuo resume",
                )
        for gone in [known for known in self._https if known.is_closed()]:
            del self._https[gone]
        self._gateways = {k: g for k, g in self._gateways.items() if not k[0].is_closed()}
        self._https.setdefault(loop, http.Http())
        if place not in self._gateways:  # another run may have opened it while we waited for the simulator
            self._gateways[place] = self._open(provider, origin, key, log_origin)
        return self._gateways[place]

    def _turn_of(self, name: str, origin: str) -> Callable[[int], Awaitable[float]]:
        """Counts requests in the log, so that all kernels on it share one minute."""
        return lambda per_minute: self._log.ask(self._log.take_turn, f"{name} {origin}", per_minute)

    def _open(self, provider: Provider, origin: str, key: Secret | None, log_origin: str) -> Gateway:
        facts = provider.facts
        local = is_loopback(origin)
        limit = self.concurrent(facts.name, local=local)
        return Gateway(
            provider=provider,
            origin=origin,
            key=key,
            http=self._https[asyncio.get_running_loop()],
            limiter=Limiter(
                concurrent=limit,
                per_minute=None if local else facts.requests_per_minute,
                take_turn=self._turn_of(facts.name, log_origin),
            ),
            concurrent=limit,
            log_origin=log_origin,
            simulated=log_origin == SIMULATOR,
            local=local,
            poll_floor_s=min(LOCAL_POLL_FLOOR_S, facts.poll_floor_s) if local else facts.poll_floor_s,
            speed=self.speed_at(log_origin),
        )
