"""fal.ai's queue (queue.fal.run) with its MiniMax endpoints.

Source: fal.ai's pages on the queue, on errors, on request errors and on webhooks.

The queue takes any JSON object; what is wrong with it is known to the result call alone: the status says ``COMPLETED``
and the result is HTTP 422 with ``detail[].type``. A request that waits is removed by a cancellation, and costs nothing;
one that runs goes on, as MiniMax cannot stop, and is paid. Server errors are never charged (fal.ai, FAQ).

What the pages leave open, and how it is here: a result that is asked for too early is HTTP 400, a cancelled request is
``COMPLETED`` with ``error_type`` ``client_cancelled``, its result HTTP 499.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.fal_models import ENDPOINTS, app_of, broken, read_input
from hailuo_widgets.simulator.journal import redact
from hailuo_widgets.simulator.station import Dialect, Station

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

APPS = tuple(sorted({app_of(name) for name in ENDPOINTS}))
_LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
# Refusals of a call itself: HTTP status and sentence, empty for the refusal's own.
STATUSES: Mapping[Reason, tuple[int, str]] = {
    "no_key": (401, "Authentication is required to access this application."),
    "wrong_key": (401, "Invalid API key."),
    "credits": (403, _LOCKED),
    "quota": (403, _LOCKED),
    "rate": (429, ""),
    "concurrency": (429, ""),
    "not_found": (404, ""),
    "route": (404, ""),
    "server": (500, ""),
}
# Model errors by reason; fal.ai, "Error types".
_TYPES: Mapping[str, str] = {
    "moderation": "content_policy_violation",
    "output_moderation": "content_policy_violation",
    "generation": "internal_server_error",
    "image": "image_load_error",
    "image_size": "file_too_large",
    "prompt": "sequence_too_long",
    "params": "value_error",
}
_FLAGGED = "The content could not be processed because it contained material flagged by a content checker."
# HTTP status of an error type where it is not 422; the second group are request errors, whose body is flat.
_TYPE_STATUS: Mapping[str, int] = {
    "internal_server_error": 500,
    "generation_timeout": 504,
    "downstream_service_error": 400,
    "downstream_service_unavailable": 500,
}
_REQUEST_ERRORS: Mapping[str, int] = {
    "request_timeout": 504,
    "startup_timeout": 504,
    "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503,
    "runner_disconnected": 503,
    "client_cancelled": 499,
}
_UNUSABLE = 422
_SERVER_ERROR = 500
_WAITING = 0.12  # part of the generation time in which a request waits for a runner
_PENDING = 202


def _key(call: Call) -> str | None:
    """Return the key of an ``Authorization: Key`` header."""
    scheme, _, key = call.request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "key" else None


def refuse(refusal: RefusalError) -> Response:
    """Refuse a call."""
    if refusal.code is not None:
        code = str(refusal.code)
        if code.isdigit():
            return JSONResponse({"detail": refusal.message}, int(code))
        return _error(code, refusal.message, [])
    if refusal.reason in STATUSES:
        status, sentence = STATUSES[refusal.reason]
        return JSONResponse({"detail": sentence or refusal.message}, status)
    return _error(_TYPES.get(refusal.reason, "value_error"), refusal.message, [refusal.parameter])


DIALECT = Dialect(name="fal", key_of=_key, refuse=refuse)


def _error(kind: str, message: str, place: list[str], value: Any = None) -> Response:
    """Return a model error, or a request error, with its HTTP status."""
    if kind in _REQUEST_ERRORS:
        headers = {"X-Fal-Error-Type": kind}
        return JSONResponse({"detail": message, "error_type": kind}, _REQUEST_ERRORS[kind], headers)
    status = _TYPE_STATUS.get(kind, _UNUSABLE)
    return JSONResponse({"detail": [_entry(kind, message, place, value)]}, status, {"X-Fal-Retryable": "false"})


def _entry(kind: str, message: str, place: list[str], value: Any = None) -> dict[str, Any]:
    url = f"https://docs.fal.ai/errors/#{kind}"
    return {"loc": ["body", *filter(None, place)], "msg": message, "type": kind, "url": url, "input": value}


def _kind(task: Task) -> str:
    """Return the error type of a failed task."""
    return _TYPES.get(task.error_code, task.error_code)


def _base(call: Call, task: Task) -> str:
    return f"{call.base_url}/{task.channel}/requests/{task.task_id}"


def _links(base: str) -> dict[str, str]:
    return {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}


def _failure(task: Task) -> Response:
    kind = _kind(task)
    message = _FLAGGED if kind == "content_policy_violation" and task.error_code in _TYPES else task.error
    place = "prompt" if kind == "content_policy_violation" else task.extra.get("parameter", "")
    return _error(kind, message, [place], task.extra.get("input"))


async def submit(call: Call) -> Response:
    """``POST /{endpoint}``, with ``?fal_webhook=`` where a webhook is wanted."""
    name = call.request.url.path.strip("/")
    body = call.object()
    webhook = callbacks.check_url(call.request.query_params.get("fal_webhook"), "fal_webhook")
    try:
        order = await read_input(call, name, body)
    except RefusalError as refusal:
        missing = refusal.parameter not in body
        given = body if missing else body[refusal.parameter]
        kind = "missing" if missing else "one_of" if refusal.message.startswith("Input should be ") else refusal.reason
        order = broken(name, refusal, kind, redact(given))
    if "forbidden" in order.text.lower():
        order = replace(order, text="", cost=0.0, error_code="moderation", error=_FLAGGED, extra={"input": order.text})
    order = replace(order, callback=webhook, extra={**order.extra, "verified": callbacks.callable_url(webhook)})
    task = call.world.create(call, [order])[0]
    if task.failed and _failure(task).status_code >= _SERVER_ERROR:
        task = call.world.tasks.mark(task, cost=0.0)
    if task.extra["verified"]:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task)))
    told = {"status": "IN_QUEUE", "request_id": task.task_id, "gateway_request_id": task.task_id}
    return JSONResponse({**told, **_links(_base(call, task)), "queue_position": 0, "logs": None, "metrics": {}})


async def no_endpoint(call: Call) -> Response:
    """``POST`` to an endpoint that fal.ai does not have, or that is not MiniMax's."""
    raise RefusalError("route", f"Application {call.request.url.path.strip('/')!r} not found")


def _find(call: Call) -> Task:
    app = app_of(call.request.url.path.strip("/"))
    return call.world.look_up(call, app, task_id=call.request.path_params["request_id"])[0]


async def status(call: Call) -> Response:
    """``GET /{app}/requests/{id}/status``, with ``?logs=1`` where the logs are wanted."""
    task, now = _find(call), time.time()
    word = call.word(_word(task, now), ended=task.done(now))
    told: dict[str, Any] = {"status": word, "request_id": task.task_id, **_links(_base(call, task))}
    if told["status"] == "IN_QUEUE":
        told["queue_position"] = 0
    wanted = call.request.query_params.get("logs", "").lower() in ("1", "true")
    told["logs"] = _logs(task, now) if wanted else None
    told["metrics"] = {}
    if not task.done(now):
        return JSONResponse(told, _PENDING)
    told["metrics"] = {"inference_time": round((task.ready or now) - task.created, 3)}
    if task.failed and _kind(task) in _REQUEST_ERRORS:
        told |= {"error": task.error, "error_type": _kind(task)}
    return JSONResponse(told)


def _word(task: Task, now: float) -> str:
    if task.done(now):
        return "COMPLETED"
    return "IN_QUEUE" if task.progress(now) < _WAITING else "IN_PROGRESS"


def _logs(task: Task, now: float) -> list[dict[str, str]]:
    begun = datetime.fromtimestamp(task.created, UTC).isoformat()
    lines = {"IN_QUEUE": [], "IN_PROGRESS": ["Generating"], "COMPLETED": ["Generating", "Done"]}[_word(task, now)]
    if task.error_code == "client_cancelled":
        lines = []
    return [{"message": line, "level": "INFO", "source": "simulator", "timestamp": begun} for line in lines]


def _payload(url: str) -> dict[str, Any]:
    return {"video": {"url": url, "content_type": "video/mp4", "file_name": "output.mp4"}}


async def result(call: Call) -> Response:
    """``GET /{app}/requests/{id}``: the video, or what went wrong."""
    task = _find(call)
    now = time.time()
    if not task.done(now):
        return JSONResponse({"detail": "Request is still in progress"}, 400)
    if now - (task.ready or now) > call.world.settings.kept_for("fal"):
        raise RefusalError("not_found", "Request not found")
    if task.failed:
        return _failure(task)
    return JSONResponse(_payload(link(call, task)), headers={"X-Fal-Request-Id": task.task_id})


async def cancel(call: Call) -> Response:
    """``PUT /{app}/requests/{id}/cancel``."""
    try:
        task = _find(call)
    except RefusalError:
        return JSONResponse({"status": "NOT_FOUND"}, 404)
    word = _word(task, time.time())
    if word == "COMPLETED":
        return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
    if word == "IN_QUEUE":
        ended = call.world.end(task, "client_cancelled", "Request was cancelled", free=True)
        if ended.extra["verified"]:
            call.world.spawn(callbacks.post(call.world, ended, _letter(call.world, ended)))
        if call.world.settings.fal_removes:
            return JSONResponse({"status": "OK"})
    return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)


def moments(world: World, task: Task) -> list[tuple[float, Callable[[], Any]]]:
    """Return when the webhook is due and what it says."""
    if task.ready is None:
        return []

    def body() -> dict[str, Any] | None:
        return None if world.current(task).ready != task.ready else _letter(world, task)

    return [(task.ready, body)]


def _letter(world: World, task: Task) -> dict[str, Any]:
    """Return what the webhook says of a task that has ended."""
    told: dict[str, Any] = {"request_id": task.task_id, "gateway_request_id": task.task_id}
    if not task.failed:
        url = signed_url(world, world.url, task, world.settings.lifetime_of("fal"))
        return {**told, "status": "OK", "payload": _payload(url), "error": None}
    answer = _failure(task)
    error = f"Invalid status code: {answer.status_code}"
    return {**told, "status": "ERROR", "payload": json.loads(bytes(answer.body)), "error": error}


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table: list[tuple[str, str, Station]] = [
        ("POST", f"/{name}", Station(world, DIALECT, "create", submit)) for name in ENDPOINTS
    ]
    for app in APPS:
        base = f"/{app}/requests/{{request_id}}"
        table += [
            ("GET", f"{base}/status", Station(world, DIALECT, "query", status)),
            ("GET", base, Station(world, DIALECT, "retrieve", result)),
            ("PUT", f"{base}/cancel", Station(world, DIALECT, "cancel", cancel)),
        ]
    return [*table, ("POST", "/fal-ai/{endpoint:path}", Station(world, DIALECT, "create", no_endpoint))]
