"""One random schedule of users, kernels and providers, and the check of all invariants at its end.

I1 what is charged is recorded · I2 at most one charge a run · I3 a run that ended as not sent or refused was not
charged · I4 ends stay · I5 succeeded means a whole file of that task, and of no other run · I6 budgets hold at every
commit · I7 every run that was sent comes to an end, and is lost or failed only where its provider made no clip · I8 the
key is in no file · I9 a run that is a living kernel's is followed by it, or says why not · I10 what is simulated is
known by us. (I4 and I6 are checked at every step, in `kernels`.)
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clips import clip_of
from kernels import World
from odd import KEY

from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from kernels import Kernel

    from hailuo_widgets.api.session import Session
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Verdict", "play"]

PRICE = 280_000  # MiniMax-Hailuo-02, 768P, 6 s, in millionths of a dollar
REST_S = 8000.0
MOST_RESULTS = 4


@dataclass(kw_only=True)
class Verdict:
    """What became of a schedule. ``wrong`` are the broken promises, ``ends`` the runs by status."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    charges: int = 0
    kills: int = 0
    happened: dict[str, int] = field(default_factory=dict)


def play(seed: int, *, folder: Path | None = None, actions: int | None = None, kinds: Collection[str] = ()) -> Verdict:
    """Play the schedule of that seed, with what is switched on of `odd`."""
    rng = random.Random(seed)  # noqa: S311 - a schedule is no secret
    verdict = Verdict(seed=seed)
    with World(rng, folder=folder, kinds=kinds, max_parallel=rng.choice((None, 2, 10))) as world:
        play = _Play(world)
        for _ in range(actions or rng.randint(4, 10)):
            play.act()
        records = play.rest()
        verdict.wrong = world.errors + play.wrongs(records)
        verdict.ends = Counter(r.status.value for r in records)
        verdict.charges, verdict.kills = len(world.wire.tasks), len(world.graves)
        verdict.happened = world.wire.happened
    return verdict


class _Play:
    """The users of one world."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng
        self._asked = 0
        self._resubmitted: Counter[str] = Counter()
        self._left: list[str] = []
        world.begin()
        if self.rng.random() < 0.4:
            world.begin()
        self._ask()

    # -- what may happen ------------------------------------------------------------------------------------------

    def act(self) -> None:
        """One thing that happens, and some time."""
        odds = {
            self._ask: 3,
            self._kill: 3,
            self._resume: 3,
            self._cancel: 1,
            self._decide: 2,
            self._interrupt: 1,
            self._stall: 1,
            self._trouble: 1,
        }
        odds |= {self._step: 1} if "clock" in self.world.kinds else {}
        odds |= {self._lock: 1} if "locked" in self.world.kinds else {}
        self.rng.choices(list(odds), list(odds.values()))[0]()
        if self.rng.random() < 0.6:
            self.world.turns(self.rng.randint(1, 60))
        else:
            self.world.run(self.rng.expovariate(1 / 60))

    def _kernel(self) -> Kernel:
        return self.rng.choice(self.world.kernels or [self.world.begin()])

    def _ask(self) -> None:
        """Start a run, or a sweep with a budget, or one call with two results."""
        rng, kernel = self.rng, self._kernel()
        self._asked += 1
        kind = rng.random()
        if kind < 0.25:
            prompts = [f"a fox of sweep {self._asked}, {n}" for n in range(rng.randint(2, 4))]
            micros = PRICE * rng.randint(1, 4) + 1000
            sweep = kernel.do(lambda s: s.sweep(prompts, model="02", budget=micros / 1e6))
            if not isinstance(sweep, HailuoError):
                self.world.budgets[sweep.id] = micros
        elif kind < 0.4:
            words = f"two foxes, {self._asked}"
            number = rng.choice((2, 3)) if "order" in self.world.kinds else 2
            kernel.do(lambda s: s.sweep(words, provider="runware", duration=6, options={"numberResults": number}))
        else:
            provider, reuse = rng.choice(("minimax", "minimax", "runware")), rng.random() < 0.6
            words = f"a fox, {rng.randint(1, 3)} of {provider}"
            more: dict[str, Any] = {"model": "02"} if provider == "minimax" else {}
            kernel.do(lambda s: s.generate(words, provider=provider, duration=6, reuse=reuse, **more))

    def _kill(self) -> None:
        if self.world.kernels:
            self.world.kill(self.rng.choice(self.world.kernels))

    def _resume(self) -> None:
        if len(self.world.kernels) < 2:
            self.world.begin()
        self._kernel().do(lambda s: s.resume())

    def _runs(self, *status: str) -> list[RunRecord]:
        log = self._kernel().session.log
        return log.find(status=status) if status else log.find()

    def _cancel(self) -> None:
        runs = self._runs()
        if runs:
            run_id = self.rng.choice(runs).run_id
            self._kernel().do(lambda s: s.run(run_id).cancel())

    def _interrupt(self) -> None:
        kernel = self._kernel()
        followed = sorted(kernel.session.engine.runs.followed)
        if followed:
            kernel.interrupt(self.rng.choice(followed))

    def _stall(self) -> None:
        """A cell that blocks its kernel: the world's clock goes on, the leases run out."""
        kernel = self._kernel()
        self.world.kernels.remove(kernel)
        self.world.run(self.rng.choice((30.0, 90.0, 400.0)))
        if self.world.kernels and self.rng.random() < 0.7:
            self._kernel().do(lambda s: s.resume())
            self.world.run(30.0)
        self.world.kernels.append(kernel)

    def _trouble(self) -> None:
        self.world.trouble = self.rng.choice((0.0, 0.05, 0.5))

    def _step(self) -> None:
        """The wall clock is set."""
        self.world.clock.wall_s += self.rng.choice((-90000.0, -300.0, 300.0, 90000.0))

    def _lock(self) -> None:
        """Another program holds the store for a while."""
        self.world.locked = True
        self.world.run(self.rng.choice((1.0, 40.0, 400.0)))
        self.world.locked = False

    def _decide(self) -> None:
        """A user settles an unconfirmed run, or retries what is free."""
        runs = self._runs("unconfirmed", "failed", "cancelled")
        if not runs:
            return
        record, kernel = self.rng.choice(runs), self._kernel()
        if record.status != "unconfirmed":
            kernel.do(lambda s: s.run(record.run_id).retry())
            return
        found = self._unaccounted(self._runs(), record.request.prompt)
        if found:
            kernel.do(lambda s: s.run(record.run_id).adopt(found[0]))
        elif self.rng.random() < 0.5:
            kernel.do(lambda s: s.run(record.run_id).write_off())
        else:
            self._resubmitted[record.request.prompt] += 1
            kernel.do(lambda s: s.run(record.run_id).resubmit())

    # -- rest -----------------------------------------------------------------------------------------------------

    def rest(self) -> list[RunRecord]:
        """All is well from now on, and a kernel takes up what was left; the runs when nothing moves any more."""
        world = self.world
        world.wire.calm, world.trouble = True, 0.0
        world.run(100.0)
        self._left = [left for kernel in world.kernels for left in _unfollowed(kernel)]
        kernel = world.begin()
        for _ in range(4):
            kernel.do(lambda s: s.resume())
            world.run(100.0)  # a lease whose end the wall clock was set away from ends a minute after it is first seen
            world.run(REST_S, until_idle=True)
            kernel.do(_retry_downloads)
        world.run(REST_S, until_idle=True)
        return kernel.session.log.find()

    def _unaccounted(self, records: list[RunRecord], prompt: str) -> list[str]:
        """The charged tasks of a prompt that no run has; one that its provider misnamed cannot be told from another."""
        known = {r.task_id for r in records}
        tasks = self.world.wire.tasks
        return [t for t in self.world.wire.charged(prompt) if t not in known and not tasks[t].misnamed]

    def wrongs(self, records: list[RunRecord]) -> list[str]:
        """The promises that were broken."""
        wrong = []
        tasks = self.world.wire.tasks
        doubted = {run_id for run_id, _, after, _ in self.world.steps if after == "unconfirmed"}
        prompts = {t.prompt for t in tasks.values()}
        for prompt in prompts:
            mine = [r for r in records if r.request.prompt == prompt and r.result_index == 0]
            lost = self._unaccounted(records, prompt)
            open_ = [r for r in mine if r.task_id is None and r.run_id in doubted]
            if len(lost) > len(open_):
                told = [(r.run_id, r.status, r.task_id) for r in mine]
                wrong.append(f"I1-I3: {prompt!r}: {len(lost)} charged that no run has or doubts: {told}")
        for r in records:
            task = tasks.get(r.task_id or "")
            if r.unfinished and not (r.status == "planned" and task is None):
                wrong.append(f"I7: {r.run_id} stays {r.status}: {r.error}")
            if r.task_id is not None and task is None:
                wrong.append(f"I1: {r.run_id} has task {r.task_id}, which no provider made")
            if r.status == "lost" and (task is None or task.fate != "forgotten"):
                wrong.append(f"I7: {r.run_id} is lost, and its provider knows {r.task_id}")
            if r.status == "failed" and task is not None and task.fate == "made":
                wrong.append(f"I7: {r.run_id} failed, and task {r.task_id} was made: {r.error}")
            if r.status == "succeeded":
                wrong += self._clip(r)
        wrong += self._money(records) + self._secrets() + self._left + self._twins(records)
        wrong += [f"I10: {r.run_id} says that it is simulated" for r in records if r.simulated]
        return wrong

    def _clip(self, r: RunRecord) -> list[str]:
        """I5: the file is there, whole, and of the run's own task."""
        path = self.world.home / "videos" / str(r.video)
        if r.reused_from is not None:
            return [] if path.is_file() else [f"I5: {r.run_id}: no file {r.video}"]
        if r.task_id is None or not path.is_file():
            return [f"I5: {r.run_id}: succeeded with task {r.task_id} and no file {r.video}"]
        known = {t.task_id for t in self.world.wire.tasks.values()}
        clips = {clip_of(r.task_id, n) for n in range(MOST_RESULTS)}
        right = r.task_id in known and path.read_bytes() in clips
        return [] if right else [f"I5: {r.run_id}: {r.video} is not the clip of task {r.task_id}"]

    def _twins(self, records: list[RunRecord]) -> list[str]:
        """I5: no clip of a call's is two runs', and none of them is left where all came home."""
        wrong = []
        for task in self.world.wire.tasks.values():
            mine = [r for r in records if r.task_id == task.task_id and r.status == "succeeded" and not r.reused_from]
            paths = [self.world.home / "videos" / str(r.video) for r in mine]
            if len({p.read_bytes() for p in paths if p.is_file()}) < len(mine):
                wrong.append(f"I5: of task {task.task_id} {[r.run_id for r in mine]} share a clip")
        return wrong

    def _money(self, records: list[RunRecord]) -> list[str]:
        """I6 at the provider: a sweep's charges fit its budget, but for what the user paid for again."""
        wrong = []
        for sweep, micros in self.world.budgets.items():
            prompts = {r.request.prompt for r in records if r.sweep_id == sweep}
            paid = sum(len(self.world.wire.charged(p)) for p in prompts)
            again = sum(self._resubmitted[p] for p in prompts)
            if (paid - again) * PRICE > micros:
                wrong.append(f"I6: sweep {sweep} was charged {paid} times within {micros}")
        return wrong

    def _secrets(self) -> list[str]:
        """I8."""
        held = [p.name for p in self.world.home.iterdir() if p.is_file() and KEY.encode() in p.read_bytes()]
        return [f"I8: the key is in {name}" for name in held]


def _unfollowed(kernel: Kernel) -> list[str]:
    """I9: what is a living kernel's by the log, and is neither followed by it nor says what stands in its way."""
    with closing(sqlite3.connect(kernel.session.settings.store_url.removeprefix("sqlite:///"))) as c:
        query = "SELECT run_id, status, error FROM runs WHERE owner = ? AND status IN (?, ?, ?, ?)"
        rows: list[tuple[str, str, str | None]] = c.execute(
            query, (kernel.name, "submitting", "queued", "running", "downloading")
        ).fetchall()
    return [
        f"I9: {run_id} is {status} and {kernel.name}'s, which does not follow it"
        for run_id, status, error in rows
        if not kernel.session.engine.runs.follows(run_id)
        and error in {None, "null"}
        and kernel.session.engine.runs.decided(run_id)
        is None  # where the log could not be written, the kernel itself knows
    ]


def _retry_downloads(session: Session) -> None:
    """What a user does about clips that could not be brought: it is free."""
    for r in session.log.find(status="failed"):
        if (r.error or {}).get("kind") == "DownloadError":
            session.run(r.run_id).retry()
