"""Parsing of replies: JSON objects, IDs, codes, links, amounts and messages.

Except for :func:`load`, nothing here raises: an invalid value becomes None (or an empty object).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from hailuo_widgets.provider.messages import HttpReply

__all__ = [
    "as_code",
    "as_json",
    "as_micros",
    "as_object",
    "as_path",
    "as_seed",
    "as_task_id",
    "as_url",
    "load",
    "message_of",
    "plain",
    "same_id",
    "trace_id",
]

TASK_ID = re.compile(r"[\w.:-]{1,256}", re.ASCII)
# Placeholders for a missing ID: only zeros and punctuation, a negative number, or a word for "nothing".
PLACEHOLDER = re.compile(
    r"[0_.:-]+|-\d+|null|none|nil|nan|n\.?a\.?|undefined|void|empty|unknown|true|false|error|failed|success|ok",
    re.ASCII | re.IGNORECASE,
)
# A host in ASCII (a name, an IPv4 or IPv6 address), and no blank, control character or half of a surrogate pair.
LINK = re.compile(
    r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#][^\s\\\x00-\x20\x7f\ud800-\udfff]{0,8000})?",
    re.IGNORECASE,
)
MOST_MONEY = 10**9
LONGEST_NUMBER = 30  # digits of an id that is a number
MOST_DIGITS = 9  # of an error code that is a number


def trace_id(reply: HttpReply | None) -> str | None:
    """Return the provider's ID of a call, from the reply's headers or else its body."""
    if reply is None:
        return None
    body = as_object(reply)
    for value in (
        *(reply.headers.get(name) for name in ("trace-id", "trace_id", "x-request-id")),
        *(body.get(name) for name in ("trace_id", "request_id", "requestId", "activityId")),
    ):
        if value and isinstance(value, str):
            return plain(value)[:128]
    return None


def as_object(reply: HttpReply) -> dict[str, Any]:
    """Return a reply's JSON object; an empty one if the body is anything else."""
    value = as_json(reply.body)
    return value if isinstance(value, dict) else {}


def as_json(text: bytes | str) -> Any:
    """Return the JSON value of a text; None if it is not JSON."""
    try:
        return load(text if isinstance(text, bytes) else text.encode())
    except (ValueError, RecursionError):
        return None


def load(body: bytes) -> Any:
    """Return the JSON value of a body. NaN, infinities and numbers with thousands of digits become None.

    They are not valid JSON, but the rest of the body may contain the ID of a paid task.

    Raises:
        ValueError: The body is not JSON.
        RecursionError: It is nested too deeply.
    """
    # utf-8-sig accepts a byte-order mark, for the same reason.
    return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None, parse_int=_whole)


def _whole(digits: str) -> int | None:
    """Return a whole number; None if it has more digits than Python reads."""
    try:
        return int(digits)
    except ValueError:
        return None


def as_task_id(value: object) -> str | None:
    """Return a task ID as text; None if it is empty, too long, has odd characters, or is a placeholder."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    try:
        text = str(value)
    except ValueError:  # an int of thousands of digits
        return None
    return text if TASK_ID.fullmatch(text) and not PLACEHOLDER.fullmatch(text) else None


def same_id(named: object, expected: str) -> bool:
    """Return whether an ID in a reply is ours, or is missing.

    Letters may be in either case, and a number beyond 2^53 may have been rounded to a double.
    """
    found = as_task_id(named)
    if found is None or found.casefold() == expected.casefold():
        return True
    numbers = all(text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER for text in (found, expected))
    return numbers and int(found) == int(float(expected))


def as_code(value: object) -> str | None:
    """Return an error code as text (numbers without leading zeros, words cut to 40 characters); None if invalid."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 10**MOST_DIGITS else None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return str(int(text))
    return text[:40] or None


def as_url(value: object) -> str | None:
    """Return an http(s) link; None if it is not one."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not LINK.fullmatch(text):
        return None
    try:
        fair = urlsplit(text).port != 0
    except ValueError:  # a port over 65535, or a malformed address in brackets
        return None
    return text if fair else None


def as_path(value: object) -> str | None:
    """Return a link without a host, which is relative to the host that sent it; None if it is anything else."""
    if not isinstance(value, str) or not value.startswith("/") or value.startswith(("//", "/\\")):
        return None
    return value.strip() if LINK.fullmatch(f"https://a{value.strip()}") else None


def as_micros(value: object) -> int | None:
    """Return an amount of money or credits in millionths; None if it is not an amount."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not 0 <= value < MOST_MONEY or not math.isfinite(value):
        return None
    return round(value * 1_000_000)


def as_seed(value: object) -> int | None:
    """Return a seed; None if it is not a 64-bit whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        return None
    return value


def plain(text: str) -> str:
    """Return text that can be stored and shown: without NUL characters and lone surrogates, which JSON may contain."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def message_of(data: dict[str, Any]) -> str | None:
    """Return the message of an error body, in any of the formats that providers use."""
    for name in ("error", "message", "msg", "detail"):
        value = data.get(name)
        if isinstance(value, list) and value:  # FastAPI's format: one object per error
            value = value[0]
        if isinstance(value, dict):
            kind, message = value.get("type"), value.get("message", value.get("msg"))
            value = (
                f"{message} ({kind})"
                if name == "detail" and isinstance(message, str) and isinstance(kind, str)
                else message
            )
        if isinstance(value, str) and value.strip():
            return value
    return None
