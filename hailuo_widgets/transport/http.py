"""HTTP client of one event loop, and the only importer of httpx: calls, and downloads of clips.

The rest of the package relies on these rules:

- Redirects of API calls are never followed.
- A create call uses a fresh connection: on an idle one that the server has dropped, a paid POST becomes ambiguous.
- A response is read up to 4 MiB. A call has a total deadline beside the time-out of each read, a download one for its
  headers.
- The key is in an auth object only and goes to the provider's own origin; no error carries httpx's own exception.
- The log lines that httpx writes of these calls show no query of a URL.
- Where a call failed tells whether its request was sent, see `departure`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import zlib
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, NoReturn

import httpx

from hailuo_widgets.errors import DownloadError, TransportError
from hailuo_widgets.provider.interface import HttpReply
from hailuo_widgets.provider.messages import FormFile
from hailuo_widgets.settings.settings import is_loopback
from hailuo_widgets.transport.addresses import addresses_of, is_public, literal, same_origin
from hailuo_widgets.transport.decompression import unpack_into
from hailuo_widgets.transport.departure import UNSENT, Departure, Unreadable, describe, lost, not_sent
from hailuo_widgets.transport.log_lines import clean_log_lines, our_call

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Generator, Mapping

    from hailuo_widgets.domain.catalog import Auth
    from hailuo_widgets.provider.interface import HttpCall
    from hailuo_widgets.redaction.secret import Secret

__all__ = ["Http", "Stream"]

MAX_ANSWER = 4 * 1024 * 1024
CONNECT_S = 15.0
READ_S = 60.0
KEEP_S = 2.0  # for which an idle connection is used again: servers close theirs after 5 s, or later
MOST_REDIRECTS = 5
MOST_PORT = 65535
HEADERS_S = 20.0  # for a download to begin, all hops of its redirects together
STALL_S = 20.0  # between two pieces of a download
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _NoCookies(CookieJar):
    """Cookie jar that stays empty and reads no cookie: a date in one can be beyond what Python holds."""

    def extract_cookies(self, *_: object) -> None:
        """Read no cookie."""


class _KeyAuth(httpx.Auth):
    """Adds the key to a request at the last moment; no local variable in a traceback holds it."""

    def __init__(self, auth: Auth, key: Secret) -> None:
        self._auth, self._key = auth, key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._auth.header] = self._auth.prefix + self._key.reveal()
        yield request


def _raise_alone(failure: Exception) -> NoReturn:
    """Raise an error without its cause: httpx's frames have the key among their local variables.

    Raising it outside of the handler is not enough. A task that is implemented in Python (nest-asyncio replaces C's by
    those) continues inside the handler of a future's error, so Python would set that as the context.
    """
    try:
        raise failure
    finally:
        failure.__context__ = None


class Stream:
    """A download in progress: ``status``, ``headers`` by lower-case names, and the body."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self._response = response

    async def aiter(self) -> AsyncIterator[bytes]:
        """The pieces of the body as they come.

        Raises:
            TransportError: The connection broke.
        """
        failure: TransportError | None = None
        try:
            async for chunk in self._response.aiter_raw():
                yield chunk
        except Exception as e:  # noqa: BLE001 - whatever was raised: downloading again is free
            failure = TransportError(f"the download broke off: {describe(e)}", sent=None)
            failure.stalled = isinstance(e, httpx.ReadTimeout)
        if failure is not None:
            _raise_alone(failure)


class Http:
    """HTTP for one event loop. Its httpx clients are made when they are first needed, and ended by ``close``.

    Args:
        headers_s: Seconds within which a download must begin.
        stall_s: Seconds within which its next bytes must come.
    """

    def __init__(self, *, headers_s: float = HEADERS_S, stall_s: float = STALL_S) -> None:
        self._headers_s = headers_s
        self._stall_s = stall_s
        self._clients: dict[tuple[bool, bool], httpx.AsyncClient] = {}
        self._dropped: list[httpx.AsyncClient] = []
        self._context: ssl.SSLContext | None = None
        clean_log_lines()

    async def call(
        self,
        origin: str,
        call: HttpCall,
        *,
        auth: Auth | None,
        key: Secret | None,
        fresh: bool = False,
        asking: bool = False,
        deadline_s: float = 60.0,
    ) -> HttpReply:
        """Make one call and read its whole response.

        Args:
            origin: The provider's base URL.
            call: What to send.
            auth: The header of the key.
            key: The key.
            fresh: Use a connection that no call has used.
            asking: The call asks about a run that may have been sent before: no error says that nothing was sent.
            deadline_s: Seconds for the whole call.

        Raises:
            TransportError: There is no response; ``sent`` says whether the request may have arrived.
        """
        client, unsent = await self._client(origin, fresh=fresh), "" if asking else UNSENT
        url = origin + call.path
        failure: TransportError | None = None
        if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key.reveal()):  # httpcore would write it to its log
            failure = TransportError(f"the key has blanks or characters that no header takes{unsent}")
            failure.again = False
            _raise_alone(failure)
        departure, reply = Departure(), None
        try:
            async with asyncio.timeout(deadline_s):
                request = _build_request(client, url, call, unsent)
                key_auth = _KeyAuth(auth, key) if auth is not None and key is not None else None
                response = await _send(client, request, departure, auth=key_auth)
                try:
                    reply = await _read(response)
                finally:
                    await _close(response)
        except TransportError as e:
            failure = e
        except Exception as e:  # noqa: BLE001 - whatever was raised: what matters is whether the request had left
            if isinstance(e, httpx.PoolTimeout):
                self._drop(client)
            failure = lost(_host(url), e, deadline_s) if departure.left else not_sent(_host(url), e, unsent=unsent)
        if reply is not None:
            return reply
        _raise_alone(failure or lost(_host(url), TimeoutError(), deadline_s))

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str], *, local: bool, keyed: tuple[str, Auth, Secret] | None = None
    ) -> AsyncIterator[Stream]:
        """Open a download. It carries no key, unless the link leads to the one origin that ``keyed`` names.

        Args:
            url: The clip's link.
            headers: For example the range.
            local: The provider is on this machine, so its links may be too.
            keyed: An origin that gets the key, its header, and the key.

        Raises:
            TransportError: The host could not be reached, or sent no headers in time.
            DownloadError: The link leads to a host that no clip is downloaded from.
        """
        failure: Exception | None = None
        try:
            async with asyncio.timeout(self._headers_s):
                response = await self._open_link(url, headers, local=local, keyed=keyed)
        except (DownloadError, TransportError) as e:
            failure = e
        except TimeoutError:
            failure = TransportError(
                f"{_host(url)} sent no headers of the clip within {self._headers_s:g} s", sent=None
            )
            failure.stalled = True
        if failure is not None:
            _raise_alone(failure)
        try:
            yield Stream(response)
        finally:
            await _close(response)

    async def _open_link(
        self, url: str, headers: Mapping[str, str], *, local: bool, keyed: tuple[str, Auth, Secret] | None
    ) -> httpx.Response:
        """The response at the end of a link's redirects; each hop is checked by the same rules."""
        failure: Exception | None = None
        for _ in range(MOST_REDIRECTS + 1):
            await _check_link(url, local=local)
            client: httpx.AsyncClient | None = None
            try:
                client = await self._client(url, fresh=True)
                asked = {"Accept-Encoding": "identity", **headers}
                timeout = httpx.Timeout(self._stall_s, connect=CONNECT_S)
                request = client.build_request("GET", url, headers=asked, timeout=timeout)
                auth = _KeyAuth(*keyed[1:]) if keyed is not None and same_origin(url, keyed[0]) else None
                response = await _send(client, request, Departure(), auth=auth)
            except (TimeoutError, TransportError):
                raise
            except Exception as e:  # noqa: BLE001 - whatever was raised: downloading again is free
                failure = TransportError(f"{_host(url)} cannot be reached for the clip: {describe(e)}", sent=None)
                if client is not None and isinstance(e, httpx.PoolTimeout):
                    self._drop(client)
                break
            target = _location(response)
            if target is None:
                return response
            await _close(response)
            url = _join(url, target)
        _raise_alone(
            failure or DownloadError(f"the clip's link was redirected more than {MOST_REDIRECTS} times", dead_link=True)
        )

    async def close(self) -> None:
        """Close all connections."""
        clients, self._clients, self._dropped = [*self._clients.values(), *self._dropped], {}, []
        for client in clients:
            await client.aclose()

    def _drop(self, client: httpx.AsyncClient) -> None:
        """No longer use a client: the pool of httpx 0.28 can stay dead after cancelled requests.

        It is not closed: a create call, paid for, may be waiting on it for its response.
        """
        self._clients = {place: known for place, known in self._clients.items() if known is not client}
        self._dropped.append(client)

    async def _client(self, url: str, *, fresh: bool) -> httpx.AsyncClient:
        local = is_loopback(url)
        if (local, fresh) not in self._clients:
            if self._context is None:
                # Reading the certificates takes longer than the notebook's loop may be blocked.
                self._context = await asyncio.to_thread(ssl_context)
            failure: TransportError | None = None
            try:
                self._clients[local, fresh] = httpx.AsyncClient(
                    verify=self._context,
                    cookies=_NoCookies(),
                    event_hooks={"response": [_keep_location]},
                    trust_env=not local,
                    timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
                    limits=httpx.Limits(
                        max_connections=64, max_keepalive_connections=0 if fresh else 8, keepalive_expiry=KEEP_S
                    ),
                )
            except (ImportError, ValueError, OSError, httpx.InvalidURL) as e:
                told = "" if isinstance(e, httpx.InvalidURL) else f": {e}"  # its message quotes a part of a password
                failure = TransportError(
                    f"no connection can be made: {type(e).__name__}{told}",
                    hint="check the variables HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE",
                )
            if failure is not None:
                raise failure
        return self._clients[local, fresh]


def ssl_context() -> ssl.SSLContext:
    """The certificates that httpx trusts: ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` if set, else certifi's; blocks."""
    failure: TransportError | None = None
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as e:
        failure = TransportError(
            f"the certificates cannot be read: {e}",
            hint=f"SSL_CERT_FILE is {os.environ.get('SSL_CERT_FILE')!r}; correct or remove it",
        )
    raise failure


def _build_request(client: httpx.AsyncClient, url: str, call: HttpCall, unsent: str) -> httpx.Request:
    """The request as it will be sent.

    Raises:
        TransportError: It cannot be written as JSON (for example, half of a surrogate pair); nothing was sent.
    """
    headers = {
        "User-Agent": "hailuo-widgets",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        **call.headers,
    }
    why = ""
    files = {
        name: (part.name, part.data, part.media_type) for name, part in call.form.items() if isinstance(part, FormFile)
    }
    texts = {name: part for name, part in call.form.items() if not isinstance(part, FormFile)}
    try:
        return client.build_request(
            call.method,
            url,
            json=call.json,
            data=texts or None,
            files=files or None,
            params=dict(call.params) or None,
            headers=headers,
        )
    except (ValueError, TypeError, RecursionError) as e:
        why = type(e).__name__
    raise TransportError(f"{_host(url)}: the request cannot be written ({why}){unsent}", sent=False)


async def _read(response: httpx.Response) -> HttpReply:
    """The whole response, unpacked within bounds: httpx would unpack a piece of 64 kB to 64 MB at once."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise Unreadable(f"its Content-Encoding is {coding[:40]!r}, which was not asked for")
    packed = None if coding in {"", "identity"} else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    body, here = bytearray(), 0
    try:
        async for piece in response.aiter_raw(64 * 1024):
            here += len(piece)
            unpack_into(body, piece, packed, most=MAX_ANSWER)
    except Unreadable:
        raise
    except Exception:
        if str(here) != response.headers.get("content-length"):  # else the whole body is here, and only its end failed
            raise
    headers = {k.lower(): v for k, v in response.headers.items()}
    return HttpReply(status=response.status_code, headers=headers, body=bytes(body))


async def _send(
    client: httpx.AsyncClient, request: httpx.Request, departure: Departure, auth: httpx.Auth | None = None
) -> httpx.Response:
    request.extensions = {**request.extensions, "trace": departure}
    with our_call():
        return await client.send(request, auth=auth, follow_redirects=False, stream=True)


async def _close(response: httpx.Response) -> None:
    """Close a response; an error in that does not spoil what has been read."""
    with contextlib.suppress(Exception):
        await response.aclose()


async def _keep_location(response: httpx.Response) -> None:
    """Set aside a redirect's target: httpx builds the next request at once, and fails on odd addresses."""
    location = response.headers.pop("location", None)
    if location is not None:
        response.extensions = {**response.extensions, "location": location}


def _location(response: httpx.Response) -> str | None:
    """The target of a redirect; None for another response."""
    if response.status_code not in _REDIRECTS:
        return None
    found = response.extensions.get("location") or response.headers.get("location")
    return found if isinstance(found, str) else None


def _join(url: str, target: str) -> str:
    """A redirect's target as an absolute URL; "" if it is malformed."""
    try:
        return str(httpx.URL(url).join(target))
    except Exception:  # noqa: BLE001 - the text is from the wire, and parsers raise many types
        return ""


async def _check_link(url: str, *, local: bool) -> None:
    """Refuse a link that is not https to the public internet; a provider on this machine may link to it.

    Raises:
        DownloadError: The link is refused.
    """
    try:
        parsed: httpx.URL | None = httpx.URL(url)
    except Exception:  # noqa: BLE001 - the text is from the wire, and parsers raise many types
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
            f"the clip's link leads to {parsed.scheme}://{host}{where}, which no clip is fetched from",
            hint="a clip is fetched over https, and from the public internet alone",
        )


def _host(url: str) -> str:
    try:
        return httpx.URL(url).raw_host.decode("ascii") or url[:60]  # `host` would decode names of other scripts
    except Exception:  # noqa: BLE001 - it stands in a message, whatever the text is
        return url[:60]
