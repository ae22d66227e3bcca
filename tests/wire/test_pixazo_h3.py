"""Tests of MiniMax-H3 at Pixazo: its five paths, and the queue of Pixazo's newer API.

Paths are from Pixazo's public skill page, the queue's replies from three public clients. No source names a field of
the create calls: the bodies here are the guesses that are sent, with a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.check import check
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.errors import AuthError, InsufficientCredits, Moderated, ProviderError, RateLimited, TaskLost
from hailuo_widgets.provider.interface import Clip, HttpReply, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import Provider

GATEWAY = "https://gateway.pixazo.ai"
TASK = Task(task_id="req-7f3a", channel="requests")
FOX = Reference(name="fox", kind=MediaKind.IMAGE, url="https://pictures.example/fox.png")
RUN = Reference(name="run", kind=MediaKind.VIDEO, url="https://clips.example/run.mp4")
VOICE = Reference(name="voice", kind=MediaKind.AUDIO, url="https://clips.example/voice.mp3")
H3 = "MiniMax-H3"


@pytest.fixture
def pixazo(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("pixazo")


@pytest.mark.parametrize(
    ("frames", "references", "path", "more"),
    [
        ((), (), "text-to-video", {"ratio": "16:9"}),
        (("first_frame",), (), "image-to-video", {"first_frame_image": "https://pictures.example/fox.png"}),
        (("last_frame",), (), "last-frame-to-video", {"last_frame_image": "https://pictures.example/fox.png"}),
        (
            ("first_frame", "last_frame"),
            (),
            "start-end-to-video",
            {
                "first_frame_image": "https://pictures.example/fox.png",
                "last_frame_image": "https://pictures.example/fox.png",
            },
        ),
        (
            (),
            (FOX, RUN, FOX, VOICE),
            "reference-to-video",
            {
                "reference_images": ["https://pictures.example/fox.png"] * 2,
                "reference_videos": ["https://clips.example/run.mp4"],
                "reference_audios": ["https://clips.example/voice.mp3"],
            },
        ),
    ],
    ids=["text", "first", "last", "both", "references"],
)
def test_each_path(  # noqa: PLR0917 - pytest names them
    pixazo: Provider,
    ask: Callable[..., Request],
    link: Image,
    frames: tuple[str, ...],
    references: tuple[Reference, ...],
    path: str,
    more: dict[str, Any],
) -> None:
    """Each mode has its path, with the guessed fields, and the request's warning says that they are guessed."""
    given = dict.fromkeys(frames, link)
    ratio = more.get("ratio")
    request = ask(pixazo, "a fox", model=H3, references=references, aspect_ratio=ratio, **given)
    call = pixazo.encode_create(request, "unused")
    assert (call.method, call.path) == ("POST", f"/minimax-hailuo-h3/v2/{path}")
    assert call.headers == {"Cache-Control": "no-cache"}
    assert call.json == {"prompt": "a fox", "duration": 6, "resolution": "768P", **more}
    problems = check(request, pixazo.facts)
    assert {p.severity for p in problems} == {"warning"}
    assert "guessed" in problems[0].message
    assert pixazo.channel(request) == "requests"


def test_options_replace_and_add_fields(pixazo: Provider, ask: Callable[..., Request], link: Image) -> None:
    """Who knows a field's real name gives it: it replaces ours, None removes one, and each is warned of."""
    options = {"duration": "6", "image_url": link.url, "first_frame_image": None, "settings.sound": True}
    request = ask(pixazo, "a fox", model=H3, first_frame=link, options=options)
    assert pixazo.encode_create(request, "unused").json == {
        "prompt": "a fox",
        "duration": "6",
        "resolution": "768P",
        "image_url": link.url,
        "settings": {"sound": True},
    }
    found = check(request, pixazo.facts)
    assert [p.argument for p in found] == ["model", "options", "options", "options", "options"]
    assert {p.severity for p in found} == {"warning"}


def test_the_older_model_takes_no_other_options(pixazo: Provider, ask: Callable[..., Request], link: Image) -> None:
    """Its document names every field."""
    found = check(ask(pixazo, "a fox", first_frame=link, options={"x": 1}), pixazo.facts)
    assert [(p.severity, p.argument) for p in found] == [("error", "options")]


def test_an_unlisted_model_is_a_path(pixazo: Provider, ask: Callable[..., Request]) -> None:
    """At this provider the path names the model."""
    request = ask(pixazo, "a fox", model="minimax-hailuo-h4/v2/text-to-video", unlisted=True, seed=7, options={"x": 1})
    call = pixazo.encode_create(request, "unused")
    assert (call.path, call.json) == ("/minimax-hailuo-h4/v2/text-to-video", {"prompt": "a fox", "seed": 7, "x": 1})


def test_no_price(pixazo: Provider, ask: Callable[..., Request]) -> None:
    """No source names one."""
    assert pixazo.facts.price_of(ask(pixazo, "a fox", model=H3), None) is None


def queued(url: str) -> dict[str, Any]:
    """The reply to a create call."""
    return {"request_id": "req-7f3a", "status": "QUEUED", "polling_url": url}


def accepted_at(pixazo: Provider, ask: Callable[..., Request], reply: HttpReply, origin: str = GATEWAY) -> Task:
    """The task that a create call's reply names, as it is stored."""
    reply = HttpReply(status=reply.status, headers=reply.headers, body=reply.body, origin=origin)
    found = pixazo.decode_create(reply, ask(pixazo, "a fox", model=H3))
    return Task(task_id=found.task_id, channel=str(found.channel), details=found.details)


@pytest.mark.parametrize("status", [200, 202])
def test_create_answer(
    pixazo: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], status: int
) -> None:
    """The documented address needs nothing kept."""
    task = accepted_at(pixazo, ask, reply(queued(f"{GATEWAY}/v2/requests/status/req-7f3a"), status))
    assert (task, dict(task.details)) == (TASK, {})
    call = pixazo.encode_query(task)
    assert (call.method, call.path, call.origin) == ("GET", "/v2/requests/status/req-7f3a", None)
    assert call.headers == {"Cache-Control": "no-cache"}


def test_another_polling_address_of_the_provider_is_not_used(
    pixazo: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """Only the documented address is known to do nothing but ask: it is used, whatever the answer names."""
    for origin in (GATEWAY, "http://127.0.0.1:8000"):
        task = accepted_at(pixazo, ask, reply(queued(f"{origin}/v3/status/req-7f3a")), origin)
        assert pixazo.encode_query(task).path == "/v2/requests/status/req-7f3a"


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/v2/requests/status/req-7f3a",
        "https://gateway.pixazo.ai.elsewhere.example/v2/x",
        "https://gateway.pixazo.ai@elsewhere.example/v2/x",
        "http://gateway.pixazo.ai/v2/x",
        "https://gateway.pixazo.ai:8443/v2/x",
        "https://gateway.pixazo.ai/v2/x?token=s",
        "https://gateway.pixazo.ai//elsewhere.example/x",
        "//elsewhere.example/x",
        "/v2/x",
        "",
        7,
        None,
    ],
)
def test_any_other_polling_address_is_not(
    pixazo: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], url: Any
) -> None:
    """The key goes to the provider's own origin alone: the task is asked for by its ID there."""
    task = accepted_at(pixazo, ask, reply(queued(url)))
    assert dict(task.details) == {}
    assert pixazo.encode_query(task).path == "/v2/requests/status/req-7f3a"


@pytest.mark.parametrize(
    ("word", "state"), [("QUEUED", "queued"), ("PROCESSING", "running"), ("FAILED", "failed"), ("ERROR", "failed")]
)
def test_statuses(pixazo: Provider, reply: Callable[..., HttpReply], word: str, state: str) -> None:
    """The capital words of the queue."""
    poll = pixazo.decode_query(reply({"request_id": "req-7f3a", "status": word}), TASK)
    assert (poll.state, poll.warning, poll.word) == (state, None, None)


def test_cancelled(pixazo: Provider, reply: Callable[..., HttpReply]) -> None:
    """It is told apart from a failure."""
    poll = pixazo.decode_query(reply({"request_id": "req-7f3a", "status": "CANCELLED"}), TASK)
    assert (poll.state, poll.cancelled) == ("failed", True)


@pytest.mark.parametrize("media", ["https://pub.example/h3.mp4", ["https://pub.example/h3.mp4"]])
def test_success(pixazo: Provider, reply: Callable[..., HttpReply], media: Any) -> None:
    """The link is text, or in a list."""
    answer = {"request_id": "req-7f3a", "status": "COMPLETED", "output": {"media_url": media}}
    poll = pixazo.decode_query(reply(answer), TASK)
    assert (poll.state, poll.clip) == ("succeeded", Clip(url="https://pub.example/h3.mp4"))


@pytest.mark.parametrize("output", [None, {}, {"media_url": []}, {"media_url": "nothing"}])
def test_success_without_a_link(pixazo: Provider, reply: Callable[..., HttpReply], output: Any) -> None:
    """It is asked for again."""
    with pytest.raises(ProviderError) as caught:
        pixazo.decode_query(reply({"request_id": "req-7f3a", "status": "COMPLETED", "output": output}), TASK)
    assert caught.value.again


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("The model failed to generate", ProviderError),
        ("Your prompt was flagged as sensitive", Moderated),
        ({"message": "input contains sensitive content (1026)"}, Moderated),
        (None, ProviderError),
    ],
)
def test_failure(pixazo: Provider, reply: Callable[..., HttpReply], error: Any, kind: type[ProviderError]) -> None:
    """The words tell a refused content from a failure."""
    poll = pixazo.decode_query(reply({"request_id": "req-7f3a", "status": "FAILED", "error": error}), TASK)
    assert (poll.state, type(poll.error)) == ("failed", kind)


def test_another_task(pixazo: Provider, reply: Callable[..., HttpReply]) -> None:
    """Nothing is taken from a reply about another request."""
    with pytest.raises(ProviderError, match="another task"):
        pixazo.decode_query(reply({"request_id": "req-0000", "status": "QUEUED"}), TASK)
    with pytest.raises(TaskLost):
        pixazo.decode_query(reply({"error": "Request not found: no such task"}, 404), TASK)


# What Azure API Management says before any service of Pixazo's has read the call.
APIM = [
    (
        401,
        {"statusCode": 401, "message": "Access denied due to invalid subscription key. Provide a valid key."},
        AuthError,
        None,
    ),
    (
        403,
        {"statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 01:12:33."},
        InsufficientCredits,
        None,
    ),
    (429, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 9 seconds."}, RateLimited, "9"),
    (500, {"statusCode": 500, "message": "Internal server error", "activityId": "a-1"}, ProviderError, None),
]


@pytest.mark.parametrize(("status", "body", "kind", "wait"), APIM, ids=lambda value: str(value)[:3])
def test_apim(  # noqa: PLR0917 - pytest names them
    pixazo: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    body: dict[str, Any],
    kind: type[ProviderError],
    wait: str | None,
) -> None:
    """Its answers to a create call and to a query: a used-up quota is no refused key, and a wait is kept."""
    answer = reply(body, status)
    with pytest.raises(kind) as caught:
        pixazo.decode_create(answer, ask(pixazo, "a fox", model=H3))
    assert type(caught.value) is kind
    assert (caught.value.accepted, caught.value.retry_after) == (None if status == 500 else False, wait)
    with pytest.raises(kind):
        pixazo.decode_query(answer, TASK)


@pytest.mark.parametrize(
    "body", [{"statusCode": 404, "message": "Resource not found"}, {"error": "Endpoint not found"}]
)
def test_a_wrong_address_is_no_lost_task(
    pixazo: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], body: dict[str, Any]
) -> None:
    """A path that the gateway doesn't have took no call: nothing is billed, and no task is lost."""
    with pytest.raises(ProviderError) as caught:
        pixazo.decode_create(reply(body, 404), ask(pixazo, "a fox", model=H3))
    assert (caught.value.accepted, caught.value.fatal) == (False, True)
    with pytest.raises(ProviderError) as asked:
        pixazo.decode_query(reply(body, 404), TASK)
    assert not isinstance(asked.value, TaskLost)
