"""What a server's answer to a download says: which bytes these are, of how many, and if they can be a clip at all.

Pure: headers and first bytes in, values out. Header names are lower-case. Sources: RFC 9110 (13.1.5 If-Range,
14.4 Content-Range, 8.8 validators); the gateways keep clips on object stores, whose refusals are small XML documents.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.archive.mp4 import TOP_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
_SENDABLE = re.compile(r"[\x20-\x7e]{1,500}")  # it goes back in a header of ours
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_XML_FIELDS = re.compile(rb"<(Code|Message)>([^<]{1,200})</\1>")
_JSON_FIELDS = ("code", "error", "message", "msg", "errorMessage")
_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP, AVI or WAV file"),
    (b"\x1aE\xdf\xa3", "a WebM file"),
    (b"\x1f\x8b", "compressed data"),
    (b"#EXTM3U", "a playlist (m3u8)"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
    (b"<?xml", "an XML document"),
    (b"<error", "an XML document"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
)
_MISSING = re.compile(r"NoSuch|not[ _-]?(?:yet|found|exist|ready)|pending|processing", re.IGNORECASE)
_EXPIRED = re.compile(r"expire|signature|token|credential|InvalidAccessKey", re.IGNORECASE)
_GONE, _LATER = {401, 410}, {202, 204, 404, 409, 421, 423}
_REFUSED = 400
HEAD = 12
"""Bytes that `foreign_kind` needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentRange:
    """A Content-Range header: the first byte that is sent, and the size of the whole; None where it does not say."""

    first: int | None
    total: int | None


def content_range(headers: Mapping[str, str]) -> ContentRange:
    """The Content-Range; both None if there is none, or it cannot be read."""
    found = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if not found:
        return ContentRange(first=None, total=None)
    first, _, total = found.groups()
    return ContentRange(first=None if first is None else int(first), total=None if total == "*" else int(total))


def content_length(headers: Mapping[str, str]) -> int | None:
    """The Content-Length, or None if there is none that can be read."""
    text = headers.get("content-length", "").strip()
    return int(text) if _DIGITS.fullmatch(text) else None


def validator(headers: Mapping[str, str]) -> str | None:
    """What can be sent as If-Range: a strong ETag, else Last-Modified; None if the server gave neither."""
    etag, modified = (headers.get(name, "").strip() for name in ("etag", "last-modified"))
    if etag.startswith('"') and _SENDABLE.fullmatch(etag):  # a weak one (W/"…") names no exact bytes
        return etag
    return modified if _SENDABLE.fullmatch(modified) else None


def coded(headers: Mapping[str, str]) -> str | None:
    """The Content-Encoding, if it is any."""
    text = headers.get("content-encoding", "").strip().lower()
    return text if text not in ("", "identity") else None


def foreign_kind(head: bytes) -> str | None:
    """What a body is that begins so, in words; None if it begins as a file of MP4's family does."""
    if head[4:8] in TOP_KINDS:
        return None
    text = _text(head)
    for start, kind in _KINDS:
        if head.startswith(start) or text.startswith(start):
            return kind
    return f"no MP4 (it begins with {head[:HEAD]!r})"


def is_refusal(body: bytes) -> bool:
    """Whether a body is an XML or JSON document: an object store's way to say no, whatever the status is."""
    return foreign_kind(body) in ("an XML document", "a JSON document")


def verdict(status: int, body: bytes) -> tuple[bool, bool]:
    """What a refusal says of its link: whether a fresh one may help, and whether the same one may later.

    An object store's words come before its status. A 403 without words may mean either: a store that does not say
    which files it has refuses the missing ones so. A status that says neither may mean either, too.
    """
    words = reason(body) or ""
    if _EXPIRED.search(words):
        return True, False
    if status in _LATER or _MISSING.search(words):
        return False, True
    return status >= _REFUSED or is_refusal(body), status not in _GONE


def reason(body: bytes) -> str | None:
    """The code and message in an object store's refusal; only these, since the rest may quote the signed address."""
    if _text(body).startswith((b"{", b"[")):
        try:
            raw = json.loads(body)
        except ValueError:
            return None
        fields = [raw[key] for key in _JSON_FIELDS if isinstance(raw, dict) and isinstance(raw.get(key), str | int)]
        text = ": ".join(str(field) for field in fields)
    else:
        text = ": ".join(value.decode("utf-8", "replace") for _, value in _XML_FIELDS.findall(body))
    return "".join(c for c in text if c.isprintable())[:200] or None


def _text(body: bytes) -> bytes:
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
