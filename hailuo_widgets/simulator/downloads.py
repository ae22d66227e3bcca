"""Finished files behind signed links that expire, as an object store serves them.

``/simulator/files/<key>.mp4?Expires=<unix s>&Signature=<hex>`` is the link, ``/simulator/backup/…`` the second one that
MiniMax gives. GET and HEAD, ``Range`` (one range), ``ETag``. An expired or altered link is HTTP 403 with an XML body.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hailuo_widgets.simulator.render import Clip
from hailuo_widgets.simulator.station import hang_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

_CHUNK = 2**16
_MEDIA = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}
_ALL, _PART, _FORBIDDEN, _MISSING, _BEYOND = 200, 206, 403, 404, 416


def _sign(world: World, name: str, expires: int) -> str:
    return hmac.new(world.secret, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def link(call: Call, task: Task, *, product: str = "", lifetime: float | None = None, path: str = "files") -> str:
    """Return a fresh link to a task's file.

    Args:
        call: Who asks; the link leads back the way the call came.
        task: Whose file.
        product: What the lifetime is looked up for, where it is not the provider.
        lifetime: Seconds, where the caller chose them.
        path: ``files``, or ``backup`` for the second link.
    """
    seconds = call.world.settings.lifetime_of(product or task.provider) if lifetime is None else lifetime
    return signed_url(call.world, call.base_url, task, -10 if call.struck_by("expired") else seconds, path)


def signed_url(world: World, base_url: str, task: Task, seconds: float, path: str = "files") -> str:
    """Return a link to a task's file that expires ``seconds`` from now."""
    name = f"{task.file_key}.{task.clip['container']}"
    expires = int(time.time() + seconds)
    return f"{base_url}/simulator/{path}/{name}?Expires={expires}&Signature={_sign(world, name, expires)}"


def file_size(task: Task) -> tuple[int, int]:
    """Return the width and height that a task's file has."""
    return Clip(**task.clip).size


class Files:
    """The ASGI application of the links."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file, or say why not."""
        request = Request(scope, receive)
        name = request.path_params["name"]
        key, _, _ = name.partition(".")
        found = self._world.tasks.find(file_key=key)
        entry = scope["state"]["entry"]
        entry.update(phase="download", provider=found[0].provider if found else None)
        fault = self._world.faults.take(found[0].provider, "download") if found else None
        if fault is not None:
            entry["fault"] = fault.kind
            if fault.kind in ("drop", "drop_after"):
                await hang_up(scope, receive)
                return
        response = await self._response(request, name, found[0] if found else None, fault)
        await response(scope, receive, send)
        if fault is not None and fault.kind == "truncate":
            await hang_up(scope, receive)

    async def _response(self, request: Request, name: str, task: Task | None, fault: Any) -> Response:
        kind = "" if fault is None else fault.kind
        if kind == "http":
            headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            return _denied(fault.status, "InternalError", fault.message or "Simulated fault.", headers)
        if kind == "html":
            return Response("<html><body><h1>Sign in</h1></body></html>", media_type="text/html")
        if kind in ("delay", "delay_after"):
            await asyncio.sleep(fault.seconds)
        query = request.query_params
        expires = query.get("Expires", "")
        if not expires.isdigit() or not hmac.compare_digest(
            _sign(self._world, name, int(expires)), query.get("Signature", "")
        ):
            return _denied(_FORBIDDEN, "SignatureDoesNotMatch", "The request signature does not match.")
        if int(expires) < time.time() or kind == "expired":
            return _denied(_FORBIDDEN, "AccessDenied", "Request has expired.")
        if task is None or task.failed or not task.done(time.time()):
            return _denied(_MISSING, "NoSuchKey", "The specified key does not exist.")
        return await serve(self._world, task, request, cut=kind == "truncate")


async def serve(world: World, task: Task, request: Request, *, cut: bool = False) -> Response:
    """Return a task's file, rendering it if nobody has; with ``cut``, only half of the bytes that are announced."""
    path = await asyncio.wrap_future(world.render(task))
    size = path.stat().st_size
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{path.stem[:32]}"',
        "Content-Type": _MEDIA[task.clip["container"]],
        "Cache-Control": "private, max-age=3600",
    }
    start, stop, status = 0, size, _ALL
    wanted = request.headers.get("range")
    if wanted and request.headers.get("if-range", headers["ETag"]) == headers["ETag"]:
        span = _span(wanted, size)
        if span is None:
            return Response(status_code=_BEYOND, headers={**headers, "Content-Range": f"bytes */{size}"})
        start, stop = span
        status = _PART
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    sent = start + (stop - start) // 2 if cut else stop
    return StreamingResponse(_read(path, start, sent), status, headers)


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return start and stop of a ``Range`` header, ``None`` where the file has no such bytes."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
    return (start, stop) if start < stop else None


async def _read(path: Path, start: int, stop: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while (left := stop - file.tell()) > 0:
            yield await run_in_threadpool(file.read, min(_CHUNK, left))


def _denied(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>\n'
    return Response(body, status, headers, media_type="application/xml")
