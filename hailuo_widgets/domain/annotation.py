"""Checks of a clip's rating, note and tags, for Python and for the grid of :func:`compare`."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from hailuo_widgets.domain.user_values import as_tags, as_whole, shown
from hailuo_widgets.errors import UsageError

__all__ = ["MOST_TEXT", "STARS", "note_of", "rating_of", "tags_of"]

STARS: Final = 5
MOST_TEXT: Final = 2000  # characters of a note, and of a tag


def rating_of(value: Any) -> int | None:
    """Return a rating as a whole number from 1 to 5; None removes it.

    Raises:
        UsageError: The value is not a whole number from 1 to 5.
    """
    if value is None:
        return None
    stars: int | None = None
    with contextlib.suppress(UsageError):  # the message below covers every wrong value
        stars = as_whole("rating", value)
    if stars is None or not 1 <= stars <= STARS:
        raise UsageError(
            f"rating must be a whole number from 1 to {STARS}, not {shown(value)}",
            argument="rating",
            hint="None removes it",
        )
    return stars


def note_of(value: Any) -> str | None:
    """Return a note as text; None or an empty text removes it.

    Raises:
        UsageError: The value is not text, or is too long.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise UsageError(f"note must be text, not {shown(value)}", argument="note", hint="None removes it")
    if len(value) > MOST_TEXT:
        raise UsageError(
            f"note has {len(value)} characters, and at most {MOST_TEXT} are kept", argument="note", hint="shorten it"
        )
    return value if value.strip() else None


def tags_of(value: Any) -> tuple[str, ...]:
    """Return tags without surrounding spaces or duplicates; a text is one tag, None is no tag.

    Raises:
        UsageError: A tag is empty or too long.
    """
    words = as_tags(value)
    for word in words:
        if not word.strip():
            raise UsageError(f"tags: {word!r} is not a word", argument="tags", hint="for example ['keep', 'sharp']")
        if len(word) > MOST_TEXT:
            raise UsageError(
                f"a tag has {len(word)} characters, and at most {MOST_TEXT} are kept",
                argument="tags",
                hint="shorten it",
            )
    return tuple(dict.fromkeys(word.strip() for word in words))
