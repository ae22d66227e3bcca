"""Tests of kkiai: MiniMax's bodies below another prefix, and both formats of replies to queries."""

from __future__ import annotations

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
TASK = Task(task_id="306792606023824")
FILE = {
    "bytes": 0,
    "file_id": 306793063383292,
    "purpose": "video_generation",
    "filename": "output.mp4",
    "created_at": 1756453566,
    "download_url": "https://cdn.example/output.mp4?Expires=1756485985",
    "backup_download_url": "https://backup.example/output.mp4",
}


def envelope(status: str = "SUCCESS", inner: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The relay's envelope around MiniMax's object."""
    data = {
        "task_id": TASK.task_id,
        "action": "video_generation",
        "status": status,
        "fail_reason": "",
        "submit_time": 1756453472,
        "progress": "100%",
        "data": inner,
    }
    return {"code": "success", "message": "", "data": data | more}


@pytest.fixture
def kkiai(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("kkiai")


def test_the_documents_example(kkiai: Provider, ask: Callable[..., Request]) -> None:
    """The document's example, with the optimizer said; the paths stand below ``/minimax``."""
    prompt = "A man picks up a book [Pedestal up], then reads [Static shot]."
    call = kkiai.encode_create(ask(kkiai, prompt, model="MiniMax-Hailuo-02", resolution="1080P"), "unused")
    assert (call.method, call.path) == ("POST", "/minimax/v1/video_generation")
    assert call.json == {
        "model": "MiniMax-Hailuo-02",
        "prompt": prompt,
        "duration": 6,
        "resolution": "1080P",
        "prompt_optimizer": False,
    }
    query = kkiai.encode_query(TASK)
    assert (query.method, query.path, query.params) == (
        "GET",
        "/minimax/v1/query/video_generation",
        {"task_id": TASK.task_id},
    )


def test_image_to_video(kkiai: Provider, ask: Callable[..., Request], picture: Image) -> None:
    """A local first frame goes as a data URL."""
    body = kkiai.encode_create(ask(kkiai, "a fox", first_frame=picture, watermark=False), "unused").json
    assert body["first_frame_image"] == "data:image/png;base64,iVBORyBmb3g="
    assert body["aigc_watermark"] is False


@pytest.mark.parametrize(
    "answer",
    [{"task_id": "106916112212032", "base_resp": OK}, {"code": "success", "data": {"task_id": "106916112212032"}}],
)
def test_create_answer(
    kkiai: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], answer: dict[str, Any]
) -> None:
    """The documented answer, and the relay's own shape of it."""
    accepted = kkiai.decode_create(reply(answer), ask(kkiai))
    assert (accepted.task_id, accepted.warning) == ("106916112212032", None)


@pytest.mark.parametrize(
    ("status", "answer", "kind", "accepted"),
    [
        (400, {"code": "1026", "message": "sensitive", "data": None}, Moderated, False),
        (400, {"code": "2013", "message": "bad", "data": None}, InvalidRequest, False),
        (400, {"code": "fail_to_fetch_task", "message": "odd", "data": None}, InvalidRequest, False),
        (500, {"code": "fail_to_fetch_task", "message": "odd", "data": None}, ProviderError, None),
        (403, {"error": {"message": "no quota", "code": "insufficient_user_quota"}}, InsufficientCredits, False),
        (401, {"error": {"message": "no key", "type": "new_api_error"}}, AuthError, False),
        (429, {"error": {"message": "slow", "type": "new_api_error"}}, RateLimited, False),
        (503, {"error": {"message": "no channel", "code": "model_not_found"}}, ProviderError, False),
        (503, {"error": {"message": "busy"}}, ProviderError, None),
        (200, {"code": "who_knows", "message": "odd"}, ProviderError, None),
        (200, {"base_resp": {"status_code": 1008, "status_msg": "low"}}, InsufficientCredits, False),
    ],
)
def test_create_errors(  # noqa: PLR0917 - pytest names them
    kkiai: Provider,
    ask: Callable[..., Request],
    reply: Callable[..., HttpReply],
    status: int,
    answer: dict[str, Any],
    kind: type[ProviderError],
    accepted: bool | None,  # noqa: FBT001 - pytest names it
) -> None:
    """MiniMax's codes, the relay's own and OpenAI's shape; without a known code the HTTP status decides."""
    with pytest.raises(kind) as caught:
        kkiai.decode_create(reply(answer, status), ask(kkiai))
    assert type(caught.value) is kind
    assert caught.value.accepted is accepted
    assert caught.value.provider_message


def test_a_refused_key_names_this_providers_variable(
    kkiai: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply]
) -> None:
    """MiniMax's code for a key is about the relay's key here."""
    with pytest.raises(AuthError, match="KKIAI_API_KEY"):
        kkiai.decode_create(reply({"base_resp": {"status_code": 2049, "status_msg": "invalid api key"}}), ask(kkiai))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NOT_START", "queued"),
        ("SUBMITTED", "queued"),
        ("QUEUED", "queued"),
        ("IN_PROGRESS", "running"),
        ("FAILURE", "failed"),
        ("UNKNOWN", "queued"),
    ],
)
def test_envelope_statuses(kkiai: Provider, reply: Callable[..., HttpReply], word: str, state: str) -> None:
    """The envelope's words are its own."""
    assert kkiai.decode_query(reply(envelope(word)), TASK).state == state


def test_passthrough(kkiai: Provider, reply: Callable[..., HttpReply]) -> None:
    """A bare MiniMax object is read as one, and its file retrieved below the same prefix."""
    assert kkiai.decode_query(reply({"status": "Queueing", "base_resp": OK}), TASK).state == "queued"
    done = {"status": "Success", "file_id": "306793063383292", "base_resp": OK}
    clip = kkiai.decode_query(reply(done), TASK).clip
    assert clip == Clip(file_id="306793063383292")
    call = kkiai.encode_link(TASK, clip)
    assert call is not None
    assert call.path == "/minimax/v1/files/retrieve"
    assert kkiai.decode_link(reply({"file": FILE, "base_resp": OK}), clip).url == FILE["download_url"]


def test_envelope_success(kkiai: Provider, reply: Callable[..., HttpReply]) -> None:
    """The relay has retrieved the file already; its ``fail_reason`` is filled on success, and is no failure."""
    inner = {"file": FILE, "status": "Success", "file_id": "306793063383292", "base_resp": OK}
    poll = kkiai.decode_query(reply(envelope(inner=inner, fail_reason="306793063383292")), TASK)
    assert (poll.state, poll.error) == ("succeeded", None)
    assert poll.clip == Clip(
        url="https://cdn.example/output.mp4?Expires=1756485985",
        backup_url="https://backup.example/output.mp4",
        file_id="306793063383292",
    )
    assert kkiai.encode_link(TASK, poll.clip) is None


@pytest.mark.parametrize(
    ("answer", "url", "file_id"),
    [
        (envelope(file=FILE), FILE["download_url"], "306793063383292"),
        (envelope(result_url="https://a.example/r.mp4"), "https://a.example/r.mp4", None),
        (envelope(inner={"video_url": "https://a.example/v.mp4"}), "https://a.example/v.mp4", None),
        (envelope(inner={"videos": [{"videoURL": "https://a.example/l.mp4"}]}), "https://a.example/l.mp4", None),
        (envelope(fail_reason="https://a.example/odd.mp4"), "https://a.example/odd.mp4", None),
        (envelope(fail_reason="306793063383292"), None, "306793063383292"),
        (envelope(inner={"file_id": "12"}), None, "12"),
        ({"status": "Success", "file": {"url": "https://a.example/f.mp4"}}, "https://a.example/f.mp4", None),
    ],
)
def test_where_the_link_may_stand(
    kkiai: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any], url: str | None, file_id: str | None
) -> None:
    """A paid clip is found in every place that relays put it."""
    clip = kkiai.decode_query(reply(answer), TASK).clip
    assert clip is not None
    assert (clip.url, clip.file_id) == (url, file_id)


def test_a_retrieved_file_goes_before_other_links(kkiai: Provider, reply: Callable[..., HttpReply]) -> None:
    """The order of the places is fixed."""
    inner = {"file": FILE, "video_url": "https://a.example/v.mp4"}
    clip = kkiai.decode_query(reply(envelope(inner=inner, result_url="https://a.example/r.mp4")), TASK).clip
    assert clip is not None
    assert clip.url == FILE["download_url"]


def test_failure_tells_its_reason(kkiai: Provider, reply: Callable[..., HttpReply]) -> None:
    """``fail_reason`` is shown on failure; the inner code says of which kind it was."""
    inner = {"status": "Fail", "base_resp": {"status_code": 1027, "status_msg": "output new_sensitive"}}
    error = kkiai.decode_query(reply(envelope("FAILURE", inner, fail_reason="output sensitive")), TASK).error
    assert isinstance(error, Moderated)
    assert error.provider_message == "output sensitive"


def test_unknown_task(kkiai: Provider, reply: Callable[..., HttpReply]) -> None:
    """The relay's own word for an id that it does not know."""
    with pytest.raises(TaskLost):
        kkiai.decode_query(reply({"code": "task_not_exist", "message": "task_not_exist", "data": None}, 400), TASK)


@pytest.mark.parametrize("answer", [{}, envelope(), {"code": "success", "data": None}])
def test_what_tells_nothing_is_asked_again(
    kkiai: Provider, reply: Callable[..., HttpReply], answer: dict[str, Any]
) -> None:
    """The document's empty example, and a success without a clip, end no task."""
    with pytest.raises(ProviderError) as caught:
        kkiai.decode_query(reply(answer), TASK)
    assert caught.value.again
