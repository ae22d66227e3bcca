"""Tests of the player in Python: its messages, its threads, and its replies to requests."""

from __future__ import annotations

import asyncio
import json
import operator
import threading
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anywidget
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.render.card import Card
from hailuo_widgets.widgets.card_state import MAX_STATE_BYTES, card_state
from hailuo_widgets.widgets.player import Player
from hailuo_widgets.widgets.request_widget import PIECE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

CARD = Card(
    run_id="r-0001",
    status="running",
    provider="kie",
    model="2.3",
    mode="text to video",
    prompt="A fox",
    simulated=True,
    created_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
)
DONE = replace(CARD, status="succeeded", video_src="videos/run_r-0001.mp4", video_bytes=10, elapsed_s=48)


class Source:
    """A run made of values."""

    def __init__(self, card: Card = CARD, video: bytes = b"") -> None:
        self.shown = card
        self.video = video
        self.callbacks: list[Callable[[], None]] = []
        self.calls: list[tuple[str, threading.Thread]] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def _note(self, name: str) -> None:
        self.calls.append((name, threading.current_thread()))
        if self.error:
            raise self.error

    def card(self) -> Card:
        """The card as it is set."""
        if self.error:
            raise self.error
        return self.shown

    def read_video(self) -> bytes:
        """The bytes, once the gate is open."""
        self.gate.wait(10)
        self._note("read_video")
        return self.video

    def cancel(self) -> None:
        """Noted."""
        self._note("cancel")

    def retry_download(self) -> None:
        """Noted."""
        self._note("retry_download")

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Keeps the callback."""
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def change(self, card: Card) -> None:
        """Shows another card and says so."""
        self.shown = card
        for callback in list(self.callbacks):
            callback()


class Wire:
    """Stands where the comm is, and lets a test wait for what is sent."""

    def __init__(self, player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
        self.player = player
        self.replies: asyncio.Queue[tuple[dict[str, Any], bytes]] = asyncio.Queue()
        self.threads: set[threading.Thread] = set()
        self.cards: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        monkeypatch.setattr(player, "send", self._send)
        self.card_times: list[float] = []
        player.observe(self._see, "card")

    def _send(self, content: dict[str, Any], buffers: list[memoryview] | None = None) -> None:
        self.threads.add(threading.current_thread())
        self.replies.put_nowait((content, b"".join(bytes(buffer) for buffer in buffers or [])))

    def _see(self, change: dict[str, Any]) -> None:
        self.card_times.append(asyncio.get_running_loop().time())
        self.cards.put_nowait(change["new"])

    def ask(self, kind: str, question: str = "q1") -> None:
        """A message, as ipywidgets delivers it."""
        self.player._msg_callbacks(self.player, {"id": question, "type": kind}, [])

    async def reply(self) -> tuple[dict[str, Any], bytes]:
        """The next thing sent."""
        return await asyncio.wait_for(self.replies.get(), 5)

    async def card(self) -> dict[str, Any]:
        """The next card."""
        return await asyncio.wait_for(self.cards.get(), 5)


def play(
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    scene: Callable[[Wire], Coroutine[Any, Any, None]],
    **timing: float,
) -> None:
    """Runs a scene with a player on a loop of its own."""

    async def run() -> None:
        player = Player(source, loop=asyncio.get_running_loop(), **timing)
        try:
            await scene(Wire(player, monkeypatch))
        finally:
            player.close()
            await asyncio.sleep(0)

    asyncio.run(run(), debug=True)  # then asyncio refuses calls from a foreign thread


def test_the_video_comes_in_pieces_that_are_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of at most 2 MiB, each announced with number and total size, are the file's bytes; read off the loop."""
    video = bytes(range(256)) * (PIECE_BYTES // 128) + b"tail"
    source = Source(DONE, video)

    async def scene(wire: Wire) -> None:
        wire.ask("video")
        replies = [await wire.reply() for _ in range(3)]
        heads = [head for head, _ in replies]
        assert b"".join(data for _, data in replies) == video
        assert max(len(data) for _, data in replies) == PIECE_BYTES
        assert [(head["part"], head["parts"], head["size"]) for head in heads] == [(n, 3, len(video)) for n in range(3)]
        assert {(head["id"], head["ok"], head["mime"]) for head in heads} == {("q1", True, "video/mp4")}
        assert source.calls[0][1] is not threading.current_thread()

    play(source, monkeypatch, scene)


@pytest.mark.parametrize(("kind", "called"), [("cancel", "cancel"), ("retry", "retry_download")])
def test_orders_from_a_foreign_thread_reach_the_run_on_its_loop(
    monkeypatch: pytest.MonkeyPatch, kind: str, called: str
) -> None:
    """A message delivered on another thread (ipykernel 7.0-7.3) acts and answers on the loop's thread only."""
    source = Source()

    async def scene(wire: Wire) -> None:
        await asyncio.to_thread(wire.ask, kind)
        assert (await wire.reply())[0] == {"id": "q1", "ok": True}
        assert source.calls == [(called, threading.current_thread())]
        assert wire.threads == {threading.current_thread()}

    play(source, monkeypatch, scene)


@pytest.mark.parametrize("kind", ["video", "poster", "details", "cancel", "retry"])
def test_an_error_is_shown_not_swallowed(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Whatever the run raises comes back as ok=false with its text."""
    source = Source()

    async def scene(wire: Wire) -> None:
        source.error = OSError("disk on fire")
        wire.ask(kind)
        assert (await wire.reply())[0] == {
            "id": "q1",
            "ok": False,
            "error": {
                "kind": "OSError",
                "reason": None,
                "message": "disk on fire",
                "hint": "",
                "problems": [],
            },
        }

    play(source, monkeypatch, scene)


def test_an_unknown_question_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A type that does not exist is named, with those that do."""

    async def scene(wire: Wire) -> None:
        wire.ask("delete")
        error = (await wire.reply())[0]["error"]["message"]
        assert "'delete'" in error
        assert "video" in error

    play(Source(), monkeypatch, scene)


@pytest.mark.parametrize("content", [None, "video", 7, {"type": "cancel"}, {"id": 5, "type": "cancel"}])
def test_malformed_messages_do_nothing(monkeypatch: pytest.MonkeyPatch, content: object) -> None:
    """What is no question reaches neither the run nor the error log."""
    source = Source()

    async def scene(wire: Wire) -> None:
        wire.player._msg_callbacks(wire.player, content, [])
        wire.ask("details", "after")
        assert (await wire.reply())[0]["id"] == "after"
        assert source.calls == []

    play(source, monkeypatch, scene)


def test_a_question_taken_back_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """After `abort` no bytes are sent, and the player goes on."""
    source = Source(DONE, b"bytes")
    source.gate.clear()

    async def scene(wire: Wire) -> None:
        wire.ask("video")
        await asyncio.sleep(0)
        wire.ask("abort")
        await asyncio.sleep(0)
        source.gate.set()
        wire.ask("details", "q2")
        assert (await wire.reply())[0]["id"] == "q2"
        assert wire.replies.empty()
        assert wire.player._tasks == {}

    play(source, monkeypatch, scene)


def test_a_question_asked_twice_reads_the_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same id, delivered again while the answer is on its way, starts nothing."""
    source = Source(DONE, b"bytes")

    async def scene(wire: Wire) -> None:
        wire.ask("video")
        wire.ask("video")
        assert (await wire.reply())[1] == b"bytes"
        wire.ask("details", "q2")
        assert (await wire.reply())[0]["id"] == "q2"
        assert [name for name, _ in source.calls] == ["read_video"]

    play(source, monkeypatch, scene)


def test_a_closed_loop_is_answered_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A click on the player of a loop that ended says so instead of waiting for ever."""
    loop = asyncio.new_event_loop()
    player = Player(Source(), loop=loop)
    loop.close()
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(player, "send", sent.append)
    player._msg_callbacks(player, {"id": "q1", "type": "cancel"}, [])
    player.close()
    assert sent[0]["id"] == "q1"
    assert sent[0]["ok"] is False
    assert "loop" in sent[0]["error"]["message"]


def test_changes_are_coalesced_and_the_last_one_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast a run changes, on whatever thread, cards leave 0.25 s apart at least, and the last is the truth."""
    source = Source()

    def hurry() -> None:
        for number in range(100):
            source.change(replace(CARD, task_id=str(number)))

    async def scene(wire: Wire) -> None:
        await wire.card()  # the push after construction
        await asyncio.to_thread(hurry)
        while (await wire.card())["task"] != "99":
            pass
        gaps = [later - earlier for earlier, later in pairwise(wire.card_times)]
        assert gaps
        assert min(gaps) > 0.2

    play(source, monkeypatch, scene)


def test_a_running_run_has_a_heartbeat_and_an_ended_one_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser hears of a live run without changes, so that it can tell a dead kernel from a quiet run."""
    source = Source()

    async def scene(wire: Wire) -> None:
        first, second = await wire.card(), await wire.card()
        assert second["now"] > first["now"]
        source.change(DONE)
        while (await wire.card())["live"]:
            pass
        assert not wire.player._throttle.waiting

    play(source, monkeypatch, scene, heartbeat_s=0.02)


def test_an_error_of_the_run_itself_is_shown_in_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the run cannot tell its state, the last card stays and the error stands under it."""
    source = Source()

    async def scene(wire: Wire) -> None:
        source.error = KeyError("row")
        source.callbacks[0]()
        state = await wire.card()
        assert state["problem"] == "KeyError: 'row'"
        assert state["status"] == "running"

    play(source, monkeypatch, scene)


def test_closing_ends_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """After close there is no subscription, timer or task left, and nothing is sent."""
    source = Source(CARD, b"bytes")
    source.gate.clear()

    async def scene(wire: Wire) -> None:
        await wire.card()
        wire.ask("video")
        await asyncio.sleep(0)
        task = next(iter(wire.player._tasks.values()))
        wire.player.close()
        await asyncio.wait({task}, timeout=5)
        source.gate.set()
        assert task.cancelled()
        assert source.callbacks == []
        assert not wire.player._throttle.waiting
        wire.ask("details")
        await asyncio.sleep(0.01)
        assert wire.replies.empty()

    play(source, monkeypatch, scene)


def test_flush_sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting cell can re-emit the final card from its own cell, changed or not."""
    source = Source()
    sent: list[str | None] = []

    def note(key: str | None = None) -> None:
        sent.append(key)

    async def scene(wire: Wire) -> None:
        monkeypatch.setattr(wire.player, "send_state", note)
        source.shown = DONE
        wire.player.flush()
        assert wire.player.card["status"] == "succeeded"
        assert sent[-1] == "card"

    play(source, monkeypatch, scene)


def test_only_the_card_is_synced_and_no_bytes_are_in_it() -> None:
    """The saved state holds neither poster nor video, and little more than the bundle."""
    loop = asyncio.new_event_loop()
    player = Player(Source(replace(DONE, poster=b"\xff\xd8\xff" + bytes(9000))), loop=loop)
    state = player.get_state()
    own = set(state) - set(anywidget.AnyWidget().get_state())
    player.close()
    loop.close()
    assert own == {"card", "_css"}
    assert len(json.dumps(state["card"])) < 1000
    assert len(state["_esm"]) < 13_000  # it names the codec of a clip that the browser cannot play, in 600 of them
    assert len(state["_css"]) < 8_000


LONG = st.builds(operator.mul, st.text(max_size=20), st.integers(0, 200))


@given(LONG, LONG, st.lists(st.tuples(LONG, LONG), max_size=40))
def test_the_state_fits_in_two_kilobytes(prompt: str, error: str, parameters: list[tuple[str, str]]) -> None:
    """However long the texts, the trait stays within 2 kB, says that it was cut, and the whole is to be had."""
    card = replace(CARD, prompt=prompt, error_text=error, parameters=tuple(parameters))
    state = card_state(card, now=0.0)
    whole = card_state(card, now=0.0, whole=True)
    assert len(json.dumps(state, ensure_ascii=False).encode("utf-8", "replace")) <= MAX_STATE_BYTES
    assert whole["prompt"] == prompt
    assert state["cut"] == (state != whole)


def test_a_clip_is_offered_only_when_there_is_one() -> None:
    """The browser asks for bytes of succeeded runs with a file, and of no other."""
    assert card_state(DONE, now=0.0)["clip"] == "file"
    assert card_state(replace(DONE, sha256="ab" * 32), now=0.0)["clip"] == "abababababababab"
    assert card_state(replace(DONE, video_bytes=None, video_src=None), now=0.0)["clip"] is None
    assert card_state(replace(DONE, status="failed"), now=0.0)["clip"] is None


def test_time_counts_from_sending() -> None:
    """Elapsed time starts with the create call, else with the plan, and an ended run has Python's figure."""
    sent = replace(CARD, started_at=datetime(2026, 11, 21, 8, 1, tzinfo=UTC))
    assert card_state(sent, now=0.0)["since"] - card_state(CARD, now=0.0)["since"] == 60
    assert card_state(sent, now=0.0)["elapsed"] is None
    assert card_state(DONE, now=0.0)["elapsed"] == 48
