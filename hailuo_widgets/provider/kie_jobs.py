"""KIE.ai's jobs dialect (``KIE_DIALECT=jobs``): createTask, recordInfo and file upload.

Sources of the rows: ``DOC``, KIE's public documents of createTask, recordInfo and the file upload, 2026-07; ``PAGE``,
KIE's Hailuo pages; ``kie_h3.py`` for H3. Most models have one mode, so a short name means the model that has the
requested mode. There are no seeds, and only H3 has aspect ratios and a list price: a finished task reports its cost
(``creditsConsumed``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.catalog import MIB, Facts, ImageRules, Model, Offer
from hailuo_widgets.provider.interface import HttpCall, Provider
from hailuo_widgets.provider.kie_files import link
from hailuo_widgets.provider.kie_h3 import (
    H3_ALSO_PRICED,
    H3_MODELS,
    H3_OFFERS,
    H3_PRICES,
    H3_SURCHARGES,
    create_job,
    input_of,
)
from hailuo_widgets.provider.kie_minimax import AUTH, BASE_URL, JOBS_CHANNEL, KEY_PAGE, KieMinimax

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

__all__ = ["FACTS", "KieJobs"]

DOC = "KIE.ai job documents, 2026-07"
PAGE = "KIE.ai Hailuo pages, 2026-07"
T2V, I2V, FL = "text_to_video", "image_to_video", "first_last_frame"
TEXT_STANDARD, TEXT_PRO = "hailuo/02-text-to-video-standard", "hailuo/02-text-to-video-pro"
IMAGE_STANDARD, IMAGE_PRO = "hailuo/02-image-to-video-standard", "hailuo/02-image-to-video-pro"
NEW_STANDARD, NEW_PRO = "hailuo/2-3-image-to-video-standard", "hailuo/2-3-image-to-video-pro"

_NO_512_PAIR = "512P with a last frame: MiniMax's public pages say that it is not there"
_SENDS_DURATION = frozenset({TEXT_STANDARD, IMAGE_STANDARD, NEW_STANDARD, NEW_PRO})
_SENDS_RESOLUTION = frozenset({IMAGE_STANDARD, NEW_STANDARD, NEW_PRO})

MODELS = (
    Model(
        name=TEXT_STANDARD,
        title="Hailuo 02 text to video, standard",
        short_names=("02", "02-standard", "hailuo-02"),
        camera=True,
        source=DOC,
    ),
    Model(
        name=TEXT_PRO,
        title="Hailuo 02 text to video, pro",
        short_names=("02-pro",),
        camera=True,
        fixed=True,
        source=DOC,
    ),
    Model(
        name=IMAGE_STANDARD,
        title="Hailuo 02 image to video, standard",
        short_names=("02", "02-standard", "hailuo-02"),
        camera=True,
        source=DOC,
    ),
    Model(
        name=IMAGE_PRO,
        title="Hailuo 02 image to video, pro",
        short_names=("02-pro",),
        camera=True,
        fixed=True,
        source=DOC,
    ),
    Model(
        name=NEW_STANDARD,
        title="Hailuo 2.3 image to video, standard",
        short_names=("2.3", "2-3", "2.3-standard", "hailuo-2.3"),
        camera=True,
        source=DOC,
    ),
    Model(name=NEW_PRO, title="Hailuo 2.3 image to video, pro", short_names=("2.3-pro",), camera=True, source=DOC),
)

OFFERS = (
    Offer(model=TEXT_STANDARD, mode=T2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=TEXT_PRO, mode=T2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=IMAGE_STANDARD, mode=I2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=IMAGE_STANDARD, mode=I2V, resolution="512P", durations=(6, 10), source=DOC),
    Offer(model=IMAGE_STANDARD, mode=FL, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=IMAGE_STANDARD, mode=FL, resolution="512P", durations=(6, 10), source=DOC, doubt=_NO_512_PAIR),
    Offer(model=IMAGE_PRO, mode=I2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=IMAGE_PRO, mode=FL, resolution="1080P", durations=(6,), source=DOC),
    *(
        offer
        for model in (NEW_STANDARD, NEW_PRO)
        for offer in (
            Offer(model=model, mode=I2V, resolution="768P", durations=(6, 10), source=DOC),
            Offer(model=model, mode=I2V, resolution="1080P", durations=(6,), source=PAGE),  # "10 s unavailable"
        )
    ),
)

FACTS = Facts(
    name="kie",
    title="KIE.ai (jobs)",
    base_url=BASE_URL,
    hosts=("https://api.kie.ai",),
    auth=AUTH,
    default_model=TEXT_STANDARD,
    models=(*MODELS, *H3_MODELS),
    offers=(*OFFERS, *H3_OFFERS),
    prices=H3_PRICES,
    surcharges=H3_SURCHARGES,
    also_priced=H3_ALSO_PRICED,
    images=ImageRules(max_bytes=10 * MIB, source=DOC),
    source=DOC,
    prompt_max=1500,
    prompt_min=1,
    optimizer=True,
    callback=True,
    max_concurrent=10,
    poll_floor_s=5.0,
    key_page=KEY_PAGE,
    simulated=True,
)


class KieJobs(KieMinimax):
    """The jobs dialect: the request is in ``input``, statuses are words, results are JSON in a string."""

    facts = FACTS
    default_channel = JOBS_CHANNEL

    def address_hint(self) -> str:
        """Return the hint for an unknown address: the account may have the other dialect."""
        return f"KIE_DIALECT is jobs; leave it out for the document's own paths. {Provider.address_hint(self)}"

    def channel(self, request: Request) -> str:
        """Return the dialect that creates the task, and that must be used to query it."""
        del request
        return JOBS_CHANNEL

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /api/v1/jobs/createTask``. Durations are text, except for H3 and other new models."""
        del client_uuid
        if request.model.partition("/")[0] != "hailuo":
            return create_job(request, input_of(request))
        duration = request.duration if request.unlisted or request.model in _SENDS_DURATION else None
        resolution = request.resolution if request.unlisted or request.model in _SENDS_RESOLUTION else None
        fields: dict[str, Any] = {
            "prompt": request.prompt,
            "image_url": request.first_frame and link(request.first_frame),
            "end_image_url": request.last_frame and link(request.last_frame),
            "duration": str(duration) if duration else None,
            "resolution": resolution,
            "prompt_optimizer": request.prompt_optimizer,
        }
        return create_job(request, fields)
