"""Shared state of all gateways: tasks, clock, limits, money, files, faults, renderer."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sqlite3
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.faults import PROVIDERS, FaultBox
from hailuo_widgets.simulator.journal import Journal
from hailuo_widgets.simulator.latency import generation_seconds, task_random
from hailuo_widgets.simulator.render import Clip
from hailuo_widgets.simulator.rendering import Renderer
from hailuo_widgets.simulator.tasks import Task, TaskStore

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from hailuo_widgets.simulator.faults import Fault
    from hailuo_widgets.simulator.settings import Settings

_MINUTE = 60.0


class Caller(Protocol):
    """What the world needs to know of a call: who calls, for what, and which fault befalls it.

    Attributes:
        provider: Which gateway is called.
        phase: Which kind of call it is.
        key: The key of the call; `World.admit` writes it.
        account: Whose call it is; `World.admit` writes it.
    """

    provider: str
    phase: str
    key: str
    account: str

    @property
    def fault(self) -> Fault | None:
        """The fault that befalls the call."""

    def struck_by(self, kind: str) -> bool:
        """Return whether the call's fault is of that kind."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One clip that a gateway's handler has found valid and wants made.

    Attributes:
        task_id: The gateway's identifier of it.
        channel: Which family of endpoints will know it.
        clip: What to render.
        resolution: For the generation time.
        cost: In the gateway's own unit.
        callback: URL to notify, or empty.
        text: All words that moderation reads.
        error_code: Why the task will fail although it is accepted, empty if it will not.
        error: The sentence that goes with it.
        free_if_failed: Whether a generation that ends in failure costs nothing.
        has_file: Whether there will be a file; a prompt that is written has none.
        extra: What else the gateway's answers repeat.
    """

    task_id: str
    channel: str
    clip: Clip
    resolution: str
    cost: float
    callback: str = ""
    text: str = ""
    error_code: str = ""
    error: str = ""
    free_if_failed: bool = False
    has_file: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


class World:
    """The shared state behind the routes.

    Args:
        home: Folder of tasks, pictures and clips.
        settings: The switches.
    """

    def __init__(self, home: Path, settings: Settings) -> None:
        self.settings = settings
        self.images = home / "images"
        self.uploads = home / "uploads"
        for folder in (self.images, home / "clips", self.uploads):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tasks = TaskStore(home / "tasks.sqlite")
        self.secret = _secret(home / "secret")
        self.faults = FaultBox(settings.faults)
        self.journal = Journal()
        self.callbacks: list[dict[str, Any]] = []
        self.posting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one for the callbacks of each task
        self.url = ""
        self.max_active: dict[str, int] = dict.fromkeys(PROVIDERS, 0)
        self._recent: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.renderer = Renderer(home / "clips", self.images)
        self._background: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Stop rendering and close the tasks file."""
        self.renderer.close()
        self.tasks.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the requests, on the simulator's loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Cancel what runs beside the requests."""
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def admit(self, call: Caller, key: str | None) -> None:
        """Let a call in by its key and its rate.

        Raises:
            RefusalError: There is no key, it is wrong, or its calls are too many.
        """
        if not key:
            raise RefusalError("no_key", "no API key in the request; send it in the documented header")
        accepted = self.settings.keys
        if "wrong" in key or (accepted is not None and key not in accepted):
            raise RefusalError("wrong_key", "invalid api key")
        call.key = key
        # Where every key is taken, all are one account: a notebook may come back with another dummy key.
        call.account = hashlib.sha256(self.secret + key.encode()).hexdigest()[:16] if accepted else "everyone"
        if call.phase == "create" and "capped" in key:
            raise RefusalError("quota", "the usage limit of this key is reached")
        if call.phase == "create" and "slow" in key:
            raise RefusalError("rate", "rate limit exceeded, please retry later")
        counted = call.phase == "create" or (call.phase == "query" and self.settings.rpm_counts_polls)
        if self.settings.rpm is not None and counted:
            now, recent = time.monotonic(), self._recent[call.provider, call.account]
            while recent and recent[0] <= now - _MINUTE:
                recent.popleft()
            if len(recent) >= self.settings.rpm:
                raise RefusalError("rate", f"rate limit exceeded: {self.settings.rpm} requests per minute")
            recent.append(now)

    def create(self, call: Caller, orders: Sequence[Order], group: str = "") -> list[Task]:
        """Accept one create call, and charge it.

        Args:
            call: The request.
            orders: The clips it asks for; more than one only at Runware.
            group: The call's own identifier, where it is not the task's.

        Raises:
            RefusalError: Moderation, money or the number of unfinished tasks is against it.
        """
        provider = call.provider
        if any("forbidden" in order.text.lower() for order in orders):
            raise RefusalError("moderation", "the prompt contains sensitive content")
        self._afford(call, sum(order.cost for order in orders))
        now = time.time()
        limit = self.settings.concurrency_of(provider)
        active = self.tasks.active(provider, now) + len(orders)
        if limit is not None and active > limit:
            raise RefusalError("concurrency", f"too many unfinished tasks: at most {limit} at a time")
        made = [self._task(call, order, group or order.task_id, now) for order in orders]
        try:
            self.tasks.add(made)
        except sqlite3.IntegrityError:
            raise RefusalError("conflict", "the task's identifier is already in use") from None
        self.max_active[provider] = max(self.max_active[provider], active)
        if self.settings.renders_early:
            for task, order in zip(made, orders, strict=True):
                if order.has_file:
                    self.render(task)
        return made

    def _afford(self, call: Caller, cost: float) -> None:
        balance = self.balance(call.provider, call.account)
        if "broke" in call.key or (balance is not None and cost > balance + 1e-9):
            raise RefusalError("credits", "insufficient balance")

    def balance(self, provider: str, account: str) -> float | None:
        """Return what an account has left, ``None`` where it never runs out."""
        total = self.settings.credits_of(provider)
        return None if total is None else total - self.tasks.spent(provider, account)

    def available(self, call: Caller, plenty: float) -> float:
        """Return what the account says that it has left; ``plenty`` where it never runs out."""
        left = self.balance(call.provider, call.account)
        return 0.0 if "broke" in call.key else plenty if left is None else max(0.0, left)

    def _task(self, call: Caller, order: Order, group: str, now: float) -> Task:
        clip = order.clip
        ordinal = self.tasks.count()
        seconds = generation_seconds(self.settings, ordinal, clip.model, order.resolution, clip.duration)
        code, error = order.error_code, order.error
        if call.struck_by("fail") and call.fault is not None:
            code, error = str(call.fault.code or "generation"), call.fault.message or "generation failed"
        elif code:
            pass
        elif "banned-output" in order.text.lower():
            code, error = "output_moderation", "the generated video contains sensitive content"
        elif "fail-generation" in order.text.lower():
            code, error = "generation", "generation failed"
        return Task(
            task_id=order.task_id,
            provider=call.provider,
            channel=order.channel,
            group=group,
            account=call.account,
            file_id=secrets.randbelow(9 * 10**14) + 10**14,
            file_key=secrets.token_hex(16),
            created=now,
            ready=None if call.struck_by("stuck") else now + seconds,
            error_code=code,
            error=error,
            cost=0.0 if code and order.free_if_failed else order.cost,
            callback=order.callback,
            forgotten=call.struck_by("forget"),
            clip=asdict(clip),
            extra=order.extra,
        )

    def variation(self) -> int:
        """Return the chance that sets the next task's clip apart from others of its prompt."""
        return task_random(self.settings, self.tasks.count(), "variation").getrandbits(16)

    def look_up(self, call: Caller, channel: str, **equal: str | int) -> list[Task]:
        """Return the caller's tasks of one channel.

        Raises:
            RefusalError: There is none.
        """
        found = self.tasks.find(provider=call.provider, channel=channel, account=call.account, forgotten=0, **equal)
        if not found:
            raise RefusalError("not_found", f"no such task: {next(iter(equal.values()))!r}")
        return found

    def end(self, task: Task, code: str, error: str, *, free: bool) -> Task:
        """End a task now with an error, such as a cancellation; with ``free`` it costs nothing. Return it as it is."""
        cost = 0.0 if free else task.cost
        return self.tasks.mark(task, ready=time.time(), error_code=code, error=error, cost=cost)

    def current(self, task: Task) -> Task:
        """Return a task as it is stored now."""
        found = self.tasks.find(provider=task.provider, task_id=task.task_id)
        return found[0] if found else task

    def render(self, task: Task) -> Future[Path]:
        """Return the future of a task's file, rendering it if nobody has."""
        return self.renderer.file(Clip(**task.clip))

    def reset(self) -> None:
        """Forget tasks, requests, faults and callbacks; rendered files stay."""
        self.tasks.clear()
        self.journal.clear()
        self.faults.clear()
        self.callbacks.clear()
        self._recent.clear()
        self.max_active = dict.fromkeys(PROVIDERS, 0)

    def state(self) -> dict[str, Any]:
        """Return everything that a test may want to assert on, as JSON values."""
        now = time.time()
        creates = {**dict.fromkeys(PROVIDERS, 0), **self.tasks.creates()}
        hidden = ("account",)
        tasks = [
            {**{k: v for k, v in asdict(task).items() if k not in hidden}, "done": task.done(now)}
            for task in self.tasks.find()
        ]
        return {
            "url": self.url,
            "creates": {**creates, "total": sum(creates.values())},
            "spent": {**dict.fromkeys(PROVIDERS, 0.0), **self.tasks.costs()},
            "max_concurrent": dict(self.max_active),
            "renders": self.renderer.count,
            "tasks": tasks,
            "callbacks": [dict(item) for item in self.callbacks],
            "faults": self.faults.describe(),
            "requests": self.journal.entries(),
        }


def _secret(path: Path) -> bytes:
    """Return the home's own random secret, made by whichever process comes first."""
    for _ in range(100):
        try:
            secret = path.read_bytes()
        except FileNotFoundError:
            part = path.with_name(f"secret.{secrets.token_hex(8)}")
            part.touch(mode=0o600)
            part.write_bytes(secrets.token_bytes(32))
            try:
                path.hardlink_to(part)
            except FileExistsError:
                pass
            except OSError:  # a file system without hard links: the last process wins, links of the other expire early
                part.replace(path)
            part.unlink(missing_ok=True)
        else:
            return secret
    raise OSError(f"cannot make the simulator's secret at {path}")
