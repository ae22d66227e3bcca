"""Webhook calls of the simulator.

The simulator never leaves the machine: it calls loopback URLs only, and only notes the others.

MiniMax's handshake: before anything else the endpoint gets ``{"challenge": "…"}`` and must answer the same JSON within
three seconds; then one POST for each change of state.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import host_of, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

CHALLENGE_SECONDS = 3.0
_SEND_SECONDS = 10.0
_TRIES = 3
_SUCCESS = range(200, 300)


def check_url(value: Any, parameter: str) -> str:
    """Return a callback URL, empty for none.

    Raises:
        RefusalError: It is not an http(s) URL.
    """
    if value is None or value == "":
        return ""
    if isinstance(value, str) and host_of(value):
        return value
    raise RefusalError("params", f"{parameter} must be an http(s) URL", parameter=parameter)


def callable_url(url: str) -> bool:
    """Return whether the simulator may call a URL: plain HTTP on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and is_loopback(parts.hostname)


async def send(
    url: str,
    body: bytes,
    *,
    method: str = "POST",
    media: str,
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Send a body to this machine; no redirect is followed.

    Raises:
        OSError: Nobody answers, or not in time.
    """

    def work() -> tuple[int, bytes]:
        parts = urlsplit(url)
        if not callable_url(url):
            raise OSError(f"{url!r} is not on this machine")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=seconds)
        try:
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request(method, path, body, {"Content-Type": media, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(2**20)
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    return await asyncio.wait_for(asyncio.to_thread(work), seconds)


async def challenge(call: Call, url: str) -> bool:
    """Ask a callback URL for the handshake; return whether it may be called from now on."""
    if not url:
        return False
    fault = call.world.faults.take(call.provider, "callback")
    if fault is not None and fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    note = {"url": url, "kind": "challenge", "time": time.time(), "ok": False, "why": ""}
    call.world.callbacks.append(note)
    if not callable_url(url):
        note["why"] = "not on this machine, so never called"
        return False
    word = secrets.token_hex(12)
    try:
        status, body = await send(
            url, json.dumps({"challenge": word}).encode(), media="application/json", seconds=CHALLENGE_SECONDS
        )
        answer = json.loads(body)
    except (OSError, ValueError) as error:  # a time-out is an OSError too
        note["why"] = f"{type(error).__name__}: {error}"
    else:
        note["ok"] = status in _SUCCESS and isinstance(answer, dict) and answer.get("challenge") == word
        note["why"] = "" if note["ok"] else f"HTTP {status}, challenge not repeated"
    if not note["ok"] and call.world.settings.strict_callback:
        raise RefusalError("params", f"callback_url did not repeat the challenge in time: {note['why']}")
    return bool(note["ok"])


async def notify(
    world: World,
    task: Task,
    moments: list[tuple[float, Callable[[], Any]]],
    sign: Callable[[str, bytes], Mapping[str, str]] | None = None,
) -> None:
    """Post what is due, each body at its time (unix seconds), and note that the task's end was told.

    A body that is ``None`` by then is not posted: the task ended otherwise, and that was told. A receiver that does not
    answer 2xx is asked up to three times. ``sign`` makes the headers of a message from its identifier and its body; a
    message that is sent again keeps its identifier.
    """
    for moment, body in moments:
        await asyncio.sleep(max(0.0, moment - time.time()))
        content = body()
        if content is not None:
            await post(world, task, content, sign)
    world.tasks.mark(task, notified=True)


async def post(
    world: World, task: Task, body: Any, sign: Callable[[str, bytes], Mapping[str, str]] | None = None
) -> None:
    """Post one body to a task's callback URL: up to three times, until the receiver answers 2xx."""
    content = json.dumps(body).encode()
    identity = f"msg_{secrets.token_hex(12)}"
    for attempt in range(_TRIES):
        note = {"url": task.callback, "kind": "status", "task_id": task.task_id, "time": time.time(), "ok": False}
        world.callbacks.append(note)
        try:
            headers = sign(identity, content) if sign else None
            status, _ = await send(
                task.callback, content, media="application/json", seconds=_SEND_SECONDS, headers=headers
            )
            note["ok"] = status in _SUCCESS
        except OSError as error:
            note["why"] = f"{type(error).__name__}: {error}"
        if note["ok"]:
            return
        await asyncio.sleep(0.2 * 2**attempt)
