"""The simulator's own routes, for tests and demos: state, reset, faults.

They are open to this machine only.

``GET /simulator/state`` · ``POST /simulator/reset`` · ``POST /simulator/faults`` (one fault or a list; an empty list
disarms all). A request with an ``Origin`` header is refused, so that no web page can use them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from hailuo_widgets.simulator.images import is_loopback

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from hailuo_widgets.simulator.world import World


def control_routes(world: World) -> list[BaseRoute]:
    """Return the control routes of a simulator."""

    async def state(request: Request) -> Response:
        return _closed(request) or JSONResponse(world.state())

    async def reset(request: Request) -> Response:
        closed = _closed(request)
        if closed is None:
            world.reset()
        return closed or JSONResponse({"ok": True})

    async def faults(request: Request) -> Response:
        closed = _closed(request)
        if closed is not None:
            return closed
        try:
            value = json.loads(await request.body())
            if value == []:
                world.faults.clear()
            else:
                world.faults.add(*(value if isinstance(value, list) else [value]))
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"faults": world.faults.describe()})

    return [
        Route("/simulator/state", state, methods=["GET"]),
        Route("/simulator/reset", reset, methods=["POST"]),
        Route("/simulator/faults", faults, methods=["POST"]),
    ]


def _closed(request: Request) -> Response | None:
    host = request.client.host if request.client else None
    if not is_loopback(host) or "origin" in request.headers:
        return JSONResponse({"error": "only for programs on this machine"}, 403)
    return None
