"""The log of all requests, for tests to assert on: what was sent, never with the value of a key."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

_KEPT = 20_000
_LONG = 2_500  # characters; longer than any prompt, shorter than any picture
_SECRET_HEADERS = frozenset(
    {"authorization", "ocp-apim-subscription-key", "x-api-key", "cookie", "proxy-authorization"}
)
_SECRET_FIELDS = frozenset({"apikey", "api_key", "key", "token"})


def redact(value: Any) -> Any:
    """Return a JSON value without keys, and with pictures cut to their beginning and their length."""
    if isinstance(value, dict):
        return {k: "<redacted>" if str(k).lower() in _SECRET_FIELDS else redact(v) for k, v in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str) and len(value) > _LONG:
        return f"{value[:64]}… ({len(value)} characters)"
    return value


class Journal:
    """The requests in their order, the oldest dropped after twenty thousand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def open(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        """Add an entry and return it; who handles the request fills in the rest.

        Returns:
            The entry: ``time`` (unix seconds), ``method``, ``path``, ``query``, ``headers`` (those with keys reduced
            to ``<redacted>``), ``body`` (JSON or ``None``), ``provider``, ``phase``, ``status`` (``None`` until
            answered, and for good where the connection was dropped), ``fault`` (its kind).
        """
        clean = {name: "<redacted>" if name in _SECRET_HEADERS and value else value for name, value in headers.items()}
        entry = {
            "time": time.time(),
            "method": method,
            "path": path,
            "query": redact(query),
            "headers": clean,
            "body": None,
            "provider": None,
            "phase": None,
            "status": None,
            "fault": None,
        }
        with self._lock:
            self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Return copies of the entries, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
