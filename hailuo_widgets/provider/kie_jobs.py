"""KIE.ai's jobs dialect (``KIE_DIALECT=jobs``): createTask, recordInfo and file upload.

Sources of the rows: ``DOC``, KIE's public documents of createTask, recordInfo and the file upload, 2026-07; ``PAGE``,
KIE's Hailuo pages. Each model has one mode, so a short name means the model that has the requested mode. There are no
seeds and no aspect ratios, and no source names a price: the finished task reports its cost (``creditsConsumed``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.catalog import MIB, Facts, ImageRules, Model, Offer
from hailuo_widgets.provider.interface import HttpCall, HttpReply, Provider, as_url
from hailuo_widgets.provider.kie_minimax import AUTH, BASE_URL, JOBS_CHANNEL, KEY_PAGE, KieMinimax
from hailuo_widgets.provider.parse import as_object

if TYPE_CHECKING:
    from hailuo_widgets.domain.images import InputFile
    from hailuo_widgets.domain.request import Request

__all__ = ["FACTS", "KieJobs"]

DOC = "KIE.ai job documents, 2026-07"
PAGE = "KIE.ai Hailuo pages, 2026-07"
UPLOAD_ORIGIN = "https://kieai.redpandaai.co"
UPLOAD_FOLDER = "hailuo-widgets"
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
    models=MODELS,
    offers=OFFERS,
    prices=(),
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

    def encode_upload(self, image: InputFile) -> HttpCall | None:
        """Return ``POST /api/file-base64-upload`` at KIE's upload host, which keeps the file for a day or more."""
        if image.url is not None:
            return None
        kind = (image.media_type or "image/png").rpartition("/")[2]
        body = {
            "base64Data": image.wire(),
            "uploadPath": UPLOAD_FOLDER,
            "fileName": f"{_name_of(image)}.{kind}",
        }
        return HttpCall(method="POST", origin=UPLOAD_ORIGIN, path="/api/file-base64-upload", json=body)

    def check_upload(self, reply: HttpReply, image: InputFile) -> None:
        """Check the reply's file name and size against the uploaded image."""
        found = as_object(reply).get("data")
        record = found if isinstance(found, dict) else {}
        names = [name for key in ("fileName", "filePath", "downloadUrl") if isinstance(name := record.get(key), str)]
        expected = _name_of(image)
        if isinstance(record.get("fileName"), str) and not any(expected in name for name in names):
            self.checked("file", "another", expected, reply)
        size = record.get("fileSize")
        if isinstance(size, int) and size > 1 and image.data is not None and size != len(image.data):
            self.checked("file", "another", expected, reply)

    def decode_upload(self, reply: HttpReply) -> str:
        """Return the link of the uploaded image."""
        data = self.body(reply)
        code, said = self.verdict(data)
        found = data.get("data")
        record = found if isinstance(found, dict) else {}
        url = next((u for n in ("downloadUrl", "fileUrl", "url") if (u := as_url(record.get(n)))), None)
        if url is not None:
            return url
        if code is not None:
            raise self.in_body(code, said, reply)
        raise self.unreadable(reply, "it names no link to the uploaded picture")

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /api/v1/jobs/createTask``. Durations are text here."""
        del client_uuid
        fields: dict[str, Any] = {
            "prompt": request.prompt,
            "image_url": request.first_frame and _link(request.first_frame),
            "end_image_url": request.last_frame and _link(request.last_frame),
            "duration": str(request.duration) if request.model in _SENDS_DURATION and request.duration else None,
            "resolution": request.resolution if request.model in _SENDS_RESOLUTION else None,
            "prompt_optimizer": request.prompt_optimizer,
        }
        body: dict[str, Any] = {"model": request.model}
        if request.callback_url is not None:
            body["callBackUrl"] = request.callback_url
        body["input"] = {k: v for k, v in fields.items() if v is not None}
        return HttpCall(method="POST", path="/api/v1/jobs/createTask", json=body)


def _name_of(image: InputFile) -> str:
    return (image.sha256 or "picture")[:32]


def _link(image: InputFile) -> str:
    if image.url is None:
        raise ValueError(f"image {image.name!r} is not uploaded: this provider takes links alone")
    return image.url
