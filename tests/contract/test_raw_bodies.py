"""Tests of the simulator alone: it refuses what no document allows, with the documented code.

Bodies are sent as they stand here, without the client: a test of both sides could not tell a shared mistake.
"""

from __future__ import annotations

import copy
import ssl
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

if TYPE_CHECKING:
    from conftest import Connect

PICTURE = "https://pictures.example/fox.png"
CREATE = {
    "minimax": "/v1/video_generation",
    "template": "/v1/video_template_generation",
    "kie": "/api/v1/minimax/generate",
    "kie-jobs": "/api/v1/jobs/createTask",
    "kkiai": "/minimax/v1/video_generation",
    "pixazo": "/minimax-hailuo-ai/v1/imageToVideo",
    "runware": "/v1",
}
# The documents' own example requests.
GOOD: dict[str, dict[str, Any]] = {
    "minimax": {"model": "MiniMax-Hailuo-02", "prompt": "A man reads", "duration": 6, "resolution": "1080P"},
    "template": {
        "template_id": "393769180141805569",
        "media_inputs": [{"value": PICTURE}],
        "text_inputs": [{"value": "Lion"}],
    },
    "kie": {
        "prompt": "A serene landscape with mountains and sunset, cinematic quality",
        "model": "minimax-hailuo-02",
        "duration": 10,
        "resolution": "1080p",
        "aspectRatio": "16:9",
        "seed": 54321,
        "callBackUrl": "https://webhook.your-domain.com/minimax",
    },
    "kie-jobs": {"model": "hailuo/02-text-to-video-standard", "input": {"prompt": "A man reads", "duration": "6"}},
    "kkiai": {
        "model": "MiniMax-Hailuo-02",
        "prompt": "A man picks up a book [Pedestal up], then reads [Static shot].",
        "duration": 6,
        "resolution": "1080P",
    },
    "pixazo": {
        "prompt": "Man walked into winter cave with polar bear",
        "first_frame_image": PICTURE,
        "duration": 6,
        "resolution": "768P",
        "prompt_optimizer": True,
        "fast_pretreatment": False,
        "aigc_watermark": False,
    },
    "runware": {
        "taskType": "videoInference",
        "model": "minimax:3@1",
        "positivePrompt": "A man reads",
        "width": 1366,
        "height": 768,
        "duration": 6,
        "fps": 25,
        "numberResults": 1,
        "deliveryMethod": "async",
        "outputType": "URL",
        "outputFormat": "MP4",
        "outputQuality": 95,
        "includeCost": True,
        "providerSettings": {"minimax": {"promptOptimizer": False}},
    },
}
GONE = object()
INVALID = {"minimax": 2013, "template": 2013, "kie": 1004, "kie-jobs": 422, "kkiai": 2013, "pixazo": 400}
# Provider, the field (a path of names), the value that stands there instead, and the code where it is not INVALID's.
WRONG: tuple[tuple[Any, ...], ...] = (
    ("minimax", "model", GONE),
    ("minimax", "model", "MiniMax-Hailuo-9"),
    ("minimax", "prompt", GONE),
    ("minimax", "prompt", "  "),
    ("minimax", "prompt", 7),
    ("minimax", "prompt", "x" * 2001),
    ("minimax", "duration", 8),
    ("minimax", "duration", 10),
    ("minimax", "duration", "6"),
    ("minimax", "duration", True),
    ("minimax", "resolution", "4K"),
    ("minimax", "resolution", 768),
    ("minimax", "prompt_optimizer", "yes"),
    ("minimax", "fast_pretreatment", 1),
    ("minimax", "aigc_watermark", "no"),
    ("minimax", "first_frame_image", "not a picture"),
    ("minimax", "first_frame_image", "data:image/png;base64,AAAA"),
    ("minimax", "last_frame_image", PICTURE),
    ("minimax", "subject_reference", [{"type": "character", "image": [PICTURE]}]),
    ("minimax", "callback_url", "hooks"),
    ("template", "template_id", GONE),
    ("template", "template_id", "1"),
    ("template", "template_id", 393769180141805569),
    ("template", "media_inputs", GONE),
    ("template", "media_inputs", [PICTURE]),
    ("template", "text_inputs", []),
    ("template", "text_inputs", [{"value": "Lion"}, {"value": "Tiger"}]),
    ("kie", "prompt", GONE, 1001),
    ("kie", "prompt", "", 1001),
    ("kie", "prompt", "x" * 801, 1001),
    ("kie", "model", "minimax-hailuo-9"),
    ("kie", "model", "minimax-hailuo-2-3-fast"),
    ("kie", "duration", 7),
    ("kie", "duration", "10"),
    ("kie", "resolution", "768P"),
    ("kie", "resolution", "512p"),
    ("kie", "aspectRatio", "4:3"),
    ("kie", "seed", 100_000),
    ("kie", "seed", -2),
    ("kie", "seed", "7"),
    ("kie", "imageUrl", "data:image/png;base64,AAAA", 1002),
    ("kie", "callBackUrl", "hooks"),
    ("kie", "anything", 1),
    ("kie-jobs", "model", "hailuo/9"),
    ("kie-jobs", "model", GONE),
    ("kie-jobs", "input", GONE),
    ("kie-jobs", "input.prompt", GONE),
    ("kie-jobs", "input.prompt", "x" * 1501),
    ("kie-jobs", "input.duration", 6),
    ("kie-jobs", "input.duration", "8"),
    ("kie-jobs", "input.seed", 7),
    ("kie-jobs", "anything", 1),
    ("kkiai", "model", "T2V-01"),
    ("kkiai", "model", GONE),
    ("kkiai", "prompt", GONE),
    ("kkiai", "prompt", "x" * 2001),
    ("kkiai", "duration", 10),
    ("kkiai", "duration", 8),
    ("kkiai", "resolution", "512P"),
    ("kkiai", "prompt_optimizer", "yes"),
    ("kkiai", "first_frame_image", "not a picture"),
    ("kkiai", "seed", 7),
    ("pixazo", "prompt", GONE),
    ("pixazo", "prompt", "x" * 2001),
    ("pixazo", "first_frame_image", GONE),
    ("pixazo", "first_frame_image", "not a picture"),
    ("pixazo", "duration", 8),
    ("pixazo", "resolution", "512P"),
    ("pixazo", "aigc_watermark", "no"),
    ("pixazo", "model", "MiniMax-Hailuo-2.3-Fast"),
    ("runware", "taskType", "imageInference", "invalidTaskType"),
    ("runware", "taskUUID", "1", "invalidTaskUUID"),
    ("runware", "taskUUID", GONE, "missingTaskUUID"),
    ("runware", "model", GONE, "missingModel"),
    ("runware", "model", "minimax:9@1", "invalidModel"),
    ("runware", "positivePrompt", GONE, "invalidPositivePrompt"),
    ("runware", "positivePrompt", "x", "invalidPositivePrompt"),
    ("runware", "positivePrompt", "x" * 2001, "invalidPositivePrompt"),
    ("runware", "height", GONE, "invalidHeight"),
    ("runware", "duration", 8, "invalidDuration"),
    ("runware", "fps", 30, "invalidFps"),
    ("runware", "numberResults", 0, "invalidNumberResults"),
    ("runware", "numberResults", 21, "invalidNumberResults"),
    ("runware", "outputQuality", 19, "invalidOutputQuality"),
    ("runware", "outputQuality", 100, "invalidOutputQuality"),
    ("runware", "outputFormat", "AVI", "invalidOutputFormat"),
    ("runware", "outputType", "file", "invalidOutputType"),
    ("runware", "deliveryMethod", "sync", "invalidDeliveryMethod"),
    ("runware", "ttl", 59, "invalidTtl"),
    ("runware", "includeCost", 1, "invalidIncludeCost"),
    ("runware", "webhookURL", "hooks", "invalidWebhookURL"),
    ("runware", "seed", 7, "unsupportedParameter"),
    ("runware", "providerSettings.minimax.seed", 7, "unsupportedParameter"),
    ("runware", "inputs.frameImages", [PICTURE] * 3, "invalidFrameImages"),
    ("runware", "inputs.frameImages", [{"image": PICTURE, "frame": 3}], "invalidFrame"),
)


def changed(good: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """An example with another value at one place, or without it."""
    body = copy.deepcopy(good)
    *above, name = path.split(".")
    place = body
    for step in above:
        place = place.setdefault(step, {})
    if value is GONE:
        place.pop(name, None)
    else:
        place[name] = value
    return body


def code_of(answer: httpx.Response) -> Any:
    """The code of a refusal, in whichever shape the provider says it; None where it is a yes."""
    data = answer.json()
    if "base_resp" in data:
        return data["base_resp"]["status_code"] or None
    if data.get("errors"):
        return data["errors"][0]["code"]
    if "code" in data:
        return None if data["code"] in {0, 200} else data["code"]
    return answer.status_code if "error" in data else None


@pytest.fixture(scope="module")
def plain() -> ssl.SSLContext:
    """Never used: making a real one takes longer than most tests here."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def post(connect: Connect, plain: ssl.SSLContext, provider: str, body: dict[str, Any]) -> tuple[Any, int]:
    """The answer's code, and how many creates were billed."""
    line = connect("minimax" if provider == "template" else provider)
    if provider == "runware" and "taskUUID" not in body:
        body = {"taskUUID": str(uuid4()), **body}
    if body.get("taskUUID", "") is None:
        del body["taskUUID"]
    headers = {"Authorization": "Bearer k", "Ocp-Apim-Subscription-Key": "k"}
    with httpx.Client(base_url=line.simulator.url, headers=headers, trust_env=False, verify=plain) as client:
        answer = client.post(CREATE[provider], json=[body] if provider == "runware" else body)
    return code_of(answer), line.charged


@pytest.mark.parametrize("provider", GOOD)
def test_the_documents_example_is_taken(connect: Connect, plain: ssl.SSLContext, provider: str) -> None:
    """The example request of each document is accepted: the refusals below are about what was changed in it."""
    assert post(connect, plain, provider, GOOD[provider]) == (None, 1)


def cases() -> list[Any]:
    """Each row of the table, with its code."""
    return [
        pytest.param(
            g, path, value, *(rest or [INVALID[g]]), id=f"{g} {path}={str(value)[:12] if value is not GONE else 'gone'}"
        )
        for g, path, value, *rest in WRONG
    ]


@pytest.mark.parametrize(("provider", "path", "value", "code"), cases())
def test_one_wrong_thing_is_refused(  # noqa: PLR0917 - pytest names them
    connect: Connect, plain: ssl.SSLContext, provider: str, path: str, value: Any, code: int | str
) -> None:
    """A missing, mistyped, unknown or forbidden value gets the provider's documented code, and nothing is billed."""
    body = changed(GOOD[provider], path, None if (path, value) == ("taskUUID", GONE) else value)
    assert post(connect, plain, provider, body) == (code, 0)


@pytest.mark.parametrize("extra", ["GroupId", "seed"])
def test_minimax_ignores_what_it_does_not_know(connect: Connect, plain: ssl.SSLContext, extra: str) -> None:
    """Real clients send MiniMax fields that no document has; it takes them."""
    assert post(connect, plain, "minimax", {**GOOD["minimax"], extra: 1}) == (None, 1)
