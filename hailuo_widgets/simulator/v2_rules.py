"""Check of what MiniMax's V2 API is asked to make: clips, regenerated clips, better prompts.

Source: MiniMax's V2 pages on create, regeneration and context-IR. Where they leave something open, what one of them
allows is accepted; `Settings.strict` refuses it: sound alone as a reference, a lone last frame, H3-Max with references,
fields of the body that no page lists.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields, h3_family
from hailuo_widgets.simulator.callbacks import check_url
from hailuo_widgets.simulator.errors import RefusalError, sendable
from hailuo_widgets.simulator.images import ImageRules, take_image
from hailuo_widgets.simulator.reference_media import Media, check_total, take_media, whole_seconds
from hailuo_widgets.simulator.render import Clip
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task

CHANNEL = "h3"
H3, H3_MAX = "MiniMax-H3", "MiniMax-H3-Max"
SHORTEST: Mapping[str, int] = {H3: 4, H3_MAX: 5}
LONGEST = 15
_REGENERATION_LENGTH = 40_000
_EXPANSIONS = ("balanced", "disabled", "quality")
_CREATE = frozenset({"model", "content", "resolution", "duration", "ratio", "extra", "callback_url", "aigc_watermark"})
_IR = frozenset({"model", "content", "duration", "ratio", "callback_url"})
_REGENERATION = frozenset({"model", "content", "source_task_id", "resolution", "callback_url", "aigc_watermark"})
_ROLES: Mapping[str, tuple[str, ...]] = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}
_MOST: Mapping[str, int] = {
    "first_frame": 1,
    "last_frame": 1,
    "reference_image": h3_family.MOST_PICTURES,
    "reference_video": h3_family.MOST_CLIPS,
    "reference_audio": h3_family.MOST_SOUNDS,
    "base_video": 1,
}
_FRAMES = ("first_frame", "last_frame")
# MiniMax's page on regeneration, "base_video".
_BASE_FPS, _BASE_SIDE, _BASE_AREA = 24, 32, (768 * 768, 768 * 1344)
_BASE_FRAMES = range(107, 363, 17)
_DRAFT = 4
_FILE_SECONDS = 7 * 86_400


@dataclass(kw_only=True)
class Content:
    """The checked items of a body's ``content``."""

    text: str = ""
    pictures: dict[str, list[Picture]] = field(default_factory=dict)
    media: dict[str, list[Media]] = field(default_factory=dict)

    @property
    def roles(self) -> set[str]:
        """The roles that occur."""
        return {*self.pictures, *self.media}

    @property
    def framed(self) -> bool:
        """Whether there is a first or a last frame."""
        return bool(self.roles & set(_FRAMES))

    def picture(self, role: str) -> Picture | None:
        """Return the first picture of a role."""
        return next(iter(self.pictures.get(role, ())), None)


def invalid(message: str, parameter: str = "") -> RefusalError:
    """Return the refusal of a body."""
    return RefusalError("params", f"invalid params, {message}", parameter=parameter)


def image_rules(call: Call) -> ImageRules:
    """Return what a picture of a V2 body may be."""
    return ImageRules(max_bytes=h3_family.PICTURE_BYTES + 1, h3=True, find=lambda value: find_file(call, value))


def find_file(call: Call, value: str) -> bytes | None:
    """Return the bytes behind ``mm_file://{file_id}``, an upload or an earlier clip; ``None`` for another value.

    Raises:
        RefusalError: The account has no such file.
    """
    if not value.startswith("mm_file://"):
        return None
    path = call.world.uploads / f"mm-{call.account}-{value.removeprefix('mm_file://')}"
    oldest = time.time() - _FILE_SECONDS
    if re.fullmatch(r"mm_file://[0-9]{1,18}", value) is not None:
        if path.exists() and path.stat().st_mtime >= oldest:
            return path.read_bytes()
        number = int(value.removeprefix("mm_file://"))
        for task in call.world.tasks.find(provider="minimax", channel="video", account=call.account, file_id=number):
            if task.done(time.time()) and not task.failed and task.created >= oldest:
                return call.world.render(task).result().read_bytes()
    raise invalid(f"file {value!r} does not exist", "content")


async def read_clip(call: Call, task_id: str) -> Order:
    """Check the body of ``POST /v2/video_generation``.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    body = call.object()
    _known(call, body, _CREATE)
    model = _model(body, SHORTEST)
    content = await _content(call, body, longest=h3_family.PROMPT_LENGTH)
    resolution = _one_of(body, "resolution", tuple(h3_family.SECOND[model]))
    duration = _duration(body, model)
    _extra(body, model)
    if model == H3_MAX and not content.framed and content.roles and call.world.settings.strict:
        raise invalid(f"model {model} does not support references", "content")
    ratio = _ratio(body, content)
    width, height = h3_family.SIZES[resolution][ratio]
    cost = price(model, resolution, duration, content)
    return Order(
        task_id=task_id,
        channel=CHANNEL,
        clip=Clip(
            prompt=content.text,
            model=model,
            width=width,
            height=height,
            duration=duration,
            variation=call.world.variation(),
            first_image=_digest(content.picture("first_frame")),
            last_image=_digest(content.picture("last_frame")),
            portrait=_digest(content.picture("reference_image")),
            watermark=fields.flag(body, "aigc_watermark", default=False),
            h3=True,
            draft=call.world.settings.draft,
        ),
        resolution=resolution,
        cost=cost,
        callback=check_url(body.get("callback_url"), "callback_url"),
        text=content.text,
        free_if_failed=True,
        extra={
            "task_type": "generation",
            "modality": "video",
            "resolution": resolution,
            "duration": duration,
            "ratio": ratio,
            "usage": _usage(duration, content),
        },
    )


async def read_prompt(call: Call, task_id: str) -> Order:
    """Check the body of ``POST /v2/h3_context_ir``.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    body = call.object()
    _known(call, body, _IR)
    model = _model(body, (H3,))
    content = await _content(call, body, longest=h3_family.PROMPT_LENGTH)
    duration = _duration(body, model)
    ratio = _ratio(body, content)
    written = (
        f"integrated_multimodal_description: [Shot 1] Simulated, {duration} seconds: {sendable(content.text)}\n\n"
        "overall_soundscape: A simulated tune, quiet and even.\n\n"
        "non_diegetic_music: None."
    )
    usage = {"prompt_tokens": 5600 + len(content.text) // 4, "completion_tokens": len(written) // 4}
    cost = usage["prompt_tokens"] * h3_family.PROMPT_TOKEN + usage["completion_tokens"] * h3_family.COMPLETION_TOKEN
    width, height = h3_family.SIZES["768P"][ratio]
    return Order(
        task_id=task_id,
        channel=CHANNEL,
        clip=Clip(prompt=content.text, model=model, width=width, height=height, duration=duration, h3=True),
        resolution="768P",
        cost=h3_family.money(cost),
        callback=check_url(body.get("callback_url"), "callback_url"),
        text=content.text,
        free_if_failed=True,
        has_file=False,
        extra={
            "task_type": "h3_context_ir",
            "modality": "text",
            "duration": duration,
            "ratio": ratio,
            "prompt": written,
            "usage": {"total_tokens": sum(usage.values()), **usage},
        },
    )


async def read_regeneration(call: Call, task_id: str, find: Any) -> Order:
    """Check the body of ``POST /v2/video_regeneration``.

    Args:
        call: The request.
        task_id: Identifier of the task to be.
        find: Returns an own task and its status by its id, or raises.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    body = call.object()
    _known(call, body, _REGENERATION)
    model = _model(body, (H3,))
    _one_of(body, "resolution", ("2K",))
    source, given = body.get("source_task_id"), body.get("content")
    if (source is None) == (given is None):
        raise invalid("exactly one of source_task_id and content is required", "source_task_id")
    if source is not None:
        clip, duration = _of_task(call, source, find)
    else:
        clip, duration = await _of_base_video(call, body)
    ratio = h3_family.ratio_of(clip.width, clip.height)
    width, height = h3_family.SIZES["2K"][ratio]
    watermark = fields.flag(body, "aigc_watermark", default=False)
    return Order(
        task_id=task_id,
        channel=CHANNEL,
        clip=replace(clip, model=model, width=width, height=height, watermark=watermark),
        resolution="2K",
        cost=h3_family.money(h3_family.REGENERATION_SECOND * duration),
        callback=check_url(body.get("callback_url"), "callback_url"),
        text=clip.prompt,
        free_if_failed=True,
        extra={
            "task_type": "regeneration",
            "modality": "video",
            "resolution": "2K",
            "duration": duration,
            "ratio": "",
            "usage": {
                "total_seconds": duration,
                "input_seconds": 0,
                "output_seconds": duration,
                "input_image_count": 0,
            },
        },
    )


def price(model: str, resolution: str, duration: int, content: Content) -> float:
    """Return what a clip costs in US dollars; the seconds of reference clips cost what those of the result do."""
    second = h3_family.SECOND[model][resolution]
    free, picture = h3_family.PICTURES[model]
    seconds = duration + whole_seconds(content.media.get("reference_video", ()), "content")
    count = sum(map(len, content.pictures.values()))
    return h3_family.money(second * seconds + picture * max(0, count - free))


def _of_task(call: Call, source: Any, find: Any) -> tuple[Clip, int]:
    """Return the clip and the seconds of an own task that may be regenerated."""
    if not isinstance(source, str) or not source:
        raise invalid("source_task_id must be a non-empty string", "source_task_id")
    if not call.world.settings.regeneration_by_id:
        raise invalid("source_task_id is not available for this account", "source_task_id")
    task: Task
    task, status = find(call, source)
    extra = task.extra
    wanted = ("succeeded", "generation", H3, "768P")
    if (status, extra["task_type"], task.clip["model"], extra.get("resolution")) != wanted:
        message = f"source_task_id {source} must be a succeeded 768P generation of {H3}, got {status}"
        raise invalid(message, "source_task_id")
    return Clip(**task.clip), int(extra["duration"])


async def _of_base_video(call: Call, body: dict[str, Any]) -> tuple[Clip, int]:
    """Return the clip and the seconds of a base video that comes with the body."""
    content = await _content(call, body, longest=_REGENERATION_LENGTH, base=True)
    (video,) = content.media["base_video"]
    scale = _DRAFT if call.world.settings.draft else 1
    width, height = (video.width * scale, video.height * scale) if video.width else h3_family.SIZES["768P"]["16:9"]
    if video.width:
        wrong = ""
        if not video.sound:
            wrong = "must have sound"
        elif round(video.fps, 2) != _BASE_FPS:
            wrong = f"must have 24 frames per second, got {video.fps:g}"
        elif width % _BASE_SIDE or height % _BASE_SIDE:
            wrong = f"must have sides that are multiples of 32, got {width}x{height}"
        elif not _BASE_AREA[0] <= width * height <= _BASE_AREA[1]:
            wrong = f"must have an area from 768x768 to 768x1344, got {width}x{height}"
        elif video.frames not in _BASE_FRAMES:
            wrong = f"must have 107 to 362 frames in steps of 17, got {video.frames}"
        if wrong:
            raise invalid(f"base_video {wrong}", "content")
    duration = max(SHORTEST[H3], int(video.seconds))
    clip = Clip(
        prompt=content.text,
        model=H3,
        width=width,
        height=height,
        duration=duration,
        variation=call.world.variation(),
        first_image=_digest(content.picture("first_frame")),
        last_image=_digest(content.picture("last_frame")),
        portrait=_digest(content.picture("reference_image")),
        h3=True,
        draft=call.world.settings.draft,
    )
    return clip, duration


async def _content(call: Call, body: dict[str, Any], *, longest: int, base: bool = False) -> Content:
    items = body.get("content")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid("content must be an array of objects", "content")
    content = Content()
    texts = [fields.text(item, "text", longest=longest) for item in items if item.get("type") == "text"]
    spoken = [text for text in texts if text.strip()]
    if len(spoken) != 1 and not (base and not texts):
        message = "content must include a non-empty text item (prompt is required)"
        raise invalid(message if not spoken else "content must include exactly one text item", "content")
    content.text = spoken[0] if spoken else ""
    bare = sum(item.get("type") == "image_url" and item.get("role") is None for item in items)
    placed = [(_role(item, bare, base=base), item) for item in items if item.get("type") != "text"]
    _combine([role for role, _ in placed], base=base)
    for role, item in placed:
        await _take(call, content, role, item)
    check_total(content.media.get("reference_video", ()), "content")
    check_total(content.media.get("reference_audio", ()), "content")
    if call.world.settings.strict and content.roles == {"reference_audio"}:
        raise invalid("reference_audio needs a reference image or video", "content")
    if call.world.settings.strict and content.roles == {"last_frame"}:
        raise invalid("last_frame needs a first_frame", "content")
    return content


def _role(item: dict[str, Any], bare: int, *, base: bool) -> str:
    """Return the role of one file; a single picture without one is the first frame."""
    kind, role = item.get("type"), item.get("role")
    if not isinstance(kind, str) or kind not in _ROLES:
        raise invalid(f"content type must be one of text, {', '.join(_ROLES)}, got {kind!r}", "content")
    allowed = (*_ROLES[kind], "base_video") if base and kind == "video_url" else _ROLES[kind]
    if role is None and kind == "image_url" and bare == 1:
        return "first_frame"
    if role not in allowed:
        raise invalid(f"role of {kind} must be one of {', '.join(allowed)}, got {role!r}", "content")
    return str(role)


def _combine(roles: list[str], *, base: bool) -> None:
    """Refuse numbers and combinations of roles that the page does not allow."""
    for role, most in _MOST.items():
        if roles.count(role) > most:
            raise invalid(f"content must include at most {most} {role}, got {roles.count(role)}", "content")
    if base and "base_video" not in roles:
        raise invalid("content must include one base_video", "content")
    inputs = [role for role in roles if role != "base_video"]
    if set(inputs) & set(_FRAMES) and set(inputs) - set(_FRAMES):
        raise invalid("first_frame and last_frame cannot be combined with references", "content")
    if len(inputs) > h3_family.MOST_FILES:
        raise invalid(f"content must include at most {h3_family.MOST_FILES} files, got {len(inputs)}", "content")


async def _take(call: Call, content: Content, role: str, item: dict[str, Any]) -> None:
    """Read one file of the content."""
    kind = str(item["type"])
    holder = item.get(kind)
    if not isinstance(holder, dict):
        raise invalid(f"{kind} must be an object with a url", "content")
    rules = image_rules(call)
    url = holder.get("url")
    if kind == "image_url":
        picture = await take_image(url, call.world.images, rules, parameter=role)
        content.pictures.setdefault(role, []).append(picture)
        return
    scale = _DRAFT if call.world.settings.draft else 1
    media = await take_media(url, kind.removesuffix("_url"), rules, parameter=role, scale=scale)
    content.media.setdefault(role, []).append(media)


def _ratio(body: dict[str, Any], content: Content) -> str:
    """Return the real ratio: as asked, else that of the picture or clip that is followed."""
    asked = fields.text(body, "ratio")
    if asked and asked not in ("adaptive", *h3_family.RATIOS):
        raise invalid(f"ratio must be one of adaptive, {', '.join(h3_family.RATIOS)}, got {asked!r}", "ratio")
    if not content.roles and asked in ("", "adaptive"):
        raise invalid("ratio is required for text only, and must not be adaptive", "ratio")
    if asked not in ("", "adaptive") and not content.framed:
        return asked
    for role in ("first_frame", "last_frame", "reference_image"):
        if (picture := content.picture(role)) is not None:
            return h3_family.ratio_of(picture.width, picture.height)
    seen = [clip for clip in content.media.get("reference_video", ()) if clip.width]
    return h3_family.ratio_of(seen[0].width, seen[0].height) if seen else "16:9"


def _usage(duration: int, content: Content) -> dict[str, int]:
    """Return the figures of a succeeded task's ``usage``; a sound's seconds are there only where there is one."""
    clips = whole_seconds(content.media.get("reference_video", ()), "content")
    usage = {
        "total_seconds": duration + clips,
        "input_seconds": clips,
        "output_seconds": duration,
        "input_image_count": sum(map(len, content.pictures.values())),
    }
    sounds = content.media.get("reference_audio", ())
    return {**usage, "input_audio_seconds": round(sum(item.seconds for item in sounds))} if sounds else usage


def _known(call: Call, body: dict[str, Any], names: frozenset[str]) -> None:
    """Refuse fields that no page lists: with `Settings.strict`, for whether the root is closed is not known."""
    unknown = sorted(set(body) - names)
    if unknown and call.world.settings.strict:
        raise invalid(f"unknown parameter {unknown[0]!r}", unknown[0])


def _model(body: dict[str, Any], allowed: Any) -> str:
    name = fields.text(body, "model", required=True)
    if name not in allowed:
        raise invalid(f"model {name!r} is not supported; supported: {', '.join(allowed)}", "model")
    return name


def _one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = fields.text(body, name, required=True)
    if value not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}, got {value!r}", name)
    return value


def _duration(body: dict[str, Any], model: str) -> int:
    value = fields.whole(body, "duration")
    if value is None:
        raise invalid("duration is required", "duration")
    if not SHORTEST[model] <= value <= LONGEST:
        raise invalid(f"duration must be {SHORTEST[model]} to {LONGEST} for {model}, got {value}", "duration")
    return value


def _extra(body: dict[str, Any], model: str) -> None:
    """Check ``extra``, which only H3-Max takes, with one field."""
    extra = body.get("extra")
    if extra is None:
        return
    if model != H3_MAX or not isinstance(extra, dict) or set(extra) - {"prompt_expansion_mode"}:
        raise invalid(f"extra is for {H3_MAX} only, and takes prompt_expansion_mode only", "extra")
    mode = extra.get("prompt_expansion_mode", _EXPANSIONS[0])
    if mode not in _EXPANSIONS:
        message = f"extra.prompt_expansion_mode must be one of {', '.join(_EXPANSIONS)}, got {mode!r}"
        raise invalid(message, "extra.prompt_expansion_mode")


def _digest(picture: Picture | None) -> str:
    return picture.sha256 if picture else ""
