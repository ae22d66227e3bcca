r"""Parser and writer of an option's values: one, a list ``a,b,c``, or a range ``1..8``.

Ranges include their end; ``1..9..2`` has a step. ``\,`` is a literal comma. URLs and data URLs may contain commas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hailuo_widgets.domain.sweep import MOST_CELLS
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["parse_values", "render_values"]

_RANGE = re.compile(r"(-?[0-9]{1,18})\.\.(-?[0-9]{1,18})(?:\.\.(-?[0-9]{1,18}))?")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
SHORTEST_RANGE = 3
_COMMA = re.compile(r"(?<!\\),")
_URL_COMMA = re.compile(r",(?=https?://|data:)")
_URL = re.compile(r"(?:https?://|data:)")


def parse_values(option: str, text: str) -> list[str]:
    """Return the values of one option, as text.

    Raises:
        UsageError: A value is empty, or a range is empty or too long.
    """
    pieces = (_URL_COMMA if _URL.match(text) else _COMMA).split(text)
    values: list[str] = []
    for piece in pieces:
        ranged = _RANGE.fullmatch(piece.strip())
        if ranged:
            values.extend(_range(option, piece.strip(), ranged))
        elif piece.strip():
            values.append(piece.strip() if _URL.match(piece) else piece.strip().replace("\\,", ","))
        else:
            raise UsageError(f"{option} {text!r} has an empty value", hint=f"write {option} a,b or a range like 1..4")
    return values


def _range(option: str, piece: str, match: re.Match[str]) -> list[str]:
    first, last = int(match[1]), int(match[2])
    step = int(match[3]) if match[3] is not None else 1
    if step == 0 or (last - first) * step < 0:
        raise UsageError(
            f"{option} {piece}: from {first} to {last} by {step} there is nothing",
            hint=f"write {option} {min(first, last)}..{max(first, last)}",
        )
    count = (last - first) // step + 1
    if count > MOST_CELLS:
        raise UsageError(f"{option} {piece} has {count} values; at most {MOST_CELLS} are allowed", hint="shorten it")
    return [str(n) for n in range(first, last + (1 if step > 0 else -1), step)]


def render_values(values: Sequence[str]) -> str:
    """Return the text that :func:`parse_values` parses into these values; numbers in equal steps become a range."""
    if len(values) >= SHORTEST_RANGE and all(_WHOLE.fullmatch(v) for v in values):
        first, second, last = int(values[0]), int(values[1]), int(values[-1])
        step = second - first
        if step and [str(n) for n in range(first, last + (1 if step > 0 else -1), step)] == list(values):
            return f"{first}..{last}" if step == 1 else f"{first}..{last}..{step}"
    return ",".join(v if _URL.match(v) else v.replace(",", "\\,") for v in values)
