"""Check of a ``jobs/createTask`` body for KIE's three models of MiniMax-H3.

Source: KIE's pages market/minimax-h3/text-to-video, image-to-video and reference-to-video. Unlike KIE's Hailuo models,
``duration`` is an integer, ``resolution`` is 2K where none is given, and files are URLs only.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import callbacks, fields, h3_family
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import ImageRules, take_image
from hailuo_widgets.simulator.reference_media import Media, check_total, take_media, whole_seconds
from hailuo_widgets.simulator.render import Clip
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

MODELS: Mapping[str, frozenset[str]] = {
    "minimax-h3/text-to-video": frozenset({"prompt", "aspect_ratio", "duration", "resolution"}),
    "minimax-h3/image-to-video": frozenset({"prompt", "duration", "first_frame_url", "last_frame_url", "resolution"}),
    "minimax-h3/reference-to-video": frozenset(
        {
            "prompt",
            "duration",
            "reference_image_urls",
            "reference_video_urls",
            "reference_audio_urls",
            "aspect_ratio",
            "resolution",
        }
    ),
}
FLAGGED = "Your prompt was flagged by Website as violating content policies"
# Credits for a second, of the result or of a reference clip.
_CREDITS: Mapping[str, float] = {"2K": 26.0, "768P": 16.0}
_SECONDS = (4, 15)
_BODY = frozenset({"model", "callBackUrl", "input"})
_LINKS = ImageRules(max_bytes=h3_family.PICTURE_BYTES + 1, h3=True, data_urls=False)
_DRAFT = 4
_MOST: Mapping[str, int] = {
    "reference_image_urls": h3_family.MOST_PICTURES,
    "reference_video_urls": h3_family.MOST_CLIPS,
    "reference_audio_urls": h3_family.MOST_SOUNDS,
}


async def read_job(call: Call, body: dict[str, Any], model: str) -> Order:
    """Check one body.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    fields.known(body, _BODY)
    given = body.get("input")
    if not isinstance(given, dict):
        raise RefusalError("params", "input must be an object", parameter="input")
    fields.known(given, MODELS[model], "input.")
    prompt = fields.text(given, "prompt", required=True, longest=h3_family.PROMPT_LENGTH)
    duration = fields.whole(given, "duration")
    if duration is None or not _SECONDS[0] <= duration <= _SECONDS[1]:
        message = f"duration must be an integer from 4 to 15, got {given.get('duration')!r}"
        raise RefusalError("params", message, parameter="duration")
    resolution = _choice(given, "resolution", tuple(_CREDITS))
    pictures, clips = await _files(call, given)
    first, last = pictures.get("first_frame_url"), pictures.get("last_frame_url")
    if model.endswith("image-to-video") and not (first or last):
        raise RefusalError("params", "first_frame_url or last_frame_url is required", parameter="first_frame_url")
    subjects = pictures.get("reference_image_urls", [])
    if model.endswith("reference-to-video") and not (subjects or clips):
        message = "reference_image_urls or reference_video_urls is required"
        raise RefusalError("params", message, parameter="reference_image_urls")
    ratio = _ratio(given, model, [*(first or ()), *(last or ()), *subjects], clips)
    width, height = h3_family.SIZES[resolution][ratio]
    callback = callbacks.check_url(body.get("callBackUrl"), "callBackUrl")
    return Order(
        task_id=f"task_minimax-h3_{int(time.time() * 1000)}{secrets.token_hex(4)}",
        channel="jobs",
        clip=Clip(
            prompt=prompt,
            model=model,
            width=width,
            height=height,
            duration=duration,
            variation=call.world.variation(),
            first_image=first[0].sha256 if first else "",
            last_image=last[0].sha256 if last else "",
            portrait=subjects[0].sha256 if subjects else "",
            h3=True,
            draft=call.world.settings.draft,
        ),
        resolution=resolution,
        cost=_CREDITS[resolution] * (duration + whole_seconds(clips, "reference_video_urls")),
        callback=callback,
        text=prompt,
        extra={"verified": callbacks.callable_url(callback), "param": json.dumps(body)},
    )


async def _files(call: Call, given: dict[str, Any]) -> tuple[dict[str, list[Picture]], list[Media]]:
    """Return the pictures by their field, and the reference clips; the sounds are only checked."""
    pictures: dict[str, list[Picture]] = {}
    for name in ("first_frame_url", "last_frame_url"):
        if given.get(name):
            pictures[name] = [await take_image(given[name], call.world.images, _LINKS, parameter=name)]
    media: dict[str, list[Media]] = {name: [] for name in _MOST}
    scale = _DRAFT if call.world.settings.draft else 1
    for name, most in _MOST.items():
        urls = given.get(name) or []
        if not isinstance(urls, list) or len(urls) > most:
            raise RefusalError("params", f"{name} must be an array of at most {most} URLs", parameter=name)
        for url in urls:
            if name == "reference_image_urls":
                picture = await take_image(url, call.world.images, _LINKS, parameter=name)
                pictures.setdefault(name, []).append(picture)
            else:
                kind = "video" if name == "reference_video_urls" else "audio"
                media[name].append(await take_media(url, kind, _LINKS, parameter=name, scale=scale))
        check_total(media[name], name)
    return pictures, media["reference_video_urls"]


def _ratio(given: dict[str, Any], model: str, pictures: list[Picture], clips: list[Media]) -> str:
    """Return the ratio: as asked, else that of the first picture or clip."""
    if model.endswith("text-to-video"):
        fields.text(given, "aspect_ratio", required=True)
        return _choice(given, "aspect_ratio", h3_family.RATIOS)
    asked = _choice(given, "aspect_ratio", ("adaptive", *h3_family.RATIOS))
    if asked != "adaptive":
        return asked
    if pictures:
        return h3_family.ratio_of(pictures[0].width, pictures[0].height)
    seen = [clip for clip in clips if clip.width]
    return h3_family.ratio_of(seen[0].width, seen[0].height) if seen else "16:9"


def _choice(given: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = fields.text(given, name) or allowed[0]
    if value not in allowed:
        raise RefusalError("params", f"{name} must be one of {', '.join(allowed)}, got {value!r}", parameter=name)
    return value
