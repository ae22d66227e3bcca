"""Tests of Replicate: predictions of official models, and signed webhooks.

The expected requests and answers are those of Replicate's pages on predictions, webhooks and the models.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    Moderated,
    ProviderError,
    RateLimited,
    TaskLost,
)
from hailuo_widgets.provider import Callback, CallbackCheck, CancelOutcome, Candidate, Clip, PollState, Task
from hailuo_widgets.redaction.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider import HttpReply, Provider

    Ask = Callable[..., Request]
    Answer = Callable[..., HttpReply]

ID = "gm3qorzdhgbfurvjtvhg6dckhu"
TASK = Task(task_id=ID)
STARTING = {
    "id": ID,
    "model": "minimax/hailuo-2.3",
    "version": "hidden",
    "input": {"prompt": "a fox", "duration": 6, "resolution": "768p"},
    "logs": "",
    "output": None,
    "data_removed": False,
    "error": None,
    "status": "starting",
    "created_at": "2026-11-30T22:11:45.000Z",
    "urls": {
        "cancel": f"https://api.replicate.com/v1/predictions/{ID}/cancel",
        "get": f"https://api.replicate.com/v1/predictions/{ID}",
    },
}
MP4 = "https://replicate.delivery/xezq/abc/tmp.mp4"


@pytest.fixture
def replicate(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("replicate")


FRAME = "https://pictures.example/fox.png"
PLAIN = {"prompt": "a fox", "duration": 6, "resolution": "768p", "prompt_optimizer": False}


@pytest.mark.parametrize(
    ("fields", "model", "given"),
    [
        ({}, "minimax/hailuo-2.3", PLAIN),
        ({"resolution": "1080P"}, "minimax/hailuo-2.3", {**PLAIN, "resolution": "1080p"}),
        ({"first_frame": True}, "minimax/hailuo-2.3", {**PLAIN, "first_frame_image": FRAME}),
        (
            {"model": "minimax/hailuo-2.3-fast", "first_frame": True, "duration": 10},
            "minimax/hailuo-2.3-fast",
            {**PLAIN, "duration": 10, "first_frame_image": FRAME},
        ),
        (
            {"model": "minimax/hailuo-02", "first_frame": True, "last_frame": True, "prompt_optimizer": True},
            "minimax/hailuo-02",
            {**PLAIN, "prompt_optimizer": True, "first_frame_image": FRAME, "last_frame_image": FRAME},
        ),
        (
            {"model": "minimax/hailuo-02", "resolution": "512P"},
            "minimax/hailuo-02",
            {**PLAIN, "resolution": "512p"},
        ),
        (
            {"model": "acme/new-model", "unlisted": True, "options": {"mood": "calm"}},
            "acme/new-model",
            {"prompt": "a fox", "mood": "calm"},
        ),
    ],
)
def test_the_request_of_each_model(  # noqa: PLR0917 - three fixtures and a row of the table
    replicate: Provider, ask: Ask, link: Image, fields: dict[str, Any], model: str, given: dict[str, Any]
) -> None:
    """Resolutions in lower case, durations as numbers, and size and optimizer always said."""
    fields = {name: link if value is True and name.endswith("_frame") else value for name, value in fields.items()}
    call = replicate.encode_create(ask(replicate, **fields), "unused")
    assert (call.method, call.path, call.json) == ("POST", f"/v1/models/{model}/predictions", {"input": given})


def test_a_callback(replicate: Provider, ask: Ask) -> None:
    """The webhook and its events stand beside the input."""
    body = replicate.encode_create(ask(replicate, callback_url="https://hook.example/x"), "unused").json
    assert (body["webhook"], body["webhook_events_filter"]) == ("https://hook.example/x", ["start", "completed"])


def test_the_calls_of_a_task(replicate: Provider, ask: Ask) -> None:
    """Query, cancel and list."""
    listing = replicate.encode_list(ask(replicate), 1)
    calls = [replicate.encode_query(TASK), replicate.encode_cancel(TASK), listing]
    assert [(c.method, c.path, c.json) for c in calls if c is not None] == [
        ("GET", f"/v1/predictions/{ID}", None),
        ("POST", f"/v1/predictions/{ID}/cancel", None),
        ("GET", "/v1/predictions", None),
    ]
    assert replicate.encode_list(ask(replicate), 2) is None


def test_create_answer(replicate: Provider, ask: Ask, reply: Answer) -> None:
    """HTTP 201 with the prediction."""
    assert replicate.decode_create(reply(STARTING, 201), ask(replicate)).task_id == ID


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({}, PollState.QUEUED),
        ({"status": "processing"}, PollState.RUNNING),
        ({"status": "succeeded", "output": MP4}, PollState.SUCCEEDED),
        ({"status": "succeeded", "output": [MP4]}, PollState.SUCCEEDED),
        ({"status": "failed", "error": "it broke"}, PollState.FAILED),
        ({"status": "canceled"}, PollState.FAILED),
        ({"status": "aborted"}, PollState.FAILED),
    ],
)
def test_statuses(replicate: Provider, reply: Answer, body: dict[str, Any], state: str) -> None:
    """The six words of the life cycle; the clip's link is the output."""
    poll = replicate.decode_query(reply({**STARTING, **body}), TASK)
    assert (poll.state, poll.cancelled) == (state, body.get("status") == "canceled")
    if state == "succeeded":
        assert poll.clip == Clip(url=MP4)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("The input or output was flagged as sensitive. Please try again with different inputs. (E005)", Moderated),
        ("Prediction interrupted; please retry (code: PA)", ProviderError),
    ],
)
def test_failed_predictions(replicate: Provider, reply: Answer, said: str, kind: type[ProviderError]) -> None:
    """What was moderated is told by the words, which are shown."""
    error = replicate.decode_query(reply({**STARTING, "status": "failed", "error": said}), TASK).error
    assert type(error) is kind
    assert error.provider_message == said


def test_a_removed_clip_is_lost(replicate: Provider, reply: Answer) -> None:
    """The files of a prediction are removed after an hour."""
    body = {**STARTING, "status": "succeeded", "output": None, "data_removed": True}
    with pytest.raises(TaskLost, match="removed"):
        replicate.decode_query(reply(body), TASK)


@pytest.mark.parametrize(
    ("status", "body", "kind", "accepted"),
    [
        (401, {"title": "Unauthenticated", "detail": "no valid token", "status": 401}, AuthError, False),
        (402, {"title": "Insufficient credit", "detail": "add credit", "status": 402}, InsufficientCredits, False),
        (422, {"title": "Input validation failed", "detail": "- duration", "status": 422}, InvalidRequest, False),
        (429, {"detail": "Request was throttled. Expected available in 7 seconds."}, RateLimited, False),
        (500, {"detail": "Internal server error"}, ProviderError, None),
        (201, {"status": "starting"}, ProviderError, None),
    ],
)
def test_refused_creates(  # noqa: PLR0917 - three fixtures and a row of the table
    replicate: Provider,
    ask: Ask,
    reply: Answer,
    status: int,
    body: Any,
    kind: type[ProviderError],
    *,
    accepted: bool | None,
) -> None:
    """A documented no is a certain one; anything else may have been accepted."""
    with pytest.raises(kind) as caught:
        replicate.decode_create(reply(body, status), ask(replicate))
    assert caught.value.accepted is accepted
    if kind is AuthError:
        assert "REPLICATE_API_TOKEN" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("canceled", CancelOutcome.UNKNOWN),
        ("processing", CancelOutcome.UNKNOWN),
        ("succeeded", CancelOutcome.TOO_LATE),
        ("failed", CancelOutcome.TOO_LATE),
    ],
)
def test_cancelling(replicate: Provider, reply: Answer, word: str, outcome: str) -> None:
    """The answer is the prediction; one that has ended stays as it is."""
    assert replicate.decode_cancel(reply({**STARTING, "status": word}), TASK).outcome == outcome


def test_the_list(replicate: Provider, reply: Answer) -> None:
    """Each prediction with what was asked for, as far as it is still there."""
    removed = {"id": "x1", "model": "minimax/hailuo-02", "input": {}, "status": "succeeded", "created_at": "yesterday"}
    found = replicate.decode_list(reply({"next": None, "previous": None, "results": [STARTING, removed, 7, {}]}))
    assert found.tasks == (
        Candidate(
            task_id=ID,
            model="minimax/hailuo-2.3",
            created_at=datetime(2026, 11, 30, 22, 11, 45, tzinfo=UTC),
            status="starting",
            resolution="768P",
            duration=6,
        ),
        Candidate(task_id="x1", model="minimax/hailuo-02", status="succeeded"),
    )


NOW = 1_700_000_000
SECRET = Secret("whsec_" + base64.b64encode(b"sixteen or more bytes").decode())


def signed(body: bytes, *, at: int = NOW, key: bytes = b"sixteen or more bytes") -> str:
    """The signature of a webhook, as Replicate's page makes it."""
    made = hmac.new(key, f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


@pytest.mark.parametrize(
    ("signature", "at", "found"),
    [
        (signed(b"{}"), NOW, CallbackCheck.GOOD),
        ("v1,x " + signed(b"{}"), NOW, CallbackCheck.GOOD),
        (signed(b"{} "), NOW, CallbackCheck.FORGED),
        (signed(b"{}", key=b"another"), NOW, CallbackCheck.FORGED),
        (signed(b"{}", at=NOW - 301), NOW - 301, CallbackCheck.EXPIRED),
        (signed(b"{}"), NOW - 1, CallbackCheck.FORGED),
        ("", NOW, CallbackCheck.MISSING),
        ("v1,\u00e9", NOW, CallbackCheck.FORGED),
    ],
)
def test_signed_webhooks(replicate: Provider, signature: str, at: int, found: str) -> None:
    """The whole body is signed, with a recent time."""
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}
    callback = Callback(headers=headers, query={}, body=b"{}", at=float(NOW))
    form = replicate.callbacks
    assert form is not None
    assert form.check is not None
    assert form.check(callback, ID, SECRET) == found
    assert form.check(callback, ID, Secret("no base64!")) in {CallbackCheck.FORGED, found}
    assert list(form.tasks(json.loads(json.dumps(STARTING)))) == [ID]
