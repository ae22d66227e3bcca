"""Replicate's HTTP API (api.replicate.com): predictions, models, webhooks.

Source: Replicate's pages on the HTTP API, on the prediction lifecycle, on deadlines and on webhooks.

An input that breaks a model's schema is refused (422); what moderation is against fails the prediction. A cancelled
prediction is paid, one that its deadline ended before it began (``aborted``) is not (changelog of 2025-10-16).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks, replicate_files
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.journal import redact
from hailuo_widgets.simulator.minimax import bearer
from hailuo_widgets.simulator.replicate_files import iso
from hailuo_widgets.simulator.replicate_models import BY_VERSION, MODELS, read_input
from hailuo_widgets.simulator.station import Dialect, Station

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

# HTTP status, title and sentence; an empty sentence is the refusal's own.
ERRORS: Mapping[Reason, tuple[int, str, str]] = {
    "no_key": (401, "Unauthenticated", "You did not pass an authentication token"),
    "wrong_key": (401, "Unauthenticated", "You did not pass a valid authentication token"),
    "credits": (
        402,
        "Insufficient credit",
        "You have insufficient credit to run this model. Go to https://replicate.com/account/billing for more.",
    ),
    "rate": (429, "Too Many Requests", "Request was throttled. Your rate limit resets in ~5s."),
    "concurrency": (429, "Too Many Requests", "Request was throttled. Your rate limit resets in ~5s."),
    "not_found": (404, "Not found", "The requested resource could not be found."),
    "route": (404, "Not found", "The requested resource could not be found."),
    "server": (500, "Internal server error", ""),
}
_INVALID = (422, "Input validation failed", "")
_THROTTLED = 429
_RETRY_SECONDS = 5
_SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
_FAILURES = {"moderation": _SENSITIVE, "output_moderation": _SENSITIVE}
_STARTING = 0.12  # part of the generation time in which a prediction is starting
_PAGE = 100
_WAIT_SECONDS = 60
_EVENTS = ("start", "output", "logs", "completed")


def refuse(refusal: RefusalError) -> Response:
    """Say no, as a problem of RFC 7807."""
    status, title, sentence = ERRORS.get(refusal.reason, _INVALID)
    if refusal.code is not None:
        code = str(refusal.code)
        status, title, sentence = (int(code), "", "") if code.isdigit() else (400, code, "")
    detail = sentence or refusal.message
    told: dict[str, Any] = {"title": title, "detail": detail, "status": status, "type": "about:blank"}
    headers = {}
    if (status, title) == _INVALID[:2]:
        told["detail"] = f"- input: {refusal.message}\n"
        kind = "required" if refusal.message.endswith("is required") else "invalid"
        told["invalid_fields"] = [{"type": kind, "field": f"input.{refusal.parameter}", "description": refusal.message}]
    if status == _THROTTLED:
        told["retry_after"] = _RETRY_SECONDS
        headers["Retry-After"] = str(_RETRY_SECONDS)
    return JSONResponse(told, status, headers, media_type="application/problem+json")


DIALECT = Dialect(name="replicate", key_of=bearer, refuse=refuse)


async def create_for_model(call: Call) -> Response:
    """``POST /v1/models/{owner}/{name}/predictions``."""
    params = call.request.path_params
    name = f"{params['owner']}/{params['name']}"
    if name not in MODELS:
        raise RefusalError("not_found", f"no such model: {name}")
    return await _create(call, name, call.object())


async def create(call: Call) -> Response:
    """``POST /v1/predictions`` with ``version``: an id, ``owner/name`` or ``owner/name:id``."""
    body = call.object()
    version = body.get("version")
    if not isinstance(version, str) or not version:
        raise RefusalError("params", "version is required", parameter="version")
    name, _, identity = version.partition(":")
    known = BY_VERSION.get(identity or name, name if name in MODELS and identity in ("", "hidden") else None)
    if known is None:
        message = "The specified version does not exist (or perhaps you don't have permission to use it?)"
        raise RefusalError("params", message, parameter="version")
    return await _create(call, known, body)


async def _create(call: Call, name: str, body: dict[str, Any]) -> Response:
    given = body.get("input")
    if not isinstance(given, dict):
        raise RefusalError("params", "input is required", parameter="input")
    webhook = callbacks.check_url(body.get("webhook"), "webhook")
    events = body.get("webhook_events_filter")
    if events is None:
        events = list(_EVENTS)
    if not isinstance(events, list) or not set(map(str, events)) <= set(_EVENTS):
        raise RefusalError("params", f"webhook_events_filter may hold {', '.join(_EVENTS)}", parameter="webhook")
    limit = _seconds(call.request.headers.get("cancel-after", ""))
    order = await read_input(call, name, given)
    if "forbidden" in order.text.lower():
        order = replace(order, text="", error_code="moderation", error=_SENSITIVE)
    extra = {"input": redact(given), "events": events, "verified": callbacks.callable_url(webhook), "deadline": limit}
    task = call.world.create(call, [replace(order, callback=webhook, extra=extra)])[0]
    if task.extra["verified"]:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task), signature(call.world)))
    waited = await _wait(call, task)
    return JSONResponse(_shown(call, task, time.time()), 202 if waited is False else 201)


def _seconds(value: str) -> float | None:
    """Return the seconds of a ``Cancel-After`` header, ``None`` where there is none."""
    if not value:
        return None
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", value.strip())
    total = sum(int(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else 0
    if total < _RETRY_SECONDS:
        raise RefusalError("params", "Cancel-After must be a duration of 5 seconds or more", parameter="Cancel-After")
    return float(total)


async def _wait(call: Call, task: Task) -> bool | None:
    """Wait as ``Prefer: wait`` asks; return whether the prediction ended, ``None`` where nobody asked."""
    match = re.search(r"\bwait(?:=(\d+))?", call.request.headers.get("prefer", ""))
    if match is None:
        return None
    limit = min(float(match[1] or _WAIT_SECONDS), _WAIT_SECONDS)
    if task.ready is None or task.ready - time.time() > limit:
        await asyncio.sleep(limit)
        return False
    await asyncio.sleep(max(0.0, task.ready - time.time()))
    return True


def status_of(task: Task, now: float) -> str:
    """Return Replicate's word for a task's state at ``now``."""
    if not task.done(now):
        return "starting" if task.progress(now) < _STARTING else "processing"
    return task.error_code if task.error_code in ("canceled", "aborted") else "failed" if task.failed else "succeeded"


def _settled(world: World, task: Task) -> Task:
    """Return a task as it is now, ended by its deadline where that has passed."""
    limit, now = task.extra["deadline"], time.time()
    if limit is None or task.done(task.created + limit) or now < task.created + limit:
        return task
    begun = task.progress(task.created + limit) >= _STARTING
    word = "canceled" if begun else "aborted"
    return world.end(task, word, f"Prediction {word}: deadline exceeded", free=not begun)


def _body(world: World, task: Task, now: float, base: str, url: str) -> dict[str, Any]:
    word = status_of(task, now)
    ended = task.done(now)
    own = f"{base}/v1/predictions/{task.task_id}"
    error = _FAILURES.get(task.error_code, task.error) if word == "failed" else None
    begun = None if word in ("starting", "aborted") else task.created
    output: Any = [url] if world.settings.replicate_list else url
    told = {
        "id": task.task_id,
        "model": task.clip["model"],
        "version": "hidden",
        "input": task.extra["input"],
        "logs": "",
        "output": output if word == "succeeded" else None,
        "data_removed": False,
        "error": error,
        "source": "api",
        "status": word,
        "created_at": iso(task.created),
        "started_at": iso(begun),
        "completed_at": iso(task.ready if ended else None),
        "urls": {"get": own, "cancel": f"{own}/cancel"},
        "metrics": {},
    }
    if ended and now - (task.ready or now) > world.settings.kept_for("replicate"):
        told |= {"data_removed": True, "input": {}, "output": None, "logs": None}
    if ended and task.ready is not None:
        total = round(task.ready - task.created, 6)
        told["metrics"] = {"predict_time": total, "total_time": total}
    return told


def _shown(call: Call, task: Task, now: float) -> dict[str, Any]:
    return _body(call.world, task, now, call.base_url, link(call, task))


def _find(call: Call) -> Task:
    found = call.world.look_up(call, "predictions", task_id=call.request.path_params["prediction_id"])[0]
    return _settled(call.world, found)


async def query(call: Call) -> Response:
    """``GET /v1/predictions/{id}``."""
    task, now = _find(call), time.time()
    told = _shown(call, task, now)
    return JSONResponse({**told, "status": call.word(told["status"], ended=task.done(now))})


async def cancel(call: Call) -> Response:
    """``POST /v1/predictions/{id}/cancel``: a prediction that has ended stays as it is."""
    task = _find(call)
    if not task.done(time.time()):
        task = call.world.end(task, "canceled", "", free=False)
        if task.extra["verified"]:
            body = _body(call.world, task, time.time(), call.world.url, "")
            call.world.spawn(callbacks.post(call.world, task, body, signature(call.world)))
    return JSONResponse(_shown(call, task, time.time()))


async def listing(call: Call) -> Response:
    """``GET /v1/predictions?cursor=``: the newest first, a hundred at a time."""
    world, now = call.world, time.time()
    found = world.tasks.find(provider="replicate", account=call.account, forgotten=0)[::-1]
    cursor = call.request.query_params.get("cursor", "0")
    if not cursor.isdigit():
        raise RefusalError("params", "invalid cursor", parameter="cursor")
    start = int(cursor)
    path = f"{call.base_url}/v1/predictions?cursor="
    page = [_shown(call, _settled(world, task), now) for task in found[start : start + _PAGE]]
    return JSONResponse(
        {
            "previous": f"{path}{max(0, start - _PAGE)}" if start else None,
            "next": f"{path}{start + _PAGE}" if start + _PAGE < len(found) else None,
            "results": page,
        }
    )


async def account(_: Call) -> Response:
    """``GET /v1/account``: who the key belongs to; there is no balance in it."""
    return JSONResponse({"type": "user", "username": "simulated", "name": "Simulated", "github_url": ""})


def _secret(world: World) -> bytes:
    return hashlib.sha256(world.secret + b"replicate webhooks").digest()


async def webhook_secret(call: Call) -> Response:
    """``GET /v1/webhooks/default/secret``: what webhooks are signed with."""
    return JSONResponse({"key": f"whsec_{base64.b64encode(_secret(call.world)).decode()}"})


def signature(world: World) -> Callable[[str, bytes], dict[str, str]]:
    """Return what signs a webhook: its headers, from its identifier and its body."""

    def headers(identity: str, content: bytes) -> dict[str, str]:
        moment = str(int(time.time()))
        signed = hmac.new(_secret(world), f"{identity}.{moment}.".encode() + content, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(signed).decode()}"
        return {"webhook-id": identity, "webhook-timestamp": moment, "webhook-signature": signature}

    return headers


def moments(world: World, task: Task) -> list[tuple[float, Callable[[], Any]]]:
    """Return when the webhook is due and what it says: the prediction as it is then."""
    if task.ready is None:
        return []

    def told(moment: float) -> Callable[[], Any]:
        def body() -> dict[str, Any] | None:
            now, current = max(time.time(), moment), world.current(task)
            if current.ready != task.ready:
                return None
            url = signed_url(world, world.url, task, world.settings.lifetime_of("replicate"))
            return _body(world, _settled(world, current), now, world.url, url)

        return body

    due = {"start": task.created, "output": task.ready, "completed": task.ready}
    asked = ("start", "completed", *(event for event in task.extra["events"] if event == "output"))
    return [(moment, told(moment)) for event, moment in due.items() if event in asked]


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table = (
        ("POST", "/v1/models/{owner}/{name}/predictions", "create", create_for_model),
        ("POST", "/v1/predictions", "create", create),
        ("GET", "/v1/predictions", "list", listing),
        ("GET", "/v1/predictions/{prediction_id}", "query", query),
        ("POST", "/v1/predictions/{prediction_id}/cancel", "cancel", cancel),
        ("GET", "/v1/account", "account", account),
        ("GET", "/v1/webhooks/default/secret", "account", webhook_secret),
        ("POST", "/v1/files", "upload", replicate_files.create),
        ("GET", "/v1/files", "list", replicate_files.listing),
        ("GET", "/v1/files/{file_id}", "retrieve", replicate_files.read),
        ("DELETE", "/v1/files/{file_id}", "upload", replicate_files.delete),
    )
    return [(method, path, Station(world, DIALECT, phase, work)) for method, path, phase, work in table]
