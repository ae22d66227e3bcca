"""Tests of MiniMax-H3 at KIE.ai against KIE's pages market/minimax-h3, in both dialects; the credits of the account."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    Moderated,
    ProviderError,
    TaskLost,
    UsageError,
)
from hailuo_widgets.planning.build_request import build_request
from hailuo_widgets.provider.interface import Clip, Task
from hailuo_widgets.provider.messages import Amount, FormFile, HttpCall
from hailuo_widgets.transport.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider

JOB = Task(task_id="task_h3_1765", channel="jobs")
PICTURE, SECOND = "https://pictures.example/fox.png", "https://pictures.example/wolf.png"
CLIP, SOUND = "https://files.example/run.mp4", "https://files.example/voice.wav"


@pytest.fixture(params=["minimax", "jobs"])
def kie(request: pytest.FixtureRequest, open_: Callable[..., Provider]) -> Provider:
    """The provider in each dialect."""
    return open_("kie", kie_dialect=request.param)


def asked(provider: Provider, **arguments: Any) -> Request:
    """A checked request, with what is filled in."""
    return build_request(provider.facts, {"prompt": "a fox", "model": "h3", **arguments}).request


def body(provider: Provider, **arguments: Any) -> dict[str, Any]:
    """The body of a request's create call, which is one to the job API."""
    request = asked(provider, **arguments)
    call = provider.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", "/api/v1/jobs/createTask")
    assert provider.channel(request) == "jobs"
    found: dict[str, Any] = call.json
    return found


def test_text_to_video(kie: Provider) -> None:
    """Size, ratio and length are always sent: 768P and 16:9, and the length is a number."""
    assert body(kie) == {
        "model": "minimax-h3/text-to-video",
        "input": {"prompt": "a fox", "aspect_ratio": "16:9", "duration": 6, "resolution": "768P"},
    }
    assert body(kie, duration=15, resolution="2k", aspect_ratio="21:9", callback_url="https://me.example/hook") == {
        "model": "minimax-h3/text-to-video",
        "callBackUrl": "https://me.example/hook",
        "input": {"prompt": "a fox", "aspect_ratio": "21:9", "duration": 15, "resolution": "2K"},
    }


@pytest.mark.parametrize(
    ("frames", "sent"),
    [
        ({"first_frame": PICTURE}, {"first_frame_url": PICTURE}),
        ({"last_frame": SECOND}, {"last_frame_url": SECOND}),
        (
            {"first_frame": PICTURE, "last_frame": SECOND},
            {"first_frame_url": PICTURE, "last_frame_url": SECOND},
        ),
    ],
    ids=["first", "last", "both"],
)
def test_image_to_video(kie: Provider, frames: dict[str, str], sent: dict[str, str]) -> None:
    """One frame or both, and no ratio, because the clip has that of its frame."""
    expected = {"prompt": "a fox", **sent, "duration": 4, "resolution": "768P"}
    assert body(kie, duration=4, **frames) == {"model": "minimax-h3/image-to-video", "input": expected}
    with pytest.raises(UsageError, match="aspect_ratio"):
        asked(kie, aspect_ratio="16:9", **frames)


def test_reference_to_video(kie: Provider) -> None:
    """Each kind has its own list, in the order of the references; the ratio is adaptive unless one is given."""
    several = [PICTURE, CLIP, SECOND, SOUND]
    expected = {
        "prompt": "a fox",
        "reference_image_urls": [PICTURE, SECOND],
        "reference_video_urls": [CLIP],
        "reference_audio_urls": [SOUND],
        "aspect_ratio": "adaptive",
        "duration": 6,
        "resolution": "768P",
    }
    assert body(kie, references=several) == {"model": "minimax-h3/reference-to-video", "input": expected}
    assert body(kie, references=[CLIP], aspect_ratio="3:4")["input"] == {
        "prompt": "a fox",
        "reference_video_urls": [CLIP],
        "aspect_ratio": "3:4",
        "duration": 6,
        "resolution": "768P",
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"seed": 7}, "seed"),
        ({"prompt_optimizer": True}, "prompt optimizer"),
        ({"watermark": True}, "watermark"),
        ({"aspect_ratio": "adaptive"}, "aspect_ratio"),
        ({"duration": 3}, "4, 5, 6"),
        ({"duration": 16}, "4, 5, 6"),
        ({"resolution": "1080P"}, "768P, 2K"),
        ({"prompt": "x" * 7001}, "7001"),
        ({"width": 1344, "height": 768}, "width"),
        ({"references": [SOUND]}, "sounds alone"),
        ({"references": [PICTURE] * 10}, "at most 9"),
        ({"references": [CLIP] * 4}, "at most 3"),
        ({"references": [PICTURE], "first_frame": PICTURE}, "do not go together"),
        ({"options": {"nsfw_checker": True}}, "nsfw_checker"),
    ],
    ids=str,
)
def test_what_h3_does_not_take(kie: Provider, arguments: dict[str, Any], why: str) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(UsageError, match=why):
        asked(kie, **arguments)


def test_the_longest_prompt(kie: Provider) -> None:
    """7000 characters are taken, far more than the other models take."""
    assert len(body(kie, prompt="狐" * 7000)["input"]["prompt"]) == 7000


def test_local_files_are_uploaded(kie: Provider, picture: Image) -> None:
    """Pictures go as base64; clips, sounds and large pictures as a form, with a name that has their suffix."""
    call = kie.encode_upload(picture)
    assert call is not None
    assert (call.path, call.origin) == ("/api/file-base64-upload", "https://kieai.redpandaai.co")
    assert call.json["fileName"] == f"{'ab' * 16}.png"
    for kind, suffix, media_type, size in (
        (MediaKind.VIDEO, "mp4", "video/mp4", 9),
        (MediaKind.VIDEO, "mov", "video/quicktime", 9),
        (MediaKind.AUDIO, "wav", "audio/wav", 9),
        (MediaKind.AUDIO, "mp3", "audio/mpeg", 9),
        (MediaKind.IMAGE, "png", "image/png", 10_000_001),
    ):
        data = b"x" * size
        file = Reference(name="a", data=data, sha256="cd" * 32, media_type=media_type, kind=kind)
        call = kie.encode_upload(file)
        name = f"{'cd' * 16}.{suffix}"
        assert call == HttpCall(
            method="POST",
            path="/api/file-stream-upload",
            origin="https://kieai.redpandaai.co",
            form={
                "file": FormFile(name=name, data=data, media_type=media_type),
                "uploadPath": "hailuo-widgets",
                "fileName": name,
            },
        )
    assert kie.encode_upload(Reference(name="a", url=CLIP, kind=MediaKind.VIDEO)) is None


def test_a_file_that_was_not_uploaded_is_never_sent(kie: Provider, picture: Image) -> None:
    """Nothing is created without the file's link."""
    request = asked(kie, first_frame=PICTURE)
    with pytest.raises(ValueError, match="not uploaded"):
        kie.encode_create(request.with_inputs({"first_frame": picture}), "unused")


def test_a_form_is_sent_as_one() -> None:
    """The HTTP client writes a form's texts and its file as multipart/form-data, with the file's own bytes."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        got.extend([head, await reader.readexactly(int(length.partition(b":")[2]))])
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async def send() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        form: dict[str, str | FormFile] = {
            "uploadPath": "hailuo-widgets",
            "file": FormFile(name="a.mp4", data=b"\x00\xff\r\n", media_type="video/mp4"),
        }
        http = Http()
        async with server:
            origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await http.call(origin, HttpCall(method="POST", path="/up", form=form), auth=None, key=None, fresh=True)
            await http.close()

    asyncio.run(send())
    head, sent = got
    assert b"content-type: multipart/form-data; boundary=" in head.lower()
    assert b'name="uploadPath"\r\n\r\nhailuo-widgets\r\n' in sent
    assert b'name="file"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n\x00\xff\r\n\r\n' in sent


@pytest.mark.parametrize(
    ("arguments", "credit"),
    [
        ({}, 96),
        ({"resolution": "2K", "duration": 15}, 390),
        ({"first_frame": PICTURE, "duration": 4}, 64),
        ({"references": [PICTURE] * 5}, 96),
        ({"references": [PICTURE] * 7}, 112),
        ({"references": [PICTURE, SOUND]}, 96),
    ],
    ids=str,
)
def test_prices(kie: Provider, arguments: dict[str, Any], credit: int) -> None:
    """16 credits for each second at 768P, 26 at 2K; 8 for each picture past five; sounds are free."""
    found = kie.facts.price_of(asked(kie, **arguments), None)
    assert found is not None
    assert found[:2] == (credit * 1_000_000, "credits")


def test_seconds_of_reference_clips_cost_as_much(kie: Provider) -> None:
    """They are added at the same rate; with a clip of unknown length the price is unknown, never too low."""
    request = asked(kie, references=[CLIP], resolution="2K")
    assert kie.facts.price_of(request, None) is None
    known = Reference(name="a", url=CLIP, kind=MediaKind.VIDEO, seconds=4.5)
    found = kie.facts.price_of(request.with_inputs({"references[0]": known}), None)
    assert found is not None
    assert found[0] == (6 * 26 + 4.5 * 26) * 1_000_000


def test_a_finished_record(kie: Provider, reply: Callable[..., HttpReply]) -> None:
    """The record is that of KIE's other jobs, and reports the credits that were used."""
    record = {
        "taskId": JOB.task_id,
        "model": "minimax-h3/text-to-video",
        "state": "success",
        "resultJson": '{"resultUrls":["https://tempfile.example/clip.mp4"]}',
        "creditsConsumed": 96,
    }
    poll = kie.decode_query(reply({"code": 200, "msg": "success", "data": record}), JOB)
    assert poll.clip == Clip(url="https://tempfile.example/clip.mp4", cost_micros=96_000_000, currency="credits")
    assert kie.encode_query(JOB).path == "/api/v1/jobs/recordInfo"


FLAGGED = "Your prompt was flagged by Website as violating content policies"


@pytest.mark.parametrize("code", [400, 422, 500, 501])
@pytest.mark.parametrize("text", [FLAGGED, "sensitive content", "NSFW", "content policy"])
def test_a_refusal_for_content_is_told_by_its_words(
    kie: Provider, reply: Callable[..., HttpReply], code: int, text: str
) -> None:
    """At the create call, in a record, and in the answer to a query: it is the task's end, and no lost task."""
    with pytest.raises(Moderated) as caught:
        kie.decode_create(reply({"code": code, "msg": text, "data": None}, code if code < 500 else 200), asked(kie))
    assert caught.value.accepted is False
    record = {"taskId": JOB.task_id, "state": "fail", "failCode": str(code), "failMsg": text}
    for answer in ({"code": 200, "msg": "success", "data": record}, {"code": code, "msg": text, "data": None}):
        poll = kie.decode_query(reply(answer), JOB)
        assert (poll.state, type(poll.error)) == ("failed", Moderated)


@pytest.mark.parametrize(
    ("answer", "status", "kind", "accepted"),
    [
        ({"code": 433, "msg": "The sub-key usage limit was reached"}, 200, InsufficientCredits, False),
        ({"code": 433, "msg": "The sub-key usage limit was reached"}, 433, InsufficientCredits, False),
        ({"code": 402, "msg": "Insufficient credits"}, 402, InsufficientCredits, False),
        ({"code": 401, "msg": "You do not have access permissions"}, 401, AuthError, False),
        ({"code": 422, "msg": "aspect_ratio is required"}, 422, InvalidRequest, False),
        ({"code": 408, "msg": "upstream stuck"}, 408, ProviderError, None),
        ({"code": 501, "msg": "generation failed"}, 200, ProviderError, None),
        (
            {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/api/v1/jobs/createTask"},
            404,
            InvalidRequest,
            False,
        ),
    ],
)
def test_refused_creates(  # noqa: PLR0917 - pytest names them
    kie: Provider,
    reply: Callable[..., HttpReply],
    answer: dict[str, Any],
    status: int,
    kind: type[ProviderError],
    accepted: bool | None,  # noqa: FBT001 - pytest names it
) -> None:
    """Each answer of KIE's table says whether a task may exist."""
    with pytest.raises(ProviderError) as caught:
        kie.decode_create(reply(answer, status), asked(kie))
    assert (type(caught.value), caught.value.accepted) == (kind, accepted)


def test_a_wrong_address_loses_no_task(kie: Provider, reply: Callable[..., HttpReply]) -> None:
    """Spring's 404 is about the path; KIE's own "recordInfo is null" is about the task."""
    spring = {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/api/v1/jobs/recordInfo"}
    with pytest.raises(InvalidRequest):
        kie.decode_query(reply(spring, 404), JOB)
    for text in ("recordInfo is null", "task not found"):
        with pytest.raises(TaskLost):
            kie.decode_query(reply({"code": 422, "msg": text, "data": None}), JOB)


def test_upstream_stuck_ends_the_task(kie: Provider, reply: Callable[..., HttpReply]) -> None:
    """A 408 of KIE's own says that the task will not go on, and asking again stays free; a bare 408 says nothing."""
    poll = kie.decode_query(reply({"code": 408, "msg": "upstream stuck"}, 408), JOB)
    assert poll.state == "failed"
    assert poll.error is not None
    assert "for free" in str(poll.error.hint)
    with pytest.raises(ProviderError):
        kie.decode_query(reply(b"timeout", 408), JOB)


def test_an_unlisted_model_goes_by_its_name(kie: Provider) -> None:
    """``family/model`` is a job's name in both dialects; options are added to its input as they are."""
    request = asked(
        kie,
        model="minimax-h4/text-to-video",
        unlisted=True,
        duration=20,
        resolution="4K",
        seed=7,
        options={"sound": True, "duration": "20"},
    )
    call = kie.encode_create(request, "unused")
    assert (call.path, kie.channel(request)) == ("/api/v1/jobs/createTask", "jobs")
    assert call.json == {
        "model": "minimax-h4/text-to-video",
        "input": {"prompt": "a fox", "duration": "20", "resolution": "4K", "seed": 7, "sound": True},
    }


def test_unlisted_models_of_the_older_families(open_: Callable[..., Provider]) -> None:
    """Without a slash it is one of the document's API, and under ``hailuo/`` the length is text."""
    kie, jobs = open_("kie"), open_("kie", kie_dialect="jobs")
    call = kie.encode_create(
        asked(kie, model="minimax-hailuo-4", unlisted=True, duration=8, options={"fps": 24}), "unused"
    )
    assert (call.path, call.json) == (
        "/api/v1/minimax/generate",
        {"prompt": "a fox", "model": "minimax-hailuo-4", "duration": 8, "fps": 24},
    )
    call = jobs.encode_create(asked(jobs, model="hailuo/4", unlisted=True, duration=8), "unused")
    assert call.json["input"] == {"prompt": "a fox", "duration": "8", "prompt_optimizer": False}


@pytest.mark.parametrize(("number", "micros"), [(100, 100_000_000), (0, 0), (12.5, 12_500_000)])
def test_the_accounts_credits(kie: Provider, reply: Callable[..., HttpReply], number: float, micros: int) -> None:
    """``data`` is the number of credits."""
    call = kie.encode_balance()
    assert isinstance(call, HttpCall)
    assert (call.method, call.path, call.json) == ("GET", "/api/v1/chat/credit", None)
    balance = kie.decode_balance(reply({"code": 200, "msg": "success", "data": number}))
    assert balance.amounts == (Amount(micros=micros, currency="credits"),)
    assert balance.source


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        ({"code": 401, "msg": "no"}, 200, AuthError),
        ({"code": 401, "msg": "no"}, 401, AuthError),
        ({"code": 200, "data": None}, 200, ProviderError),
        ({"code": 200, "data": "100"}, 200, ProviderError),
        ({"code": 200, "data": True}, 200, ProviderError),
        (b"<html>", 502, ProviderError),
    ],
)
def test_no_credits_named(
    kie: Provider, reply: Callable[..., HttpReply], answer: Any, status: int, kind: type[ProviderError]
) -> None:
    """A balance is never guessed."""
    with pytest.raises(kind):
        kie.decode_balance(reply(answer, status))
