"""Provider accounts: origins of new runs, list prices, and limits of concurrent tasks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.run import SIMULATOR, CostKind
from hailuo_widgets.errors import HailuoError, MissingKey, UsageError
from hailuo_widgets.provider import names, open_provider
from hailuo_widgets.provider.registry import BUNDLED
from hailuo_widgets.settings.misspelled import refuse_misspelled
from hailuo_widgets.settings.settings import RunMode, base_url, find_key, is_loopback

if TYPE_CHECKING:
    from hailuo_widgets.domain.callback_format import CallbackFormat
    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.provider.interface import Provider
    from hailuo_widgets.redaction.secret import Secret
    from hailuo_widgets.settings.settings import Settings

__all__ = ["Accounts"]

SIMULATED_CONCURRENT = 10


class Accounts:
    """The providers, with a session's settings and keys."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._providers: dict[str, Provider] = {}
        self.unusable: dict[str, str] = {}  # other packages' providers that can't be opened, with the reason
        self._configured: set[tuple[str, str]] = set()  # (provider, origin) that this session's settings have named

    def provider(self, name: str) -> Provider:
        """Return the provider of that name.

        Raises:
            UsageError: No provider has this name.
        """
        if name not in self._providers:
            self._providers[name] = open_provider(name, self._settings)
        return self._providers[name]

    def usable(self) -> tuple[str, ...]:
        """Return the names of the providers that can be opened; :attr:`unusable` then says why others can't be."""
        found = []
        for name in names():
            try:
                self.provider(name)
            except HailuoError as e:
                if name in BUNDLED:
                    raise
                self.unusable[name] = str(e)
            else:
                found.append(name)
        return tuple(found)

    def origin(self, provider: Provider) -> str:
        """Return the origin of a new run: the live one, or ``simulator``. Only this decides whether a run is simulated.

        Raises:
            MissingKey: ``mode`` is ``live`` and there is no key.
            UsageError: The variable of the key or of the base URL is misspelled.
        """
        facts = provider.facts
        if self._settings.mode == RunMode.SIMULATED:
            return self._simulator_for(facts)
        if self.key(facts) is not None:
            refuse_misspelled((facts.base_url_variable,), os.environ, provider=facts.name)
            origin = base_url(facts.name, facts.base_url, variable=facts.base_url_variable)
            self._configured.add((facts.name, origin))
            return origin
        refuse_misspelled(facts.key_variables, os.environ, provider=facts.name)
        if self._settings.mode == RunMode.AUTO:
            return self._simulator_for(facts)
        name = facts.key_variable
        raise MissingKey(
            f"mode is live, and {name} is not set",
            provider=facts.name,
            hint=f"set it before the kernel starts, or: import os, getpass; os.environ[{name!r}] = getpass.getpass(); "
            "mode='simulated' works without a key",
        )

    def _simulator_for(self, facts: Facts) -> str:
        """Return the simulator's origin for a provider that it speaks.

        Raises:
            UsageError: It does not speak it, and would answer for another provider.
        """
        if facts.simulated or self.simulator_url(facts.name) is not None:
            return SIMULATOR
        spoken = [name for name in self.usable() if self.provider(name).facts.simulated]
        raise UsageError(
            f"provider={facts.name!r}: the bundled simulator does not speak this provider's API; "
            f"it speaks {', '.join(spoken)}",
            provider=facts.name,
            argument="provider",
            hint=f"set {facts.key_variable} to send the request to {facts.title}, choose one of the providers above, "
            f"or set {facts.base_url_variable} to a simulator of your own on this machine",
        )

    @staticmethod
    def key(facts: Facts) -> Secret | None:
        """Return the provider's key; None if there is none.

        Raises:
            UsageError: A place holds something that cannot be a key.
        """
        return find_key(facts.name, variables=facts.key_variables)

    @property
    def alike(self) -> dict[str, str]:
        """The provider's name of each documented origin: all origins of a provider share their clips."""
        return {origin: p.facts.name for p in self._providers.values() for origin in p.facts.origins}

    def callback_formats(self) -> dict[str, CallbackFormat]:
        """Return how the callbacks of each provider are read that has any, by the provider's name."""
        formats = {name: self.provider(name).callbacks for name in self.usable()}
        return {name: form for name, form in formats.items() if form is not None}

    def simulator_url(self, name: str) -> str | None:
        """Return the URL of a simulator on this machine, if the base URL names one; None means the bundled one."""
        facts = self.provider(name).facts
        try:
            url = base_url(facts.name, facts.base_url, variable=facts.base_url_variable)
        except UsageError:
            return None  # an invalid base URL: nothing is sent to it
        return url if is_loopback(url) else None

    def check_origin(self, record: RunRecord, facts: Facts, origin: str) -> None:
        """Check that the key may be sent to a run's origin, since anyone who can write to the log could name another.

        Raises:
            UsageError: The origin is neither configured nor documented.
        """
        if origin in facts.origins or (facts.name, origin) in self._configured:
            return
        now = base_url(facts.name, facts.base_url, variable=facts.base_url_variable)
        if origin != now:
            name = facts.base_url_variable
            raise UsageError(
                f"run {record.run_id} is told to have gone to {origin[:200]}, which is neither {facts.title}'s host "
                f"nor the configured one ({now}): the key is not sent there, and the run is left as it is",
                provider=facts.name,
                hint=f"if that host is yours, set {name}={origin[:200]}, then %hailuo resume (hw.resume())",
            )

    def list_price(self, request: Request, origin: str | None = None) -> dict[str, Any]:
        """Return the cost fields of a request from the price list; empty if the price is unknown.

        Args:
            request: The request.
            origin: The origin that it is sent to, whose region has the list; by default the configured one.
        """
        facts = self.provider(request.provider).facts
        found = facts.price_of(request, self.region(facts, origin))
        if found is None:
            return {}
        micros, currency, _ = found
        return {"cost_micros": micros, "currency": currency, "cost_kind": CostKind.LIST}

    def other_prices(self, request: Request) -> dict[str, int]:
        """Return the micros of one clip by currency, where the document also names a price in a further currency."""
        facts = self.provider(request.provider).facts
        return facts.other_prices(request, self.region(facts))

    def region(self, facts: Facts, origin: str | None = None) -> str | None:
        """Return the region of an origin, whose price list holds; None if it has none.

        Without an origin, and for the simulator, it is the configured one's.
        """
        if origin is not None and origin != SIMULATOR:
            return facts.region_of(origin)
        try:
            return facts.region_of(base_url(facts.name, facts.base_url))
        except UsageError:
            return None  # an invalid base URL: nothing is sent to it

    def speed_at(self, origin: str | None) -> float:
        """Return by what factor an origin is faster than the documents say: the simulator's speed, else 1."""
        return self._settings.simulator_speed if origin == SIMULATOR else 1.0

    def concurrent(self, name: str, *, local: bool = False) -> int | None:
        """Return how many tasks of a provider may be in progress at once; None for no limit."""
        documented = self.provider(name).facts.max_concurrent
        return self._settings.max_parallel or documented or (SIMULATED_CONCURRENT if local else None)
