"""Tests of KIE.ai's two dialects against the KIE.ai Minimax API document and its job documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.check import check
from hailuo_widgets.domain.images import Image
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

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider

TASK = Task(task_id="minimax_stu345vwx")
JOB = Task(task_id="task_hailuo_1765", channel="jobs")


@pytest.fixture
def kie(open_: Callable[..., Provider]) -> Provider:
    """The document's dialect."""
    return open_("kie")


@pytest.fixture
def jobs(open_: Callable[..., Provider]) -> Provider:
    """The dialect of the job documents."""
    return open_("kie", kie_dialect="jobs")


def test_text_to_video(kie: Provider, ask: Callable[..., Request]) -> None:
    """The document's own first example, field by field; it may be sent, though its notes contradict it."""
    request = ask(
        kie,
        "A serene landscape with mountains and sunset, cinematic quality",
        model="minimax-hailuo-02",
        duration=10,
        resolution="1080p",
        aspect_ratio="16:9",
        seed=54321,
        callback_url="https://webhook.your-domain.com/minimax",
    )
    call = kie.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", "/api/v1/minimax/generate")
    assert call.json == {
        "prompt": "A serene landscape with mountains and sunset, cinematic quality",
        "model": "minimax-hailuo-02",
        "duration": 10,
        "resolution": "1080p",
        "aspectRatio": "16:9",
        "seed": 54321,
        "callBackUrl": "https://webhook.your-domain.com/minimax",
    }
    assert [p.severity for p in check(request, kie.facts)] == ["warning"]


def test_the_documents_second_example(kie: Provider, ask: Callable[..., Request]) -> None:
    """Image to video, field by field."""
    frame = Image(name="landscape.jpg", url="https://example.com/landscape.jpg")
    request = ask(
        kie,
        "The landscape transitions through different weather conditions",
        model="minimax-hailuo-02",
        first_frame=frame,
        duration=10,
        resolution="1080p",
        callback_url="https://webhook.your-domain.com/minimax",
    )
    call = kie.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", "/api/v1/minimax/generate")
    assert call.json == {
        "imageUrl": "https://example.com/landscape.jpg",
        "prompt": "The landscape transitions through different weather conditions",
        "model": "minimax-hailuo-02",
        "duration": 10,
        "resolution": "1080p",
        "callBackUrl": "https://webhook.your-domain.com/minimax",
    }
    assert "error" not in {p.severity for p in check(request, kie.facts)}


def test_image_to_video(kie: Provider, ask: Callable[..., Request], link: Image) -> None:
    """A first frame goes by its URL; a random seed is sent as it is."""
    request = ask(kie, "a fox", model="minimax-hailuo-2-3-fast", first_frame=link, seed=-1)
    assert kie.encode_create(request, "unused").json == {
        "prompt": "a fox",
        "model": "minimax-hailuo-2-3-fast",
        "imageUrl": link.url,
        "duration": 6,
        "resolution": "768p",
        "seed": -1,
    }


@pytest.mark.parametrize("code", [0, 200, "200"])
@pytest.mark.parametrize("words", ["message", "msg"])
def test_create_answer(
    kie: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], code: int | str, words: str
) -> None:
    """The document's code 0 and the live API's 200 are both a yes."""
    answer = reply({"code": code, words: "success", "data": {"taskId": "minimax_stu345vwx", "status": 0}})
    accepted = kie.decode_create(answer, ask(kie))
    assert (accepted.task_id, accepted.warning) == ("minimax_stu345vwx", None)


def test_a_yes_without_a_task_may_be_billed(
    kie: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """Success without an id is no certain no."""
    with pytest.raises(ProviderError) as caught:
        kie.decode_create(reply({"code": 0, "message": "success", "data": None}), ask(kie))
    assert caught.value.accepted is None


CODES = [
    (1001, Moderated, False, False, False),
    (1002, InvalidRequest, False, False, False),
    (1003, InsufficientCredits, False, False, True),
    (1004, InvalidRequest, False, False, False),
    (1005, RateLimited, False, True, False),
    (1006, InvalidRequest, False, False, False),
    (400, InvalidRequest, False, False, False),
    (401, AuthError, False, False, True),
    (402, InsufficientCredits, False, False, True),
    (404, InvalidRequest, False, False, False),
    (408, ProviderError, None, False, False),
    (422, InvalidRequest, False, False, False),
    (429, RateLimited, False, True, False),
    (433, InsufficientCredits, False, False, True),
    (455, ProviderError, False, False, False),
    (500, ProviderError, None, True, False),
    (501, ProviderError, None, False, False),
    (505, ProviderError, False, False, False),
]


@pytest.mark.parametrize("row", CODES, ids=lambda row: str(row[0]))
@pytest.mark.parametrize("status", [200, 500])
def test_error_codes(
    kie: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], row: tuple[Any, ...], status: int
) -> None:
    """Each code is the error of KIE's own table: 1002 is an image here, 1004 a parameter."""
    code, kind, accepted, again, fatal = row
    with pytest.raises(kind) as caught:
        kie.decode_create(reply({"code": code, "msg": "words", "data": None}, status), ask(kie))
    error = caught.value
    assert type(error) is kind
    assert (error.accepted, error.again, error.fatal) == (accepted, again, fatal)
    assert (error.provider, error.code, error.provider_message) == ("kie", str(code), "words")


def test_every_code_is_tested(kie: Provider) -> None:
    """The table above and the provider's have the same codes."""
    assert {str(row[0]) for row in CODES} == set(kie.codes)


def test_http_401(kie: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """KIE's documented 401 is about the key, and says which variable to check."""
    answer = reply({"code": 401, "msg": "You do not have access permissions"}, 401)
    with pytest.raises(AuthError, match="KIE_API_KEY"):
        kie.decode_create(answer, ask(kie))


@pytest.mark.parametrize(("status", "state"), [(0, "running"), (2, "failed"), ("0", "running"), (7, "queued")])
def test_statuses_are_numbers(kie: Provider, reply: Callable[..., HttpReply], status: int | str, state: str) -> None:
    """0 is generating and 2 is failed; an unknown number moves nothing."""
    call = kie.encode_query(TASK)
    assert (call.method, call.path, call.params) == (
        "GET",
        "/api/v1/minimax/record-info",
        {"taskId": "minimax_stu345vwx"},
    )
    poll = kie.decode_query(reply({"code": 0, "message": "success", "data": {"status": status}}), TASK)
    assert poll.state == state
    if poll.error is not None:
        assert poll.error.provider_message is None  # "success" is said of the call, not of the task


def test_success(kie: Provider, reply: Callable[..., HttpReply]) -> None:
    """The document's own answer of a finished task."""
    answer = {
        "code": 0,
        "message": "success",
        "data": {
            "taskId": "minimax_stu345vwx",
            "status": 1,
            "videoUrl": "https://storage.kie.ai/videos/minimax_stu345vwx.mp4",
            "duration": 10,
            "resolution": "1080p",
            "createdAt": "2025-11-20T16:45:00Z",
            "completedAt": "2025-11-20T16:49:30Z",
        },
    }
    poll = kie.decode_query(reply(answer), TASK)
    assert poll.clip == Clip(url="https://storage.kie.ai/videos/minimax_stu345vwx.mp4")
    assert kie.encode_link(TASK, poll.clip) is None


@pytest.mark.parametrize("status", [True, 1.0, None, [1], {"a": 1}])
def test_what_is_no_status_tells_nothing(kie: Provider, reply: Callable[..., HttpReply], status: object) -> None:
    """``true`` is not 1: no task is finished by a type mix."""
    with pytest.raises(ProviderError):
        kie.decode_query(reply({"code": 0, "data": {"status": status, "videoUrl": "https://a.example/x"}}), TASK)


@pytest.mark.parametrize("code", [1001, 1002, 1006, 408, 501])
def test_codes_that_end_a_task(kie: Provider, reply: Callable[..., HttpReply], code: int) -> None:
    """A query holds no prompt and no image, so a code about them is the task's end."""
    assert kie.decode_query(reply({"code": code, "message": "no"}), TASK).state == "failed"


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1004, TaskLost), (404, TaskLost), (422, TaskLost), (1005, RateLimited), (401, AuthError), (500, ProviderError)],
)
def test_codes_about_the_query(
    kie: Provider, reply: Callable[..., HttpReply], code: int, kind: type[ProviderError]
) -> None:
    """Other codes leave the task as it is."""
    with pytest.raises(kind):
        kie.decode_query(reply({"code": code, "msg": "no", "data": None}), TASK)


# -- jobs ---------------------------------------------------------------------------------------------------------


def test_jobs_text_to_video(jobs: Provider, ask: Callable[..., Request]) -> None:
    """The request stands in ``input``, its duration is text, and the standard model takes no resolution."""
    request = ask(jobs, "a fox", duration=10, prompt_optimizer=True, callback_url="https://me.example/hook")
    call = jobs.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", "/api/v1/jobs/createTask")
    assert call.json == {
        "model": "hailuo/02-text-to-video-standard",
        "callBackUrl": "https://me.example/hook",
        "input": {"prompt": "a fox", "duration": "10", "prompt_optimizer": True},
    }


def test_jobs_pro_takes_neither_duration_nor_resolution(jobs: Provider, ask: Callable[..., Request]) -> None:
    """What the pro model does is fixed."""
    request = ask(jobs, "a fox", model="hailuo/02-text-to-video-pro")
    assert (request.resolution, request.duration) == ("1080P", 6)
    assert jobs.encode_create(request, "unused").json["input"] == {"prompt": "a fox", "prompt_optimizer": False}


def test_jobs_first_and_last_frame(jobs: Provider, ask: Callable[..., Request], link: Image) -> None:
    """Both frames go by their URLs."""
    model = "hailuo/02-image-to-video-standard"
    request = ask(jobs, "a fox", model=model, first_frame=link, last_frame=link, resolution="512p")
    assert jobs.encode_create(request, "unused").json == {
        "model": model,
        "input": {
            "prompt": "a fox",
            "image_url": link.url,
            "end_image_url": link.url,
            "duration": "6",
            "resolution": "512P",
            "prompt_optimizer": False,
        },
    }


def test_jobs_upload(
    jobs: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], picture: Image, link: Image
) -> None:
    """A local picture is uploaded first, a linked one is not, and none is forgotten."""
    call = jobs.encode_upload(picture)
    assert call is not None
    assert (call.method, call.path, call.origin) == ("POST", "/api/file-base64-upload", "https://kieai.redpandaai.co")
    assert call.json == {
        "base64Data": "data:image/png;base64,iVBORyBmb3g=",
        "uploadPath": "hailuo-widgets",
        "fileName": f"{'ab' * 16}.png",
    }
    answer = {"success": True, "code": 200, "msg": "ok", "data": {"downloadUrl": "https://tempfile.example/fox.png"}}
    assert jobs.decode_upload(reply(answer)) == "https://tempfile.example/fox.png"
    assert jobs.encode_upload(link) is None
    model = "hailuo/2-3-image-to-video-pro"
    with pytest.raises(ValueError, match="not uploaded"):
        jobs.encode_create(ask(jobs, "a fox", model=model, first_frame=picture), "unused")


def test_the_upload_host_is_the_documented_providers_alone(jobs: Provider, picture: Image) -> None:
    """Behind any other base URL the upload stays there: no key leaves for a stranger, no picture this machine."""
    call = jobs.encode_upload(picture)
    assert call is not None
    assert jobs.origin_of(call, "https://api.kie.ai") == "https://kieai.redpandaai.co"
    assert jobs.origin_of(call, "http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert jobs.origin_of(call, "https://proxy.example") == "https://proxy.example"
    assert jobs.origin_of(jobs.encode_query(JOB), "https://api.kie.ai") == "https://api.kie.ai"


@pytest.mark.parametrize("answer", [{"code": 401, "msg": "no"}, {"code": 200, "data": {}}, {"success": True}])
def test_upload_refused(jobs: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any]) -> None:
    """An upload without a link is an error."""
    with pytest.raises(ProviderError):
        jobs.decode_upload(reply(answer))


def test_the_documents_models_take_no_local_picture(kie: Provider, picture: Image, ask: Callable[..., Request]) -> None:
    """There a local picture is refused, with both ways out; only H3's are uploaded."""
    problems = [p for p in check(ask(kie, "a fox", first_frame=picture), kie.facts) if p.severity == "error"]
    assert [p.argument for p in problems] == ["first_frame"]
    assert "https://" in problems[0].hint
    assert "KIE_DIALECT=jobs" in problems[0].hint


def test_jobs_create_answer(jobs: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """``taskId`` or, where only that is there, ``recordId``; the channel is stored with the task."""
    for data in ({"taskId": "task_hailuo_1765"}, {"recordId": "task_hailuo_1765"}):
        assert (
            jobs.decode_create(reply({"code": 200, "msg": "success", "data": data}), ask(jobs)).task_id == JOB.task_id
        )
    assert jobs.channel(ask(jobs)) == jobs.default_channel == "jobs"


@pytest.mark.parametrize(
    ("word", "state"),
    [("waiting", "queued"), ("queuing", "queued"), ("generating", "running"), ("fail", "failed"), ("odd", "queued")],
)
def test_jobs_states(jobs: Provider, reply: Callable[..., HttpReply], word: str, state: str) -> None:
    """States are words; a failed one says why."""
    answer = {"code": 200, "msg": "success", "data": {"state": word, "failCode": "422", "failMsg": "bad picture"}}
    poll = jobs.decode_query(reply(answer), JOB)
    assert poll.state == state
    if state == "failed":
        assert isinstance(poll.error, InvalidRequest)
        assert (poll.error.code, poll.error.provider_message) == ("422", "bad picture")


@pytest.mark.parametrize("as_text", [True, False])
def test_jobs_success(jobs: Provider, reply: Callable[..., HttpReply], as_text: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The links come as JSON in a string (an object is read too), the cost in credits."""
    result: Any = {"resultUrls": ["https://tempfile.example/clip.mp4"]}
    record = {
        "taskId": JOB.task_id,
        "state": "success",
        "resultJson": json.dumps(result) if as_text else result,
        "creditsConsumed": 37.5,
        "costTime": 61000,
    }
    poll = jobs.decode_query(reply({"code": 200, "msg": "success", "data": record}), JOB)
    assert poll.clip == Clip(url="https://tempfile.example/clip.mp4", cost_micros=37_500_000, currency="credits")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"resultUrls": []}', '{"resultUrls": "x"}', "[" * 100_000, None, 7])
def test_jobs_success_without_a_link_tells_nothing(
    jobs: Provider, reply: Callable[..., HttpReply], text: object
) -> None:
    """A finished task whose link cannot be read is asked for again, not ended."""
    with pytest.raises(ProviderError) as caught:
        jobs.decode_query(reply({"code": 200, "data": {"state": "success", "resultJson": text}}), JOB)
    assert caught.value.again


def test_each_dialect_asks_for_the_others_tasks(kie: Provider, jobs: Provider, reply: Callable[..., HttpReply]) -> None:
    """A run that was started in one dialect is taken up in the other by its stored channel."""
    for provider in (kie, jobs):
        assert provider.encode_query(JOB).path == "/api/v1/jobs/recordInfo"
        assert provider.encode_query(TASK).path == "/api/v1/minimax/record-info"
        assert provider.decode_query(reply({"code": 200, "data": {"state": "generating"}}), JOB).state == "running"
        assert provider.decode_query(reply({"code": 0, "data": {"status": 0}}), TASK).state == "running"
