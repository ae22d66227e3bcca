"""IDs of runs, sweeps and votes, which sort by creation time and are safe in file names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["make_id", "moment_of", "next_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, without the easily misread i, l, o, u


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def make_id(prefix: str, moment: datetime, random_bits: int) -> str:
    """Return ``prefix``, 9 characters of milliseconds and 8 of the 40 ``random_bits``; sorts until the year 3084."""
    return prefix + _base32(int(moment.timestamp() * 1000), 9) + _base32(random_bits, 8)


def moment_of(given: str) -> datetime | None:
    """Return when an ID was made, in UTC and to the millisecond; None if it is no ID of :func:`make_id`."""
    digits = given[1:]
    if len(digits) != 17 or not set(digits) <= set(_ALPHABET):  # noqa: PLR2004 - the length of an ID
        return None
    milliseconds = 0
    for digit in digits[:9]:
        milliseconds = milliseconds * 32 + _ALPHABET.index(digit)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def next_id(given: str) -> str:
    """Return the ID directly after ``given``, with the same prefix of one character."""
    number = 0
    for digit in given[1:]:
        number = number * 32 + _ALPHABET.index(digit)
    return given[0] + _base32(number + 1, len(given) - 1)
