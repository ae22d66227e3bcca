"""Tests of the places of a task ID in a reply to a create call: with an ID, the call was accepted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.domain.request import Request
from hailuo_widgets.errors import InsufficientCredits, ProviderError
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import Clip, HttpReply, Provider, Task
from hailuo_widgets.provider.parse import as_task_id
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

OPEN: dict[str, Provider] = {
    label: open_provider(label.split()[0], Settings.resolve({"kie_dialect": dialect}, environ={}))
    for label, dialect in (
        ("minimax", "minimax"),
        ("kie", "minimax"),
        ("kie jobs", "jobs"),
        ("kkiai", "minimax"),
        ("pixazo", "minimax"),
    )
}
REQUEST = Request(prompt="a fox", provider="any", model="any")
ID = "task_8f0c5f0e"
LINK = "https://clips.example/fox.mp4"

ANSWERS: list[dict[str, Any]] = [
    {"task_id": ID},  # MiniMax v2
    {"task_id": ID, "base_resp": {"status_code": 0, "status_msg": "success"}},
    {"data": {"task_id": ID}},
    {"code": "success", "message": "", "data": {"task_id": ID, "task_status": "submitted"}, "request_id": "r"},
    {"code": 0, "message": "success", "data": {"taskId": ID, "status": 0}},
    {"code": 200, "msg": "success", "data": {"taskId": ID, "recordId": ID}},
    {"code": 200, "msg": "success", "data": {"task_id": ID}},
    {"taskId": ID, "status": 0},
    {"task": {"task_id": ID, "status": "queued"}},
    {"task": {"id": ID, "status": "queued"}},
    {"output": {"task_id": ID, "task_status": "PENDING"}, "request_id": "4909100c"},
    {"id": ID, "object": "video", "model": "MiniMax-Hailuo-02", "status": "queued", "progress": 0, "created_at": 1},
    {"id": ID, "task_id": ID, "object": "video", "status": "queued"},
    {"id": ID},
    {"id": ID, "status": "starting"},
    {"data": {"id": ID}},
    {"code": 200, "data": [{"taskId": ID}]},
    {"code": 200, "msg": "success", "data": ID},
    {"request_id": ID, "status": "QUEUED", "polling_url": f"https://gateway.pixazo.ai/v2/requests/status/{ID}"},
    {"request_id": ID, "status": "IN_QUEUE", "status_url": "https://queue.example/x", "queue_position": 0},
    {"request_id": ID, "status": "QUEUED"},
]
NO_TASKS: list[tuple[int, dict[str, Any]]] = [
    (200, {"type": "error", "error": {"type": "server_error", "message": "(1000)"}, "request_id": ID}),
    (200, {"error": {"message": "no"}, "id": ID}),
    (200, {"error": "no", "request_id": ID, "status": "FAILED"}),
    (200, {"id": ID, "status": "failed"}),
    (200, {"request_id": ID}),
    (200, {"id": ID, "base_resp": {"status_code": 1004, "status_msg": "login fail"}}),
    (200, {"code": 500, "msg": "no", "data": {"id": ID}}),
    (500, {"id": ID, "message": "Internal Server Error"}),
]


def reply(body: Any, status: int = 200) -> HttpReply:
    """An answer."""
    return HttpReply(status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


@pytest.mark.parametrize("label", OPEN)
@pytest.mark.parametrize("row", range(len(ANSWERS)))
@pytest.mark.parametrize("status", [200, 202])
def test_an_id_in_any_documented_place(label: str, row: int, status: int) -> None:
    """It is found at each of the providers, whichever of them has it there by its own documents."""
    assert OPEN[label].decode_create(reply(ANSWERS[row], status), REQUEST).task_id == ID


@pytest.mark.parametrize("label", OPEN)
@pytest.mark.parametrize("row", range(len(NO_TASKS)))
def test_an_id_of_something_else(label: str, row: int) -> None:
    """An error's id is that of the call, and no task is made of it."""
    status, body = NO_TASKS[row]
    with pytest.raises(ProviderError):
        OPEN[label].decode_create(reply(body, status), REQUEST)


NO_IDS: list[Any] = [
    *(0, -1, -7, "0", "000", "0000", "-1", "-12", "", " ", ".", "..", "-", "_", ":", "0.0", "-0", 0.0, True, False),
    *("null", "NULL", "None", "undefined", "nil", "NaN", "false", "unknown", "N.A.", "empty", "error", "success", "ok"),
    *("00000000-0000-0000-0000-000000000000", None, [], {}),
]
# What each provider says of an empty account, and of success, around a task id.
AROUND: dict[str, tuple[Callable[[Any], dict[str, Any]], Callable[[Any], dict[str, Any]]]] = {
    "minimax": (
        lambda i: {"task_id": i, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
        lambda i: {"task_id": i, "base_resp": {"status_code": 0, "status_msg": "success"}},
    ),
    "kie": (
        lambda i: {"code": 1003, "message": "insufficient credits", "data": {"taskId": i, "status": 0}},
        lambda i: {"code": 0, "message": "success", "data": {"taskId": i, "status": 0}},
    ),
    "kie jobs": (
        lambda i: {"code": 402, "msg": "insufficient credits", "data": {"taskId": i}},
        lambda i: {"code": 200, "msg": "success", "data": {"taskId": i}},
    ),
    "runware": (
        lambda i: {
            "data": [{"taskType": "videoInference", "taskUUID": i}],
            "errors": [{"code": "insufficientCredits", "message": "no credits"}],
        },
        lambda i: {"data": [{"taskType": "videoInference", "taskUUID": i}]},
    ),
}
AROUND["kkiai"] = AROUND["pixazo"] = AROUND["minimax"]


@pytest.mark.parametrize("label", AROUND)
@pytest.mark.parametrize("shown", NO_IDS, ids=repr)
def test_placeholders_are_no_ids(label: str, shown: Any) -> None:
    """A refusal beside one is a refusal; a success beside one leaves open what was accepted, and gives no id."""
    provider = (
        open_provider(label.split(maxsplit=1)[0], Settings.resolve({}, environ={}))
        if label not in OPEN
        else OPEN[label]
    )
    refusal, success = AROUND[label]
    with pytest.raises(InsufficientCredits) as refused:
        provider.decode_create(reply(refusal(shown)), REQUEST)
    assert refused.value.accepted is False
    with pytest.raises(ProviderError) as open_still:
        provider.decode_create(reply(success(shown)), REQUEST)
    assert open_still.value.accepted is None
    assert provider.decode_create(reply(refusal(ID)), REQUEST).task_id == ID


@pytest.mark.parametrize("label", [name for name in OPEN if name in {"minimax", "kkiai", "pixazo"}])
@pytest.mark.parametrize("shown", [0, "0", "null", "-1"], ids=repr)
def test_a_placeholder_hides_no_id(label: str, shown: Any) -> None:
    """The id that stands further inside is found past it."""
    body = {"task_id": shown, "data": {"task_id": ID}}
    assert OPEN[label].decode_create(reply(body), REQUEST).task_id == ID


@given(text=st.text(alphabet="0-_.:", min_size=1, max_size=40), number=st.integers(max_value=0))
@settings(max_examples=60, deadline=None)
def test_no_id_is_made_of_zeros_and_marks(text: str, number: int) -> None:
    """Whatever zeros and punctuation stand there, and whatever number below one, they name nothing."""
    assert as_task_id(text) is None
    assert as_task_id(number) is as_task_id(str(number)) is None


@pytest.mark.parametrize("label", OPEN)
@given(
    body=st.dictionaries(
        st.sampled_from(["code", "msg", "model", "x"]), st.integers() | st.text(max_size=5), max_size=4
    ),
    way=st.sampled_from([(), ("data",), ("task",), ("output",), ("data", "task"), ("result",)]),
    name=st.sampled_from(["task_id", "taskId"]),
    shown=st.sampled_from([ID, 401047179385389059]),
)
@settings(max_examples=60, deadline=None)
def test_a_task_id_among_anything(
    label: str, body: dict[str, Any], way: tuple[str, ...], name: str, shown: int | str
) -> None:
    """A name that says what it holds is believed, whatever the rest of the answer says."""
    inner: dict[str, Any] = {name: shown}
    for step in reversed(way):
        inner = {step: inner}
    found = OPEN[label].decode_create(reply({**body, **inner}), REQUEST)
    assert found.task_id == str(shown)


def test_pixazos_newer_api() -> None:
    """A request is asked for by its id at the provider's own address; the address in the answer is not followed."""
    pixazo = OPEN["pixazo"]
    answer = {"request_id": ID, "status": "QUEUED", "polling_url": "https://stranger.example/steal"}
    accepted = pixazo.decode_create(reply(answer, 202), REQUEST)
    assert (accepted.task_id, accepted.channel) == (ID, "requests")
    assert pixazo.decode_create(reply({"task_id": ID}), REQUEST).channel is None
    task = Task(task_id=ID, channel="requests")
    call = pixazo.encode_query(task)
    assert (call.method, call.path, call.origin) == ("GET", f"/v2/requests/status/{ID}", None)
    for word, state in (("QUEUED", "queued"), ("PROCESSING", "running"), ("ERROR", "failed"), ("CANCELLED", "failed")):
        assert pixazo.decode_query(reply({"request_id": ID, "status": word}), task).state == state
    for media in (LINK, [LINK]):
        done = {"request_id": ID, "status": "COMPLETED", "output": {"media_url": media}}
        assert pixazo.decode_query(reply(done), task).clip == Clip(url=LINK)
    failed = {"request_id": ID, "status": "FAILED", "error": "the model is busy"}
    error = pixazo.decode_query(reply(failed), task).error
    assert error is not None
    assert error.provider_message == "the model is busy"
    with pytest.raises(ProviderError, match="another task"):
        pixazo.decode_query(reply({"request_id": "another", "status": "COMPLETED"}), task)


VIDEO = {"id": ID, "object": "video", "progress": 100}
CONTENT = f"/v1/videos/{ID}/content"
OPENAI: list[tuple[dict[str, Any], str, str | None]] = [
    ({**VIDEO, "status": "queued"}, "queued", None),
    ({**VIDEO, "status": "in_progress", "progress": 40}, "running", None),
    ({**VIDEO, "status": "completed", "metadata": {"url": LINK}}, "succeeded", LINK),
    (
        {**VIDEO, "status": "completed", "metadata": {"url": f"/v1/videos/{ID}/content"}},
        "succeeded",
        f"/v1/videos/{ID}/content",
    ),
    ({**VIDEO, "status": "completed"}, "succeeded", CONTENT),
    ({**VIDEO, "status": "failed", "error": {"message": "no GPU", "code": "x"}}, "failed", None),
    ({"task_id": ID, "status": "succeeded", "url": LINK, "format": "mp4", "metadata": {"seed": 7}}, "succeeded", LINK),
    ({"code": "success", "data": {"task_id": ID, "status": "SUCCESS", "result_url": LINK}}, "succeeded", LINK),
    ({"code": "success", "data": {"task_id": ID, "status": "SUCCESS", "url": LINK}}, "succeeded", LINK),
]


@pytest.mark.parametrize(("body", "state", "url"), OPENAI)
def test_a_relays_other_shapes(body: dict[str, Any], state: str, url: str | None) -> None:
    """New-API's relays answer as OpenAI's video API does, and as their own documents say."""
    poll = OPEN["kkiai"].decode_query(reply(body), Task(task_id=ID))
    assert poll.state == state
    assert (poll.clip.url if poll.clip else None) == url
    if poll.error is not None:
        assert poll.error.provider_message == "no GPU"
    if "object" in body:
        with pytest.raises(ProviderError, match="another task"):
            OPEN["kkiai"].decode_query(reply({**body, "id": "another"}), Task(task_id=ID))
