"""Tests of a lost create call at a provider that lists its tasks: the user chooses among those that could be the run's.

The provider is MiniMax's first API with a list, which the list of its V2 is like.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from kernels import World
from odd import KEY
from virtual import EPOCH
from wire import Wire

from hailuo_widgets.errors import ProviderError, UsageError
from hailuo_widgets.provider import Candidate, Candidates, HttpCall, HttpReply
from hailuo_widgets.provider.minimax_v1 import MiniMaxV1
from hailuo_widgets.provider.registry import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider import Provider
    from hailuo_widgets.settings.settings import Settings

YES = {kind: {"yes": 1.0} for kind in ("create", "query", "link", "download")}
PAGE = 3


class Toy(MiniMaxV1):
    """A provider that lists the account's tasks, three to a page."""

    facts = replace(MiniMaxV1.facts, name="toy", base_url="https://toy.example", hosts=(), key_variables=("TOY_KEY",))

    def encode_list(self, request: Request, page: int) -> HttpCall | None:
        """``GET /list``."""
        del request
        return HttpCall(method="GET", path="/list", params={"page": str(page)})

    def decode_list(self, reply: HttpReply) -> Candidates:
        """The items, with times in seconds since the world began."""
        found = self.body(reply, asking=True)
        rows = [
            Candidate(**{**row, "created_at": EPOCH + timedelta(seconds=row["created_at"])}) for row in found["rows"]
        ]
        return Candidates(tasks=tuple(rows), more=found["more"])


class Lists(Wire):
    """Its books, as a list; strangers' tasks stand in it too."""

    broken = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows: list[dict[str, Any]] = []

    async def call(self, origin: str, call: HttpCall, *, deadline_s: float = 60.0, **more: Any) -> HttpReply:
        """A page of the list, or another call."""
        if call.path != "/list":
            return await super().call(origin, call, deadline_s=deadline_s, **more)
        if self.broken:
            return HttpReply(status=502, headers={}, body=b"<p>")
        first = (int(call.params["page"]) - 1) * PAGE
        body = {"rows": self.rows[first : first + PAGE], "more": first + PAGE < len(self.rows)}
        return HttpReply(status=200, headers={}, body=json.dumps(body).encode())

    def row(self, task_id: str, **other: Any) -> None:
        """List a task like ours, or one that differs."""
        ours = {"model": "MiniMax-Hailuo-02", "resolution": "768p", "duration": 6, "status": "Success"}
        self.rows.append({"task_id": task_id, "created_at": self.clock.at, **ours, **other})


class Scene(World):
    """A world with that provider."""

    def __init__(self, folder: Path) -> None:
        chance = random.Random(3)  # noqa: S311 - no secret
        super().__init__(chance, folder=folder, mix=YES)
        self.wire: Any = Lists(self.clock, chance, YES)
        self.runtime = replace(self.runtime, http=lambda: self.wire)


def make(settings: Settings) -> Provider:
    """The entry point."""
    del settings
    return Toy()


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A world in which nothing goes wrong yet."""
    monkeypatch.setitem(BUNDLED, "toy", f"{__name__}:make")
    monkeypatch.setenv("TOY_KEY", KEY)
    with Scene(folder) as made:
        yield made


def lost(scene: Scene) -> tuple[Any, Any, Any]:
    """A kernel, a run whose create call was carried out and its answer lost, and the task."""
    kernel = scene.begin()
    scene.wire.script = {"create": ["lost+"]}
    run = kernel.do(lambda s: s.generate("a fox", provider="toy", model="02", reuse=False))
    scene.run(300, until_idle=True)
    (task,) = scene.wire.tasks.values()
    return kernel, run, task


def test_those_that_could_be_ours_are_listed_and_none_is_taken(scene: Scene) -> None:
    """Model, resolution, length and time decide; what the log knows is left out; the list is read to its last page."""
    kernel, run, task = lost(scene)
    assert run.status == "unconfirmed"
    assert "run.candidates()" in str(run.error)
    known = kernel.do(lambda s: s.generate("a wolf", provider="toy", model="02", reuse=False))
    while known.task_id is None:
        scene.turn(scene.clock.at + 10)
    wire = scene.wire
    wire.row("other-model", model="MiniMax-Hailuo-2.3")
    wire.row("longer", duration=10)
    wire.row("larger", resolution="1080P")
    wire.row("hours-later", created_at=scene.clock.at + 7200)
    wire.row("earlier", created_at=-7200)
    wire.row(known.task_id)
    wire.row("a-twin", created_at=task.made + 1)
    wire.row(task.task_id, created_at=task.made)
    wire.row("says-little", model=None, resolution=None, duration=None, created_at=task.made + 2)
    assert [c.task_id for c in run.candidates()] == ["says-little", "a-twin", task.task_id]
    assert (run.status, run.task_id) == ("unconfirmed", None)
    kernel.do(lambda _: run.adopt(task.task_id))
    scene.run(3000, until_idle=True)
    assert (run.status, run.task_id, len(wire.tasks)) == ("succeeded", task.task_id, 2)
    assert scene.errors == []


def test_only_an_unconfirmed_run_has_candidates(scene: Scene) -> None:
    """A run whose task is known needs none, and a provider without a list says so, with the other ways out."""
    kernel, run, task = lost(scene)
    kernel.do(lambda _: run.adopt(task.task_id))
    scene.run(3000, until_idle=True)
    with pytest.raises(UsageError, match="unconfirmed"):
        run.candidates()
    scene.wire.script = {"create": ["lost+"]}
    other = kernel.do(lambda s: s.generate("a fox", model="02", reuse=False))
    scene.run(300, until_idle=True)
    assert "candidates" not in str(other.error)
    with pytest.raises(UsageError, match="no list of tasks") as caught:
        other.candidates()
    assert "write_off" in str(caught.value.hint)


def test_a_list_that_cannot_be_read_changes_nothing(scene: Scene) -> None:
    """It is an error of the call, and the run stays as it is."""
    _, run, _ = lost(scene)
    scene.wire.broken = True
    with pytest.raises(ProviderError):
        run.candidates()
    assert (run.status, run.task_id) == ("unconfirmed", None)
