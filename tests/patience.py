"""How long a test waits for what must come: a time-out ends a test that hangs, and says nothing of the machine.

What is waited for is an event: `until` asks for one that nobody tells of. No test may pass or fail by how long it took.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HANG_S", "until"]

HANG_S = 90.0  # below pytest's own time-out, so that the test says what it waited for
_LOOK_S = 0.01


def until(holds: Callable[[], object], *, what: str = "it", give_up_s: float = HANG_S) -> None:
    """Wait until something holds of which no event tells, such as a process's state or another thread's list.

    Args:
        holds: Asked again and again.
        what: What is waited for, for the message.
        give_up_s: Seconds.

    Raises:
        AssertionError: It never came to hold.
    """
    pause, deadline = threading.Event(), time.monotonic() + give_up_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} never came to hold (waited {give_up_s:g} s)")
        pause.wait(_LOOK_S)
