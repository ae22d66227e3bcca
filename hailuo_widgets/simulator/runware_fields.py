"""Fields that every Runware video model has in common, and the valid task that comes of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import callbacks, fields, h3_family
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import MEGABYTE, ImageRules, take_image

if TYPE_CHECKING:
    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.render import Clip
    from hailuo_widgets.simulator.station import Call

_COMMON_NAMES = (
    "taskType taskUUID outputType outputFormat outputQuality webhookURL deliveryMethod uploadEndpoint safety ttl "
    "includeCost numberResults inputs model positivePrompt width height duration"
)
COMMON = frozenset(_COMMON_NAMES.split())


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
        seed: What was asked for; ``None`` draws one for each result.
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
    seed: int | None = None


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


def one_of(task: dict[str, Any], name: str, *allowed: str) -> str:
    """Return a string argument out of a list, whose first is the default."""
    value = fields.text(task, name) or allowed[0]
    if value not in allowed:
        raise RefusalError("params", f"{name} must be one of {', '.join(allowed)}, got {value!r}", parameter=name)
    return value


def within(task: dict[str, Any], name: str, low: int, high: int | None, default: int | None = None) -> int | None:
    """Return an integer argument between two limits, which count; ``None`` is no upper one."""
    value = fields.whole(task, name)
    if value is None:
        return default
    if value < low or (high is not None and value > high):
        limits = f"between {low} and {high}" if high is not None else f"at least {low}"
        raise RefusalError("params", f"{name} must be {limits}, got {value}", parameter=name)
    return value


def inside(task: dict[str, Any], name: str, allowed: str) -> dict[str, Any]:
    """Return an object argument whose fields are all known, empty where it is absent."""
    value = task.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusalError("params", f"{name} must be an object, got {value!r}", parameter=name)
    fields.known(value, frozenset(allowed.split()), f"{name}.")
    return value


def image_rules(call: Call, *, h3: bool = False, links_only: bool = False, strangers: bool = False) -> ImageRules:
    """Return what a picture may be: a URL, a data URI, bare base64, or the UUID of one that was uploaded.

    Args:
        call: The request.
        h3: Whether MiniMax's rules for pictures of the H3 family hold.
        links_only: Whether URLs and UUIDs are all that is taken, as for clips and sounds.
        strangers: Whether a UUID that was not uploaded here stands for a picture all the same.
    """

    def find(value: str) -> bytes | None:
        if not is_uuid(value):
            return None
        path = call.world.uploads / f"rw-{call.account}-{value.lower()}"
        if path.exists():
            return path.read_bytes()
        if strangers:
            return None
        raise RefusalError("image", f"there is no image {value}")

    most = h3_family.PICTURE_BYTES + 1 if h3 else 20 * MEGABYTE
    return ImageRules(max_bytes=most, bare_base64=not links_only, data_urls=not links_only, shapes=h3, h3=h3, find=find)


def is_uuid(value: str) -> bool:
    """Return whether a string is a UUID as Runware writes it."""
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def read_wish(
    task: dict[str, Any], clip: Clip, *, resolution: str, cost: float, most: int, seed: int | None = None
) -> Wish:
    """Return the valid task, its common fields checked; ``most`` results at a time."""
    return Wish(
        task_uuid=read_uuid(task),
        clip=clip,
        resolution=resolution,
        results=within(task, "numberResults", 1, most, 1) or 1,
        cost=cost,
        include_cost=fields.flag(task, "includeCost", default=False),
        ttl=within(task, "ttl", 60, None),
        webhook=callbacks.check_url(task.get("webhookURL"), "webhookURL"),
        upload=callbacks.check_url(task.get("uploadEndpoint"), "uploadEndpoint"),
        seed=seed,
    )


def read_output(task: dict[str, Any], *modes: str) -> str:
    """Check how the result is wanted, and the safety mode; return the container."""
    for name, allowed in (("outputType", ("URL",)), ("deliveryMethod", ("async",))):
        one_of(task, name, *allowed)
    within(task, "outputQuality", 20, 99)
    safety = inside(task, "safety", "checkContent mode")
    fields.flag(safety, "checkContent", default=False)
    one_of(safety, "mode", *modes)
    return one_of(task, "outputFormat", "MP4", "WEBM", "MOV").lower()


def read_prompt(task: dict[str, Any], longest: int, *, required: bool = True) -> str:
    """Return the prompt; one of a single character is too short."""
    prompt = fields.text(task, "positivePrompt", required=required, longest=longest)
    if (prompt or required) and len(prompt) < 2:  # noqa: PLR2004 - characters
        raise RefusalError("prompt", "positivePrompt must have at least 2 characters", parameter="positivePrompt")
    return prompt


def read_pair(task: dict[str, Any], low: int, high: int) -> tuple[int, int] | None:
    """Return width and height, which come together, ``None`` where they are left out."""
    width, height = (within(task, side, low, high) for side in ("width", "height"))
    if width is None and height is None:
        return None
    if width is None or height is None:
        missing = "width" if width is None else "height"
        raise RefusalError("params", "width and height must be given together", parameter=missing)
    return width, height


async def read_frames(
    call: Call, images: Any, rules: ImageRules, most: int = 2
) -> tuple[Picture | None, Picture | None]:
    """Return first and last frame of ``inputs.frameImages``."""
    if images is None:
        return None, None
    name = "inputs.frameImages"
    if not isinstance(images, list) or not 1 <= len(images) <= most:
        raise RefusalError(
            "params", f"{name} must have 1 {'item' if most == 1 else f'to {most} items'}", parameter=name
        )
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
        placed[frame] = await take_image(image, call.world.images, rules, parameter=f"{name}.image")
    return placed.get("first"), placed.get("last")
