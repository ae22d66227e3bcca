"""Tests of MiniMax-H3 and Hailuo 2.3 at Runware against its schemas and SDK, and of the account's balance."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image as Pillow

from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.errors import AuthError, InvalidRequest, ProviderError, UsageError
from hailuo_widgets.planning.build_request import build_request
from hailuo_widgets.provider.interface import Task
from hailuo_widgets.provider.messages import Amount, HttpCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider

OURS = "3f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"
PICTURE, SECOND = "https://pictures.example/fox.png", "https://pictures.example/wolf.png"
CLIP, SOUND = "https://files.example/run.mp4", "https://files.example/voice.wav"
DATA_URL = "data:image/png;base64,iVBORyBmb3g="
BASE = {
    "taskType": "videoInference",
    "taskUUID": OURS,
    "positivePrompt": "a fox",
    "numberResults": 1,
    "deliveryMethod": "async",
    "outputType": "URL",
    "includeCost": True,
    "duration": 6,
}
UUID = "59e1e7a4-0c3b-4f0e-9d43-0c3a5d4b1e77"
OLDER = {"fps": 25, "providerSettings": {"minimax": {"promptOptimizer": False}}}
FIRST = {"frameImages": [{"image": PICTURE, "frame": "first"}]}
EXPANSION = {"h3-max-turbo": {"settings": {"promptExpansion": "disabled"}}}  # sent by no other model
ALL = ("h3", "h3-fast", "h3-max", "h3-max-turbo")
NAMES = dict(zip(ALL, ("minimax:h3@0", "minimax:h3@fast", "minimax:h3@max", "minimax:h3@max-turbo"), strict=True))


@pytest.fixture
def runware(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("runware")


def asked(provider: Provider, model: str = "h3", **arguments: Any) -> Request:
    """A checked request, with what is filled in."""
    return build_request(provider.facts, {"prompt": "a fox", "model": model, **arguments}).request


def task(provider: Provider, model: str = "h3", **arguments: Any) -> dict[str, Any]:
    """The one task of a request's create call."""
    call = provider.encode_create(asked(provider, model, **arguments), OURS)
    assert (call.method, call.path) == ("POST", "/v1")
    (found,) = call.json
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("model", "size"),
    [("h3", (1344, 768)), ("h3-fast", (864, 480)), ("h3-max", (1344, 768)), ("h3-max-turbo", (1344, 768))],
)
def test_text_to_video(runware: Provider, model: str, size: tuple[int, int]) -> None:
    """The size is always sent in pixels, never Runware's own default; there are no fps and no providerSettings."""
    expected = BASE | {"model": NAMES[model], "width": size[0], "height": size[1]} | EXPANSION.get(model, {})
    assert task(runware, model) == expected


@pytest.mark.parametrize(
    ("given", "mode", "rewritten"),
    [
        ({}, "disabled", False),
        ({"prompt_optimizer": False}, "disabled", False),
        ({"prompt_optimizer": True}, "balanced", True),
        ({"options": {"settings.promptExpansion": "quality"}}, "quality", True),
        ({"options": {"settings.promptExpansion": "disabled"}}, "disabled", False),
        ({"prompt_optimizer": True, "options": {"settings.promptExpansion": "quality"}}, "quality", True),
    ],
    ids=str,
)
def test_h3_max_turbo_rewrites_a_prompt_only_if_asked(
    runware: Provider, given: dict[str, Any], mode: str, *, rewritten: bool
) -> None:
    """Its mode is always sent, never with providerSettings, and the request says whether it rewrites."""
    request = asked(runware, "h3-max-turbo", **given)
    assert request.prompt_optimizer == rewritten
    assert runware.encode_create(request, OURS).json == [
        BASE
        | {
            "model": "minimax:h3@max-turbo",
            "width": 1344,
            "height": 768,
            "settings": {"promptExpansion": mode},
        }
    ]


@pytest.mark.parametrize(("switch", "mode"), [(True, "disabled"), (False, "quality")])
def test_the_switch_and_the_option_contradict_each_other(runware: Provider, mode: str, *, switch: bool) -> None:
    """Neither wins: nothing is sent."""
    with pytest.raises(UsageError, match="contradict"):
        asked(runware, "h3-max-turbo", prompt_optimizer=switch, options={"settings.promptExpansion": mode})


SIZES = {  # model: resolution: 16:9, 4:3, 1:1, 3:4, 9:16, 21:9
    "h3": {
        "768P": [(1344, 768), (1024, 768), (768, 768), (768, 1024), (768, 1344), (1536, 672)],
        "2K": [(2560, 1440), (1920, 1440), (1440, 1440), (1440, 1920), (1440, 2560), (2944, 1248)],
    },
    "h3-fast": {"480P": [(864, 480), (640, 480), (480, 480), (480, 640), (480, 864), (1120, 480)]},
    "h3-max": {
        "480P": [(832, 480), (640, 480), (480, 480), (480, 640), (480, 832), (960, 416)],
        "768P": [(1344, 768), (1024, 768), (768, 768), (768, 1024), (768, 1344), (1536, 672)],
    },
}
SIZES["h3-max-turbo"] = SIZES["h3-max"]


@pytest.mark.parametrize(
    ("model", "resolution", "number", "ratio"),
    [
        (model, resolution, number, ratio)
        for model, tables in SIZES.items()
        for resolution in tables
        for number, ratio in enumerate(("16:9", "4:3", "1:1", "3:4", "9:16", "21:9"))
    ],
)
def test_sizes(runware: Provider, model: str, resolution: str, number: int, ratio: str) -> None:
    """Each resolution and ratio has its own size in the schema's list; each size may be given in pixels as well."""
    size = SIZES[model][resolution][number]
    sent = task(runware, model, resolution=resolution.lower(), aspect_ratio=ratio)
    assert (sent["width"], sent["height"]) == size
    assert "resolution" not in sent
    request = asked(runware, model, width=size[0], height=size[1])
    assert request.resolution in {name for name, sizes in SIZES[model].items() if size in sizes}
    (sent,) = runware.encode_create(request, OURS).json
    assert (sent["width"], sent["height"]) == size


@pytest.mark.parametrize(
    ("resolution", "word"), [(None, "768p"), ("768P", "768p"), ("2K", "1440p"), ("1440p", "1440p"), ("768p", "768p")]
)
def test_a_frame_sets_the_shape(runware: Provider, resolution: str | None, word: str) -> None:
    """With a frame the resolution is sent by its name, and no pixels."""
    more = {} if resolution is None else {"resolution": resolution}
    expected = BASE | {"model": "minimax:h3@0", "resolution": word, "inputs": FIRST}
    assert task(runware, first_frame=PICTURE, **more) == expected


def test_runwares_own_word_for_2k(runware: Provider) -> None:
    """It is another spelling of the same resolution, so that equal requests are equal."""
    assert asked(runware, resolution="1440p") == asked(runware, resolution="2K")


def test_frames_of_the_other_models(runware: Provider) -> None:
    """h3@fast has one resolution and no field for it; the two of h3@max are named in lower case."""
    assert task(runware, "h3-fast", first_frame=PICTURE) == BASE | {"model": "minimax:h3@fast", "inputs": FIRST}
    both = {"frameImages": [*FIRST["frameImages"], {"image": SECOND, "frame": "last"}]}
    for model in ("h3-max", "h3-max-turbo"):
        sent = task(runware, model, first_frame=PICTURE, last_frame=SECOND, resolution="480P")
        more = EXPANSION.get(model, {})
        assert sent == BASE | {"model": NAMES[model], "resolution": "480p", "inputs": both} | more


def test_references(runware: Provider) -> None:
    """Lists of plain strings by kind; the resolution by its name, or, with a ratio, the size in pixels."""
    several = {"referenceImages": [PICTURE, SECOND], "referenceVideos": [CLIP], "referenceAudios": [SOUND]}
    given = [PICTURE, CLIP, SECOND, SOUND]
    expected = BASE | {"model": "minimax:h3@0", "inputs": several}
    assert task(runware, references=given) == expected | {"resolution": "768p"}
    assert task(runware, references=given, resolution="2K", aspect_ratio="9:16") == expected | {
        "width": 1440,
        "height": 2560,
    }
    assert task(runware, references=given, width=768, height=768) == expected | {"width": 768, "height": 768}
    fast = BASE | {"model": "minimax:h3@fast", "inputs": {"referenceImages": [PICTURE]}}
    assert task(runware, "h3-fast", references=[PICTURE]) == fast | {"width": 864, "height": 480}


def test_local_pictures_go_as_data_urls(runware: Provider, picture: Image) -> None:
    """They need no upload: the bytes stand in the request."""
    file = Reference(name="a", data=picture.data, sha256="ab" * 32, media_type="image/png", kind=MediaKind.IMAGE)
    request = asked(runware, references=[PICTURE]).with_inputs({"references[0]": file})
    assert runware.encode_upload(file) is None
    assert runware.encode_upload(picture) is None
    assert runware.encode_create(request, OURS).json[0]["inputs"] == {"referenceImages": [DATA_URL]}


@pytest.mark.parametrize(("kind", "media_type"), [(MediaKind.VIDEO, "video/mp4"), (MediaKind.AUDIO, "audio/wav")])
def test_local_clips_and_sounds_are_stored(
    runware: Provider, reply: Callable[..., HttpReply], kind: MediaKind, media_type: str
) -> None:
    """Runware's storage takes them as data URLs, and the request has the UUID, or else the URL, of the answer."""
    file = Reference(name="a", data=b"fox", sha256="ab" * 32, media_type=media_type, kind=kind)
    call = runware.encode_upload(file)
    assert call is not None
    (stored,) = call.json
    assert (call.method, call.path) == ("POST", "/v1")
    assert stored == {
        "taskType": "mediaStorage",
        "taskUUID": stored["taskUUID"],
        "operation": "upload",
        "media": f"data:{media_type};base64,Zm94",
    }
    item = {"taskType": "mediaStorage", "taskUUID": stored["taskUUID"], "operation": "upload"}
    both = item | {"mediaUUID": UUID, "mediaURL": "https://im.runware.ai/media/a.mp4"}
    assert runware.decode_upload(reply({"data": [both]})) == UUID
    assert runware.decode_upload(reply({"data": [item | {"mediaURL": CLIP}]})) == CLIP


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errors": [{"code": "invalidApiKey", "message": "no"}]}, AuthError),
        ({"errors": [{"code": "invalidMedia", "message": "no"}]}, InvalidRequest),
        ({"data": [{"taskType": "mediaStorage", "mediaUUID": "7", "mediaURL": "a.mp4"}]}, ProviderError),
    ],
)
def test_media_that_are_not_stored(
    runware: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any], kind: type[ProviderError]
) -> None:
    """Nothing is created without the file."""
    with pytest.raises(ProviderError) as caught:
        runware.decode_upload(reply(answer))
    assert type(caught.value) is kind


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("seed", [0, 7, 4_294_967_295])
def test_seeds(runware: Provider, model: str, seed: int) -> None:
    """All four models take a seed of 32 bits."""
    assert task(runware, model, seed=seed)["seed"] == seed


@pytest.mark.parametrize("seed", [-1, 4_294_967_296])
def test_seeds_outside(runware: Provider, seed: int) -> None:
    """There is no seed for "random"."""
    with pytest.raises(UsageError, match="0 to 4294967295"):
        asked(runware, seed=seed)


@pytest.mark.parametrize("model", ["02", "2.3"])
def test_the_older_models_take_no_seed(runware: Provider, model: str) -> None:
    """The error names the models that do."""
    with pytest.raises(UsageError, match="minimax:h3@0"):
        asked(runware, model, seed=7)


@pytest.mark.parametrize("model", ALL)
def test_durations(runware: Provider, model: str) -> None:
    """Any whole second from 5 to 15; 4 at h3@fast alone."""
    for seconds in range(3, 17):
        if (4 if model == "h3-fast" else 5) <= seconds <= 15:
            assert task(runware, model, duration=seconds)["duration"] == seconds
        else:
            with pytest.raises(UsageError, match="duration"):
                asked(runware, model, duration=seconds)


def test_options(runware: Provider) -> None:
    """Options of ``safety`` and ``settings`` are nested; the others go as they are."""
    options = {
        "numberResults": 4,
        "outputFormat": "MP4",
        "outputQuality": 20,
        "ttl": 60,
        "uploadEndpoint": "https://bucket.example/put",
        "safety.mode": "full",
        "settings.promptExpansion": "quality",
    }
    request = asked(runware, "h3-max-turbo", options=options, callback_url="https://me.example/hook", seed=7)
    assert runware.encode_create(request, OURS).json == [
        BASE
        | {
            "model": "minimax:h3@max-turbo",
            "width": 1344,
            "height": 768,
            "seed": 7,
            "webhookURL": "https://me.example/hook",
            "numberResults": 4,
            "outputFormat": "MP4",
            "outputQuality": 20,
            "ttl": 60,
            "uploadEndpoint": "https://bucket.example/put",
            "safety": {"mode": "full"},
            "settings": {"promptExpansion": "quality"},
        }
    ]
    assert runware.results(request) == 4


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"prompt_optimizer": True}, "prompt optimizer"),
        ({"prompt": "x" * 7001}, "7001"),
        ({"prompt": "x"}, "at least 2"),
        ({"width": 1366, "height": 768}, "1366x768"),
        ({"width": 1344, "height": 768, "first_frame": PICTURE}, "width"),
        ({"width": 2560, "height": 1440, "resolution": "768P"}, "resolution='768P' is not"),
        ({"model": "2.3", "width": 1920, "height": 1080, "resolution": "768P"}, "resolution='768P' is not"),
        ({"aspect_ratio": "16:9", "first_frame": PICTURE}, "aspect_ratio"),
        ({"aspect_ratio": "adaptive"}, "aspect_ratio"),
        ({"resolution": "480P"}, "768P, 2K"),
        ({"last_frame": SECOND}, "first_frame"),
        ({"references": [SOUND]}, "sounds alone"),
        ({"references": [PICTURE] * 10}, "at most 9"),
        ({"references": [PICTURE], "last_frame": PICTURE}, "do not go together"),
        ({"options": {"numberResults": 5}}, "1 to 4"),
        ({"options": {"safety.mode": "none"}}, "fast, full"),
        ({"options": {"settings.promptExpansion": "quality"}}, "promptExpansion"),
        ({"options": {"fps": 24}}, "fps"),
        ({"model": "h3-max", "references": [PICTURE]}, "reference_to_video"),
        ({"model": "h3-max-turbo", "references": [PICTURE]}, "reference_to_video"),
        ({"model": "h3-max", "resolution": "2K"}, "768P, 480P"),
    ],
    ids=str,
)
def test_what_h3_does_not_take(runware: Provider, arguments: dict[str, Any], why: str) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(UsageError, match=why):
        asked(runware, **arguments)


def test_a_field_that_no_schema_shows_is_a_doubt(runware: Provider) -> None:
    """It is sent, with a warning."""
    built = build_request(runware.facts, {"prompt": "a fox", "model": "h3", "options": {"safety.checkContent": True}})
    assert [p.argument for p in built.warnings] == ["options"]


@pytest.mark.parametrize(
    ("model", "arguments", "dollars"),
    [
        ("h3", {"duration": 6}, 0.48),
        ("h3", {"duration": 8, "first_frame": PICTURE}, 0.64),
        ("h3", {"duration": 10, "first_frame": PICTURE, "last_frame": SECOND, "resolution": "2K"}, 1.30),
        ("h3", {"references": [PICTURE] * 5}, 0.48),
        ("h3", {"references": [PICTURE] * 6}, 0.52),
        ("h3", {"references": [PICTURE, SOUND], "duration": 5}, 0.40),
        ("h3", {"width": 2944, "height": 1248, "duration": 5}, 0.65),
        ("h3-fast", {"duration": 10}, 0.46),
        ("h3-max", {"resolution": "480P", "duration": 10}, 0.50),
        ("h3-max", {"duration": 10}, 0.80),
        ("h3-max-turbo", {"resolution": "480P", "duration": 10}, 0.25),
        ("h3-max-turbo", {"duration": 10}, 0.40),
        ("2.3", {"resolution": "1080P"}, 0.49),
        ("2.3-fast", {"first_frame": PICTURE}, 0.19),
    ],
)
def test_prices(runware: Provider, model: str, arguments: dict[str, Any], dollars: float) -> None:
    """Runware's own samples, and its list of prices for each second."""
    found = runware.facts.price_of(asked(runware, model, **arguments), None)
    assert found is not None
    assert found[:2] == (round(dollars * 1_000_000), "USD")


def test_input_clips_cost_as_much_as_2k(runware: Provider) -> None:
    """Runware's sample: 12 s at 768P with a clip of 6 s costs $1.74; without its length the price is unknown."""
    request = asked(runware, references=[CLIP], duration=12)
    assert runware.facts.price_of(request, None) is None
    known = Reference(name="a", url=CLIP, kind=MediaKind.VIDEO, seconds=6.0)
    found = runware.facts.price_of(request.with_inputs({"references[0]": known}), None)
    assert found is not None
    assert found[:2] == (1_740_000, "USD")


def test_the_seed_comes_back(runware: Provider, reply: Callable[..., HttpReply]) -> None:
    """A result of H3 reports the seed that was sent, and its cost."""
    item = {
        "taskType": "videoInference",
        "taskUUID": OURS,
        "status": "success",
        "videoUUID": "v",
        "videoURL": "https://vm.runware.ai/video/v.mp4",
        "seed": 4_294_967_295,
        "cost": 0.48,
    }
    clip = runware.decode_query(reply({"data": [item]}), Task(task_id=OURS)).clip
    assert clip is not None
    assert (clip.seed, clip.cost_micros, clip.currency) == (4_294_967_295, 480_000, "USD")


@pytest.mark.parametrize("model", ["02", "2.3", "h3", "h3-fast"])
def test_pictures_by_uuid(runware: Provider, model: str) -> None:
    """A picture that Runware keeps is sent by its UUID, as frame and as reference."""
    sent = task(runware, model, first_frame=UUID)
    assert sent["inputs"] == {"frameImages": [{"image": UUID, "frame": "first"}]}
    if model.startswith("h3"):
        sent = task(runware, model, references=[UUID, f"image:{UUID}"])
        assert sent["inputs"] == {"referenceImages": [UUID, UUID]}


def test_clips_and_sounds_by_uuid(runware: Provider) -> None:
    """Runware stores media of any kind; which kind it is must be told."""
    sent = task(runware, references=[f"video:{UUID}", f"audio:{UUID}"])
    assert sent["inputs"] == {"referenceVideos": [UUID], "referenceAudios": [UUID]}


@pytest.mark.parametrize("provider", ["minimax", "kie", "kkiai", "pixazo"])
def test_no_other_provider_keeps_pictures(open_: Callable[..., Provider], provider: str) -> None:
    """There a UUID is refused before anything is sent."""
    other = open_(provider)
    with pytest.raises(UsageError, match="no UUID"):
        build_request(other.facts, {"prompt": "a fox", "first_frame": UUID})


def test_bare_base64_is_a_picture(runware: Provider) -> None:
    """It is checked by its content as any other, and sent as a data URL."""
    content = io.BytesIO()
    Pillow.new("RGB", (400, 300)).save(content, "PNG")
    text = base64.b64encode(content.getvalue()).decode()
    assert task(runware, references=[text])["inputs"] == {"referenceImages": [f"data:image/png;base64,{text}"]}
    frame = {"image": f"data:image/png;base64,{text}", "frame": "first"}
    assert task(runware, first_frame=text)["inputs"] == {"frameImages": [frame]}


# -- 2.3 and 2.3 Fast ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resolution", "size"), [("768P", (1366, 768)), ("1080P", (1920, 1080))])
def test_hailuo_23(runware: Provider, resolution: str, size: tuple[int, int]) -> None:
    """The older models' fields, and always a size, with a frame too; no document has it, so there is a warning."""
    expected = BASE | OLDER | {"width": size[0], "height": size[1]}
    assert task(runware, "2.3", resolution=resolution) == expected | {"model": "minimax:4@1"}
    for model, name in (("2.3", "minimax:4@1"), ("2.3-fast", "minimax:4@2")):
        built = build_request(
            runware.facts,
            {
                "prompt": "a fox",
                "model": model,
                "first_frame": PICTURE,
                "resolution": resolution,
                "prompt_optimizer": True,
            },
        )
        (sent,) = runware.encode_create(built.request, OURS).json
        settings = {"minimax": {"promptOptimizer": True}}
        assert sent == expected | {"model": name, "inputs": FIRST, "providerSettings": settings}
        assert [(p.severity, p.argument) for p in built.warnings] == [("warning", "model")]


def test_hailuo_23_by_default(runware: Provider) -> None:
    """An omitted size is the smaller one."""
    sent = task(runware, "2.3-fast", first_frame=PICTURE)
    assert (sent["width"], sent["height"], sent["duration"]) == (1366, 768, 6)


def test_a_prompt_may_be_left_out_with_a_picture(runware: Provider) -> None:
    """Then it is not sent, instead of empty."""
    assert "positivePrompt" not in task(runware, "2.3", prompt="", first_frame=PICTURE)
    with pytest.raises(UsageError, match="empty"):
        asked(runware, "2.3", prompt="")


@pytest.mark.parametrize(
    ("model", "arguments", "why"),
    [
        ("2.3-fast", {}, "first_frame"),
        ("2.3", {"first_frame": PICTURE, "last_frame": SECOND}, "first_last_frame"),
        ("2.3", {"duration": 8}, "6, 10"),
        ("2.3", {"seed": 1}, "seed"),
    ],
)
def test_what_23_does_not_take(runware: Provider, model: str, arguments: dict[str, Any], why: str) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(UsageError, match=why):
        asked(runware, model, **arguments)


def test_an_unlisted_model(runware: Provider) -> None:
    """It is sent as typed, without the older models' fields; options override ours."""
    request = asked(
        runware,
        "minimax:h4@0",
        unlisted=True,
        duration=20,
        resolution="4k",
        seed=7,
        first_frame=PICTURE,
        options={"settings.quality": "high", "numberResults": 2},
    )
    assert runware.encode_create(request, OURS).json == [
        BASE
        | {
            "model": "minimax:h4@0",
            "duration": 20,
            "resolution": "4k",
            "seed": 7,
            "inputs": FIRST,
            "settings": {"quality": "high"},
            "numberResults": 2,
        }
    ]


# -- the account --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "amounts"),
    [
        (2450.75, [(2_450_750_000, "USD", "")]),
        (0, [(0, "USD", "")]),
        (-0.5, [(-500_000, "USD", "")]),
        ({"amount": 3, "currency": "eur"}, [(3_000_000, "EUR", "amount")]),
        (
            {"amount": 1.5, "freeBalance": 0.25, "currency": "USD"},
            [(1_750_000, "USD", ""), (1_500_000, "USD", "amount"), (250_000, "USD", "freeBalance")],
        ),
    ],
)
def test_the_balance(
    runware: Provider, reply: Callable[..., HttpReply], balance: Any, amounts: list[tuple[int, str, str]]
) -> None:
    """A number, as the page has it, or an object, as the SDK has it; the first amount is what can be spent."""
    call = runware.encode_balance()
    assert isinstance(call, HttpCall)
    (asked_for,) = call.json
    assert (call.method, call.path, set(asked_for)) == ("POST", "/v1", {"taskType", "taskUUID", "operation"})
    assert (asked_for["taskType"], asked_for["operation"]) == ("accountManagement", "getDetails")
    item = {"taskType": "accountManagement", "taskUUID": asked_for["taskUUID"], "balance": balance, "team": []}
    found = runware.decode_balance(reply({"data": [item]}))
    assert found.amounts == tuple(Amount(micros=m, currency=c, name=n) for m, c, n in amounts)


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        ({"errors": [{"code": "invalidApiKey", "message": "no"}]}, 401, AuthError),
        ({"data": [{"taskType": "accountManagement"}]}, 200, ProviderError),
        ({"data": [{"taskType": "accountManagement", "balance": {"currency": "USD"}}]}, 200, ProviderError),
        ({"data": [{"taskType": "accountManagement", "balance": "7"}]}, 200, ProviderError),
        ({}, 200, ProviderError),
    ],
)
def test_no_balance_named(
    runware: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any], status: int, kind: type[ProviderError]
) -> None:
    """A balance is never guessed."""
    with pytest.raises(kind):
        runware.decode_balance(reply(answer, status))
