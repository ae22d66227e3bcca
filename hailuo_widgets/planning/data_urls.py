"""Decoder for data URLs (RFC 2397): base64 in either alphabet, padded or not, or percent-encoded."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote_to_bytes

__all__ = ["DataUrlError", "decode"]

_SPACE = re.compile(rb"\s+")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/]")


class DataUrlError(ValueError):
    """A data URL that can't be decoded; the message gives the reason."""


def decode(url: str) -> bytes:
    """Return the bytes of a data URL, whatever media type it names.

    Args:
        url: A URL that begins with ``data:`` in any case.

    Raises:
        DataUrlError: It has no comma, or its base64 is damaged; the message says where.
    """
    head, comma, payload = url[len("data:") :].partition(",")
    if not comma:
        raise DataUrlError("this data URL has no comma, so it holds no base64 and nothing else")
    try:
        raw = unquote_to_bytes(payload)
    except UnicodeEncodeError:
        raise DataUrlError("this data URL holds half of a surrogate pair") from None
    if "base64" not in (word.strip().casefold() for word in head.split(";")[1:]):
        return raw
    text = _SPACE.sub(b"", raw).translate(bytes.maketrans(b"-_", b"+/"))
    bare = text.rstrip(b"=")
    foreign = _FOREIGN.search(bare)
    if foreign is not None:
        sign = bare[foreign.start() :].decode("utf-8", "replace")[0]
        found = "a = before its end" if sign == "=" else repr(sign)
        raise DataUrlError(f"its base64 is damaged: it holds {found} at character {foreign.start() + 1}")
    if len(bare) % 4 == 1 or len(text) - len(bare) > 2:  # noqa: PLR2004 - a group of four has at most two of padding
        raise DataUrlError(f"its base64 is damaged: {len(bare)} characters are no whole bytes, so some are missing")
    return base64.b64decode(bare + b"=" * (-len(bare) % 4))
