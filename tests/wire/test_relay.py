"""Tests of the relay provider: three routes, and three shapes of answers that are told apart by themselves.

The expected requests and answers are those of New-API's router and Hailuo plug-in, and of MiniMax's API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import InvalidRequest, Moderated, ProviderError, UsageError
from hailuo_widgets.provider import Clip, PollState, Task
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider import HttpReply, Provider

    Ask = Callable[..., Request]
    Answer = Callable[..., HttpReply]

ID = "task_8f2c"
MP4 = "https://cdn.example/out.mp4"
OPENAI = {"id": ID, "task_id": ID, "object": "video", "model": "m", "status": "queued", "progress": 0, "created_at": 1}
FLAT = {"task_id": ID, "status": "succeeded", "url": MP4, "format": "mp4", "metadata": {"duration": 6, "seed": 7}}


def envelope(status: str, **more: Any) -> dict[str, Any]:
    """New-API's own envelope of a task."""
    data = {"task_id": ID, "status": status, "fail_reason": "", "progress": "100%", "data": None, **more}
    return {"code": "success", "message": "", "data": data}


@pytest.fixture
def relay(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("relay")


OWN = {"prompt_optimizer": False}
FOX = {"model": "MiniMax-Hailuo-2.3", "prompt": "a fox", "duration": 6}
BODY = {**FOX, "seconds": "6", "size": "768P", "metadata": OWN}
PASSED = {**FOX, "resolution": "768P", **OWN}
DATA_URL = "data:image/png;base64,iVBORyBmb3g="


@pytest.mark.parametrize(
    ("fields", "path", "body"),
    [
        ({}, "/v1/video/generations", BODY),
        ({"options": {"route": "video/generations"}}, "/v1/video/generations", BODY),
        ({"options": {"route": "videos", "n": 1}}, "/v1/videos", {**BODY, "n": 1}),
        (
            {"first_frame": True},
            "/v1/video/generations",
            {**BODY, "image": DATA_URL, "metadata": {**OWN, "first_frame_image": DATA_URL}},
        ),
        (
            {"first_frame": True, "last_frame": True, "model": "MiniMax-Hailuo-02"},
            "/v1/video/generations",
            {
                **BODY,
                "model": "MiniMax-Hailuo-02",
                "image": DATA_URL,
                "metadata": {**OWN, "first_frame_image": DATA_URL, "last_frame_image": DATA_URL},
            },
        ),
        (
            {"model": "MiniMax-H3", "resolution": "2K", "duration": 15, "aspect_ratio": "16:9"},
            "/v1/video/generations",
            {
                **BODY,
                "model": "MiniMax-H3",
                "duration": 15,
                "seconds": "15",
                "size": "2K",
                "metadata": {"ratio": "16:9"},
            },
        ),
        (
            {"options": {"route": "minimax"}},
            "/minimax/v1/video_generation",
            PASSED,
        ),
        (
            {"options": {"route": "minimax", "prefix": "hailuo/../v1/", "mood": "calm"}},
            "/hailuo/v1/video_generation",
            {**PASSED, "mood": "calm"},
        ),
        (
            {"model": "some-new-model", "unlisted": True, "duration": 7},
            "/v1/video/generations",
            {
                "model": "some-new-model",
                "prompt": "a fox",
                "duration": 7,
                "seconds": "7",
                "metadata": {},
            },
        ),
    ],
)
def test_the_request_of_each_route(  # noqa: PLR0917 - three fixtures and a row of the table
    relay: Provider, ask: Ask, picture: Image, fields: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    """The route's own fields, and MiniMax's in ``metadata``; what chooses the address is not sent."""
    given = {name: picture if value is True and name.endswith("_frame") else value for name, value in fields.items()}
    call = relay.encode_create(ask(relay, **given), "unused")
    assert (call.method, call.path, call.json) == ("POST", path, body)


@pytest.mark.parametrize(
    ("options", "path", "params"),
    [
        ({}, f"/v1/video/generations/{ID}", {}),
        ({"route": "videos"}, f"/v1/videos/{ID}", {}),
        ({"route": "minimax"}, "/minimax/v1/query/video_generation", {"task_id": ID}),
        ({"route": "minimax", "prefix": "/v1"}, "/v1/query/video_generation", {"task_id": ID}),
    ],
)
def test_the_route_is_kept_with_the_task(
    relay: Provider, ask: Ask, options: dict[str, str], path: str, params: dict[str, str]
) -> None:
    """Only the route that has a task is asked for it, in a later session too."""
    channel = relay.channel(ask(relay, options=options))
    call = relay.encode_query(Task(task_id=ID, channel=channel))
    assert (call.method, call.path, call.params) == ("GET", path, params)


@pytest.mark.parametrize("channel", ["videos", "video/generations", "minimax:/v1"])
@pytest.mark.parametrize(
    "body",
    [
        OPENAI,
        {"task_id": ID, "status": "queued"},
        envelope("SUBMITTED"),
        {"task_id": ID, "base_resp": {"status_code": 0}},
    ],
)
def test_create_answers(relay: Provider, ask: Ask, reply: Answer, channel: str, body: dict[str, Any]) -> None:
    """Each shape names the task, whichever route was asked."""
    options = {"route": channel.partition(":")[0]}
    assert relay.decode_create(reply(body), ask(relay, options=options)).task_id == ID


@pytest.mark.parametrize("channel", ["videos", "video/generations", "minimax:/v1"])
@pytest.mark.parametrize(
    ("body", "state", "url"),
    [
        (OPENAI, PollState.QUEUED, None),
        ({**OPENAI, "status": "in_progress", "progress": 40}, PollState.RUNNING, None),
        ({**OPENAI, "status": "completed", "metadata": {"url": MP4}}, PollState.SUCCEEDED, MP4),
        ({**OPENAI, "status": "completed"}, PollState.SUCCEEDED, f"/v1/videos/{ID}/content"),
        ({**OPENAI, "status": "failed", "error": {"code": "x", "message": "no"}}, PollState.FAILED, None),
        ({**OPENAI, "status": "unknown"}, PollState.QUEUED, None),
        (envelope("NOT_START"), PollState.QUEUED, None),
        (envelope("IN_PROGRESS"), PollState.RUNNING, None),
        (envelope("SUCCESS", result_url=MP4), PollState.SUCCEEDED, MP4),
        (envelope("FAILURE", fail_reason="no"), PollState.FAILED, None),
        (FLAT, PollState.SUCCEEDED, MP4),
        ({**FLAT, "status": "failed", "url": None, "error": {"code": 1026, "message": "no"}}, PollState.FAILED, None),
        ({"task_id": ID, "status": "Processing", "base_resp": {"status_code": 0}}, PollState.RUNNING, None),
    ],
)
def test_poll_answers(  # noqa: PLR0917 - two fixtures and rows of two tables
    relay: Provider, reply: Answer, channel: str, body: dict[str, Any], state: str, url: str | None
) -> None:
    """Three shapes at any route; a link on the relay's own host stands without the host."""
    poll = relay.decode_query(reply(body), Task(task_id=ID, channel=channel))
    assert poll.state == state
    assert (poll.clip.url if poll.clip else None) == url


def test_a_minimax_file_is_retrieved_below_the_same_prefix(relay: Provider) -> None:
    """A finished task that names a file has a call for its link there."""
    task = Task(task_id=ID, channel="minimax:/hailuo/v1")
    call = relay.encode_link(task, Clip(file_id="17"))
    assert call is not None
    assert (call.path, call.params) == ("/hailuo/v1/files/retrieve", {"file_id": "17"})
    assert relay.encode_link(Task(task_id=ID, channel="videos"), Clip(file_id="17")) is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            404,
            {"error": {"message": "Invalid URL (POST /v1/videos)", "type": "invalid_request_error", "code": ""}},
            InvalidRequest,
            "route=video/generations",
        ),
        (
            400,
            {"error": {"message": "no", "type": "new_api_error", "code": "sensitive_words_detected"}},
            Moderated,
            "reword",
        ),
    ],
)
def test_refused_creates(  # noqa: PLR0917 - three fixtures and a row of the table
    relay: Provider, ask: Ask, reply: Answer, status: int, body: Any, kind: type[ProviderError], words: str
) -> None:
    """A route that the relay does not have was certainly not billed, and the hint names the others."""
    with pytest.raises(kind) as caught:
        relay.decode_create(reply(body, status), ask(relay))
    assert caught.value.accepted is False
    assert words in str(caught.value.hint)


def test_it_has_no_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without RELAY_BASE_URL nothing is sent, and the key goes to nobody."""
    monkeypatch.setenv("RELAY_API_KEY", "sk-relay")
    accounts = Accounts(Settings.resolve({"mode": "live"}, environ={}))
    relay = accounts.provider("relay")
    with pytest.raises(UsageError, match="RELAY_BASE_URL is not set"):
        accounts.origin(relay)
    monkeypatch.setenv("RELAY_BASE_URL", "https://relay.example/")
    assert accounts.origin(relay) == "https://relay.example"
    assert relay.facts.origins == frozenset()
