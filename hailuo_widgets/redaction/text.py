"""What comes from outside without this session's keys, and without what signs a link.

A provider, or a proxy on the way to it, may send a key back: in an error's words, a page, a header, a link. Two depths:

- ``whole`` takes out a key that stands there whole, in any spelling that text travels in (as it is, escaped for JSON,
  HTML or a URL, as Base64, as hex). It cannot hit anything else, so it is done to every answer as it enters.
- ``words`` is for what people read. It also takes out pieces of a key, keys with a masked middle, and what signs links.

What was taken out reads ``•••``.
"""

from __future__ import annotations

import base64
import html
import re
from typing import TYPE_CHECKING, Any

from hailuo_widgets.redaction.secret import used_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["GONE", "each_text", "whole", "words"]

GONE = "•••"
SHORTEST = 8  # characters: a shorter key is taken out of words alone, where it stands alone
TOO_SHORT = 4  # and one that is shorter than that is a word of any language
PIECE = 8  # so many characters of a key in a row are a piece of it
LONGEST = 20_000  # characters of one text for people: what comes after them is left out

# Every repetition is bounded, or begins where nothing of its kind stands before it: a hostile text costs no more time.
_MASKED = re.compile(r"(?<![\w-])[\w-]{0,80}(?:\*{2,}|•{2,}|·{3,}|█{2,}|x{4,}|X{4,}|#{3,}|…|\.{3,})[\w*•·█#….-]{0,80}")
_QUERY = re.compile(r"(\b[a-z][a-z0-9+.-]{1,9}:(?:\\?/){2}[^\s\"'<>?#]*)\?[^\s\"'<>]*", re.IGNORECASE)
_USER = re.compile(r"(\b[a-z][a-z0-9+.-]{1,9}:(?:\\?/){2})[^\s\"'<>/?#@]+@", re.IGNORECASE)
_SIGNED = re.compile(
    r"((?:signature|security-?token|credential|accesskeyid|key-pair-id|\bsig|\btoken|\bauth_key|\bpolicy)"
    r"(?:=|%3D))[^\s&\"'<>]+",
    re.IGNORECASE,
)
_NOBODYS = re.compile("(?!)")


class _Finder:
    """What finds some keys in a text. It never shows them."""

    __slots__ = ("masks", "pieces", "short", "whole")

    def __init__(self, keys: Iterable[str]) -> None:
        known = list(keys)
        long = [key for key in known if len(key) >= SHORTEST]
        short = [re.escape(key) for key in known if TOO_SHORT <= len(key) < SHORTEST]
        forms = [form for key in long for form in _forms(key)]
        self.whole = re.compile("|".join(forms), re.IGNORECASE) if forms else _NOBODYS
        self.short = re.compile(rf"(?<![\w-])(?:{'|'.join(short)})(?![\w-])") if short else _NOBODYS
        self.pieces = [piece for key in long for piece in _pieces(key)]
        self.masks = [key.casefold() for key in long]


_finders: dict[tuple[str, ...], _Finder] = {}


def _finder() -> _Finder:
    keys = tuple(key.reveal() for key in used_keys())
    if keys not in _finders:
        _finders.clear()
        _finders[keys] = _Finder(keys)
    return _finders[keys]


def whole(text: str) -> str:
    """The text without keys that stand in it whole."""
    return _finder().whole.sub(GONE, text)


def words(text: str) -> str:
    """The text, for people, without keys and pieces of them, and without what signs links."""
    finder = _finder()
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    text = finder.short.sub(GONE, finder.whole.sub(GONE, text))
    text = _without_pieces(text, finder.pieces)
    text = _MASKED.sub(lambda found: _unmasked(found[0], finder.masks), text)
    text = _USER.sub(rf"\1{GONE}@", text)
    return _SIGNED.sub(r"\1…", _QUERY.sub(r"\1?…", text))


def each_text(value: Any, clean: Callable[[str], str]) -> Any:
    """A JSON value with each of its texts cleaned, the names in it too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {each_text(name, clean): each_text(held, clean) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(held, clean) for held in value]
    return value


def _forms(key: str) -> Iterator[str]:
    """Patterns of a key in each spelling that text travels in."""
    yield "".join(_letter(c) for c in key)
    raw = key.encode()
    yield re.escape(raw.hex())
    for coded in _base64(raw):
        yield re.escape(coded)
        yield re.escape(coded.translate(str.maketrans("+/", "-_")))


def _letter(c: str) -> str:
    """A pattern of one character, as it is or escaped for JSON, for a URL (once or twice), or for HTML."""
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
    """What bytes are in Base64 wherever they begin in a longer text: the characters that they alone decide."""
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
    if len(folded) != len(text):  # some characters fold to two: those of a key do not
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
    """A masked token without what it leaves of a key; as it is where it leaves nothing of one of ours."""
    folded = token.casefold()
    head = re.match(r"[\w-]*?(?=x{4,}|$|[^\w-])", folded)
    tail = re.search(r"[\w-]*$", folded)
    begins = head[0] if head else ""
    ends = re.sub(r"^x{4,}", "", tail[0]) if tail else ""
    for key in keys:
        if (len(begins) > 1 and key.startswith(begins)) or (len(ends) > 1 and key.endswith(ends)):
            return GONE
    return token
