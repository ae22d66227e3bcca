"""Document: a text that is kept as it was written, with its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["BALLOT", "REGISTRATION", "Document", "canonical_json"]

REGISTRATION: Final = "registration"
BALLOT: Final = "ballot"


def canonical_json(content: Mapping[str, Any]) -> str:
    """Return JSON that is the same for equal contents: keys sorted, no blanks, all of Unicode as it is.

    Raises:
        ValueError: The content holds a number that JSON has no word for.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text that the log keeps unchanged.

    Attributes:
        document_id: Its ID.
        kind: What it is: a :data:`REGISTRATION` or a :data:`BALLOT`.
        at: When it was written, in UTC.
        text: Canonical JSON.
        sha256: The hash of the text in UTF-8, in hexadecimal, from when it was written.
    """

    document_id: str
    kind: str
    at: datetime
    text: str
    sha256: str

    @classmethod
    def of(cls, content: Mapping[str, Any], *, document_id: str, kind: str, at: datetime) -> Self:
        """Return the document of a content."""
        text = canonical_json(content)
        return cls(document_id=document_id, kind=kind, at=at, text=text, sha256=_sha256(text))

    @property
    def intact(self) -> bool:
        """Whether the text is still what was hashed."""
        return _sha256(self.text) == self.sha256

    @property
    def content(self) -> dict[str, Any]:
        """The content; empty if it cannot be read."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
