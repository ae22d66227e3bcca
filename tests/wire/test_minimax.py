"""Tests of MiniMax: the request of every mode and every documented reply, from the MiniMax video API document."""

from __future__ import annotations

from dataclasses import replace
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
from hailuo_widgets.provider.interface import Clip, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider

OK = {"status_code": 0, "status_msg": "success"}
TASK = Task(task_id="106916112212032")


@pytest.fixture
def minimax(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("minimax")


def body_of(provider: Provider, request: Request) -> dict[str, Any]:
    """The body of a request's create call."""
    body: dict[str, Any] = provider.encode_create(request, "unused").json
    return body


def test_text_to_video(minimax: Provider, ask: Callable[..., Request]) -> None:
    """Text to video sends the documented fields, the optimizer always, and nothing that was not asked for."""
    request = ask(
        minimax,
        "A man picks up a book [Pedestal up], then reads [Static shot].",
        model="MiniMax-Hailuo-02",
        resolution="1080P",
        fast_pretreatment=True,
        watermark=True,
        callback_url="https://me.example/hook",
    )
    call = minimax.encode_create(request, "unused")
    assert (call.method, call.path, call.origin) == ("POST", "/v1/video_generation", None)
    assert call.json == {
        "model": "MiniMax-Hailuo-02",
        "prompt": "A man picks up a book [Pedestal up], then reads [Static shot].",
        "duration": 6,
        "resolution": "1080P",
        "prompt_optimizer": False,
        "fast_pretreatment": True,
        "aigc_watermark": True,
        "callback_url": "https://me.example/hook",
    }


def test_image_to_video(minimax: Provider, ask: Callable[..., Request], picture: Image) -> None:
    """A local first frame goes as a data URL; without a prompt no prompt is sent."""
    assert body_of(minimax, ask(minimax, "", first_frame=picture)) == {
        "model": "MiniMax-Hailuo-2.3",
        "duration": 6,
        "resolution": "768P",
        "prompt_optimizer": False,
        "first_frame_image": "data:image/png;base64,iVBORyBmb3g=",
    }


def test_first_and_last_frame(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """Both frames go by the URLs that were given."""
    request = ask(minimax, "a fox", model="MiniMax-Hailuo-02", first_frame=link, last_frame=link, duration=10)
    assert body_of(minimax, request) == {
        "model": "MiniMax-Hailuo-02",
        "prompt": "a fox",
        "duration": 10,
        "resolution": "768P",
        "prompt_optimizer": False,
        "first_frame_image": link.url,
        "last_frame_image": link.url,
    }


def test_subject_to_video(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """The subject stands in ``subject_reference``, and S2V-01 gets neither duration nor resolution."""
    assert body_of(minimax, ask(minimax, "a person reads", model="S2V-01", subject=link)) == {
        "model": "S2V-01",
        "prompt": "a person reads",
        "prompt_optimizer": False,
        "subject_reference": [{"type": "character", "image": [link.url]}],
    }


@pytest.mark.parametrize("model", ["T2V-01", "T2V-01-Director"])
def test_01_series_gets_neither_duration_nor_resolution(
    minimax: Provider, ask: Callable[..., Request], model: str
) -> None:
    """The 01 series refuses both fields, so they stay at home."""
    assert body_of(minimax, ask(minimax, "a fox", model=model)) == {
        "model": model,
        "prompt": "a fox",
        "prompt_optimizer": False,
    }


def test_template(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """A template goes to its own endpoint, by its id as text, with objects of the single key ``value``."""
    request = ask(minimax, "", template="Survival", first_frame=link, text="Lion")
    call = minimax.encode_create(request, "unused")
    assert (call.path, call.json) == (
        "/v1/video_template_generation",
        {
            "template_id": "393769180141805569",
            "media_inputs": [{"value": link.url}],
            "text_inputs": [{"value": "Lion"}],
        },
    )
    query = minimax.encode_query(replace(TASK, channel=minimax.channel(request)))
    assert (query.method, query.path) == ("GET", "/v1/query/video_template_generation")


def test_template_ids_survive(minimax: Provider, ask: Callable[..., Request]) -> None:
    """Every template's id is sent digit by digit, though most exceed 2**53."""
    for row in minimax.facts.templates:
        sent = body_of(minimax, ask(minimax, "", template=row.english))["template_id"]
        assert sent == row.id
    assert minimax.facts.template("Winter Romance").id == "393857704283172856"  # type: ignore[union-attr] - it is there
    assert len(minimax.facts.templates) == 11


def test_query(minimax: Provider, ask: Callable[..., Request], link: Image) -> None:
    """A clip and a template's clip are asked for at an endpoint each, by the task's ID."""
    template = minimax.channel(ask(minimax, "", template="Diving", first_frame=link))
    for channel, path in (
        (minimax.channel(ask(minimax)), "/v1/query/video_generation"),
        (template, "/v1/query/video_template_generation"),
    ):
        call = minimax.encode_query(replace(TASK, channel=channel))
        assert (call.method, call.path, call.params) == ("GET", path, {"task_id": "106916112212032"})


def test_create_answer(minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]) -> None:
    """The documented answer names the task; the trace id comes from the headers."""
    answer = reply({"task_id": "106916112212032", "base_resp": OK}, trace_id="t-1")
    accepted = minimax.decode_create(answer, ask(minimax))
    assert (accepted.task_id, accepted.trace_id, accepted.warning) == ("106916112212032", "t-1", None)


def test_a_number_as_task_id_keeps_its_digits(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """A task id above 2**53 that comes as a number is kept exactly."""
    assert minimax.decode_create(reply({"task_id": 401047179385389059}), ask(minimax)).task_id == "401047179385389059"


def test_a_task_id_beside_an_error_is_a_yes_with_a_warning(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """What may be billed is followed, whatever the code beside it says."""
    answer = reply({"task_id": "7", "base_resp": {"status_code": 1002, "status_msg": "slow down"}})
    accepted = minimax.decode_create(answer, ask(minimax))
    assert accepted.task_id == "7"
    assert "1002" in str(accepted.warning)


CODES = [
    (1000, ProviderError, None, True, False),
    (1001, ProviderError, None, True, False),
    (1002, RateLimited, False, True, False),
    (1004, AuthError, False, False, True),
    (1008, InsufficientCredits, False, False, True),
    (1013, ProviderError, None, True, False),
    (1024, ProviderError, None, True, False),
    (1026, Moderated, False, False, False),
    (1027, Moderated, False, False, False),
    (1028, InsufficientCredits, False, False, True),
    (1030, InsufficientCredits, False, False, True),
    (1033, ProviderError, None, True, False),
    (1039, RateLimited, False, True, False),
    (1041, RateLimited, False, True, False),
    (1042, InvalidRequest, False, False, False),
    (2013, InvalidRequest, False, False, False),
    (2038, AuthError, False, False, True),
    (2045, RateLimited, False, True, False),
    (2049, AuthError, False, False, True),
    (2056, InsufficientCredits, False, False, True),
    (2061, InvalidRequest, False, False, True),
]


@pytest.mark.parametrize("row", CODES, ids=lambda row: str(row[0]))
@pytest.mark.parametrize("status", [200, 400])
def test_error_codes(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], row: tuple[Any, ...], status: int
) -> None:
    """Each code, under HTTP 200 or an HTTP error, is the error that the table says, with the provider's own words."""
    code, kind, accepted, again, fatal = row
    answer = reply({"base_resp": {"status_code": code, "status_msg": "words"}}, status)
    with pytest.raises(kind) as caught:
        minimax.decode_create(answer, ask(minimax))
    error = caught.value
    assert type(error) is kind
    assert (error.accepted, error.again, error.fatal) == (accepted, again, fatal)
    assert (error.provider, error.code, error.provider_message) == ("minimax", str(code), "words")


def test_every_code_is_tested(minimax: Provider) -> None:
    """The table above and the provider's have the same codes."""
    assert {str(row[0]) for row in CODES} == set(minimax.codes)


def test_unknown_code_may_have_been_accepted(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """A code of no document is no certain no; under HTTP 400 the HTTP status decides."""
    answer = {"base_resp": {"status_code": 4242, "status_msg": "?"}}
    with pytest.raises(ProviderError) as caught:
        minimax.decode_create(reply(answer), ask(minimax))
    assert caught.value.accepted is None
    with pytest.raises(InvalidRequest) as refused:
        minimax.decode_create(reply(answer, 400), ask(minimax))
    assert refused.value.accepted is False


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Preparing", "queued"),
        ("Queueing", "queued"),
        ("Processing", "running"),
        ("processing", "running"),
        ("Fail", "failed"),
        ("Failed", "failed"),
        ("Unknown", "queued"),
        ("", "queued"),
    ],
)
def test_statuses(minimax: Provider, reply: Callable[..., HttpReply], word: str, state: str) -> None:
    """Each word is its state; an unknown one moves nothing and is told."""
    poll = minimax.decode_query(reply({"task_id": TASK.task_id, "status": word, "base_resp": OK}), TASK)
    assert poll.state == state
    assert (poll.warning is not None) == (word in {"Unknown", ""})


def test_success_names_a_file_to_retrieve(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """A finished task's file is retrieved by its id, whose type differs between the two answers."""
    done = {"task_id": TASK.task_id, "status": "Success", "file_id": "176844028768320", "base_resp": OK}
    clip = minimax.decode_query(reply(done), TASK).clip
    assert clip == Clip(file_id="176844028768320")
    call = minimax.encode_link(TASK, clip)
    assert call is not None
    assert (call.method, call.path, call.params) == ("GET", "/v1/files/retrieve", {"file_id": "176844028768320"})
    file = {
        "file_id": 176844028768320,
        "bytes": 0,
        "download_url": "https://cdn.example/a.mp4?Expires=1",
        "backup_download_url": "https://backup.example/a.mp4",
    }
    assert minimax.decode_link(reply({"file": file, "base_resp": OK}), clip) == Clip(
        url="https://cdn.example/a.mp4?Expires=1",
        backup_url="https://backup.example/a.mp4",
        file_id="176844028768320",
    )


def test_template_success_brings_its_link(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """A finished template has a link, and nothing to retrieve."""
    done = {
        "task_id": TASK.task_id,
        "status": "Success",
        "video_url": "https://cdn.hailuoai.com/a.mp4",
        "base_resp": OK,
    }
    clip = minimax.decode_query(reply(done), TASK).clip
    assert clip == Clip(url="https://cdn.hailuoai.com/a.mp4")
    assert minimax.encode_link(TASK, clip) is None


@pytest.mark.parametrize("code", [1026, 1027])
def test_moderation_at_query_ends_the_task(minimax: Provider, reply: Callable[..., HttpReply], code: int) -> None:
    """The two codes of moderation are about the task, with or without a status."""
    for extra in ({}, {"status": "Fail"}):
        answer = {"task_id": TASK.task_id, "base_resp": {"status_code": code, "status_msg": "sensitive"}, **extra}
        poll = minimax.decode_query(reply(answer), TASK)
        assert poll.state == "failed"
        assert isinstance(poll.error, Moderated)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1002, RateLimited), (1004, AuthError), (2049, AuthError), (1000, ProviderError), (2013, TaskLost)],
)
def test_a_code_at_query_is_about_the_query(
    minimax: Provider, reply: Callable[..., HttpReply], code: int, kind: type[ProviderError]
) -> None:
    """A refused query leaves the task as it is; one refused as invalid asked for an unknown id."""
    with pytest.raises(kind):
        minimax.decode_query(reply({"base_resp": {"status_code": code, "status_msg": "no"}}), TASK)


def test_an_answer_without_status_tells_nothing(minimax: Provider, reply: Callable[..., HttpReply]) -> None:
    """``{}`` is no state."""
    with pytest.raises(ProviderError) as caught:
        minimax.decode_query(reply({}), TASK)
    assert caught.value.again


@pytest.mark.parametrize(("status", "kind"), [(401, AuthError), (402, InsufficientCredits), (429, RateLimited)])
def test_http_errors(
    minimax: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    kind: type[ProviderError],
) -> None:
    """HTTP errors without a code of MiniMax's own are read by their status, with the ``Retry-After`` kept."""
    with pytest.raises(kind) as caught:
        minimax.decode_create(reply({"error": {"message": "words"}}, status, retry_after="7"), ask(minimax))
    assert (caught.value.accepted, caught.value.retry_after) == (False, "7")
    assert caught.value.provider_message == "words"


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 520])
def test_doubtful_http_errors(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], status: int
) -> None:
    """What a server in trouble has done is not known."""
    with pytest.raises(ProviderError) as caught:
        minimax.decode_create(reply(b"<html>bad gateway</html>", status, content_type="text/html"), ask(minimax))
    assert caught.value.accepted is None


def test_a_page_under_http_200_may_hide_a_yes(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """HTML where JSON was due is no certain no: the create may have gone through behind the proxy."""
    with pytest.raises(ProviderError, match="text/html") as caught:
        minimax.decode_create(reply(b"<html>please log in</html>", content_type="text/html"), ask(minimax))
    assert caught.value.accepted is None


@pytest.mark.parametrize(("status", "kind"), [(404, ProviderError), (500, ProviderError), (401, AuthError)])
def test_an_http_error_on_a_query_is_no_state(
    minimax: Provider, reply: Callable[..., HttpReply], status: int, kind: type[ProviderError]
) -> None:
    """A body that repeats the task's id, and even a status, does not make an HTTP error an answer."""
    with pytest.raises(kind) as caught:
        minimax.decode_query(reply({"task_id": TASK.task_id, "status": "Processing"}, status), TASK)
    assert type(caught.value) is kind


def test_redirect_is_told_with_its_way_out(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """A redirect is an error that names the setting to change."""
    with pytest.raises(ProviderError, match="MINIMAX_BASE_URL"):
        minimax.decode_create(reply(b"", 302), ask(minimax))


def test_404_is_about_the_task_only_where_it_says_so_and_only_for_a_query(
    minimax: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """A router's 404 must not write a paid task off."""
    with pytest.raises(TaskLost):
        minimax.decode_query(reply({"message": "no such task"}, 404), TASK)
    with pytest.raises(InvalidRequest):
        minimax.decode_query(reply(b"<html>404</html>", 404, content_type="text/html"), TASK)
    with pytest.raises(InvalidRequest):
        minimax.decode_create(reply({"message": "no such path"}, 404), ask(minimax))
