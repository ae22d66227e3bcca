"""Callback parsing and authentication, by the format that the provider declares.

Providers sign little of a callback, some of them nothing: so only the task ids in a body are used, signed or not. Where
no signature is documented, only the address is secret.
"""

from __future__ import annotations

import contextlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.callback_format import OWN_TOKEN, CallbackCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.callback_format import Callback, CallbackFormat
    from hailuo_widgets.redaction.secret import Secret

__all__ = ["MOST_BYTES", "CallbackRefusedError", "News", "read", "same"]

MOST_BYTES = 64 * 1024
MOST_TASKS = 64
LONGEST_ID = 200
LONGEST_CHALLENGE = 1024
_STATUS = {CallbackCheck.MISSING: 401, CallbackCheck.EXPIRED: 401, CallbackCheck.FORGED: 403}


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
class News:
    """The content of a callback that is used: the tasks that it names, or a ``challenge`` to repeat."""

    tasks: tuple[str, ...] = ()
    challenge: str | None = None


def same(given: str, expected: str) -> bool:
    """Return whether two secrets are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def read(form: CallbackFormat, callback: Callback, secret: Secret | None) -> News:
    """Check and parse a callback.

    Args:
        form: The provider's format.
        callback: The callback.
        secret: The provider's secret; if None, the check is skipped.

    Raises:
        CallbackRefusedError: The body is not a JSON object (400), the signature is missing or too old (401), or wrong
            (403).
    """
    body = _json(callback.body)
    tasks = _tasks(form, body)
    if secret is not None:
        _check(form, callback, tasks or ("",), secret)
    challenge = body.get("challenge")
    if form.challenge and isinstance(challenge, str) and len(challenge) <= LONGEST_CHALLENGE:
        return News(challenge=challenge)
    return News(tasks=tasks)


def _check(form: CallbackFormat, callback: Callback, tasks: tuple[str, ...], secret: Secret) -> None:
    if form.secret == OWN_TOKEN and not same(callback.query.get("token", ""), secret.reveal()):
        raise CallbackRefusedError(403, "forged")
    for task in tasks if form.check is not None else ():
        found = form.check(callback, task, secret) if form.check is not None else CallbackCheck.GOOD
        if found != CallbackCheck.GOOD:
            raise CallbackRefusedError(_STATUS[found], found.value)


def _json(body: bytes) -> dict[str, Any]:
    found: Any = None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CallbackRefusedError(400, "no JSON object")
    return found


def _tasks(form: CallbackFormat, body: dict[str, Any]) -> tuple[str, ...]:
    with contextlib.suppress(Exception):  # a provider of another package may raise anything on a stranger's body
        return tuple(dict.fromkeys(_ids(form.tasks(body))))
    raise CallbackRefusedError(400, "unreadable")


def _ids(found: Iterator[Any]) -> Iterator[str]:
    for _, value in zip(range(MOST_TASKS), found, strict=False):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 128:
            yield str(value)
        elif isinstance(value, str) and 0 < len(value) <= LONGEST_ID:
            yield value
