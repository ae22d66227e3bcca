"""MiniMax official: the video API's four modes and its templates.

Sources of the rows. **doc**: the MiniMax video generation API document (the specification). **page**: MiniMax's public
pages as of 2026-07. **comfy**: the price badges and time constants of ComfyUI's MiniMax node. **arcreel**: a public
price comparison (ArcReel issue 674). Where the document allows what a page does not, the row carries the doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.catalog import MIB, Auth, Facts, ImageRules, Model, Offer, Price, Template
from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    Moderated,
    ProviderError,
    RateLimited,
)
from hailuo_widgets.gateways.base import (
    Accepted,
    Clip,
    Code,
    HttpCall,
    HttpReply,
    Poll,
    Provider,
    Task,
    as_code,
    as_task_id,
    as_url,
    trace_id,
)
from hailuo_widgets.gateways.reading import words

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.settings import Settings

__all__ = ["CODES", "FACTS", "MiniMax", "layers_of", "make"]

DOC = "MiniMax video API document"
PAGE = "MiniMax's public API pages, 2026-07"
H23, FAST, H02 = "MiniMax-Hailuo-2.3", "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-02"
T2V, I2V, FL, S2V = "text_to_video", "image_to_video", "first_last_frame", "subject_to_video"

_FAST_TEXT = f"{FAST} without a first frame: the API document lists it, {PAGE} and users say that it needs one"
_NO_512_TEXT = f"{H02} at 512P without a first frame: the API document lists it, {PAGE} do not"
_NO_512_PAIR = f"{H02} at 512P with a last frame: {PAGE} say that it is not there"
_LONG_1080 = f"10 s at 1080P: the API document lists 6/10 s for {H02}, {PAGE} say 6 s alone"

MODELS = (
    Model(
        name=H23, title="Hailuo 2.3", short_names=("2.3", "hailuo-2.3"), camera=True, fast_pretreatment=True, source=DOC
    ),
    Model(
        name=FAST,
        title="Hailuo 2.3 Fast",
        short_names=("2.3-fast", "hailuo-2.3-fast"),
        camera=True,
        fast_pretreatment=True,
        source=DOC,
    ),
    Model(
        name=H02,
        title="Hailuo 02",
        short_names=("02", "hailuo-02"),
        camera=True,
        fast_pretreatment=True,
        typical_s={"768P": 120, "1080P": 240},
        source=f"{DOC}; times: comfy",
    ),
    Model(name="T2V-01-Director", title="T2V-01 Director", camera=True, fixed=True, typical_s={None: 234}, source=DOC),
    Model(name="T2V-01", title="T2V-01", fixed=True, typical_s={None: 234}, source=DOC),
    Model(name="I2V-01-Director", title="I2V-01 Director", camera=True, fixed=True, typical_s={None: 114}, source=DOC),
    Model(name="I2V-01-live", title="I2V-01 Live", fixed=True, typical_s={None: 114}, source=DOC),
    Model(name="I2V-01", title="I2V-01", fixed=True, typical_s={None: 114}, source=DOC),
    Model(name="S2V-01", title="S2V-01 subject reference", fixed=True, source=DOC),
)

OFFERS = (
    Offer(model=H23, mode=T2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H23, mode=T2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=FAST, mode=T2V, resolution="768P", durations=(6, 10), source=DOC, doubt=_FAST_TEXT),
    Offer(model=FAST, mode=T2V, resolution="1080P", durations=(6,), source=DOC, doubt=_FAST_TEXT),
    Offer(model=H02, mode=T2V, resolution="512P", durations=(6, 10), source=DOC, doubt=_NO_512_TEXT),
    Offer(model=H02, mode=T2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=T2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model="T2V-01-Director", mode=T2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model="T2V-01", mode=T2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model=H23, mode=I2V, resolution="768P", durations=(6, 10), source=f"{DOC}; 10 s: {PAGE}"),
    Offer(model=H23, mode=I2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=FAST, mode=I2V, resolution="768P", durations=(6, 10), source=f"{DOC}; 10 s: {PAGE}"),
    Offer(model=FAST, mode=I2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=H02, mode=I2V, resolution="512P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=I2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=I2V, resolution="1080P", durations=(6, 10), source=DOC, doubtful_durations={10: _LONG_1080}),
    Offer(model="I2V-01-Director", mode=I2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model="I2V-01-live", mode=I2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model="I2V-01", mode=I2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model=H02, mode=FL, resolution="512P", durations=(6, 10), source=DOC, doubt=_NO_512_PAIR),
    Offer(model=H02, mode=FL, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=FL, resolution="1080P", durations=(6, 10), source=DOC, doubtful_durations={10: _LONG_1080}),
    Offer(model="S2V-01", mode=S2V, resolution=None, durations=(), source=DOC),
)


def _price(  # noqa: PLR0917 - a row of a table, in the order of its columns
    model: str, resolution: str | None, duration: int | None, amount: float, currency: str, source: str
) -> Price:
    return Price(
        model=model,
        resolution=resolution,
        duration=duration,
        micros=round(amount * 1_000_000),
        currency=currency,
        source=source,
        as_of="2026-11",
    )


PRICES = (
    _price(H23, "768P", 6, 2.0, "CNY", "arcreel"),
    _price(H23, "768P", 10, 4.0, "CNY", "arcreel"),
    _price(H23, "1080P", 6, 3.5, "CNY", "arcreel"),
    _price(FAST, "768P", 6, 1.35, "CNY", "arcreel"),
    _price(FAST, "768P", 10, 2.25, "CNY", "arcreel"),
    _price(FAST, "1080P", 6, 2.31, "CNY", "arcreel"),
    _price(H02, "768P", 6, 0.28, "USD", "comfy"),
    _price(H02, "768P", 10, 0.56, "USD", "comfy"),
    _price(H02, "1080P", 6, 0.49, "USD", "comfy"),
    *(
        _price(model, None, None, 0.43, "USD", "comfy")
        for model in ("T2V-01-Director", "T2V-01", "I2V-01-Director", "I2V-01-live", "I2V-01")
    ),
)


def _template(id_: str, english: str, chinese: str, picture: str | None, text: str | None = None) -> Template:
    return Template(id=id_, english=english, chinese=chinese, picture=picture, text=text, source=DOC)


TEMPLATES = (
    _template("392753057216684038", "Diving", "跳水", "a person"),
    _template("393881433990066176", "Rings", "吊环", "a pet"),
    _template("393769180141805569", "Survival", "绝地求生", "a pet", "the beast that follows it, for example Lion"),
    _template("394246956137422856", "Labubu", "万物皆可 labubu", "a person or a pet"),
    _template("393879757702918151", "McDonald's Delivery", "麦当劳宠物外卖员", "a pet"),
    _template("393766210733957121", "Tibetan Portrait", "藏族风写真", "a face"),
    _template("393866076583718914", "Female Model Ads", "女模特试穿广告", "a garment"),
    _template("393876118804459526", "Male Model Ads", "男模特试穿广告", "a garment"),
    _template("393857704283172856", "Winter Romance", "情书写真", "a person"),
    _template("398574688191234048", "Four Seasons", "四季写真", "a face"),
    _template("394125185182695432", "Helpless Moments", "生无可恋", None, "what the protagonist painfully does"),
)

CODES = {
    "1000": Code(error=ProviderError, meaning="an unknown error at the provider", again=True, accepted=None),
    "1001": Code(error=ProviderError, meaning="a time-out at the provider", again=True, accepted=None),
    "1002": Code(error=RateLimited, meaning="too many requests a minute", again=True),
    "1004": Code(
        error=AuthError,
        meaning="the key was refused",
        fatal=True,
    ),
    "1008": Code(
        error=InsufficientCredits,
        meaning="the account's balance is too low",
        fatal=True,
    ),
    "1013": Code(error=ProviderError, meaning="an internal error at the provider", again=True, accepted=None),
    "1024": Code(error=ProviderError, meaning="an internal error at the provider", again=True, accepted=None),
    "1026": Code(error=Moderated, meaning="the prompt or an image was refused for its content", hint="reword it"),
    "1027": Code(
        error=Moderated, meaning="the finished clip was withheld for its content", hint="reword the prompt or retry"
    ),
    "1028": Code(error=InsufficientCredits, meaning="the plan's quota is used up", fatal=True),
    "1030": Code(error=InsufficientCredits, meaning="the plan's quota is used up", fatal=True),
    "1033": Code(error=ProviderError, meaning="an error behind the provider", again=True, accepted=None),
    "1039": Code(error=RateLimited, meaning="too many tokens a minute", again=True),
    "1041": Code(error=RateLimited, meaning="too many connections", again=True),
    "1042": Code(error=InvalidRequest, meaning="over 10 % of the prompt's characters are illegal"),
    "2013": Code(error=InvalidRequest, meaning="a parameter was refused"),
    "2038": Code(error=AuthError, meaning="the account's owner is not verified", fatal=True),
    "2045": Code(error=RateLimited, meaning="the request rate grew too fast", again=True),
    "2049": Code(
        error=AuthError,
        meaning="the key is invalid",
        fatal=True,
        hint="check MINIMAX_API_KEY. A key works at its own region's host alone: for the global one set "
        "MINIMAX_BASE_URL=https://api.minimax.io",
    ),
    "2056": Code(error=InsufficientCredits, meaning="the plan's quota for this period is used up", fatal=True),
    "2061": Code(error=InvalidRequest, meaning="the account's plan does not have this model", fatal=True),
}

FACTS = Facts(
    name="minimax",
    title="MiniMax",
    base_url="https://api.minimaxi.com",
    hosts=("https://api.minimaxi.com", "https://api.minimax.io", "https://api.minimax.cn"),
    auth=Auth(header="Authorization", prefix="Bearer "),
    default_model=H23,
    models=MODELS,
    offers=OFFERS,
    prices=PRICES,
    images=ImageRules(max_bytes=20 * MIB - 1, short_side_over=300, ratio=(2 / 5, 5 / 2), source=DOC),
    source=DOC,
    prompt_max=2000,
    optimizer=True,
    watermark=True,
    callback=True,
    templates=TEMPLATES,
    requests_per_minute=20,
    poll_floor_s=5.0,
    link_life_s=3600.0,
    key_page="https://platform.minimaxi.com/user-center/basic-information/interface-key",
)

STATES = {
    "preparing": "queued",
    "queueing": "queued",
    "processing": "running",
    "success": "succeeded",
    "fail": "failed",
    "failed": "failed",
}
TEMPLATE_CHANNEL = "template"
MOST_LAYERS = 3


class MiniMax(Provider):
    """The MiniMax protocol: errors come as HTTP 200 with a ``base_resp``, a finished task names a file to retrieve."""

    facts = FACTS
    codes = CODES
    states = STATES
    ends = frozenset({"1026", "1027"})
    gone = frozenset({"2013"})  # a query holds an id alone: what is invalid is the id
    prefix = "/v1"

    def channel(self, request: Request) -> str:
        """Templates have an endpoint of their own, which alone knows their tasks."""
        return TEMPLATE_CHANNEL if request.template is not None else "video"

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """``POST /v1/video_generation``, or ``/v1/video_template_generation``."""
        del client_uuid
        if request.template is not None:
            return self._encode_template(request)
        model = self.facts.model(request.model)
        body: dict[str, Any] = {"model": request.model}
        if request.prompt.strip():
            body["prompt"] = request.prompt
        if not (model and model.fixed):  # the 01 series refuses both fields
            body |= {"duration": request.duration, "resolution": request.resolution}
        body["prompt_optimizer"] = request.prompt_optimizer
        optional = {
            "fast_pretreatment": request.fast_pretreatment,
            "aigc_watermark": request.watermark,
            "callback_url": request.callback_url,
            "first_frame_image": request.first_frame and request.first_frame.wire(),
            "last_frame_image": request.last_frame and request.last_frame.wire(),
        }
        body |= {k: v for k, v in optional.items() if v is not None}
        if request.subject is not None:
            body["subject_reference"] = [{"type": "character", "image": [request.subject.wire()]}]
        return HttpCall(method="POST", path=f"{self.prefix}/video_generation", json=body)

    def _encode_template(self, request: Request) -> HttpCall:
        row = self.facts.template(str(request.template))
        body: dict[str, Any] = {"template_id": row.id if row else str(request.template)}
        if request.first_frame is not None:
            body["media_inputs"] = [{"value": request.first_frame.wire()}]
        if request.text is not None:
            body["text_inputs"] = [{"value": request.text}]
        if request.callback_url is not None:
            body["callback_url"] = request.callback_url
        return HttpCall(method="POST", path=f"{self.prefix}/video_template_generation", json=body)

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """A task id is a yes, whatever else the answer says; without one the code decides."""
        del request
        data = self.body(reply)
        code, said = self.verdict(data)
        task_id = self.task_id_of(data)
        if task_id is not None:
            warning = None if code is None else f"accepted, with code {code}: {said}"
            return Accepted(task_id=task_id, trace_id=trace_id(reply), warning=warning)
        if code is None:
            raise self.unreadable(reply, "it says success and names no task")
        raise self.in_body(code, said, reply)

    def encode_query(self, task: Task) -> HttpCall:
        """``GET /v1/query/video_generation``, or the templates' own."""
        name = "video_template_generation" if task.channel == TEMPLATE_CHANNEL else "video_generation"
        return HttpCall(method="GET", path=f"{self.prefix}/query/{name}", params={"task_id": task.task_id})

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """A code in a query's answer is about the query, but for the two of moderation, which end the task."""
        data = self.body(reply, asking=True)
        self.checked("task", self.task_named(data), task.task_id, reply)
        poll = self.read_poll(data, reply)
        if poll.clip is not None:
            self.checked("file", poll.clip.file_id, task.file_id, reply)
        return poll

    def task_named(self, data: dict[str, Any]) -> object:
        """The task that a query's answer is about; None where it does not say."""
        return data.get("task_id")

    def read_poll(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """The poll that a MiniMax-shaped object is."""
        code, said = self.verdict(data)
        word = data.get("status")
        state = self.state(word)
        if state == "succeeded":
            return self.finished(data, reply)
        if state == "failed":
            return self.failed(code, said, reply, word=word)
        if code is not None:
            return self.about_task(code, said, reply)
        if not isinstance(word, str):
            raise self.unreadable(reply, "it names no status")
        return self.under_way(word)

    def finished(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """The poll of a task that succeeded: its link where the answer has one, else the file to retrieve."""
        clip = self.clip(data)
        if clip.url is None and clip.file_id is None:
            raise self.unreadable(reply, "the provider finished the task and named neither a file nor a link")
        for layer in layers_of(data):
            file = layer.get("file")
            if isinstance(file, dict):
                self.checked("file", file.get("file_id"), as_task_id(layer.get("file_id")), reply)
        return Poll(state="succeeded", clip=clip)

    def clip(self, data: dict[str, Any]) -> Clip:
        """The links and the file that an object names: a retrieved file's first, then a plain ``video_url``."""
        found = data.get("file")
        file = found if isinstance(found, dict) else {}
        return Clip(
            url=as_url(file.get("download_url")) or as_url(data.get("video_url")),
            backup_url=as_url(file.get("backup_download_url")),
            file_id=as_task_id(data.get("file_id")) or as_task_id(file.get("file_id")),
        )

    def encode_link(self, task: Task, clip: Clip) -> HttpCall | None:
        """``GET /v1/files/retrieve``: each call makes a fresh link."""
        del task
        if clip.file_id is None or clip.url is not None:
            return None
        return HttpCall(method="GET", path=f"{self.prefix}/files/retrieve", params={"file_id": clip.file_id})

    def decode_link(self, reply: HttpReply, clip: Clip) -> Clip:
        """The file's two links."""
        data = self.body(reply, asking=True)
        code, said = self.verdict(data)
        found = self.clip(data)
        self.checked("file", found.file_id, clip.file_id, reply)
        if found.url is None:
            if code is not None:
                raise self.in_body(code, said, reply)
            raise self.unreadable(reply, "it names no download_url")
        return Clip(url=found.url, backup_url=found.backup_url, file_id=clip.file_id)

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """``base_resp``'s code and message."""
        base = data.get("base_resp")
        if not isinstance(base, dict):
            return None, words(data)
        code, said = as_code(base.get("status_code")), base.get("status_msg")
        return (None if code == "0" else code), said if isinstance(said, str) else None


def layers_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """An answer, and the objects that it wraps as ``data``, from outside in."""
    layers = [data]
    while isinstance(inner := layers[-1].get("data"), dict) and len(layers) < MOST_LAYERS:
        layers.append(inner)
    return layers


def make(settings: Settings) -> Provider:
    """The provider, for the registry."""
    del settings
    return MiniMax()
