"""ASGI application for callbacks: checks a callback, replies at once, and has the task's runs polled.

Paths are ``/<path token>/<provider>``. Status codes: 200 for a challenge and for a task that is followed here, 202 for
any other task, 400 for a body that is not a JSON object, 401 and 403 for a missing or wrong signature or token, 404 for
a wrong path, 408 and 413 for a body that is too slow or too large. Nothing of a callback is stored, logged or repeated,
except a challenge.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from hailuo_widgets.domain.callback_format import Callback
from hailuo_widgets.webhooks.callback import MOST_BYTES, CallbackRefusedError, read, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from hailuo_widgets.domain.callback_format import CallbackFormat
    from hailuo_widgets.redaction.secret import Secret

__all__ = ["CallbackApp", "Follower"]

REST_S = 5.0  # a run is polled at most once in this time, however often its provider calls
BODY_S = 5.0
_PLENTY = 1000
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Follower(Protocol):
    """An object that follows runs, such as a session."""

    def callback_formats(self) -> Mapping[str, CallbackFormat]:
        """Return how callbacks are read, by the provider's name; a provider without callbacks is left out."""

    def followed(self, provider: str, task_id: str) -> Sequence[str]:
        """Return the ids of the task's runs that are followed here."""

    def nudge(self, run_id: str) -> None:
        """Poll the run now instead of at its next poll."""


class CallbackApp:
    """The ASGI application. Callbacks may repeat, be late, or be out of order: each only causes a poll.

    Args:
        follower: The object whose runs are polled.
        path_token: The secret first part of each path.
        secrets: The secrets that check the callbacks, by provider.
        rest_s: The minimum number of seconds between two polls of a run. Callbacks within this time cause one poll at
            its end.
        body_s: The number of seconds within which a callback's body must arrive.
        clock: Returns the current time in unix seconds, for checking signatures.
    """

    def __init__(
        self,
        follower: Follower,
        *,
        path_token: str,
        secrets: Mapping[str, Secret],
        rest_s: float = REST_S,
        body_s: float = BODY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._follower = follower
        self._formats = follower.callback_formats()
        self._path_token = path_token
        self._secrets = secrets
        self._rest_s = rest_s
        self._body_s = body_s
        self._clock = clock
        self._free_at: dict[str, float] = {}  # when each run may be polled again, on the event loop's clock
        self._later: dict[str, asyncio.TimerHandle] = {}
        self.app = Starlette(routes=[Route("/{token}/{provider}", self._post, methods=["POST"])])

    async def _post(self, request: Request) -> JSONResponse:
        try:
            return await self._reply(request)
        except CallbackRefusedError as e:
            return _answer(e.status, {"status": "refused", "why": e.why})
        except ClientDisconnect:
            return _answer(400, {"status": "refused", "why": "gone"})

    async def _reply(self, request: Request) -> JSONResponse:
        provider = request.path_params["provider"]
        known = same(request.path_params["token"], self._path_token)
        if not known or provider not in self._formats:
            raise CallbackRefusedError(404, "not found")
        callback = Callback(
            headers=request.headers,
            query=request.query_params,
            body=await _body(request, self._body_s),
            at=self._clock(),
        )
        news = read(self._formats[provider], callback, self._secrets.get(provider))
        if news.challenge is not None:
            return _answer(200, {"challenge": news.challenge})
        runs = [run_id for task in news.tasks for run_id in self._follower.followed(provider, task)]
        for run_id in runs:
            self._nudge_in_time(run_id)
        return _answer(200 if runs else 202, {"status": "success" if runs else "accepted"})

    def _nudge_in_time(self, run_id: str) -> None:
        """Nudge a run now, or once ``rest_s`` has passed, so that the last callback of a quick series still counts."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if run_id in self._later:
            return
        wait = self._free_at.get(run_id, now) - now
        if wait > 0:
            self._later[run_id] = loop.call_later(wait, self._nudge, run_id)
        else:
            self._nudge(run_id)

    def _nudge(self, run_id: str) -> None:
        self._later.pop(run_id, None)
        now = asyncio.get_running_loop().time()
        if len(self._free_at) > _PLENTY:
            self._free_at = {name: at for name, at in self._free_at.items() if at > now}
        self._free_at[run_id] = now + self._rest_s
        self._follower.nudge(run_id)


async def _body(request: Request, seconds: float) -> bytes:
    body = bytearray()
    late = False
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise CallbackRefusedError(413, "too large")
    except TimeoutError:
        late = True
    if late:
        raise CallbackRefusedError(408, "too slow")
    return bytes(body)


def _answer(status: int, content: dict[str, str]) -> JSONResponse:
    return JSONResponse(content, status_code=status, headers=_HEADERS)
