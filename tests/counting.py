"""Work as a number that is the same on every machine: the lines of the package that a piece of work runs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Work", "counted"]


@dataclass
class Work:
    """What was counted so far."""

    lines: int = 0


@contextmanager
def counted(*modules: str) -> Iterator[Work]:
    """Count the lines that this thread runs in these modules, by their names, or in modules within them."""
    work, earlier = Work(), sys.gettrace()

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        del frame, argument
        work.lines += event == "line"
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        del event, argument
        name = str(frame.f_globals.get("__name__", ""))
        return line if any(name == m or name.startswith(f"{m}.") for m in modules) else None

    sys.settrace(call)
    try:
        yield work
    finally:
        sys.settrace(earlier)
