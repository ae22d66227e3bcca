"""Where callbacks arrive: an ASGI application that judges a post, answers at once, and passes on that there is news.

Paths are ``/<path token>/<provider>``. The answers: 200 for a task that is followed here and for a challenge, 202 for
any other task, 400 for no JSON, 401 and 403 for what is not the provider's, 404 for a wrong path, 408 and 413 for a
body that is too slow or too large. Nothing of a post is kept, logged or repeated, a challenge aside.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from hailuo_widgets.webhooks.callback import DIALECTS, MOST_BYTES, Letter, RefusedLetterError, read, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from hailuo_widgets.redaction.secret import Secret

__all__ = ["Desk", "Follower"]

REST_S = 5.0  # a run is asked about once in this time, however often its provider calls
BODY_S = 5.0
_PLENTY = 1000
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Follower(Protocol):
    """Who follows runs: a session."""

    def followed(self, provider: str, task_id: str) -> Sequence[str]:
        """The runs of a task that are followed here."""

    def nudge(self, run_id: str) -> None:
        """Ask the provider for a run's state now rather than later."""


class Desk:
    """The application. Callbacks may come twice, late, and in any order: each only ends a pause between two polls.

    Args:
        follower: Who is told.
        path_token: The first word of each path.
        secrets: By provider, what its check needs.
        rest_s: Seconds between two nudges of a run. News that comes in between is told at their end, once.
        clock: The time that signatures are held against, in unix seconds.
    """

    def __init__(
        self,
        follower: Follower,
        *,
        path_token: str,
        secrets: Mapping[str, Secret],
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._follower = follower
        self._path_token = path_token
        self._secrets = secrets
        self._rest_s = rest_s
        self._clock = clock
        self._free_at: dict[str, float] = {}  # by run, on the loop's clock
        self._later: dict[str, asyncio.TimerHandle] = {}
        self.app = Starlette(routes=[Route("/{token}/{provider}", self._post, methods=["POST"])])

    async def _post(self, request: Request) -> JSONResponse:
        try:
            return await self._judged(request)
        except RefusedLetterError as e:
            return _answer(e.status, {"status": "refused", "why": e.why})
        except ClientDisconnect:
            return _answer(400, {"status": "refused", "why": "gone"})

    async def _judged(self, request: Request) -> JSONResponse:
        provider = request.path_params["provider"]
        known = same(request.path_params["token"], self._path_token)
        if not known or provider not in DIALECTS:
            raise RefusedLetterError(404, "not found")
        letter = Letter(
            headers=request.headers, query=request.query_params, body=await _body(request), at=self._clock()
        )
        news = read(DIALECTS[provider], letter, self._secrets.get(provider))
        if news.challenge is not None:
            return _answer(200, {"challenge": news.challenge})
        runs = [run_id for task in news.tasks for run_id in self._follower.followed(provider, task)]
        for run_id in runs:
            self._tell(run_id)
        return _answer(200 if runs else 202, {"status": "success" if runs else "accepted"})

    def _tell(self, run_id: str) -> None:
        """Nudge a run now, or when its rest is over: a success that follows hard on a state is not left out."""
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


async def _body(request: Request) -> bytes:
    body = bytearray()
    late = False
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise RefusedLetterError(413, "too large")
    except TimeoutError:
        late = True
    if late:
        raise RefusedLetterError(408, "too slow")
    return bytes(body)


def _answer(status: int, content: dict[str, str]) -> JSONResponse:
    return JSONResponse(content, status_code=status, headers=_HEADERS)
