"""A session: settings, a run log, an archive and an engine. All that users do goes through one."""

from __future__ import annotations

import asyncio
import secrets
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive import Archive
from hailuo_widgets.build import build
from hailuo_widgets.domain.ids import make_id
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.engine.backdrop import Backdrop
from hailuo_widgets.engine.core import Engine
from hailuo_widgets.engine.gateway import SIMULATOR
from hailuo_widgets.engine.loop import run_nested, running_loop
from hailuo_widgets.errors import BudgetExceeded
from hailuo_widgets.handles import Run
from hailuo_widgets.settings import Settings
from hailuo_widgets.store import RunLog
from hailuo_widgets.view import card_of, money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from hailuo_widgets.build import Built
    from hailuo_widgets.cards import Card
    from hailuo_widgets.domain.request import Request

__all__ = ["Session"]

WAKE_S = 0.2  # a waiting cell wakes so often: an interrupt is seen by a loop that wakes, and by no other
ELSEWHERE_S = 1.0  # so often the log is asked for a run that another kernel follows


class Session:
    """What ``hw.generate``, ``hw.runs`` and the rest work with, for code that wants no defaults.

    Args:
        notice: Called with each sentence that the user should read; printed by default.
        config: Settings of the second order, as ``%config Hailuo`` has them.
        settings: ``provider=``, ``home=``, ``store=``, ``archive=``, ``mode=``, ``poll_interval=``, ``timeout=``,
            ``max_parallel=``, ``budget=``: before environment and defaults.

    Raises:
        UsageError: A name that is no setting, or a value that is not allowed.
    """

    def __init__(
        self,
        *,
        notice: Callable[[str], None] = print,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings.resolve(settings, config)
        self.archive = Archive(self.settings.archive_folder)
        self.log = RunLog(self.settings.store_url)
        self._backdrop = Backdrop(self.settings.home, speed=self.settings.simulator_speed)
        self.engine = Engine(self.settings, log=self.log, archive=self.archive, backdrop=self._backdrop)
        self._notice = notice
        self._noticed: set[str] = set()

    # -- asking for clips -----------------------------------------------------------------------------------------

    def plan(self, *, provider: str | None = None, **arguments: Any) -> Built:
        """Make and check a request; nothing is sent.

        Raises:
            UsageError: What is wrong with it, all at once.
        """
        facts = self.engine.accounts.provider(provider or self.settings.provider).facts
        return build(facts, arguments)

    def generate(
        self,
        prompt: str = "",
        *,
        provider: str | None = None,
        tags: Sequence[str] = (),
        budget: float | None = None,
        reuse: bool = True,
        **arguments: Any,
    ) -> Run:
        """One clip; see :func:`hailuo_widgets.generate`."""
        built = self.plan(provider=provider, prompt=prompt, **arguments)
        for problem in built.warnings:
            self._notice(f"note: {problem}")
        self._within(built.request, self.settings.budget if budget is None else budget)
        return self._begin(built.request, tags=(tags,) if isinstance(tags, str) else tuple(tags), reuse=reuse)

    def again(self, request: Request, earlier: RunRecord) -> Run:
        """Another paid try of a request that the log has."""
        return self._begin(request, tags=earlier.tags, reuse=False)

    def _begin(self, request: Request, *, tags: tuple[str, ...], reuse: bool) -> Run:
        accounts = self.engine.accounts
        provider = accounts.provider(request.provider)
        origin = accounts.origin(provider)
        if origin == SIMULATOR:
            self._say_simulated(provider.facts.name)
        for image in (request.first_frame, request.last_frame, request.subject):
            if image is not None and image.data is not None:
                self.archive.keep_input(image.data, str(image.media_type))
        now = datetime.now(UTC)
        record = RunRecord(
            run_id=make_id("r", now, secrets.randbits(40)),
            created_at=now,
            request=request,
            request_hash=request.hash,
            origin=origin,
            simulated=origin == SIMULATOR,
            client_uuid=_uuid4() if provider.client_ids else None,
            tags=tags,
        )
        self.engine.start([record], reuse=reuse)
        return Run(self, record.run_id)

    def _say_simulated(self, name: str) -> None:
        if name not in self._noticed:
            self._noticed.add(name)
            why = "mode is simulated" if self.settings.mode == "simulated" else f"no {name.upper()}_API_KEY is set"
            self._notice(f"hailuo: {why}, so the bundled simulator makes the clips: nothing is sent out or billed")

    def _within(self, request: Request, budget: float | None) -> None:
        if budget is None:
            return
        price = self.engine.accounts.list_price(request)
        if not price:
            raise BudgetExceeded(
                f"the price of {request.model or 'this template'} is not known, so no budget can be kept",
                provider=request.provider,
                hint="leave the budget out to send it all the same",
            )
        if price["cost_micros"] > budget * 1_000_000:
            raise BudgetExceeded(
                f"one clip costs {money(price['cost_micros'], price['currency'])}, over the budget of {budget:g}",
                provider=request.provider,
                hint="raise budget=, or take a shorter clip, a lower resolution or another model",
            )

    # -- runs of the log ------------------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """A run of the log, by its id or the first characters of it."""
        return Run(self, self.log.call(self.log.get, run_id).run_id)

    def runs(
        self,
        *,
        sweep: str | None = None,
        status: str | Sequence[str] | None = None,
        provider: str | None = None,
        since: str | datetime | None = None,
        tag: str | None = None,
    ) -> pd.DataFrame:
        """The run log; see :func:`hailuo_widgets.runs`."""
        from hailuo_widgets.frames import runs_frame, since_moment

        found = self.log.call(
            self.log.find, sweep=sweep, status=status, provider=provider, since=since_moment(since), tag=tag
        )
        return runs_frame(found, self.archive.root)

    def resume(self) -> list[Run]:
        """Take up every run that an earlier kernel left unfinished; see :func:`hailuo_widgets.resume`."""
        return [Run(self, r.run_id) for r in self.engine.take_up()]

    def card(self, run_id: str) -> Card:
        """What is to be shown of a run now."""
        record = self.engine.record(run_id)
        facts = self.engine.accounts.provider(record.request.provider).facts
        return card_of(record, facts=facts, archive=self.archive, expected=self.engine.expected.get(run_id))

    def change(self, run_id: str, what: str, **changes: Any) -> None:
        """Write a user's own decision on a run."""
        self.engine.learn(self.log.call(self.log.change, run_id, what, **changes))

    # -- waiting --------------------------------------------------------------------------------------------------

    async def settled(self, run_ids: Iterable[str], seconds: float | None = None) -> None:
        """Wait until none of the runs is followed any more. To cancel the wait leaves the runs alone.

        Raises:
            TimeoutError: They are not, after that many seconds; they go on.
        """
        run_ids = list(run_ids)
        waiting = run_ids
        loop = asyncio.get_running_loop()
        self.engine.drive()
        news = asyncio.Event()
        stop = self.engine.bus.subscribe(None, lambda _: _set(loop, news))
        try:
            async with asyncio.timeout(seconds):
                while waiting := await self._still_open(waiting):
                    news.clear()
                    try:
                        async with asyncio.timeout(WAKE_S):
                            await news.wait()
                    except TimeoutError:
                        self.engine.drive()  # a follower that a nested wait has lost begins again from the log
        finally:
            stop()
        for run_id in dict.fromkeys(run_ids):
            # Told once more, from the cell that waited: what shows the run sends its last state again, and nbclient,
            # which keeps only what the running cell sends, saves it.
            self.engine.bus.tell(await self.log.ask(self.log.get, run_id))

    async def _still_open(self, run_ids: list[str]) -> list[str]:
        left = [i for i in run_ids if self.engine.follows(i)]
        for run_id in set(run_ids) - set(left):
            record = await self.log.ask(self.log.get, run_id)
            if not record.unfinished or (record.error is not None):
                continue
            await asyncio.to_thread(self.engine.take_up, [run_id])
            if not self.engine.follows(run_id):
                await asyncio.sleep(ELSEWHERE_S)  # another kernel follows it: the log will say when it has ended
            left.append(run_id)
        return left

    def wait(self, run_ids: Iterable[str], timeout: float | None = None) -> None:
        """Wait in synchronous code; where no loop is running, this drives the runs.

        Raises:
            TimeoutError: The runs have not ended in that time; they go on.
            UsageError: This kernel cannot wait synchronously; ``await`` is the way.
        """
        waiting = list(run_ids)
        home = self.engine.home.loop
        here = running_loop()
        if home is not None and home.is_running() and home is not here:
            self._wait_for_other_thread(waiting, timeout)
        elif here is not None:
            run_nested(here, self.settled(waiting, timeout))
        else:
            self.engine.home.private().run_until_complete(self.settled(waiting, timeout))

    def _wait_for_other_thread(self, run_ids: list[str], timeout: float | None) -> None:
        done = threading.Event()
        stop = self.engine.bus.subscribe(None, lambda _: done.set())
        deadline = None if timeout is None else datetime.now(UTC).timestamp() + timeout
        try:
            while any(self.engine.follows(i) for i in run_ids):
                if deadline is not None and datetime.now(UTC).timestamp() > deadline:
                    raise TimeoutError(f"not ended after {timeout:g} s; the runs go on")
                done.wait(WAKE_S)
                done.clear()
        finally:
            stop()

    def close(self) -> None:
        """Let go of the store and stop the simulator. Runs in flight stay in the log for ``resume``."""
        self.log.close()
        self._backdrop.stop()


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)


def _uuid4() -> str:
    from uuid import uuid4

    return str(uuid4())
