"""Runware's tasks that make no clip: uploads and account details.

Sources: Runware's pages on image upload and account management, and its generated client, where ``mediaStorage`` (any
kind of file) takes the place of ``imageUpload``. ``balance`` is an object in Runware's
generated client and a plain number on its page; `Settings.runware_balance_object` chooses.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import read_bytes, store_bytes, take_image
from hailuo_widgets.simulator.runware_fields import image_rules, is_uuid, one_of, read_uuid

if TYPE_CHECKING:
    from hailuo_widgets.simulator.station import Call

_BALANCE = 100.0  # US dollars that an account which never runs out is said to have
_ORGANISATION = "00000000-0000-4000-8000-000000000001"
_DAY = 86_400
_ACCOUNT = frozenset({"taskType", "taskUUID", "operation"})
_STORAGE = frozenset({"taskType", "taskUUID", "operation", "media"})
_UPLOAD = frozenset({"taskType", "taskUUID", "image"})
# The other operations are known, and not simulated.
_USAGE = ("getUsageActivity", "getUsagePerformance", "getUsageErrors")


async def upload_image(call: Call, task: dict[str, Any]) -> dict[str, Any]:
    """Keep a picture: from now on its UUID stands for it."""
    fields.known(task, _UPLOAD)
    task_uuid = read_uuid(task)
    image = fields.text(task, "image", required=True)
    rules = image_rules(call)
    await take_image(image, call.world.images, rules, parameter="image")
    identity, url = _kept(call, await asyncio.to_thread(read_bytes, image.strip(), rules, "image"))
    return {"taskType": "imageUpload", "taskUUID": task_uuid, "imageUUID": identity, "imageURL": url}


async def store_media(call: Call, task: dict[str, Any]) -> dict[str, Any]:
    """Keep a picture, clip or sound under a UUID, or delete one."""
    fields.known(task, _STORAGE)
    told = {"taskType": "mediaStorage", "taskUUID": read_uuid(task), "operation": fields.text(task, "operation")}
    media = fields.text(task, "media", required=True).strip()
    if told["operation"] == "upload":
        identity, url = _kept(call, await asyncio.to_thread(read_bytes, media, image_rules(call), "media"))
        return {**told, "mediaUUID": identity, "mediaURL": url}
    if told["operation"] != "delete":
        message = f"operation must be one of upload, delete, got {task.get('operation')!r}"
        raise RefusalError("params", message, parameter="operation")
    path = call.world.uploads / f"rw-{call.account}-{media.lower()}"
    if not is_uuid(media) or not path.exists():
        raise RefusalError("not_found", f"there is no media {media!r}", parameter="media")
    path.unlink()
    return {**told, "mediaUUID": media}


def _kept(call: Call, raw: bytes) -> tuple[str, str]:
    """Keep bytes; return the UUID that stands for them, and a URL."""
    identity = uuid.uuid4()
    store_bytes(call.world.uploads / f"rw-{call.account}-{identity}", raw)
    store_bytes(call.world.uploads / identity.hex, raw)
    return str(identity), f"{call.base_url}/simulator/uploads/{identity.hex}"


async def manage_account(call: Call, task: dict[str, Any]) -> dict[str, Any]:
    """Return the details of the account: balance, team, keys and what was used."""
    task_uuid = read_uuid(task)
    operation = one_of(task, "operation", "getDetails", *_USAGE) if task.get("operation") is not None else ""
    if not operation:
        raise RefusalError("params", "operation is required", parameter="operation")
    if operation in _USAGE:
        raise RefusalError("params", f"operation {operation} is not simulated", parameter="operation")
    fields.known(task, _ACCOUNT)
    left = round(call.world.available(call, _BALANCE), 4)
    return {
        "taskType": "accountManagement",
        "taskUUID": task_uuid,
        "operation": operation,
        "organizationUUID": _ORGANISATION,
        "organizationName": "Simulated",
        "balance": {"amount": left, "freeBalance": 0.0, "currency": "USD"}
        if call.world.settings.runware_balance_object
        else left,
        "team": [],
        "apiKeys": [],
        "usage": _usage(call),
    }


def _usage(call: Call) -> dict[str, dict[str, float]]:
    """Return what the account has paid and how often it has asked for clips, by span."""
    now = time.time()
    spans = {"total": now, "today": _DAY, "last7Days": 7 * _DAY, "last30Days": 30 * _DAY}
    made = call.world.tasks.find(provider="runware", account=call.account)
    recent = {name: [task for task in made if task.created >= now - span] for name, span in spans.items()}
    return {
        name: {"credits": round(sum(task.cost for task in tasks), 4), "requests": len({task.group for task in tasks})}
        for name, tasks in recent.items()
    }
