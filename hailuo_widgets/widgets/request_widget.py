"""A widget whose browser half asks questions: the Python half of ``js/lib/requests.ts``.

A question is ``{id, type, data?}`` with buffers, where it has any. The answer is ``{id, ok, data}``, or pieces
``{id, ok, mime, part, parts, size}`` with one buffer of at most 2 MiB each, or ``{id, ok: false, error}``. ``abort``
takes the question with the same id back.

Threads: with ipykernel 7.0 to 7.3 a message may arrive on another thread with another event loop. So a message is only
handed over with ``call_soon_threadsafe``; everything else happens on the loop given to the constructor. ``_esm`` is
kept in the state of each widget: close those that are not shown any more.
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
    "Answer",
    "Answering",
    "Question",
    "problems_of",
    "sentence_of",
    "told_problems",
]

STATIC: Final = pathlib.Path(__file__).parent.parent / "static"
PIECE_BYTES: Final = 2 * 1024 * 1024


class Question:
    """One question of the browser.

    Attributes:
        id: Unique to it; the answer bears it.
        type: What is asked for.
        data: The JSON that came with it; ``{}`` where none did.
        buffers: The bytes that came with it.
    """

    def __init__(self, widget: Answering, content: Mapping[str, Any], buffers: list[memoryview]) -> None:
        self._widget = widget
        self.id: str = content["id"]
        self.type = content.get("type")
        data = content.get("data")
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.buffers = buffers

    def reply(self, data: Any = None) -> None:
        """Answer with JSON."""
        self._widget.send({"id": self.id, "ok": True} | ({} if data is None else {"data": data}))

    async def reply_bytes(self, blob: bytes, mime: str) -> None:
        """Answer with bytes, in pieces; no bytes are an answer too."""
        parts = max(1, -(-len(blob) // PIECE_BYTES))
        for part in range(parts):
            piece = memoryview(blob)[part * PIECE_BYTES : (part + 1) * PIECE_BYTES]
            head = {"id": self.id, "ok": True, "mime": mime, "part": part, "parts": parts, "size": len(blob)}
            self._widget.send(head, buffers=[piece])
            await asyncio.sleep(0)  # lets the loop, and an abort, in between


Answer = Callable[[Question], Awaitable[None]]


class Answering(anywidget.AnyWidget):
    """The base of the widgets here. A subclass says what it answers, and stops its own work in :meth:`ending`.

    Args:
        loop: The event loop that runs are followed on; all sending is done there.
        traits: The widget's own traits.
    """

    def __init__(self, *, loop: asyncio.AbstractEventLoop, **traits: Any) -> None:
        self._loop = loop
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended = False
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def answers(self) -> Mapping[str, Answer]:
        """What is answered, by the question's type. An exception reaches the browser as an error's sentence."""
        return {}

    def ending(self) -> None:
        """Called once, when the widget is closed; from any thread."""

    def close(self) -> None:
        """End the widget: no more messages, timers or reads. Runs go on."""
        if not self.__dict__.get("_ended", True):
            self._ended = True
            self.ending()
            with contextlib.suppress(RuntimeError):  # a closed loop has nothing left to stop
                self._loop.call_soon_threadsafe(self._stop)
        super().close()

    def _stop(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()

    def _on_message(self, _widget: object, content: Any, buffers: Any) -> None:
        """Hand a message over to the loop; it may come on any thread."""
        try:
            self._loop.call_soon_threadsafe(self._receive, content, buffers)
        except RuntimeError:
            if isinstance(content, dict):
                ended = "The event loop that followed this run is closed. Reload the run in a new cell: %hailuo resume."
                self.send({"id": content.get("id"), "ok": False, "error": told_error(RuntimeError(ended))})

    def _receive(self, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("id"), str) or self._ended:
            return
        question = Question(self, content, [memoryview(b) for b in buffers or ()])
        if question.type == "abort":
            if question.id in self._tasks:
                self._tasks[question.id].cancel()
            return
        if question.id in self._tasks:
            return  # asked twice, answered once
        task = self._loop.create_task(self._answer(question))
        self._tasks[question.id] = task
        task.add_done_callback(lambda _task: self._tasks.pop(question.id, None))

    async def _answer(self, question: Question) -> None:
        answers = self.answers()
        try:
            answer = answers.get(question.type) if isinstance(question.type, str) else None
            if answer is None:
                raise ValueError(  # noqa: TRY301 - answered below like any error
                    f"type is {question.type!r}; this widget answers {', '.join(answers)} and abort"
                )
            await answer(question)
        except Exception as error:  # noqa: BLE001 - every error is shown in the widget, none is swallowed
            self.send({"id": question.id, "ok": False, "error": told_error(error)})


def sentence_of(error: BaseException) -> str:
    """An exception as the user reads it."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def problems_of(error: BaseException) -> tuple[Problem, ...]:
    """What is wrong, one by one; an error that is about no argument is one problem of none."""
    if isinstance(error, UsageError):
        return error.problems
    message, hint = (error.told(), error.hint) if isinstance(error, HailuoError) else (str(error), None)
    return (Problem(argument="", code=ProblemCode.INVALID, message=message, hint=hint or ""),)


def told_problems(problems: Iterable[Problem]) -> list[ProblemMessage]:
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


def told_error(error: BaseException) -> Failure:
    """An exception as JSON: the words for people, and what code reacts to."""
    known = error if isinstance(error, HailuoError) else None
    return {
        "kind": type(error).__name__,
        "reason": known.reason if known else None,
        "message": known.told() if known else str(error),
        "hint": (known.hint if known else None) or "",
        "problems": told_problems(error.problems) if isinstance(error, UsageError) else [],
    }
