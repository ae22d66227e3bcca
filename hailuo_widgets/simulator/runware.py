"""Runware's API: one endpoint, ``POST /v1``, that takes an array of tasks.

Sources: Runware's model pages and schemas, and its page on account management.

An answer may carry ``data`` and ``errors`` together. ``taskUUID`` is the client's and must be new; ``getResponse``
gives every result that is there so far. Also: ``authentication``, ``ping``, ``getTaskDetails``, ``imageUpload``,
``mediaStorage``, ``accountManagement``, and the header
``X-Runware-Dry-Run: 1``, which checks and prices without a charge.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks, runware_h3_rules, runware_rules
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError, sendable
from hailuo_widgets.simulator.journal import redact
from hailuo_widgets.simulator.latency import task_random
from hailuo_widgets.simulator.minimax import bearer
from hailuo_widgets.simulator.runware_account import manage_account, store_media, upload_image
from hailuo_widgets.simulator.runware_fields import read_uuid
from hailuo_widgets.simulator.station import Dialect, Station
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.runware_fields import Wish
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

# HTTP status and code by reason; the codes' families are those that Runware's own clients sort them into.
CODES: Mapping[Reason, tuple[int, str]] = {
    "no_key": (401, "missingApiKey"),
    "wrong_key": (401, "invalidApiKey"),
    "credits": (402, "insufficientCredits"),
    "quota": (402, "quotaExceeded"),
    "rate": (429, "rateLimitExceeded"),
    "concurrency": (429, "concurrencyLimitExceeded"),
    "prompt": (400, "invalidPositivePrompt"),
    "moderation": (400, "contentPolicyViolation"),
    "output_moderation": (400, "providerContentPolicyViolation"),
    "image": (400, "invalidFrameImages"),
    "image_size": (400, "invalidFrameImages"),
    "not_found": (404, "taskFailedOrNotFound"),
    "conflict": (409, "conflictTaskUUID"),
    "generation": (500, "inferenceError"),
    "route": (404, "notFound"),
    "server": (500, "serverError"),
}
_DOCUMENTATION = "https://runware.ai/docs"
_SECONDS_TO_SEND = 60.0


def _code(refusal: RefusalError) -> tuple[int, str]:
    if refusal.code is not None:
        return 400, str(refusal.code)
    if refusal.reason in CODES:
        return CODES[refusal.reason]
    name = refusal.parameter.rpartition(".")[2]
    if refusal.message.startswith("unknown parameter"):
        return 400, "unsupportedParameter"
    missing = refusal.message.endswith("is required")
    return 400, f"{'missing' if missing else 'invalid'}{name[:1].upper()}{name[1:]}" if name else "invalidRequest"


def error_of(refusal: RefusalError, task: Mapping[str, Any]) -> dict[str, Any]:
    """Return one entry of ``errors``."""
    entry = {"code": _code(refusal)[1], "message": refusal.message, "documentation": _DOCUMENTATION}
    if refusal.parameter:
        entry["parameter"] = refusal.parameter
    named = {key: task[key] for key in ("taskType", "taskUUID") if isinstance(task.get(key), str)}
    return entry | {key: sendable(value) for key, value in named.items()}


def refuse(refusal: RefusalError) -> Response:
    """Refuse a whole request."""
    return JSONResponse({"errors": [error_of(refusal, {})]}, _code(refusal)[0])


def _tasks(call: Call) -> list[dict[str, Any]]:
    body = call.json()
    if not isinstance(body, list) or not body or not all(isinstance(task, dict) for task in body):
        raise RefusalError("params", "the request body must be an array of task objects")
    return body


def _key(call: Call) -> str | None:
    """Return the key of the header, else of an ``authentication`` task."""
    header = bearer(call)
    if header:
        return header
    try:
        tasks = _tasks(call)
    except RefusalError:
        return None
    keys = [task.get("apiKey") for task in tasks if task.get("taskType") == "authentication"]
    return keys[0] if keys and isinstance(keys[0], str) else None


def _phase(call: Call) -> str:
    try:
        kinds = {str(task.get("taskType")) for task in _tasks(call)}
    except RefusalError:
        return "create"
    if "videoInference" in kinds:
        return "create"
    if kinds & {"getResponse", "getTaskDetails"}:
        return "query"
    return "upload" if kinds & {"imageUpload", "mediaStorage"} else "account"


DIALECT = Dialect(name="runware", key_of=_key, refuse=refuse)


async def endpoint(call: Call) -> Response:
    """``POST /v1``."""
    data: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    status = 400
    for task in _tasks(call):
        handler = _HANDLERS.get(str(task.get("taskType")))
        try:
            if handler is None:
                message = f"taskType must be one of {', '.join(_HANDLERS)}, got {task.get('taskType')!r}"
                raise RefusalError("params", message, parameter="taskType")  # noqa: TRY301 - one place makes entries
            found, failed = await handler(call, task)
        except RefusalError as refusal:
            errors.append(error_of(refusal, task))
            status = _code(refusal)[0]
        else:
            data += found
            errors += failed
            status = 200
    body: dict[str, Any] = {"data": data} if data or not errors else {}
    if errors:
        body["errors"] = errors
    return JSONResponse(body, 200 if data else status)


_Answer = tuple[list[dict[str, Any]], list[dict[str, Any]]]


async def _read(call: Call, task: dict[str, Any]) -> Wish:
    """Check one task by the rules of its model."""
    name = task.get("model")
    if name is not None and not isinstance(name, str):
        raise RefusalError("params", f"model must be a string, got {name!r}", parameter="model")
    if name in runware_h3_rules.MODELS:
        return await runware_h3_rules.read_task(call, task)
    if name in runware_rules.MODELS:
        return await runware_rules.read_task(call, task)
    if not name:
        raise RefusalError("params", "model is required", parameter="model")
    known = ", ".join([*runware_rules.MODELS, *runware_h3_rules.MODELS])
    raise RefusalError("params", f"model {name!r} is not available; available: {known}", parameter="model")


async def _infer(call: Call, task: dict[str, Any]) -> _Answer:
    wish = await _read(call, task)
    acknowledged: dict[str, Any] = {"taskType": "videoInference", "taskUUID": wish.task_uuid}
    if call.request.headers.get("x-runware-dry-run") == "1":
        return [{**acknowledged, "cost": round(wish.cost * wish.results, 4)}], []
    made = call.world.create(call, _orders(call, wish, task), wish.task_uuid)
    for result in made:
        if result.extra["verified"] or result.extra["upload"]:
            call.world.spawn(deliver(call.world, result))
    return [acknowledged], []


def _orders(call: Call, wish: Wish, task: dict[str, Any]) -> list[Order]:
    """Return one order a result, each with its own seed."""
    draw = task_random(call.world.settings, call.world.tasks.count(), "runware")
    seeds = draw.sample(range(1, 2**31), wish.results)
    if wish.seed is not None:
        seeds = [(wish.seed + number) % 2**32 for number in range(wish.results)]
    common = {
        "verified": callbacks.callable_url(wish.webhook),
        "upload": wish.upload if callbacks.callable_url(wish.upload) else "",
        "include_cost": wish.include_cost,
        "ttl": wish.ttl,
        "request": sendable(json.dumps(redact(task), ensure_ascii=False)),  # pictures cut to their beginning
    }
    return [
        Order(
            task_id=f"{wish.task_uuid}/{number}",
            channel="runware",
            clip=replace(wish.clip, variation=seed) if wish.seed is None else replace(wish.clip, seed=seed),
            resolution=wish.resolution,
            cost=wish.cost,
            callback=wish.webhook,
            text=wish.clip.prompt,
            extra={**common, "video_uuid": str(uuid.uuid4()), "seed": seed},
        )
        for number, seed in enumerate(seeds)
    ]


def _result(task: Task, url: str) -> dict[str, Any]:
    entry = {
        "taskType": "videoInference",
        "taskUUID": task.group,
        "status": "success",
        "videoUUID": task.extra["video_uuid"],
        "videoURL": url,
        "seed": task.extra["seed"],
    }
    return {**entry, "cost": task.cost} if task.extra["include_cost"] else entry


def _failure(task: Task) -> dict[str, Any]:
    code = CODES[task.error_code][1] if task.error_code in CODES else task.error_code  # type: ignore[index]  # checked
    return {
        "code": code,
        "message": task.error,
        "status": "error",
        "taskType": "videoInference",
        "taskUUID": task.group,
        "documentation": _DOCUMENTATION,
    }


async def _poll(call: Call, task: dict[str, Any]) -> _Answer:
    now = time.time()
    found = call.world.look_up(call, "runware", group=read_uuid(task))
    # In the order in which they got ready, which is not that of their making.
    done = sorted((result for result in found if result.done(now)), key=lambda result: result.ready or 0.0)
    data = [_result(item, link(call, item, lifetime=item.extra["ttl"])) for item in done if not item.failed]
    if len(done) < len(found):
        word = call.word("processing", ended=False)
        data.append({"taskType": "videoInference", "taskUUID": found[0].group, "status": word})
    failed = [_failure(result) for result in done if result.failed]
    if not call.world.settings.runware_error_items:
        return data, failed
    told = ("code", "message")
    items = [
        {key: entry[key] for key in ("taskType", "taskUUID", "status")} | {"error": {key: entry[key] for key in told}}
        for entry in failed
    ]
    return data + items, []


async def _details(call: Call, task: dict[str, Any]) -> _Answer:
    found = call.world.look_up(call, "runware", group=read_uuid(task))
    data, errors = await _poll(call, task)
    request = json.loads(found[0].extra["request"])
    entry = {"taskType": "getTaskDetails", "taskUUID": found[0].group, "request": [request]}
    response: dict[str, Any] = {"data": data}
    return [{**entry, "response": {**response, "errors": errors} if errors else response}], []


async def _upload(call: Call, task: dict[str, Any]) -> _Answer:
    return [await upload_image(call, task)], []


async def _store(call: Call, task: dict[str, Any]) -> _Answer:
    return [await store_media(call, task)], []


async def _account(call: Call, task: dict[str, Any]) -> _Answer:
    return [await manage_account(call, task)], []


async def _authenticate(_: Call, __: dict[str, Any]) -> _Answer:
    return [{"taskType": "authentication", "connectionSessionUUID": str(uuid.uuid4())}], []


async def _ping(_: Call, __: dict[str, Any]) -> _Answer:
    return [{"taskType": "ping", "pong": True}], []


_HANDLERS: dict[str, Callable[[Call, dict[str, Any]], Any]] = {
    "videoInference": _infer,
    "getResponse": _poll,
    "getTaskDetails": _details,
    "imageUpload": _upload,
    "mediaStorage": _store,
    "accountManagement": _account,
    "authentication": _authenticate,
    "ping": _ping,
}


def moments(world: World, task: Task) -> list[tuple[float, Callable[[], Any]]]:
    """Return when the webhook is due and what it says: the answer of one finished result."""
    if task.ready is None:
        return []

    def body() -> dict[str, Any]:
        if task.failed:
            return {"errors": [_failure(task)]}
        lifetime = task.extra["ttl"] or world.settings.lifetime_of("runware")
        return {"data": [_result(task, signed_url(world, world.url, task, lifetime))]}

    return [(task.ready, body)]


async def deliver(world: World, task: Task) -> None:
    """Upload a finished result where that was asked for, then call the webhook."""
    if task.ready is None:
        return
    if task.extra["upload"] and not task.failed:
        await asyncio.sleep(max(0.0, task.ready - time.time()))
        content = await asyncio.to_thread((await asyncio.wrap_future(world.render(task))).read_bytes)
        note = {"url": task.extra["upload"], "kind": "upload", "task_id": task.task_id, "ok": False}
        world.callbacks.append(note)
        try:
            await callbacks.send(
                task.extra["upload"], content, method="PUT", media="video/mp4", seconds=_SECONDS_TO_SEND
            )
            note["ok"] = True
        except OSError as error:
            note["why"] = f"{type(error).__name__}: {error}"
    if task.extra["verified"]:
        await callbacks.notify(world, task, moments(world, task))


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of the one route."""
    return [("POST", "/v1", Station(world, DIALECT, _phase, endpoint))]
