"""Base widget with requests from JavaScript and replies from Python.

Its JavaScript half is ``js/lib/requests.ts``. A question is ``{id, type, data?}``, with buffers if it has any. The
reply is ``{id, ok, data}``, or pieces ``{id, ok, mime, part, parts, size}`` with one buffer of at most 2 MiB each, or
``{id, ok: false, error}``; ``messages.py`` has the types. ``abort`` cancels the question with the same id.

Threads: with ipykernel 7.0 to 7.3 a message may arrive on another thread with another event loop. So a message is only
passed on with ``call_soon_threadsafe``; everything else runs on the loop given to the constructor. Each widget's state
holds its whole bundle (``_esm``): close the widgets that are no longer shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import anywidget

from hailuo_widgets.errors import HailuoError, Problem, ProblemCode, UsageError

if TYPE_CHECKING:
    from hailuo_widgets.widgets.messages import Failure, ProblemMessage

__all__ = [
    "PIECE_BYTES",
    "STATIC",
    "Handler",
    "Question",
    "RequestWidget",
    "problem_messages",
    "problems_of",
    "sentence_of",
]

STATIC: Final = pathlib.Path(__file__).parent.parent / "static"
PIECE_BYTES: Final = 2 * 1024 * 1024


class Question:
    """One question of the browser.

    Attributes:
        id: Unique; the reply has the same.
        type: The handler's name.
        data: The question's JSON part; ``{}`` if it has none.
        buffers: The question's bytes.
    """

    def __init__(self, widget: RequestWidget, content: Mapping[str, Any], buffers: list[memoryview]) -> None:
        self._widget = widget
        self.id: str = content["id"]
        self.type = content.get("type")
        data = content.get("data")
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.buffers = buffers

    def reply(self, data: Any = None) -> None:
        """Reply with JSON; of a type in ``messages.Replies``."""
        self._widget.send({"id": self.id, "ok": True} | ({} if data is None else {"data": data}))

    async def reply_bytes(self, blob: bytes, mime: str) -> None:
        """Reply with bytes, in pieces; one piece without bytes if there are none."""
        parts = max(1, -(-len(blob) // PIECE_BYTES))
        for part in range(parts):
            piece = memoryview(blob)[part * PIECE_BYTES : (part + 1) * PIECE_BYTES]
            head = {"id": self.id, "ok": True, "mime": mime, "part": part, "parts": parts, "size": len(blob)}
            self._widget.send(head, buffers=[piece])
            await asyncio.sleep(0)  # lets other tasks, and an abort, run between two pieces


Handler = Callable[[Question], Awaitable[None]]


class RequestWidget(anywidget.AnyWidget):
    """The base class. A subclass names its handlers, and stops its own work in :meth:`on_close`.

    Args:
        loop: The event loop that follows the runs; all messages are sent on it.
        traits: The widget's own traits.
    """

    def __init__(self, *, loop: asyncio.AbstractEventLoop, **traits: Any) -> None:
        self._loop = loop
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended = False
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by the question's type. An exception of one is sent as ``messages.Failure``."""
        return {}

    def on_close(self) -> None:
        """Stop the subclass's work. Called once, from any thread."""

    def close(self) -> None:
        """Close the widget: no more messages, timers or reads. Runs continue."""
        if not self.__dict__.get("_ended", True):
            self._ended = True
            self.on_close()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is left to stop
                self._loop.call_soon_threadsafe(self._stop)
        super().close()

    def _stop(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()

    def _on_message(self, _widget: object, content: Any, buffers: Any) -> None:
        """Pass a message on to the loop. Called on any thread."""
        try:
            self._loop.call_soon_threadsafe(self._receive, content, buffers)
        except RuntimeError:
            if isinstance(content, dict):
                ended = "The event loop that followed this run is closed. Reload the run in a new cell: %hailuo resume."
                self.send({"id": content.get("id"), "ok": False, "error": failure_of(RuntimeError(ended))})

    def _receive(self, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("id"), str) or self._ended:
            return
        question = Question(self, content, [memoryview(b) for b in buffers or ()])
        if question.type == "abort":
            if question.id in self._tasks:
                self._tasks[question.id].cancel()
            return
        if question.id in self._tasks:
            return  # the question came twice: one reply
        task = self._loop.create_task(self._answer(question))
        self._tasks[question.id] = task
        task.add_done_callback(lambda _task: self._tasks.pop(question.id, None))

    async def _answer(self, question: Question) -> None:
        handlers = self.handlers()
        try:
            handler = handlers.get(question.type) if isinstance(question.type, str) else None
            if handler is None:
                raise ValueError(  # noqa: TRY301 - sent below like any error
                    f"type is {question.type!r}; this widget answers {', '.join(handlers)} and abort"
                )
            await handler(question)
        except Exception as error:  # noqa: BLE001 - every error is shown in the widget
            self.send({"id": question.id, "ok": False, "error": failure_of(error)})


def sentence_of(error: BaseException) -> str:
    """An exception as one text for the user: its class, its message and its hint."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def problems_of(error: BaseException) -> tuple[Problem, ...]:
    """An exception's problems; one without an argument if it is no :class:`UsageError`."""
    if isinstance(error, UsageError):
        return error.problems
    message, hint = (error.told(), error.hint) if isinstance(error, HailuoError) else (str(error), None)
    return (Problem(argument="", code=ProblemCode.INVALID, message=message, hint=hint or ""),)


def problem_messages(problems: Iterable[Problem]) -> list[ProblemMessage]:
    """Problems as JSON."""
    return [
        {
            "argument": p.argument,
            "code": p.code,
            "message": p.message,
            "hint": p.hint,
            "severity": p.severity,
            "runs": p.runs,
        }
        for p in problems
    ]


def failure_of(error: BaseException) -> Failure:
    """An exception as JSON."""
    known = error if isinstance(error, HailuoError) else None
    return {
        "kind": type(error).__name__,
        "reason": known.reason if known else None,
        "message": known.told() if known else str(error),
        "hint": (known.hint if known else None) or "",
        "problems": problem_messages(error.problems) if isinstance(error, UsageError) else [],
    }
