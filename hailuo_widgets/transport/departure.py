"""Departure of a request: whether its first byte may have left this machine, by where its call failed.

The type of an error does not show it. A library raises the same type while it writes a request and while it reads the
response, and a request that is taken for unsent by mistake is paid for twice.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNSENT", "Departure", "Unreadable", "describe", "lost", "not_sent"]


class Departure:
    """The ``trace`` extension of one httpx request; ``left`` is True once its first byte may have been written.

    A ``CONNECT`` to a proxy goes out before the request and contains nothing of it.
    """

    def __init__(self) -> None:
        self.left = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Note a step of httpcore, such as ``http11.send_request_headers.started``."""
        if event.endswith(".send_request_headers.started"):
            request = info.get("request")
            self.left = self.left or getattr(request, "method", b"") != b"CONNECT"


class Unreadable(ValueError):
    """A response that is not read to its end; the message, which this package wrote, says why."""


UNSENT = "; nothing was sent"


def not_sent(host: str, e: Exception, *, unsent: str = UNSENT) -> TransportError:
    """The error of a call that failed before the first byte of its request.

    Args:
        host: The provider's host.
        e: What was raised.
        unsent: The end of the message; empty for a call about a run that was sent before.
    """
    cause: BaseException | None = e
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            failure = TransportError(
                f"{host}: its TLS certificate is not trusted: {cause}{unsent}",
                hint="behind a company's proxy set SSL_CERT_FILE to its certificate; TLS is always verified",
            )
            failure.again = False
            return failure
        cause = cause.__cause__ or cause.__context__
    return TransportError(
        f"{host} cannot be reached: {describe(e)}{unsent}",
        hint="check the network, its proxy, and the base URL" + ("; then run it again" if unsent else ""),
    )


def lost(host: str, e: Exception, deadline_s: float) -> TransportError:
    """The error of a call that failed after its first byte: the server may have the whole request."""
    if isinstance(e, TimeoutError):
        return TransportError(f"{host} did not answer within {deadline_s:g} s", sent=None)
    return TransportError(f"{host}: the answer was lost: {describe(e)}", sent=None)


def describe(e: BaseException) -> str:
    """The part of a library's exception that may be shown."""
    # httpx's own message can hold a header's value, so only its type is shown, and the system's error text.
    cause: BaseException | None = e
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"{type(e).__name__}: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return str(e) if isinstance(e, Unreadable) else type(e).__name__
