"""Tests with random schedules of users, kernels, kills and faults in virtual time: all invariants hold.

The suite plays some; ``python tests/model/run_all.py`` plays ten thousand of them and thirty thousand submits.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from kernels import World
from odd import ENABLED, KINDS
from schedules import play
from storm import Weather, blow

from hailuo_widgets.engine import reconcile as ours
from hailuo_widgets.engine import submit as create
from hailuo_widgets.engine.outcome import Outcome
from hailuo_widgets.provider import interface as base
from hailuo_widgets.provider.interface import Provider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Make

    from hailuo_widgets.errors import HailuoError

pytestmark = pytest.mark.slow

SCHEDULES = 40
STORMS = 2


def test_schedules_keep_the_promises(folder: Path) -> None:
    """Charged is recorded, once, within budgets; ends stay; clips are their tasks'; nothing sent is dropped."""
    verdicts = [play(seed, folder=folder, kinds=ENABLED) for seed in range(SCHEDULES)]
    assert [f"schedule {v.seed}: {words}" for v in verdicts for words in v.wrong] == []
    met = {what for v in verdicts for what in v.happened}
    kinds = {kind: {f"{call} {fate}" for call, fates in KINDS[kind].items() for fate in fates} for kind in KINDS}
    assert [kind for kind in ENABLED if kind in kinds and not kinds[kind] & met] == []


def test_a_storm_of_faulted_submits(folder: Path, record_property: Callable[[str, object], None]) -> None:
    """However answers are lost: no submit is charged twice, and no charged one is called certainly not charged."""
    weather = Weather()
    for seed in range(STORMS):
        weather += blow(seed, 200, folder=folder, kinds=ENABLED)
    record_property("ends", dict(weather.ends))
    assert weather.wrong == []
    assert sum(weather.ends.values()) == weather.submits
    assert min(weather.charges, weather.ends["unconfirmed"], weather.ends["queued"], weather.ends["failed"]) > 20


def test_a_schedule_can_be_played_again(folder: Path) -> None:
    """The same seed makes the same schedule, so that what is found can be looked into."""
    first, second = (play(11, folder=folder, kinds=ENABLED) for _ in range(2))
    assert (first.happened, first.ends, first.charges) == (second.happened, second.ends, second.charges)


def test_the_model_sees_a_double_charge(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an engine that sends doubtful creates again, the storm shows double charges: the promise can fail."""

    async def again(ctx: Any, client: object, record: Any, why: HailuoError) -> Outcome:
        del client
        return Outcome(record=await ctx.recorder.take_back(record, "sent again", why))

    monkeypatch.setattr(create, "_doubtful", again)
    weather = blow(1, 60, folder=folder)
    assert weather.double != []


def test_the_model_sees_a_late_answer_that_was_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With providers that take any 4xx for a refusal, creates that were charged are called failed, and it shows."""
    monkeypatch.setattr(Provider, "refusals", frozenset(range(400, 500)))
    assert blow(1, 100, folder=folder, kinds=["late"]).denied != []


@pytest.mark.parametrize("believed", [False, True])
def test_the_model_sees_a_routers_word_that_was_believed(
    make: Make, monkeypatch: pytest.MonkeyPatch, *, believed: bool
) -> None:
    """A router's 404s leave a paid run alone; an engine that takes them for a word of the task loses it."""
    if believed:
        monkeypatch.setattr(base, "unknown_route", lambda _: False)
        monkeypatch.setattr(base, "no_such_task", lambda _: True)
    world = make(query={"route": 1.0})
    kernel = world.begin()
    run = kernel.do(lambda s: s.generate("a fox", model="02"))
    world.run(1000.0)
    assert run.status == ("lost" if believed else "queued")
    world.wire.calm = True
    world.run(2000.0)
    assert run.status == ("lost" if believed else "succeeded")


def test_the_model_sees_a_denial_that_was_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an engine that believes a provider whose books are behind, charged runs are called failed, and it shows."""

    async def failed(ctx: Any, client: object, record: Any, why: HailuoError) -> Any:
        del client
        return await ctx.recorder.refuse(record, why)

    monkeypatch.setattr(ours, "unconfirmed", failed)
    assert blow(1, 200, folder=folder, settling_s=0.0, most_resends=0).denied != []


def test_a_killed_kernel_does_nothing_more(folder: Path) -> None:
    """What was on its way in a killed kernel stays as it was, however long the others live."""
    with World(random.Random(3), folder=folder, mix={}) as world:  # noqa: S311 - chance is no secret
        world.wire.calm = True
        kernel = world.begin()
        run = kernel.do(lambda s: s.generate("a fox", model="02"))
        while not world.wire.arrived:
            world.turn(world.clock.at + 10)
        world.kill(kernel)
        other = world.begin()
        world.run(500)
        assert (other.session.log.get(run.id).status, len(world.wire.tasks)) == ("submitting", 0)
        other.do(lambda s: s.resume())
        world.run(500, until_idle=True)
        assert (other.session.log.get(run.id).status, len(world.wire.arrived)) == ("unconfirmed", 1)
