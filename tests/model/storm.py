"""Thousands of submits to providers that lose, garble and refuse replies.

Only that step: an accepted run is not followed. Time is virtual, so pauses cost nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from operator import methodcaller
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

from kernels import World
from wire import BRUTAL

from hailuo_widgets.engine import poll as follow

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Weather", "blow"]

NOT_CHARGED = {"planned", "skipped", "failed", "cancelled"}  # without a task id: "certainly not accepted"


@dataclass(kw_only=True)
class Weather:
    """What became of a storm: ``ends`` counts runs by status, the rest is what must be zero."""

    submits: int = 0
    creates: int = 0
    charges: int = 0
    double: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)  # the answer named the task
    errors: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Weather) -> Self:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def wrong(self) -> list[str]:
        """What must not be."""
        return self.double + self.denied + self.forgotten + self.dropped + self.errors


def blow(seed: int, submits: int, *, folder: Path | None = None, kinds: Collection[str] = (), **timing: Any) -> Weather:
    """So many submits with what is switched on of `odd`, a fifth of them at the provider that takes our own ids."""
    rng = random.Random(seed)  # noqa: S311 - chance is no secret
    weather = Weather(submits=submits)

    async def left(ctx: Any, follower: Any, client: Any, record: RunRecord) -> RunRecord:
        del ctx, follower, client
        return record

    with (
        World(rng, folder=folder, mix=BRUTAL, kinds=kinds, max_parallel=10**6, timing=timing) as world,
        mock.patch.object(follow, "follow", left),
        mock.patch("hailuo_widgets.engine.rate_limit.RateLimiter._wait_s", mock.AsyncMock(return_value=0.0)),
    ):
        kernel = world.begin()
        for n in range(submits):
            more: dict[str, Any] = {"provider": "runware"} if n % 5 == 0 else {"model": "02"}
            kernel.do(methodcaller("generate", f"fox {n}", duration=6, reuse=False, **more))
        world.run(10.0**7, until_idle=True)
        records = kernel.session.log.find()
        weather.errors = world.errors + [f"{r.run_id} stays {r.status}" for r in records if r.status == "submitting"]
        weather.ends = Counter(r.status.value for r in records)
        weather.creates, weather.charges = len(world.wire.arrived), len(world.wire.tasks)
        charged = Counter(t.prompt for t in world.wire.tasks.values())
        for r in records:
            paid = charged[r.request.prompt]
            told = f"seed {seed}: {r.request.prompt} ({r.request.provider}) is {r.status}, charged {paid} times"
            if paid > 1:
                weather.double.append(told)
            if paid and r.task_id is None and r.status in NOT_CHARGED:
                weather.denied.append(told)
            if r.task_id is None and any(t.told for t in world.wire.tasks.values() if t.prompt == r.request.prompt):
                weather.dropped.append(told)
            if paid and r.task_id is None and r.status not in {"unconfirmed", *NOT_CHARGED}:
                weather.forgotten.append(told)
    return weather
