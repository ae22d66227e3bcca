"""Fake provider that fails below HTTP on command: a TCP server with MiniMax's and a little of Runware's dialect.

What stands in no script is answered well. Each scripted :class:`Act` befalls one call of its phase: ``create``,
``query``, ``retrieve`` (the call for a link), ``download`` or ``backup`` (the clip's two links). The ledger
``charges`` has a row for each create whose whole body arrived and whose act takes it; nothing else is charged.
Written from the MiniMax video API document and the Runware model page minimax:3@1; it shares no code with the package.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from patience import HANG_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Act", "Call", "Charge", "FakeProvider", "head_half", "reset_half"]

_FIRST_FILE = 176844028768320


@dataclass(frozen=True, kw_only=True)
class Act:
    """What befalls one call.

    Attributes:
        read: How much of the request is read first: ``all``, ``half`` of its body, or its ``head``.
        take: A create is accepted, and charged, if all of it was read.
        change: The good answer's JSON becomes this.
        status: The HTTP status.
        headers: Further headers; one given as None is left out.
        body: Sent in place of the good answer's body.
        raw: Sent in place of the whole answer, status line and all.
        cut: Applied to the answer's bytes: what is left of them is sent.
        chunked: The body is sent as one chunk, without a length.
        repeat: The body is sent that many times over.
        wait_s: Seconds before the answer.
        until: The answer waits for this, however long it takes.
        pace_s: Seconds between two bytes of it.
        end: What ends the connection: ``close``, ``reset``, or ``hang`` until the other side gives up.
    """

    read: str = "all"
    take: bool = True
    change: Callable[[dict[str, Any]], Any] | None = None
    status: int = 200
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    raw: bytes | None = None
    cut: Callable[[bytes], bytes] | None = None
    chunked: bool = False
    repeat: int = 1
    wait_s: float = 0.0
    until: threading.Event | None = None
    pace_s: float = 0.0
    end: str = "close"


GOOD = Act()


def head_half(answer: bytes) -> bytes:
    """Half of an answer's headers."""
    return answer[: answer.index(b"\r\n\r\n") // 2]


def reset_half(answer: bytes) -> bytes:
    """An answer's headers and half of its body."""
    body = answer.index(b"\r\n\r\n") + 4
    return answer[: body + (len(answer) - body) // 2]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it arrived; header names in lower case. ``body`` is its JSON, None where it has none."""

    phase: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    whole: bool


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One create that the provider accepted."""

    prompt: str
    task_id: str


class FakeProvider:
    """Serves on 127.0.0.1 in a thread of its own; ``stop`` and ``start`` keep the port.

    Args:
        clip: The bytes of every clip.
        polls: The query of a task that says ``Success``: the first, the second …; before it stands ``Processing``.
        tls: Certificate and key files, to serve HTTPS.
        backup: Answers that name a link name a second one too.
    """

    def __init__(
        self, clip: bytes, *, polls: int = 1, tls: tuple[Path, Path] | None = None, backup: bool = False
    ) -> None:
        self.clip = clip
        self.polls = polls
        self.backup = backup
        self.etag = '"clip-1"'
        self.calls: list[Call] = []
        self.charges: list[Charge] = []
        self.connections = 0
        self._tls = tls
        self._scripts: dict[str, deque[Act]] = {}
        self._standing: dict[str, Act] = {}
        self._asked: dict[str, int] = {}  # by task id: how often its state was asked for
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # -- for the test ---------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The origin."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def on(self, phase: str, *acts: Act) -> Self:
        """Script what befalls the next calls of a phase, one after another."""
        self._scripts.setdefault(phase, deque()).extend(acts)
        return self

    def always(self, phase: str, act: Act | None) -> Self:
        """What befalls every call of a phase after its script's end; None answers well again."""
        if act is None:
            self._standing.pop(phase, None)
        else:
            self._standing[phase] = act
        return self

    def of(self, phase: str) -> list[Call]:
        """The calls of a phase, in their order."""
        return [call for call in self.calls if call.phase == phase]

    @property
    def twice(self) -> list[str]:
        """The prompts that were charged more than once."""
        prompts = [charge.prompt for charge in self.charges]
        return sorted({prompt for prompt in prompts if prompts.count(prompt) > 1})

    def start(self) -> Self:
        """Serve; return once connections are accepted."""
        ready = threading.Event()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener, ready), name="fault provider", daemon=True)
        self._thread.start()
        if not ready.wait(HANG_S):
            raise RuntimeError("the fault provider did not start")
        return self

    def stop(self) -> None:
        """Refuse connections from now on; those that are open break."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- its thread -----------------------------------------------------------------------------------------------

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = self._loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda _loop, _context: None)  # connections are broken on purpose
        context = None
        if self._tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._tls)
        server = loop.run_until_complete(asyncio.start_server(self._serve, sock=listener, ssl=context, limit=2**26))
        ready.set()
        try:
            loop.run_forever()
        finally:
            server.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0.01))
            loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        end = "reset"
        try:
            end = await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if end == "hang":
                with contextlib.suppress(ConnectionError):
                    await reader.read()  # until the other side gives up
            if end == "reset":
                made = writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.strip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        target = urlsplit(request.split(" ")[1])
        length = int(headers.get("content-length", 0))
        phase = _phase_of(target.path)
        act = GOOD if phase == "rpc" else self._next(phase)
        body = await reader.readexactly({"all": length, "half": length // 2, "head": 0}[act.read])
        whole = len(body) == length
        sent = json.loads(body) if whole and body else None
        if phase == "rpc":
            phase = "query" if sent and sent[0]["taskType"] == "getResponse" else "create"
            act = self._next(phase)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        call = Call(phase=phase, path=target.path, query=query, headers=headers, body=sent, whole=whole)
        self.calls.append(call)
        good = self._good(call) if whole and (act.take or phase != "create") else {}
        if act.wait_s:
            await asyncio.sleep(act.wait_s)
        while act.until is not None and not act.until.is_set():  # noqa: ASYNC110 - another thread's event
            await asyncio.sleep(0.01)
        answer = _answer(act, good, call)
        await _send(writer, answer, act)
        return act.end

    def _next(self, phase: str) -> Act:
        script = self._scripts.get(phase)
        return script.popleft() if script else self._standing.get(phase, GOOD)

    # -- what a good provider says ---------------------------------------------------------------------------------

    def _good(self, call: Call) -> Any:
        """The good answer: JSON, or for a download status, headers and bytes."""
        if call.path == "/v1":
            return self._runware(call.body[0])
        if call.phase == "create":
            return {"task_id": self._take(call.body["prompt"]), **_resp()}
        if call.phase == "query":
            return self._state(call.query.get("task_id", ""))
        if call.phase == "retrieve":
            links = {"download_url": f"{self.url}/clips/{call.query['file_id']}.mp4?signature=s1"}
            if self.backup:
                links["backup_download_url"] = f"{self.url}/backup/{call.query['file_id']}.mp4?signature=s2"
            return {"file": {"file_id": int(call.query["file_id"]), "bytes": 0, **links}, **_resp()}
        if call.phase in {"download", "backup"}:
            return self._file(call)
        return {"error": "not found"}

    def _take(self, prompt: str, task_id: str | None = None) -> str:
        task_id = task_id or str(106916112212032 + len(self.charges))
        self.charges.append(Charge(prompt=prompt, task_id=task_id))
        return task_id

    def _state(self, task_id: str) -> dict[str, Any]:
        numbers = {charge.task_id: n for n, charge in enumerate(self.charges)}
        if task_id not in numbers:
            return _resp(2013, "invalid params, task not found")
        asked = self._asked[task_id] = self._asked.get(task_id, 0) + 1
        if asked < self.polls:
            return {"task_id": task_id, "status": "Processing", **_resp()}
        file_id = str(_FIRST_FILE + numbers[task_id])
        return {"task_id": task_id, "status": "Success", "file_id": file_id, **_resp()}

    def _runware(self, task: Mapping[str, Any]) -> dict[str, Any]:
        ours = task["taskUUID"]
        known = {charge.task_id for charge in self.charges}
        if task["taskType"] == "getResponse":
            if ours not in known:
                return {"errors": [{"code": "taskNotFound", "message": "no such task", "taskUUID": ours}]}
            item = {"taskType": "videoInference", "taskUUID": ours, "status": "success", "videoUUID": f"v-{ours}"}
            return {"data": [{**item, "videoURL": f"{self.url}/clips/{ours}.mp4", "seed": 7, "cost": 0.28}]}
        if ours in known:
            return {"errors": [{"code": "conflictTaskUUID", "message": "taskUUID exists", "taskUUID": ours}]}
        self._take(task["positivePrompt"], ours)
        return {"data": [{"taskType": "videoInference", "taskUUID": ours}]}

    def _file(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        first = int(call.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        kind = {"content-type": "video/mp4", "etag": self.etag}
        if first and call.headers.get("if-range") == self.etag:
            part = f"bytes {first}-{len(self.clip) - 1}/{len(self.clip)}"
            return 206, {**kind, "content-range": part}, self.clip[first:]
        return 200, kind, self.clip


def _phase_of(path: str) -> str:
    if path == "/v1":
        return "rpc"
    for phase, begins in (("create", "/v1/video_generation"), ("query", "/v1/query/"), ("retrieve", "/v1/files/")):
        if path.startswith(begins):
            return phase
    return "backup" if path.startswith("/backup/") else "download"


def _resp(code: int = 0, said: str = "success") -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": said}}


def _answer(act: Act, good: Any, call: Call) -> bytes:
    """The bytes of an answer."""
    if act.raw is not None:
        return act.raw
    status, headers = act.status, {"content-type": "application/json", "trace-id": "trace-1"}
    body: bytes
    if call.phase in {"download", "backup"} and isinstance(good, tuple):
        found, headers, body = good
        status = found if status == 200 else status
    else:
        body = json.dumps(good if act.change is None else act.change(good)).encode()
    if act.body is not None:
        body = act.body
    sized = {"transfer-encoding": "chunked"} if act.chunked else {"content-length": str(len(body) * act.repeat)}
    merged = {**headers, **sized, "connection": "close", **{k.lower(): v for k, v in act.headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in merged.items() if value is not None)
    if act.chunked:
        body = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    return f"HTTP/1.1 {status} Word\r\n{lines}\r\n".encode() + body


async def _send(writer: asyncio.StreamWriter, answer: bytes, act: Act) -> None:
    if act.cut is not None:
        answer = act.cut(answer)
    if act.pace_s:
        for n in range(len(answer)):
            writer.write(answer[n : n + 1])
            await writer.drain()
            await asyncio.sleep(act.pace_s)
        return
    writer.write(answer)
    await writer.drain()
    body = answer[answer.find(b"\r\n\r\n") + 4 :]
    for _ in range(act.repeat - 1):
        writer.write(body)
        await writer.drain()
