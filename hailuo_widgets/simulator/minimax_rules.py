"""Tables of what MiniMax accepts, and the check of a create call's body against them.

The tables are those of MiniMax's video API document.

Where the document and other public evidence differ, what the document allows is accepted; `Settings.strict` refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.callbacks import check_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import ImageRules, take_image
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

PROMPT_LENGTH = 2000
IMAGES = ImageRules()
# The first resolution of a model is its default. A pair means: seconds that text-to-video takes, seconds that a first
# frame takes. Sources: the document's tables; "i2v 2.3 at 768P: 6 s" there is 6 or 10 on later public pages.
_HAILUO = {"768P": ((6, 10), (6, 10)), "1080P": ((6,), (6,))}
_OLD = {"720P": ((6,), (6,))}


@dataclass(frozen=True, kw_only=True)
class Model:
    """One row: modes among ``t2v i2v fl2v s2v``, and seconds by resolution."""

    modes: str
    lengths: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    camera: bool = False


MODELS: Mapping[str, Model] = {
    "MiniMax-Hailuo-2.3": Model(modes="t2v i2v", lengths=_HAILUO, camera=True),
    "MiniMax-Hailuo-2.3-Fast": Model(modes="t2v i2v", lengths=_HAILUO, camera=True),
    "MiniMax-Hailuo-02": Model(
        modes="t2v i2v fl2v",
        lengths={"768P": ((6, 10), (6, 10)), "512P": ((6, 10), (6, 10)), "1080P": ((6,), (6, 10))},
        camera=True,
    ),
    "T2V-01": Model(modes="t2v", lengths=_OLD),
    "T2V-01-Director": Model(modes="t2v", lengths=_OLD, camera=True),
    "I2V-01": Model(modes="i2v", lengths=_OLD),
    "I2V-01-Director": Model(modes="i2v", lengths=_OLD, camera=True),
    "I2V-01-live": Model(modes="i2v", lengths=_OLD),
    "S2V-01": Model(modes="s2v", lengths=_OLD),
    "video-01": Model(modes="t2v i2v", lengths=_OLD),  # not in the document; an old public client still sends it
}
# What public pages call impossible although the document's tables have it; refused by `Settings.strict`.
_DOUBTED = {
    ("MiniMax-Hailuo-2.3-Fast", "t2v"): "model MiniMax-Hailuo-2.3-Fast does not support Text-to-Video",
    ("MiniMax-Hailuo-02", "t2v", "512P"): "resolution 512P requires first_frame_image",
    ("MiniMax-Hailuo-02", "fl2v", "512P"): "resolution 512P does not support last_frame_image",
    ("MiniMax-Hailuo-02", "i2v", "1080P", 10): "resolution 1080P does not support duration 10",
    ("MiniMax-Hailuo-02", "fl2v", "1080P", 10): "resolution 1080P does not support duration 10",
}
# US dollars by (resolution, seconds), from a public client's price badges. They only decide when `credits` run out.
_PRICES = {("512P", 6): 0.1, ("512P", 10): 0.15, ("768P", 6): 0.28, ("768P", 10): 0.56, ("1080P", 6): 0.49}
_OLD_PRICE = 0.43


def price(resolution: str, duration: float) -> float:
    """Return what one clip costs in US dollars."""
    return _PRICES.get((resolution.upper(), int(duration)), 0.98 if resolution.upper() == "1080P" else _OLD_PRICE)


def _invalid(message: str, parameter: str = "") -> RefusalError:
    return RefusalError("params", f"invalid params, {message}", parameter=parameter)


async def read_video(
    call: Call,
    body: dict[str, Any],
    task_id: str,
    *,
    models: Mapping[str, Model] = MODELS,
    extra_lengths: Mapping[str, tuple[int, ...]] | None = None,
) -> Order:
    """Check the body of a create call and say what it orders.

    Args:
        call: The request.
        body: Its JSON object.
        task_id: Identifier of the task to be.
        models: The models that this gateway offers.
        extra_lengths: Seconds by resolution that this gateway's document allows beyond the models' own.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    name = fields.text(body, "model", required=True)
    model = models.get(name)
    if model is None:
        raise _invalid(f"model {name!r} is not supported; supported: {', '.join(models)}", "model")
    mode = _mode(body, name, model)
    prompt = fields.text(body, "prompt", required=mode == "t2v", longest=PROMPT_LENGTH)
    resolution, duration = _format(body, name, model, mode, extra_lengths or {})
    settings = call.world.settings
    for doubt in ((name, mode), (name, mode, resolution), (name, mode, resolution, duration)):
        if doubt in _DOUBTED and (settings.strict or (settings.strict_fast and "Fast" in name)):
            raise _invalid(_DOUBTED[doubt])
    for switch in ("prompt_optimizer", "fast_pretreatment"):
        fields.flag(body, switch, default=False)
    first, last, portrait = await _pictures(call, body)
    size = fit_size(resolution, (first.width, first.height) if first else None)
    clip = Clip(
        prompt=prompt,
        model=name,
        width=size[0],
        height=size[1],
        duration=duration,
        variation=call.world.variation(),
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        portrait=portrait.sha256 if portrait else "",
        watermark=fields.flag(body, "aigc_watermark", default=False),
        camera=model.camera,
        draft=settings.draft,
    )
    return Order(
        task_id=task_id,
        channel="video",
        clip=clip,
        resolution=resolution,
        cost=price(resolution, duration),
        callback=check_url(body.get("callback_url"), "callback_url"),
        text=prompt,
    )


def _mode(body: dict[str, Any], name: str, model: Model) -> str:
    """Return the mode that the picture arguments mean, if the model has it."""
    given = {key for key in ("first_frame_image", "last_frame_image", "subject_reference") if body.get(key)}
    if "subject_reference" in given:
        mode = "s2v"
        if len(given) > 1:
            raise _invalid("subject_reference cannot be combined with frame images", "subject_reference")
    elif "last_frame_image" in given:
        mode = "fl2v"
    else:
        mode = "i2v" if given else "t2v"
    modes = model.modes.split()
    if mode in modes:
        if mode == "fl2v" and "first_frame_image" not in given:
            raise _invalid("last_frame_image requires first_frame_image", "first_frame_image")
        return mode
    if mode == "t2v":
        needed = "subject_reference" if "s2v" in modes else "first_frame_image"
        raise _invalid(f"model {name} requires {needed}", needed)
    wrong = {"s2v": "subject_reference", "fl2v": "last_frame_image", "i2v": "first_frame_image"}[mode]
    raise _invalid(f"model {name} does not support {wrong}", wrong)


def _format(
    body: dict[str, Any], name: str, model: Model, mode: str, extra: Mapping[str, tuple[int, ...]]
) -> tuple[str, int]:
    resolution = fields.text(body, "resolution") or next(iter(model.lengths))
    seconds = fields.whole(body, "duration")
    duration = 6 if seconds is None else seconds
    pair = model.lengths.get(resolution)
    if pair is None and resolution not in extra:
        allowed = ", ".join({**model.lengths, **extra})
        raise _invalid(f"model {name} does not support resolution {resolution!r}; allowed: {allowed}", "resolution")
    lengths = (*(pair[mode != "t2v"] if pair else ()), *extra.get(resolution, ()))
    if duration not in lengths:
        allowed = ", ".join(map(str, sorted(set(lengths))))
        message = f"model {name} with resolution {resolution} does not support duration {duration}; allowed: {allowed}"
        raise _invalid(message, "duration")
    return resolution, duration


async def _pictures(call: Call, body: dict[str, Any]) -> tuple[Picture | None, Picture | None, Picture | None]:
    """Return first frame, last frame and subject."""
    found: list[Picture | None] = []
    for name in ("first_frame_image", "last_frame_image"):
        value = body.get(name)
        found.append(await take_image(value, call.world.images, IMAGES, parameter=name) if value else None)
    subject = body.get("subject_reference")
    if not subject:
        return found[0], found[1], None
    wrong = _invalid(
        'subject_reference must be [{"type": "character", "image": ["<one URL or data URL>"]}]', "subject_reference"
    )
    match subject:
        case [{"type": "character", "image": [str() as image]}]:
            picture = await take_image(image, call.world.images, IMAGES, parameter="subject_reference")
        case _:
            raise wrong
    return found[0], found[1], picture
