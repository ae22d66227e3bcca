"""Pixazo's MiniMax H3: five paths, in the asynchronous shape of Pixazo's newer models.

Source: the paths stand in Pixazo's public skill page, the shape in three public clients. The fields are documented
nowhere, so whatever is likely is taken: any name with ``image`` or ``frame`` in it is a picture (with ``last`` or
``end`` the last frame, with ``reference`` a reference), ``video`` and ``audio`` likewise. What was sent is kept, as
``extra["request"]`` of the task. In front stands Azure API Management, with errors of its own. The price is not known;
MiniMax's own decides when credits run out.
"""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import fields, h3_family
from hailuo_widgets.simulator.downloads import link
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import MEGABYTE, ImageRules, take_image
from hailuo_widgets.simulator.journal import redact
from hailuo_widgets.simulator.render import Clip
from hailuo_widgets.simulator.station import Dialect, Station
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

# What each path needs: "first", "last" or "reference", "" for nothing but a prompt.
PATHS: Mapping[str, tuple[str, ...]] = {
    "text-to-video": (),
    "image-to-video": ("first",),
    "last-frame-to-video": ("last",),
    "start-end-to-video": ("first", "last"),
    "reference-to-video": ("reference",),
}
_CHANNEL = "h3"
_DENIED = {
    "no_key": "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API.",
    "wrong_key": "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription.",
}
_RETRY_SECONDS = 5
_QUOTA = "Out of call volume quota. Quota will be replenished in 01:00:00."
_LENGTHS = range(4, 16)
_PER_SECOND = {"480P": 0.05, "768P": 0.08, "2K": 0.13}
_IMAGES = ImageRules(max_bytes=30 * MEGABYTE + 1, h3=True)
_FORBIDDEN, _SERVER_ERROR = 403, 500


def _key(call: Call) -> str | None:
    return call.request.headers.get("ocp-apim-subscription-key", "").strip()


def refuse(refusal: RefusalError) -> Response:
    """Say no: keys, rates and quotas as Azure API Management does, the rest as Pixazo does."""
    code = None if refusal.code is None else int(refusal.code)
    if refusal.reason in _DENIED and code is None:
        return _managed(401, _DENIED[refusal.reason])
    if refusal.reason in ("rate", "concurrency") or code == 429:  # noqa: PLR2004 - HTTP's own number
        told = _managed(429, f"Rate limit is exceeded. Try again in {_RETRY_SECONDS} seconds.")
        told.headers["Retry-After"] = str(_RETRY_SECONDS)
        return told
    if code == _FORBIDDEN:
        return _managed(_FORBIDDEN, _QUOTA)
    if code == _SERVER_ERROR or (code is None and refusal.reason == "server"):
        return _managed(_SERVER_ERROR, "Internal server error", activityId=str(uuid.uuid4()))
    known = {"credits": (402, "Insufficient credits"), "not_found": (404, "Request not found")}
    status, message = known.get(refusal.reason, (400, f"Invalid request parameters: {refusal.message}"))
    if code is not None:
        status, message = code if code in range(400, 600) else 400, refusal.message
    return JSONResponse({"error": message}, status)


def _managed(status: int, message: str, **more: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message, **more}, status)


DIALECT = Dialect(name="pixazo", key_of=_key, refuse=refuse)


def _role(name: str, path: str) -> str:
    """Return what a field is, by its name: a role, or empty for no file at all."""
    lower = name.lower()
    if not any(word in lower for word in ("image", "frame", "video", "audio", "reference")):
        return ""
    if "reference" in lower or path == "reference-to-video":
        return "reference"
    return "last" if "last" in lower or "end" in lower or path == "last-frame-to-video" else "first"


async def _files(call: Call, body: dict[str, Any], path: str) -> dict[str, list[Picture]]:
    """Return the pictures of a request by their roles; clips and sounds count, and are not read."""
    found: dict[str, list[Picture]] = {}
    for name, value in body.items():
        role = _role(name, path)
        items = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str) and item]
        if not role or not items:
            continue
        found.setdefault(role, [])
        if "video" not in name.lower() and "audio" not in name.lower():
            found[role] += [await take_image(item, call.world.images, _IMAGES, parameter=name) for item in items]
    return found


def _seconds(body: dict[str, Any]) -> int:
    value = body.get("duration", 6)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or value not in _LENGTHS:
        raise RefusalError("params", f"duration must be an integer from 4 to 15, got {value!r}", parameter="duration")
    return int(value)


async def _order(call: Call, path: str) -> Order:
    body = call.object()
    prompt = fields.text(body, "prompt", required=True, longest=h3_family.PROMPT_LENGTH)
    duration = _seconds(body)
    resolution = fields.text(body, "resolution").upper() or "768P"
    if resolution not in _PER_SECOND:
        allowed = ", ".join(_PER_SECOND)
        raise RefusalError("params", f"resolution must be one of {allowed}, got {resolution!r}", parameter="resolution")
    ratio = fields.text(body, "ratio") or fields.text(body, "aspect_ratio")
    if ratio not in {"", "adaptive", *h3_family.RATIOS}:
        allowed = ", ".join(h3_family.RATIOS)
        raise RefusalError("params", f"ratio must be one of {allowed}, got {ratio!r}", parameter="ratio")
    files = await _files(call, body, path)
    for role in PATHS[path]:
        if role not in files:
            raise RefusalError("params", f"{path} needs a {role} image", parameter=role)
    first, last, reference = (next(iter(files.get(role, [])), None) for role in ("first", "last", "reference"))
    shaping = first or last or (reference if ratio in {"", "adaptive"} else None)
    shape = h3_family.ratio_of(shaping.width, shaping.height) if shaping else ratio.replace("adaptive", "") or "16:9"
    width, height = h3_family.SIZES[resolution][shape]
    clip = Clip(
        prompt=prompt,
        model="minimax-hailuo-h3",
        width=width,
        height=height,
        duration=duration,
        variation=call.world.variation(),
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        portrait=reference.sha256 if reference else "",
        h3=True,
        draft=call.world.settings.draft,
    )
    return Order(
        task_id=f"minimax-h3_{secrets.token_hex(16)}",
        channel=_CHANNEL,
        clip=clip,
        resolution=resolution,
        cost=round(_PER_SECOND[resolution] * duration, 4),
        text=prompt,
        extra={"request": redact(body), "path": path},
    )


def _told(call: Call, task: Task) -> dict[str, str]:
    return {"request_id": task.task_id, "polling_url": f"{call.base_url}/v2/requests/status/{task.task_id}"}


def _creation(path: str) -> Callable[[Call], Awaitable[Response]]:
    async def create(call: Call) -> Response:
        task = call.world.create(call, [await _order(call, path)])[0]
        return JSONResponse({**_told(call, task), "status": "QUEUED"}, 202)

    return create


async def status(call: Call) -> Response:
    """``GET /v2/requests/status/{request_id}``."""
    task, now = call.world.look_up(call, _CHANNEL, task_id=call.request.path_params["request_id"])[0], time.time()
    told: dict[str, Any] = {**_told(call, task), "status": "QUEUED", "output": None, "error": None}
    if not task.done(now):
        word = "QUEUED" if task.progress(now) < 0.12 else "PROCESSING"  # noqa: PLR2004 - a part
        return JSONResponse({**told, "status": call.word(word, ended=False)})
    if task.failed:
        return JSONResponse({**told, "status": "FAILED", "error": task.error})
    url = link(call, task)
    output = {"media_url": [url] if call.world.settings.pixazo_list else url, "media_type": "video/mp4"}
    return JSONResponse({**told, "status": "COMPLETED", "output": output})


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table = [
        ("POST", f"/minimax-hailuo-h3/v2/{path}", Station(world, DIALECT, "create", _creation(path))) for path in PATHS
    ]
    return [*table, ("GET", "/v2/requests/status/{request_id}", Station(world, DIALECT, "query", status))]
