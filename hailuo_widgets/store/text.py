"""Check and replacement of characters that a store cannot hold: NUL and lone surrogates.

PostgreSQL refuses NUL, and UTF-8 has no lone surrogates. Text of a user is refused before anything is sent. Text of a
provider is never refused, because its run may be paid for: such a character becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hailuo_widgets.errors import UsageError

__all__ = ["check_text", "storable"]

_BAD = re.compile("[\x00\ud800-\udfff]")


def check_text(name: str, value: Any) -> None:
    """Check text, and all text in mappings and lists.

    Raises:
        UsageError: It holds a character that no store can keep; the message names it and its position.
    """
    if isinstance(value, str):
        found = _BAD.search(value)
        if found is not None:
            what = "a NUL" if found[0] == "\0" else f"a lone surrogate (U+{ord(found[0]):04X})"
            raise UsageError(
                f"{name} holds {what} at position {found.start()}, which the run log cannot keep",
                hint="remove it and try again; nothing was written",
            )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            check_text(name, key)
            check_text(f"{name}[{key!r}]", inner)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for inner in value:
            check_text(name, inner)


def storable(value: Any) -> Any:
    """Return the value with U+FFFD in place of each character that no store can keep."""
    if isinstance(value, str):
        return _BAD.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return value
