"""Webhook server: receives providers' callbacks and polls the run that a callback names at once.

A callback is only a hint. Its state and links are not read: the run is polled with the key, as at any other time. So a
forged, late or repeated callback causes at most one free query every five seconds.

The server has its own thread, so it answers MiniMax's challenge within the required three seconds even while a cell
computes. Providers can't reach 127.0.0.1 directly: give the address of a tunnel or proxy as ``public_url``.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from hailuo_widgets.domain.callback_format import OWN_TOKEN
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings.credentials import find_secret
from hailuo_widgets.settings.settings import is_loopback
from hailuo_widgets.webhooks.app import REST_S, CallbackApp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from hailuo_widgets.domain.callback_format import CallbackFormat
    from hailuo_widgets.webhooks.app import Follower

__all__ = ["Webhook"]

START_S = 30.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how a server on all addresses is reached from this machine


class _Server(uvicorn.Server):
    """A uvicorn server that signals when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepts = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepts.set()


class Webhook:
    """A server for callbacks, running until it is closed. Made by :func:`hailuo_widgets.webhook`.

    Args:
        follower: The session whose runs the callbacks are about.
        host: The address to listen on; 127.0.0.1 is reachable from this machine only.
        port: 0 uses a free port.
        keys: ``kie``: the key that KIE signs callbacks with (default: ``KIE_WEBHOOK_KEY``; without a key, KIE's
            callbacks are recognized by their secret address only). ``runware``: the token in the callback address
            (default: a new one).
        public_url: The https address of the tunnel or proxy through which providers reach this server.
        rest_s: The minimum number of seconds between two polls of one run that callbacks cause.

    Raises:
        UsageError: The port is in use, a key is given for a provider that has none, or ``public_url`` is not an https
            URL.
    """

    def __init__(
        self,
        follower: Follower,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Mapping[str, str | Secret] | None = None,
        public_url: str | None = None,
        rest_s: float = REST_S,
    ) -> None:
        self._formats = follower.callback_formats()
        self._secrets = _secrets_of(self._formats, keys or {})
        self._public = None if public_url is None else _origin(public_url)
        self._path_token = secrets.token_urlsafe(24)
        self.app = CallbackApp(follower, path_token=self._path_token, secrets=self._secrets, rest_s=rest_s).app
        self._listener = _listener(host, port)
        self.host, self.port = host, int(self._listener.getsockname()[1])
        config = uvicorn.Config(
            self.app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,  # its lines would contain the secret path
            server_header=False,
            limit_concurrency=64,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=16 * 1024,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._serve, name=f"hailuo-webhook-{self.port}", daemon=True)
        self._thread.start()
        if not self._server.accepts.wait(START_S):
            self.close()
            raise UsageError(f"no webhook could be served at {host}:{self.port} within {START_S:g} s")

    def _serve(self) -> None:
        loop = asyncio.new_event_loop()  # not asyncio.run: a notebook may have patched it
        try:
            loop.run_until_complete(self._server.serve([self._listener]))
        finally:
            loop.close()

    @property
    def url(self) -> str:
        """Where it is reached, with the path's token: whoever has it can send hints."""
        name = _ANY.get(self.host, self.host)
        origin = self._public or f"http://{f'[{name}]' if ':' in name else name}:{self.port}"
        return f"{origin}/{self._path_token}"

    def callback_url(self, provider: str) -> str:
        """Return the address to give as ``callback_url=`` to requests at a provider.

        Raises:
            UsageError: The provider is unknown, or has no callbacks.
        """
        form = self._formats.get(provider)
        if form is None:
            near = nearest(provider, self._formats)
            raise UsageError(
                f"provider={provider!r}: callbacks are known of {', '.join(self._formats)}",
                hint=f"did you mean {near!r}?" if near else None,
            )
        token = f"?token={self._secrets[provider].reveal()}" if form.secret == OWN_TOKEN else ""
        return f"{self.url}/{provider}{token}"

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop the server; a second call does nothing. Runs continue, and are polled as before."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Webhook {self.host}:{self.port}{'' if self.running else ' closed'}>"


def _secrets_of(formats: Mapping[str, CallbackFormat], keys: Mapping[str, str | Secret]) -> dict[str, Secret]:
    """Return the secret that checks each provider's callbacks, by provider."""
    checked = {name: form.secret for name, form in formats.items() if form.secret}
    for name in keys:
        if name not in checked:
            raise UsageError(f"keys: {name!r} signs no callbacks; allowed are {', '.join(checked)}")
    found: dict[str, Secret] = {}
    for name, source in checked.items():
        given = keys.get(name)
        if given is not None:
            key: Secret | None = given if isinstance(given, Secret) else Secret(given)
        else:
            key = Secret(secrets.token_urlsafe(24)) if source == OWN_TOKEN else find_secret(source)
        if key is not None:
            found[name] = key
    return found


def _origin(url: str) -> str:
    origin = url.rstrip("/")
    if not (origin.startswith("https://") or is_loopback(origin)) or any(sign in origin for sign in "?#@ "):
        raise UsageError(
            f"public_url={url!r}: an https URL without user, query and fragment is allowed",
            hint="give the address of the tunnel or proxy that leads to this machine",
        )
    return origin


def _listener(host: str, port: int) -> socket.socket:
    failure = ""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as e:
        failure = str(e)
    raise UsageError(
        f"host={host!r}, port={port!r}: no callbacks can be taken there: {failure}", hint="port=0 takes a free one"
    )
