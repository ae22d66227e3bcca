"""The Pixazo gateway: image to video with MiniMax-Hailuo-2.3-Fast, polled by POST under another path.

Refusals are HTTP statuses with ``{"error": "…"}`` (Pixazo document, "Common Status Codes"; 402 is from Pixazo's public
skill page). The finished file's URL stands in the status answer. ``/generate`` (text to video) is not in the document.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks, fields
from hailuo_widgets.simulator.downloads import link
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.minimax import base_resp, moments, task_answer
from hailuo_widgets.simulator.minimax_rules import Model, read_video
from hailuo_widgets.simulator.station import Dialect, Station

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.world import World

STATUSES: Mapping[Reason, tuple[int, str]] = {
    "no_key": (401, "Invalid or missing authentication"),
    "wrong_key": (401, "Invalid or missing authentication"),
    "credits": (402, "Insufficient credits"),
    "quota": (402, "Insufficient credits"),
    "rate": (429, "Rate limit exceeded, please retry later"),
    "concurrency": (429, "Rate limit exceeded, please retry later"),
    "not_found": (404, "Task not found"),
    "route": (404, "Endpoint not found"),
    "server": (500, "An unexpected error occurred, please try again later"),
}
_NAME = "MiniMax-Hailuo-2.3-Fast"
_TEXT_NAME = "MiniMax-Hailuo-2.3"  # what makes text to video is not said; Fast cannot
_PRICE = 0.35
# The document allows each duration with each resolution; `Settings.strict` does not, as MiniMax itself does not.
_LENGTHS = {"768P": ((6, 10), (6, 10)), "1080P": ((6, 10), (6, 10))}
_ROW = Model(modes="t2v i2v", lengths=_LENGTHS, camera=True)
_MODELS = {_NAME: _ROW, _TEXT_NAME: _ROW}
_FIELDS = frozenset(
    {"prompt", "duration", "resolution", "prompt_optimizer", "fast_pretreatment", "callback_url", "aigc_watermark"}
)


def _key(call: Call) -> str | None:
    return call.request.headers.get("ocp-apim-subscription-key", "").strip()


def refuse(refusal: RefusalError) -> Response:
    """Say no."""
    status, message = STATUSES.get(refusal.reason, (400, f"Invalid request parameters: {refusal.message}"))
    if refusal.code is not None:
        code = int(refusal.code)
        if code not in range(400, 600):  # one of MiniMax's own codes, which come through in the body
            return JSONResponse({"task_id": "", "base_resp": base_resp(code, refusal.message)})
        status, message = code, refusal.message
    return JSONResponse({"error": message}, status)


DIALECT = Dialect(name="pixazo", key_of=_key, refuse=refuse)


async def image_to_video(call: Call) -> Response:
    """``POST /minimax-hailuo-ai/v1/imageToVideo``."""
    body = call.object()
    fields.known(body, _FIELDS | {"first_frame_image"})
    fields.text(body, "first_frame_image", required=True)
    return await _create(call, body)


async def generate(call: Call) -> Response:
    """``POST /minimax-hailuo-ai/v1/generate``."""
    body = call.object()
    fields.known(body, _FIELDS)
    return await _create(call, body)


async def _create(call: Call, body: dict[str, Any]) -> Response:
    fields.text(body, "prompt", required=True)
    task_id = f"11173647{secrets.randbelow(10**10):010d}"
    model = {"model": _NAME if "first_frame_image" in body else _TEXT_NAME}
    order = await read_video(call, {**body, **model}, task_id, models=_MODELS)
    if call.world.settings.strict and order.clip.duration == 10 and order.resolution == "1080P":  # noqa: PLR2004 - s
        raise RefusalError("params", "resolution 1080P does not support duration 10")
    verified = await callbacks.challenge(call, order.callback)
    order = replace(order, cost=_PRICE, extra={"verified": verified})
    task = call.world.create(call, [order])[0]
    if verified:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task)))
    return JSONResponse({"task_id": task.task_id, "base_resp": base_resp()})


async def status(call: Call) -> Response:
    """``POST /minimax-hailuo-ai-polling/v1/getStatus`` with ``{"task_id": "…"}``."""
    body = call.object()
    fields.known(body, frozenset({"task_id"}))
    task_id = fields.text(body, "task_id", required=True)
    task = call.world.look_up(call, "video", task_id=task_id)[0]
    told = task_answer(call.world, task, time.time())
    if "file_id" in told:
        told |= {"file_id": f"file_{task.file_id}", "video_url": link(call, task)}
    return JSONResponse(told)


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    return [
        ("POST", "/minimax-hailuo-ai/v1/imageToVideo", Station(world, DIALECT, "create", image_to_video)),
        ("POST", "/minimax-hailuo-ai/v1/generate", Station(world, DIALECT, "create", generate)),
        ("POST", "/minimax-hailuo-ai-polling/v1/getStatus", Station(world, DIALECT, "query", status)),
    ]
