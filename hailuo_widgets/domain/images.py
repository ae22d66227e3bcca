"""Input files of a request: a URL, or bytes identified by their content."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

__all__ = ["MEDIA_TYPES", "Image", "InputFile", "is_file_id"]

MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def is_file_id(text: str) -> bool:
    """Return whether a text is a UUID, under which a provider keeps a file."""
    return _UUID.fullmatch(text) is not None


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """One input file: either a ``url``, or ``data`` with hash and media type.

    At a provider that keeps files, ``url`` may be a file's UUID there; see :func:`is_file_id`.

    ``name`` is the user's value, for messages; ``note`` tells the user about a conversion.
    """

    name: str
    url: str | None = None
    data: bytes | None = field(default=None, repr=False)
    sha256: str | None = None
    media_type: str | None = None
    note: str = field(default="", compare=False)

    @property
    def identity(self) -> str:
        """The file's identity for comparing requests: the content's hash, or the URL."""
        return f"sha256:{self.sha256}" if self.sha256 else f"url:{self.url}"

    def wire(self) -> str:
        """Return the file for a JSON request: its URL, or a data URL of its bytes."""
        if self.url is not None:
            return self.url
        if self.data is None:
            raise ValueError(f"the bytes of {self.name!r} are not loaded")
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"


@dataclass(frozen=True, kw_only=True)
class Image(InputFile):
    """One input image, with its size in pixels if its bytes are there."""

    width: int | None = None
    height: int | None = None
