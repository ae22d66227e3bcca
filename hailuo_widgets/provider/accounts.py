"""Accounts: the providers by name, where their runs go, what they cost, and how many may be in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.run import SIMULATOR, CostKind
from hailuo_widgets.errors import MissingKey, UsageError
from hailuo_widgets.provider import open_provider
from hailuo_widgets.settings.settings import base_url, find_key, is_loopback

if TYPE_CHECKING:
    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.provider.base import Provider
    from hailuo_widgets.settings.settings import Settings

__all__ = ["Accounts"]

SIMULATED_CONCURRENT = 10


class Accounts:
    """The providers, with this session's settings and keys."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._providers: dict[str, Provider] = {}
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

    def check_origin(self, record: RunRecord, facts: Facts, origin: str) -> None:
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
        return {"cost_micros": price.micros, "currency": price.currency, "cost_kind": CostKind.LIST}

    def speed_at(self, origin: str | None) -> float:
        """How many times faster than the documents the gateway at an origin of the log is."""
        return self._settings.simulator_speed if origin == SIMULATOR else 1.0

    def concurrent(self, name: str, *, local: bool = False) -> int | None:
        """How many tasks of a provider may be in flight at once; None where nothing bounds them."""
        documented = self.provider(name).facts.max_concurrent
        return self._settings.max_parallel or documented or (SIMULATED_CONCURRENT if local else None)
