"""What an answer's bytes hold: its JSON object, and ids, codes, links, amounts and words out of it.

Nothing here raises, whatever the bytes are: what is not what it should be comes back as None (or as an empty object).
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
    "plain",
    "same_id",
    "trace_id",
    "words",
]

TASK_ID = re.compile(r"[\w.:-]{1,256}", re.ASCII)
# What stands where there is no id: nothing but zeros and punctuation, a negative number, or a word for "nothing".
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
    """The provider's id of a call, from its headers, else from its body."""
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
    """An error answer's JSON object; empty where it is none."""
    value = as_json(reply.body)
    return value if isinstance(value, dict) else {}


def as_json(text: bytes | str) -> Any:
    """The JSON value of a text; None where it is none."""
    try:
        return load(text if isinstance(text, bytes) else text.encode())
    except (ValueError, RecursionError):
        return None


def load(body: bytes) -> Any:
    """The JSON value of a body. NaN, an infinity and a number of thousands of digits, which no JSON has, are null.

    What stands beside them may be the id of a paid task, so they do not make the answer unreadable.

    Raises:
        ValueError: It is none.
        RecursionError: It is nested beyond reading.
    """
    # utf-8-sig: a byte-order mark before good JSON is no reason to doubt a paid answer.
    return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None, parse_int=_whole)


def _whole(digits: str) -> int | None:
    """A whole number; None for one longer than Python's own limit on reading them."""
    try:
        return int(digits)
    except ValueError:
        return None


def as_task_id(value: object) -> str | None:
    """A task id as text, or None for anything that cannot be one (empty, too long, odd characters, a placeholder)."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    try:
        text = str(value)
    except ValueError:  # an int of thousands of digits
        return None
    return text if TASK_ID.fullmatch(text) and not PLACEHOLDER.fullmatch(text) else None


def same_id(named: object, ours: str) -> bool:
    """Whether what an answer names is ours; what is no id names nothing, and contradicts nothing.

    An id's letters may come in either case. A number beyond 2^53 may have been rounded to a double on its way.
    """
    theirs = as_task_id(named)
    if theirs is None or theirs.casefold() == ours.casefold():
        return True
    numbers = all(text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER for text in (theirs, ours))
    return numbers and int(theirs) == int(float(ours))


def as_code(value: object) -> str | None:
    """An error code as text (numbers without leading zeros, words cut at 40 characters); None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 10**MOST_DIGITS else None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return str(int(text))
    return text[:40] or None


def as_url(value: object) -> str | None:
    """A link, or None for anything that no clip can be fetched from."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not LINK.fullmatch(text):
        return None
    try:
        fair = urlsplit(text).port != 0
    except ValueError:  # a port over 65535, or brackets around what is no address
        return None
    return text if fair else None


def as_path(value: object) -> str | None:
    """A link that names no host, and so leads to the one that gave it; None for anything else."""
    if not isinstance(value, str) or not value.startswith("/") or value.startswith(("//", "/\\")):
        return None
    return value.strip() if LINK.fullmatch(f"https://a{value.strip()}") else None


def as_micros(value: object) -> int | None:
    """Millionths of an amount of money or credits; None for what is no amount."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not 0 <= value < MOST_MONEY or not math.isfinite(value):
        return None
    return round(value * 1_000_000)


def as_seed(value: object) -> int | None:
    """A seed that was used; None for what is none, or is no 64-bit number."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        return None
    return value


def plain(text: str) -> str:
    """Text that can be stored and shown: JSON may hold NUL, and halves of surrogate pairs, which no encoding takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def words(data: dict[str, Any]) -> str | None:
    """What an error body says, in the shapes that gateways use."""
    for name in ("error", "message", "msg", "detail"):
        value = data.get(name)
        if isinstance(value, list) and value:  # FastAPI's: one object a fault
            value = value[0]
        if isinstance(value, dict):
            kind, said = value.get("type"), value.get("message", value.get("msg"))
            value = f"{said} ({kind})" if name == "detail" and isinstance(said, str) and isinstance(kind, str) else said
        if isinstance(value, str) and value.strip():
            return value
    return None
