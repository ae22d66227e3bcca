"""fal.ai provider: MiniMax's models behind fal's queue.

Sources of the rows. ``PAGE``: the pages of the endpoints at fal.ai (their ``llms.txt``), which name the fields and
prices of Hailuo 2.3. ``QUEUE``: fal's pages on the queue, on cancelling and on errors. ``HF``: the requests of Hugging
Face's public client for fal. ``QUOTED``: third parties that quote fal's pages on H3. A task is a request in the queue;
it may turn out to have failed only when its result is fetched. No page says what a cancelled request costs.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.errors import InvalidRequest, Moderated, ProviderError, RateLimited
from hailuo_widgets.provider import (
    MIB,
    NOT_USED,
    UNKNOWN_TASK,
    Accepted,
    Auth,
    CallbackFormat,
    Cancelled,
    CancelOutcome,
    Clip,
    Code,
    Facts,
    HttpCall,
    HttpReply,
    ImageRules,
    MediaKind,
    MediaLimits,
    Mode,
    Model,
    Offer,
    Option,
    Poll,
    PollState,
    Price,
    Provider,
    ReferenceRules,
    Request,
    Task,
    as_code,
    as_seed,
    as_url,
    ids_named,
    is_plain,
    read_json,
    task_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hailuo_widgets.provider import Settings

__all__ = ["CODES", "FACTS", "Fal", "make"]

PAGE = "fal.ai's page of the endpoint"
QUEUE = "fal.ai's pages on the queue, cancelling and errors"
HF = "Hugging Face's public client for fal.ai"
QUOTED = "fal.ai's page on H3, as quoted by third parties"
H23, FAST, H02 = "fal-ai/minimax/hailuo-2.3", "fal-ai/minimax/hailuo-2.3-fast", "fal-ai/minimax/hailuo-02"
H3, H3_MAX = "minimax/h3", "minimax/h3-max"
T2V, I2V, FL, REF = Mode.TEXT_TO_VIDEO, Mode.IMAGE_TO_VIDEO, Mode.FIRST_LAST_FRAME, Mode.REFERENCE_TO_VIDEO
TIERS = {"1080P": "pro"}  # the endpoint's tier by resolution; any other is "standard"
RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
FROM_5 = tuple(range(5, 16))
_512 = "512P: third parties name it for this endpoint; no page of fal.ai was read that does"
_REWRITING = "H3: no page of fal.ai that was read says whether it rewrites the prompt, or how that is turned off"
_480_4K = "480P and 4K: quoted from fal.ai's page by third parties; its first page named 2K alone"
_MAX_WORDS = "H3 Max: fal.ai's page names the resolutions and prices; how they are written in a request is a guess"

REFERENCES = ReferenceRules(
    source=QUOTED,
    images=9,
    videos=3,
    audios=3,
    total=12,
    video=MediaLimits(seconds=(2.0, 15.0), total_seconds=15.0),
    audio=MediaLimits(seconds=(2.0, 15.0), total_seconds=15.0),
)
EXPANSION = Option(
    name="prompt_expansion_mode",
    kind=str,
    help="disabled (as without --optimize), balanced (as with it) or quality",
    allowed=("disabled", "balanced", "quality", "fast"),
    doubts={"fast": "fast: some who quote fal.ai's page of H3 Max name it, and others do not"},
    optimizer=("disabled", "balanced"),
)


def _h3(name: str, title: str, short: tuple[str, ...], **more: Any) -> Model:
    return Model(
        name=name,
        title=title,
        short_names=short,
        seeds_elsewhere="Runware takes a seed for H3: provider='runware' (--provider runware)",
        prompt_max=7000,
        optimizer=name == H3_MAX,
        aspect_ratios={T2V: RATIOS, REF: ("adaptive", *RATIOS)},
        default_aspect_ratio={T2V: "16:9"},
        references=REFERENCES,
        source=QUOTED,
        **more,
    )


MODELS = (
    Model(name=H23, title="Hailuo 2.3", short_names=("2.3", "hailuo-2.3"), camera=True, source=PAGE),
    Model(name=FAST, title="Hailuo 2.3 Fast", short_names=("2.3-fast", "hailuo-2.3-fast"), camera=True, source=PAGE),
    Model(name=H02, title="Hailuo 02", short_names=("02", "hailuo-02"), camera=True, source=PAGE),
    _h3(H3, "MiniMax H3", ("h3", "minimax-h3")),
    _h3(H3_MAX, "H3 Max", ("h3-max", "minimax-h3-max"), options=(EXPANSION,)),
)


def _offers(
    model: str, modes: tuple[str, ...], lengths: Mapping[str, tuple[int, ...]], source: str, doubts: Mapping[str, str]
) -> Iterator[Offer]:
    for mode in modes:
        for resolution, durations in lengths.items():
            doubt = doubts.get(resolution, "")
            yield Offer(model=model, mode=mode, resolution=resolution, durations=durations, source=source, doubt=doubt)


OFFERS = (
    *_offers(H23, (T2V, I2V), {"768P": (6, 10), "1080P": (6,)}, PAGE, {}),
    *_offers(FAST, (I2V,), {"768P": (6, 10), "1080P": (6,)}, PAGE, {}),
    *_offers(H02, (T2V, I2V, FL), {"768P": (6, 10), "1080P": (6,)}, PAGE, {}),
    *_offers(H02, (I2V,), {"512P": (6, 10)}, QUOTED, {"512P": _512}),
    *_offers(
        H3,
        (T2V, I2V, FL, REF),
        {"768P": FROM_5, "2K": FROM_5, "480P": FROM_5, "4K": FROM_5},
        HF,
        {"768P": _REWRITING, "2K": _REWRITING} | dict.fromkeys(("480P", "4K"), f"{_480_4K}. {_REWRITING}"),
    ),
    *_offers(
        H3_MAX,
        (T2V, I2V, FL, REF),
        {"768P": FROM_5, "480P": FROM_5},
        PAGE,
        {"768P": _MAX_WORDS, "480P": _MAX_WORDS},
    ),
)


def _clip(model: str, resolution: str, duration: int | None, dollars: float) -> Price:
    return Price(
        model=model,
        resolution=resolution,
        duration=duration,
        micros=round(dollars * 1_000_000),
        currency="USD",
        source=PAGE,
        as_of="2026-03",
    )


def _second(model: str, resolution: str, dollars: float, source: str, *, as_of: str, mode: str | None = None) -> Price:
    return Price(
        model=model,
        resolution=resolution,
        duration=None,
        micros=round(dollars * 1_000_000),
        currency="USD",
        source=source,
        as_of=as_of,
        per_second=True,
        mode=mode,
    )


# What references cost is not known as a whole, so that a clip with references has no price.
PRICES = (
    _clip(H23, "768P", 6, 0.28),
    _clip(H23, "768P", 10, 0.56),
    _clip(H23, "1080P", None, 0.49),
    _clip(FAST, "768P", 6, 0.19),
    _clip(FAST, "768P", 10, 0.32),
    _clip(FAST, "1080P", None, 0.33),
    _second(H02, "768P", 0.045, "fal.ai's page on Hailuo 02, as quoted by third parties", as_of="2026-03"),
    _second(H02, "1080P", 0.08, PAGE, as_of="2026-03"),
    *(
        _second(H3, resolution, dollars, QUOTED, as_of="2026-09", mode=mode)
        for resolution, dollars in (("480P", 0.05), ("768P", 0.06), ("2K", 0.13), ("4K", 0.16))
        for mode in (T2V, I2V, FL)
    ),
    *(
        _second(H3_MAX, resolution, dollars, PAGE, as_of="2026-09", mode=mode)
        for resolution, dollars in (("480P", 0.05), ("768P", 0.08))
        for mode in (T2V, I2V, FL)
    ),
)

_FAILED = Code(error=ProviderError, meaning="the generation failed", accepted=None)
_INPUT = Code(error=InvalidRequest, meaning="a parameter or a file of the request was refused")
CODES = {
    "content_policy_violation": Code(
        error=Moderated, meaning="the prompt, a file or the clip was refused for its content", hint="reword it"
    ),
    **dict.fromkeys(
        (
            *(
                "missing",
                "value_error",
                "string_too_long",
                "string_too_short",
                "literal_error",
                "enum",
                "extra_forbidden",
            ),
            *("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "one_of"),
            *("image_too_small", "image_too_large", "image_load_error", "face_detection_error", "no_media_generated"),
            *("file_download_error", "file_too_large", "unsupported_image_format", "unsupported_video_format"),
            *("unsupported_audio_format", "audio_duration_too_long", "audio_duration_too_short"),
            *("video_duration_too_long", "video_duration_too_short", "bad_request"),
        ),
        _INPUT,
    ),
    **dict.fromkeys(
        (
            *("internal_server_error", "generation_timeout", "downstream_service_error"),
            *("downstream_service_unavailable", "request_timeout", "startup_timeout", "runner_scheduling_failure"),
            *("runner_connection_timeout", "runner_disconnected", "runner_connection_refused"),
            *("runner_connection_error", "runner_incomplete_response", "runner_server_error"),
            *("client_disconnected", "client_cancelled", "internal_error"),
        ),
        _FAILED,
    ),
}

FACTS = Facts(
    name="fal",
    title="fal.ai",
    base_url="https://queue.fal.run",
    auth=Auth(header="Authorization", prefix="Key "),
    default_model=H23,
    models=MODELS,
    offers=OFFERS,
    prices=PRICES,
    images=ImageRules(
        max_bytes=20 * MIB,
        short_side_over=300,
        ratio=(2 / 5, 5 / 2),
        source="the MiniMax document: the limits of the models themselves",
    ),
    source=QUEUE,
    prompt_max=2000,
    optimizer=True,
    callback=True,
    options=(
        Option(name="enable_safety_checker", kind=bool, help="false: relaxed screening, for accounts that may ask it"),
    ),
    key_page="https://fal.ai/dashboard/keys",
    key_variables=("FAL_KEY", "FAL_API_KEY"),
    simulated=True,
)

# The links in a queue's answer, and what may end the path of each.
LINKS = {"status_url": ("/status",), "response_url": ("", "/response"), "cancel_url": ("/cancel",)}
CANCELS = {
    "OK": CancelOutcome.UNKNOWN,
    "CANCELLATION_REQUESTED": CancelOutcome.UNKNOWN,
    "ALREADY_COMPLETED": CancelOutcome.TOO_LATE,
}


class Fal(Provider):
    """fal's queue: submit, ask for the status, fetch the result. The channel of a task is the app that has it."""

    facts = FACTS
    codes = CODES
    states = MappingProxyType({"in_queue": "queued", "in_progress": "running", "completed": "succeeded"})
    default_channel = "fal-ai/minimax"
    callbacks = CallbackFormat(tasks=ids_named("request_id"))  # signed with a key pair that is not checked here

    # -- requests -------------------------------------------------------------------------------------------------

    def channel(self, request: Request) -> str:
        """Return the app, the first two parts of the endpoint's name: its path has all of the app's requests."""
        return "/".join(request.model.strip("/").split("/")[:2])

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST`` of the endpoint for the model, the resolution and the mode."""
        del client_uuid
        known = self.facts.model(request.model) is not None
        body = self._h3_body(request) if not known or request.model in {H3, H3_MAX} else self._hailuo_body(request)
        params = {"fal_webhook": request.callback_url} if request.callback_url else {}
        path = _endpoint(request) if known else request.model.strip("/")
        return HttpCall(method="POST", path=f"/{quote(path)}", json={**body, **request.options}, params=params)

    def _hailuo_body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {"prompt": request.prompt, "prompt_optimizer": request.prompt_optimizer}
        if request.resolution not in TIERS:  # the "pro" endpoints take neither
            body["duration"] = str(request.duration)  # text, unlike at H3
            if request.model == H02 and request.mode != T2V:
                body["resolution"] = request.resolution
        return body | _frames(request)

    def _h3_body(self, request: Request) -> dict[str, Any]:
        files: dict[str, list[str]] = {}
        for reference in request.references:
            files.setdefault(f"reference_{MediaKind(reference.kind).value}_urls", []).append(reference.wire())
        body = {
            "prompt": request.prompt,
            "duration": request.duration,
            "resolution": request.resolution,
            "aspect_ratio": request.aspect_ratio,
            "seed": request.seed,
            "prompt_optimizer": True if request.unlisted and request.prompt_optimizer else None,
        }
        if request.model == H3_MAX and not request.unlisted:  # fal's own default is balanced
            body[EXPANSION.name] = "balanced" if request.prompt_optimizer else "disabled"
        return {k: v for k, v in body.items() if v is not None} | _frames(request) | files

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``GET`` of the request's status."""
        return HttpCall(method="GET", path=self._path(task, "status_url"))

    def encode_link(self, task: Task, clip: Clip) -> HttpCall | None:
        """Return ``GET`` of the request's result, which alone says whether it has failed."""
        del clip
        return HttpCall(method="GET", path=self._path(task, "response_url"))

    def encode_cancel(self, task: Task) -> HttpCall | None:
        """Return ``PUT`` of the request's cancellation."""
        return HttpCall(method="PUT", path=self._path(task, "cancel_url"))

    def _path(self, task: Task, name: str) -> str:
        """Return the path that the queue has named, if it is the request's own at fal, or else the documented one."""
        app = self._app(task.channel)
        named = task_path(task.details.get(name), task.task_id, *_shapes(app, name), bases=self.facts.origins)
        return named or f"/{app}/requests/{quote(task.task_id, safe='')}{LINKS[name][0]}"

    def _app(self, channel: str) -> str:
        """Return the app of a channel. One from the log that is no app's name is not used."""
        fair = is_plain(f"/{channel}") and "requests" not in channel.split("/")
        return channel if fair else self.default_channel

    # -- replies --------------------------------------------------------------------------------------------------

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return the type of the first error and all messages: ``detail`` is a list of errors, or a text."""
        detail = data.get("detail")
        if isinstance(detail, str):
            return as_code(data.get("error_type")), detail
        errors = [error for error in detail if isinstance(error, dict)] if isinstance(detail, list) else []
        if errors:
            said = "; ".join(text for error in errors[:3] if isinstance(text := error.get("msg"), str))
            return as_code(errors[0].get("type")), said or None
        error = data.get("error")
        return as_code(data.get("error_type")), error if isinstance(error, str) else None

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Decode the reply; of the three addresses that it names, those of the request at fal itself are kept."""
        accepted = self.accepted(reply)
        data = self.body(reply)
        app = self._app(self.channel(request))
        own: dict[str, str] = {}
        warnings = [accepted.warning] if accepted.warning else []
        for name in LINKS:
            url = data.get(name)
            shapes = _shapes(app, name)
            if isinstance(url, str) and task_path(url, accepted.task_id, *shapes, bases=self.facts.origins):
                own[name] = url
            elif url and not task_path(url, accepted.task_id, *shapes, bases=(reply.origin,)):
                warnings.append(f"{name} {NOT_USED}")
        return replace(accepted, details=own, warning="; ".join(warnings) or None)

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the status. A completed request has no clip yet: its result is fetched, and may be a failure."""
        data = self.body(reply, asking=True)
        self.checked("task", data.get("request_id"), task.task_id, reply)
        word = data.get("status")
        code, said = self.verdict(data)
        state = self.state(word)
        if state == PollState.SUCCEEDED:
            return Poll(state=PollState.SUCCEEDED, clip=Clip())
        if state == PollState.FAILED:
            return self.failed(code, said, reply, word=word)
        if not isinstance(word, str):
            raise self.in_body(code, said, reply) if code else self.unreadable(reply, "it names no status")
        return self.under_way(word)

    def decode_link(self, reply: HttpReply, clip: Clip) -> Clip:
        """Decode the result: the clip, or the errors of a request that has failed."""
        failed = self._failure(reply)
        if failed is not None:
            raise failed
        data = self.body(reply, asking=True)
        link = next((url for found in _videos(data) if (url := as_url(found))), None)
        if link is None:
            raise self.unreadable(reply, "the result names no video")
        return replace(clip, url=link, seed=as_seed(data.get("seed")))

    def _failure(self, reply: HttpReply) -> ProviderError | None:
        """Return the error of a reply that is none of success: only a typed one is about the request itself."""
        fault = self.http_fault(reply, asking=True)
        if fault is None:
            return None
        try:
            data = read_json(self, reply)
        except ProviderError:
            return fault
        code, said = self.verdict(data)
        if code is not None and (isinstance(data.get("detail"), list) or code in self.codes):
            return self.task_failed(code, said, reply)
        fault.again = fault.again or "in progress" in (said or "").casefold()
        return fault

    def decode_cancel(self, reply: HttpReply, task: Task) -> Cancelled:
        """Decode the reply: a cancelled request may still come to its end."""
        data = read_json(self, reply)
        self.checked("task", data.get("request_id"), task.task_id, reply)
        word = str(data.get("status")).strip().upper()
        if word == "NOT_FOUND":
            raise self.error(UNKNOWN_TASK, code=word, said=None, reply=reply)
        if word not in CANCELS:
            raise self.http_fault(reply) or self.unreadable(reply, "it does not say what became of the request")
        return Cancelled(outcome=CANCELS[word], said=word)

    def row(self, code: str, said: str | None) -> Code | None:
        """The documented types, and a limit on requests at once under any name."""
        row = super().row(code, said)
        if row is None and "concurren" in code.casefold():
            return Code(error=RateLimited, meaning="too many requests at once", again=True)
        return row


def _endpoint(request: Request) -> str:
    mode = {I2V: "image-to-video", FL: "image-to-video", REF: "reference-to-video"}.get(request.mode, "text-to-video")
    if request.model in {H3, H3_MAX}:
        return f"{request.model}/{mode}"
    return f"{request.model}/{TIERS.get(request.resolution or '', 'standard')}/{mode}"


def _shapes(app: str, name: str) -> list[str]:
    return [f"/{app}/{{more}}/requests/{{id}}{end}" for end in LINKS[name]]


def _frames(request: Request) -> dict[str, Any]:
    frames = {"image_url": request.first_frame, "end_image_url": request.last_frame}
    return {name: image.wire() for name, image in frames.items() if image is not None}


def _videos(data: dict[str, Any]) -> Iterator[object]:
    for found in (data.get("video"), data.get("videos"), data.get("output")):
        for item in found if isinstance(found, list) else [found]:
            yield item.get("url") if isinstance(item, dict) else item
    yield data.get("video_url")


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return Fal()
