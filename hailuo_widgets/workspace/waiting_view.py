"""Place of the view that shows a run or a sweep while it is waited for.

Handles know of no notebook and no terminal: what shows runs puts its function here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["View", "in_view", "set_view"]

View: TypeAlias = "Callable[[Any], AbstractContextManager[None]]"
_set: dict[str, View] = {}


def set_view(view: View) -> None:
    """Let ``view`` show what is waited for; it gets the run or the sweep, and is left when the wait ends."""
    _set["view"] = view


def in_view(handle: Any) -> AbstractContextManager[None]:
    """Show a run or a sweep while it is waited for."""
    return _set["view"](handle) if _set else nullcontext()
