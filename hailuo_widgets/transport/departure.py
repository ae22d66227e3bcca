"""Whether a request has left this machine: told by where its call failed, never by what it failed with.

An error's type does not say it. A library raises the same type while it writes a request and while it reads the answer
to it, and what is taken for unsent by mistake is paid for twice.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNSENT", "Departure", "Unreadable", "lost", "not_sent", "said"]


class Departure:
    """The ``trace`` extension of one httpx request; ``left`` once its first byte may have been written.

    A proxy's own ``CONNECT`` goes out before the request and holds nothing of it.
    """

    def __init__(self) -> None:
        self.left = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear of a step; httpcore names it ``http11.send_request_headers.started``."""
        if event.endswith(".send_request_headers.started"):
            request = info.get("request")
            self.left = self.left or getattr(request, "method", b"") != b"CONNECT"


class Unreadable(ValueError):
    """An answer that is not read to its end; the text says why, and is ours."""


UNSENT = "; nothing was sent"


def not_sent(host: str, e: Exception, *, unsent: str = UNSENT) -> TransportError:
    """The error of a call that failed before the first byte of its request.

    ``unsent``: what it says of that; a call that asks for a run that was sent says nothing.
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
        f"{host} cannot be reached: {said(e)}{unsent}",
        hint="check the network, its proxy, and the base URL" + ("; then run it again" if unsent else ""),
    )


def lost(host: str, e: Exception, deadline_s: float) -> TransportError:
    """The error of a call that failed after that: the server may have the request whole."""
    if isinstance(e, TimeoutError):
        return TransportError(f"{host} did not answer within {deadline_s:g} s", sent=None)
    return TransportError(f"{host}: the answer was lost: {said(e)}", sent=None)


def said(e: BaseException) -> str:
    """What may be told of a library's exception."""
    # httpx's own message can hold a header's value, so only its kind is told, and the system's words where it has any.
    cause: BaseException | None = e
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"{type(e).__name__}: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return str(e) if isinstance(e, Unreadable) else type(e).__name__
