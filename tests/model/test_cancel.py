"""Tests of cancelling at providers that can cancel a task: the money is told, and no finished task is lost.

``toy`` takes a cancel call at any time. At ``picky`` the same call deletes the record of a task that has finished, as
MiniMax's V2 does: there it may be sent only right after a query that says "queued".
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import sqlalchemy as sa
from kernels import World
from odd import KEY
from wire import Wire

from hailuo_widgets.dataframes.costs import cost_frame
from hailuo_widgets.domain import money
from hailuo_widgets.domain.run import CostKind
from hailuo_widgets.errors import Cancelled as CancelledError
from hailuo_widgets.errors import TransportError
from hailuo_widgets.provider import Cancelled, CancelOutcome, HttpCall, HttpReply, PollState, Task
from hailuo_widgets.provider.minimax_v1 import MiniMaxV1
from hailuo_widgets.provider.registry import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.provider import Provider
    from hailuo_widgets.settings.settings import Settings

CALM = {kind: {"yes": 1.0} for kind in ("create", "query", "link", "download")}
ROUGH = {"yes": 4.0, "lost": 2.0, "lost+": 2.0, "unsent": 1.0, "5xx": 1.0, "5xx+": 1.0, "cut+": 1.0}
OUTCOMES = {"free": CancelOutcome.FREE, "asked": CancelOutcome.UNKNOWN, "late": CancelOutcome.TOO_LATE}


class Toy(MiniMaxV1):
    """MiniMax's first API, with a cancel call."""

    facts = replace(MiniMaxV1.facts, name="toy", base_url="https://toy.example", hosts=(), key_variables=("TOY_KEY",))
    states = MappingProxyType({**MiniMaxV1.states, "cancelled": "failed"})

    def encode_cancel(self, task: Task) -> HttpCall | None:
        """``DELETE`` of the task."""
        return HttpCall(method="DELETE", path=f"/tasks/{task.task_id}")

    def decode_cancel(self, reply: HttpReply, task: Task) -> Cancelled:
        """What the body says."""
        del task
        word = self.body(reply, asking=True).get("cancel")
        if word not in OUTCOMES:
            raise self.unreadable(reply, "it says nothing of the task")
        return Cancelled(outcome=OUTCOMES[str(word)], said=f"it is {word}")


class Picky(Toy):
    """The same, with a cancel call that does harm to a task that is not queued."""

    facts = replace(Toy.facts, name="picky", base_url="https://picky.example", key_variables=("PICKY_KEY",))
    cancel_only_when = frozenset({PollState.QUEUED})
    cancelled_costs = CancelOutcome.FREE


class Wires(Wire):
    """Providers that cancel tasks, with their books."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cancels: dict[str, float] = {"yes": 1.0}
        self.deleted: list[str] = []  # finished tasks whose record is gone: their clips are lost
        self.between: Callable[[], None] = lambda: None  # happens while a cancel call is on its way
        self.calls: list[str] = []
        self.says = "free"
        self.honest_words = True

    async def call(self, origin: str, call: HttpCall, *, deadline_s: float = 60.0, **more: Any) -> HttpReply:
        """A cancel call, or another."""
        self.calls.append(call.method if call.method == "DELETE" else call.path.rsplit("/", 1)[-1])
        if call.method != "DELETE":
            return await super().call(origin, call, deadline_s=deadline_s, **more)
        fates = {"yes": 1.0} if self.calm else self.cancels
        (fate,) = self._rng.choices(list(fates), list(fates.values()))
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        if fate == "unsent":
            raise TransportError("the host cannot be reached", sent=False)
        self.between()
        body = (
            self._cancelled(call.path.rsplit("/", 1)[-1], harm="picky" in origin)
            if fate == "yes" or fate[-1] == "+"
            else ""
        )
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        if fate.startswith("lost"):
            raise TransportError("the answer was lost", sent=None)
        if fate.startswith("5xx"):
            return HttpReply(status=502, headers={}, body=b"<p>")
        return HttpReply(
            status=200, headers={}, body=b'{"canc' if fate == "cut+" else b'{"cancel": "%s"}' % body.encode()
        )

    def _cancelled(self, task_id: str, *, harm: bool) -> str:
        task = self.tasks[task_id]
        if task.fate == "cancelled":
            return "error" if harm else self.says
        if self.clock.at >= task.ready:
            if harm:
                task.fate, task.shown = "forgotten", True
                self.deleted.append(task_id)
                return "deleted"
            return "late"
        task.fate = "cancelled"
        return self.says

    def _state(self, task: Any, fate: str, *, done: bool) -> HttpReply:
        if task.fate == "cancelled":
            done, task = True, replace(task, fate="failed")
            reply = super()._state(task, "yes", done=done)
            return replace(reply, body=reply.body.replace(b'"Fail"', b'"Cancelled"'))
        reply = super()._state(task, fate, done=done)
        if self.honest_words:  # young tasks are queued, later ones are being made
            for word in (b"Preparing", b"Queueing", b"Processing"):
                young = self.clock.at < task.made + (task.ready - task.made) / 2
                reply = replace(reply, body=reply.body.replace(word, b"Queueing" if young else b"Processing"))
        return reply


def _toy(settings: Settings) -> Provider:
    del settings
    return Toy()


def _picky(settings: Settings) -> Provider:
    del settings
    return Picky()


class Scene(World):
    """A world with the two providers, on wires that cancel."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        super().__init__(rng, folder=folder, mix=CALM)
        self.wire: Any = Wires(self.clock, rng, CALM)
        self.runtime = replace(self.runtime, http=lambda: self.wire)

    def sent(self, provider: str, prompt: str = "a fox", *, ready_s: float = 1000.0) -> tuple[Any, Any]:
        """A kernel, and its run whose create call was accepted, and whose task takes so long."""
        kernel = self.begin()
        run = kernel.do(lambda s: s.generate(prompt, provider=provider, model="02", reuse=False))
        while run.task_id is None:
            self.turn(self.clock.at + 10)
        task = self.wire.tasks[run.task_id]
        task.made, task.ready, task.fate, task.lag_s = self.clock.at, self.clock.at + ready_s, "made", 0.0
        return kernel, run


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A world in which nothing goes wrong yet."""
    for name, make in (("toy", "_toy"), ("picky", "_picky")):
        monkeypatch.setitem(BUNDLED, name, f"{__name__}:{make}")
        monkeypatch.setenv(f"{name.upper()}_KEY", KEY)
    with Scene(random.Random(3), folder) as made:  # noqa: S311 - no secret
        yield made


def events(run: Any) -> list[str]:
    """The steps in the log."""
    return [str(e["what"]) for e in run.events]


@pytest.mark.parametrize("provider", ["toy", "picky"])
def test_a_free_cancel_is_told_and_costs_nothing(scene: Scene, provider: str) -> None:
    """The run ends as cancelled, says that it is not billed, and its price counts against no budget."""
    kernel, run = scene.sent(provider)
    assert run.record.cost_micros
    kernel.do(lambda _: run.cancel())
    scene.run(60, until_idle=True)
    assert (run.status, events(run)[-2:]) == ("cancelled", ["cancel_sent", "cancelled_free"])
    assert (run.record.cost_micros, run.record.cost_kind) == (0, CostKind.REPORTED)
    assert isinstance(run.error, CancelledError)
    assert "does not bill" in str(run.error)
    assert scene.wire.tasks[run.task_id].fate == "cancelled"
    with scene.kernels[0].session.log.database.read() as c:
        assert c.scalar(sa.text("SELECT reserved_micros FROM runs")) is None
    assert scene.errors == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_free_cancel_costs_nothing_also_without_a_list_price(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, listed: bool
) -> None:
    """All views say 0, or that nothing is billed; the run is asked for again with the price that it had before."""
    if not listed:
        monkeypatch.setattr(Toy, "facts", replace(Toy.facts, prices=()))
    kernel, run = scene.sent("toy")
    before = run.record
    assert (before.cost_micros is not None) is listed
    kernel.do(lambda _: run.cancel())
    scene.run(60, until_idle=True)
    assert (run.cost, run.record.cost_kind) == (0, CostKind.REPORTED)
    assert money.cost_of(run.record) == "nothing billed"
    assert (money.total([run.record]).unknown, run.record.currency) == (0, before.currency)
    (row,) = cost_frame([run.record]).to_dict("records")
    assert (row["cost"], row["unknown"]) == (0, 0)
    kernel.do(lambda s: s.run(run.id).retry())
    assert (run.record.cost_micros, run.record.cost_kind) == (before.cost_micros, before.cost_kind)


def test_a_cancel_of_unknown_price_keeps_the_price(scene: Scene) -> None:
    """What may be billed goes on counting, and the user is told that it may be."""
    kernel, run = scene.sent("toy")
    scene.wire.says = "asked"
    before = run.record.cost_micros
    kernel.do(lambda _: run.cancel())
    scene.run(60, until_idle=True)
    assert (run.status, run.record.cost_micros) == ("cancelled", before)
    assert "not known" in str(run.error)


@pytest.mark.parametrize("provider", ["toy", "picky"])
def test_a_task_that_finished_in_between_is_brought(scene: Scene, provider: str) -> None:
    """It is paid for: its clip is downloaded, and no record of it is deleted."""
    kernel, run = scene.sent(provider)
    task = scene.wire.tasks[run.task_id]
    task.ready = scene.clock.at  # the next poll would have said so
    kernel.do(lambda _: run.cancel())
    scene.run(600, until_idle=True)
    assert (run.status, run.error, scene.wire.deleted) == ("succeeded", None, [])
    assert "cancel_too_late" in events(run)
    assert "DELETE" not in scene.wire.calls or provider == "toy"


def test_picky_is_asked_right_before_and_left_alone_while_it_works(scene: Scene) -> None:
    """A query comes right before the cancel call; a task that is being made is not deleted, and stays to be had."""
    kernel, run = scene.sent("picky")
    kernel.do(lambda _: run.cancel())
    scene.run(60, until_idle=True)
    at = scene.wire.calls.index("DELETE")
    assert scene.wire.calls[at - 1] == "video_generation"
    kernel, other = scene.sent("picky", "a wolf")
    task = scene.wire.tasks[other.task_id]
    task.made -= 2000  # it is being made by now
    kernel.do(lambda _: other.cancel())
    scene.run(60, until_idle=True)
    assert (other.status, scene.wire.calls.count("DELETE")) == ("cancelled", 1)
    assert "too late" in str(other.error)
    kernel.do(lambda s: s.run(other.id).retry())
    scene.run(3000, until_idle=True)
    assert other.status == "succeeded"


@pytest.mark.parametrize(("provider", "fate"), [(p, f) for p in ("toy", "picky") for f in ("lost+", "5xx+", "cut+")])
def test_a_lost_answer_is_settled_by_asking(scene: Scene, provider: str, fate: str) -> None:
    """The call was carried out and its answer lost: the provider's list of the task says that it is cancelled."""
    kernel, run = scene.sent(provider)
    scene.wire.cancels = {fate: 1.0}
    kernel.do(lambda _: run.cancel())
    scene.run(300, until_idle=True)
    assert (run.status, scene.wire.deleted, scene.errors) == ("cancelled", [], [])
    assert events(run)[-1] == ("cancelled_free" if provider == "picky" else "cancelled_unknown")


def test_a_provider_that_cannot_be_reached_is_told_apart(scene: Scene) -> None:
    """Nothing was sent: the run is followed no further, and says that the provider goes on."""
    kernel, run = scene.sent("toy")
    scene.wire.cancels = {"unsent": 1.0}
    kernel.do(lambda _: run.cancel())
    scene.run(300, until_idle=True)
    assert (run.status, events(run)[-1]) == ("cancelled", "cancelled_after_sent")
    assert "could not be asked" in str(run.error)
    assert run.record.cost_micros


def test_cancelled_twice(scene: Scene) -> None:
    """A second wish, before the answer and after it, sends nothing more."""
    kernel, run = scene.sent("toy")
    kernel.do(lambda _: (run.cancel(), run.cancel()))
    scene.run(60, until_idle=True)
    kernel.do(lambda _: run.cancel())
    scene.run(60, until_idle=True)
    assert (run.status, scene.wire.calls.count("DELETE")) == ("cancelled", 1)


@pytest.mark.parametrize("provider", ["toy", "picky"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_kill_in_between(scene: Scene, provider: str, *, carried_out: bool) -> None:
    """The next kernel follows the task: one that was cancelled ends so, and any other is brought to its clip."""
    kernel, run = scene.sent(provider)
    scene.wire.cancels = {"lost+" if carried_out else "lost": 1.0}
    kernel.do(lambda _: run.cancel())
    while "DELETE" not in scene.wire.calls:
        scene.turn(scene.clock.at + 10)
    if carried_out:
        while scene.wire.tasks[run.task_id].fate != "cancelled":
            scene.turn(scene.clock.at + 10)
    scene.kill(kernel)
    other = scene.begin()
    other.do(lambda s: s.resume())
    scene.wire.cancels = {"yes": 1.0}
    scene.run(4000, until_idle=True)
    (record,) = other.session.log.find()
    assert (record.status, scene.wire.deleted) == ("cancelled" if carried_out else "succeeded", [])


def test_another_kernel_asks_the_one_that_follows(scene: Scene) -> None:
    """A run that is followed elsewhere is cancelled by who follows it, at the provider too."""
    kernel, run = scene.sent("toy")
    other = scene.begin()
    other.do(lambda s: s.run(run.id).cancel())
    assert other.session.log.get(run.id).status in {"queued", "running"}
    scene.run(120, until_idle=True)
    assert (kernel.session.log.get(run.id).status, scene.wire.calls.count("DELETE")) == ("cancelled", 1)


def test_a_run_that_nobody_follows_is_cancelled_at_the_provider(scene: Scene) -> None:
    """It is taken up for that."""
    kernel, run = scene.sent("toy")
    scene.kill(kernel)
    other = scene.begin()
    other.do(lambda s: s.run(run.id).cancel())
    scene.run(120, until_idle=True)
    assert (other.session.log.get(run.id).status, scene.wire.calls.count("DELETE")) == ("cancelled", 1)


def test_several_results_are_not_cancelled_with_one(scene: Scene) -> None:
    """A task that makes another run's clip too goes on at the provider."""
    kernel, run = scene.sent("toy")
    with mock.patch.object(Toy, "results", return_value=2):
        kernel.do(lambda _: run.cancel())
        scene.run(60)
    assert (run.status, scene.wire.calls.count("DELETE")) == ("cancelled", 0)


STORM = 40


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["toy", "picky"])
def test_a_storm_of_cancels(scene: Scene, provider: str) -> None:
    """However answers are lost and kernels die: nothing twice, nothing lost, and what is said of the money is true."""
    rng, wire = scene.rng, scene.wire
    wire.cancels = ROUGH
    said: Counter[str] = Counter()
    for number in range(STORM):
        kernel, run = scene.sent(provider, f"fox {number}", ready_s=rng.choice((1.0, 5.0, 40.0, 300.0)))
        scene.run(rng.uniform(0, 30))
        (scene.kernels[-1] if rng.random() < 0.8 else scene.begin()).do(lambda s, run_id=run.id: s.run(run_id).cancel())
        scene.run(rng.choice((0.1, 0.4, 2.0, 60.0)))
        if rng.random() < 0.3:
            scene.kill(kernel)
        else:
            scene.run(400, until_idle=True)
            scene.kill(kernel)
    wire.calm = True
    last = scene.begin()
    last.do(lambda s: s.resume())
    scene.run(10_000, until_idle=True)
    for record in last.session.log.find():
        said[_checked(record, wire, last.session.log.events(record.run_id))] += 1
    assert (scene.errors, wire.deleted, len(wire.tasks)) == ([], [], STORM)
    assert sum(said.values()) == STORM
    assert min(said["succeeded"], said["cancelled"]) > 5


def _checked(record: RunRecord, wire: Wires, told: list[dict[str, Any]]) -> str:
    """Check a run against the provider's books; its status."""
    task, steps = wire.tasks[str(record.task_id)], [str(e["what"]) for e in told]
    where = f"{record.request.prompt}: {record.status}, {task.fate}, {steps}"
    assert record.status.ended, where
    if task.fate == "made":
        assert record.status == "succeeded" or (record.status == "cancelled" and "cancelled_free" not in steps), where
    else:
        assert record.status == "cancelled", where
    if record.cost_micros == 0:
        assert task.fate == "cancelled", where
    return record.status.value
