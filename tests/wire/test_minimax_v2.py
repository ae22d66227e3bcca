"""Tests of MiniMax's second video API: each call and each documented reply, from MiniMax's own pages.

Bodies and replies are written by hand from the pages of create, query, list, delete and regeneration, in English and
in Chinese; the balance from MiniMax's command-line client 1.0.27.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.check import check
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Source
from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    Moderated,
    ProviderError,
    RateLimited,
    TaskLost,
    UsageError,
)
from hailuo_widgets.planning.build_request import build_request
from hailuo_widgets.provider.interface import Clip, HttpReply, Task
from hailuo_widgets.provider.messages import Amount, Cancelled, CancelOutcome, Candidate, FormFile, PlanRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import Provider

H3, H3_MAX = "MiniMax-H3", "MiniMax-H3-Max"
TASK = Task(task_id="424010985738629", channel="v2")
GLOBAL, CHINA = "https://api.minimax.io", ("https://api.minimaxi.com", "https://api.minimax.cn")
FOX = Reference(name="fox.png", kind=MediaKind.IMAGE, url="https://pictures.example/fox.png")
RUN = Reference(name="run.mp4", kind=MediaKind.VIDEO, url="https://clips.example/run.mp4", seconds=6.0)
VOICE = Reference(
    name="voice.wav", kind=MediaKind.AUDIO, data=b"RIFF voice", sha256="cd" * 32, media_type="audio/wav", seconds=3.0
)


@pytest.fixture
def minimax(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("minimax")


def named(value: Any) -> str:
    """The ID of a test's value: of fields, their names and plain values."""
    if not isinstance(value, dict):
        return str(getattr(value, "__name__", value))[:40]
    return "+".join(f"{k}={v}"[:40] if isinstance(v, (str, int)) else k for k, v in value.items()) or "plain"


def body_of(provider: Provider, request: Request) -> dict[str, Any]:
    """The body of a request's create call, which is one of V2's."""
    call = provider.encode_create(request, "unused")
    assert (call.method, call.path, call.origin, dict(call.headers)) == ("POST", "/v2/video_generation", None, {})
    assert provider.channel(request) == "v2"
    body: dict[str, Any] = call.json
    return body


def refused(status: int, kind: str, message: str) -> dict[str, Any]:
    """A body of the error pages; ``http_code`` is text."""
    error = {"type": kind, "message": message, "http_code": str(status)}
    return {"type": "error", "error": error, "request_id": "021785229015510a2c883cf675b9804d"}


OK = {"status_code": 0, "status_msg": "success"}


# -- create -------------------------------------------------------------------------------------------------------


def test_text_to_video(minimax: Provider, ask: Callable[..., Request]) -> None:
    """Text alone: one item, and resolution, duration and ratio, which the page requires; no field of V1."""
    assert body_of(minimax, ask(minimax, "a fox", model=H3, aspect_ratio="16:9")) == {
        "model": "MiniMax-H3",
        "content": [{"type": "text", "text": "a fox"}],
        "resolution": "768P",
        "duration": 6,
        "ratio": "16:9",
    }


def test_first_frame(minimax: Provider, ask: Callable[..., Request], picture: Image) -> None:
    """A local first frame is a data URL with its role; the ratio follows the picture, so none is sent."""
    request = ask(minimax, "a fox", model=H3, first_frame=picture, resolution="2K", duration=15)
    assert body_of(minimax, request) == {
        "model": "MiniMax-H3",
        "content": [
            {"type": "text", "text": "a fox"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORyBmb3g="}, "role": "first_frame"},
        ],
        "resolution": "2K",
        "duration": 15,
    }


def test_first_and_last_frame(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """Both frames go by their URLs, each with its role."""
    request = ask(
        minimax,
        "a fox",
        model=H3_MAX,
        first_frame=link,
        last_frame=link,
        duration=5,
        resolution="480P",
        options={"extra.prompt_expansion_mode": "quality"},
    )
    assert body_of(minimax, request) == {
        "model": "MiniMax-H3-Max",
        "content": [
            {"type": "text", "text": "a fox"},
            {"type": "image_url", "image_url": {"url": link.url}, "role": "first_frame"},
            {"type": "image_url", "image_url": {"url": link.url}, "role": "last_frame"},
        ],
        "resolution": "480P",
        "duration": 5,
        "extra": {"prompt_expansion_mode": "quality"},
    }


@pytest.mark.parametrize(
    ("given", "mode", "rewritten"),
    [
        ({}, "disabled", False),
        ({"prompt_optimizer": False}, "disabled", False),
        ({"prompt_optimizer": True}, "balanced", True),
        *(({"options": {"extra.prompt_expansion_mode": mode}}, mode, True) for mode in ("balanced", "quality")),
        ({"options": {"extra.prompt_expansion_mode": "disabled"}}, "disabled", False),
        ({"prompt_optimizer": True, "options": {"extra.prompt_expansion_mode": "quality"}}, "quality", True),
        ({"prompt_optimizer": False, "options": {"extra.prompt_expansion_mode": "disabled"}}, "disabled", False),
    ],
    ids=str,
)
def test_h3_max_rewrites_a_prompt_only_if_asked(
    minimax: Provider, given: dict[str, Any], mode: str, *, rewritten: bool
) -> None:
    """MiniMax's own default is ``balanced``: the mode is always sent, and the request says whether it rewrites."""
    built = build_request(minimax.facts, {"prompt": "a fox", "model": "h3-max", **given})
    assert body_of(minimax, built.request) == {
        "model": "MiniMax-H3-Max",
        "content": [{"type": "text", "text": "a fox"}],
        "resolution": "768P",
        "duration": 6,
        "ratio": "16:9",
        "extra": {"prompt_expansion_mode": mode},
    }
    assert built.request.prompt_optimizer == rewritten
    assert built.warnings == ()


@pytest.mark.parametrize(("asked", "mode"), [(True, "disabled"), (False, "balanced"), (False, "quality")])
def test_the_switch_and_the_option_contradict_each_other(minimax: Provider, mode: str, *, asked: bool) -> None:
    """Neither wins: nothing is sent."""
    given = {"prompt_optimizer": asked, "options": {"extra.prompt_expansion_mode": mode}}
    with pytest.raises(UsageError, match="contradict") as refused:
        build_request(minimax.facts, {"prompt": "a fox", "model": "h3-max", **given})
    assert [p.argument for p in refused.value.problems] == ["prompt_optimizer"]


def test_an_unlisted_model_is_sent_no_mode_of_its_own(minimax: Provider) -> None:
    """Its request is sent as it was typed, even under a known name."""
    given = {"prompt": "a fox", "model": "MiniMax-H3-Max", "unlisted": True}
    assert "extra" not in body_of(minimax, build_request(minimax.facts, given).request)


def test_a_last_frame_alone_is_sent_with_a_warning(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The page's table has it and its text on the role doesn't."""
    request = ask(minimax, "a fox", model=H3, last_frame=link)
    items = body_of(minimax, request)["content"]
    assert items[1:] == [{"type": "image_url", "image_url": {"url": link.url}, "role": "last_frame"}]
    assert [(p.severity, p.argument) for p in check(request, minimax.facts)] == [("warning", "last_frame")]


def test_references(minimax: Provider, ask: Callable[..., Request]) -> None:
    """Pictures, clips and sounds go in the order that they were given in, each with its kind's role."""
    request = ask(minimax, "the voice follows reference audio 1", model=H3, references=(FOX, RUN, VOICE, FOX))
    assert body_of(minimax, request)["content"] == [
        {"type": "text", "text": "the voice follows reference audio 1"},
        {"type": "image_url", "image_url": {"url": FOX.url}, "role": "reference_image"},
        {"type": "video_url", "video_url": {"url": RUN.url}, "role": "reference_video"},
        {
            "type": "audio_url",
            "audio_url": {"url": "data:audio/wav;base64,UklGRiB2b2ljZQ=="},
            "role": "reference_audio",
        },
        {"type": "image_url", "image_url": {"url": FOX.url}, "role": "reference_image"},
    ]
    assert check(request, minimax.facts) == ()


def test_a_local_reference_is_uploaded(
    minimax: Provider, reply: Callable[..., HttpReply], picture: Image, ask: Callable[..., Request]
) -> None:
    """The page of file management: a form, an ID, and the ID as the item's address. A frame stays a data URL."""
    call = minimax.encode_upload(VOICE)
    assert call is not None
    assert (call.method, call.path, call.origin, call.json) == ("POST", "/v1/files/upload", None, None)
    assert dict(call.form) == {
        "purpose": "video_generation_input",
        "file": FormFile(name=f"{'cd' * 16}.wav", data=b"RIFF voice", media_type="audio/wav"),
    }
    assert minimax.encode_upload(picture) is None
    assert minimax.encode_upload(FOX) is None
    file = {
        "file_id": 176844028768320,
        "bytes": 10,
        "created_at": 1785229015,
        "filename": f"{'cd' * 16}.wav",
        "purpose": "video_generation_input",
    }
    answer = reply({"file": file, "base_resp": OK})
    assert minimax.decode_upload(answer) == "mm_file://176844028768320"
    minimax.check_upload(answer, VOICE)
    uploaded = replace(VOICE, url="mm_file://176844028768320")
    items = body_of(minimax, ask(minimax, "a fox", model=H3, references=(FOX, uploaded)))["content"]
    assert items[2]["audio_url"] == {"url": "mm_file://176844028768320"}
    for other in ({"bytes": 11}, {"filename": "another.wav"}):
        with pytest.raises(ProviderError, match="another file"):
            minimax.check_upload(reply({"file": file | other, "base_resp": OK}), VOICE)
    with pytest.raises(InvalidRequest):
        minimax.decode_upload(reply({"base_resp": {"status_code": 2013, "status_msg": "duration"}}))
    with pytest.raises(ProviderError):
        minimax.decode_upload(reply({"base_resp": OK}))


def test_regeneration(minimax: Provider, ask: Callable[..., Request]) -> None:
    """A clip of an own task at 2K: the page's example; the prompt and the length are the source's."""
    request = ask(minimax, "a fox", model=H3, source=Source(run_id="r", task_id="424010985738629"), watermark=True)
    call = minimax.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", "/v2/video_regeneration")
    assert call.json == {
        "model": "MiniMax-H3",
        "source_task_id": "424010985738629",
        "resolution": "2K",
        "aigc_watermark": True,
    }
    assert minimax.for_origin(call, GLOBAL) == call
    assert minimax.channel(request) == "v2"


def test_callback_and_watermark(minimax: Provider, ask: Callable[..., Request]) -> None:
    """Only the Chinese create page has ``aigc_watermark``: the international host doesn't get it, and that is told."""
    request = ask(
        minimax, "a fox", model=H3, aspect_ratio="1:1", callback_url="https://me.example/hook", watermark=False
    )
    call = minimax.encode_create(request, "unused")
    rest = {
        "model": "MiniMax-H3",
        "content": [{"type": "text", "text": "a fox"}],
        "resolution": "768P",
        "duration": 6,
        "ratio": "1:1",
        "callback_url": "https://me.example/hook",
    }
    assert minimax.for_origin(call, GLOBAL).json == rest
    for origin in (*CHINA, "http://127.0.0.1:8000"):
        assert minimax.for_origin(call, origin).json == rest | {"aigc_watermark": False}
    (problem,) = check(request, minimax.facts)
    assert (problem.severity, problem.argument) == ("warning", "watermark")
    assert "https://api.minimax.io" in problem.message
    older = minimax.encode_create(ask(minimax, "a fox", watermark=True), "unused")
    assert minimax.for_origin(older, GLOBAL) == older


@pytest.mark.parametrize(
    ("fields", "argument", "part"),
    [
        ({"prompt": "f" * 7001}, "prompt", "at most 7000"),
        ({"prompt": " "}, "prompt", "empty"),
        ({"resolution": "1080P"}, "resolution", "768P, 2K"),
        ({"resolution": "480P"}, "resolution", "768P, 2K"),
        ({"model": H3_MAX, "resolution": "2K"}, "resolution", "768P, 480P"),
        ({"duration": 3}, "duration", "4, 5"),
        ({"duration": 16}, "duration", "15"),
        ({"model": H3_MAX, "duration": 4}, "duration", "5, 6"),
        ({"aspect_ratio": "adaptive"}, "aspect_ratio", "21:9"),
        ({"aspect_ratio": "2:1"}, "aspect_ratio", "21:9"),
        ({"seed": 7}, "seed", "takes no seed"),
        ({"prompt_optimizer": True}, "prompt_optimizer", "no prompt optimizer"),
        ({"fast_pretreatment": True}, "fast_pretreatment", "takes no fast_pretreatment"),
        ({"model": H3_MAX, "fast_pretreatment": True}, "fast_pretreatment", "takes no fast_pretreatment"),
        ({"options": {"extra.prompt_expansion_mode": "quality"}}, "options", "takes none"),
        ({"model": H3_MAX, "options": {"extra.prompt_expansion_mode": ""}}, "options", "disabled, balanced, quality"),
        ({"model": H3_MAX, "options": {"extra.prompt_expansion_mode": True}}, "options", "to be str"),
        ({"references": (VOICE,)}, "references", "sounds alone"),
        ({"references": (FOX,) * 10}, "references", "at most 9"),
        ({"references": (FOX, *(VOICE,) * 4)}, "references", "at most 3"),
        ({"references": (RUN,) * 3}, "references", "15 s"),
        ({"references": (*(FOX,) * 9, *(RUN,) * 2, *(VOICE,) * 2)}, "references", "at most 12"),
        ({"model": "MiniMax-Hailuo-02", "references": (FOX,)}, "model", "reference_to_video"),
    ],
    ids=named,
)
def test_refused_before_it_is_sent(
    minimax: Provider, ask: Callable[..., Request], fields: dict[str, Any], argument: str, part: str
) -> None:
    """What the pages exclude is an error about its argument."""
    given = {"prompt": "a fox", "model": H3, **fields}
    request = ask(minimax, given.pop("prompt"), **given)
    found = [p for p in check(request, minimax.facts) if p.severity == "error"]
    assert [p.argument for p in found] == [argument]
    assert part in found[0].message


def test_frames_and_references_exclude_each_other(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The page says that their roles are never in one request."""
    request = ask(minimax, "a fox", model=H3, references=(FOX,), first_frame=link)
    assert [p.argument for p in check(request, minimax.facts) if p.severity == "error"] == ["references"]


def test_older_models_go_to_v1(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The default model is what it was, and each older model keeps its path and its channel."""
    assert minimax.facts.default_model == "MiniMax-Hailuo-2.3"
    for model in minimax.facts.models:
        if model.name in {H3, H3_MAX}:
            continue
        request = ask(minimax, "a fox", model=model.name, first_frame=link)
        call = minimax.encode_create(request, "unused")
        assert (call.path, minimax.channel(request)) == ("/v1/video_generation", "video")
        assert set(call.json) <= {
            "model", "prompt", "duration", "resolution", "prompt_optimizer", "first_frame_image",
        }  # fmt: skip
        assert minimax.encode_list(request, 1) is None
        assert minimax.encode_cancel(Task(task_id="7", channel="video")) is None


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("MiniMax-H4", "/v2/video_generation"),
        ("MiniMax-Hailuo-2.5", "/v1/video_generation"),
        ("T2V-02", "/v1/video_generation"),
        ("video-01", "/v1/video_generation"),
    ],
)
def test_an_unlisted_model(minimax: Provider, ask: Callable[..., Request], model: str, path: str) -> None:
    """It goes to the version that its name belongs to, with what was given and no default; options are fields."""
    request = ask(minimax, "a fox", model=model, unlisted=True, seed=7, options={"extra": {"a": 1}, "extra.b": "x"})
    call = minimax.encode_create(request, "unused")
    assert (call.path, minimax.channel(request)) == (path, "v2" if "v2" in path else "video")
    prompt = (
        {"content": [{"type": "text", "text": "a fox"}]}
        if "v2" in path
        else {"prompt": "a fox", "prompt_optimizer": False}
    )
    assert call.json == {"model": model, **prompt, "seed": 7, "extra": {"a": 1, "b": "x"}}


# -- what create answers ------------------------------------------------------------------------------------------


def test_create_answer(minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """The answer is the task's ID alone."""
    accepted = minimax.decode_create(reply({"task_id": "424010985738629"}), ask(minimax, model=H3))
    assert (accepted.task_id, accepted.warning) == ("424010985738629", None)


ERRORS = [
    (400, "bad_request_error", "invalid params, content must include a non-empty text item (2013)", InvalidRequest),
    (401, "authorized_error", "login fail: carry the API secret key in the 'Authorization' field (1004)", AuthError),
    (401, "authentication_error", "invalid api key (2049)", AuthError),
    (402, "insufficient_balance_error", "insufficient balance (1008)", InsufficientCredits),
    (422, "unprocessable_entity_error", "video description contains sensitive content (1026)", Moderated),
    (422, "unprocessable_entity_error", "output contains sensitive content (1027)", Moderated),
    (429, "rate_limit_error", "rate limit, please retry later (1002)", RateLimited),
    (429, "rate_limit_error", "usage limit exceeded, 5-hour limit resets at 12:00 (2056)", InsufficientCredits),
    (500, "server_error", "internal error (1000)", ProviderError),
    (529, "overloaded_error", "the service is overloaded", RateLimited),
    (400, "bad_request_error", "no number", InvalidRequest),
    (429, "rate_limit_error", "no number", RateLimited),
]


@pytest.mark.parametrize(("status", "kind", "message", "raised"), ERRORS)
def test_create_errors(  # noqa: PLR0917 - pytest names them
    minimax: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    kind: str,
    message: str,
    raised: type[ProviderError],
) -> None:
    """The number in the message, the type, and the status agree; only a 500 leaves open whether it was accepted."""
    with pytest.raises(raised) as caught:
        minimax.decode_create(reply(refused(status, kind, message), status), ask(minimax, model=H3))
    error = caught.value
    assert type(error) is raised
    assert error.accepted is (None if status == 500 else False)
    assert error.again == (status in {500, 529} or (status == 429 and "2056" not in message))
    assert error.fatal == (raised in {AuthError, InsufficientCredits})
    assert (error.provider_message, error.trace_id) == (message, "021785229015510a2c883cf675b9804d")


def test_the_number_decides_against_the_status(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """A used-up quota is one under any status, and so is a refused content."""
    for status in (400, 403, 429, 500):
        with pytest.raises(Moderated):
            minimax.decode_create(reply(refused(status, "x", "no (1026)"), status), ask(minimax, model=H3))


# -- query --------------------------------------------------------------------------------------------------------

DONE: dict[str, Any] = {
    "id": "424010985738629",
    "model": "MiniMax-H3",
    "status": "succeeded",
    "created_at": 1785229015,
    "updated_at": 1785229215,
    "content": {"url": "https://cdn.example/h3.mp4?Expires=1&Signature=x"},
    "resolution": "768P",
    "duration": 6,
    "usage": {"total_seconds": 6, "input_seconds": 0, "output_seconds": 6, "input_image_count": 0},
    "ratio": "16:9",
    "task_type": "generation",
    "modality": "video",
}


def test_query(minimax: Provider) -> None:
    """The ID is a part of the path."""
    call = minimax.encode_query(TASK)
    assert (call.method, call.path, dict(call.params)) == ("GET", "/v2/query/video_generation/424010985738629", {})
    odd = minimax.encode_query(Task(task_id="a:b.c-d", channel="v2"))
    assert odd.path == "/v2/query/video_generation/a%3Ab.c-d"


def test_success(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """The link is in the task, one level down; no file is retrieved."""
    poll = minimax.decode_query(reply({"task": DONE}), TASK)
    assert (poll.state, poll.clip) == ("succeeded", Clip(url="https://cdn.example/h3.mp4?Expires=1&Signature=x"))
    assert minimax.encode_link(TASK, Clip(file_id="7")) is None


@pytest.mark.parametrize(
    ("origin", "fields", "usage", "cost"),
    [
        (GLOBAL, {}, {}, (480_000, "USD")),
        (GLOBAL, {"resolution": "2K", "duration": 10}, {"output_seconds": 10}, (1_300_000, "USD")),
        (GLOBAL, {}, {"input_seconds": 5.8}, (944_000, "USD")),
        (GLOBAL, {}, {"input_image_count": 7, "input_audio_seconds": 9}, (560_000, "USD")),
        (GLOBAL, {"model": H3_MAX, "resolution": "480P"}, {"input_image_count": 3}, (374_000, "USD")),
        (GLOBAL, {"task_type": "regeneration", "resolution": "2K"}, {}, (300_000, "USD")),
        (CHINA[1], {"resolution": "2K"}, {}, (4_800_000, "CNY")),
        (CHINA[0], {}, {}, None),
        ("http://127.0.0.1:8000", {}, {}, None),
        ("", {}, {}, None),
        (GLOBAL, {"model": "MiniMax-H4"}, {}, None),
        (GLOBAL, {"resolution": ""}, {}, None),
        (GLOBAL, {"usage": {}}, {}, None),
        (GLOBAL, {"usage": None}, {}, None),
        (GLOBAL, {}, {"output_seconds": -6}, None),
        (GLOBAL, {}, {"output_seconds": "6"}, None),
        (GLOBAL, {}, {"input_seconds": None}, None),
        (GLOBAL, {"task_type": "regeneration", "resolution": "2K"}, {"input_image_count": 7}, None),
    ],
    ids=named,
)
def test_cost_by_usage(  # noqa: PLR0917 - pytest names them
    minimax: Provider,
    reply: Callable[..., HttpReply],
    origin: str,
    fields: dict[str, Any],
    usage: dict[str, Any],
    cost: tuple[int, str] | None,
) -> None:
    """What was counted, at the rates of the host's region; the clip is there whether a cost is or not."""
    task = DONE | fields
    if usage:
        task = task | {"usage": DONE["usage"] | usage}
    clip = minimax.decode_query(from_origin(reply({"task": task}), origin), TASK).clip
    assert clip is not None
    assert clip.url is not None
    assert (clip.cost_micros, clip.currency) == (cost or (None, None))
    assert clip.by_list == (cost is not None)


@pytest.mark.parametrize(
    ("word", "state", "warned"),
    [
        ("queued", "queued", False),
        ("running", "running", False),
        ("Running", "running", False),
        ("odd", "queued", True),
    ],
)
def test_under_way(minimax: Provider, reply: Callable[..., HttpReply], word: str, state: str, warned: bool) -> None:  # noqa: FBT001 - pytest names it
    """Each documented word is its state; another moves nothing, and is told."""
    poll = minimax.decode_query(reply({"task": {"id": TASK.task_id, "status": word, "usage": {}}}), TASK)
    assert (poll.state, poll.warning is not None) == (state, warned)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ({"code": "1026", "message": "input contains sensitive content"}, Moderated, "1026"),
        ({"code": "1027", "message": "output contains sensitive content"}, Moderated, "1027"),
        ({"code": 1027, "message": "output contains sensitive content"}, Moderated, "1027"),
        ({"code": "", "message": "output contains sensitive content (1027)"}, Moderated, "1027"),
        ({"code": "2013", "message": "file expired"}, InvalidRequest, "2013"),
        ({"code": "1000", "message": "internal"}, ProviderError, "1000"),
        ({}, ProviderError, "failed"),
        (None, ProviderError, "failed"),
    ],
    ids=named,
)
def test_failed(
    minimax: Provider, reply: Callable[..., HttpReply], error: Any, kind: type[ProviderError], code: str
) -> None:
    """A failed task has its own error, the code of which is text."""
    poll = minimax.decode_query(reply({"task": {"id": TASK.task_id, "status": "failed", "error": error}}), TASK)
    assert (poll.state, poll.cancelled, type(poll.error)) == ("failed", False, kind)
    assert poll.error is not None
    assert poll.error.code == code


@pytest.mark.parametrize(("word", "cancelled"), [("cancelled", True), ("expired", False)])
def test_ended_without_a_clip(minimax: Provider, reply: Callable[..., HttpReply], word: str, cancelled: bool) -> None:  # noqa: FBT001 - pytest names it
    """A cancelled task and an expired one have failed; the first costs nothing, by the page of the delete call."""
    poll = minimax.decode_query(reply({"task": {"id": TASK.task_id, "status": word}}), TASK)
    assert (poll.state, poll.cancelled, poll.word) == ("failed", cancelled, None)
    assert minimax.cancelled_costs == CancelOutcome.FREE


@pytest.mark.parametrize(
    ("status", "kind", "message", "raised"),
    [
        (400, "bad_request_error", "invalid params, invalid task_id (2013)", TaskLost),
        (400, "bad_request_error", "invalid task_id", TaskLost),
        (400, "bad_request_error", "invalid params (2013)", InvalidRequest),
        (401, "authorized_error", "login fail (1004)", AuthError),
        (429, "rate_limit_error", "rate limit, please retry later (1002)", RateLimited),
        (500, "server_error", "internal error (1000)", ProviderError),
    ],
)
def test_a_refused_query(  # noqa: PLR0917 - pytest names them
    minimax: Provider,
    reply: Callable[..., HttpReply],
    status: int,
    kind: str,
    message: str,
    raised: type[ProviderError],
) -> None:
    """It says nothing of the task, unless it names the ID as invalid: that of another account, or older than a week."""
    with pytest.raises(raised) as caught:
        minimax.decode_query(reply(refused(status, kind, message), status), TASK)
    assert type(caught.value) is raised


def test_a_reply_about_another_task_is_not_taken(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """Neither its state nor its clip."""
    with pytest.raises(ProviderError, match="another task"):
        minimax.decode_query(reply({"task": DONE | {"id": "1"}}), TASK)


@pytest.mark.parametrize("body", [{}, {"task": None}, {"task": {"id": TASK.task_id}}, {"task": DONE | {"content": {}}}])
def test_a_reply_that_says_nothing(minimax: Provider, reply: Callable[..., HttpReply], body: dict[str, Any]) -> None:
    """The task stays as it is, and is asked for again."""
    with pytest.raises(ProviderError) as caught:
        minimax.decode_query(reply(body), TASK)
    assert caught.value.again


def test_a_callback_names_its_task(minimax: Provider) -> None:
    """The body of V2's callback is a query's, that of V1 has its ID on top."""
    callbacks = minimax.callbacks
    assert callbacks is not None
    assert callbacks.challenge
    assert list(callbacks.tasks({"task": DONE})) == ["424010985738629"]
    assert list(callbacks.tasks({"task_id": "7", "status": "success"})) == ["7"]
    assert list(callbacks.tasks({"task": 7})) == []


# -- cancel -------------------------------------------------------------------------------------------------------


def test_cancel(minimax: Provider) -> None:
    """The call deletes the record of a task that has ended, so it is sent to a queued one alone."""
    call = minimax.encode_cancel(TASK)
    assert call is not None
    assert (call.method, call.path) == ("DELETE", "/v2/video_generation/424010985738629")
    assert minimax.cancel_only_when == {"queued"}


@pytest.mark.parametrize(
    ("action", "status", "outcome"),
    [
        ("cancelled", "cancelled", CancelOutcome.FREE),
        ("cancel", "cancelled", CancelOutcome.FREE),
        ("deleted", "succeeded", CancelOutcome.BILLED),
        ("delete", "succeeded", CancelOutcome.BILLED),
        ("deleted", "failed", CancelOutcome.UNKNOWN),
        ("deleted", "deleted", CancelOutcome.UNKNOWN),
    ],
)
def test_cancel_answers(
    minimax: Provider, reply: Callable[..., HttpReply], action: str, status: str, outcome: CancelOutcome
) -> None:
    """The English page's words, and the Chinese page's: cancelled is free, and a deleted success was paid."""
    answer = {"task_id": TASK.task_id, "action": action, "status": status}
    assert minimax.decode_cancel(reply(answer), TASK).outcome == outcome


def test_too_late_to_cancel(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """A running task refuses: it goes on, with its clip to come. An unknown ID, a key or a 500 is no such answer."""
    said = "invalid params, task in running status cannot be cancelled (2013)"
    answer = minimax.decode_cancel(reply(refused(400, "bad_request_error", said), 400), TASK)
    assert answer == Cancelled(outcome=CancelOutcome.TOO_LATE, said=said)
    for status, message, raised in (
        (400, "invalid task_id (2013)", TaskLost),
        (401, "login fail (1004)", AuthError),
        (500, "internal error (1000)", ProviderError),
    ):
        with pytest.raises(raised):
            minimax.decode_cancel(reply(refused(status, "x", message), status), TASK)
    with pytest.raises(ProviderError):
        minimax.decode_cancel(reply({"task_id": TASK.task_id}), TASK)
    with pytest.raises(ProviderError, match="another task"):
        minimax.decode_cancel(reply({"task_id": "1", "action": "cancelled"}), TASK)


# -- list ---------------------------------------------------------------------------------------------------------


def test_list(minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """A lost create call's candidates: by model and kind, with what the user can tell them apart by."""
    call = minimax.encode_list(ask(minimax, model=H3), 2)
    assert call is not None
    assert (call.method, call.path) == ("GET", "/v2/query/video_generation")
    assert dict(call.params) == {
        "page_num": "2",
        "page_size": "20",
        "filter.model": "MiniMax-H3",
        "filter.task_type": "generation",
    }
    again = minimax.encode_list(ask(minimax, model=H3, source=Source(run_id="r", task_id="7")), 1)
    assert again is not None
    assert again.params["filter.task_type"] == "regeneration"
    queued = {"id": "424010985738630", "model": H3, "status": "queued", "created_at": 1785229000, "usage": {}}
    found = minimax.decode_list(reply({"items": [DONE, queued, {"status": "queued"}, 7], "total": 4}))
    assert found.tasks == (
        Candidate(
            task_id="424010985738629",
            model="MiniMax-H3",
            created_at=datetime(2026, 7, 28, 8, 56, 55, tzinfo=UTC),
            status="succeeded",
            resolution="768P",
            duration=6,
        ),
        Candidate(
            task_id="424010985738630",
            model="MiniMax-H3",
            created_at=datetime(2026, 7, 28, 8, 56, 40, tzinfo=UTC),
            status="queued",
        ),
    )
    assert not found.more


def test_a_full_page_may_have_another(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """The reply names no page, so a full one is asked past, unless it is all there is."""
    page = [{"id": str(n + 1), "status": "queued"} for n in range(20)]
    assert minimax.decode_list(reply({"items": page, "total": 21})).more
    assert not minimax.decode_list(reply({"items": page, "total": 20})).more
    assert not minimax.decode_list(reply({"items": page[:3], "total": 23})).more
    with pytest.raises(ProviderError):
        minimax.decode_list(reply({"total": 0}))
    with pytest.raises(AuthError):
        minimax.decode_list(reply(refused(401, "authorized_error", "login fail (1004)"), 401))


# -- money --------------------------------------------------------------------------------------------------------

OTHERS = (("http://127.0.0.1:1", "CNY"), ("https://proxy.example", "unknown currency"))
SUMS = {
    "available_amount": "98.05",
    "cash_balance": "0.00",
    "voucher_balance": "98.05",
    "credit_balance": "0.00",
    "owed_amount": "0.00",
    "balance_alert_switch": False,
    "balance_alert_threshold": "",
    "base_resp": OK,
}


def from_origin(reply: HttpReply, origin: str) -> HttpReply:
    """The reply, of a call to that origin."""
    return HttpReply(status=reply.status, headers=reply.headers, body=reply.body, origin=origin)


def test_balance_of_a_pay_as_you_go_key(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """Sums are decimal numbers as text, in the currency of the host's region."""
    calls = minimax.encode_balance()
    assert isinstance(calls, tuple)
    assert [(c.method, c.path) for c in calls] == [
        ("GET", "/account/query_balance"),
        ("GET", "/v1/token_plan/remains"),
    ]
    for origin, currency in ((GLOBAL, "USD"), *((host, "CNY") for host in CHINA), *OTHERS):
        found = minimax.decode_balance(from_origin(reply(SUMS), origin))
        assert found.amounts[0] == Amount(micros=98_050_000, currency=currency, name="available")
        assert [a.name for a in found.amounts] == ["available", "cash", "vouchers", "credits", "owed"]
        assert found.plan == ()


def test_balance_of_a_subscription(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """Each model has its share of the interval, and of the week if the plan counts weeks; times are milliseconds."""
    video = {
        "model_name": "video",
        "end_time": 1785772800000,
        "current_interval_total_count": 3,
        "current_interval_usage_count": 1,
        "current_interval_remaining_percent": 100,
        "current_interval_status": 1,
        "current_weekly_status": 3,
    }
    general = {
        "model_name": "general",
        "current_interval_remaining_percent": 80,
        "current_weekly_status": 1,
        "current_weekly_remaining_percent": 95,
        "weekly_end_time": 1786291200000,
    }
    found = minimax.decode_balance(reply({"model_remains": [video, general, 7], "base_resp": OK}))
    assert found.amounts == ()
    assert found.plan == (
        PlanRow(name="video", total=3, used=0, left=3, until=datetime(2026, 8, 3, 16, 0, tzinfo=UTC)),
        PlanRow(name="general", total=100, used=20, left=80, unit="%"),
        PlanRow(
            name="general (week)",
            total=100,
            used=5,
            left=95,
            unit="%",
            until=datetime(2026, 8, 9, 16, 0, tzinfo=UTC),
        ),
    )


def test_a_refused_balance(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """The other kind of key is refused, under HTTP 200 or another status."""
    for status in (200, 401):
        answer = reply({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, status)
        with pytest.raises(AuthError):
            minimax.decode_balance(answer)
    with pytest.raises(ProviderError):
        minimax.decode_balance(reply({"base_resp": OK}))


@pytest.mark.parametrize(
    ("region", "fields", "micros", "currency"),
    [
        ("global", {}, 480_000, "USD"),
        ("global", {"resolution": "2K", "duration": 10}, 1_300_000, "USD"),
        ("global", {"model": H3_MAX, "resolution": "480P"}, 300_000, "USD"),
        ("global", {"model": H3_MAX, "duration": 15}, 1_200_000, "USD"),
        ("global", {"references": (RUN,)}, 960_000, "USD"),
        ("global", {"references": (RUN,), "resolution": "2K"}, 1_560_000, "USD"),
        ("global", {"references": (FOX,) * 7}, 560_000, "USD"),
        ("global", {"references": (FOX,) * 3, "model": H3_MAX}, 554_000, "USD"),
        ("global", {"references": (RUN,), "model": H3_MAX}, 1_338_000, "USD"),
        ("global", {"source": Source(run_id="r", task_id="7"), "duration": 8}, 400_000, "USD"),
        ("cn", {"resolution": "2K"}, 4_800_000, "CNY"),
        ("cn", {"resolution": "2K", "references": (FOX,) * 6}, 5_000_000, "CNY"),
    ],
    ids=named,
)
def test_prices(  # noqa: PLR0917 - pytest names them
    minimax: Provider,
    ask: Callable[..., Request],
    region: str,
    fields: dict[str, Any],
    micros: int,
    currency: str,
) -> None:
    """Seconds at their resolution's rate, the first references free, a clip's seconds at their own rate."""
    request = ask(minimax, "a fox", **{"model": H3, **fields})
    found = minimax.facts.price_of(request, region)
    assert found is not None
    assert found[:2] == (micros, currency)


@pytest.mark.parametrize(
    ("region", "fields"),
    [
        ("cn", {}),
        ("cn", {"model": H3_MAX}),
        ("cn", {"source": Source(run_id="r", task_id="7")}),
        (None, {}),
        ("global", {"references": (Reference(name="x", kind=MediaKind.VIDEO, url="https://x.example/x.mp4"),)}),
    ],
    ids=named,
)
def test_an_unknown_price_is_none(
    minimax: Provider, ask: Callable[..., Request], region: str | None, fields: dict[str, Any]
) -> None:
    """No source names it, or it depends on the length of a clip that isn't known."""
    assert minimax.facts.price_of(ask(minimax, "a fox", **{"model": H3, **fields}), region) is None


def test_regions(minimax: Provider) -> None:
    """The seed's host stays the default; each documented host has its region's price list."""
    facts = minimax.facts
    assert facts.base_url == "https://api.minimaxi.com"
    assert {origin: facts.region_of(origin) for origin in facts.origins} == {
        "https://api.minimax.io": "global",
        "https://api.minimaxi.com": "cn",
        "https://api.minimax.cn": "cn",
    }


def test_an_older_model_has_its_regions_price(minimax: Provider) -> None:
    """Where the international list has a price, the Chinese one does not hold; elsewhere all is as it was."""
    facts = minimax.facts
    for model, usd, cny in (
        ("MiniMax-Hailuo-2.3", 280_000, 2_000_000),
        ("MiniMax-Hailuo-2.3-Fast", 190_000, 1_350_000),
    ):
        found = {region: facts.price(model, "768P", 6, region=region) for region in ("global", "cn", None)}
        assert {region: row and (row.micros, row.currency) for region, row in found.items()} == {
            "global": (usd, "USD"),
            "cn": (cny, "CNY"),
            None: (cny, "CNY"),
        }
        assert facts.price(model, "768P", 10, region="global") is None
        assert facts.price(model, "768P", 10, region="cn") is not None
    assert facts.price("MiniMax-Hailuo-02", "768P", 6, region="global") is not None
