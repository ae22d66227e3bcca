"""Check of a ``videoInference`` task for ``minimax:3@1``, field by field.

The fields are those of Runware's model page.

The page lists no ``seed`` among the request's fields (only results have one), so sending one is an error.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import callbacks, fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import ImageRules, take_image
from hailuo_widgets.simulator.minimax_rules import price
from hailuo_widgets.simulator.render import Clip, fit_size

if TYPE_CHECKING:
    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

MODEL = "minimax:3@1"
_IMAGES = ImageRules(bare_base64=True, shapes=False)
_FIELD_NAMES = (
    "taskType taskUUID outputType outputFormat outputQuality webhookURL deliveryMethod uploadEndpoint safety ttl "
    "includeCost numberResults inputs model positivePrompt width height duration fps providerSettings"
)
_FIELDS = frozenset(_FIELD_NAMES.split())
_SIDES = (128, 2048)
_KNOWN_SIZES = ((1366, 768), (1920, 1080))
_FULL_HD = 1080
_LONG = 10


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A valid task, before its results have their seeds.

    Attributes:
        task_uuid: Chosen by the client.
        clip: What each result is made from.
        resolution: MiniMax's name of the size, for time and price.
        results: How many.
        cost: Of one, in US dollars.
        include_cost: Whether the answers carry it.
        ttl: Seconds that links live, or ``None``.
        webhook: URL for finished results, or empty.
        upload: URL that gets each file by PUT, or empty.
    """

    task_uuid: str
    clip: Clip
    resolution: str
    results: int
    cost: float
    include_cost: bool
    ttl: int | None
    webhook: str
    upload: str


def read_uuid(task: dict[str, Any]) -> str:
    """Return a task's ``taskUUID``.

    Raises:
        RefusalError: It is no UUID.
    """
    value = fields.text(task, "taskUUID", required=True)
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != value.lower():
        raise RefusalError("params", f"taskUUID must be a UUID v4, got {value!r}", parameter="taskUUID")
    return value


def _one_of(task: dict[str, Any], name: str, *allowed: str) -> str:
    value = fields.text(task, name) or allowed[0]
    if value not in allowed:
        raise RefusalError("params", f"{name} must be one of {', '.join(allowed)}, got {value!r}", parameter=name)
    return value


def _within(task: dict[str, Any], name: str, low: int, high: int | None, default: int | None = None) -> int | None:
    value = fields.whole(task, name)
    if value is None:
        return default
    if value < low or (high is not None and value > high):
        limits = f"between {low} and {high}" if high is not None else f"at least {low}"
        raise RefusalError("params", f"{name} must be {limits}, got {value}", parameter=name)
    return value


def _inside(task: dict[str, Any], name: str, allowed: str) -> dict[str, Any]:
    """Return an object argument whose fields are all known, empty where it is absent."""
    value = task.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusalError("params", f"{name} must be an object, got {value!r}", parameter=name)
    fields.known(value, frozenset(allowed.split()), f"{name}.")
    return value


async def read_task(call: Call, task: dict[str, Any]) -> Wish:
    """Check one ``videoInference`` task.

    Raises:
        RefusalError: Something in it is not allowed; ``parameter`` names it.
    """
    fields.known(task, _FIELDS)
    task_uuid = read_uuid(task)
    model = fields.text(task, "model", required=True)
    if model != MODEL:
        raise RefusalError("params", f"model {model!r} is not available; available: {MODEL}", parameter="model")
    prompt = fields.text(task, "positivePrompt", required=True, longest=2000)
    if len(prompt) < 2:  # noqa: PLR2004 - characters
        raise RefusalError("prompt", "positivePrompt must have at least 2 characters", parameter="positivePrompt")
    for name, allowed in (("outputType", ("URL",)), ("deliveryMethod", ("async",))):
        _one_of(task, name, *allowed)
    container = _one_of(task, "outputFormat", "MP4", "WEBM", "MOV").lower()
    _within(task, "outputQuality", 20, 99)
    _within(task, "fps", 25, 25)
    safety = _inside(task, "safety", "checkContent mode")
    fields.flag(safety, "checkContent", default=False)
    _one_of(safety, "mode", "none", "fast", "full")
    settings = _inside(_inside(task, "providerSettings", "minimax"), "minimax", "promptOptimizer")
    fields.flag(settings, "promptOptimizer", default=False)
    duration = fields.number(task, "duration")
    seconds = 6 if duration is None else duration
    if seconds not in (6, _LONG):
        raise RefusalError("params", f"duration must be 6 or 10, got {seconds!r}", parameter="duration")
    first, last = await _frames(call, task)
    width, height = _size(call, task, first)
    if call.world.settings.strict and seconds == _LONG and min(width, height) >= _FULL_HD:
        raise RefusalError("params", "duration 10 is not available at 1920x1080", parameter="duration")
    resolution = "1080P" if min(width, height) > 900 else "768P"  # noqa: PLR2004 - between the two sizes
    clip = Clip(
        prompt=prompt,
        model=model,
        width=width,
        height=height,
        duration=seconds,
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        container=container,
        draft=call.world.settings.draft,
    )
    return Wish(
        task_uuid=task_uuid,
        clip=clip,
        resolution=resolution,
        results=_within(task, "numberResults", 1, 20, 1) or 1,
        cost=price(resolution, seconds),
        include_cost=fields.flag(task, "includeCost", default=False),
        ttl=_within(task, "ttl", 60, None),
        webhook=callbacks.check_url(task.get("webhookURL"), "webhookURL"),
        upload=callbacks.check_url(task.get("uploadEndpoint"), "uploadEndpoint"),
    )


def _size(call: Call, task: dict[str, Any], first: Picture | None) -> tuple[int, int]:
    """Return width and height: as asked, else the first frame's aspect, else 1366×768."""
    width, height = (_within(task, side, *_SIDES) for side in ("width", "height"))
    if width is None and height is None:
        return fit_size("768P", (first.width, first.height) if first else None)
    if width is None or height is None:
        missing = "width" if width is None else "height"
        raise RefusalError("params", "width and height must be given together", parameter=missing)
    if call.world.settings.strict and (width, height) not in _KNOWN_SIZES:
        sizes = " or ".join(f"{a}x{b}" for a, b in _KNOWN_SIZES)
        raise RefusalError("params", f"width x height must be {sizes}, got {width}x{height}", parameter="width")
    return width, height


async def _frames(call: Call, task: dict[str, Any]) -> tuple[Picture | None, Picture | None]:
    """Return first and last frame of ``inputs.frameImages``."""
    images = _inside(task, "inputs", "frameImages").get("frameImages")
    if images is None:
        return None, None
    name = "inputs.frameImages"
    if not isinstance(images, list) or not 1 <= len(images) <= 2:  # noqa: PLR2004 - first and last
        raise RefusalError("params", f"{name} must have 1 or 2 items", parameter=name)
    placed: dict[str, Any] = {}
    for position, item in enumerate(images):
        image, frame = item, ("first", "last")[position]
        if isinstance(item, dict):
            fields.known(item, frozenset({"image", "frame"}), f"{name}.")
            image = item.get("image")
            asked = item.get("frame", frame)
            key = None if isinstance(asked, bool) or not isinstance(asked, str | int) else asked
            place = {"first": "first", "last": "last", 0: "first", -1: "last"}.get(key) if key is not None else None
            if place is None:
                message = f'{name}.frame must be "first", "last", 0 or -1, got {asked!r}'
                raise RefusalError("params", message, parameter=f"{name}.frame")
            frame = place
        if frame in placed:
            raise RefusalError("params", f"{name} has two images for the {frame} frame", parameter=name)
        placed[frame] = await take_image(image, call.world.images, _IMAGES, parameter=f"{name}.image")
    return placed.get("first"), placed.get("last")
