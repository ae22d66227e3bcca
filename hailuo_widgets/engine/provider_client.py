"""Client of one provider account: pure functions, an origin, a key, and the rate limiter."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from hailuo_widgets.engine.circuit_breaker import CircuitBreaker
from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    ProviderError,
    RateLimited,
    TaskLost,
    TransportError,
)
from hailuo_widgets.provider.interface import MIX_UP, Task
from hailuo_widgets.provider.messages import Balance
from hailuo_widgets.provider.parse import as_json, same_id
from hailuo_widgets.redaction.redact import GONE, each_text, redact_keys
from hailuo_widgets.transport.addresses import same_origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from hailuo_widgets.domain.images import InputFile
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.engine.rate_limit import RateLimiter
    from hailuo_widgets.engine.runtime import Timing
    from hailuo_widgets.provider.interface import Accepted, Clip, HttpCall, HttpReply, Poll, Provider
    from hailuo_widgets.provider.messages import Cancelled, Candidates
    from hailuo_widgets.redaction.secret import Secret
    from hailuo_widgets.transport.http import Http, Stream

__all__ = ["ProviderClient"]

T = TypeVar("T")
_log = logging.getLogger(__name__)
FIRST_SERVER_ERROR = 500
READ = 65536  # bytes of an answer that is no JSON: an error quotes less of it
SLOWEST_UPLOAD = 125_000.0  # bytes per second, 1 Mbit/s: so much longer an upload may take
NOT_UPLOADED = "nothing was billed: run the cell again later, or give links instead of local files"
MOST_UPLOADS = 3  # of one file, where the answers are about another one


class ProviderClient:
    """One account at one provider, on one event loop.

    Args:
        provider: The provider's wire format.
        origin: The base URL.
        key: The API key.
        http: The HTTP client.
        timing: The deadlines of calls.
        limiter: The account's rate limiter.
        log_origin: The origin's name in the log.
        simulated: Whether nothing is billed. This comes from the settings, never from a reply.
        local: Whether it is on this machine, so that download links may be too.
        poll_floor_s: The shortest time in seconds between two polls of a task.
        concurrent: The largest number of tasks in progress, in all kernels together.
        speed: By what factor it is faster than documented; 1 except for the simulator.
    """

    def __init__(
        self,
        *,
        provider: Provider,
        origin: str,
        key: Secret | None,
        http: Http,
        timing: Timing,
        limiter: RateLimiter,
        log_origin: str,
        simulated: bool,
        local: bool,
        poll_floor_s: float,
        concurrent: int | None = None,
        speed: float = 1.0,
    ) -> None:
        self.provider = provider
        self.origin = origin
        self.limiter = limiter
        self.log_origin = log_origin
        self.simulated = simulated
        self.local = local
        self.poll_floor_s = poll_floor_s
        self.concurrent = concurrent
        self.speed = speed
        self.breaker = CircuitBreaker(self._alive, probe_s=timing.probe_s, due_s=timing.due_s)
        self._key = key
        self._http = http
        self._timing = timing

    def take_key(self, key: Secret | None) -> None:
        """Use this key from now on, if there is one, so that a corrected key needs no new kernel."""
        self._key = key or self._key

    async def prepared(self, request: Request) -> Request:
        """Upload the request's local files if the provider needs that; free, and done before the create call.

        Raises:
            TransportError: A file could not be uploaded.
            ProviderError: The provider refused a file.
        """
        uploaded: dict[str, InputFile] = {}
        try:
            for name, file in request.inputs:
                call = self.provider.encode_upload(file) if file.data is not None else None
                if call is not None:
                    uploaded[name] = replace(file, url=await self._uploaded(call, file))
        except TransportError as e:
            e.sent = False  # what may have arrived is a file: no create call was sent
            raise
        except ProviderError as e:
            e.accepted = False
            e.message = f"a file could not be uploaded, so the create call was not sent: {e.message}"
            e.hint = "; ".join(text for text in (e.hint, NOT_UPLOADED) if text)
            raise
        return request.with_inputs(uploaded)

    async def _uploaded(self, call: HttpCall, file: InputFile) -> str:
        """Upload a file and return its link; a reply about another file is not used, and the upload is repeated."""
        for left in reversed(range(MOST_UPLOADS)):
            reply = await self._send(call, fresh=True, more_s=len(file.data or b"") / SLOWEST_UPLOAD)
            url = self._read(reply, self.provider.decode_upload, reply, kind="str")
            try:
                self._read(reply, self.provider.check_upload, reply, file)
            except ProviderError as e:
                if not left:
                    e.again = False
                    raise
            else:
                break
        return url

    async def create(self, request: Request, client_uuid: str) -> Accepted:
        """Create a task. This is the call that is billed.

        Raises:
            TransportError: There was no reply; ``error.sent`` tells whether the call may have arrived.
            ProviderError: It was refused, or the reply can't be read; ``error.accepted`` tells which.
        """
        with self.breaker.call():
            return await self._create(request, client_uuid)

    async def _create(self, request: Request, client_uuid: str) -> Accepted:
        why = ""
        try:
            call = self.provider.encode_create(request, client_uuid)
        except Exception as e:  # noqa: BLE001 - a provider of another package may raise anything
            _log.exception("%s: a request cannot be written", self.provider.facts.name)
            why = type(e).__name__
        if why:
            error = TransportError(f"the request cannot be written ({why}); nothing was sent", sent=False)
            error.again = False
            raise error
        reply = await self._send(call, fresh=True)
        accepted = self._read(reply, self.provider.decode_create, reply, request, kind="Accepted")
        if self.provider.client_ids and not same_id(accepted.task_id, client_uuid):
            raise self._of_another(accepted)
        return accepted

    def _of_another(self, accepted: Accepted) -> ProviderError:
        """Return the error of a reply about another task; our task may exist, and is queried by our ID."""
        error = ProviderError(
            f"the answer is about another task than ours: {accepted.task_id}",
            provider=self.provider.facts.name,
            code=MIX_UP,
            trace_id=accepted.trace_id,
        )
        error.accepted = None
        return error

    async def query(self, task: Task) -> Poll:
        """Query a task's state."""
        reply = await self._send(self.provider.encode_query(task))
        return self._read(reply, self.provider.decode_query, reply, task, kind="Poll")

    async def cancel(self, task: Task) -> Cancelled:
        """Ask the provider to cancel a task, once: the connection never sends the call again.

        Raises:
            TransportError: There was no reply; ``error.sent`` tells whether the call may have arrived.
            ProviderError: The reply says nothing about the task, or the provider has no such call.
        """
        call = self.provider.encode_cancel(task)
        if call is None:
            raise ProviderError("this task cannot be cancelled at the provider", provider=self.provider.facts.name)
        await self.limiter.turn()
        reply = await self._send(call, fresh=True)
        return self._read(reply, self.provider.decode_cancel, reply, task)

    async def listed(self, request: Request, page: int) -> Candidates | None:
        """Return one page of the account's tasks; None if there is no such page, or no list."""
        call = self.provider.encode_list(request, page)
        if call is None:
            return None
        reply = await self._send(call)
        return self._read(reply, self.provider.decode_list, reply)

    async def balance(self) -> Balance | None:
        """Ask for the account's balance; None if the provider has no call for it.

        Of several calls, which are for several kinds of keys, one that is answered is enough.

        Raises:
            TransportError: There was no reply.
            ProviderError: No reply names a balance.
        """
        calls = self.provider.encode_balance()
        if calls is None:
            return None
        found: list[Balance] = []
        failures: list[ProviderError | TransportError] = []
        for call in calls if isinstance(calls, tuple) else (calls,):
            try:
                reply = await self._send(call)
                found.append(self._read(reply, self.provider.decode_balance, reply))
            except (ProviderError, TransportError) as e:
                failures.append(e)
        if not found and failures:
            raise failures[0]
        return Balance(
            amounts=tuple(amount for one in found for amount in one.amounts),
            plan=tuple(row for one in found for row in one.plan),
            source="; ".join(dict.fromkeys(one.source for one in found if one.source)),
        )

    async def link(self, task: Task, clip: Clip) -> Clip | None:
        """Return a new download link, if the provider has a call for it."""
        call = self.provider.encode_link(task, clip)
        if call is None:
            return None
        reply = await self._send(call)
        return self._read(reply, self.provider.decode_link, reply, clip, kind="Clip")

    def _read(self, reply: HttpReply, decode: Callable[..., T], *given: Any, kind: str = "") -> T:
        """Decode a reply.

        Args:
            reply: The reply.
            decode: The provider's function.
            given: Its arguments.
            kind: The name of the class that it promises; its name, because ``%autoreload`` makes classes anew.

        Raises:
            ProviderError: As the provider says, also where it fails in a way in which no provider should: the answer
                is there, and may hide a yes.
        """
        why = ""
        try:
            found = decode(*given)
        except ProviderError:
            raise
        except Exception as e:  # noqa: BLE001 - likewise
            _log.exception("%s: an answer cannot be read", self.provider.facts.name)
            why = f"{type(e).__name__} in the code of provider {self.provider.facts.name}"
        else:
            if not kind or type(found).__name__ == kind:
                return found
            why = f"{decode.__name__} of provider {self.provider.facts.name} returned {found!r:.40}, and not {kind}"
        raise self.provider.unreadable(reply, why)

    def download(self, url: str, headers: dict[str, str], task: Task) -> AbstractAsyncContextManager[Stream]:
        """Open the download of a task's clip.

        The key is sent only to the provider's own origin, and only if its links need it and this is one of the task's.
        """
        url = f"{self.origin}{url}" if url.startswith("/") else url  # a link without a host leads to the provider
        if GONE in url and self._key is not None and same_origin(url, self.origin):
            url = url.replace(GONE, quote(self._key.reveal(), safe=""))
        auth = self.provider.facts.auth
        own = same_origin(url, self.origin) and self.provider.link_takes_key(url, task, self.origin)
        if own and self._key is not None and auth is not None:
            return self._http.stream(url, headers, local=self.local, keyed=(self.origin, auth, self._key))
        return self._http.stream(url, headers, local=self.local)

    async def _alive(self) -> bool:
        """Return whether the provider answers a free query, even if only with "unknown task".

        What it says of a task that nobody has is in no document, so any JSON will do, but for a word of trouble: a
        status of 500 or more, or a code that the provider's table reads as that.
        """
        nobody = Task(task_id="0", channel=self.provider.default_channel)
        try:
            reply = await self._send(self.provider.encode_query(nobody))
        except TransportError:
            return False
        try:
            self._read(reply, self.provider.decode_query, reply, nobody)
        except (TaskLost, AuthError, InsufficientCredits, InvalidRequest, RateLimited):
            return True
        except ProviderError as e:
            answered = reply.status < FIRST_SERVER_ERROR and as_json(reply.body) is not None
            return answered and e.code not in self.provider.codes
        except Exception:  # noqa: BLE001 - it shows in the log, and whoever waits at the door waits on
            _log.exception("%s: a free query met an error in hailuo-widgets itself", self.provider.facts.name)
            return False
        return True

    async def _send(self, call: HttpCall, *, fresh: bool = False, more_s: float = 0.0) -> HttpReply:
        origin = self.provider.origin_of(call, self.origin)
        reply = await self._http.call(
            origin,
            self.provider.for_origin(call, origin),
            auth=self.provider.facts.auth,
            key=self._key,
            fresh=fresh,
            asking=not fresh,
            deadline_s=(self._timing.create_s if fresh else self._timing.ask_s) + more_s,
        )
        return replace(_without_keys(reply), origin=origin)


def _without_keys(reply: HttpReply) -> HttpReply:
    """Return a reply with all keys removed from its headers and its body."""
    headers = {redact_keys(name): redact_keys(value) for name, value in reply.headers.items()}
    value = as_json(reply.body)
    text = (reply.body if value is not None else reply.body[:READ]).decode("utf-8", "replace")
    cleaned = redact_keys(text)
    if cleaned == text:
        return replace(reply, headers=headers)
    if value is not None:  # what a key was escaped by must not be left behind, and is not where its texts are cleaned
        cleaned = json.dumps(each_text(value, redact_keys))
    return replace(reply, headers=headers, body=cleaned.encode())
