"""The player of one run: progress while it is on its way, then the clip.

Python owns the state. The only synced trait of ours is `card` (see `card_state.py`); the browser asks for bytes by
messages `{id, type}` and gets `{id, ok, mime, part, parts, size}` with one buffer of at most 2 MiB each, or
`{id, ok: false, error}`. Types: `video`, `poster`, `details` (all texts at full length), `cancel`, `retry`
(download again), and `abort` (takes the question with the same id back).

Threads: with ipykernel 7.0 to 7.3 a message may arrive on another thread with another event loop. So a message is
only handed over with `call_soon_threadsafe`; everything else happens on the loop given to the constructor.
`_esm` is kept in the state of each player: close players that are not shown any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

import anywidget
import traitlets

from hailuo_widgets.widgets.card_state import card_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hailuo_widgets.cards import Card

__all__ = ["CardSource", "Player"]

_STATIC: Final = pathlib.Path(__file__).parent.parent / "static"
PIECE_BYTES: Final = 2 * 1024 * 1024
PUSH_INTERVAL_S: Final = 0.25
HEARTBEAT_S: Final = 15.0


class CardSource(Protocol):
    """The run behind a player."""

    def card(self) -> Card:
        """The run as it is now. Called on the loop: it must not block."""

    def read_video(self) -> bytes:
        """The MP4's bytes. Called on a worker thread: it may block."""

    def cancel(self) -> None:
        """Stops following the run. Called on the loop."""

    def retry_download(self) -> None:
        """Starts fetching a finished clip again. Called on the loop."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls `callback` after each change, on any thread; returns what ends that."""


class Player(anywidget.AnyWidget):
    """One run's player.

    Args:
        source: the run.
        loop: the event loop that runs are followed on; all sending is done there.
    """

    _esm: ClassVar[pathlib.Path] = _STATIC / "player.js"
    _css: ClassVar[pathlib.Path] = _STATIC / "player.css"
    card = traitlets.Dict().tag(sync=True)

    def __init__(self, source: CardSource, *, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._loop = loop
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._push_timer: asyncio.TimerHandle | None = None
        self._heartbeat: asyncio.TimerHandle | None = None
        self._pushed_at = float("-inf")
        self._ended = False
        self._unsubscribe: Callable[[], None] = lambda: None
        super().__init__(card=card_state(source.card(), now=time.time()))
        self.on_msg(self._on_message)
        self._unsubscribe = source.subscribe(self._on_change)
        self._on_change()  # what changed before the subscription, and the first heartbeat

    def __repr__(self) -> str:
        """One line for a place that cannot show widgets; it is saved as it is, so it names no status."""
        return f"<Player of run {self.card.get('run')}>"

    def flush(self) -> None:
        """Sends the newest card now; call it on the loop.

        A waiting cell calls it when its wait ends: nbclient keeps only what is sent by the cell that is running.
        """
        self._push()
        self.send_state("card")

    def close(self) -> None:
        """Ends the player: no more messages, timers or reads. The run goes on."""
        if not self.__dict__.get("_ended", True):
            self._ended = True
            self._unsubscribe()
            with contextlib.suppress(RuntimeError):  # a closed loop has nothing left to stop
                self._loop.call_soon_threadsafe(self._stop)
        super().close()

    def _stop(self) -> None:
        for timer in (self._push_timer, self._heartbeat):
            if timer is not None:
                timer.cancel()
        for task in list(self._tasks.values()):
            task.cancel()

    # Changes of the run: at most four a second reach the browser.

    def _on_change(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the run cannot move either
            self._loop.call_soon_threadsafe(self._plan_push)

    def _plan_push(self) -> None:
        if self._ended or self._push_timer is not None:
            return
        due = max(self._loop.time(), self._pushed_at + PUSH_INTERVAL_S)
        self._push_timer = self._loop.call_at(due, self._push)

    def _push(self) -> None:
        for timer in (self._push_timer, self._heartbeat):
            if timer is not None:
                timer.cancel()
        self._push_timer = self._heartbeat = None
        if self._ended:
            return
        self._pushed_at = self._loop.time()
        try:
            state = card_state(self._source.card(), now=time.time())
        except Exception as error:  # noqa: BLE001 - whatever the source raised is shown under the player
            state = self.card | {"problem": _sentence(error), "now": time.time()}
        self.card = state
        if self.card["live"]:
            # The browser tells a quiet run from a dead kernel by this.
            self._heartbeat = self._loop.call_later(HEARTBEAT_S, self._push)

    # Questions of the browser.

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Hands a message over to the loop; it may come on any thread."""
        try:
            self._loop.call_soon_threadsafe(self._receive, content)
        except RuntimeError:
            if isinstance(content, dict):
                ended = "The event loop that followed this run is closed. Reload the run in a new cell: %hailuo resume."
                self.send({"id": content.get("id"), "ok": False, "error": ended})

    def _receive(self, content: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("id"), str) or self._ended:
            return
        question = content["id"]
        if content.get("type") == "abort":
            if question in self._tasks:
                self._tasks[question].cancel()
            return
        if question in self._tasks:
            return  # asked twice, answered once
        task = self._loop.create_task(self._answer(question, content.get("type")))
        self._tasks[question] = task
        task.add_done_callback(lambda _task: self._tasks.pop(question, None))

    async def _answer(self, question: str, kind: Any) -> None:
        answers: dict[Any, Callable[[str], Awaitable[None]]] = {
            "video": self._send_video,
            "poster": self._send_poster,
            "details": self._send_details,
            "cancel": self._cancel,
            "retry": self._retry,
        }
        try:
            if kind not in answers:
                raise ValueError(f"type is {kind!r}; the player answers {', '.join(answers)} and abort")  # noqa: TRY301 - answered below like any error
            await answers[kind](question)
        except Exception as error:  # noqa: BLE001 - every error is shown in the widget, none is swallowed
            self.send({"id": question, "ok": False, "error": _sentence(error)})

    async def _send_video(self, question: str) -> None:
        data = await self._loop.run_in_executor(None, self._source.read_video)
        await self._send_pieces(question, data, "video/mp4")

    async def _send_poster(self, question: str) -> None:
        await self._send_pieces(question, self._source.card().poster or b"", "image/jpeg")

    async def _send_details(self, question: str) -> None:
        state = card_state(self._source.card(), now=time.time(), whole=True)
        self.send({"id": question, "ok": True, "data": state})

    async def _cancel(self, question: str) -> None:
        self._source.cancel()
        self.send({"id": question, "ok": True})

    async def _retry(self, question: str) -> None:
        self._source.retry_download()
        self.send({"id": question, "ok": True})

    async def _send_pieces(self, question: str, data: bytes, mime: str) -> None:
        parts = max(1, -(-len(data) // PIECE_BYTES))
        for part in range(parts):
            piece = memoryview(data)[part * PIECE_BYTES : (part + 1) * PIECE_BYTES]
            head = {"id": question, "ok": True, "mime": mime, "part": part, "parts": parts, "size": len(data)}
            self.send(head, buffers=[piece])
            await asyncio.sleep(0)  # lets the loop, and an abort, in between


def _sentence(error: BaseException) -> str:
    """An exception as the user reads it."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
