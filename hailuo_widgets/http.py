"""The only importer of httpx: calls to gateways and streams of clips, with every way that they fail named.

What the rest of the house rests on: redirects of API calls are never followed; a create goes over a fresh connection
(an idle one that the server has dropped makes a paid POST ambiguous); an answer is read up to 4 MiB; there is a total
deadline on top of the per-read time-out; the key is in an auth object alone, sent to the provider's own origin, and no
error carries httpx's own exception with it; the log lines that httpx writes of our calls show no query of a URL.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import ssl
import zlib
from contextlib import asynccontextmanager
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, NoReturn

import httpx

from hailuo_widgets.addresses import addresses_of, is_public, literal
from hailuo_widgets.errors import DownloadError, TransportError
from hailuo_widgets.gateways.base import HttpReply
from hailuo_widgets.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping

    from hailuo_widgets.domain.catalog import Auth
    from hailuo_widgets.gateways.base import HttpCall
    from hailuo_widgets.settings import Secret

__all__ = ["Http", "Stream"]

MAX_ANSWER = 4 * 1024 * 1024
CONNECT_S = 15.0
READ_S = 60.0
KEEP_S = 2.0  # an idle connection is used again for so long: servers close theirs after 5 s, or later
MOST_REDIRECTS = 5
MOST_PORT = 65535
# httpx raises these before a byte of the request has left; after any other failure the server may have it whole.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
_ours: ContextVar[bool] = ContextVar("hailuo_call", default=False)


class _NoQueries(logging.Filter):
    """Takes the queries out of the URLs in log lines about our own calls: a clip's link is signed in its query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _ours.get():
            text = record.getMessage()
            record.msg, record.args = re.sub(r"(/[^\s\"'?]*)\?[^\s\"']*", r"\1?…", text), ()
        return True


_no_queries = _NoQueries()


class _KeyAuth(httpx.Auth):
    """Puts the key on a request at the last moment; no traceback shows a local that holds it."""

    def __init__(self, auth: Auth, key: Secret) -> None:
        self._auth, self._key = auth, key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._auth.header] = self._auth.prefix + self._key.reveal()
        yield request


def _raise_alone(failure: Exception) -> NoReturn:
    """Raise an error that carries nothing of what it came of: httpx's frames have the key among their locals.

    Outside of the handler is not enough. A task that is written in Python (nest-asyncio puts those in the place of C's)
    is still in the handler of what a future failed with when it goes on, so Python would note that as the context.
    """
    try:
        raise failure
    finally:
        failure.__context__ = None


class Stream:
    """A download in progress: ``status``, ``headers`` by lower-case names, and its bytes."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self._response = response

    async def aiter(self) -> AsyncIterator[bytes]:
        """The bytes as they come.

        Raises:
            TransportError: The connection broke.
        """
        failure: TransportError | None = None
        try:
            async for chunk in self._response.aiter_raw():
                yield chunk
        except (httpx.HTTPError, OSError) as e:
            failure = TransportError(f"the download broke off: {_said(e)}", sent=None)
        if failure is not None:
            _raise_alone(failure)


class Http:
    """HTTP for one event loop. Clients are made when first needed; ``close`` lets go of them."""

    def __init__(self) -> None:
        self._clients: dict[tuple[bool, bool], httpx.AsyncClient] = {}
        self._dropped: list[httpx.AsyncClient] = []
        self._context: ssl.SSLContext | None = None
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_no_queries)  # one that is there already is not added again

    async def call(
        self,
        origin: str,
        call: HttpCall,
        *,
        auth: Auth | None,
        key: Secret | None,
        fresh: bool = False,
        deadline_s: float = 60.0,
    ) -> HttpReply:
        """Make one call and read its whole answer.

        Args:
            origin: The provider's base URL.
            call: What to send.
            auth: How the key is sent.
            key: The key.
            fresh: Over a connection that no call has used.
            deadline_s: Seconds for all of it.

        Raises:
            TransportError: Without an answer; its ``sent`` says whether the request may have arrived.
        """
        client = await self._client(origin, fresh=fresh)
        url = origin + call.path
        failure: TransportError | None = None
        if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key.reveal()):  # httpcore would write it to its log
            failure = TransportError("the key has blanks or characters that no header takes; nothing was sent")
            failure.again = False
            _raise_alone(failure)
        try:
            async with asyncio.timeout(deadline_s):
                request = _built(client, url, call)
                key_auth = _KeyAuth(auth, key) if auth is not None and key is not None else None
                response = await _send(client, request, auth=key_auth)
                try:
                    return await _read(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            failure = TransportError(f"{_host(url)} did not answer within {deadline_s:g} s", sent=None)
        except _NOT_SENT as e:
            failure = self._not_sent(url, e)
            if isinstance(e, httpx.PoolTimeout):
                self._drop(client)
        except (httpx.HTTPError, OSError, ValueError) as e:
            failure = TransportError(f"{_host(url)}: the answer was lost: {_said(e)}", sent=None)
        _raise_alone(failure)

    @asynccontextmanager
    async def stream(self, url: str, headers: Mapping[str, str], *, local: bool) -> AsyncIterator[Stream]:
        """Open a download. No key goes with it, on no hop of its redirects.

        Args:
            url: The clip's link.
            headers: For example the range.
            local: The gateway is on this machine, so its links may be too.

        Raises:
            TransportError: The host could not be reached.
            DownloadError: The link leads somewhere that no clip is fetched from.
        """
        failure: Exception | None = None
        for _ in range(MOST_REDIRECTS + 1):
            await _check_link(url, local=local)
            client = await self._client(url, fresh=True)
            try:
                request = client.build_request("GET", url, headers={"Accept-Encoding": "identity", **headers})
                response = await _send(client, request)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as e:
                failure = TransportError(f"{_host(url)} cannot be reached for the clip: {_said(e)}", sent=None)
                if isinstance(e, httpx.PoolTimeout):
                    self._drop(client)
                break
            if response.next_request is None:
                try:
                    yield Stream(response)
                finally:
                    await response.aclose()
                return
            url = str(response.next_request.url)
            await response.aclose()
        _raise_alone(
            failure or DownloadError(f"the clip's link was redirected more than {MOST_REDIRECTS} times", dead_link=True)
        )

    async def close(self) -> None:
        """Close all connections."""
        clients, self._clients, self._dropped = [*self._clients.values(), *self._dropped], {}, []
        for client in clients:
            await client.aclose()

    def _drop(self, client: httpx.AsyncClient) -> None:
        """Use a client no more: httpx 0.28's pool can stay dead after cancelled requests; a new one is not.

        It is not closed: a create call, paid for, may be waiting on it for its answer.
        """
        self._clients = {place: known for place, known in self._clients.items() if known is not client}
        self._dropped.append(client)

    async def _client(self, url: str, *, fresh: bool) -> httpx.AsyncClient:
        local = is_loopback(url)
        if (local, fresh) not in self._clients:
            if self._context is None:
                # Reading the certificates takes longer than the notebook's loop should stand still.
                self._context = await asyncio.to_thread(ssl_context)
            failure: TransportError | None = None
            try:
                self._clients[local, fresh] = httpx.AsyncClient(
                    verify=self._context,
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept, of any host
                    trust_env=not local,
                    timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
                    limits=httpx.Limits(
                        max_connections=64, max_keepalive_connections=0 if fresh else 8, keepalive_expiry=KEEP_S
                    ),
                )
            except (ImportError, ValueError, OSError, httpx.InvalidURL) as e:
                failure = TransportError(
                    f"no connection can be made: {type(e).__name__}: {e}",
                    hint="check the variables HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE",
                )
            if failure is not None:
                raise failure
        return self._clients[local, fresh]

    def _not_sent(self, url: str, e: Exception) -> TransportError:
        cause: BaseException | None = e
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                failure = TransportError(
                    f"{_host(url)}: its TLS certificate is not trusted: {cause}; nothing was sent",
                    hint="behind a company's proxy set SSL_CERT_FILE to its certificate; TLS is always verified",
                )
                failure.again = False
                return failure
            cause = cause.__cause__ or cause.__context__
        return TransportError(
            f"{_host(url)} cannot be reached: {_said(e)}; nothing was sent",
            hint="check the network, its proxy, and the base URL; then run it again",
        )


def ssl_context() -> ssl.SSLContext:
    """The certificates that httpx would trust: ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` where set, else certifi's."""
    failure: TransportError | None = None
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as e:
        failure = TransportError(
            f"the certificates cannot be read: {e}",
            hint=f"SSL_CERT_FILE is {os.environ.get('SSL_CERT_FILE')!r}; correct or remove it",
        )
    raise failure


def _built(client: httpx.AsyncClient, url: str, call: HttpCall) -> httpx.Request:
    """The request as it will leave.

    Raises:
        TransportError: It cannot be written as JSON (half of a surrogate pair, for example): nothing was sent.
    """
    headers = {
        "User-Agent": "hailuo-widgets",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        **call.headers,
    }
    why = ""
    try:
        return client.build_request(call.method, url, json=call.json, params=dict(call.params) or None, headers=headers)
    except (ValueError, TypeError, RecursionError) as e:
        why = type(e).__name__
    raise TransportError(f"{_host(url)}: the request cannot be written ({why}), so nothing was sent", sent=False)


async def _read(response: httpx.Response) -> HttpReply:
    """The whole answer, unpacked here and bounded: httpx would make 64 MB of a packed piece of 64 kB, at once."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise ValueError(f"its Content-Encoding is {coding[:40]!r}, which was not asked for")
    packed = None if coding in {"", "identity"} else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    body = bytearray()
    async for piece in response.aiter_raw(64 * 1024):
        body += piece if packed is None else _unpacked(packed, piece, MAX_ANSWER + 1 - len(body))
        if len(body) > MAX_ANSWER:
            raise ValueError(f"it is larger than {MAX_ANSWER} bytes")
    headers = {k.lower(): v for k, v in response.headers.items()}
    return HttpReply(status=response.status_code, headers=headers, body=bytes(body))


def _unpacked(packed: zlib._Decompress, piece: bytes, room: int) -> bytes:
    try:
        return packed.decompress(piece, room)
    except zlib.error as e:
        why = str(e)
    raise ValueError(f"it cannot be unpacked: {why}")


async def _send(client: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth | None = None) -> httpx.Response:
    mark = _ours.set(True)
    try:
        return await client.send(request, auth=auth, follow_redirects=False, stream=True)
    finally:
        _ours.reset(mark)


async def _check_link(url: str, *, local: bool) -> None:
    """Refuse a link that is not https to the public internet; a gateway on this machine may name links to it."""
    try:
        parsed: httpx.URL | None = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        parsed = None
    port = 443 if parsed is None or parsed.port is None else parsed.port
    if parsed is None or parsed.scheme not in {"http", "https"} or not parsed.raw_host or port > MOST_PORT:
        shown = f"{parsed.scheme}:" if parsed is not None and parsed.scheme else "no address"
        raise DownloadError(
            f"the clip's link leads to {shown}, which no clip is fetched from",
            hint="a clip is fetched over https alone",
        )
    host = parsed.raw_host.decode("ascii")
    found = await addresses_of(host, port) if local or parsed.scheme == "https" else ()
    if local and found and all(address.is_loopback for address in found):
        return
    named = literal(host) is None
    inside = [str(address) for address in found if not is_public(address, named=named)]
    if parsed.scheme != "https" or inside:
        where = f" ({inside[0]})" if inside and named else ""
        raise DownloadError(
            f"the clip's link leads to {parsed.scheme}://{parsed.host}{where}, which no clip is fetched from",
            hint="a clip is fetched over https, and from the public internet alone",
        )


def _host(url: str) -> str:
    return httpx.URL(url).host or url[:60]


def _said(e: BaseException) -> str:
    # httpx's own message can hold a header's value, so only its kind is told, and the system's words where it has any.
    cause: BaseException | None = e
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"{type(e).__name__}: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return str(e) if isinstance(e, ValueError) else type(e).__name__
