"""The player of one run: progress while it is on its way, then the clip.

Python owns the state. The only synced trait of ours is `card` (see `card_state.py`); the browser asks for bytes and
gives orders (see `answering.py`): `video`, `poster`, `details` (all texts at full length), `cancel`, `retry` (download
again).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import traitlets

from hailuo_widgets.widgets.card_state import card_state
from hailuo_widgets.widgets.request_widget import STATIC, Answer, Answering, Question, sentence_of
from hailuo_widgets.widgets.throttle import Pulse

if TYPE_CHECKING:
    import asyncio
    import pathlib
    from collections.abc import Callable, Mapping

    from hailuo_widgets.render.card import Card

__all__ = ["CardSource", "Player"]

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


class Player(Answering):
    """One run's player.

    Args:
        source: the run.
        loop: the event loop that runs are followed on; all sending is done there.
    """

    _esm: ClassVar[pathlib.Path] = STATIC / "player.js"
    _css: ClassVar[pathlib.Path] = STATIC / "player.css"
    card = traitlets.Dict().tag(sync=True)

    def __init__(self, source: CardSource, *, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._unsubscribe: Callable[[], None] = lambda: None
        self._pulse = Pulse(loop, self._push, interval_s=PUSH_INTERVAL_S)
        super().__init__(loop=loop, card=card_state(source.card(), now=time.time()))
        self._unsubscribe = source.subscribe(self._pulse.soon)
        self._pulse.soon()  # what changed before the subscription, and the first heartbeat

    def __repr__(self) -> str:
        """One line for a place that cannot show widgets; it is saved as it is, so it names no status."""
        return f"<Player of run {self.card.get('run')}>"

    def flush(self) -> None:
        """Sends the newest card now; call it on the loop.

        A waiting cell calls it when its wait ends: nbclient keeps only what is sent by the cell that is running.
        """
        self._pulse.now()
        self.send_state("card")

    def ending(self) -> None:
        """Nothing is sent any more."""
        self._unsubscribe()
        self._pulse.stop()

    def _push(self) -> None:
        try:
            self.card = dict(card_state(self._source.card(), now=time.time()))
        except Exception as error:  # noqa: BLE001 - whatever the source raised is shown under the player
            self.card = self.card | {"problem": sentence_of(error), "now": time.time()}
        if self.card["live"]:
            # The browser tells a quiet run from a dead kernel by this.
            self._pulse.after(HEARTBEAT_S)

    def answers(self) -> Mapping[str, Answer]:
        """The clip's bytes and texts, and orders."""
        return {
            "video": self._send_video,
            "poster": self._send_poster,
            "details": self._send_details,
            "cancel": self._cancel,
            "retry": self._retry,
        }

    async def _send_video(self, question: Question) -> None:
        data = await self._loop.run_in_executor(None, self._source.read_video)
        await question.reply_bytes(data, "video/mp4")

    async def _send_poster(self, question: Question) -> None:
        await question.reply_bytes(self._source.card().poster or b"", "image/jpeg")

    async def _send_details(self, question: Question) -> None:
        question.reply(card_state(self._source.card(), now=time.time(), whole=True))

    async def _cancel(self, question: Question) -> None:
        self._source.cancel()
        question.reply()

    async def _retry(self, question: Question) -> None:
        self._source.retry_download()
        question.reply()
