"""Tables of fal.ai's MiniMax endpoints, and the check of an input against them.

The rows are those of fal.ai's public model pages (``fal.ai/models/<endpoint>/llms.txt`` and ``/api``), prices included.
A page names no other field, and fal.ai ignores fields that it does not know.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import ImageRules, take_image
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.simulator.images import Picture
    from hailuo_widgets.simulator.station import Call

_IMAGES = ImageRules()
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
# By the name that stands in the path.
ENDPOINTS: Mapping[str, Endpoint] = {f"fal-ai/minimax/{name}": row for name, row in _ROWS.items()}


def app_of(name: str) -> str:
    """Return owner and app of an endpoint: what its status, result and cancel URLs begin with."""
    return "/".join(name.split("/")[:2])


async def read_input(call: Call, name: str, body: dict[str, Any]) -> Order:
    """Check an input and say what it orders.

    Raises:
        RefusalError: Something in it is not allowed.
    """
    row = ENDPOINTS[name]
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


async def _picture(call: Call, body: dict[str, Any], name: str) -> Picture:
    if not body.get(name):
        raise RefusalError("params", "Field required", parameter=name)
    return await take_image(body[name], call.world.images, _IMAGES, parameter=name)
