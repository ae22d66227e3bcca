"""Player widget of one run: its progress, then its clip.

Python owns the state. The synced trait ``card`` (see ``card_state.py``) is sent at most four times a second. The
browser sends questions (see ``request_widget.py``): ``video`` and ``poster`` for bytes, ``details`` for all texts at
full length, ``cancel``, and ``retry`` to download the clip again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import traitlets

from hailuo_widgets.archive import read_regular
from hailuo_widgets.widgets.card_state import card_state
from hailuo_widgets.widgets.request_widget import STATIC, Handler, Question, RequestWidget, sentence_of
from hailuo_widgets.widgets.throttle import Throttle

if TYPE_CHECKING:
    import asyncio
    import pathlib
    from collections.abc import Callable, Mapping

    from hailuo_widgets.render.card import Card
    from hailuo_widgets.workspace.run import Run

__all__ = ["CardSource", "Player", "RunSource"]

PUSH_INTERVAL_S: Final = 0.25
HEARTBEAT_S: Final = 15.0


class CardSource(Protocol):
    """The run behind a player."""

    def card(self) -> Card:
        """The run as it is now. Called on the loop: it must not block."""

    def read_video(self) -> bytes:
        """The MP4's bytes. Called on a worker thread: it may block."""

    def cancel(self) -> None:
        """Stop following the run. Called on the loop."""

    def retry_download(self) -> None:
        """Start to download a finished clip again. Called on the loop."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` after each change, on any thread; return the function that ends it."""


class RunSource:
    """A run of a session as a :class:`CardSource`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def card(self) -> Card:
        """The run as it is now."""
        return self._run.card

    def read_video(self) -> bytes:
        """The MP4's bytes.

        Raises:
            FileNotFoundError: The clip is not in the archive, or its file was changed.
        """
        session = self._run._session  # noqa: SLF001 - no part of a run's surface
        path = session.archive.whole_video_of(self._run.record)
        if path is None:
            raise FileNotFoundError(f"the clip of run {self._run.id} is not in the archive, or its file was changed")
        return read_regular(path)

    def cancel(self) -> None:
        """Stop following the run."""
        self._run.cancel()

    def retry_download(self) -> None:
        """Download the clip again."""
        self._run.retry()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` after each change; return the function that ends it."""
        return self._run.subscribe(lambda _: callback())


class Player(RequestWidget):
    """The widget.

    Args:
        source: The run.
        loop: The event loop that follows the runs; all messages are sent on it.
        heartbeat_s: The card of a live run is sent at least this often.
    """

    _esm: ClassVar[pathlib.Path] = STATIC / "player.js"
    _css: ClassVar[pathlib.Path] = STATIC / "player.css"
    card = traitlets.Dict().tag(sync=True)

    def __init__(
        self, source: CardSource, *, loop: asyncio.AbstractEventLoop, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._source = source
        self._heartbeat_s = heartbeat_s
        self._unsubscribe: Callable[[], None] = lambda: None
        self._throttle = Throttle(loop, self._push, interval_s=PUSH_INTERVAL_S)
        super().__init__(loop=loop, card=card_state(source.card(), now=time.time()))
        self._unsubscribe = source.subscribe(self._throttle.soon)
        self._throttle.soon()  # sends what changed before the subscription, and starts the heartbeat

    def __repr__(self) -> str:
        """One line for a front end without widgets; a notebook saves it, so it names no status."""
        return f"<Player of run {self.card.get('run')}>"

    def flush(self) -> None:
        """Send the newest card now; call it on the loop.

        A cell calls it when its wait ends: nbclient saves only what is sent while that cell runs.
        """
        self._throttle.now()
        self.send_state("card")

    def on_close(self) -> None:
        """Stop sending."""
        self._unsubscribe()
        self._throttle.stop()

    def _push(self) -> None:
        try:
            self.card = dict(card_state(self._source.card(), now=time.time()))
        except Exception as error:  # noqa: BLE001 - whatever the source raised is shown under the player
            self.card = self.card | {"problem": sentence_of(error), "now": time.time()}
        if self.card["live"]:
            # Without it the browser cannot distinguish an unchanged run from a dead kernel.
            self._throttle.after(self._heartbeat_s)

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
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
