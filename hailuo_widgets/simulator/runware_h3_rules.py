"""Check of a ``videoInference`` task for Runware's four models of the H3 family.

Source: Runware's schemas of ``minimax:h3@0``, ``@fast``, ``@max`` and ``@max-turbo``; ``settings`` and ``routing`` are
from its generated client, which is newer. Every field that they do not list is an error; ``fps`` is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields, h3_family
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import take_image
from hailuo_widgets.simulator.reference_media import Media, check_total, take_media, whole_seconds
from hailuo_widgets.simulator.render import Clip
from hailuo_widgets.simulator.runware_fields import (
    COMMON,
    Wish,
    image_rules,
    inside,
    one_of,
    read_frames,
    read_output,
    read_pair,
    read_prompt,
    read_uuid,
    read_wish,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

_FAST_SIZES: Mapping[str, tuple[int, int]] = {
    "16:9": (864, 480),
    "4:3": (640, 480),
    "1:1": (480, 480),
    "3:4": (480, 640),
    "9:16": (480, 864),
    "21:9": (1120, 480),
}
_REFERENCES: Mapping[str, int] = {
    "referenceImages": h3_family.MOST_PICTURES,
    "referenceVideos": h3_family.MOST_CLIPS,
    "referenceAudios": h3_family.MOST_SOUNDS,
}
_SEEDS = (0, 2**32 - 1)
_LONGEST, _DEFAULT_SECONDS = 15, 5
_MOST_RESULTS = 4
_CLIP_SECOND = 0.13  # US dollars for a second of a reference clip, at every resolution
_DRAFT = 4


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        sizes: By ``resolution`` (empty for the one that has none), then by ratio; the last resolution is the default.
        seconds: US dollars for a second, by resolution.
        shortest: Seconds.
        references: Whether it takes reference pictures, clips and sounds.
        charged: Whether they cost anything.
        settings: Whether it takes ``settings.promptExpansion``.
    """

    sizes: Mapping[str, Mapping[str, tuple[int, int]]]
    seconds: Mapping[str, float]
    shortest: int = 5
    references: bool = False
    charged: bool = False
    settings: bool = True


_MAX_SIZES = {"480p": h3_family.SIZES["480P"], "768p": h3_family.SIZES["768P"]}
MODELS: Mapping[str, Model] = {
    "minimax:h3@0": Model(
        sizes={"768p": h3_family.SIZES["768P"], "1440p": h3_family.SIZES["2K"]},
        seconds={"768p": 0.08, "1440p": 0.13},
        references=True,
        charged=True,
    ),
    "minimax:h3@fast": Model(sizes={"": _FAST_SIZES}, seconds={"": 0.046}, shortest=4, references=True, settings=False),
    "minimax:h3@max": Model(sizes=_MAX_SIZES, seconds={"480p": 0.05, "768p": 0.08}),
    "minimax:h3@max-turbo": Model(sizes=_MAX_SIZES, seconds={"480p": 0.025, "768p": 0.04}),
}


async def read_task(call: Call, task: dict[str, Any]) -> Wish:
    """Check one ``videoInference`` task.

    Raises:
        RefusalError: Something in it is not allowed; ``parameter`` names it.
    """
    name = fields.text(task, "model", required=True)
    model = MODELS[name]
    presets = {"resolution"} if "" not in model.sizes else set()
    fields.known(task, COMMON | {"seed", "routing"} | presets | ({"settings"} if model.settings else set()))
    read_uuid(task)
    prompt = read_prompt(task, h3_family.PROMPT_LENGTH)
    container = read_output(task, "fast", "full")
    one_of(inside(task, "settings", "promptExpansion"), "promptExpansion", "balanced", "disabled", "quality")
    seconds = within(task, "duration", model.shortest, _LONGEST, _DEFAULT_SECONDS) or _DEFAULT_SECONDS
    inputs = inside(task, "inputs", " ".join(["frameImages", *(_REFERENCES if model.references else ())]))
    given = {key for key in inputs if inputs[key] is not None}
    _combine(given)
    first, last = await _frames(call, inputs.get("frameImages"))
    pictures, clips = await _references(call, inputs)
    resolution, size = _size(task, model, given, first or (pictures[0] if pictures else None), clips)
    seed = within(task, "seed", *_SEEDS)
    cost = model.seconds[resolution] * seconds
    if model.charged:
        free, picture = h3_family.PICTURES["MiniMax-H3"]
        cost += _CLIP_SECOND * whole_seconds(clips, "inputs.referenceVideos")
        cost += picture * max(0, len(pictures) - free)
    clip = Clip(
        prompt=prompt,
        model=name,
        width=size[0],
        height=size[1],
        duration=seconds,
        seed=seed,
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        portrait=pictures[0].sha256 if pictures else "",
        container=container,
        h3=True,
        draft=call.world.settings.draft,
    )
    name_of_size = {"768p": "768P", "1440p": "2K"}.get(resolution, "480P")
    cost = h3_family.money(cost)
    return read_wish(task, clip, resolution=name_of_size, cost=cost, most=_MOST_RESULTS, seed=seed)


def _combine(given: set[str]) -> None:
    """Refuse inputs that exclude each other, or need another one."""
    if "frameImages" in given and given & set(_REFERENCES):
        name = f"inputs.{min(given & set(_REFERENCES))}"
        raise RefusalError("params", "inputs.frameImages cannot be combined with references", parameter=name)
    if "referenceAudios" in given and not given & {"referenceImages", "referenceVideos"}:
        message = "inputs.referenceAudios needs inputs.referenceImages or inputs.referenceVideos"
        raise RefusalError("params", message, parameter="inputs.referenceAudios")


async def _frames(call: Call, images: Any) -> tuple[Picture | None, Picture | None]:
    first, last = await read_frames(call, images, image_rules(call, h3=True))
    if last is not None and first is None:
        message = "inputs.frameImages must include at least one image that is not the last frame"
        raise RefusalError("params", message, parameter="inputs.frameImages")
    return first, last


async def _references(call: Call, inputs: dict[str, Any]) -> tuple[list[Picture], list[Media]]:
    """Return the reference pictures and clips, all of them and the sounds checked."""
    pictures: list[Picture] = []
    media: dict[str, list[Media]] = {"referenceVideos": [], "referenceAudios": []}
    rules = image_rules(call, h3=True)
    links = image_rules(call, links_only=True)
    scale = _DRAFT if call.world.settings.draft else 1
    for key, most in _REFERENCES.items():
        items, name = inputs.get(key), f"inputs.{key}"
        if items is None:
            continue
        if not isinstance(items, list) or not 1 <= len(items) <= most:
            raise RefusalError("params", f"{name} must have 1 to {most} items", parameter=name)
        for item in items:
            if key == "referenceImages":
                pictures.append(await take_image(item, call.world.images, rules, parameter=name))
            else:
                kind = "video" if key == "referenceVideos" else "audio"
                media[key].append(await take_media(item, kind, links, parameter=name, scale=scale))
    for key, taken in media.items():
        check_total(taken, f"inputs.{key}")
    return pictures, media["referenceVideos"]


def _size(
    task: dict[str, Any], model: Model, given: set[str], picture: Picture | None, clips: list[Media]
) -> tuple[str, tuple[int, int]]:
    """Return the resolution and the size: as asked, else the input's shape at the preset, else the default size."""
    wanted = task.get("resolution")
    pair = read_pair(task, 0, 2**31)
    if wanted is not None and pair is not None:
        raise RefusalError("params", "resolution cannot be combined with width and height", parameter="resolution")
    if pair is not None and "frameImages" in given:
        raise RefusalError("params", "width and height cannot be combined with inputs.frameImages", parameter="width")
    if pair is not None:
        for resolution, sizes in model.sizes.items():
            if pair in sizes.values():
                return resolution, pair
        listed = ", ".join(f"{a}x{b}" for sizes in model.sizes.values() for a, b in sizes.values())
        message = f"width x height must be one of {listed}, got {pair[0]}x{pair[1]}"
        raise RefusalError("params", message, parameter="width")
    if wanted is not None and not given & {"frameImages", "referenceImages", "referenceVideos"}:
        raise RefusalError("params", "resolution needs an input image or video", parameter="resolution")
    resolution = one_of(task, "resolution", *reversed(list(model.sizes)))
    ratio = "16:9"
    if picture is not None:
        ratio = h3_family.ratio_of(picture.width, picture.height)
    elif clips and clips[0].width:
        ratio = h3_family.ratio_of(clips[0].width, clips[0].height)
    return resolution, model.sizes[resolution][ratio]
