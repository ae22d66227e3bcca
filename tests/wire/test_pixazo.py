"""Tests of Pixazo: the document's request and replies, and its own errors."""

from __future__ import annotations

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

OK = {"status_code": 0, "status_msg": "success"}
TASK = Task(task_id="11173647XXXXXXXXXX")


@pytest.fixture
def pixazo(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("pixazo")


def test_image_to_video(pixazo: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The document's example: the model is implied and never sent, caches are kept out."""
    request = ask(
        pixazo,
        "Man walked into winter cave with polar bear",
        first_frame=link,
        prompt_optimizer=True,
        fast_pretreatment=False,
        watermark=False,
    )
    call = pixazo.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", "/minimax-hailuo-ai/v1/imageToVideo")
    assert call.headers == {"Cache-Control": "no-cache"}
    assert call.json == {
        "prompt": "Man walked into winter cave with polar bear",
        "first_frame_image": link.url,
        "duration": 6,
        "resolution": "768P",
        "prompt_optimizer": True,
        "fast_pretreatment": False,
        "aigc_watermark": False,
    }
    assert check(request, pixazo.facts) == ()


def test_the_key_has_its_own_header(pixazo: Provider) -> None:
    """The key goes bare, in Azure's header."""
    auth = pixazo.facts.auth
    assert (auth.header, auth.prefix) == ("Ocp-Apim-Subscription-Key", "")


def test_text_to_video_is_a_doubt(pixazo: Provider, ask: Callable[..., Request]) -> None:
    """It is sent where the public skill page has it, and the doubt names its source."""
    request = ask(pixazo, "a fox", model="MiniMax-Hailuo-2.3")
    assert pixazo.encode_create(request, "unused").path == "/minimax-hailuo-ai/v1/generate"
    (problem,) = check(request, pixazo.facts)
    assert problem.severity == "warning"
    assert "skill page" in problem.message


def test_polling_is_a_post(pixazo: Provider) -> None:
    """The state is asked for at another API, by POST."""
    call = pixazo.encode_query(TASK)
    assert (call.method, call.path) == ("POST", "/minimax-hailuo-ai-polling/v1/getStatus")
    assert call.json == {"task_id": "11173647XXXXXXXXXX"}
    assert call.headers == {"Cache-Control": "no-cache"}


def test_create_answer(pixazo: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """The document's answer, with and without the word that its table of statuses has."""
    for more in ({}, {"success": True}):
        answer = reply({"task_id": "11173647XXXXXXXXXX", "base_resp": OK, **more})
        accepted = pixazo.decode_create(answer, ask(pixazo))
        assert (accepted.task_id, accepted.warning) == ("11173647XXXXXXXXXX", None)


@pytest.mark.parametrize(
    ("more", "clip"),
    [
        (
            {"file_id": "file_123456789", "video_url": "https://pub.example/minimax_videos/video-1.mp4"},
            Clip(url="https://pub.example/minimax_videos/video-1.mp4", file_id="file_123456789"),
        ),
        ({"file": {"download_url": "https://pub.example/old.mp4"}}, Clip(url="https://pub.example/old.mp4")),
    ],
)
def test_success(pixazo: Provider, reply: Callable[..., HttpReply], more: dict[str, Any], clip: Clip) -> None:
    """The document's answer, and the one that older clients expect; neither needs a second call."""
    answer = {
        "task_id": TASK.task_id,
        "status": "Success",
        "video_width": 768,
        "video_height": 432,
        "base_resp": OK,
        **more,
    }
    poll = pixazo.decode_query(reply(answer), TASK)
    assert (poll.state, poll.clip) == ("succeeded", clip)
    assert pixazo.encode_link(TASK, clip) is None


def test_success_without_a_link_is_asked_again(pixazo: Provider, reply: Callable[..., HttpReply]) -> None:
    """A file's id alone brings no clip here, as there is no call for it."""
    with pytest.raises(ProviderError) as caught:
        pixazo.decode_query(reply({"status": "Success", "file_id": "file_1", "base_resp": OK}), TASK)
    assert caught.value.again


ERRORS = [
    (400, {"error": "Invalid request parameters"}, InvalidRequest, False),
    (401, {"error": "Invalid or missing authentication"}, AuthError, False),
    (401, {"statusCode": 401, "message": "Access denied due to missing subscription key."}, AuthError, False),
    (402, {"error": "Out of credits"}, InsufficientCredits, False),
    (403, {"error": "Access denied for this operation"}, AuthError, False),
    (404, {"error": "Endpoint not found"}, InvalidRequest, False),
    (429, {"error": "Rate limit exceeded, please retry later"}, RateLimited, False),
    (500, {"error": "An unexpected error occurred, please try again later"}, ProviderError, None),
    (200, {"error": "Invalid parameters"}, ProviderError, None),
    (200, {"base_resp": {"status_code": 1026, "status_msg": "sensitive"}}, Moderated, False),
    (400, {"base_resp": {"status_code": 2013, "status_msg": "bad"}}, InvalidRequest, False),
]


@pytest.mark.parametrize(("status", "answer", "kind", "accepted"), ERRORS)
def test_errors(  # noqa: PLR0917 - pytest names them
    pixazo: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    answer: dict[str, Any],
    kind: type[ProviderError],
    accepted: bool | None,  # noqa: FBT001 - pytest names it
) -> None:
    """The document's bodies, Azure's, and MiniMax's: each with its words."""
    with pytest.raises(kind) as caught:
        pixazo.decode_create(reply(answer, status), ask(pixazo))
    assert type(caught.value) is kind
    assert caught.value.accepted is accepted
    assert caught.value.provider_message in {answer.get("error"), answer.get("message"), "sensitive", "bad"}


def test_keys_hint_names_pixazo(pixazo: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """No error of this provider points to MiniMax's key."""
    for code in (1004, 2049):
        with pytest.raises(AuthError, match="PIXAZO_API_KEY") as caught:
            pixazo.decode_create(reply({"base_resp": {"status_code": code}}), ask(pixazo))
        assert "MINIMAX_API_KEY" not in str(caught.value)


def test_unknown_task(pixazo: Provider, reply: Callable[..., HttpReply]) -> None:
    """A 404 in JSON is about the task."""
    with pytest.raises(TaskLost):
        pixazo.decode_query(reply({"error": "Task not found"}, 404), TASK)


def test_prices(pixazo: Provider) -> None:
    """6 s have the documented price at any resolution; 10 s have none, and none is made up."""
    facts = pixazo.facts
    price = facts.price("MiniMax-Hailuo-2.3-Fast", "1080P", 6)
    assert price is not None
    assert (price.micros, price.currency) == (350_000, "USD")
    assert facts.price("MiniMax-Hailuo-2.3-Fast", "768P", 10) is None
    assert facts.price("MiniMax-Hailuo-2.3", "768P", 6) is None
