"""Tables of fal.ai's MiniMax endpoints, and the check of an input against them.

The rows are those of fal.ai's public model pages (``fal.ai/models/<endpoint>/llms.txt`` and ``/api``), prices included.
A page names no other field, and fal.ai ignores fields that it does not know. The rows of H3 are second-hand: three
public clients have read fal.ai's schemas, at different times.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields, h3_family
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import MEGABYTE, ImageRules, take_image
from hailuo_widgets.simulator.reference_media import take_media
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

_IMAGES = ImageRules()
_H3_IMAGES = ImageRules(max_bytes=30 * MEGABYTE + 1, h3=True)
_PROMPT_LENGTH = 2000  # MiniMax's own limit; the pages name none


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint.

    Attributes:
        prices: US dollars by resolution and seconds; the first resolution and its first length are the defaults. More
            than one resolution means a field ``resolution``, more than one length a field ``duration``.
        image: Field of the picture that is required, or empty.
        last: Whether there is a field ``end_image_url``.
    """

    prices: Mapping[str, Mapping[int, float]]
    image: str = ""
    last: bool = False


@dataclass(frozen=True, kw_only=True)
class Family:
    """One endpoint of H3, H3 Max or H3 Max Turbo.

    Attributes:
        prices: US dollars a second by resolution; the first is the default.
        mode: ``text``, ``image`` (a first frame, a last frame or both) or ``reference``.
    """

    prices: Mapping[str, float]
    mode: str


_STANDARD = {"768P": {6: 0.28, 10: 0.56}}
_PRO = {"1080P": {6: 0.49}}
_OLD = {"720P": {6: 0.5}}
_I2V = "image_url"
_ROWS = {
    "hailuo-2.3/standard/text-to-video": Endpoint(prices=_STANDARD),
    "hailuo-2.3/pro/text-to-video": Endpoint(prices=_PRO),
    "hailuo-2.3/standard/image-to-video": Endpoint(prices=_STANDARD, image=_I2V),
    "hailuo-2.3/pro/image-to-video": Endpoint(prices=_PRO, image=_I2V),
    "hailuo-2.3-fast/standard/image-to-video": Endpoint(prices={"768P": {6: 0.19, 10: 0.32}}, image=_I2V),
    "hailuo-2.3-fast/pro/image-to-video": Endpoint(prices={"1080P": {6: 0.33}}, image=_I2V),
    "hailuo-02/standard/text-to-video": Endpoint(prices={"768P": {6: 0.27, 10: 0.45}}),
    "hailuo-02/pro/text-to-video": Endpoint(prices={"1080P": {6: 0.48}}),
    "hailuo-02/standard/image-to-video": Endpoint(
        prices={"768P": {6: 0.27, 10: 0.45}, "512P": {6: 0.102, 10: 0.17}}, image=_I2V, last=True
    ),
    "hailuo-02/pro/image-to-video": Endpoint(prices={"1080P": {6: 0.48}}, image=_I2V, last=True),
    "hailuo-02-fast/image-to-video": Endpoint(prices={"512P": {6: 0.102, 10: 0.17}}, image=_I2V),
    "video-01": Endpoint(prices=_OLD),
    "video-01/image-to-video": Endpoint(prices=_OLD, image=_I2V),
    "video-01-live": Endpoint(prices=_OLD),
    "video-01-live/image-to-video": Endpoint(prices=_OLD, image=_I2V),
    "video-01-director": Endpoint(prices=_OLD),
    "video-01-director/image-to-video": Endpoint(prices=_OLD, image=_I2V),
    "video-01-subject-reference": Endpoint(prices=_OLD, image="subject_reference_image_url"),
}
_H3 = {"2K": 0.13, "480P": 0.05, "768P": 0.08, "4K": 0.16}  # the default is 2K
_MAX = {"768P": 0.08, "480P": 0.05, "1080P": 0.16}
_TURBO = {name: price / 2 for name, price in _MAX.items()}
_FAMILY = {"h3": _H3, "h3-max": _MAX, "h3-max-turbo": _TURBO}
_H3_LENGTHS = range(5, 16)  # the default is 5
_RATIOS = ("16:9", *(ratio for ratio in h3_family.RATIOS if ratio != "16:9"), "adaptive")
_1080P = {"16:9": (1920, 1080), "4:3": (1440, 1080), "1:1": (1080, 1080), "3:4": (1080, 1440), "9:16": (1080, 1920)}
_4K = {ratio: (width * 3 // 2, height * 3 // 2) for ratio, (width, height) in h3_family.SIZES["2K"].items()}
_SIZES = {**h3_family.SIZES, "1080P": {**_1080P, "21:9": (2160, 928)}, "4K": _4K}
_DRAFT = 4  # a draft's sides are a quarter
_REFERENCES = {
    "reference_image_urls": h3_family.MOST_PICTURES,
    "reference_video_urls": h3_family.MOST_CLIPS,
    "reference_audio_urls": h3_family.MOST_SOUNDS,
}
# By the name that stands in the path.
ENDPOINTS: Mapping[str, Endpoint | Family] = {
    **{f"fal-ai/minimax/{name}": row for name, row in _ROWS.items()},
    **{
        f"minimax/{name}/{mode}-to-video": Family(prices=prices, mode=mode)
        for name, prices in _FAMILY.items()
        for mode in ("text", "image", "reference")
    },
}


def app_of(name: str) -> str:
    """Return owner and app of an endpoint: what its status, result and cancel URLs begin with."""
    return "/".join(name.split("/")[:2])


async def read_input(call: Call, name: str, body: dict[str, Any]) -> Order:
    """Check an input and say what it orders.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    row = ENDPOINTS[name]
    if isinstance(row, Family):
        return await _read_family(call, name, row, body)
    prompt = fields.text(body, "prompt", required=True, longest=_PROMPT_LENGTH)
    fields.flag(body, "prompt_optimizer", default=True)
    resolution = _one_of(body, "resolution", tuple(row.prices))
    lengths = row.prices[resolution]
    duration = int(_one_of(body, "duration", tuple(map(str, lengths))))
    first = last = portrait = None
    if row.image:
        picture = await _picture(call, body, row.image)
        first, portrait = (picture, None) if row.image == _I2V else (None, picture)
    if row.last and body.get("end_image_url"):
        last = await _picture(call, body, "end_image_url")
    width, height = fit_size(resolution, (first.width, first.height) if first else None)
    clip = Clip(
        prompt=prompt,
        model=name,
        width=width,
        height=height,
        duration=duration,
        variation=call.world.variation(),
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        portrait=portrait.sha256 if portrait else "",
        draft=call.world.settings.draft,
    )
    return Order(
        task_id=str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        channel=app_of(name),
        clip=clip,
        resolution=resolution,
        cost=lengths[duration],
        text=prompt,
    )


async def _read_family(call: Call, name: str, row: Family, body: dict[str, Any]) -> Order:
    prompt = fields.text(body, "prompt", required=True, longest=h3_family.PROMPT_LENGTH)
    resolution = _one_of(body, "resolution", tuple(row.prices))
    duration = fields.whole(body, "duration")
    duration = _H3_LENGTHS[0] if duration is None else duration
    if duration not in _H3_LENGTHS:
        raise RefusalError("params", "Input should be an integer from 5 to 15", parameter="duration")
    ratio = "adaptive" if row.mode == "image" else _one_of(body, "aspect_ratio", _RATIOS)
    frames = ("image_url", "end_image_url") if row.mode == "image" else ()
    first, last = [
        await _picture(call, body, key, _H3_IMAGES) if key in frames and body.get(key) else None
        for key in ("image_url", "end_image_url")
    ]
    if frames and first is None and last is None:
        raise RefusalError("params", "Field required", parameter="image_url")
    reference = await _references(call, body) if row.mode == "reference" else None
    shaping = first or last or reference
    if ratio == "adaptive":
        ratio = h3_family.ratio_of(shaping.width, shaping.height) if shaping else "16:9"
    width, height = _SIZES[resolution][ratio]
    clip = Clip(
        prompt=prompt,
        model=name,
        width=width,
        height=height,
        duration=duration,
        seed=fields.whole(body, "seed"),
        variation=call.world.variation(),
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        portrait=reference.sha256 if reference else "",
        h3=True,
        draft=call.world.settings.draft,
    )
    return Order(
        task_id=str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        channel=app_of(name),
        clip=clip,
        resolution=resolution,
        cost=round(row.prices[resolution] * duration, 4),
        text=prompt,
    )


async def _references(call: Call, body: dict[str, Any]) -> Picture | None:
    """Check the references, and return the first picture."""
    scale = _DRAFT if call.world.settings.draft else 1
    found: dict[str, list[Any]] = {}
    for name, most in _REFERENCES.items():
        urls = body.get(name) or []
        if not isinstance(urls, list) or len(urls) > most:
            raise RefusalError("params", f"Sequence should have at most {most} items", parameter=name)
        kind = name.split("_")[1]
        found[name] = [
            await take_image(url, call.world.images, _H3_IMAGES, parameter=name)
            if kind == "image"
            else await take_media(url, kind, _H3_IMAGES, parameter=name, scale=scale)
            for url in urls
        ]
    pictures, clips, _ = found.values()
    if not pictures and not clips:
        raise RefusalError("params", "Field required", parameter="reference_image_urls")
    return pictures[0] if pictures else None


def broken(name: str, refusal: RefusalError, code: str, given: Any) -> Order:
    """Return the order of an input that is accepted into the queue, and that no runner can use."""
    clip = Clip(prompt="", model=name, width=64, height=64, duration=1, draft=True)
    return Order(
        task_id=str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        channel=app_of(name),
        clip=clip,
        resolution="768P",
        cost=0.0,
        error_code=code,
        error=refusal.message,
        extra={"parameter": refusal.parameter, "input": given},
    )


def _one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """Return a choice. Where there is only one, the endpoint has no such field, and ignores it."""
    if len(allowed) == 1:
        return allowed[0]
    value = fields.text(body, name) or allowed[0]
    if value not in allowed:
        listed = " or ".join(repr(item) for item in allowed)
        raise RefusalError("params", f"Input should be {listed}", parameter=name)
    return value


async def _picture(call: Call, body: dict[str, Any], name: str, rules: ImageRules = _IMAGES) -> Picture:
    if not body.get(name):
        raise RefusalError("params", "Field required", parameter=name)
    return await take_image(body[name], call.world.images, rules, parameter=name)
