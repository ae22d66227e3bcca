"""MiniMax's own API: ``/v1/video_generation`` and what belongs to it (MiniMax video API document).

Every answer carries ``base_resp`` and a ``Trace-Id`` header; a refusal is HTTP 200 with ``status_code`` not 0. In the
query ``file_id`` is a string, in ``files/retrieve`` a number. Unknown fields are ignored, as real clients send some.
An unknown task id is documented nowhere; here it is 2013.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks
from hailuo_widgets.simulator.downloads import file_size, link, serve
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.minimax_rules import read_video
from hailuo_widgets.simulator.station import Dialect, Station

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.errors import Reason
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

# MiniMax video API document, "Error codes", and the public error table for 1024, 1027, 1041.
CODES: Mapping[Reason, int] = {
    "no_key": 1004,
    "wrong_key": 2049,
    "credits": 1008,
    "quota": 2056,
    "rate": 1002,
    "concurrency": 1002,
    "prompt": 2013,
    "moderation": 1026,
    "output_moderation": 1027,
    "image": 2013,
    "image_size": 2013,
    "params": 2013,
    "not_found": 2013,
    "conflict": 2013,
    "generation": 1000,
    "route": 2013,
    "server": 1024,
}
# Parts of the generation time at which the next state begins.
_PHASES = ((0.06, "Preparing"), (0.18, "Queueing"), (1.0, "Processing"))
_TEMPLATE_PHASES = ((0.1, "Preparing"), (1.0, "Processing"))


def video_task_id() -> str:
    """Return a new task id, fifteen digits as in the documents' examples."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def bearer(call: Call) -> str | None:
    """Return the key of an ``Authorization: Bearer`` header."""
    scheme, _, key = call.request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def base_resp(code: int = 0, message: str = "success") -> dict[str, Any]:
    """Return the block that every answer carries."""
    return {"status_code": code, "status_msg": message}


def answer(**values: Any) -> JSONResponse:
    """Return an answer in MiniMax's shape."""
    values.setdefault("base_resp", base_resp())
    return JSONResponse(values, headers={"Trace-Id": secrets.token_hex(16)})


def refuse(refusal: RefusalError) -> Response:
    """Say no: HTTP 200 and the code."""
    code = CODES[refusal.reason] if refusal.code is None else int(refusal.code)
    return answer(base_resp=base_resp(code, refusal.message))


DIALECT = Dialect(name="minimax", key_of=bearer, refuse=refuse)


def status_of(world: World, task: Task, now: float) -> str:
    """Return MiniMax's word for a task's state at ``now``."""
    if task.done(now):
        return world.settings.failure_word if task.failed else "Success"
    phases = _TEMPLATE_PHASES if task.channel == "template" else _PHASES
    progress = task.progress(now)
    return next((word for limit, word in phases if progress < limit), "Processing")


def task_answer(world: World, task: Task, now: float) -> dict[str, Any]:
    """Return the body of a query for a clip."""
    status = status_of(world, task, now)
    body: dict[str, Any] = {"task_id": task.task_id, "status": status}
    if status == "Success":
        width, height = file_size(task)
        body |= {"file_id": str(task.file_id), "video_width": width, "video_height": height}
    code, message = 0, "success"
    if task.done(now) and task.failed:
        known = {"output_moderation": CODES["output_moderation"], "generation": CODES["generation"]}
        code, message = known.get(task.error_code) or int(task.error_code), task.error
    return {**body, "base_resp": base_resp(code, message)}


def moments(
    world: World, task: Task, body: Callable[[World, Task, float], dict[str, Any]] = task_answer
) -> list[tuple[float, Callable[[], Any]]]:
    """Return when a callback is due and what it says: the query's answer, its state in lower case."""
    if task.ready is None:
        return []
    begin = task.created + _PHASES[1][0] * (task.ready - task.created)
    words = {"Success": "success", world.settings.failure_word: "failed"}

    def told(now: float) -> dict[str, Any]:
        told_body = body(world, task, now)
        return {**told_body, "status": words.get(told_body["status"], "processing")}

    return [(begin, lambda: told(begin)), (task.ready, lambda: told(max(time.time(), task.ready or 0.0)))]


def file_answer(call: Call, task: Task, product: str = "minimax") -> dict[str, Any]:
    """Return the ``file`` block of a finished clip; ``bytes`` is 0, as captured from the real API."""
    return {
        "file_id": task.file_id,
        "bytes": 0,
        "created_at": int(task.ready or 0),
        "filename": "output.mp4",
        "purpose": "video_generation",
        "download_url": link(call, task, product=product),
        "backup_download_url": link(call, task, product=product, path="backup"),
    }


def find_file(call: Call) -> Task:
    """Return the finished task whose file the query string names.

    Raises:
        RefusalError: There is none.
    """
    file_id = call.request.query_params.get("file_id", "")
    if not file_id.isdigit() or len(file_id) > len(str(2**63)):
        raise RefusalError("params", f"invalid params, file_id must be an integer, got {file_id!r}")
    task = call.world.look_up(call, "video", file_id=int(file_id))[0]
    if task.failed or not task.done(time.time()):
        raise RefusalError("not_found", f"invalid params, file {file_id} does not exist")
    return task


async def create(call: Call) -> Response:
    """``POST /v1/video_generation``."""
    order = await read_video(call, call.object(), video_task_id())
    verified = await callbacks.challenge(call, order.callback)
    task = call.world.create(call, [replace(order, extra={"verified": verified})])[0]
    if verified:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task)))
    return answer(task_id=task.task_id)


async def query(call: Call) -> Response:
    """``GET /v1/query/video_generation?task_id=``."""
    task_id = call.request.query_params.get("task_id", "")
    if not task_id:
        raise RefusalError("params", "invalid params, task_id is required", parameter="task_id")
    task = call.world.look_up(call, "video", task_id=task_id)[0]
    return answer(**task_answer(call.world, task, time.time()))


async def retrieve(call: Call) -> Response:
    """``GET /v1/files/retrieve?file_id=``."""
    return answer(file=file_answer(call, find_file(call)))


async def retrieve_content(call: Call) -> Response:
    """``GET /v1/files/retrieve_content?file_id=``: the bytes themselves."""
    response = await serve(call.world, find_file(call), call.request)
    response.headers["Trace-Id"] = secrets.token_hex(16)
    return response


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table = (
        ("POST", "/v1/video_generation", "create", create),
        ("GET", "/v1/query/video_generation", "query", query),
        ("GET", "/v1/files/retrieve", "retrieve", retrieve),
        ("GET", "/v1/files/retrieve_content", "retrieve", retrieve_content),
    )
    return [(method, path, Station(world, DIALECT, phase, work)) for method, path, phase, work in table]
