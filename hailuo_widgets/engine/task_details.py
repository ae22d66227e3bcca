"""Details of an accepted task, which the run log keeps for the provider's later calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_BYTES", "small_details"]

MOST_BYTES = 4096  # of JSON


def small_details(details: Any) -> tuple[Mapping[str, str], str]:
    """Return the details to keep, and why any were left out ("" if none were).

    A task is found without them, so whatever a provider of another package gives, the task itself is not lost by it.
    """
    try:
        kept = {str(name): value for name, value in dict(details).items() if isinstance(value, str)}
        left_out = len(kept) < len(details)
        size = len(json.dumps(kept))
    except (TypeError, ValueError):
        return {}, "the task's details are no texts by name: they are not kept"
    if size > MOST_BYTES:
        return {}, f"the task's details are larger than {MOST_BYTES} bytes: they are not kept"
    return kept, "some of the task's details are no texts: they are not kept" if left_out else ""
