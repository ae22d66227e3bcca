"""Balances of the providers' accounts: asked in a thread of their own, and kept for a minute.

Nothing waits for them but who asks for them by name: a create call, a dry run and an estimate never do.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.engine.provider_client import ProviderClient
from hailuo_widgets.engine.rate_limit import RateLimiter
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.provider.messages import AccountBalance
from hailuo_widgets.redaction.redact import redact_keys
from hailuo_widgets.settings.settings import RunMode, base_url, is_loopback
from hailuo_widgets.system import forks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hailuo_widgets.engine.runtime import Runtime
    from hailuo_widgets.provider.accounts import Accounts
    from hailuo_widgets.redaction.secret import Secret
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.transport.http import Http

__all__ = ["Balances"]

KEPT_S = 60.0
ASK_S = 10.0  # for all calls of one account


@dataclass(frozen=True)
class _Account:
    """An account: the provider, the origin that the key is sent to, and the key."""

    provider: str
    origin: str
    key: Secret

    def same(self, other: _Account) -> bool:
        """Return whether it is the same account, so that one answer serves for both."""
        return self.origin == other.origin and self.key.reveal() == other.key.reveal()


@dataclass(frozen=True)
class _Entry:
    """An account's last answer, which may be on its way; ``at`` is when it was asked for."""

    account: _Account
    at: float
    answer: Future[AccountBalance]

    def good(self, account: _Account, now: float, *, errors: bool) -> bool:
        """Return whether it serves for a question of now; ``errors``: one that failed serves too."""
        if not self.account.same(account):
            return False
        if not self.answer.done():
            return True
        return now - self.at < KEPT_S and (errors or not self.answer.result().error)


class Balances:
    """The balances of a session's accounts.

    Args:
        settings: The session's settings: a simulated session has no accounts.
        accounts: The providers and their keys.
        runtime: The clock, and where connections come from.
    """

    def __init__(self, settings: Settings, accounts: Accounts, runtime: Runtime) -> None:
        self._settings = settings
        self._accounts = accounts
        self._runtime = runtime
        self._begin()
        forks.follow(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def before_fork(self) -> None:
        """Do nothing: the parent's threads go on."""

    def after_fork(self, *, child: bool) -> None:
        """In a child, forget the answers that its parent's threads wait for."""
        if child:
            self._begin()

    def ask(self, names: Iterable[str]) -> list[AccountBalance]:
        """Return the balance of each provider that has a key; blocks for those that are not known. Never raises."""
        waiting, found = [], []
        for name in names:
            try:
                account = self._account(name)
            except HailuoError as e:
                found.append(AccountBalance(provider=name, as_of=self._runtime.clock.now(), error=_said(e)))
                continue
            if account is not None:
                waiting.append(account)
        answers = self._answers(waiting, errors=False)
        return [*found, *(answer.result() for answer in answers)]

    def refresh(self, names: Iterable[str], then: Callable[[], None] | None = None) -> None:
        """Ask for the balances that are not known, without waiting for them.

        An account on this machine is a simulator's, which bills nothing: it is not asked.

        Args:
            names: The providers.
            then: Called once all have answered, if any was asked; in another thread.
        """
        accounts = []
        for name in names:
            with contextlib.suppress(HailuoError):
                account = self._account(name)
                if account is not None and not is_loopback(account.origin):
                    accounts.append(account)
        self._answers(accounts, errors=True, then=then)

    def known(self, name: str) -> AccountBalance | None:
        """Return a balance that was asked for within the last minute; None if there is none. Sends nothing."""
        try:
            account = self._account(name)
        except HailuoError:
            return None
        with self._lock:
            entry = self._entries.get(name)
        if account is None or entry is None or not entry.answer.done():
            return None
        return entry.answer.result() if entry.good(account, self._runtime.clock.monotonic(), errors=True) else None

    def _account(self, name: str) -> _Account | None:
        """Return the account of a provider; None if it has no key, or nothing is sent out.

        Raises:
            UsageError: Its key or its base URL cannot be used.
        """
        if self._settings.mode == RunMode.SIMULATED:
            return None
        facts = self._accounts.provider(name).facts
        key = self._accounts.key(facts)
        if key is None:
            return None
        return _Account(name, base_url(facts.name, facts.base_url, variable=facts.base_url_variable), key)

    def _answers(
        self, accounts: Sequence[_Account], *, errors: bool, then: Callable[[], None] | None = None
    ) -> list[Future[AccountBalance]]:
        """Return the answer of each account; those that are not known are asked for in a thread."""
        now = self._runtime.clock.monotonic()
        with self._lock:
            asked = []
            for account in accounts:
                entry = self._entries.get(account.provider)
                if entry is None or not entry.good(account, now, errors=errors):
                    self._entries[account.provider] = entry = _Entry(account, now, Future())
                    asked.append(entry)
            answers = [self._entries[account.provider].answer for account in accounts]
        if asked:
            threading.Thread(target=self._work, args=(asked, then), name="hailuo-balance", daemon=True).start()
        return answers

    def _work(self, entries: Sequence[_Entry], then: Callable[[], None] | None) -> None:
        try:
            asyncio.run(self._ask_all(entries))
        except Exception as e:  # noqa: BLE001 - a thread of ours must leave nobody waiting
            why = f"{type(e).__name__} in hailuo-widgets itself"
            for entry in entries:
                if not entry.answer.done():
                    entry.answer.set_result(self._failed(entry.account, why))
        if then is not None:
            then()

    async def _ask_all(self, entries: Sequence[_Entry]) -> None:
        http = self._runtime.http()
        try:
            await asyncio.gather(*(self._ask_one(entry, http) for entry in entries))
        finally:
            await http.close()

    async def _ask_one(self, entry: _Entry, http: Http) -> None:
        account = entry.account
        provider = self._accounts.provider(account.provider)
        client = ProviderClient(
            provider=provider,
            origin=account.origin,
            key=account.key,
            http=http,
            timing=self._runtime.timing,
            limiter=RateLimiter(concurrent=None, per_minute=None, clock=self._runtime.clock),
            log_origin=account.origin,
            simulated=False,
            local=is_loopback(account.origin),
            poll_floor_s=provider.facts.poll_floor_s,
        )
        try:
            async with asyncio.timeout(ASK_S):
                balance = await client.balance()
            found = AccountBalance(provider=account.provider, as_of=self._runtime.clock.now(), balance=balance)
        except TimeoutError:
            found = self._failed(account, f"no answer within {ASK_S:g} s")
        except HailuoError as e:
            found = self._failed(account, _said(e))
        except Exception as e:  # noqa: BLE001 - a provider of another package may raise anything
            found = self._failed(account, f"{type(e).__name__} in the provider's code")
        entry.answer.set_result(found)

    def _failed(self, account: _Account, why: str) -> AccountBalance:
        return AccountBalance(provider=account.provider, as_of=self._runtime.clock.now(), error=why)


def _said(error: HailuoError) -> str:
    return redact_keys(error.message)
