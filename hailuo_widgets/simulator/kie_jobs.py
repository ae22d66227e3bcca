"""KIE.ai's "jobs" dialect, the one of its public pages.

Routes: ``/api/v1/jobs/createTask``, ``…/recordInfo``, balance, links.

Answers are ``{"code": 200, "msg": "success", "data": …}``; an error has its HTTP-like number in ``code``. The result is
a JSON string inside the JSON.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks, fields, kie_h3_rules
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import take_image
from hailuo_widgets.simulator.kie import IMAGES
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

# KIE's public pages: 401 key, 402 credits, 404, 422 validation or no record, 429 rate, 433 the sub-key's own limit, 455
# maintenance, 500, 501, 505.
CODES: Mapping[Reason, int] = {
    "no_key": 401,
    "wrong_key": 401,
    "credits": 402,
    "quota": 433,
    "rate": 429,
    "concurrency": 429,
    "server": 500,
    "generation": 501,
}
_INVALID, _UNAUTHORIZED = 422, 401
_BALANCE = 1000.0  # what an account that never runs out is said to have
_PROMPT_LENGTH = 1500
_FIELDS = frozenset({"model", "callBackUrl", "input"})


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model: its input fields beyond ``prompt`` and ``prompt_optimizer``, and the resolution it has."""

    inputs: frozenset[str]
    resolutions: tuple[str, ...]
    cost: float
    needs_image: bool = False


def _job(inputs: str, resolutions: str, cost: float, *, needs_image: bool = False) -> Job:
    words = frozenset(inputs.split())
    return Job(inputs=words, resolutions=tuple(resolutions.split()), cost=cost, needs_image=needs_image)


MODELS: Mapping[str, Job] = {
    "hailuo/02-text-to-video-standard": _job("duration", "768P", 45),
    "hailuo/02-text-to-video-pro": _job("", "1080P", 60),
    "hailuo/02-image-to-video-standard": _job(
        "image_url end_image_url duration resolution", "768P 512P", 45, needs_image=True
    ),
    "hailuo/02-image-to-video-pro": _job("image_url end_image_url", "1080P", 60, needs_image=True),
    "hailuo/2-3-image-to-video-standard": _job("image_url duration resolution", "768P 1080P", 52.5, needs_image=True),
    "hailuo/2-3-image-to-video-pro": _job("image_url duration resolution", "768P 1080P", 70, needs_image=True),
}


def refuse(refusal: RefusalError) -> Response:
    """Say no."""
    code = CODES.get(refusal.reason, _INVALID) if refusal.code is None else int(refusal.code)
    message = "You do not have access permissions" if code == _UNAUTHORIZED else refusal.message
    return JSONResponse({"code": code, "msg": message, "data": None}, code if code == _UNAUTHORIZED else 200)


DIALECT = Dialect(name="kie", key_of=bearer, refuse=refuse)


def ok(data: Any) -> Response:
    """Return a good answer."""
    return JSONResponse({"code": 200, "msg": "success", "data": data})


async def _read(call: Call) -> Order:
    body = call.object()
    fields.known(body, _FIELDS)
    model = fields.text(body, "model", required=True)
    if model in kie_h3_rules.MODELS:
        return await kie_h3_rules.read_job(call, body, model)
    job = MODELS.get(model)
    if job is None:
        known = ", ".join([*MODELS, *kie_h3_rules.MODELS])
        raise RefusalError("params", f"model {model!r} is not supported; supported: {known}")
    given = body.get("input")
    if not isinstance(given, dict):
        raise RefusalError("params", "input must be an object", parameter="input")
    fields.known(given, job.inputs | {"prompt", "prompt_optimizer"}, "input.")
    prompt = fields.text(given, "prompt", required=True, longest=_PROMPT_LENGTH)
    fields.flag(given, "prompt_optimizer", default=False)
    seconds = fields.text(given, "duration") or "6"
    if seconds not in ("6", "10"):
        raise RefusalError("params", f'duration must be "6" or "10", got {seconds!r}', parameter="duration")
    resolution = fields.text(given, "resolution") or job.resolutions[0]
    if resolution not in job.resolutions:
        raise RefusalError("params", f"resolution must be one of {', '.join(job.resolutions)}, got {resolution!r}")
    if seconds == "10" and resolution == "1080P":
        raise RefusalError("params", "duration 10 is not available at 1080P", parameter="duration")
    if job.needs_image and not given.get("image_url"):
        raise RefusalError("params", "image_url is required", parameter="image_url")
    first, last = [
        await take_image(given[name], call.world.images, IMAGES, parameter=name) if given.get(name) else None
        for name in ("image_url", "end_image_url")
    ]
    width, height = fit_size(resolution, (first.width, first.height) if first else None)
    callback = callbacks.check_url(body.get("callBackUrl"), "callBackUrl")
    return Order(
        task_id=f"task_hailuo_{int(time.time() * 1000)}{secrets.token_hex(4)}",
        channel="jobs",
        clip=Clip(
            prompt=prompt,
            model=model,
            width=width,
            height=height,
            duration=int(seconds),
            variation=call.world.variation(),
            first_image=first.sha256 if first else "",
            last_image=last.sha256 if last else "",
            draft=call.world.settings.draft,
        ),
        resolution=resolution,
        cost=job.cost,
        callback=callback,
        text=prompt,
        extra={"verified": callbacks.callable_url(callback), "param": json.dumps(body)},
    )


def _record(task: Task, now: float, url: str) -> dict[str, Any]:
    progress = task.progress(now)
    state = "waiting" if progress < 0.06 else "queuing" if progress < 0.18 else "generating"  # noqa: PLR2004 - parts
    data: dict[str, Any] = {
        "taskId": task.task_id,
        "model": task.clip["model"],
        "state": state,
        "param": task.extra["param"],
        "resultJson": "",
        "failCode": None,
        "failMsg": None,
        "costTime": None,
        "completeTime": None,
        "createTime": int(task.created * 1000),
    }
    if not task.done(now):
        return data
    ready = task.ready or now
    data |= {"completeTime": int(ready * 1000), "costTime": int((ready - task.created) * 1000)}
    if task.failed:
        code = {"output_moderation": "422", "generation": "501"}.get(task.error_code, task.error_code)
        message = task.error
        if task.clip.get("h3") and task.error_code == "output_moderation":
            code, message = "400", kie_h3_rules.FLAGGED
        return {**data, "state": "fail", "failCode": code, "failMsg": message}
    return {
        **data,
        "state": "success",
        "resultJson": json.dumps({"resultUrls": [url]}),
        "creditsConsumed": task.cost,
    }


def moments(world: World, task: Task) -> list[tuple[float, Callable[[], Any]]]:
    """Return when the webhook is due and what it says: what ``recordInfo`` answers."""
    if task.ready is None:
        return []
    ready = task.ready

    def body() -> dict[str, Any]:
        data = _record(task, ready, signed_url(world, world.url, task, world.settings.lifetime_of("kie")))
        code, message = (501, task.error) if task.failed else (200, "success")
        if data["failMsg"] == kie_h3_rules.FLAGGED:
            code, message = 400, kie_h3_rules.FLAGGED
        return {"code": code, "msg": message, "data": data}

    return [(ready, body)]


async def create(call: Call) -> Response:
    """``POST /api/v1/jobs/createTask``."""
    order = await _read(call)
    try:
        task = call.world.create(call, [order])[0]
    except RefusalError as refusal:
        if refusal.reason == "moderation" and order.clip.h3:
            raise RefusalError("moderation", kie_h3_rules.FLAGGED, code=400) from None
        raise
    if task.extra["verified"]:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task)))
    return ok({"taskId": task.task_id})


async def query(call: Call) -> Response:
    """``GET /api/v1/jobs/recordInfo?taskId=``."""
    task_id = call.request.query_params.get("taskId", "")
    try:
        task = call.world.look_up(call, "jobs", task_id=task_id)[0]
    except RefusalError:
        raise RefusalError("not_found", "recordInfo is null") from None
    record = _record(task, time.time(), link(call, task))
    return ok({**record, "state": call.word(record["state"], ended=record["completeTime"] is not None)})


async def credit(call: Call) -> Response:
    """``GET /api/v1/chat/credit``: what the account has left."""
    return ok(call.world.available(call, _BALANCE))


async def download_url(call: Call) -> Response:
    """``POST /api/v1/common/download-url``: a fresh link for an older one."""
    name = fields.text(call.object(), "url", required=True).partition("?")[0].rpartition("/")[2]
    found = call.world.tasks.find(provider="kie", file_key=name.partition(".")[0], account=call.account)
    if not found:
        raise RefusalError("not_found", "the URL is not one of a generated file")
    return ok(link(call, found[0]))


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    return [
        ("POST", "/api/v1/jobs/createTask", Station(world, DIALECT, "create", create)),
        ("GET", "/api/v1/jobs/recordInfo", Station(world, DIALECT, "query", query)),
        ("GET", "/api/v1/chat/credit", Station(world, DIALECT, "account", credit)),
        ("POST", "/api/v1/common/download-url", Station(world, DIALECT, "retrieve", download_url)),
    ]
