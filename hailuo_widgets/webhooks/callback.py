"""Callback parsing and authentication, with one table row per provider.

Sources: the webhook sections of the KIE.ai Minimax API document (flat body with ``taskId``), KIE's public page on
webhook verification (``X-Webhook-Timestamp``, ``X-Webhook-Signature``), MiniMax's public video documents (the
``challenge``; a body like a query's reply), and Runware's public page on webhooks (the query parameter ``token``).
The documents of MiniMax, kkiai and Pixazo describe no signature: for these, only the address is secret.

KIE signs the task id and the time, but not the body, so a replay with another ``videoUrl`` passes the check. That is
why only the task ids in a body are used, signed or not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hailuo_widgets.redaction.secret import Secret

__all__ = ["DIALECTS", "MOST_BYTES", "Callback", "CallbackRefusedError", "News", "read", "same"]

MOST_BYTES = 64 * 1024
SKEW_S = 300.0  # the largest difference between a signature's time and ours
MOST_TASKS = 64
LONGEST_ID = 200
LONGEST_CHALLENGE = 1024


class CallbackRefusedError(Exception):
    """A callback that is rejected.

    Args:
        status: The HTTP status of the reply.
        why: The reason in a word or two. It contains nothing of the callback.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Callback:
    """One received POST: headers by lower-case name, query, body, and arrival time in unix seconds."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, kw_only=True)
class News:
    """The content of a callback that is used: the tasks that it names, or a ``challenge`` to repeat."""

    tasks: tuple[str, ...] = ()
    challenge: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The callback format of one provider.

    Attributes:
        tasks: Yields the task ids in a body.
        challenge: Whether the provider first sends a challenge that must be repeated.
        check: Raises :class:`CallbackRefusedError` if the provider did not send the callback; None if its documents
            describe no check.
        secret: The source of the secret for ``check``: the name of an environment variable, ``made`` for one that is
            generated here, "" for none.
    """

    tasks: Callable[[Any], Iterator[Any]]
    challenge: bool = False
    check: Callable[[Callback, str, Secret], None] | None = None
    secret: str = ""


def same(given: str, expected: str) -> bool:
    """Return whether two secrets are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def read(dialect: Dialect, callback: Callback, secret: Secret | None) -> News:
    """Check and parse a callback.

    Args:
        dialect: The provider's row.
        callback: The callback.
        secret: The provider's secret; if None, the check is skipped.

    Raises:
        CallbackRefusedError: The body is not a JSON object (400), the signature is missing or too old (401), or wrong
            (403).
    """
    body = _json(callback.body)
    tasks = tuple(dict.fromkeys(_ids(dialect.tasks(body))))
    if dialect.check is not None and secret is not None:
        for task in tasks or ("",):
            dialect.check(callback, task, secret)
    challenge = body.get("challenge")
    if dialect.challenge and isinstance(challenge, str) and len(challenge) <= LONGEST_CHALLENGE:
        return News(challenge=challenge)
    return News(tasks=tasks)


def _json(body: bytes) -> dict[str, Any]:
    found: Any = None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CallbackRefusedError(400, "no JSON object")
    return found


def _ids(found: Iterator[Any]) -> Iterator[str]:
    for _, value in zip(range(MOST_TASKS), found, strict=False):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 128:
            yield str(value)
        elif isinstance(value, str) and 0 < len(value) <= LONGEST_ID:
            yield value


def _layers(body: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a body that may name a task: the body, and those in its ``data`` and ``errors``."""
    if isinstance(body, dict):
        yield body
        for name in ("data", "errors"):
            inner = body.get(name)
            for item in inner if isinstance(inner, list) else [inner]:
                if isinstance(item, dict):
                    yield item


def _named(*names: str) -> Callable[[Any], Iterator[Any]]:
    return lambda body: (layer[name] for layer in _layers(body) for name in names if name in layer)


def _kie_signature(callback: Callback, task: str, key: Secret) -> None:
    """Check KIE's signature: base64 of HMAC-SHA256 over ``<task id>.<unix seconds>``, with a recent time."""
    stamp = callback.headers.get("x-webhook-timestamp", "")
    given = callback.headers.get("x-webhook-signature", "")
    if not given or not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise CallbackRefusedError(401, "no signature")
    if abs(int(stamp) - callback.at) > SKEW_S:
        raise CallbackRefusedError(401, "expired")
    made = hmac.new(key.reveal().encode(), f"{task}.{stamp}".encode(), hashlib.sha256).digest()
    if not same(given, base64.b64encode(made).decode()):
        raise CallbackRefusedError(403, "forged")


def _token(callback: Callback, task: str, key: Secret) -> None:
    """Check Runware's token, which is part of the callback address."""
    del task
    if not same(callback.query.get("token", ""), key.reveal()):
        raise CallbackRefusedError(403, "forged")


_MINIMAX = Dialect(tasks=_named("task_id"), challenge=True)
DIALECTS: dict[str, Dialect] = {
    "minimax": _MINIMAX,
    "kie": Dialect(tasks=_named("taskId", "task_id"), check=_kie_signature, secret="KIE_WEBHOOK_KEY"),  # noqa: S106 - a variable's name
    "kkiai": _MINIMAX,  # kkiai passes callback_url on to MiniMax; the task id may then be MiniMax's, and unknown here
    "pixazo": Dialect(tasks=_named("task_id", "request_id"), challenge=True),
    "runware": Dialect(tasks=_named("taskUUID"), check=_token, secret="made"),  # noqa: S106 - a word for "our own"
}
