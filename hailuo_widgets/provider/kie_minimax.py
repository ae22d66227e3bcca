"""KIE.ai's Minimax dialect, and the errors, the task reading and the balance that both dialects share.

Source of the rows: ``DOC``, the KIE.ai Minimax API document (the specification). It contradicts itself: Fast is "6 s,
768p" but has prices for 8 and 10 s; 10 s is only for "standard resolutions", but its own example has 1080p. Whatever it
allows anywhere is sent, with a warning. The codes from 401 on are those of KIE's public job documents.

Costs are in KIE's credits. Error numbers differ from MiniMax's: 1002 is an invalid image, 1004 an invalid parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.catalog import MIB, Auth, Facts, ImageRules, Model, Offer, Price, Seeds
from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, ProviderError, RateLimited
from hailuo_widgets.provider.interface import (
    REFUSALS,
    Accepted,
    Clip,
    Code,
    HttpCall,
    HttpReply,
    Poll,
    Task,
    as_code,
    as_micros,
    as_url,
)
from hailuo_widgets.provider.kie_callbacks import CALLBACKS
from hailuo_widgets.provider.kie_files import KieFiles
from hailuo_widgets.provider.kie_h3 import (
    H3_ALSO_PRICED,
    H3_MODELS,
    H3_OFFERS,
    H3_PRICES,
    H3_SURCHARGES,
    create_job,
    has_job,
    input_of,
)
from hailuo_widgets.provider.messages import Amount, Balance, PollState
from hailuo_widgets.provider.parse import as_json, message_of
from hailuo_widgets.provider.refusal_words import about_content

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

__all__ = ["AUTH", "BASE_URL", "CODES", "FACTS", "JOBS_CHANNEL", "KEY_PAGE", "KieMinimax"]

DOC = "KIE.ai Minimax API document"
BALANCE = "KIE.ai's page on the account's credits, 2026-07"
BASE_URL = "https://api.kie.ai"
KEY_PAGE = "https://kie.ai/api-key"
AUTH = Auth(header="Authorization", prefix="Bearer ")
H02, H23, FAST = "minimax-hailuo-02", "minimax-hailuo-2-3", "minimax-hailuo-2-3-fast"
T2V, I2V = "text_to_video", "image_to_video"
JOBS_CHANNEL = "jobs"

_EIGHT = "8 s: the KIE document lists and prices it; MiniMax, which makes the clip, knows 6 and 10 s alone"
_LONG_1080 = (
    "10 s at 1080P: the KIE document's own example asks for it, and its notes say 10 s at standard resolutions alone"
)
_FAST_LONG = "{} s with Fast: the KIE document prices it, and its table of specs says 6 s for Fast"
_FAST_1080 = "1080P with Fast: the KIE document lists the value, and its table of specs says 768p for Fast"

# The list below the sentence that Hailuo 2.3 supports specialized rendering.
STYLES = (
    "Anime and illustration styles",
    "Ink wash painting (Chinese traditional art)",
    "Game CG (video game graphics)",
    "Pixar-style animation",
    "Surrealist effects",
    "Photo-realistic",
    "Custom styles via prompt",
)
MODELS = (
    Model(
        name=H23,
        title="Hailuo 2.3",
        short_names=("2.3", "2-3", "hailuo-2.3"),
        camera=True,
        recommended="Professional content with advanced styling",
        styles=STYLES,
        source=DOC,
    ),
    Model(
        name=FAST,
        title="Hailuo 2.3 Fast",
        short_names=("2.3-fast", "2-3-fast", "hailuo-2.3-fast"),
        camera=True,
        typical_s={None: 55},
        seed_doubt="the KIE document says that the same seed does not give the same clip with Fast",
        note="takes a first frame always",
        recommended="High-volume, time-sensitive workflows",
        source=DOC,
    ),
    Model(
        name=H02,
        title="Hailuo 02",
        short_names=("02", "hailuo-02"),
        camera=True,
        recommended="High-quality cinematic videos",
        source=DOC,
    ),
)

OFFERS = (
    *(
        Offer(model=model, mode=mode, resolution=resolution, durations=(6, 8, 10), source=DOC, doubtful_durations=why)
        for model in (H23, H02)
        for mode in (T2V, I2V)
        for resolution, why in (("768P", {8: _EIGHT}), ("1080P", {8: _EIGHT, 10: _LONG_1080}))
    ),
    *(
        Offer(
            model=FAST,
            mode=I2V,
            resolution=resolution,
            durations=(6, 8, 10),
            source=DOC,
            doubt=why,
            doubtful_durations={8: _FAST_LONG.format(8), 10: _FAST_LONG.format(10)},
        )
        for resolution, why in (("768P", ""), ("1080P", _FAST_1080))
    ),
)

PRICES = tuple(
    Price(
        model=model,
        resolution=None,
        duration=duration,
        micros=round(credit * 1_000_000),
        currency="credits",
        source=DOC,
        as_of="2026-11",
    )
    for model, row in ((H02, (45, 60, 60)), (H23, (52.5, 70, 70)), (FAST, (37.5, 50, 50)))
    for duration, credit in zip((6, 8, 10), row, strict=True)
)

# The document has dollars per second beside the credits: "$0.06/s", "$0.07/s", "$0.05/s". What is charged is credits.
ALSO_PRICED = tuple(
    Price(
        model=model,
        resolution=None,
        duration=None,
        micros=micros,
        currency="USD",
        source=DOC,
        as_of="2026-11",
        per_second=True,
    )
    for model, micros in ((H02, 60_000), (H23, 70_000), (FAST, 50_000))
)

_UNSURE = Code(error=ProviderError, meaning="an internal error at the provider", again=True, accepted=None)
CODES = {
    "1001": Code(
        error=Moderated, meaning="the prompt was refused: too short, empty, or banned content", hint="reword it"
    ),
    "1002": Code(
        error=InvalidRequest,
        meaning="the image was refused: its format is not supported, or the file is corrupted",
        hint="open the URL in a browser: it must show a JPEG, PNG or WebP to everybody",
    ),
    "1003": Code(error=InsufficientCredits, meaning="the account is out of credits", fatal=True),
    "1004": Code(error=InvalidRequest, meaning="a parameter was refused, for example the duration or the resolution"),
    "1005": Code(error=RateLimited, meaning="too many requests in a short time", again=True),
    "1006": Code(error=InvalidRequest, meaning="the image is larger than 10 MB", hint="make it smaller"),
    "400": Code(error=InvalidRequest, meaning="the request was refused as invalid"),
    "401": Code(error=AuthError, meaning="the key was refused", fatal=True),
    "402": Code(error=InsufficientCredits, meaning="the account is out of credits", fatal=True),
    "404": Code(error=InvalidRequest, meaning="not found"),
    "408": Code(
        error=ProviderError,
        meaning="the model's service behind the provider did not answer in time",
        hint="%hailuo retry ID asks again, for free: nothing is sent anew",
        accepted=None,
    ),
    "422": Code(error=InvalidRequest, meaning="a parameter was refused, or there is no such record"),
    "429": Code(error=RateLimited, meaning="too many requests in a short time", again=True),
    "433": Code(
        error=InsufficientCredits,
        meaning="the usage limit of this key is reached",
        fatal=True,
        hint="raise the key's limit at kie.ai, or use another key; then run it again",
    ),
    "455": Code(
        error=ProviderError, meaning="the provider is being maintained", hint="nothing was accepted; try again later"
    ),
    "500": _UNSURE,
    "501": Code(error=ProviderError, meaning="the generation failed", accepted=None),
    "505": Code(error=ProviderError, meaning="the feature is switched off at the provider"),
}

FACTS = Facts(
    name="kie",
    title="KIE.ai",
    base_url=BASE_URL,
    hosts=("https://api.kie.ai",),
    auth=AUTH,
    default_model=H23,
    models=(*MODELS, *H3_MODELS),
    offers=(*OFFERS, *H3_OFFERS),
    prices=(*PRICES, *H3_PRICES),
    surcharges=H3_SURCHARGES,
    also_priced=(*ALSO_PRICED, *H3_ALSO_PRICED),
    output_format="MP4",
    storage="14 days",
    link_life="20 minutes",
    images=ImageRules(
        max_bytes=10 * MIB,
        url_only=True,
        hint="put the picture where the web can reach it and give its https:// URL; or set KIE_DIALECT=jobs, the "
        "dialect that uploads pictures",
        source=DOC,
    ),
    source=DOC,
    prompt_max=800,
    prompt_min=1,
    seeds=Seeds(low=-1, high=99_999, random=-1, source=DOC),
    aspect_ratios=("16:9", "9:16", "1:1"),
    callback=True,
    max_concurrent=10,
    poll_floor_s=5.0,
    key_page=KEY_PAGE,
    simulated=True,
)

_STATES = {
    "0": "running",
    "1": "succeeded",
    "2": "failed",
    "waiting": "queued",
    "queuing": "queued",
    "queueing": "queued",
    "generating": "running",
    "success": "succeeded",
    "fail": "failed",
    "failed": "failed",
}


class KieMinimax(KieFiles):
    """The Minimax dialect: flat bodies, numeric statuses. It can query tasks of both dialects."""

    facts = FACTS
    codes = CODES
    callbacks = CALLBACKS
    states = _STATES
    refusals = REFUSALS | {404, 433, 455}
    # A query has no prompt and no image, so codes about these are about the task. It has only an ID, so a code for
    # "invalid" or "not found" is about the ID.
    ends = frozenset({"1001", "1002", "1006", "408", "501"})
    gone = frozenset({"1004", "404", "422"})

    def address_hint(self) -> str:
        """Return the hint for an unknown address: many accounts only have KIE's job API."""
        return f"for models other than H3, set KIE_DIALECT=jobs: it speaks KIE's job API. {super().address_hint()}"

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /api/v1/minimax/generate``, or H3's job. Resolutions are lower-case here."""
        del client_uuid
        if has_job(request):
            return create_job(request, input_of(request))
        body: dict[str, Any] = {"prompt": request.prompt, "model": request.model}
        optional = {
            "imageUrl": request.first_frame and request.first_frame.wire(),
            "duration": request.duration,
            "resolution": request.resolution and request.resolution.lower(),
            "aspectRatio": request.aspect_ratio,
            "seed": request.seed,
            "callBackUrl": request.callback_url,
        }
        body |= {k: v for k, v in optional.items() if v is not None} | dict(request.options)
        return HttpCall(method="POST", path="/api/v1/minimax/generate", json=body)

    def channel(self, request: Request) -> str:
        """Return the API that creates the task, and that must be used to query it."""
        return JOBS_CHANNEL if has_job(request) else ""

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Decode the reply: a task ID means that the request was accepted, whatever its code."""
        del request
        return self.accepted(reply)

    def row(self, code: str, said: str | None) -> Code | None:
        """Return the row of a code; a refusal for its content is recognized by its message."""
        row = super().row(code, said)
        if (row is None or row.error in {InvalidRequest, ProviderError}) and about_content(said):
            return Code(error=Moderated, meaning="the request was refused for its content", hint="reword it")
        return row

    def about_task(self, code: str, said: str | None, reply: HttpReply) -> Poll:
        """Return the poll of a task that a code describes as failed; a refusal for content is about the task too."""
        error = self.in_body(code, said, reply)
        if isinstance(error, Moderated):
            return Poll(state=PollState.FAILED, error=error)
        return super().about_task(code, said, reply)

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``GET /api/v1/minimax/record-info``, or the other dialect's query for a task that it created."""
        path = "/api/v1/jobs/recordInfo" if task.channel == JOBS_CHANNEL else "/api/v1/minimax/record-info"
        return HttpCall(method="GET", path=path, params={"taskId": task.task_id})

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the reply, whose ``data`` has a numeric ``status`` or a word in ``state``."""
        data = self.body(reply, asking=True)
        code, said = self.verdict(data)
        record = _record(data)
        self.checked("task", record.get("taskId"), task.task_id, reply)
        word = record.get("state") if isinstance(record.get("state"), str) else as_code(record.get("status"))
        state = self.state(word)
        if state == PollState.SUCCEEDED:
            return self._finished(record, reply)
        if state == PollState.FAILED:
            own = said if code is not None else None  # "success" is about the call, not the task
            why = next(
                (w for w in (record.get("failMsg"), record.get("errorMessage"), own) if isinstance(w, str)), None
            )
            return self.failed(as_code(record.get("failCode")) or code, why, reply, word=word)
        if code is not None:
            return self.about_task(code, said, reply)
        if word is None:
            raise self.unreadable(reply, "it names no status")
        return self.under_way(word)

    def encode_balance(self) -> HttpCall:
        """Return ``GET /api/v1/chat/credit``."""
        return HttpCall(method="GET", path="/api/v1/chat/credit")

    def decode_balance(self, reply: HttpReply) -> Balance:
        """Return the credits in ``data``, which is a number."""
        data = self.body(reply, asking=True)
        code, said = self.verdict(data)
        if code is not None:
            raise self.in_body(code, said, reply)
        micros = as_micros(data.get("data"))
        if micros is None:
            raise self.unreadable(reply, "it names no credits")
        return Balance(amounts=(Amount(micros=micros, currency="credits"),), source=BALANCE)

    def _finished(self, record: dict[str, Any], reply: HttpReply) -> Poll:
        url = as_url(record.get("videoUrl")) or _first_result(record.get("resultJson"))
        if url is None:
            raise self.unreadable(reply, "the provider finished the task and named no link")
        cost = as_micros(record.get("creditsConsumed"))
        return Poll(
            state=PollState.SUCCEEDED,
            clip=Clip(url=url, cost_micros=cost, currency=None if cost is None else "credits"),
        )

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return ``code`` (success is 0 in the document, 200 in KIE's other ones) and ``message`` or ``msg``."""
        code = as_code(data.get("code"))
        return (None if code in {"0", "200"} else code), message_of(data)


def _record(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("data")
    return found if isinstance(found, dict) else {}


def _first_result(value: object) -> str | None:
    """Return the first link in ``resultJson``, which is an object or JSON in a string."""
    found = as_json(value) if isinstance(value, str) else value
    links = found.get("resultUrls") if isinstance(found, dict) else None
    return next((url for link in links if (url := as_url(link))), None) if isinstance(links, list) else None
