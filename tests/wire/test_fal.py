"""Tests of fal.ai: the queue's calls, and a failure that only the call for the result tells.

The expected requests and answers are those of fal's pages on its queue, its errors and its endpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, ProviderError, RateLimited
from hailuo_widgets.provider import CancelOutcome, Clip, PollState, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider import HttpReply, Provider

    Ask = Callable[..., Request]
    Answer = Callable[..., HttpReply]

ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
ROOT = f"https://queue.fal.run/fal-ai/minimax/requests/{ID}"
QUEUED = {
    "request_id": ID,
    "response_url": ROOT,
    "status_url": f"{ROOT}/status",
    "cancel_url": f"{ROOT}/cancel",
    "queue_position": 0,
    "status": "IN_QUEUE",
}
TASK = Task(task_id=ID, channel="fal-ai/minimax")
FLAGGED = {
    "detail": [
        {
            "loc": ["body", "prompt"],
            "msg": "The content was flagged by a content checker.",
            "type": "content_policy_violation",
            "url": "https://docs.fal.ai/errors#content_policy_violation",
            "input": "x",
        }
    ]
}


@pytest.fixture
def fal(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("fal")


H3_TEXT = {"prompt": "a fox", "duration": 6, "resolution": "768P", "aspect_ratio": "16:9"}
FRAME = {"image_url": "https://pictures.example/fox.png"}
END = {"end_image_url": "https://pictures.example/fox.png"}
OPTIMIZED = {"prompt": "a fox", "prompt_optimizer": True}


@pytest.mark.parametrize(
    ("fields", "path", "body"),
    [
        ({}, "fal-ai/minimax/hailuo-2.3/standard/text-to-video", {**OPTIMIZED, "duration": "6"}),
        ({"duration": 10}, "fal-ai/minimax/hailuo-2.3/standard/text-to-video", {**OPTIMIZED, "duration": "10"}),
        ({"resolution": "1080P"}, "fal-ai/minimax/hailuo-2.3/pro/text-to-video", OPTIMIZED),
        (
            {"first_frame": True},
            "fal-ai/minimax/hailuo-2.3/standard/image-to-video",
            {**OPTIMIZED, "duration": "6", **FRAME},
        ),
        (
            {"first_frame": True, "resolution": "1080P"},
            "fal-ai/minimax/hailuo-2.3/pro/image-to-video",
            {**OPTIMIZED, **FRAME},
        ),
        (
            {"model": "fal-ai/minimax/hailuo-2.3-fast", "first_frame": True},
            "fal-ai/minimax/hailuo-2.3-fast/standard/image-to-video",
            {**OPTIMIZED, "duration": "6", **FRAME},
        ),
        (
            {"model": "fal-ai/minimax/hailuo-2.3-fast", "first_frame": True, "resolution": "1080P"},
            "fal-ai/minimax/hailuo-2.3-fast/pro/image-to-video",
            {**OPTIMIZED, **FRAME},
        ),
        (
            {"model": "fal-ai/minimax/hailuo-02"},
            "fal-ai/minimax/hailuo-02/standard/text-to-video",
            {**OPTIMIZED, "duration": "6"},
        ),
        (
            {"model": "fal-ai/minimax/hailuo-02", "resolution": "1080P"},
            "fal-ai/minimax/hailuo-02/pro/text-to-video",
            OPTIMIZED,
        ),
        (
            {"model": "fal-ai/minimax/hailuo-02", "first_frame": True, "last_frame": True},
            "fal-ai/minimax/hailuo-02/standard/image-to-video",
            {**OPTIMIZED, "duration": "6", "resolution": "768P", **FRAME, **END},
        ),
        (
            {"model": "fal-ai/minimax/hailuo-02", "first_frame": True, "resolution": "512P"},
            "fal-ai/minimax/hailuo-02/standard/image-to-video",
            {**OPTIMIZED, "duration": "6", "resolution": "512P", **FRAME},
        ),
        ({"model": "minimax/h3", "aspect_ratio": "16:9"}, "minimax/h3/text-to-video", H3_TEXT),
        (
            {"model": "minimax/h3", "first_frame": True, "last_frame": True, "resolution": "2K", "duration": 15},
            "minimax/h3/image-to-video",
            {"prompt": "a fox", "duration": 15, "resolution": "2K", **FRAME, **END},
        ),
        (
            {"model": "minimax/h3-max", "aspect_ratio": "9:16", "options": {"prompt_expansion_mode": "balanced"}},
            "minimax/h3-max/text-to-video",
            {**H3_TEXT, "aspect_ratio": "9:16", "prompt_expansion_mode": "balanced"},
        ),
        (
            {"model": "minimax/h3-max", "aspect_ratio": "16:9"},
            "minimax/h3-max/text-to-video",
            {**H3_TEXT, "prompt_expansion_mode": "balanced"},
        ),
        (
            {"model": "minimax/h3-max", "aspect_ratio": "16:9", "prompt_optimizer": False},
            "minimax/h3-max/text-to-video",
            {**H3_TEXT, "prompt_expansion_mode": "disabled"},
        ),
        (
            {"model": "minimax/h3-max", "aspect_ratio": "16:9", "options": {"prompt_expansion_mode": "quality"}},
            "minimax/h3-max/text-to-video",
            {**H3_TEXT, "prompt_expansion_mode": "quality"},
        ),
        (
            {"model": "acme/new-model/text-to-video", "unlisted": True, "duration": 7, "options": {"mood": "calm"}},
            "acme/new-model/text-to-video",
            {**OPTIMIZED, "duration": 7, "mood": "calm"},
        ),
    ],
)
def test_the_request_of_each_endpoint(  # noqa: PLR0917 - three fixtures and a row of the table
    fal: Provider, ask: Ask, link: Image, fields: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    """The endpoint's name is made of model, tier and mode; a field that it does not have is not sent."""
    given = {name: link if value is True and name.endswith("_frame") else value for name, value in fields.items()}
    call = fal.encode_create(ask(fal, **{"prompt_optimizer": True, **given}), "unused")
    assert (call.method, call.path, call.params, call.json) == ("POST", f"/{path}", {}, body)


def test_references(fal: Provider, ask: Ask) -> None:
    """Pictures, clips and sounds go in lists of their own, in the user's order, as links or data URLs."""
    references = (
        Reference(name="b", kind=MediaKind.IMAGE, url="https://a.example/b.png"),
        Reference(name="v", kind=MediaKind.VIDEO, data=b"\x04", media_type="video/mp4", sha256="ab" * 32),
        Reference(name="c", kind=MediaKind.IMAGE, url="https://a.example/c.png"),
        Reference(name="s", kind=MediaKind.AUDIO, data=b"\x05", media_type="audio/mpeg", sha256="cd" * 32),
    )
    call = fal.encode_create(ask(fal, model="minimax/h3", references=references), "unused")
    assert call.path == "/minimax/h3/reference-to-video"
    assert call.json == {
        "prompt": "a fox",
        "duration": 6,
        "resolution": "768P",
        "reference_image_urls": ["https://a.example/b.png", "https://a.example/c.png"],
        "reference_video_urls": ["data:video/mp4;base64,BA=="],
        "reference_audio_urls": ["data:audio/mpeg;base64,BQ=="],
    }


def test_a_local_frame_and_a_callback(fal: Provider, ask: Ask, picture: Image) -> None:
    """A picture of this machine goes as a data URL, the callback's address in the query."""
    call = fal.encode_create(ask(fal, first_frame=picture, callback_url="https://hook.example/x"), "unused")
    assert call.json["image_url"] == "data:image/png;base64,iVBORyBmb3g="
    assert call.params == {"fal_webhook": "https://hook.example/x"}
    assert fal.callbacks is not None
    assert list(fal.callbacks.tasks({"request_id": ID, "gateway_request_id": ID, "status": "OK"})) == [ID]


def test_the_addresses_of_the_queue_are_kept(fal: Provider, ask: Ask, reply: Answer) -> None:
    """The three addresses of the answer are used for what follows: they hold the app, which the endpoint does not."""
    app = "fal-ai/minimax/hailuo-2.3"
    queued = {k: str(v).replace("fal-ai/minimax/", f"{app}/") for k, v in QUEUED.items()}
    accepted = fal.decode_create(reply(queued), ask(fal))
    assert accepted.task_id == ID
    assert dict(accepted.details) == {k: queued[k] for k in ("status_url", "response_url", "cancel_url")}
    task = Task(task_id=ID, channel="fal-ai/minimax", details=accepted.details)
    calls = [fal.encode_query(task), fal.encode_link(task, Clip()), fal.encode_cancel(task)]
    assert [(c.method, c.path) for c in calls if c is not None] == [
        ("GET", f"/{app}/requests/{ID}/status"),
        ("GET", f"/{app}/requests/{ID}"),
        ("PUT", f"/{app}/requests/{ID}/cancel"),
    ]


@pytest.mark.parametrize(
    "url",
    [
        f"https://evil.example/fal-ai/minimax/requests/{ID}/status",
        f"https://queue.fal.run.evil.example/requests/{ID}",
        f"https://queue.fal.run@evil.example/requests/{ID}",
        f"http://queue.fal.run/fal-ai/minimax/requests/{ID}",
        "https://queue.fal.run/fal-ai/minimax/requests/another",
        f"//evil.example/{ID}",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_foreign_address_is_not_used(fal: Provider, ask: Ask, reply: Answer, url: str) -> None:
    """An address on another host, or of another request, gets no key: the documented path is used."""
    accepted = fal.decode_create(reply({**QUEUED, "status_url": url}), ask(fal))
    assert "status_url" not in accepted.details
    task = Task(task_id=ID, channel="minimax/h3", details={"status_url": url})
    call = fal.encode_query(task)
    assert (call.path, call.origin) == (f"/minimax/h3/requests/{ID}/status", None)


@pytest.mark.parametrize(
    ("model", "app"), [("fal-ai/minimax/hailuo-02", "fal-ai/minimax"), ("minimax/h3-max", "minimax/h3-max")]
)
def test_the_channel_is_the_app(fal: Provider, ask: Ask, model: str, app: str) -> None:
    """The first two parts of the endpoint's name are the app, which has the requests."""
    assert fal.channel(ask(fal, model=model)) == app


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (QUEUED, PollState.QUEUED),
        ({**QUEUED, "status": "IN_PROGRESS", "logs": None}, PollState.RUNNING),
        ({**QUEUED, "status": "COMPLETED", "metrics": {"inference_time": 70.5}}, PollState.SUCCEEDED),
        ({"status": "FAILED"}, PollState.FAILED),
        ({"status": "CANCELED"}, PollState.FAILED),
    ],
)
def test_statuses(fal: Provider, reply: Answer, body: dict[str, Any], state: str) -> None:
    """The three documented words, and two that only third parties name."""
    poll = fal.decode_query(reply(body, 202 if state == "queued" else 200), TASK)
    assert (poll.state, poll.cancelled) == (state, body["status"] == "CANCELED")


def test_the_result(fal: Provider, reply: Answer) -> None:
    """The video's link and the seed, if there is one."""
    body = {"video": {"url": "https://v3.fal.media/files/x/out.mp4", "content_type": "video/mp4"}, "seed": 7}
    assert fal.decode_link(reply(body), Clip()) == Clip(url="https://v3.fal.media/files/x/out.mp4", seed=7)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (422, FLAGGED, Moderated, "flagged by a content checker"),
        (422, {"detail": [{"type": "image_too_small", "msg": "too small", "loc": ["body"]}]}, InvalidRequest, "small"),
        (500, {"detail": [{"type": "downstream_service_error", "msg": "it broke"}]}, ProviderError, "it broke"),
        (504, {"detail": "Request timed out", "error_type": "request_timeout"}, ProviderError, "timed out"),
        (422, {"detail": [{"type": "a_new_type", "msg": "new"}]}, ProviderError, "new"),
    ],
)
def test_a_failure_that_only_the_result_tells(  # noqa: PLR0917 - two fixtures and a row of the table
    fal: Provider, reply: Answer, status: int, body: dict[str, Any], kind: type[ProviderError], words: str
) -> None:
    """The request is COMPLETED and its result an error: the task has failed, in the provider's words."""
    with pytest.raises(kind) as caught:
        fal.decode_link(reply(body, status), Clip())
    assert type(caught.value) is kind
    assert caught.value.ends_task
    assert words in str(caught.value.provider_message)


@pytest.mark.parametrize(
    ("status", "body", "again"),
    [
        (401, {"detail": "Authentication is required"}, False),
        (429, {"detail": "Too many requests"}, True),
        (502, b"<html>bad gateway</html>", True),
        (504, {"detail": "upstream"}, True),
        (400, {"detail": "Request is still in progress"}, True),
        (404, {"detail": "Request not found"}, True),
        (200, {"nothing": 1}, True),
    ],
)
def test_trouble_at_the_result_ends_nothing(
    fal: Provider, reply: Answer, status: int, body: Any, *, again: bool
) -> None:
    """Anything but a typed error is about the call: the task is finished, and its result is asked for again."""
    with pytest.raises(ProviderError) as caught:
        fal.decode_link(reply(body, status), Clip())
    assert (caught.value.ends_task, caught.value.again) == (False, again)


@pytest.mark.parametrize(
    ("status", "body", "kind", "accepted"),
    [
        (401, {"detail": "No user found for Key ID and Secret"}, AuthError, False),
        (403, {"detail": "User is locked. Reason: Exhausted balance. Top up at fal.ai"}, InsufficientCredits, False),
        (422, FLAGGED, Moderated, False),
        (422, {"detail": [{"type": "missing", "msg": "Field required", "loc": ["body"]}]}, InvalidRequest, False),
        (429, {"detail": "Too many requests"}, RateLimited, False),
        (404, {"detail": "Path /v2.6/text-to-video not found"}, InvalidRequest, False),
        (500, {"detail": "Internal Server Error"}, ProviderError, None),
        (504, {"detail": "x", "error_type": "startup_timeout"}, ProviderError, None),
        (200, {"status": "IN_QUEUE"}, ProviderError, None),
    ],
)
def test_refused_creates(  # noqa: PLR0917 - three fixtures and a row of the table
    fal: Provider, ask: Ask, reply: Answer, status: int, body: Any, kind: type[ProviderError], *, accepted: bool | None
) -> None:
    """A documented no is a certain one; anything else may have been accepted."""
    with pytest.raises(kind) as caught:
        fal.decode_create(reply(body, status), ask(fal))
    assert caught.value.accepted is accepted
    if kind is AuthError:
        assert "FAL_KEY" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"status": "OK"}, CancelOutcome.UNKNOWN),
        (202, {"status": "CANCELLATION_REQUESTED"}, CancelOutcome.UNKNOWN),
        (400, {"status": "ALREADY_COMPLETED"}, CancelOutcome.TOO_LATE),
    ],
)
def test_cancelling(fal: Provider, reply: Answer, status: int, body: dict[str, Any], outcome: str) -> None:
    """No page says what a cancelled request costs; a completed one is still to be had."""
    cancelled = fal.decode_cancel(reply(body, status), TASK)
    assert (cancelled.outcome, cancelled.said) == (outcome, body["status"])


@pytest.mark.parametrize(("status", "body"), [(404, {"status": "NOT_FOUND"}), (500, b"no"), (401, {"detail": "no"})])
def test_a_cancel_without_an_answer(fal: Provider, reply: Answer, status: int, body: Any) -> None:
    """What says nothing about the request is an error."""
    with pytest.raises(ProviderError):
        fal.decode_cancel(reply(body, status), TASK)


def test_prices(fal: Provider, ask: Ask) -> None:
    """The endpoints' prices by clip and by second; a clip with references has none that is known."""
    facts = fal.facts

    def dollars(model: str, resolution: str, duration: int, mode: str = "text_to_video") -> float | None:
        fields: dict[str, Any] = {}
        if mode == "reference_to_video":
            fields["references"] = (Reference(name="b", kind=MediaKind.IMAGE, url="https://a.example/b.png"),)
        request = ask(fal, model=model, resolution=resolution, duration=duration, **fields)
        found = facts.price_of(request, None)
        return None if found is None or found[0] is None else found[0] / 1e6

    h23, fast, h02 = (f"fal-ai/minimax/hailuo-{name}" for name in ("2.3", "2.3-fast", "02"))
    assert [dollars(h23, "768P", 6), dollars(h23, "768P", 10), dollars(h23, "1080P", 6)] == [0.28, 0.56, 0.49]
    assert [dollars(fast, "768P", 6), dollars(fast, "768P", 10), dollars(fast, "1080P", 6)] == [0.19, 0.32, 0.33]
    assert [dollars(h02, "768P", 6), dollars(h02, "1080P", 6)] == [0.27, 0.48]
    assert [dollars("minimax/h3", "768P", 10), dollars("minimax/h3", "2K", 5)] == [0.6, 0.65]
    assert dollars("minimax/h3", "768P", 10, "reference_to_video") is None
