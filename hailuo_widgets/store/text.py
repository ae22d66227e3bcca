"""Text that every store can hold: no NUL (PostgreSQL refuses it) and no lone surrogate (UTF-8 has none).

What a user gives is refused before anything is sent. What a gateway sends is never refused, as its run may be paid for:
such a character becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hailuo_widgets.errors import UsageError

__all__ = ["check_text", "storable"]

_BAD = re.compile("[\x00\ud800-\udfff]")


def check_text(name: str, value: Any) -> None:
    """Look through text, and through mappings and lists of it.

    Raises:
        UsageError: It holds a character that no store can keep; which, and where.
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
    """The value with U+FFFD for each character in its text that no store can keep."""
    if isinstance(value, str):
        return _BAD.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return value
