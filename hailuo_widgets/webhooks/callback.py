"""What a callback says, as far as it is believed: that there is news of a task. Pure functions, a row a provider.

Sources: the webhook sections of the KIE.ai Minimax API document (flat body with ``taskId``), KIE's public page on
webhook verification (``X-Webhook-Timestamp``, ``X-Webhook-Signature``), MiniMax's public video documents (the
``challenge``; a body like the query's answer), and Runware's public page on webhooks (the query parameter ``token``).
No signature was found in the documents of MiniMax, kkiai and Pixazo: there the address alone is the secret.

KIE signs task and time, and not the body: a replay with another ``videoUrl`` verifies. So nothing else of a body is
read, signed or not.
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

__all__ = ["DIALECTS", "MOST_BYTES", "Letter", "News", "RefusedLetterError", "read", "same"]

MOST_BYTES = 64 * 1024
SKEW_S = 300.0  # a signature's time may be so far from ours
MOST_TASKS = 64
LONGEST_ID = 200
LONGEST_CHALLENGE = 1024


class RefusedLetterError(Exception):
    """A post that is not taken.

    Args:
        status: The HTTP status of the answer.
        why: A word for it. Nothing of the post is in it.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One post: its headers by lower-case names, its query, its body, and when it came (unix seconds)."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, kw_only=True)
class News:
    """What is believed of a letter: the tasks that it names, or a ``challenge`` to be repeated."""

    tasks: tuple[str, ...] = ()
    challenge: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one provider calls back.

    Attributes:
        tasks: The ids that a body names.
        challenge: It asks for a challenge to be repeated before it calls.
        check: Refuses a letter that is not the provider's; None where the documents know no such check.
        secret: Where ``check`` takes its secret from: a variable's name, ``made`` for one of our own, "" for none.
    """

    tasks: Callable[[Any], Iterator[Any]]
    challenge: bool = False
    check: Callable[[Letter, str, Secret], None] | None = None
    secret: str = ""


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def read(dialect: Dialect, letter: Letter, secret: Secret | None) -> News:
    """Judge a letter.

    Args:
        dialect: Its provider's row.
        letter: The post.
        secret: The provider's secret, where there is one; without it the check is left out.

    Raises:
        RefusedLetterError: It is no JSON object (400), or bears no signature or time that fits (401), or a wrong one
            (403).
    """
    body = _json(letter.body)
    tasks = tuple(dict.fromkeys(_ids(dialect.tasks(body))))
    if dialect.check is not None and secret is not None:
        for task in tasks or ("",):
            dialect.check(letter, task, secret)
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
        raise RefusedLetterError(400, "no JSON object")
    return found


def _ids(found: Iterator[Any]) -> Iterator[str]:
    for _, value in zip(range(MOST_TASKS), found, strict=False):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 128:
            yield str(value)
        elif isinstance(value, str) and 0 < len(value) <= LONGEST_ID:
            yield value


def _layers(body: Any) -> Iterator[dict[str, Any]]:
    """The objects of a body that may name a task: itself, and what its ``data`` and ``errors`` hold."""
    if isinstance(body, dict):
        yield body
        for name in ("data", "errors"):
            inner = body.get(name)
            for item in inner if isinstance(inner, list) else [inner]:
                if isinstance(item, dict):
                    yield item


def _named(*names: str) -> Callable[[Any], Iterator[Any]]:
    return lambda body: (layer[name] for layer in _layers(body) for name in names if name in layer)


def _kie_signature(letter: Letter, task: str, key: Secret) -> None:
    """KIE: base64 of HMAC-SHA256 over ``<task id>.<unix seconds>``, and a time that is near ours."""
    stamp = letter.headers.get("x-webhook-timestamp", "")
    given = letter.headers.get("x-webhook-signature", "")
    if not given or not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise RefusedLetterError(401, "no signature")
    if abs(int(stamp) - letter.at) > SKEW_S:
        raise RefusedLetterError(401, "expired")
    made = hmac.new(key.reveal().encode(), f"{task}.{stamp}".encode(), hashlib.sha256).digest()
    if not same(given, base64.b64encode(made).decode()):
        raise RefusedLetterError(403, "forged")


def _token(letter: Letter, task: str, key: Secret) -> None:
    """Runware: the token that we put into the address."""
    del task
    if not same(letter.query.get("token", ""), key.reveal()):
        raise RefusedLetterError(403, "forged")


_MINIMAX = Dialect(tasks=_named("task_id"), challenge=True)
DIALECTS: dict[str, Dialect] = {
    "minimax": _MINIMAX,
    "kie": Dialect(tasks=_named("taskId", "task_id"), check=_kie_signature, secret="KIE_WEBHOOK_KEY"),  # noqa: S106 - a variable's name
    "kkiai": _MINIMAX,  # it hands callback_url on to MiniMax; the task's id may then be MiniMax's, and unknown here
    "pixazo": Dialect(tasks=_named("task_id", "request_id"), challenge=True),
    "runware": Dialect(tasks=_named("taskUUID"), check=_token, secret="made"),  # noqa: S106 - a word for "our own"
}
