"""Passwords in URLs: a database's, a proxy's, a provider's. They are used, and shown nowhere."""

from __future__ import annotations

import re

__all__ = ["HIDDEN", "PrivateUrl", "shown_base", "without_passwords"]

HIDDEN = "***"
# To the last "@": a password that was not quoted may hold any character of a URL.
_USER_AND_PASSWORD = re.compile(r"(?<=://)([^\s/@:'\"]*):(\S+)@")
_USER_OF_THE_WEB = re.compile(r"(https?://)[^\s/@'\"]+@", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}://", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]*(?::\d{0,5}(?!\w))?/?")
_IN_A_QUERY = re.compile(r"([?&](?:ssl)?(?:password|passwd|passphrase|pwd)=)[^&\s'\"]+", re.IGNORECASE)


def without_passwords(text: str) -> str:
    """The text with no password in its URLs; a user's name stays, but in http and https, where it may be a key."""
    if "://" not in text:
        return text
    text = _USER_AND_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = _USER_OF_THE_WEB.sub(rf"\1{HIDDEN}@", text)
    return _IN_A_QUERY.sub(rf"\1{HIDDEN}", text)


def shown_base(url: str) -> str:
    """A base URL as it may be shown: without a user and a password, and without query or fragment, where keys stand.

    It may be none at all, with no scheme say: whatever stands before an "@" is hidden.
    """
    before, at, rest = url.rpartition("@")
    if not at:
        return re.sub(r"[?#].*", "?…", url, flags=re.DOTALL)
    scheme = _SCHEME.match(before)
    host = _HOST.match(rest)
    shown = host[0] if host else ""
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{shown}{'…' if shown != rest else ''}"


class PrivateUrl(str):
    """A URL whose representation has no password; what uses it takes it as the text that it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        """The URL in quotes, without its password."""
        return repr(without_passwords(str(self)))
