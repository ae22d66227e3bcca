"""Conversion of user input to plain values, by the same rules for every argument.

Text and numbers are values, NumPy's and pandas' scalars included; dates become ISO text. Lists, tuples, ranges, arrays,
Series and Index are axes. A DataFrame is a table of cases (``case_table.py``). Missing values (None in a variable, NaN,
NaT, NA) and everything else raise a :class:`UsageError` that names the argument and the value.

The result is a plain ``str``, ``int``, ``float`` or ``bool``, which JSON and every store can hold.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
import reprlib
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NoReturn

from hailuo_widgets.domain.sweep import MOST_CELLS
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "as_flag",
    "as_json",
    "as_references",
    "as_tags",
    "as_value",
    "as_values",
    "as_whole",
    "is_axis",
    "is_missing",
    "is_table",
    "shown",
]

ALLOWED = "text, a number or a date"
LARGEST = 2**63 - 1  # the largest whole number that the run log can hold
LONGEST_NUMBER = 256  # bits; a longer number is a mistake, and Python refuses to convert it to text
DEEPEST = 20  # levels of nesting in provider-specific fields
MOST_DIGITS = 40  # of a whole number
_WHOLE = re.compile(rf"\s*[+-]?[0-9]{{1,{MOST_DIGITS}}}\s*")
_RANGE = re.compile(r"\s*([0-9]{1,9})\s*(?:-|–|:|to|\.{2,3})\s*([0-9]{1,9})\s*")
_PLAIN = (str, int, float, bool, type(None))


def as_value(argument: str, given: Any, *, flags: bool = False) -> Any:
    """Convert one value to a plain Python value.

    Args:
        argument: The argument's name, for the message.
        given: The user's value.
        flags: Whether True and False are allowed; in a prompt they are not.

    Returns:
        A ``str``, ``int``, ``float``, or with ``flags`` a ``bool``.

    Raises:
        UsageError: The value is missing, or is not text, a number or a date.
    """
    try:
        found = _plain(given, flags=flags)
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - an object's own methods may raise anything
        found = None
    if found is None:
        _refuse(argument, given, ALLOWED)
    return found


def as_values(argument: str, given: Any, one: Callable[[str, Any], Any] = as_value) -> list[Any]:
    """Convert the values of an axis, or a single value, each by ``one``.

    Raises:
        UsageError: A value is not allowed, a table is given, or there are more values than a sweep may have runs.
    """
    if is_table(given):
        _refuse(argument, given, f"{ALLOWED}, or a list of them")
    if not is_axis(given):
        return [one(argument, given)]
    return [one(f"{argument}[{n}]", value) for n, value in enumerate(listed(argument, given))]


def as_whole(argument: str, given: Any, *, least: int | None = None) -> int:
    """Convert a whole number in any form, ``6``, ``6.0``, ``"6"``, ``numpy.int64(6)``, without rounding.

    Raises:
        UsageError: The value is not a whole number, or is less than ``least``.
    """
    try:
        number = _whole(given)
    except Exception:  # noqa: BLE001 - as in as_value
        number = None
    if number is None or abs(number) > LARGEST or (least is not None and number < least):
        bound = "" if least is None else f" from {least} up"
        example = f"{argument}={max(6, least or 0)}"
        raise UsageError(
            f"{argument} must be a whole number{bound}, for example {max(6, least or 0)}, not {shown(given)}",
            argument=_name(argument),
            hint=_range_hint(argument, given)
            or f"write {example} instead of {argument}={shown(given)}, or leave it out for the default",
        )
    return number


def _range_hint(argument: str, given: Any) -> str | None:
    """Return how the range is written that a text seems to mean, for example ``1-4``; None if it means none."""
    found = _RANGE.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        return None
    first, last = found.groups()
    return f"a range is {argument}=range({first}, {int(last) + 1}), and in a cell --{argument} {first}..{last}"


def as_number(argument: str, given: Any, *, least: float = 0.0) -> float:
    """Convert a number, which may be text but not True or False.

    Raises:
        UsageError: The value is not a finite number, or is less than ``least``.
    """
    try:
        value = as_value(argument, given)
        number = float(value)
    except ValueError:  # includes UsageError
        number = math.nan
    if not (math.isfinite(number) and number >= least):
        raise UsageError(
            f"{argument} must be a number from {least:g} up, for example 10, not {shown(given)}",
            argument=_name(argument),
            hint=f"write {argument}=10",
        )
    return number


def as_flag(argument: str, given: Any) -> bool:
    """Convert True or False.

    Raises:
        UsageError: The value is neither.
    """
    if type(given) is bool or _of("numpy", "bool_", given):
        return bool(given)
    raise UsageError(
        f"{argument} must be True or False, not {shown(given)}",
        argument=_name(argument),
        hint=f"write {argument}=True or {argument}=False",
    )


def as_tags(given: Any) -> tuple[str, ...]:
    """Convert one tag or a list of tags to text. Tags are never an axis.

    Raises:
        UsageError: A value is not allowed.
    """
    return () if given is None else tuple(str(tag) for tag in as_values("tags", given))


def as_json(argument: str, given: Any, depth: int = 0) -> Any:
    """Convert a provider-specific field to JSON values: dicts with text keys, lists, plain values, booleans, None.

    Raises:
        UsageError: It contains anything else, or is nested too deeply.
    """
    if depth > DEEPEST:
        raise UsageError(
            f"{argument} is nested more than {DEEPEST} levels deep", argument=_name(argument), hint="flatten it"
        )
    if isinstance(given, Mapping):
        for key in given:
            if not isinstance(key, str):
                raise UsageError(
                    f"the names in {argument} must be text, not {shown(key)}",
                    argument=_name(argument),
                    hint="{'ttl': 600}",
                )
        return {str.__str__(k): as_json(f"{argument}[{k!r}]", v, depth + 1) for k, v in given.items()}
    if is_axis(given):
        return [as_json(f"{argument}[{n}]", v, depth + 1) for n, v in enumerate(listed(argument, given))]
    return None if given is None else as_value(argument, given, flags=True)


def as_references(given: Any) -> tuple[Any, ...]:
    """Return the references of one request: a list's values, or the one value itself."""
    return tuple(listed("references", given)) if is_axis(given) and not is_array(given) else (given,)


def is_table(given: Any) -> bool:
    """Return whether the value is a pandas DataFrame."""
    return _of("pandas", "DataFrame", given)


def is_missing(given: Any) -> bool:
    """Return whether the value means "missing": None, NaN, NaT, NA, or a masked value."""
    try:
        if is_array(given):
            return given.ndim == 0 and (hasattr(given, "mask") or is_missing(given.item()))
        if _of("numpy", "datetime64", given):
            return str(given) == "NaT"
        unequal = isinstance(given, numbers.Number) and bool(given != given)  # noqa: PLR0124 - only NaN is
        return given is None or _of("pandas", "NaT", given) or _of("pandas", "NA", given) or unequal
    except Exception:  # noqa: BLE001 - as in as_value
        return False


def is_array(given: Any) -> bool:
    """Return whether the value is a NumPy array. In an image argument, an array is one image, not an axis."""
    return _of("numpy", "ndarray", given)


def is_axis(given: Any) -> bool:
    """Return whether the value is a list, tuple, range, array with a dimension, Series, Index, or other sequence."""
    if isinstance(given, (str, bytes, bytearray, memoryview)):
        return False
    if is_array(given):
        return bool(given.ndim)
    if _of("pandas", "Series", given) or _of("pandas", "Index", given):
        return True
    return isinstance(given, Sequence) or _of("pandas.api.extensions", "ExtensionArray", given)


def listed(argument: str, given: Any) -> list[Any]:
    """Return the values of a sequence, after checking its length.

    Raises:
        UsageError: The sequence is too long, or can't be read.
    """
    try:
        count = len(given)
    except OverflowError:
        count = sys.maxsize
    except Exception:  # noqa: BLE001 - as in as_value
        _refuse(argument, given, f"{ALLOWED}, or a list of them")
    if count > MOST_CELLS:
        raise UsageError(
            f"{argument} has {count} values; at most {MOST_CELLS} are allowed",
            argument=_name(argument),
            hint="shorten it",
        )
    try:
        return [value for value, _ in zip(given, range(MOST_CELLS), strict=False)]
    except Exception:  # noqa: BLE001 - as in as_value
        _refuse(argument, given, f"{ALLOWED}, or a list of them")


def shown(given: Any) -> str:
    """Return a value for quoting in a message: one short line, with its type unless that is obvious."""
    kind = type(given).__name__
    if isinstance(given, int) and given.bit_length() > LONGEST_NUMBER:
        return "a number of hundreds of digits"
    if is_table(given):
        return f"a DataFrame of {len(given)} rows"
    try:
        text = reprlib.repr(given)
    except Exception:  # noqa: BLE001 - as in as_value
        return f"a value of type {kind}"
    if isinstance(given, _PLAIN):
        return text
    return f"{text} ({kind})" if "\n" not in text else f"a value of type {kind}"


def _plain(given: Any, *, flags: bool) -> Any:  # noqa: PLR0911 - one return for each kind
    """Return the plain value; None if the value is not allowed."""
    if is_missing(given):
        return None
    if isinstance(given, str):
        return str.__str__(given)  # the plain text of a subclass (an enum, NumPy's str)
    if isinstance(given, bool) or _of("numpy", "bool_", given):
        return bool(given) if flags else None
    if is_array(given):
        return _plain(given.item(), flags=flags) if given.ndim == 0 else None
    if isinstance(given, numbers.Integral):
        return int(given) if int(given).bit_length() <= LONGEST_NUMBER else None
    if isinstance(given, Decimal):
        return str(given) if given.is_finite() else None
    if isinstance(given, Fraction):
        return (
            str(given) if max(given.numerator.bit_length(), given.denominator.bit_length()) < LONGEST_NUMBER else None
        )
    if isinstance(given, numbers.Real):
        number = float(str(given))  # float32(0.1) is 0.1, as it is shown
        return number if math.isfinite(number) else None
    if isinstance(given, (dt.date, dt.time)):
        return given.isoformat()
    return str(given) if _of("numpy", "datetime64", given) else None


def _whole(given: Any) -> int | None:
    if isinstance(given, Decimal):
        short = given.is_finite() and given.adjusted() < MOST_DIGITS
        return int(given) if short and given == given.to_integral_value() else None
    value = _plain(given, flags=True)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if isinstance(given, (str, Fraction)) and _WHOLE.fullmatch(value) else None
    return None if value is None or value != int(value) else int(value)


def _of(module: str, name: str, given: Any) -> bool:
    """Return whether the value is an instance of a library's type, or is the library's object of that name.

    The library is not imported: if nobody has imported it, the value can't be one of its objects.
    """
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and (isinstance(given, kind) if isinstance(kind, type) else given is kind)


def _name(argument: str) -> str:
    """Return the argument's name; "" for a part of one ("seed[3]"), which the caller can name (:func:`about`)."""
    return argument if argument.isidentifier() else ""


def _refuse(argument: str, given: Any, allowed: str) -> NoReturn:
    if is_missing(given):
        raise UsageError(
            f"{argument} is missing: it is {shown(given)}",
            argument=_name(argument),
            hint=f"fill it in or leave it out; it must be {allowed}",
        )
    raise UsageError(f"{argument} must be {allowed}, not {shown(given)}", argument=_name(argument), hint=_hint(given))


def _hint(given: Any) -> str:  # noqa: PLR0911 - one return for each kind
    """Return the hint for a value of a wrong type."""
    if is_table(given):
        return "a DataFrame is a table of cases: hw.sweep(df); one column of it is an axis: df['style']"
    if isinstance(given, bool) or _of("numpy", "bool_", given):
        return "write the word that you mean, for example 'yes'"
    if isinstance(given, PurePath):
        return "str(path) is its text"
    if isinstance(given, (bytes, bytearray)):
        return "b.decode() is its text"
    if isinstance(given, Mapping):
        return "list(d.values()) is an axis of its values"
    if isinstance(given, (set, frozenset)):
        return "a set has no order: sorted(…) makes a list of it"
    if is_axis(given):
        return "an axis holds values, not further lists"
    if hasattr(type(given), "__next__"):
        return "list(…) makes an axis of it"
    if callable(given):
        return "call it, and give what it returns"
    return "give one of these"
