"""Outcome of a create call: the run after it, and what is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.errors import HailuoError

__all__ = ["Outcome"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A run after a create call.

    Args:
        record: The run as the log has it. One that is still ``submitting`` may have been accepted.
        pause_s: Seconds to wait before the call is sent again, if the run is ``planned`` again.
        doubt: The reason why it is unknown whether the call was accepted.
        equal_sent: The call was not sent, because an equal run was.
    """

    record: RunRecord
    pause_s: float = 0.0
    doubt: HailuoError | None = None
    equal_sent: bool = False
