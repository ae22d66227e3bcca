"""MiniMax's V2 API, the one of MiniMax-H3.

Create, query by path, list, cancel or delete, regenerate, write a better prompt.

Source: MiniMax's V2 pages. A refusal has a real HTTP status and MiniMax's number in brackets at its message's end; the
create call answers a task id and nothing else. Not documented, so chosen here: the list's order (newest first), its
page size where none is asked for (20), and that a failed task costs nothing (a cancelled one is documented to).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.minimax import CODES, bearer, video_task_id
from hailuo_widgets.simulator.station import Dialect, Station
from hailuo_widgets.simulator.v2_rules import CHANNEL, invalid, read_clip, read_prompt, read_regeneration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import Order, World

# HTTP status and error type by MiniMax's number; any other number is an invalid request.
_KINDS: Mapping[int, tuple[int, str]] = {
    1000: (500, "server_error"),
    1001: (500, "server_error"),
    1002: (429, "rate_limit_error"),
    1004: (401, "authorized_error"),
    1008: (402, "insufficient_balance_error"),
    1013: (500, "server_error"),
    1024: (500, "server_error"),
    1026: (422, "unprocessable_entity_error"),
    1027: (422, "unprocessable_entity_error"),
    1033: (500, "server_error"),
    1039: (429, "rate_limit_error"),
    1041: (429, "rate_limit_error"),
    1042: (422, "unprocessable_entity_error"),
    2013: (400, "bad_request_error"),
    2045: (429, "rate_limit_error"),
    2049: (401, "authentication_error"),
    2056: (429, "rate_limit_error"),
}
_INVALID = (400, "bad_request_error")
_OVERLOADED = 529  # a status of its own, without a number
_MESSAGES: Mapping[int, str] = {
    1002: "rate limit, please retry later",
    1004: "login fail: Please carry the API secret key in the 'Authorization' field of the request header",
    1008: "insufficient balance",
    2056: "usage limit exceeded",
    1026: "video description contains sensitive content",
}
_PLAN_KEY = "sk-cp-"  # of a Token Plan, which is not good for V2; the number it is refused with is not documented
_QUEUED = 0.18  # the part of the generation time that a task waits
_KEPT_SECONDS = 7 * 86_400
_CANCELLED = "cancelled"
_STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
_TYPES = ("generation", "regeneration", "h3_context_ir")
_PAGE = 20


def refuse(refusal: RefusalError) -> Response:
    """Say no."""
    if refusal.code is not None and int(refusal.code) == _OVERLOADED:
        return _error(_OVERLOADED, "overloaded_error", refusal.message)
    code = {**CODES, "server": 1000}[refusal.reason] if refusal.code is None else int(refusal.code)
    status, kind = _KINDS.get(code, _INVALID)
    message = refusal.message if refusal.code is not None else _MESSAGES.get(code, refusal.message)
    return _error(status, kind, f"{message} ({code})")


def _error(status: int, kind: str, message: str) -> Response:
    told = {"type": kind, "message": message, "http_code": str(status)}
    return JSONResponse({"type": "error", "error": told, "request_id": secrets.token_hex(16)}, status)


DIALECT = Dialect(name="minimax", key_of=bearer, refuse=refuse)


def status_of(task: Task, now: float) -> str:
    """Return the word for a task's state at ``now``."""
    if task.error_code == _CANCELLED:
        return _CANCELLED
    if task.done(now):
        return "failed" if task.failed else "succeeded"
    return "queued" if task.progress(now) < _QUEUED else "running"


def _updated(task: Task, status: str, now: float) -> float:
    """Return when a task got its status."""
    if status == "queued":
        return task.created
    if status == "running":
        return task.created if task.ready is None else min(now, _starts(task))
    return task.ready or now


def _starts(task: Task) -> float:
    return task.created + _QUEUED * ((task.ready or task.created) - task.created)


def task_body(task: Task, now: float, url: str) -> dict[str, Any]:
    """Return the task object that query, list and callbacks show."""
    status, extra = status_of(task, now), task.extra
    body: dict[str, Any] = {"id": task.task_id, "model": task.clip["model"], "status": status}
    if status == "failed":
        known = {"output_moderation": CODES["output_moderation"], "generation": CODES["generation"]}
        body["error"] = {"code": str(known.get(task.error_code, task.error_code)), "message": task.error}
    body |= {"created_at": int(task.created), "updated_at": int(_updated(task, status, now))}
    if status == "succeeded":
        body["content"] = {"prompt": extra["prompt"]} if extra["modality"] == "text" else {"url": url}
    if "resolution" in extra:
        body["resolution"] = extra["resolution"]
    usage = extra["usage"] if status == "succeeded" else {}
    return body | {
        "duration": extra["duration"],
        "usage": usage,
        "ratio": extra["ratio"],
        "task_type": extra["task_type"],
        "modality": extra["modality"],
    }


def _own(call: Call, task_id: str) -> Task:
    """Return one task of the account, not older than seven days.

    Raises:
        RefusalError: There is none.
    """
    try:
        task = call.world.look_up(call, CHANNEL, task_id=task_id)[0]
    except RefusalError:
        task = None
    if task is None or task.created < time.time() - _KEPT_SECONDS:
        raise RefusalError("not_found", "invalid params, invalid task_id", parameter="task_id")
    return task


def _with_status(call: Call, task_id: str) -> tuple[Task, str]:
    task = _own(call, task_id)
    return task, status_of(task, time.time())


def _maker(read: Callable[[Call, str], Awaitable[Order]]) -> Callable[[Call], Awaitable[Response]]:
    async def create(call: Call) -> Response:
        if call.key.startswith(_PLAN_KEY):
            raise RefusalError("params", "this model is not available with a Token Plan key", code=2061)
        order = await read(call, video_task_id())
        verified = await callbacks.challenge(call, order.callback)
        order = replace(order, extra={**order.extra, "verified": verified})
        task = call.world.create(call, [order])[0]
        if verified:
            call.world.spawn(follow(call.world, task))
        return JSONResponse({"task_id": task.task_id})

    return create


async def _regeneration(call: Call, task_id: str) -> Order:
    return await read_regeneration(call, task_id, _with_status)


async def query(call: Call) -> Response:
    """``GET /v2/query/video_generation/{task_id}``."""
    task = _own(call, call.request.path_params["task_id"])
    body = task_body(task, time.time(), link(call, task))
    ended = body["status"] not in ("queued", "running")
    return JSONResponse({"task": {**body, "status": call.word(body["status"], ended=ended)}})


async def find(call: Call) -> Response:
    """``GET /v2/query/video_generation``: the account's tasks of seven days, newest first."""
    query_params, now = call.request.query_params, time.time()
    status = _choice(query_params.get("filter.status", ""), "filter.status", _STATUSES)
    kind = _choice(query_params.get("filter.task_type", ""), "filter.task_type", _TYPES)
    model, ids = query_params.get("filter.model", ""), query_params.getlist("filter.task_ids")
    page, size = (
        _number(query_params.get(name), name, plain) for name, plain in (("page_num", 1), ("page_size", _PAGE))
    )
    own = call.world.tasks.find(provider=call.provider, channel=CHANNEL, account=call.account, forgotten=0)
    found = [
        task
        for task in reversed(own)
        if task.created >= now - _KEPT_SECONDS
        and (not status or status_of(task, now) == status)
        and (not kind or task.extra["task_type"] == kind)
        and (not model or task.clip["model"] == model)
        and (not ids or task.task_id in ids)
    ]
    shown = found[(page - 1) * size : page * size]
    return JSONResponse({"items": [task_body(task, now, link(call, task)) for task in shown], "total": len(found)})


async def cancel(call: Call) -> Response:
    """``DELETE /v2/video_generation/{task_id}``: a queued task is cancelled, a finished one's record deleted."""
    task, status = _with_status(call, call.request.path_params["task_id"])
    if status in ("running", "cancelled"):
        raise invalid(f"task {task.task_id} is {status} and cannot be cancelled or deleted", "task_id")
    if status == "queued":
        done = "cancelled"
        call.world.end(task, _CANCELLED, "cancelled", free=True)
        if task.extra.get("verified"):
            call.world.spawn(tell(call.world, task, time.time()))
    else:
        done = "deleted"
        call.world.tasks.mark(task, forgotten=True)
    return JSONResponse({"task_id": task.task_id, "action": done, "status": done})


async def follow(world: World, task: Task, since: float = 0.0) -> None:
    """Post a task's state with each change from ``since`` on, and at its end, or until it is cancelled."""
    moments = [task.created, *((_starts(task), task.ready) if task.ready is not None else ())]
    for moment in moments:
        if moment < since and moment != task.ready:
            continue
        await asyncio.sleep(max(0.0, moment - time.time()))
        last = moment == task.ready
        url = signed_url(world, world.url, task, world.settings.lifetime_of("minimax")) if last else ""
        await tell(world, task, moment, url)
    if task.ready is not None:
        world.tasks.mark(task, notified=True)


async def tell(world: World, task: Task, moment: float, url: str = "") -> None:
    """Post a task's state at a moment; the posts of one task come in their order, and none after its cancellation."""
    async with world.posting[task.task_id]:
        now = world.current(task)
        if now.notified:
            return
        await callbacks.post(world, now, {"task": task_body(now, moment, url)})
        if now.error_code == _CANCELLED:
            world.tasks.mark(now, notified=True)


def _choice(value: str, name: str, allowed: tuple[str, ...]) -> str:
    if value and value not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}, got {value!r}", name)
    return value


def _number(value: str | None, name: str, plain: int) -> int:
    if value is None:
        return plain
    if not (value.isascii() and value.isdigit()) or int(value) < 1:
        raise invalid(f"{name} must be a positive integer, got {value!r}", name)
    return int(value)


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table = (
        ("POST", "/v2/video_generation", "create", _maker(read_clip)),
        ("POST", "/v2/video_regeneration", "create", _maker(_regeneration)),
        ("POST", "/v2/h3_context_ir", "create", _maker(read_prompt)),
        ("GET", "/v2/query/video_generation", "list", find),
        ("GET", "/v2/query/video_generation/{task_id}", "query", query),
        ("DELETE", "/v2/video_generation/{task_id}", "cancel", cancel),
    )
    return [(method, path, Station(world, DIALECT, phase, work)) for method, path, phase, work in table]
