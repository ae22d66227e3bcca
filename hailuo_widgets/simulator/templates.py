"""MiniMax's template endpoints: ``/v1/video_template_generation`` and its query.

The query's answer holds the URL itself.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import callbacks, fields
from hailuo_widgets.simulator.downloads import link, signed_url
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.images import take_image
from hailuo_widgets.simulator.minimax import CODES, DIALECT, answer, base_resp, moments, status_of
from hailuo_widgets.simulator.minimax_rules import IMAGES
from hailuo_widgets.simulator.render import Clip, fit_size
from hailuo_widgets.simulator.station import Station
from hailuo_widgets.simulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.tasks import Task
    from hailuo_widgets.simulator.world import World

_PRICE = 0.43


@dataclass(frozen=True, kw_only=True)
class Template:
    """One row: its name, and how many pictures and texts it takes."""

    name: str
    media: int = 1
    texts: int = 0


_WINTER = Template(name="Winter Romance")
# MiniMax video API document, "Video Templates". The ids exceed 2**53; public copies show Winter Romance as …864, which
# is what …856 becomes in a float, so both are taken.
TEMPLATES: Mapping[str, Template] = {
    "392753057216684038": Template(name="Diving"),
    "393881433990066176": Template(name="Rings"),
    "393769180141805569": Template(name="Survival", texts=1),
    "394246956137422856": Template(name="Labubu"),
    "393879757702918151": Template(name="McDonald's Delivery"),
    "393766210733957121": Template(name="Tibetan Portrait"),
    "393866076583718914": Template(name="Female Model Ads"),
    "393876118804459526": Template(name="Male Model Ads"),
    "393857704283172856": _WINTER,
    "393857704283172864": _WINTER,
    "398574688191234048": Template(name="Four Seasons"),
    "394125185182695432": Template(name="Helpless Moments", media=0, texts=1),
}


async def create(call: Call) -> Response:
    """``POST /v1/video_template_generation``."""
    body = call.object()
    template_id = fields.text(body, "template_id", required=True)
    template = TEMPLATES.get(template_id)
    if template is None:
        raise RefusalError("params", f"invalid params, template_id {template_id!r} does not exist")
    media = _values(body, "media_inputs", template.media, template.name)
    texts = _values(body, "text_inputs", template.texts, template.name)
    words = " ".join(texts)
    pictures = [await take_image(value, call.world.images, IMAGES, parameter="media_inputs") for value in media]
    width, height = fit_size("768P")
    order = Order(
        task_id=str(secrets.randbelow(5 * 10**17) + 4 * 10**17),
        channel="template",
        clip=Clip(
            prompt=words,
            model=f"template {template_id}",
            width=width,
            height=height,
            duration=6,
            variation=call.world.variation(),
            portrait=pictures[0].sha256 if pictures else "",
            title=template.name,
            draft=call.world.settings.draft,
        ),
        resolution="768P",
        cost=_PRICE,
        callback=callbacks.check_url(body.get("callback_url"), "callback_url"),
        text=words,
    )
    verified = await callbacks.challenge(call, order.callback)
    task = call.world.create(call, [replace(order, extra={"verified": verified})])[0]
    if verified:
        call.world.spawn(callbacks.notify(call.world, task, template_moments(call.world, task)))
    return answer(task_id=task.task_id)


def _values(body: dict[str, Any], name: str, count: int, title: str) -> list[str]:
    """Return the strings of ``[{"value": "…"}]``; as many as the template takes."""
    entries = body.get(name) or []
    shape = f'invalid params, {name} must be [{{"value": "…"}}]'
    if not isinstance(entries, list):
        raise RefusalError("params", shape, parameter=name)
    values = []
    for entry in entries:
        match entry:
            case {"value": str() as value, **rest} if value.strip() and not rest:
                values.append(value)
            case _:
                raise RefusalError("params", shape, parameter=name)
    if len(values) != count:
        message = f"invalid params, template {title!r} takes {count} {name}, got {len(values)}"
        raise RefusalError("params", message, parameter=name)
    return values


def _body(world: World, task: Task, now: float, url: str) -> dict[str, Any]:
    status = status_of(world, task, now)
    body: dict[str, Any] = {"task_id": task.task_id, "status": status, "video_url": url if status == "Success" else ""}
    code, message = 0, "success"
    if task.done(now) and task.failed:
        known = {"output_moderation": CODES["output_moderation"], "generation": CODES["generation"]}
        code, message = known.get(task.error_code) or int(task.error_code), task.error
    return {**body, "base_resp": base_resp(code, message)}


def template_moments(world: World, task: Task) -> Any:
    """Return when a template's callback is due and what it says."""
    lifetime = world.settings.lifetime_of("template")
    return moments(world, task, lambda w, t, now: _body(w, t, now, signed_url(w, w.url, t, lifetime)))


async def query(call: Call) -> Response:
    """``GET /v1/query/video_template_generation?task_id=``."""
    task_id = call.request.query_params.get("task_id", "")
    if not task_id:
        raise RefusalError("params", "invalid params, task_id is required", parameter="task_id")
    task = call.world.look_up(call, "template", task_id=task_id)[0]
    return answer(**_body(call.world, task, time.time(), link(call, task, product="template")))


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    return [
        ("POST", "/v1/video_template_generation", Station(world, DIALECT, "create", create)),
        ("GET", "/v1/query/video_template_generation", Station(world, DIALECT, "query", query)),
    ]
