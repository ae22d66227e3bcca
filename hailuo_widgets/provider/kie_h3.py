"""MiniMax-H3 at KIE.ai: its facts, and the create call of KIE's job API.

Source of the rows: ``DOC``, KIE's pages market/minimax-h3, which only KIE's job API has; so H3 goes there in both
dialects. ``duration`` is a number here, and text for the ``hailuo/…`` models. KIE's own default resolution is 2K, the
dearer one, so the resolution is always sent. There are no seeds and no prompt optimizer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from hailuo_widgets.domain.catalog import Model, Offer, Price, Surcharge
from hailuo_widgets.domain.references import MediaKind
from hailuo_widgets.domain.request import Mode
from hailuo_widgets.provider.h3_limits import (
    ADAPTIVE,
    FRAME_MODES,
    NAMES,
    PROMPT_MAX,
    RATIOS,
    SECONDS,
    SEEDS_ELSEWHERE,
    frame_images,
    reference_rules,
)
from hailuo_widgets.provider.kie_files import link
from hailuo_widgets.provider.messages import HttpCall

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

__all__ = [
    "H3_ALSO_PRICED", "H3_MODELS", "H3_OFFERS", "H3_PRICES", "H3_SURCHARGES", "create_job", "has_job", "input_of",
]  # fmt: skip

_Row = TypeVar("_Row", Price, Surcharge)
DOC = "KIE.ai pages market/minimax-h3, 2026-08"
PRICES = "KIE.ai's price of H3, as its users report it, 2026-08"
AS_OF = "2026-08"
TEXT, FRAMES, REFERENCES = (f"minimax-h3/{word}-to-video" for word in ("text", "image", "reference"))
CREDITS = {"768P": 16, "2K": 26}  # for each second
CREDIT = 5_000  # millionths of a dollar that one credit costs
_LAST_ALONE = "a last frame without a first one: KIE's page allows it; MiniMax's says that it goes with a first frame"


def _model(name: str, title: str, **more: Any) -> Model:
    return Model(
        name=name,
        title=f"H3 {title}",
        short_names=NAMES,
        seeds=False,
        seeds_elsewhere=SEEDS_ELSEWHERE,
        prompt_max=PROMPT_MAX,
        prompt_min=1,
        default_duration=6,
        default_resolution="768P",
        sizes={},
        images=frame_images(DOC),
        optimizer=False,
        watermark=False,
        callback=True,
        source=DOC,
        note="with sound",
        **more,
    )


H3_MODELS = (
    _model(
        TEXT,
        "text to video",
        aspect_ratios={Mode.TEXT_TO_VIDEO: RATIOS},
        default_aspect_ratio={Mode.TEXT_TO_VIDEO: "16:9"},
    ),
    _model(FRAMES, "image to video", aspect_ratios={}, last_frame_alone=_LAST_ALONE),
    _model(
        REFERENCES,
        "reference to video",
        aspect_ratios={Mode.REFERENCE_TO_VIDEO: (ADAPTIVE, *RATIOS)},
        default_aspect_ratio={Mode.REFERENCE_TO_VIDEO: ADAPTIVE},
        references=reference_rules(DOC),
    ),
)
_MODES = {TEXT: (Mode.TEXT_TO_VIDEO,), FRAMES: FRAME_MODES, REFERENCES: (Mode.REFERENCE_TO_VIDEO,)}
H3_OFFERS = tuple(
    Offer(model=model, mode=mode, resolution=resolution, durations=SECONDS, source=DOC)
    for model, modes in _MODES.items()
    for mode in modes
    for resolution in CREDITS
)
H3_PRICES = tuple(
    Price(
        model=model,
        resolution=resolution,
        duration=None,
        micros=credit * 1_000_000,
        currency="credits",
        source=PRICES,
        as_of=AS_OF,
        per_second=True,
    )
    for model in _MODES
    for resolution, credit in CREDITS.items()
)
_CHARGED = (
    *(
        Surcharge(
            model=REFERENCES,
            what="reference_video_second",
            free=0,
            micros=credit * 1_000_000,
            currency="credits",
            source=PRICES,
            as_of=AS_OF,
            resolution=resolution,
        )
        for resolution, credit in CREDITS.items()
    ),
    Surcharge(
        model=REFERENCES,
        what="reference_image",
        free=5,
        micros=8_000_000,
        currency="credits",
        source=f"{PRICES}, and MiniMax's own price of $0.04",
        as_of=AS_OF,
    ),
)


def _in_dollars(row: _Row) -> _Row:
    """Return the same price in dollars. What is charged is credits."""
    source = f"{row.source}: 1 credit = $0.005"
    return replace(row, micros=row.micros * CREDIT // 1_000_000, currency="USD", source=source)


H3_ALSO_PRICED = tuple(_in_dollars(row) for row in H3_PRICES)
H3_SURCHARGES = (*_CHARGED, *(_in_dollars(row) for row in _CHARGED))


def has_job(request: Request) -> bool:
    """Return whether only the job API knows a model: H3, and an unlisted model with a job's name, ``family/model``."""
    return request.model in _MODES or (request.unlisted and "/" in request.model)


def create_job(request: Request, fields: dict[str, Any]) -> HttpCall:
    """Return ``POST /api/v1/jobs/createTask`` with these fields of ``input``, without those that are None.

    The options of an unlisted model are added to ``input`` as they are.
    """
    body: dict[str, Any] = {"model": request.model}
    if request.callback_url is not None:
        body["callBackUrl"] = request.callback_url
    body["input"] = {name: value for name, value in fields.items() if value is not None} | dict(request.options)
    return HttpCall(method="POST", path="/api/v1/jobs/createTask", json=body)


def input_of(request: Request) -> dict[str, Any]:
    """Return the fields of ``input`` under H3's names; those that the request doesn't have are None."""
    found = {
        f"reference_{kind}_urls": [link(one) for one in request.references if one.kind == kind] or None
        for kind in MediaKind
    }
    return {
        "prompt": request.prompt,
        "first_frame_url": request.first_frame and link(request.first_frame),
        "last_frame_url": request.last_frame and link(request.last_frame),
        **found,
        "aspect_ratio": request.aspect_ratio,
        "duration": request.duration,
        "resolution": request.resolution,
        "seed": request.seed,  # only an unlisted model's
        "prompt_optimizer": request.prompt_optimizer or None,  # likewise
    }
