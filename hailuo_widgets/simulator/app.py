"""The ASGI application: all gateways on one origin, told apart by their paths."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from hailuo_widgets.simulator import (
    callbacks,
    fal,
    fal_storage,
    kie,
    kie_jobs,
    kie_uploads,
    kkiai,
    minimax,
    minimax_account,
    pixazo,
    pixazo_h3,
    relay,
    replicate,
    runware,
    templates,
    v2_routes,
)
from hailuo_widgets.simulator.control import control_routes
from hailuo_widgets.simulator.downloads import Files
from hailuo_widgets.simulator.faults import PROVIDERS
from hailuo_widgets.simulator.station import Front
from hailuo_widgets.simulator.v2_rules import CHANNEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from hailuo_widgets.simulator.world import World

_GATEWAYS = (
    minimax,
    minimax_account,
    v2_routes,
    templates,
    kie,
    kie_jobs,
    kie_uploads,
    kkiai,
    pixazo,
    pixazo_h3,
    runware,
    fal,
    fal_storage,
    replicate,
    relay,
)
_NOT_FOUND = 404
_PIXAZO = ("/minimax-hailuo", "/v2/requests/")
# How each gateway tells the end of a task, by (provider, channel): for tasks that an earlier process began.
_MOMENTS = {
    ("minimax", "video"): minimax.moments,
    ("minimax", "template"): templates.template_moments,
    ("kie", "minimax"): kie.moments,
    ("kie", "jobs"): kie_jobs.moments,
    ("kkiai", "video"): minimax.moments,
    ("pixazo", "video"): minimax.moments,
    ("runware", "runware"): runware.moments,
    **{("fal", app): fal.moments for app in fal.APPS},
    ("replicate", "predictions"): replicate.moments,
}


def make_app(world: World) -> ASGIApp:
    """Return the application of one simulator."""
    routes: list[BaseRoute] = control_routes(world)
    files = Files(world)
    routes += [Route(f"/simulator/{path}/{{name}}", files, methods=["GET"]) for path in ("files", "backup")]

    async def upload(request: Request) -> Response:
        return kie_uploads.serve_upload(world, request)

    routes.append(Route("/simulator/uploads/{name}", upload, methods=["GET"]))
    for gateway in _GATEWAYS:
        routes += [Route(path, station, methods=[method]) for method, path, station in gateway.routes(world)]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for task in world.tasks.find(notified=0):
            if task.channel == CHANNEL and task.extra.get("verified"):
                world.spawn(v2_routes.follow(world, task, time.time()))
            moments = _MOMENTS.get((task.provider, task.channel))
            if task.extra.get("verified") and moments is not None:
                sign = replicate.signature(world) if task.provider == "replicate" else None
                world.spawn(callbacks.notify(world, task, moments(world, task), sign))
        yield
        await world.settle()

    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _missing})
    return Front(app, world)


async def _missing(request: Request, error: Exception) -> Response:
    """Say that there is no such route, as what stands in front of each gateway says it."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    path, said = request.url.path, "Not Found" if status == _NOT_FOUND else "Method Not Allowed"
    if path.startswith("/minimax/"):  # New-API's router
        message = f"Invalid URL ({request.method} {path})"
        told = {"message": message, "type": "invalid_request_error", "param": "", "code": ""}
        return JSONResponse({"error": told}, status)
    if path.startswith("/relay/"):
        message = f"Invalid URL ({request.method} {path.removeprefix('/relay')})"
        told = {"message": message, "type": "invalid_request_error", "param": "", "code": ""}
        return JSONResponse({"error": told}, status)
    if path.startswith("/api/"):  # KIE's: Spring
        now = datetime.now(UTC).isoformat()
        return JSONResponse({"timestamp": now, "status": status, "error": said, "path": path}, status)
    if status == _NOT_FOUND and not path.startswith(_PIXAZO):
        # Of no gateway here: a client of some other provider must learn that, and not take it for a lost task.
        message = f"this simulator does not speak {request.method} {path}; it speaks {', '.join(PROVIDERS)}"
        return JSONResponse({"error": message, "speaks": list(PROVIDERS)}, status)
    return JSONResponse({"error": "Endpoint not found" if status == _NOT_FOUND else said}, status)  # Pixazo document
