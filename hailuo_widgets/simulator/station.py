"""Entry of every call: journal, faults, key, limits, then the gateway's handler.

A `Station` is an ASGI application for one route. `Front` is the outermost one: it marks every answer as simulated and
holds on to the connection, so that a fault can close it. It answers only those who name this machine itself as their
host: a web page whose own name was made to lead here (DNS rebinding) reads no prompt.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.faults import AFTER, BEFORE
from hailuo_widgets.simulator.images import is_loopback
from hailuo_widgets.simulator.journal import redact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from hailuo_widgets.simulator.faults import Fault
    from hailuo_widgets.simulator.world import World

_MAX_BODY = 64 * 2**20  # two pictures of 20 MB in base64, and room
_BAD_GATEWAY, _FORBIDDEN = 502, 403
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?", re.ASCII)
_HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
_ID_FIELDS = frozenset({"task_id", "taskId", "taskUUID", "request_id", "gateway_request_id", "id"})
_ID_LINKS = frozenset({"status_url", "response_url", "cancel_url", "polling_url", "urls"})  # they hold the id too


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one gateway takes keys and says no.

    Attributes:
        name: The provider.
        key_of: Finds the key of a call; empty or ``None`` where there is none.
        refuse: Says a refusal in the gateway's own shape.
    """

    name: str
    key_of: Callable[[Call], str | None]
    refuse: Callable[[RefusalError], Response]


@dataclass(kw_only=True)
class Call:
    """One request on its way through a station."""

    world: World
    request: Request
    provider: str
    phase: str
    raw: bytes = b""
    fault: Fault | None = None
    account: str = ""
    key: str = field(default="", repr=False)

    @property
    def base_url(self) -> str:
        """Origin that the caller used, so that links lead back the same way."""
        host = self.request.headers.get("host")
        return f"http://{host}" if host else self.world.url

    def struck_by(self, kind: str) -> bool:
        """Return whether the call's fault is of that kind."""
        return self.fault is not None and self.fault.kind == kind

    def word(self, usual: str, *, ended: bool) -> str:
        """Return the word for a task's status: that of a fault, where the task goes on and the fault has one."""
        return self.fault.message if self.fault is not None and self.struck_by("word") and not ended else usual

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            RefusalError: It is not JSON.
        """
        try:
            return json.loads(self.raw)
        except ValueError:
            raise RefusalError("params", "the request body is not valid JSON") from None

    def object(self) -> dict[str, Any]:
        """Return the parsed body, which must be a JSON object.

        Raises:
            RefusalError: It is not.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise RefusalError("params", "the request body must be a JSON object")
        return body


class Station:
    """One route of one gateway.

    Args:
        world: What the gateways share.
        dialect: How this gateway takes keys and says no.
        phase: Which kind of call the route is, or what tells it from the body.
        handler: Answers, or raises `RefusalError`.
        open_to_all: Whether no key is asked for.
    """

    def __init__(
        self,
        world: World,
        dialect: Dialect,
        phase: str | Callable[[Call], str],
        handler: Callable[[Call], Awaitable[Response]],
        *,
        open_to_all: bool = False,
    ) -> None:
        self._world = world
        self._dialect = dialect
        self._phase = phase
        self._handler = handler
        self._open = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        call = Call(world=self._world, request=request, provider=self._dialect.name, phase="")
        try:
            response = await self._answer(call, scope)
        except ClientDisconnect:
            return
        if response is None:
            await hang_up(scope, receive)
        else:
            await response(scope, receive, send)

    async def _answer(self, call: Call, scope: Scope) -> Response | None:
        """Return the answer, or ``None`` where the connection is to close without one."""
        entry = scope["state"]["entry"]
        chunks = bytearray()
        async for chunk in call.request.stream():
            chunks += chunk
            if len(chunks) > _MAX_BODY:
                return JSONResponse({"error": "Request body too large"}, 413)
        call.raw = bytes(chunks)
        entry["body"] = redact(_peek(call.raw))
        call.phase = self._phase if isinstance(self._phase, str) else self._phase(call)
        fault = call.fault = self._world.faults.take(call.provider, call.phase)
        entry.update(provider=call.provider, phase=call.phase, fault=fault.kind if fault else None)
        if fault is None:
            return await self._carry_out(call)
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind in BEFORE:
            return None if fault.kind == "drop" else self._instead(fault, call)
        response = await self._carry_out(call)
        if fault.kind == "drop_after":
            return None
        return await _spoil(fault, response) if fault.kind in AFTER else response

    async def _carry_out(self, call: Call) -> Response:
        """Let the gateway's handler answer."""
        try:
            if not self._open:
                self._world.admit(call, self._dialect.key_of(call))
            return await self._handler(call)
        except RefusalError as refusal:
            return self._dialect.refuse(refusal)

    def _instead(self, fault: Fault, call: Call) -> Response:
        """Return the answer of a fault that keeps the call from being carried out."""
        if fault.kind == "code":
            message = fault.message or "simulated fault"
            return self._dialect.refuse(RefusalError("server", message, code=fault.code))
        if fault.kind == "redirect":
            return RedirectResponse(fault.message or f"{call.base_url}/simulator/elsewhere", 307)
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        if fault.html or fault.status == _BAD_GATEWAY:
            return HTMLResponse(_HTML, fault.status, headers)
        return JSONResponse({"error": fault.message or f"simulated HTTP {fault.status}"}, fault.status, headers)


class Front:
    """The outermost application: marks answers as simulated and writes the journal."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and every answer back with its mark."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not _for_this_machine(scope):
            answer = JSONResponse({"error": "only for programs and pages of this machine"}, _FORBIDDEN)
            await answer(scope, receive, send)
            return
        entry = self._world.journal.open(
            request.method, request.url.path, dict(request.query_params), dict(request.headers)
        )
        # uvicorn hands out a bound method of the object that owns the connection; elsewhere there is nothing to hold.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        scope.setdefault("state", {}).update(entry=entry, transport=transport)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
                MutableHeaders(scope=message)["X-Simulated"] = "hailuo-widgets"
            await send(message)

        await self._app(scope, receive, marked)


def _for_this_machine(scope: Scope) -> bool:
    """Whether a request names this machine as its host, and comes of no page of another one."""
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    if len(hosts) > 1 or len(origins) > 1 or not all(_is_here(host) for host in hosts):
        return False
    return all(_is_here(origin.partition("://")[2]) for origin in origins)


def _is_here(host: str) -> bool:
    """Whether ``localhost``, a loopback address, or one of them with a port."""
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found[1].strip("[]").lower())


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection after what was sent so far, and wait until it is closed."""
    transport = scope["state"]["transport"]
    if transport is not None:
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _spoil(fault: Fault, response: Response) -> Response:
    """Return a carried-out call's answer as the fault leaves it."""
    if fault.kind == "delay_after":
        await asyncio.sleep(fault.seconds)
        return response
    if fault.kind == "html":
        return HTMLResponse(_HTML)
    body = bytes(getattr(response, "body", b"{}"))  # a file that is sent in parts has none
    if fault.kind == "malformed":
        return Response(body[: max(1, len(body) // 2)], response.status_code, media_type="application/json")
    return JSONResponse(_without_ids(json.loads(body)), response.status_code)


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_ids(v) for k, v in value.items() if k not in _ID_FIELDS | _ID_LINKS}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def _peek(raw: bytes) -> Any:
    """Return a body as JSON for the journal, or its length where it is none."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return f"<{len(raw)} bytes that are not JSON>"
