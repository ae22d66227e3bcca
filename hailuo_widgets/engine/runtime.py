"""Runtime of an engine: its clock, its timing, and where its ids, connections and threads come from.

The values are handed in when a session is made, so that a test gives others and replaces no function of the package.
Sleeping is not among them: it is ``asyncio.sleep``, whose clock is the event loop's.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable  # noqa: TC003 - a dataclass evaluates nothing, but who asks for its hints does
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID, uuid4

from hailuo_widgets.archive.fetch import REASON_S, SLOWEST_BYTES, SLOWEST_S, back_off
from hailuo_widgets.archive.poster import poster
from hailuo_widgets.engine.rate_limit import backoff_s
from hailuo_widgets.store.runlog import one_thread
from hailuo_widgets.system.clock import SYSTEM_CLOCK
from hailuo_widgets.system.process import is_dead

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from hailuo_widgets.domain.clock import Clock
    from hailuo_widgets.transport.http import Http

__all__ = ["Backoff", "Ids", "Runtime", "Timing"]


class Backoff(Protocol):
    """Seconds to wait before another attempt."""

    def __call__(self, attempt: int, *, base: float = 1.0, cap: float = 60.0) -> float:
        """Return the seconds before attempt ``attempt`` + 1: about ``base``, doubled each time, at most ``cap``."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long the engine waits, and how often it tries. Seconds, if not said otherwise.

    Attributes:
        renew_s: Between two renewals of the leases.
        place_s: Between two looks for a place that another kernel's runs hold.
        join_s: Between two looks at an equal run that is on its way.
        ride_s: Between two looks of a further result whether its task was accepted.
        sending_elsewhere_s: Between two looks at a create call that another thread's loop has sent.
        settling_s: For this long a provider may not know a task that it has accepted.
        silent_s: A provider that gives no answer is asked for this long whether it accepted a create call.
        settling_gap_s: The longest pause between two such questions.
        most_resends: How often a create call is sent again under its own id.
        standing_s: A task that names failures makes nothing more after this long without a change.
        wake_s: Between two wake-ups of a waiting cell: only a loop that wakes sees an interrupt.
        elsewhere_s: Between two looks at a run that another kernel follows.
        end_s: For this long the tasks of a process that ends may come to their end.
        answer_s: For this long the answer to a create call is waited for when its session is left.
        loop_end_s: For this long it is still waited for when its event loop ends.
        create_s: The total deadline of a create call, and of an upload without the time for its bytes.
        ask_s: The total deadline of every other call.
        probe_s: Between two free queries of a provider in trouble.
        due_s: Between two looks whether answers have come that are due.
        accept_tries: Commits of an accepted create call.
        slow_commit_s: A commit that takes longer has its task id written to the rescue file meanwhile.
        store_s: For this long a paid run is followed on while its steps cannot be written.
        fresh_s: A link that came so recently may only be ahead of its clip.
        patience_s: For this long the clip of such a link is waited for. 150 s have been seen.
        link_gap_s: The longest pause between two tries of it.
        download_sleep: Waits between two tries of a download, by the number of the try that ended.
        slowest_bytes: A download that brings less in ``slowest_s`` is broken off.
        slowest_s: See ``slowest_bytes``.
        kept_s: No provider keeps a task, or a clip, for longer.
        reason_s: For this long the body of a refused download is read: its status says enough.
        backoff_s: Before another attempt of anything else.
    """

    renew_s: float = 20.0
    place_s: float = 1.0
    join_s: float = 0.5
    ride_s: float = 0.5
    sending_elsewhere_s: float = 0.1
    settling_s: float = 60.0
    silent_s: float = 300.0
    settling_gap_s: float = 8.0
    most_resends: int = 3
    standing_s: float = 600.0
    wake_s: float = 0.2
    elsewhere_s: float = 1.0
    end_s: float = 2.0
    answer_s: float = 10.0
    loop_end_s: float = 10.0
    create_s: float = 120.0
    ask_s: float = 60.0
    probe_s: float = 30.0
    due_s: float = 0.2
    accept_tries: int = 5
    slow_commit_s: float = 2.0
    store_s: float = 300.0
    fresh_s: float = 600.0
    patience_s: float = 300.0
    link_gap_s: float = 30.0
    download_sleep: Callable[[int], Awaitable[None]] = back_off
    slowest_bytes: int = SLOWEST_BYTES
    slowest_s: float = SLOWEST_S
    kept_s: float = 30 * 86400.0
    reason_s: float = REASON_S
    backoff_s: Backoff = backoff_s


@dataclass(frozen=True, kw_only=True)
class Ids:
    """Sources of new ids: random bits for those of runs and sweeps, UUIDs for create calls."""

    randbits: Callable[[int], int] = secrets.randbits
    uuid: Callable[[], UUID] = uuid4


def _http() -> Http:
    from hailuo_widgets.transport.http import Http

    return Http()


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What a session runs on.

    Attributes:
        clock: The clock of everything that is measured or written.
        timing: How long the engine waits.
        ids: Where new ids come from.
        http: Makes the connections of one event loop.
        store_executor: Makes the thread that does all work of the run log.
        is_dead: Whether the owner of that name is certainly gone.
        poster: Draws a clip's still; None if it cannot.
    """

    clock: Clock = SYSTEM_CLOCK
    timing: Timing = field(default_factory=Timing)
    ids: Ids = field(default_factory=Ids)
    http: Callable[[], Http] = _http
    store_executor: Callable[[], Executor] = one_thread
    is_dead: Callable[[object], bool] = is_dead
    poster: Callable[[Path], bytes | None] = poster
