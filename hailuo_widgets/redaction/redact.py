"""Redaction of keys and link signatures in text that comes from a provider.

A provider, or a proxy, may send a key back: in an error message, a page, a header, a link. There are two levels:

- ``redact_keys`` removes complete keys, in every encoding of text (plain, escaped for JSON, HTML or a URL, Base64,
  hex). It can't match anything else, so it is applied to every reply on arrival.
- ``redact`` is for text that people read. It also removes parts of keys, masked keys, and link signatures.

Removed text is replaced by ``•••``.
"""

from __future__ import annotations

import base64
import html
import re
from typing import TYPE_CHECKING, Any

from hailuo_widgets.redaction.secret import used_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["GONE", "each_text", "redact", "redact_keys"]

GONE = "•••"
SHORTEST = 8  # characters: shorter keys are removed by `redact` only, and only as separate words
TOO_SHORT = 4  # characters: still shorter keys could be any word, and are not removed
PIECE = 8  # consecutive characters of a key that count as a part of it
LONGEST = 20_000  # characters of a text for people; the rest is cut

# Every repetition is bounded, or can't start inside its own kind, so a hostile text takes no longer.
_MASKED = re.compile(r"(?<![\w-])[\w-]{0,80}(?:\*{2,}|•{2,}|·{3,}|█{2,}|x{4,}|X{4,}|#{3,}|…|\.{3,})[\w*•·█#….-]{0,80}")
_QUERY = re.compile(r"(\b[a-z][a-z0-9+.-]{1,9}:(?:\\?/){2}[^\s\"'<>?#]*)\?[^\s\"'<>]*", re.IGNORECASE)
_USER = re.compile(r"(\b[a-z][a-z0-9+.-]{1,9}:(?:\\?/){2})[^\s\"'<>/?#@]+@", re.IGNORECASE)
_SIGNED = re.compile(
    r"((?:signature|security-?token|credential|accesskeyid|key-pair-id|\bsig|\btoken|\bauth_key|\bpolicy)"
    r"(?:=|%3D))[^\s&\"'<>]+",
    re.IGNORECASE,
)
_NEVER = re.compile("(?!)")  # matches nothing


class _Finder:
    """Compiled patterns that find some keys in a text."""

    __slots__ = ("masks", "pieces", "short", "whole")

    def __init__(self, keys: Iterable[str]) -> None:
        known = list(keys)
        long = [key for key in known if len(key) >= SHORTEST]
        short = [re.escape(key) for key in known if TOO_SHORT <= len(key) < SHORTEST]
        forms = [form for key in long for form in _forms(key)]
        self.whole = re.compile("|".join(forms), re.IGNORECASE) if forms else _NEVER
        self.short = re.compile(rf"(?<![\w-])(?:{'|'.join(short)})(?![\w-])") if short else _NEVER
        self.pieces = [piece for key in long for piece in _pieces(key)]
        self.masks = [key.casefold() for key in long]


_finders: dict[tuple[str, ...], _Finder] = {}


def _finder() -> _Finder:
    keys = tuple(key.reveal() for key in used_keys())
    if keys not in _finders:
        _finders.clear()
        _finders[keys] = _Finder(keys)
    return _finders[keys]


def redact_keys(text: str) -> str:
    """Replace complete keys."""
    return _finder().whole.sub(GONE, text)


def redact(text: str) -> str:
    """Replace keys, parts of keys and link signatures, and cut the text to :data:`LONGEST` characters."""
    finder = _finder()
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    text = finder.short.sub(GONE, finder.whole.sub(GONE, text))
    text = _without_pieces(text, finder.pieces)
    text = _MASKED.sub(lambda found: _unmasked(found[0], finder.masks), text)
    text = _USER.sub(rf"\1{GONE}@", text)
    return _SIGNED.sub(r"\1…", _QUERY.sub(r"\1?…", text))


def each_text(value: Any, clean: Callable[[str], str]) -> Any:
    """Apply a function to every string of a JSON value, object names included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {each_text(name, clean): each_text(held, clean) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(held, clean) for held in value]
    return value


def _forms(key: str) -> Iterator[str]:
    """Yield a pattern of the key for each encoding."""
    yield "".join(_letter(c) for c in key)
    raw = key.encode()
    yield re.escape(raw.hex())
    for coded in _base64(raw):
        yield re.escape(coded)
        yield re.escape(coded.translate(str.maketrans("+/", "-_")))


def _letter(c: str) -> str:
    """Return a pattern of one character: plain, or escaped for JSON, for a URL (up to five times), or for HTML."""
    n = ord(c)
    known = [
        rf"\\{{0,3}}{re.escape(c)}",
        rf"%(?:25){{0,4}}{n:02x}",
        rf"\\{{1,6}}u00{n:02x}",
        rf"\\{{1,6}}x{n:02x}",
        rf"&#0{{0,6}}{n};?",
        rf"&#x0{{0,6}}{n:x};?",
    ]
    named = html.escape(c)
    return f"(?:{'|'.join([*known, re.escape(named)] if named != c else known)})"


def _base64(raw: bytes) -> Iterator[str]:
    """Yield the Base64 of some bytes at each offset in a longer text: only the characters that depend on them alone."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode()
        yield coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def _pieces(key: str) -> Iterator[str]:
    folded = key.casefold()
    for n in range(len(folded) - PIECE + 1):
        yield folded[n : n + PIECE]
    for coded in _base64(key.encode()):
        for n in range(len(coded) - 2 * PIECE + 1):
            yield coded[n : n + 2 * PIECE].casefold()


def _without_pieces(text: str, pieces: list[str]) -> str:
    folded = text.casefold()
    if len(folded) != len(text):  # some characters fold to two; those of a key don't
        folded = "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text)
    found = bytearray(len(text))
    for piece in pieces:
        at = folded.find(piece)
        while at >= 0:
            found[at : at + len(piece)] = b"\1" * len(piece)
            at = folded.find(piece, at + 1)
    if not any(found):
        return text
    kept = "".join("\0" if gone else c for c, gone in zip(text, found, strict=True))
    return re.sub("\0+", GONE, kept)


def _unmasked(token: str, keys: list[str]) -> str:
    """Replace a masked word that shows the beginning or end of a known key; return any other unchanged."""
    folded = token.casefold()
    head = re.match(r"[\w-]*?(?=x{4,}|$|[^\w-])", folded)
    tail = re.search(r"[\w-]*$", folded)
    begins = head[0] if head else ""
    ends = re.sub(r"^x{4,}", "", tail[0]) if tail else ""
    for key in keys:
        if (len(begins) > 1 and key.startswith(begins)) or (len(ends) > 1 and key.endswith(ends)):
            return GONE
    return token
