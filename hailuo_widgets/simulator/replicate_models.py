"""Tables of Replicate's MiniMax models, and the check of an input against them.

The rows are those of Replicate's public model pages (``replicate.com/minimax/<name>/versions/<id>/api``); fields that a
page does not name are ignored, as Replicate does. Prices: MiniMax's own, since the pages' are not in any stored copy;
they only decide when credits run out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from hailuo_widgets.simulator import fields, replicate_files
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import ImageRules, take_image
from hailuo_widgets.simulator.minimax_rules import price
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

_IMAGES = ImageRules()


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        lengths: Seconds by resolution; the first resolution is the default.
        pictures: Names of the picture fields.
        required: The picture field that must be there, or empty.
        version: The version that the public page shows, or empty.
    """

    lengths: Mapping[str, tuple[int, ...]]
    pictures: tuple[str, ...] = ("first_frame_image",)
    required: str = ""
    version: str = ""


_FIRST, _LAST, _SUBJECT = "first_frame_image", "last_frame_image", "subject_reference"
_NEW = {"768p": (6, 10), "1080p": (6,)}
_OLD = {"720p": (6,)}
MODELS: Mapping[str, Model] = {
    "minimax/hailuo-2.3": Model(
        lengths=_NEW, version="23a02633b5a44780345a59d4d43f8bd510efa239c56f08f29639ff24fa6615e1"
    ),
    "minimax/hailuo-2.3-fast": Model(lengths=_NEW, required=_FIRST),
    "minimax/hailuo-02": Model(
        lengths={"1080p": (6,), "768p": (6, 10), "512p": (6, 10)},
        pictures=(_FIRST, _LAST),
        version="c43b610efe40d08a28d2c07cb3515dab1cd3324dfc7418f3304a092571071d22",
    ),
    "minimax/hailuo-02-fast": Model(lengths={"512p": (6, 10)}, required=_FIRST),
    "minimax/video-01": Model(
        lengths=_OLD,
        pictures=(_FIRST, _SUBJECT),
        version="c8bcc4751328608bb75043b3af7bed4eabcf1a6c0a478d50a4cf57fa04bd5101",
    ),
    "minimax/video-01-live": Model(lengths=_OLD, required=_FIRST),
    "minimax/video-01-director": Model(lengths=_OLD),
}
BY_VERSION: Mapping[str, str] = {row.version: name for name, row in MODELS.items() if row.version}


async def read_input(call: Call, name: str, given: dict[str, Any]) -> Order:
    """Check an input and say what it orders.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    row = MODELS[name]
    prompt = fields.text(given, "prompt")
    if not prompt.strip():
        raise RefusalError("params", "prompt is required", parameter="prompt")
    fields.flag(given, "prompt_optimizer", default=True)
    resolution = next(iter(row.lengths))
    if len(row.lengths) > 1:
        resolution = fields.text(given, "resolution") or resolution
        if resolution not in row.lengths:
            _not_one_of("resolution", row.lengths)
    seconds = fields.whole(given, "duration")
    duration = 6 if seconds is None else seconds
    if max(map(len, row.lengths.values())) == 1:
        duration = 6  # no such field
    elif duration not in (6, 10):
        _not_one_of("duration", (6, 10))
    elif duration not in row.lengths[resolution]:
        raise RefusalError("params", f"duration {duration} is not available at {resolution}", parameter="duration")
    if row.required and not given.get(row.required):
        raise RefusalError("params", f"{row.required} is required", parameter=row.required)
    found: dict[str, Picture] = {}
    for key in row.pictures:
        if given.get(key):
            found[key] = await take_image(
                replicate_files.open_url(call.world, given[key]), call.world.images, _IMAGES, parameter=key
            )
    first, last, subject = (found.get(key) for key in (_FIRST, _LAST, _SUBJECT))
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
        portrait=subject.sha256 if subject else "",
        draft=call.world.settings.draft,
    )
    return Order(
        task_id=replicate_files.new_id(),
        channel="predictions",
        clip=clip,
        resolution=resolution,
        cost=price(resolution, duration),
        text=prompt,
    )


def _not_one_of(name: str, allowed: Iterable[Any]) -> NoReturn:
    listed = ", ".join(f'"{item}"' if isinstance(item, str) else str(item) for item in allowed)
    raise RefusalError("params", f"{name} must be one of the following: {listed}", parameter=name)
