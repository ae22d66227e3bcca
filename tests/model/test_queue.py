"""Tests of fal.ai's queue under faults: what only the result tells ends a run, and nothing is paid twice or lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kernels import World
from odd import KEY
from wire import MadeTask, Wire

from hailuo_widgets.errors import DownloadError, Moderated, TransportError
from hailuo_widgets.provider import HttpReply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.provider import HttpCall

YES = {kind: {"yes": 1.0} for kind in ("create", "query", "link", "download")}
ROUGH: dict[str, dict[str, float]] = {
    "create": {
        "yes": 4, "lost+": 3, "lost": 3, "unsent": 2, "502+": 2, "502": 2, "cut+": 2, "429": 2, "flagged": 2,
        "broke": 0.3,
    },
    "status": {"yes": 8, "lost": 1, "502": 1, "cut": 1, "401": 0.1},
    "result": {"yes": 4, "lost": 1, "502": 1, "cut": 1, "404": 0.3},
    "cancel": {"yes": 4, "lost+": 2, "lost": 1, "502+": 1, "unsent": 1},
}  # fmt: skip
FLAGGED = {"detail": [{"loc": ["body"], "msg": "The content was flagged.", "type": "content_policy_violation"}]}
LOCKED = {"detail": "User is locked. Reason: Exhausted balance."}
ANSWERS: dict[str, tuple[int, Any]] = {
    "502": (502, None),
    "429": (429, {"detail": "Too many requests"}),
    "401": (401, {"detail": "no"}),
    "404": (404, {"detail": "Request not found"}),
    "flagged": (422, FLAGGED),
    "broke": (403, LOCKED),
}


class Queue(Wire):
    """fal's queue with its books; ``tasks`` are the requests that were accepted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fates: dict[str, dict[str, float]] = {}
        self.paths: list[str] = []
        self.cancelled: set[str] = set()

    async def call(self, origin: str, call: HttpCall, **_: Any) -> HttpReply:
        """One call of the queue, on its way, there, and on its way back."""
        assert origin == "https://queue.fal.run"
        self.paths.append(f"{call.method} {call.path}")
        kind = {"POST": "create", "PUT": "cancel"}.get(
            call.method, "status" if call.path.endswith("/status") else "result"
        )
        fates = {"yes": 1.0} if self.calm else self.fates.get(kind, {"yes": 1.0})
        (fate,) = self._rng.choices(list(fates), list(fates.values()))
        if kind == "create":
            self.arrived.append(call.json["prompt"])
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        if fate == "unsent":
            raise TransportError("the host cannot be reached", sent=False)
        status, body = self._carried_out(kind, call) if fate == "yes" or fate[-1] == "+" else (500, None)
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        word = fate.removesuffix("+")
        if word == "lost":
            raise TransportError("the answer was lost", sent=None)
        status, body = ANSWERS.get(word, (status, body))
        raw = b"<p>" if body is None else json.dumps(body).encode()
        return HttpReply(status=status, headers={}, body=raw[: len(raw) // 2] if word == "cut" else raw)

    def _carried_out(self, kind: str, call: HttpCall) -> tuple[int, Any]:
        if kind == "create":
            return self._create_request(call)
        task = self.tasks.get(call.path.split("/requests/")[1].split("/")[0])
        if task is None:  # of the free query that asks whether the provider answers
            return 404, {"detail": "Request not found"}
        return {"status": self._status, "result": self._result, "cancel": self._cancel}[kind](task)

    def _create_request(self, call: HttpCall) -> tuple[int, Any]:
        task_id = f"11111111-0000-4000-8000-{next(self._numbers):012d}"
        self.tasks[task_id] = MadeTask(
            task_id=task_id,
            provider="fal",
            prompt=call.json["prompt"],
            ready=self.clock.at + self._rng.choice((1.0, 20.0, 100.0)),
            fate=self._rng.choice(("made", "made", "made", "flagged")),
            made=self.clock.at,
            lag_s=0.0,
        )
        root = f"https://queue.fal.run/fal-ai/minimax/requests/{task_id}"
        urls = {"status_url": f"{root}/status", "response_url": root, "cancel_url": f"{root}/cancel"}
        return 200, {"request_id": task_id, "status": "IN_QUEUE", **urls}

    def _status(self, task: MadeTask) -> tuple[int, Any]:
        done = self.clock.at >= task.ready or task.task_id in self.cancelled
        return 200, {"request_id": task.task_id, "status": "COMPLETED" if done else "IN_PROGRESS"}

    def _result(self, task: MadeTask) -> tuple[int, Any]:
        if task.task_id in self.cancelled:
            return 499, {"detail": "The request was cancelled.", "error_type": "client_cancelled"}
        if self.clock.at < task.ready:
            return 400, {"detail": "Request is still in progress"}
        return (422, FLAGGED) if task.fate == "flagged" else (200, {"video": {"url": self._url(task, 0, "yes")}})

    def _cancel(self, task: MadeTask) -> tuple[int, Any]:
        if self.clock.at >= task.ready:
            return 400, {"status": "ALREADY_COMPLETED"}
        self.cancelled.add(task.task_id)
        return 202, {"status": "CANCELLATION_REQUESTED"}


class Scene(World):
    """A world with fal's queue."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        super().__init__(rng, folder=folder, mix=YES)
        self.wire: Any = Queue(self.clock, rng, YES)
        self.runtime = replace(self.runtime, http=lambda: self.wire)

    def sent(self, *, fate: str = "made") -> tuple[Any, Any]:
        """A kernel, and its run whose request was accepted."""
        kernel = self.begin()
        run = kernel.do(lambda s: s.generate("a fox", provider="fal", reuse=False))
        while run.task_id is None:
            self.turn(self.clock.at + 10)
        self.wire.tasks[run.task_id].fate = fate
        return kernel, run


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A world in which nothing goes wrong yet."""
    monkeypatch.setenv("FAL_KEY", KEY)
    with Scene(random.Random(5), folder) as made:  # noqa: S311 - no secret
        yield made


def test_a_failure_that_only_the_result_tells_ends_the_run(scene: Scene) -> None:
    """COMPLETED, and then a refusal for the content: the run has failed with fal's words, and has no price."""
    _, run = scene.sent(fate="flagged")
    assert run.record.cost_micros == 280_000
    scene.run(2000, until_idle=True)
    assert (run.status, run.record.cost_micros) == ("failed", None)
    assert isinstance(run.error, Moderated)
    assert "The content was flagged." in str(run.error)
    assert scene.errors == []


@pytest.mark.parametrize("fate", ["lost", "502", "cut", "404"])
def test_trouble_at_the_result_ends_nothing(scene: Scene, fate: str) -> None:
    """The task is finished and paid for: its result is fetched when that can be, and until then stays to be had."""
    _, run = scene.sent()
    scene.wire.fates = {"result": {fate: 1.0}}
    scene.run(100)
    assert run.status == "downloading"
    scene.wire.fates = {}
    scene.run(2000, until_idle=True)
    assert (run.status, run.record.cost_micros, len(scene.wire.tasks)) == ("succeeded", 280_000, 1)


def test_a_result_that_cannot_be_fetched_for_long_is_brought_later(scene: Scene) -> None:
    """The run says that its clip is finished and could not be brought, keeps its price, and is retried for free."""
    kernel, run = scene.sent()
    scene.wire.fates = {"result": {"502": 1.0}}
    scene.run(20_000, until_idle=True)
    assert isinstance(run.error, DownloadError)
    assert run.record.cost_micros == 280_000
    scene.wire.fates = {}
    kernel.do(lambda _: run.retry())
    scene.run(2000, until_idle=True)
    assert (run.status, len(scene.wire.tasks)) == ("succeeded", 1)


def test_the_addresses_of_the_answer_outlive_the_kernel(scene: Scene) -> None:
    """They are in the log: the next kernel asks at the same addresses."""
    kernel, run = scene.sent()
    scene.kill(kernel)
    other = scene.begin()
    (record,) = other.session.log.find()
    assert record.task_details["status_url"].endswith(f"/requests/{run.task_id}/status")
    other.do(lambda s: s.resume())
    scene.run(2000, until_idle=True)
    assert other.session.log.get(run.id).status == "succeeded"


def test_a_task_that_was_adopted_needs_no_address(scene: Scene) -> None:
    """Of a task that the user found only the id is known: the documented paths lead to it."""
    kernel = scene.begin()
    scene.wire.fates = {"create": {"lost+": 1.0}}
    run = kernel.do(lambda s: s.generate("a fox", provider="fal", reuse=False))
    scene.run(600, until_idle=True)
    (task,) = scene.wire.tasks.values()
    task.fate = "made"
    kernel.do(lambda _: run.adopt(task.task_id))
    scene.run(2000, until_idle=True)
    assert (run.status, run.record.task_details) == ("succeeded", {})


STORM = 100


@pytest.mark.slow
def test_a_storm_at_the_queue(scene: Scene) -> None:
    """Lost answers at every call, kills and cancels: nothing twice, nothing lost, and no clip that was not made."""
    rng, wire = scene.rng, scene.wire
    wire.fates = ROUGH
    kernel = scene.begin()
    for number in range(STORM):
        run = kernel.do(lambda s, n=number: s.generate(f"fox {n}", provider="fal", reuse=False))
        scene.run(rng.uniform(0, 20))
        if rng.random() < 0.4:
            kernel.do(lambda _, run=run: run.cancel())
        if rng.random() < 0.05:
            scene.kill(kernel)
            kernel = scene.begin()
            kernel.do(lambda s: s.resume())
    wire.calm = True
    scene.run(4000, until_idle=True)
    kernel.do(lambda s: s.resume())
    scene.run(20_000, until_idle=True)
    charged = Counter(task.prompt for task in wire.tasks.values())
    ends: Counter[str] = Counter()
    for record in kernel.session.log.find():
        paid, task = charged[record.request.prompt], wire.tasks.get(record.task_id or "")
        told = f"{record.request.prompt} is {record.status}, charged {paid} times: {record.error}"
        ends[record.status.value] += 1
        assert paid <= 1, told
        assert record.status.ended or record.status == "planned", told
        if paid and task is None:
            assert record.status == "unconfirmed", told
        if record.status == "succeeded":
            assert task is not None, told
            assert task.fate == "made", told
            assert task.task_id not in wire.cancelled, told
        if task is not None and task.fate == "made" and task.task_id not in wire.cancelled:
            undelivered = (record.error or {}).get("kind") == "DownloadError"
            assert record.status in {"succeeded", "cancelled"} or undelivered, told
    assert scene.errors == []
    assert min(ends["succeeded"], ends["failed"], ends["unconfirmed"], ends["cancelled"]) > 2
