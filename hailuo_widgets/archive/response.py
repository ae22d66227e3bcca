"""Reading of a download's response: byte range, size, validator, and the meaning of a refusal.

Pure: headers and first bytes in, values out. Header names are lower-case. Sources: RFC 9110 (13.1.5 If-Range,
14.4 Content-Range, 8.8 validators). Providers keep clips on object stores, whose refusals are small XML documents.
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
_SENDABLE = re.compile(r"[\x20-\x7e]{1,500}")  # it is sent back in a request header
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
"""The number of bytes that `foreign_kind` needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentRange:
    """A Content-Range header: the offset of the first byte, and the size of the whole; None if it is not given."""

    first: int | None
    total: int | None


def content_range(headers: Mapping[str, str]) -> ContentRange:
    """The Content-Range; both values are None if there is none, or it cannot be read."""
    found = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if not found:
        return ContentRange(first=None, total=None)
    first, _, total = found.groups()
    return ContentRange(first=None if first is None else int(first), total=None if total == "*" else int(total))


def content_length(headers: Mapping[str, str]) -> int | None:
    """The Content-Length; None if there is none, or it cannot be read."""
    text = headers.get("content-length", "").strip()
    return int(text) if _DIGITS.fullmatch(text) else None


def validator(headers: Mapping[str, str]) -> str | None:
    """The value for If-Range: a strong ETag, else Last-Modified; None if the server gave neither."""
    etag, modified = (headers.get(name, "").strip() for name in ("etag", "last-modified"))
    if etag.startswith('"') and _SENDABLE.fullmatch(etag):  # a weak one (W/"…") names no exact bytes
        return etag
    return modified if _SENDABLE.fullmatch(modified) else None


def content_encoding(headers: Mapping[str, str]) -> str | None:
    """The Content-Encoding; None for plain bytes."""
    text = headers.get("content-encoding", "").strip().lower()
    return text if text not in ("", "identity") else None


def foreign_kind(head: bytes) -> str | None:
    """Name the kind of a body by its first bytes; None if it begins as an MP4 file does."""
    if head[4:8] in TOP_KINDS:
        return None
    text = _text(head)
    for start, kind in _KINDS:
        if head.startswith(start) or text.startswith(start):
            return kind
    return f"no MP4 (it begins with {head[:HEAD]!r})"


def is_refusal(body: bytes) -> bool:
    """Whether a body is an XML or JSON document: so object stores refuse, whatever the status is."""
    return foreign_kind(body) in ("an XML document", "a JSON document")


def judge_refusal(status: int, body: bytes) -> tuple[bool, bool]:
    """Judge a refused link: whether a fresh link may help, and whether the same link may help later.

    An object store's text counts before its status. A 403 without text may mean either: a store that does not reveal
    which files it has refuses a missing file so. Any other status may mean either, too.
    """
    words = refusal_text(body) or ""
    if _EXPIRED.search(words):
        return True, False
    if status in _LATER or _MISSING.search(words):
        return False, True
    return status >= _REFUSED or is_refusal(body), status not in _GONE


def refusal_text(body: bytes) -> str | None:
    """The code and message of an object store's refusal; the rest may quote the signed address and is left out."""
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
