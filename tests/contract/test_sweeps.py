"""Tests of sweeps in each dialect after a refusal: what is sent, skipped and billed, and that the clips play."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import av
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine.runtime import Runtime, Timing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Connect, Line

    from hailuo_widgets.workspace.sweep import Sweep

PICTURE = "https://pictures.example/fox.png"
# A no that each provider has for a key, for a prompt or parameter, and for the rate.
REFUSALS: dict[str, tuple[Any, Any, Any]] = {
    "minimax": (2049, 1026, 1002),
    "kie": (1003, 1001, 1005),
    "kie-jobs": (402, 422, 429),
    "kkiai": (1004, 2013, 1002),
    "kkiai-newapi": (1008, 1026, 1002),
    "pixazo": (401, 400, 429),
    "runware": ("invalidApiKey", "contentPolicyViolation", "rateLimitExceeded"),
}


class Run(Protocol):
    """Runs a sweep to its end."""

    def __call__(self, *prompts: str, **arguments: Any) -> Sweep:
        """The sweep, ended."""


@pytest.fixture
def line(connect: Connect, dialect: str) -> Line:
    """A line of the dialect."""
    return connect(dialect)


@pytest.fixture
def sweep(line: Line, tmp_path: Path) -> Iterator[Run]:
    """Sweeps at the line's provider, by a session of its own; pauses between tries are short."""
    dialect: dict[str, Any] = {"kie_dialect": "jobs"} if line.dialect == "kie-jobs" else {}
    runtime = Runtime(timing=Timing(backoff_s=lambda *_, **__: 0.02))
    options: dict[str, Any] = {"mode": "live", "poll_interval": 0.05, "runtime": runtime, **dialect}
    session = Session(home=tmp_path, notice=lambda _: None, **options)

    async def ended(prompts: tuple[str, ...], arguments: dict[str, Any]) -> Sweep:
        frames: dict[str, Any] = {"first_frame": PICTURE} if line.name == "pixazo" else {}
        return await session.sweep(list(prompts), provider=line.name, **frames, yes=True, **arguments)

    yield lambda *prompts, **arguments: asyncio.run(ended(prompts, arguments))
    session.close()


def told(sweep: Sweep) -> list[str]:
    """Each run's error, or its status; which run of a sweep is sent first is nobody's promise."""
    return sorted(type(r.error).__name__ if r.error is not None else r.status for r in sweep)


def creates(line: Line) -> int:
    """How many create calls reached the provider."""
    return sum(r["phase"] == "create" for r in line.simulator.requests)


def test_a_fatal_no_ends_the_sweep(line: Line, sweep: Run) -> None:
    """After a no that every further create would meet, the other runs are skipped: one call was sent, none billed."""
    code = REFUSALS[line.dialect][0]
    line.simulator.fault("code", provider=line.name, phase="create", code=code)
    done = sweep("a fox", "a wolf", "a bear")
    assert told(done)[0] in {"AuthError", "InsufficientCredits"}
    assert told(done)[1:] == ["Skipped", "Skipped"]
    assert sorted(r.status for r in done) == ["failed", "skipped", "skipped"]
    assert (creates(line), line.charged) == (1, 0)
    assert done.df["cost"].isna().all()


def test_another_no_concerns_its_run_alone(line: Line, sweep: Run) -> None:
    """A refused prompt fails its run; the others are sent, and billed once each."""
    line.simulator.fault("code", provider=line.name, phase="create", code=REFUSALS[line.dialect][1])
    done = sweep("a fox", "a wolf")
    assert told(done)[0] in {"Moderated", "InvalidRequest"}
    assert sorted(r.status for r in done) == ["failed", "succeeded"]
    assert (creates(line), line.charged) == (2, 1)


def test_a_full_minute_is_waited_for(line: Line, sweep: Run) -> None:
    """A create that was refused for its rate is sent again, and billed once."""
    line.simulator.fault("code", provider=line.name, phase="create", code=REFUSALS[line.dialect][2], times=2)
    (run,) = sweep("a fox")
    assert (run.status, creates(line), line.charged) == ("succeeded", 3, 1)


def test_a_lost_answer_is_never_sent_again(line: Line, sweep: Run) -> None:
    """It is unconfirmed and billed once; where the provider takes an id of ours, it is found by that and arrives."""
    line.simulator.fault("drop_after", provider=line.name, phase="create")
    done = sweep("a fox", "a wolf")
    lost = "succeeded" if line.name == "runware" else "Unconfirmed"
    assert told(done) == [lost, "succeeded"]
    assert (creates(line), line.charged) == (2, 2)


def test_the_clip_plays(line: Line, sweep: Run) -> None:
    """The archived file is an MP4 of the length and, drawn small here, of the shape that was asked for."""
    (run,) = sweep("a fox", duration=6)
    assert run.video is not None
    with av.open(str(run.video)) as file:
        stream = file.streams.video[0]
        frames = sum(1 for _ in file.decode(stream))
        assert (frames, float(stream.average_rate or 0)) == (150, 25.0)
        assert (stream.width, stream.height) == (342, 192)
    assert not run.simulated  # the mode is live: no answer of the provider says otherwise
