"""Virtual time, and MiniMax in memory: time passes only if nothing else can happen, so a day takes a second.

Everything runs in one thread: the store and all blocking work are done where they are asked for, so no wait is cut
short. ``Wire`` stands in for ``hailuo_widgets.transport.http.Http``; its clock and its calls are the test's to read.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.engine.runtime import Runtime, Timing
from hailuo_widgets.errors import TransportError
from hailuo_widgets.provider.interface import HttpCall, HttpReply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

__all__ = ["Inline", "LoopClock", "VirtualLoop", "Wire", "runtime"]

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
REFUSED = HttpReply(status=429, headers={"content-type": "application/json"}, body=b"{}")


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer whenever nothing is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.wall_s = 0.0  # what the wall clock is off
        self.asleep = 1.0  # by how much more the uptime counts
        self.set_default_executor(Inline())
        selector: Any = self._selector  # type: ignore[attr-defined]  # the base class keeps it there
        look = selector.select

        def select(timeout: float | None = None) -> Any:
            ready = look(0)
            if not ready:
                if timeout is None:
                    raise RuntimeError("nothing will ever happen on this loop")
                self.now += timeout
            return ready

        selector.select = select

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now


class Inline(ThreadPoolExecutor):
    """A pool that works in its caller's thread."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as e:  # noqa: BLE001 - a pool hands on whatever its work raised
            future.set_exception(e)
        return future


class LoopClock:
    """The clock of a virtual loop; see :class:`hailuo_widgets.domain.clock.Clock`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """Return the wall clock's time, which a test may have set."""
        return EPOCH + timedelta(seconds=self._loop.now + self._loop.wall_s)

    def monotonic(self) -> float:
        """Return the loop's time."""
        return self._loop.now

    def uptime(self) -> float:
        """Return the loop's time; a machine that slept counts more."""
        return self._loop.now * self._loop.asleep

    def boot(self) -> str:
        """Return the id of the one start of this machine."""
        return "virtual"


def runtime(loop: VirtualLoop, http: Callable[[], Any]) -> Runtime:
    """Return a runtime on a virtual loop, with the connections that ``http`` makes."""
    return Runtime(
        clock=LoopClock(loop),
        timing=Timing(wake_s=60.0, renew_s=600.0),  # no other kernel is here
        http=http,
        store_executor=Inline,
        poster=lambda _: None,
    )


class Wire:
    """MiniMax and Runware in memory.

    Args:
        loop: Whose clock it goes by.
        clip: The bytes of every clip.
        takes_s: Seconds that a task takes; None is for ever.
        per_s: Calls that are answered in any one second; the others get HTTP 429, and count too.
    """

    def __init__(
        self, loop: VirtualLoop, clip: bytes, *, takes_s: float | None = 120.0, per_s: int | None = None
    ) -> None:
        self.loop = loop
        self.clip = clip
        self.takes_s = takes_s
        self.per_s = per_s
        self.down = (-1.0, -1.0)  # from when to when no connection is made
        self.unknown_s = 0.0  # so long a new task is not known to the query
        self.link_life_s = 3600.0
        self.refuses: Callable[[str], tuple[int, bytes] | None] = lambda _: None  # by the link: status and body
        self.runware_link = "https://clips.test/1/inf"
        self.links: list[str] = []  # each download's link, in their order
        self.scripts: dict[str, deque[HttpReply]] = {}
        self.creates: dict[str, float] = {}  # task id → when it was accepted
        self.prompts: list[str] = []
        self.sent: list[tuple[float, str, int]] = []  # when, phase, status
        self._recent: deque[float] = deque()

    def at(self, phase: str) -> list[float]:
        """When calls of a phase were made."""
        return [when for when, name, _ in self.sent if name == phase]

    async def call(self, origin: str, call: HttpCall, **_: Any) -> HttpReply:
        """As ``Http.call``."""
        runware = isinstance(call.json, list)
        asks = runware and call.json[0]["taskType"] == "getResponse"
        phase = "create" if call.method == "POST" and not asks else "query"
        phase = "retrieve" if call.path.startswith("/v1/files") else phase
        if self.down[0] <= self.loop.now < self.down[1]:
            self.sent.append((self.loop.now, phase, 0))
            raise TransportError(f"{origin} cannot be reached", sent=False)
        await asyncio.sleep(0.2)
        reply = self._limited() or self._scripted(phase) or self._good(phase, call, runware=runware)
        self.sent.append((self.loop.now, phase, reply.status))
        return reply

    async def close(self) -> None:
        """As ``Http.close``: nothing is open."""

    def _scripted(self, phase: str) -> HttpReply | None:
        script = self.scripts.get(phase)
        return script.popleft() if script else None

    def _limited(self) -> HttpReply | None:
        if self.per_s is None:
            return None
        while self._recent and self._recent[0] <= self.loop.now - 1:
            self._recent.popleft()
        self._recent.append(self.loop.now)
        return REFUSED if len(self._recent) > self.per_s else None

    def _good(self, phase: str, call: HttpCall, *, runware: bool) -> HttpReply:
        if phase == "create":
            task = call.json[0] if runware else call.json
            task_id = task["taskUUID"] if runware else str(10**14 + len(self.creates))
            self.creates[task_id] = self.loop.now
            self.prompts.append(task["positivePrompt" if runware else "prompt"])
            return _json({"data": [task]} if runware else {"task_id": task_id, **_resp()})
        if phase == "retrieve":
            link = f"https://clips.test/{call.params['file_id']}/{self.loop.now + self.link_life_s}"
            return _json({"file": {"file_id": int(call.params["file_id"]), "download_url": link}, **_resp()})
        task_id = call.json[0]["taskUUID"] if runware else call.params["task_id"]
        age = self.loop.now - self.creates.get(task_id, float("inf"))
        if age < self.unknown_s:
            return _json(_resp(2013))
        done = self.takes_s is not None and age >= self.takes_s
        if runware:
            item = {"taskType": "videoInference", "taskUUID": task_id, "status": "success" if done else "processing"}
            return _json({"data": [item | ({"videoURL": self.runware_link} if done else {})]})
        word = {"status": "Success", "file_id": task_id} if done else {"status": "Processing"}
        return _json({**word, **_resp()})

    @asynccontextmanager
    async def stream(self, url: str, headers: Mapping[str, str], *, local: bool) -> AsyncIterator[Any]:
        """As ``Http.stream``."""
        del headers, local
        await asyncio.sleep(0.2)
        if self.down[0] <= self.loop.now < self.down[1]:
            raise TransportError("clips.test cannot be reached", sent=None)
        alive = _until(url) > self.loop.now
        self.links.append(url)
        status, body = (200, self.clip) if alive else (403, b"<Error><Code>AccessDenied</Code></Error>")
        status, body = self.refuses(url) or (status, body)

        async def aiter_() -> AsyncIterator[bytes]:
            yield body

        self.sent.append((self.loop.now, "download", status))
        if status == 0:
            raise TransportError("clips.test cannot be reached", sent=None)
        yield SimpleNamespace(status=status, headers={"content-length": str(len(body))}, aiter=aiter_)


def _until(url: str) -> float:
    """Until when a link lives, which it ends with; any other link is dead."""
    try:
        return float(url.rsplit("/", 1)[1])
    except ValueError:
        return 0.0


def _resp(code: int = 0) -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": "words"}}


def _json(value: Any) -> HttpReply:
    return HttpReply(status=200, headers={"content-type": "application/json"}, body=json.dumps(value).encode())
