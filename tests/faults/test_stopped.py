"""Tests of waits that are stopped or time out: nothing more is paid, and open runs are named."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from fake_provider import Act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Begin, Scene

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.sweep import Sweep


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Ctrl-C as a script has it, also where whoever started the tests has turned it off."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


def stopped(scene: Scene, status: str, number: int = 6) -> Sweep:
    """A sweep whose wait is interrupted when its first run comes to this status."""
    sweep = scene.session.sweep([f"fox {n}" for n in range(number)], model="02", max_parallel=2)
    pressed: list[str] = []

    def now(record: RunRecord) -> None:
        if record.status == status and not pressed:
            pressed.append(record.run_id)
            signal.raise_signal(signal.SIGINT)

    for run in sweep:
        run.subscribe(now)
    with pytest.raises(KeyboardInterrupt):
        sweep.wait(60)
    return sweep


@pytest.mark.parametrize("status", ["submitting", "queued", "downloading"])
def test_an_interrupted_sweep_sends_nothing_more(begin: Begin, status: str) -> None:
    """In a script: what is on its way is answered, and no create call begins after it, in no wait."""
    scene = begin().on("create", Act(wait_s=0.2))
    sweep = stopped(scene, status)
    sent = scene.sent
    assert (sent == 1) if status == "submitting" else (1 <= sent < len(sweep))
    assert [run.status for run in sweep].count("submitting") == 0
    assert scene.run("a wolf").status == "succeeded"
    assert scene.sent == sent + 1
    assert [run.status for run in sweep].count("planned") == len(sweep) - sent
    sweep.wait(60)  # asked for again, it goes on
    assert [run.status for run in sweep] == ["succeeded"] * len(sweep)
    assert (scene.charged, scene.fake_provider.twice) == (len(sweep) + 1, [])


def test_one_that_another_thread_waits_for_is_not_held(begin: Begin) -> None:
    """A run that somebody else waits for is sent though a wait for it was stopped."""
    scene = begin().on("create", Act(wait_s=0.2))
    holding = scene.session.engine.runs.holding
    run = scene.session.generate("a fox", model="02")
    with holding.awaiting([run.id]):
        with holding.awaiting([run.id]):
            holding.hold([run.id])
        assert not holding.holds(run.id)
        holding.hold([run.id])
        assert holding.holds(run.id)
    with holding.awaiting([run.id]):
        assert not holding.holds(run.id)


@pytest.mark.parametrize("number", [1, 3, 12])
def test_a_wait_that_is_given_up_says_what_is_open(begin: Begin, number: int) -> None:
    """The runs by id and prompt, how far each has come, that nothing is lost, and what to do next."""
    scene = begin()
    scene.fake_provider.always("query", Act(change=lambda good: {**good, "status": "Processing"}))
    sweep = scene.session.sweep([f"fox {n}" for n in range(number)], model="02", max_parallel=2, yes=True)
    with pytest.raises(TimeoutError) as caught:
        (sweep if number > 1 else sweep[0]).wait(0.5)
    said = str(caught.value)
    named = [run for run in sweep if f"{run.id} ('fox {sweep.runs.index(run)}') is {run.status}" in said]
    assert len(named) == min(number, 10), said
    assert ("and 2 more" in said) == (number == 12)
    assert "after 0.5 s" in said
    assert "wait() goes on waiting" in said
    scene.fake_provider.always("query", None)
    sweep.cancel()
