"""Kernels of the model, each a session with its own loop on one store, and the world around them.

A kernel that is killed keeps all its tasks, and none of them runs any more: nothing is cleaned up, as by ``kill -9``.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

from odd import KEY, mixed
from virtual import Clock, VirtualLoop, runtime
from wire import MIX, Wire

from hailuo_widgets.api.session import Session
from hailuo_widgets.archive import partial_download as part
from hailuo_widgets.engine.paid_task import abort
from hailuo_widgets.errors import HailuoError, StoreError
from hailuo_widgets.store import RunLog, run_changes
from hailuo_widgets.store.database import Database

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Iterator, Mapping

    import sqlalchemy as sa

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Kernel", "World"]

DECISIONS = {  # the only ways out of an end
    "adopted",
    "written_off",
    "download_retried",
    "followed_again",
    "rescued",
}
LATE = {  # what a kernel that stood still may learn after another has ended the run: its create's answer, or the clip
    ("unconfirmed", "create_accepted"),
    ("unconfirmed", "failed"),
    ("failed", "provider_finished"),
}


class Kernel:
    """One process with a session. It never looks at the others but through the store."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.loop = VirtualLoop(world.clock)
        self.loop.set_exception_handler(lambda _, context: world.errors.append(f"loop: {context}"))
        self.session = Session(
            home=world.home,
            mode="live",
            notice=lambda _: None,
            max_parallel=world.max_parallel,
            timeout=1800.0,
            runtime=world.runtime,
        )
        self.session.engine.runs.owner = name

    def do(self, work: Callable[[Session], Any]) -> Any:
        """Work in a cell of this kernel: its value, or the error of ours that it raised."""
        came: list[Any] = []

        def cell() -> None:
            try:
                came.append(work(self.session))
            except HailuoError as e:
                came.append(e)

        self.loop.call_soon(cell)
        self.loop.step()
        return came[0]

    @property
    def idle(self) -> bool:
        """Whether it follows no run."""
        return not self.session.engine.runs.followed

    def interrupt(self, run_id: str) -> None:
        """What a nested wait does to a follower when it is interrupted: it ends, and is begun again."""
        follower = self.session.engine.runs.run_of(run_id).follower
        if follower is not None and follower.task is not None:
            self.loop.call_soon(follower.task.cancel)
            self.loop.step()
        self.do(lambda s: s.engine.runs.drive())

    def bury(self) -> None:
        """Let go of everything, when the world has ended."""
        for task in asyncio.all_tasks(self.loop):
            abort(task)  # a create call's too: one left over would be destroyed as the interpreter ends
        for _ in range(50):
            if not asyncio.all_tasks(self.loop):
                break
            self.loop.step()
        self.session.log.close()  # not session.close(), which runs the loop until answers come: no clock goes any more
        self.loop.close()


class World:
    """A store, two providers, and kernels that come and go. Use it as a context.

    Args:
        rng: Where all chance comes from.
        folder: Where the store may lie; a file system in memory is fastest.
        mix: What the providers do; see `wire`.
        kinds: What is switched on of `odd`.
        max_parallel: The kernels' setting.
        timing: Fields of the kernels' ``Timing`` that are not as in the package.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        folder: Path | None = None,
        mix: Mapping[str, Mapping[str, float]] = MIX,
        kinds: Collection[str] = (),
        max_parallel: int | None = None,
        timing: Mapping[str, Any] | None = None,
    ) -> None:
        self.rng = rng
        self.clock = Clock()
        self.kinds = frozenset(kinds)
        self.wire = Wire(self.clock, rng, mixed(mix, kinds), one_by_one="order" in kinds)
        self.max_parallel = max_parallel
        self.runtime = runtime(self.clock, rng, timing=timing or {}, http=lambda: self.wire, is_dead=self._is_dead)
        self.home = Path(tempfile.mkdtemp(prefix="hailuo-model-", dir=folder))
        self.kernels: list[Kernel] = []
        self.graves: list[Kernel] = []
        self.errors: list[str] = []  # what must never happen
        self.steps: list[tuple[str, str, str, str]] = []  # run, status before, status after, what
        self.trouble = 0.0  # the chance that a commit fails
        self.locked = False  # whether another program holds the store
        self.budgets: dict[str, int] = {}  # sweep → millionths
        self._numbers = itertools.count(1)
        self._with: list[Any] = []
        self._handler = _Errors(self.errors)

    # -- the world's own walls ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        world = self
        change, reserve = run_changes.change, RunLog.reserve

        def changed(c: sa.Connection, record: RunRecord, what: str, *more: Any) -> RunRecord:
            after = change(c, record, what, *more)
            world.steps.append((record.run_id, record.status, after.status, what))
            left = record.status.ended and after.status != record.status
            if left and what not in DECISIONS and (record.status, what) not in LATE:
                world.errors.append(f"I4: {record.run_id} went from {record.status} to {after.status} by {what!r}")
            return after

        def reserved(log: RunLog, *args: Any, **kwargs: Any) -> RunRecord | None:
            record = reserve(log, *args, **kwargs)
            if record is not None and record.sweep_id in world.budgets:
                world.check_budget(log, str(record.sweep_id))
            return record

        keys = {"MINIMAX_API_KEY": KEY, "RUNWARE_API_KEY": KEY}
        self._with = [
            mock.patch.dict(os.environ, keys),
            mock.patch.object(run_changes, "change", changed),
            mock.patch.object(RunLog, "reserve", reserved),
            mock.patch.object(Database, "write", self._guarded(Database.write, commits=True)),
            mock.patch.object(Database, "read", self._guarded(Database.read, commits=False)),
        ]
        for context in self._with:
            context.__enter__()
        logging.getLogger("hailuo_widgets").addHandler(self._handler)
        return self

    def _is_dead(self, owner: object) -> bool:
        return owner in {k.name for k in self.graves}

    def _guarded(self, begin: Callable[[Database], Any], *, commits: bool) -> Callable[[Database], Any]:
        """Transactions of a store that may be locked, and whose commits may fail."""

        @contextmanager
        def guarded(database: Database) -> Iterator[sa.Connection]:
            if self.locked:
                raise StoreError("the store has been locked by another process for 30 s")
            with begin(database) as connection:
                yield connection
                if commits and self.rng.random() < self.trouble:
                    raise StoreError("the disk is full")

        return guarded

    def __exit__(self, *_: object) -> None:
        self.trouble, self.locked = 0.0, False
        for kernel in self.kernels + self.graves:
            kernel.bury()
        for context in reversed(self._with):
            context.__exit__(None, None, None)
        logging.getLogger("hailuo_widgets").removeHandler(self._handler)
        shutil.rmtree(self.home, ignore_errors=True)

    def check_budget(self, log: RunLog, sweep: str) -> None:
        """I6: what a sweep has reserved fits its budget at every commit."""
        path = log.database.path
        with sqlite3.connect(str(path)) as connection:
            query = "SELECT coalesce(sum(reserved_micros), 0) FROM runs WHERE sweep_id = ?"
            (spent,) = connection.execute(query, (sweep,)).fetchone()
        connection.close()
        if spent > self.budgets[sweep]:
            self.errors.append(f"I6: sweep {sweep} has reserved {spent} of {self.budgets[sweep]}")

    # -- kernels --------------------------------------------------------------------------------------------------

    def begin(self) -> Kernel:
        """A new kernel."""
        kernel = Kernel(self, f"model|{next(self._numbers)}|kernel")
        self.kernels.append(kernel)
        return kernel

    def kill(self, kernel: Kernel) -> None:
        """As by ``kill -9``."""
        self.kernels.remove(kernel)
        self.graves.append(kernel)
        followed = tuple(kernel.session.engine.runs.followed)
        for path in [p for p in part._OPEN if Path(p).name.startswith(followed)] if followed else []:
            part._OPEN.discard(path)  # a dead process holds no file open

    # -- time -----------------------------------------------------------------------------------------------------

    def turn(self, until: float) -> bool:
        """One step of one kernel, or the time until the next; whether there was anything before ``until``."""
        ready = [k for k in self.kernels if k.loop.ready]
        if not ready:
            timers = [t for k in self.kernels if (t := k.loop.next_timer) is not None]
            if not timers or min(timers) > until:
                self.clock.at = max(self.clock.at, until)
                return False
            self.clock.at = max(self.clock.at, min(timers))
            ready = [k for k in self.kernels if k.loop.ready]
        (ready[0] if len(ready) == 1 else self.rng.choice(ready)).loop.step()
        return True

    def turns(self, number: int) -> None:
        """So many steps, however long they take."""
        for _ in range(number):
            if not self.turn(self.clock.at + 3600.0):
                break

    def run(self, seconds: float, *, until_idle: bool = False) -> None:
        """Let time pass."""
        until = self.clock.at + seconds
        while self.turn(until):
            if until_idle and all(k.idle for k in self.kernels):
                break


class _Errors(logging.Handler):
    """The package's own log must stay free of errors: each would be a mistake of ours."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        detail = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self._errors.append(f"logged: {record.getMessage()}{detail}")
