"""Tests of Runware: arrays of tasks, our own IDs, results by index, data and errors together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.check import check
from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    Moderated,
    ProviderError,
    RateLimited,
    TaskLost,
)
from hailuo_widgets.provider.interface import Clip, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider

OURS = "3f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"
TASK = Task(task_id=OURS)
BASE = {
    "taskType": "videoInference",
    "taskUUID": OURS,
    "model": "minimax:3@1",
    "positivePrompt": "a fox",
    "duration": 6,
    "fps": 25,
    "numberResults": 1,
    "deliveryMethod": "async",
    "outputType": "URL",
    "includeCost": True,
    "providerSettings": {"minimax": {"promptOptimizer": False}},
}


def done(number: int = 1, **more: Any) -> dict[str, Any]:
    """A finished result."""
    item = {
        "taskType": "videoInference",
        "taskUUID": OURS,
        "status": "success",
        "videoUUID": f"video-{number}",
        "videoURL": f"https://vm.runware.ai/video/{number}.mp4",
        "seed": 552434557 + number,
        "cost": 0.49,
    }
    return item | more


def going(word: str = "processing") -> dict[str, Any]:
    """A result that is not finished."""
    return {"taskType": "videoInference", "taskUUID": OURS, "status": word}


def error(code: str, **more: Any) -> dict[str, Any]:
    """An error of the provider."""
    return {"code": code, "message": "words", **more}


@pytest.fixture
def runware(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("runware")


@pytest.mark.parametrize(("resolution", "size"), [("768P", (1366, 768)), ("1080p", (1920, 1080))])
def test_text_to_video(runware: Provider, ask: Callable[..., Request], resolution: str, size: tuple[int, int]) -> None:
    """One task in an array, under our id; a resolution is a size in pixels here."""
    call = runware.encode_create(ask(runware, resolution=resolution), OURS)
    assert (call.method, call.path) == ("POST", "/v1")
    assert call.json == [BASE | {"width": size[0], "height": size[1]}]
    assert runware.client_ids


def test_image_to_video_follows_the_frame(runware: Provider, ask: Callable[..., Request], picture: Image) -> None:
    """With a first frame no size is sent, and none is claimed in the request."""
    request = ask(runware, first_frame=picture)
    assert request.resolution is None
    frames = [{"image": "data:image/png;base64,iVBORyBmb3g=", "frame": "first"}]
    assert runware.encode_create(request, OURS).json == [BASE | {"inputs": {"frameImages": frames}}]


@pytest.mark.parametrize("asked", [{"resolution": "1080P"}, {"width": 1920, "height": 1080}])
def test_a_size_that_is_asked_for_is_sent(
    runware: Provider, ask: Callable[..., Request], link: Image, asked: dict[str, Any]
) -> None:
    """By name or in pixels, with a frame as without."""
    request = ask(runware, first_frame=link, **asked)
    (task,) = runware.encode_create(request, OURS).json
    assert (task["width"], task["height"]) == (1920, 1080)
    assert not [p for p in check(request, runware.facts) if p.severity == "error"]


def test_both_frames(runware: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The frames are told apart by name."""
    (task,) = runware.encode_create(ask(runware, first_frame=link, last_frame=link), OURS).json
    assert task["inputs"]["frameImages"] == [
        {"image": link.url, "frame": "first"},
        {"image": link.url, "frame": "last"},
    ]


def test_a_last_frame_alone_is_a_doubt(runware: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The model page allows it, so it is sent."""
    request = ask(runware, last_frame=link)
    (task,) = runware.encode_create(request, OURS).json
    assert task["inputs"]["frameImages"] == [{"image": link.url, "frame": "last"}]
    assert [p.severity for p in check(request, runware.facts)] == ["warning"]


def test_options(runware: Provider, ask: Callable[..., Request]) -> None:
    """The provider's own fields go by their own names; those of ``safety`` are nested."""
    request = ask(
        runware,
        prompt_optimizer=True,
        callback_url="https://me.example/hook",
        options={
            "numberResults": 4,
            "outputFormat": "MP4",
            "outputQuality": 99,
            "ttl": 3600,
            "uploadEndpoint": "https://bucket.example/put",
            "safety.checkContent": True,
            "safety.mode": "full",
        },
    )
    (task,) = runware.encode_create(request, OURS).json
    assert task == BASE | {
        "width": 1366,
        "height": 768,
        "numberResults": 4,
        "outputFormat": "MP4",
        "outputQuality": 99,
        "ttl": 3600,
        "uploadEndpoint": "https://bucket.example/put",
        "webhookURL": "https://me.example/hook",
        "safety": {"checkContent": True, "mode": "full"},
        "providerSettings": {"minimax": {"promptOptimizer": True}},
    }
    assert check(request, runware.facts) == ()
    assert runware.results(request) == 4
    assert runware.results(ask(runware)) == 1


def test_create_answer(runware: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """The acknowledgement names our id."""
    answer = reply({"data": [{"taskType": "videoInference", "taskUUID": OURS}]})
    accepted = runware.decode_create(answer, ask(runware))
    assert (accepted.task_id, accepted.warning) == (OURS, None)


def test_data_and_errors_together(
    runware: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """What was accepted is followed; the error beside it is told."""
    answer = {"data": [{"taskType": "videoInference", "taskUUID": OURS}], "errors": [error("odd")]}
    accepted = runware.decode_create(reply(answer), ask(runware))
    assert accepted.task_id == OURS
    assert "words" in str(accepted.warning)


@pytest.mark.parametrize("status", [300, 400, 401, 402, 403, 404, 409, 413, 418, 422, 429, 499, 500, 503])
@pytest.mark.parametrize("errors", [[], [{"code": "invalidApiKey", "message": "words"}], [{"code": "odd"}]], ids=str)
@pytest.mark.parametrize("entry", [{}, {"taskType": "videoInference"}, {"taskUUID": OURS.upper()}], ids=str)
def test_an_acknowledgement_with_any_status(  # noqa: PLR0917 - pytest names them
    runware: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    errors: list[dict[str, Any]],
    entry: dict[str, Any],
) -> None:
    """A task that is named was accepted, whatever status a proxy gives the answer: it is followed, not given up."""
    answer = {"data": [{"taskUUID": OURS} | entry], "errors": errors}
    accepted = runware.decode_create(reply(answer, status), ask(runware))
    assert accepted.task_id.lower() == OURS
    assert accepted.warning is not None


@pytest.mark.parametrize("status", [400, 401, 402, 403, 422, 429])
@pytest.mark.parametrize(
    "data",
    [[], [{"taskType": "videoInference"}], [{"taskUUID": "0"}], [{"taskUUID": OURS, "taskType": "imageUpload"}]],
    ids=str,
)
def test_a_refusal_that_acknowledges_nothing(
    runware: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], status: int, data: Any
) -> None:
    """Without a task of ours the status is what it was: certainly not accepted."""
    with pytest.raises(ProviderError) as caught:
        runware.decode_create(reply({"data": data}, status), ask(runware))
    assert caught.value.accepted is False


def test_our_id_is_there_already(
    runware: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """A conflict means that an earlier call was accepted: it is followed, not paid again."""
    answer = reply({"errors": [error("conflictTaskUUID", taskUUID=OURS)]}, 409)
    assert runware.decode_create(answer, ask(runware)).task_id == OURS
    with pytest.raises(ProviderError) as caught:
        runware.decode_create(reply({"errors": [error("conflictTaskUUID")]}), ask(runware))
    assert caught.value.accepted is None


CODES = [
    ("invalidApiKey", AuthError, False, False, True),
    ("missingApiKey", AuthError, False, False, True),
    ("insufficientCredits", InsufficientCredits, False, False, True),
    ("lowBalance", InsufficientCredits, False, False, True),
    ("paymentRequired", InsufficientCredits, False, False, True),
    ("rateLimitExceeded", RateLimited, False, True, False),
    ("contentPolicyViolation", Moderated, False, False, False),
    ("providerContentPolicyViolation", Moderated, False, False, False),
    ("moderationFailed", Moderated, False, False, False),
    ("timeoutProvider", ProviderError, None, True, False),
    ("inferenceError", ProviderError, None, True, False),
    ("invalidDuration", InvalidRequest, False, False, False),
    ("missingPositivePrompt", InvalidRequest, False, False, False),
    ("unsupportedDimensions", InvalidRequest, False, False, False),
    ("valueOutOfRange", InvalidRequest, False, False, False),
    ("modelNotFound", InvalidRequest, False, False, False),
    ("taskFailedOrNotFound", InvalidRequest, False, False, False),
    ("internalServerError", ProviderError, None, True, False),
    ("somethingNew", ProviderError, None, True, False),
]


@pytest.mark.parametrize("row", CODES, ids=lambda row: row[0])
def test_error_codes(
    runware: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], row: tuple[Any, ...]
) -> None:
    """Codes are read by category, so that a new spelling finds its own; the words and the parameter are kept."""
    code, kind, accepted, again, fatal = row
    with pytest.raises(kind) as caught:
        runware.decode_create(reply({"errors": [error(code, parameter="duration")]}), ask(runware))
    found = caught.value
    assert type(found) is kind
    assert (found.accepted, found.again, found.fatal) == (accepted, again, fatal)
    assert (found.code, found.provider_message) == (code, "words (parameter duration)")


@pytest.mark.parametrize(
    ("status", "code", "kind", "accepted"),
    [
        (401, "invalidApiKey", AuthError, False),
        (400, "invalidDuration", InvalidRequest, False),
        (400, "somethingNew", InvalidRequest, False),
        (500, "somethingNew", ProviderError, None),
    ],
)
def test_http_errors(  # noqa: PLR0917 - pytest names them
    runware: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    code: str,
    kind: type[ProviderError],
    accepted: bool | None,  # noqa: FBT001 - pytest names it
) -> None:
    """A known code goes before the HTTP status, an unknown one after it."""
    with pytest.raises(kind, match="words") as caught:
        runware.decode_create(reply({"errors": [error(code)]}, status), ask(runware))
    assert caught.value.accepted is accepted


def test_query(runware: Provider) -> None:
    """The state is asked for by our id."""
    call = runware.encode_query(TASK)
    assert (call.method, call.path, call.json) == ("POST", "/v1", [{"taskType": "getResponse", "taskUUID": OURS}])


def test_states(runware: Provider, reply: Callable[..., HttpReply]) -> None:
    """Processing is running, success brings link, seed and cost; an unknown word moves nothing."""
    assert runware.decode_query(reply({"data": [going()]}), TASK).state == "running"
    assert runware.decode_query(reply({"data": [going("scheduled")]}), TASK).state == "queued"
    poll = runware.decode_query(reply({"data": [done()]}), TASK)
    assert poll.clip == Clip(
        url="https://vm.runware.ai/video/1.mp4", file_id="video-1", seed=552434558, cost_micros=490_000, currency="USD"
    )


def test_results_by_index(runware: Provider, reply: Callable[..., HttpReply]) -> None:
    """Answers are cumulative and may repeat a clip: each run has its own, in the order of the different ones."""
    answer = reply({"data": [done(1), done(1), done(2), going()]})
    for index, number in ((0, 1), (1, 2)):
        clip = runware.decode_query(answer, replace(TASK, result_index=index)).clip
        assert clip is not None
        assert clip.url == f"https://vm.runware.ai/video/{number}.mp4"
    assert runware.decode_query(answer, replace(TASK, result_index=2)).state == "running"


def test_another_tasks_items_are_not_ours(runware: Provider, reply: Callable[..., HttpReply]) -> None:
    """No clip of another task is taken for ours."""
    with pytest.raises(ProviderError):
        runware.decode_query(reply({"data": [done(taskUUID="another")]}), TASK)


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [going("error") | {"error": error("contentPolicyViolation")}]},
        {"data": [error("contentPolicyViolation", taskUUID=OURS)]},
        {"data": [going("error") | {"code": "contentPolicyViolation", "error": "words"}]},
        {"errors": [error("contentPolicyViolation", taskUUID=OURS, taskType="videoInference")]},
        {"errors": [error("contentPolicyViolation", taskUUID=OURS)]},
    ],
)
def test_failed(runware: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any]) -> None:
    """The task's own error, in each shape that it comes in, ends it."""
    poll = runware.decode_query(reply(answer), TASK)
    assert poll.state == "failed"
    assert isinstance(poll.error, Moderated)
    assert poll.error.provider_message == "words"


def test_one_result_failed_and_one_is_there(runware: Provider, reply: Callable[..., HttpReply]) -> None:
    """The clip that exists is given to the first run; the next one failed."""
    answer = reply({"data": [done(1)], "errors": [error("timeoutProvider", taskUUID=OURS, taskType="videoInference")]})
    assert runware.decode_query(answer, TASK).state == "succeeded"
    assert runware.decode_query(answer, replace(TASK, result_index=1)).state == "failed"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errors": [error("taskFailedOrNotFound", taskUUID=OURS)]}, TaskLost),
        ({"errors": [error("taskNotFound")]}, TaskLost),
        ({"errors": [error("rateLimitExceeded", taskUUID=OURS)]}, RateLimited),
        ({"errors": [error("invalidApiKey")]}, AuthError),
        ({"errors": [error("contentPolicyViolation", taskUUID="another")]}, Moderated),
        ({"errors": [error("invalidTaskUUID", taskUUID=OURS, taskType="getResponse")]}, InvalidRequest),
        ({"errors": [error("internalServerError", taskUUID=OURS, taskType="videoInference")]}, ProviderError),
    ],
)
def test_errors_about_the_query(
    runware: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any], kind: type[ProviderError]
) -> None:
    """They leave the task as it is; an unknown id says that a lost create was not accepted."""
    with pytest.raises(kind) as caught:
        runware.decode_query(reply(answer), TASK)
    assert type(caught.value) is kind


@pytest.mark.parametrize("answer", [{}, {"data": []}, {"data": [going("success")]}, {"data": "x", "errors": {}}])
def test_what_tells_nothing(runware: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any]) -> None:
    """An empty answer is neither "unknown" nor an end: nobody pays twice for it."""
    with pytest.raises(ProviderError) as caught:
        runware.decode_query(reply(answer), TASK)
    assert type(caught.value) is ProviderError
    assert caught.value.again
