"""Check of a ``videoInference`` task for the Hailuo models.

They are ``minimax:3@1`` (02), ``minimax:4@1`` (2.3) and ``minimax:4@2`` (2.3-Fast).

The fields are those of Runware's model page and, for 4@1 and 4@2, of its generated client.

Neither lists a ``seed`` among the request's fields (only results have one), so sending one is an error. That 4@1 and
4@2 take no last frame is MiniMax's own rule for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.minimax_rules import price
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.runware_fields import (
    COMMON,
    Wish,
    image_rules,
    inside,
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

_SIDES = (128, 2048)
_KNOWN_SIZES = ((1366, 768), (1920, 1080))
_FULL_HD = 1080
_LONG = 10
_PROMPT_LENGTH = 2000
_MOST_RESULTS = 20
_FAST_SECOND = 0.032  # US dollars at 768P; a public list has 0.19 to 0.33 a clip
_FAST_FULL_HD = 0.33


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model: its fields beyond the common ones, how many frames it takes, and whether it needs one.

    Attributes:
        fields: Names of its own fields.
        frames: How many frame images it takes at most.
        needs_frame: Whether it makes nothing without one.
        needs_prompt: Whether a prompt is needed beside a picture.
        fast: Whether it has the prices of the Fast variant.
    """

    fields: frozenset[str] = frozenset({"fps", "providerSettings"})
    frames: int = 2
    needs_frame: bool = False
    needs_prompt: bool = True
    fast: bool = False


_ROUTED = frozenset({"fps", "providerSettings", "routing"})
MODELS: Mapping[str, Model] = {
    "minimax:3@1": Model(),
    "minimax:4@1": Model(fields=_ROUTED, frames=1, needs_prompt=False),
    "minimax:4@2": Model(fields=_ROUTED, frames=1, needs_frame=True, needs_prompt=False, fast=True),
}


async def read_task(call: Call, task: dict[str, Any]) -> Wish:
    """Check one ``videoInference`` task.

    Raises:
        RefusalError: Something in it is not allowed; ``parameter`` names it.
    """
    name = fields.text(task, "model", required=True)
    model = MODELS[name]
    fields.known(task, COMMON | model.fields)
    read_uuid(task)
    images = inside(task, "inputs", "frameImages").get("frameImages")
    prompt = read_prompt(task, _PROMPT_LENGTH, required=model.needs_prompt or not images)
    container = read_output(task, "none", "fast", "full")
    within(task, "fps", 25, 25)
    _settings(task)
    duration = fields.number(task, "duration")
    seconds = 6 if duration is None else duration
    if seconds not in (6, _LONG):
        raise RefusalError("params", f"duration must be 6 or 10, got {seconds!r}", parameter="duration")
    if model.needs_frame and not images:
        raise RefusalError("params", "inputs.frameImages is required", parameter="inputs.frameImages")
    rules = image_rules(call, strangers=name == "minimax:3@1")
    first, last = await read_frames(call, images, rules, model.frames)
    if model.frames == 1 and last is not None:
        raise RefusalError("params", f"{name} takes no last frame", parameter="inputs.frameImages.frame")
    width, height = _size(call, task, first)
    if call.world.settings.strict and seconds == _LONG and min(width, height) >= _FULL_HD:
        raise RefusalError("params", "duration 10 is not available at 1920x1080", parameter="duration")
    resolution = "1080P" if min(width, height) > 900 else "768P"  # noqa: PLR2004 - between the two sizes
    clip = Clip(
        prompt=prompt,
        model=name,
        width=width,
        height=height,
        duration=seconds,
        first_image=first.sha256 if first else "",
        last_image=last.sha256 if last else "",
        container=container,
        draft=call.world.settings.draft,
    )
    cost = _fast_price(resolution, seconds) if model.fast else price(resolution, seconds)
    return read_wish(task, clip, resolution=resolution, cost=cost, most=_MOST_RESULTS)


def _settings(task: dict[str, Any]) -> None:
    settings = inside(inside(task, "providerSettings", "minimax"), "minimax", "promptOptimizer")
    fields.flag(settings, "promptOptimizer", default=False)


def _fast_price(resolution: str, seconds: float) -> float:
    return _FAST_FULL_HD if resolution == "1080P" else round(_FAST_SECOND * seconds, 2)


def _size(call: Call, task: dict[str, Any], first: Picture | None) -> tuple[int, int]:
    """Return width and height: as asked, else the first frame's aspect, else 1366×768."""
    pair = read_pair(task, *_SIDES)
    if pair is None:
        return fit_size("768P", (first.width, first.height) if first else None)
    if call.world.settings.strict and pair not in _KNOWN_SIZES:
        sizes = " or ".join(f"{a}x{b}" for a, b in _KNOWN_SIZES)
        raise RefusalError("params", f"width x height must be {sizes}, got {pair[0]}x{pair[1]}", parameter="width")
    return pair
