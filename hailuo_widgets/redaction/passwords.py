"""Removal of passwords from URLs of databases, proxies and providers."""

from __future__ import annotations

import re

__all__ = ["HIDDEN", "PrivateUrl", "shown_base", "without_passwords"]

HIDDEN = "***"
# Up to the last "@": an unquoted password may contain any character of a URL.
_USER_AND_PASSWORD = re.compile(r"(?<=://)([^\s/@:'\"]*):(\S+)@")
_USER_OF_THE_WEB = re.compile(r"(https?://)[^\s/@'\"]+@", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}://", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]*(?::\d{0,5}(?!\w))?/?")
_IN_A_QUERY = re.compile(r"([?&](?:ssl)?(?:password|passwd|passphrase|pwd)=)[^&\s'\"]+", re.IGNORECASE)


def without_passwords(text: str) -> str:
    """Return the text without the passwords in its URLs. In http(s) URLs the user name goes too: it may be a key."""
    if "://" not in text:
        return text
    text = _USER_AND_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = _USER_OF_THE_WEB.sub(rf"\1{HIDDEN}@", text)
    return _IN_A_QUERY.sub(rf"\1{HIDDEN}", text)


def shown_base(url: str) -> str:
    """Return a base URL for display: without user, password, query and fragment, which may hold keys.

    The text need not be a valid URL: everything before an "@" is hidden.
    """
    before, at, rest = url.rpartition("@")
    if not at:
        return re.sub(r"[?#].*", "?…", url, flags=re.DOTALL)
    scheme = _SCHEME.match(before)
    host = _HOST.match(rest)
    shown = host[0] if host else ""
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{shown}{'…' if shown != rest else ''}"


class PrivateUrl(str):
    """A URL whose ``repr`` hides the password. In every other use it is the plain text."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the URL in quotes, without its password."""
        return repr(without_passwords(str(self)))
