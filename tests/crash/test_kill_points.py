"""Tests of ``kill -9`` at any point of a run: charges are recorded, none is repeated, no clip is cut.

Forty points of those that ``python tests/crash/run_all.py`` goes through. They are given as parts of the way through
the calls of one kind, so that they stay meaningful when the number of calls changes.
"""

from __future__ import annotations

import functools
import os
import signal
from typing import TYPE_CHECKING

import pytest
from killing import Point, can_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from killing import Ward

    from hailuo_widgets.simulator import Simulator

pytestmark = pytest.mark.slow

# Seam → its system call, and its kind where no system call can be met.
SEAMS = {
    "page of the store": ("pwrite64", "commit"),
    "sync of the store": ("fdatasync", "committed"),
    "end of a journal": ("ftruncate", "committed"),
    "connect": ("connect", "send"),
    "send": ("sendto", "send"),
    "receive": ("recvfrom", "receive"),
    "write to the archive": ("write", "write"),
    "sync of the archive": ("fsync", "sync"),
    "name in the archive": ("link", "name"),
    "note in the archive": ("rename", "name"),
    "file taken away": ("unlink", "name"),
}
WAY = (
    *(("page of the store", part) for part in (0.05, 0.2, 0.35, 0.4, 0.45, 0.55, 0.7, 0.85, 0.95)),
    *(("sync of the store", part) for part in (0.1, 0.3, 0.38, 0.42, 0.46, 0.6, 0.8, 1.0)),
    *(("send", part) for part in (0.3, 0.5, 0.7, 0.9)),
    *(("receive", part) for part in (0.2, 0.4, 0.6, 0.8)),
    *(("end of a journal", part) for part in (0.4, 0.6)),
    *(("connect", part) for part in (0.3, 1.0)),
    ("write to the archive", 1.0),
    ("sync of the archive", 1.0),
    ("name in the archive", 1.0),
    ("note in the archive", 1.0),
    ("file taken away", 1.0),
)
OWN_ID = (
    *(("page of the store", part) for part in (0.4, 0.5)),
    *(("sync of the store", part) for part in (0.4, 0.45, 0.5)),
)


@pytest.fixture(scope="module")
def means() -> str:
    """What ends the victims here: ``strace``, or their ``twin`` where no system call can be met."""
    return "strace" if can_trace() is None else "twin"


@pytest.fixture(scope="module")
def counted(ward: Ward, means: str) -> Callable[[str], dict[str, int]]:
    """How many calls of each kind a whole run makes, by provider."""
    return functools.cache(ward.counts if means == "strace" else ward.twin_counts)


@pytest.mark.parametrize(
    ("provider", "seam", "part"),
    [("minimax", *point) for point in WAY] + [("runware", *point) for point in OWN_ID],
)
def test_killed_at_a_seam(  # noqa: PLR0917 - pytest gives all of them by name
    ward: Ward,
    means: str,
    counted: Callable[[str], dict[str, int]],
    record_property: Callable[[str, object], None],
    provider: str,
    seam: str,
    part: float,
) -> None:
    """Whatever is being done when the process dies: paid once, in the log, whole, and brought to its end by another."""
    what = SEAMS[seam][0 if means == "strace" else 1]
    count = counted(provider)[what]
    at = max(1, round(part * count))
    outcome = ward.kill(Point(what=what, at=at, provider=provider, twin=means == "twin"))
    record_property("means", means)
    record_property("found", outcome.found)
    assert outcome.wrong == [], f"{means}: {what} {at} of {count}"


@pytest.mark.parametrize("kind", ["commit", "committed", "name"])
def test_killed_without_a_tracer(ward: Ward, kind: str) -> None:
    """The stand-in for a tracer ends its process at the call that was asked for, and the promises hold there too."""
    count = ward.twin_counts("minimax")[kind]
    # The middle one: how many polls, and so commits, a run has is not the same each time.
    outcome = ward.kill(Point(what=kind, at=max(1, count // 2), twin=True))
    assert (outcome.killed, outcome.wrong) == (True, [])


@pytest.mark.parametrize(("provider", "end"), [("minimax", "unconfirmed"), ("runware", "succeeded")])
def test_killed_between_the_providers_yes_and_our_note_of_it(
    ward: Ward, simulator: Simulator, provider: str, end: str
) -> None:
    """The create was charged and its answer is on its way: never sent again; found by our own id where there is one."""
    died = []

    def when_charged(pid: int) -> None:
        simulator.fault("delay_after", phase="create", seconds=30.0)
        while not simulator.tasks:
            os.sched_yield()  # the simulator serves in a thread of this process
        os.kill(pid, signal.SIGKILL)
        died.append(pid)
        simulator.clear_faults()

    outcome = ward.kill(Point(what="", at=0, provider=provider), by=when_charged)
    assert len(died) == 1
    assert (outcome.window, outcome.status, outcome.charged, outcome.wrong) == (True, end, 1, [])
