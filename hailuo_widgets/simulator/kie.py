"""KIE.ai's API as its Minimax API document describes it.

Routes: ``/api/v1/minimax/generate`` and ``…/record-info``.

Answers are ``{"code": 0, "message": "success", "data": {…}}``; errors 1001 to 1006 stand in ``code`` with HTTP 200. The
document names no code for a bad key: that is HTTP 401 here, as in KIE's public documents. It names no field for why a
task failed either; ``data.errorMessage`` is the simulator's own.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks, fields
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import MEGABYTE, ImageRules, take_image
from hailuo_widgets.simulator.minimax import bearer
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.station import Dialect, Station
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

# KIE.ai Minimax API document, "Error Codes".
CODES: Mapping[Reason, tuple[int, str]] = {
    "no_key": (401, "You do not have access permissions"),
    "wrong_key": (401, "You do not have access permissions"),
    "credits": (1003, "Insufficient credits"),
    "quota": (1003, "Insufficient credits"),
    "rate": (1005, "Rate limit exceeded"),
    "concurrency": (1005, "Rate limit exceeded"),
    "prompt": (1001, "Invalid prompt"),
    "moderation": (1001, "Invalid prompt"),
    "image": (1002, "Invalid image"),
    "image_size": (1006, "Image too large"),
}
_INVALID = (1004, "Invalid parameters")
# The document's "Pricing": credits for 6, 8 and 10 seconds.
MODELS: Mapping[str, Mapping[int, float]] = {
    "minimax-hailuo-02": {6: 45.0, 8: 60.0, 10: 60.0},
    "minimax-hailuo-2-3": {6: 52.5, 8: 70.0, 10: 70.0},
    "minimax-hailuo-2-3-fast": {6: 37.5, 8: 50.0, 10: 50.0},
}
FAST = "minimax-hailuo-2-3-fast"
IMAGES = ImageRules(max_bytes=10 * MEGABYTE + 1, shapes=False, data_urls=False)
_FIELDS = frozenset({"prompt", "imageUrl", "model", "duration", "resolution", "aspectRatio", "seed", "callBackUrl"})
_PROMPT_LENGTH = 800
_SEEDS = (-1, 99_999)
_UNAUTHORIZED = 401


def refuse(refusal: RefusalError) -> Response:
    """Say no."""
    code, title = CODES.get(refusal.reason, _INVALID)
    if refusal.code is not None:
        code, title = int(refusal.code), ""
    message = f"{title}: {refusal.message}" if title else refusal.message
    status = _UNAUTHORIZED if code == _UNAUTHORIZED else 200
    return JSONResponse({"code": code, "message": message, "data": None}, status)


DIALECT = Dialect(name="kie", key_of=bearer, refuse=refuse)


def _choice(body: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = fields.text(body, name) or allowed[0]
    if value not in allowed:
        raise RefusalError("params", f"{name} must be one of {', '.join(allowed)}, got {value!r}", parameter=name)
    return value


def _seed(body: dict[str, Any]) -> int | None:
    """Return the seed, ``None`` for a random one."""
    value = fields.number(body, "seed")
    if value is None:
        return None
    if value != int(value) or not _SEEDS[0] <= value <= _SEEDS[1]:
        raise RefusalError("params", f"seed must be an integer from -1 to 99999, got {value!r}", parameter="seed")
    return None if value == -1 else int(value)


async def _read(call: Call) -> Order:
    body = call.object()
    fields.known(body, _FIELDS)
    prompt = fields.text(body, "prompt", required=True, longest=_PROMPT_LENGTH)
    model = _choice(body, "model", tuple(MODELS))
    seconds = fields.number(body, "duration")
    duration = 6 if seconds is None else seconds
    if duration not in MODELS[model]:
        raise RefusalError("params", f"duration must be 6, 8 or 10, got {duration!r}", parameter="duration")
    resolution = _choice(body, "resolution", ("768p", "1080p"))
    aspect = _choice(body, "aspectRatio", ("16:9", "9:16", "1:1"))
    seed = _seed(body)
    fast = model == FAST
    if fast and not body.get("imageUrl"):
        raise RefusalError("params", f"{model} is image-to-video only: imageUrl is required", parameter="imageUrl")
    if call.world.settings.strict:
        # The document's "Specs" and "Integration Notes" say so; its own example and price table do otherwise.
        if fast and (duration, resolution) != (6, "768p"):
            raise RefusalError("params", f"{model} makes 6 s at 768p only")
        if duration == 10 and resolution == "1080p":  # noqa: PLR2004 - seconds
            raise RefusalError("params", "10 s is available at 768p only", parameter="duration")
    url = body.get("imageUrl")
    picture = await take_image(url, call.world.images, IMAGES, parameter="imageUrl") if url else None
    width, height = fit_size(resolution, (picture.width, picture.height) if picture else None, aspect)
    callback = callbacks.check_url(body.get("callBackUrl"), "callBackUrl")
    # The document: the same seed gives the same clip, except with the Fast variant.
    variation = 0 if seed is not None and not fast else call.world.variation()
    return Order(
        task_id=f"minimax_{secrets.token_hex(8)}",
        channel="minimax",
        clip=Clip(
            prompt=prompt,
            model=model,
            width=width,
            height=height,
            duration=duration,
            seed=seed,
            variation=variation,
            first_image=picture.sha256 if picture else "",
            draft=call.world.settings.draft,
        ),
        resolution=resolution,
        cost=MODELS[model][int(duration)],
        callback=callback,
        text=prompt,
        extra={"resolution": resolution, "verified": callbacks.callable_url(callback)},
    )


def iso(moment: float) -> str:
    """Return unix seconds as the document writes a time."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _record(task: Task, now: float, url: str) -> dict[str, Any]:
    duration = task.clip["duration"]
    data: dict[str, Any] = {"taskId": task.task_id, "status": 0}
    if task.done(now):
        data["status"] = 2 if task.failed else 1
        if task.failed:
            data["errorMessage"] = task.error
        else:
            data["videoUrl"] = url
    data |= {"duration": duration, "resolution": task.extra["resolution"], "createdAt": iso(task.created)}
    if task.done(now):
        data["completedAt"] = iso(task.ready or now)
    return data


def moments(world: World, task: Task) -> list[tuple[float, Callable[[], Any]]]:
    """Return when the webhook is due and what it says (the document's "Webhook Callback")."""
    if task.ready is None:
        return []
    ready = task.ready

    def body() -> dict[str, Any]:
        data = _record(task, ready, signed_url(world, world.url, task, world.settings.lifetime_of("kie")))
        return {k: v for k, v in data.items() if k not in ("resolution", "createdAt")}

    return [(ready, body)]


async def create(call: Call) -> Response:
    """``POST /api/v1/minimax/generate``."""
    task = call.world.create(call, [await _read(call)])[0]
    if task.extra["verified"]:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task)))
    return JSONResponse({"code": 0, "message": "success", "data": {"taskId": task.task_id, "status": 0}})


async def query(call: Call) -> Response:
    """``GET /api/v1/minimax/record-info?taskId=``."""
    task_id = call.request.query_params.get("taskId", "")
    if not task_id:
        raise RefusalError("params", "taskId is required", parameter="taskId")
    task = call.world.look_up(call, "minimax", task_id=task_id)[0]
    return JSONResponse({"code": 0, "message": "success", "data": _record(task, time.time(), link(call, task))})


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    return [
        ("POST", "/api/v1/minimax/generate", Station(world, DIALECT, "create", create)),
        ("GET", "/api/v1/minimax/record-info", Station(world, DIALECT, "query", query)),
    ]
