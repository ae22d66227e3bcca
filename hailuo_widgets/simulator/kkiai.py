"""The kkiai relay: MiniMax's create call under ``/minimax``.

Fields and models are those that the kkiai document lists.

The document does not show the query's answer. Relays pass MiniMax's body through, or wrap it as New-API does, with the
file already looked up; ``kkiai_envelope`` chooses. The wrapped form fills ``fail_reason`` even on success, as captured.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from hailuo_widgets.simulator import callbacks, fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.minimax import (
    CODES,
    answer,
    bearer,
    file_answer,
    find_file,
    moments,
    status_of,
    task_answer,
    video_task_id,
)
from hailuo_widgets.simulator.minimax import refuse as minimax_refuse
from hailuo_widgets.simulator.minimax_rules import Model, read_video
from hailuo_widgets.simulator.station import Dialect, Station

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

_LENGTHS = {"768P": ((6, 10), (6, 10)), "1080P": ((6,), (6,))}
MODELS: Mapping[str, Model] = {
    "MiniMax-Hailuo-2.3": Model(modes="t2v i2v", lengths=_LENGTHS, camera=True),
    "MiniMax-Hailuo-02": Model(modes="t2v i2v fl2v", lengths=_LENGTHS, camera=True),
}
# The document lists 720P as a value, "default for other models", and ten seconds for 768P only.
_EXTRA = {"720P": (6,)}
_FIELDS = frozenset(
    {
        "model",
        "prompt",
        "duration",
        "resolution",
        "prompt_optimizer",
        "fast_pretreatment",
        "callback_url",
        "aigc_watermark",
        "first_frame_image",
        "last_frame_image",  # not in the document; in kkiai's page on first and last frames
    }
)
_WRAPPED = {
    "Preparing": "SUBMITTED",
    "Queueing": "QUEUED",
    "Processing": "IN_PROGRESS",
    "Success": "SUCCESS",
}


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    wrapped = world.settings.kkiai_envelope == "newapi"
    dialect = Dialect(name="kkiai", key_of=bearer, refuse=_refuse if wrapped else minimax_refuse)
    return [
        ("POST", "/minimax/v1/video_generation", Station(world, dialect, "create", create)),
        ("GET", "/minimax/v1/query/video_generation", Station(world, dialect, "query", query)),
        ("GET", "/minimax/v1/files/retrieve", Station(world, dialect, "retrieve", retrieve)),
    ]


def _refuse(refusal: RefusalError) -> Response:
    """Say no as New-API relays do: OpenAI's shape about keys, else the code as a string."""
    if refusal.reason in ("no_key", "wrong_key") and refusal.code is None:
        error = {"message": refusal.message, "type": "new_api_error", "code": "invalid_api_key"}
        return JSONResponse({"error": error}, 401)
    code = CODES[refusal.reason] if refusal.code is None else refusal.code
    name = "task_not_exist" if refusal.reason == "not_found" else str(code)
    status = 429 if refusal.reason in ("rate", "concurrency") else 400
    return JSONResponse({"code": name, "message": refusal.message, "data": None}, status)


async def create(call: Call) -> Response:
    """``POST /minimax/v1/video_generation``."""
    body = call.object()
    fields.known(body, _FIELDS)
    order = await read_video(call, body, video_task_id(), models=MODELS, extra_lengths=_EXTRA)
    verified = await callbacks.challenge(call, order.callback)
    task = call.world.create(call, [replace(order, extra={"verified": verified})])[0]
    if verified:
        call.world.spawn(callbacks.notify(call.world, task, moments(call.world, task)))
    return answer(task_id=task.task_id)


async def query(call: Call) -> Response:
    """``GET /minimax/v1/query/video_generation?task_id=``."""
    task_id = call.request.query_params.get("task_id", "")
    if not task_id:
        raise RefusalError("params", "invalid params, task_id is required", parameter="task_id")
    task = call.world.look_up(call, "video", task_id=task_id)[0]
    now = time.time()
    if call.world.settings.kkiai_envelope == "passthrough":
        return answer(**task_answer(call.world, task, now))
    return JSONResponse({"code": "success", "message": "", "data": _wrap(call, task, now)})


def _wrap(call: Call, task: Task, now: float) -> dict[str, Any]:
    status = status_of(call.world, task, now)
    inner = task_answer(call.world, task, now)
    done = task.done(now)
    reason = task.error if task.failed else str(task.file_id)
    if status == "Success":
        inner["file"] = file_answer(call, task, "kkiai")
    return {
        "task_id": task.task_id,
        "action": "video_generation",
        "status": _WRAPPED.get(status, "FAILURE"),
        "fail_reason": reason if done else "",
        "submit_time": int(task.created),
        "start_time": 0,
        "finish_time": int(task.ready or 0) if done else 0,
        "progress": f"{100 if done else int(task.progress(now) * 100)}%",
        "data": inner,
    }


async def retrieve(call: Call) -> Response:
    """``GET /minimax/v1/files/retrieve?file_id=``."""
    return answer(file=file_answer(call, find_file(call), "kkiai"))
