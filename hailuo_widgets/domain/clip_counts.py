"""Options that say how many clips one create call makes.

Each clip of a call is paid for. So such an option decides how many runs a call has, and a request for an unlisted model
may have it only where the provider has a row of it. Any other field with a name of this kind may be 1:
its further clips would be billed, and neither counted against a budget nor downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.problem import error
from hailuo_widgets.domain.user_values import as_whole, shown
from hailuo_widgets.errors import ProblemCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Option
    from hailuo_widgets.errors import Problem

__all__ = ["NUMBER_RESULTS", "clips_of", "count_errors", "with_whole_counts"]

NUMBER_RESULTS = "numberResults"  # Runware's
_MADE = "(?:videos?|outputs?|results?|samples?|generations?|clips?|variations?|images?)"
_COUNTS = re.compile(
    rf"n|num|number|count|quantity|batch(?:size|count)|(?:n|num|no|number|numberof){_MADE}(?:perprompt)?"
    rf"|{_MADE}(?:count|number|perprompt)"
)


def clips_of(options: Mapping[str, Any]) -> int:
    """Return how many clips a create call with these options makes: 1 if they don't say it readably."""
    try:
        return max(1, as_whole(NUMBER_RESULTS, options.get(NUMBER_RESULTS, 1)))
    except UsageError:
        return 1


def with_whole_counts(options: Mapping[str, Any], rows: Mapping[str, Option]) -> dict[str, Any]:
    """Return options whose numbers of clips are ``int``, as far as they are whole numbers in any form."""
    found = dict(options)
    for name, value in options.items():
        if name in rows and rows[name].counts:
            try:
                found[name] = as_whole(name, value)
            except UsageError:
                continue  # its row refuses it
    return found


def count_errors(options: Mapping[str, Any], rows: Mapping[str, Option]) -> Iterator[Problem]:
    """Refuse each field, nested ones included, that may ask for several clips and has no row of the provider."""
    for name, value in options.items():
        if name in rows:
            continue
        if isinstance(value, Mapping):
            yield from count_errors(value, {})
        elif _COUNTS.fullmatch(re.sub(r"[\s_-]", "", name.rpartition(".")[2]).casefold()) and not _one(value):
            yield error(
                "options",
                ProblemCode.NOT_ALLOWED,
                f"option {name}={shown(value)} may make several clips of one call: each would be billed, and one alone "
                "would be counted and downloaded",
                "leave it out; repeat=4 (--repeat 4) makes four runs",
            )


def _one(value: Any) -> bool:
    """Return whether a number of clips is certainly 1: the number, or nothing."""
    try:
        return value is None or as_whole("number", value) == 1
    except UsageError:
        return False
