"""A New-API relay: OpenAI's video shape, New-API's task envelope, and MiniMax's own shape.

Source: New-API's public source (``dto/openai_video.go``, ``dto/video.go``, ``relay/channel/task/hailuo``,
``plugins/tasks/hailuo``, ``router``; H3: pull request 7168) and docs.newapi.pro.

The path chooses the shape, ``Settings.relay_answers`` what its answers look like: ``/v1/videos`` and
``/v1/video/generations`` here or under ``/relay``; MiniMax's shape under ``/relay/v1`` and ``/relay/minimax/v1``, as
``/v1`` and ``/minimax/v1`` are MiniMax's and kkiai's here. Every shape knows every task of the relay. A fault's code is
New-API's word, MiniMax's number, or an HTTP status for the relay's own envelope; a fault ``word`` with an empty message
makes the envelope empty, as it is before the relay has asked MiniMax.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.downloads import file_size, link, serve
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.minimax import CODES, answer, bearer, file_answer, task_answer
from hailuo_widgets.simulator.minimax_rules import MODELS, read_video
from hailuo_widgets.simulator.relay_requests import form_or_object, h3_body, upstream
from hailuo_widgets.simulator.station import Dialect, Station
from hailuo_widgets.simulator.v2_routes import task_body
from hailuo_widgets.simulator.v2_rules import read_clip

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

# New-API's own refusals, in OpenAI's envelope: HTTP status and code.
_OWN: Mapping[Reason, tuple[int, str]] = {
    "no_key": (401, ""),
    "wrong_key": (401, ""),
    "credits": (403, "insufficient_user_quota"),
    "rate": (429, "rate_limit_exceeded"),
    "concurrency": (429, "token_concurrency_limit_reached"),
    "moderation": (400, "sensitive_words_detected"),
    "server": (500, "do_request_failed"),
}
# Codes of New-API that are not HTTP 400; wire words of its router, its quota and its channels.
_STATUSES: Mapping[str, int] = {
    "insufficient_user_quota": 403,
    "pre_consume_token_quota_failed": 403,
    "quota_not_enough": 403,
    "model_not_found": 503,
    "get_channel_failed": 503,
    "bad_response_status_code": 502,
    "fail_to_fetch_task": 500,
    "do_request_failed": 500,
    "entitlement_daily_limit_exceeded": 429,
    "token_concurrency_limit_reached": 429,
}
_HTTP = range(400, 600)  # codes that are HTTP statuses; MiniMax's own are larger
_ANY_CHANNEL = "relay"
_STATES = ((0.06, "NOT_START"), (0.12, "SUBMITTED"), (0.18, "QUEUED"), (1.0, "IN_PROGRESS"))


def _openai_error(status: int, message: str, code: str, kind: str = "new_api_error") -> Response:
    return JSONResponse({"error": {"message": message, "type": kind, "param": "", "code": code}}, status)


def _task_error(status: int, code: str, message: str) -> Response:
    """Return an error of a task, which has no OpenAI envelope."""
    return JSONResponse({"code": code, "message": message, "data": None}, status)


def refuse(refusal: RefusalError) -> Response:
    """Say no: in OpenAI's envelope what is the relay's own, else with MiniMax's number as a string."""
    if refusal.code is not None:
        code = str(refusal.code)
        if code.isdigit() and int(code) in _HTTP:
            return _openai_error(int(code), refusal.message, "")
        if code in _STATUSES or not code.lstrip("-").isdigit():
            return _openai_error(_STATUSES.get(code, 400), refusal.message, code)
        return _task_error(400, code, refusal.message)
    if refusal.reason in _OWN:
        status, code = _OWN[refusal.reason]
        return _openai_error(status, refusal.message, code)
    if refusal.reason == "not_found":
        return _task_error(400, "task_not_exist", "task_not_exist")
    return _task_error(400, str(CODES[refusal.reason]), f"hailuo api error: {refusal.message}")


DIALECT = Dialect(name="relay", key_of=bearer, refuse=refuse)


async def _order(call: Call, wanted: dict[str, Any], generic: dict[str, Any] | None = None) -> Task:
    """Accept a create call in MiniMax's fields; ``generic`` is the request that they were made from."""
    name = fields.text(wanted, "model", required=True)
    identity = f"task_{secrets.token_hex(16)}"
    if name == "MiniMax-H3" and generic is not None and call.world.settings.relay_answers != "content":
        order = await read_clip(replace(call, raw=json.dumps(h3_body(generic)).encode()), identity)
        return call.world.create(call, [replace(order, channel=_ANY_CHANNEL, callback="")])[0]
    if name not in MODELS:
        raise RefusalError("server", f"No available channel for model {name}", code="model_not_found")
    order = await read_video(call, wanted, identity)
    return call.world.create(call, [replace(order, channel=_ANY_CHANNEL, callback="")])[0]


def _url(call: Call, task: Task) -> str:
    """Return where a finished video is: MiniMax's link, or the relay's own content route, which needs the key."""
    if call.world.settings.relay_answers == "content":
        return f"{call.base_url}{_prefix(call)}/v1/videos/{task.task_id}/content"
    return link(call, task)


def _prefix(call: Call) -> str:
    return "/relay" if call.request.url.path.startswith("/relay/") else ""


def _video(call: Call, task: Task, now: float) -> dict[str, Any]:
    """Return a task as OpenAI shows a video."""
    ended = task.done(now)
    word = "queued" if task.progress(now) < _STATES[2][0] else "in_progress"
    told: dict[str, Any] = {
        "id": task.task_id,
        "task_id": task.task_id,
        "object": "video",
        "model": task.clip["model"],
        "status": ("failed" if task.failed else "completed") if ended else call.word(word, ended=False),
        "progress": 100 if ended else int(task.progress(now) * 100),
        "created_at": int(task.created),
    }
    if not ended:
        return told
    told["completed_at"] = int(task.ready or now)
    if task.failed:
        told["error"] = {"message": task.error, "code": _code(task)}
    elif call.world.settings.relay_answers != "content":
        told["metadata"] = {"url": link(call, task)}
    return told


def _code(task: Task) -> str:
    return {"output_moderation": "1027", "generation": "1000"}.get(task.error_code, task.error_code)


def _envelope(call: Call, task: Task, now: float) -> dict[str, Any]:
    """Return a task in New-API's envelope."""
    ended = task.done(now)
    state = next((word for limit, word in _STATES if task.progress(now) < limit), "IN_PROGRESS")
    good = ended and not task.failed
    data: dict[str, Any] = {
        "task_id": task.task_id,
        "action": "generate",
        "status": ("SUCCESS" if good else "FAILURE") if ended else call.word(state, ended=False),
        # Filled on success too: older versions keep the video's URL here.
        "fail_reason": (_url(call, task) if good else task.error) if ended else "",
        "submit_time": int(task.created),
        "start_time": int(task.created),
        "finish_time": int(task.ready or now) if ended else 0,
        "progress": "100%" if ended else "30%",
        "data": _data(call, task, now) if ended else None,
    }
    if good:
        data["result_url"] = _url(call, task)
    return {"code": "success", "message": "", "data": data}


def _data(call: Call, task: Task, now: float) -> dict[str, Any]:
    """Return what MiniMax itself says of a task, in the version of its API that made it."""
    if "task_type" in task.extra:
        return {"task": task_body(task, now, link(call, task))}
    return task_answer(call.world, task, now)


def _flat(call: Call, task: Task, now: float) -> dict[str, Any]:
    """Return a task as docs.newapi.pro shows it."""
    ended = task.done(now)
    told: dict[str, Any] = {"task_id": task.task_id, "status": _video(call, task, now)["status"]}
    if ended and task.failed:
        code = _code(task)
        return {**told, "error": {"code": int(code) if code.isdigit() else 0, "message": task.error}}
    if ended:
        width, height = file_size(task)
        metadata = {"duration": task.clip["duration"], "fps": 25, "width": width, "height": height, "seed": 0}
        told |= {"status": "succeeded", "url": link(call, task), "format": "mp4", "metadata": metadata}
    return told


def _find(call: Call) -> Task:
    name = call.request.path_params.get("task_id") or call.request.query_params.get("task_id", "")
    return call.world.look_up(call, _ANY_CHANNEL, task_id=name)[0]


async def create_video(call: Call) -> Response:
    """``POST /v1/videos``."""
    body = form_or_object(call)
    task = await _order(call, upstream(call, body), body)
    return JSONResponse(_video(call, replace(task, ready=None, created=time.time()), time.time()))


async def create_generation(call: Call) -> Response:
    """``POST /v1/video/generations``."""
    if call.world.settings.relay_answers != "flat":
        return await create_video(call)
    body = call.object()
    task = await _order(call, upstream(call, body), body)
    return JSONResponse({"task_id": task.task_id, "status": "queued"})


async def video(call: Call) -> Response:
    """``GET /v1/videos/{id}``."""
    return JSONResponse(_video(call, _find(call), time.time()))


async def generation(call: Call) -> Response:
    """``GET /v1/video/generations/{id}``."""
    if call.struck_by("word") and not call.word("?", ended=False):
        return JSONResponse({"code": "success", "message": "", "data": None})
    show = _flat if call.world.settings.relay_answers == "flat" else _envelope
    return JSONResponse(show(call, _find(call), time.time()))


async def content(call: Call) -> Response:
    """``GET /v1/videos/{id}/content``: the bytes, for the key's own task."""
    try:
        task = _find(call)
    except RefusalError:
        return _openai_error(404, "Task not found", "", "invalid_request_error")
    if not task.done(time.time()) or task.failed:
        message = f"Task is not completed yet, current status: {_envelope(call, task, time.time())['data']['status']}"
        return _openai_error(400, message, "", "invalid_request_error")
    return await serve(call.world, task, call.request)


async def create_minimax(call: Call) -> Response:
    """``POST …/v1/video_generation``."""
    task = await _order(call, call.object())
    return answer(task_id=task.task_id)


async def query_minimax(call: Call) -> Response:
    """``GET …/v1/query/video_generation?task_id=``."""
    task, now = _find(call), time.time()
    if call.world.settings.relay_answers == "content":
        return JSONResponse(_envelope(call, task, now))
    return answer(**task_answer(call.world, task, now))


async def retrieve_minimax(call: Call) -> Response:
    """``GET …/v1/files/retrieve?file_id=``."""
    name = call.request.query_params.get("file_id", "")
    if not name.isdigit() or len(name) > len(str(2**63)):
        raise RefusalError("params", f"file_id must be an integer, got {name!r}")
    task = call.world.look_up(call, _ANY_CHANNEL, file_id=int(name))[0]
    return answer(file=file_answer(call, task, "relay"))


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table: list[tuple[str, str, str, Callable[[Call], Awaitable[Response]]]] = []
    for prefix in ("", "/relay"):
        table += [
            ("POST", f"{prefix}/v1/videos", "create", create_video),
            ("GET", f"{prefix}/v1/videos/{{task_id}}", "query", video),
            ("GET", f"{prefix}/v1/videos/{{task_id}}/content", "download", content),
            ("POST", f"{prefix}/v1/video/generations", "create", create_generation),
            ("GET", f"{prefix}/v1/video/generations/{{task_id}}", "query", generation),
        ]
    for prefix in ("/relay", "/relay/minimax"):
        table += [
            ("POST", f"{prefix}/v1/video_generation", "create", create_minimax),
            ("GET", f"{prefix}/v1/query/video_generation", "query", query_minimax),
            ("GET", f"{prefix}/v1/files/retrieve", "retrieve", retrieve_minimax),
        ]
    return [(method, path, Station(world, DIALECT, phase, work)) for method, path, phase, work in table]
