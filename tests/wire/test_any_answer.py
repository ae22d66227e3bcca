"""Tests that decoding any reply gives a value or a ProviderError that names the provider.

Three kinds of answers: any bytes, any JSON made of the words that answers are made of, and documented answers with one
or two of their values replaced by any other, which is how providers drift.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.domain.request import Request
from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import Accepted, Clip, HttpReply, Poll, Provider, Task
from hailuo_widgets.provider.messages import Balance, Cancelled, Candidates
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "3f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"
PROVIDERS: dict[str, Provider] = {
    label: open_provider(name, Settings.resolve({"kie_dialect": dialect}, environ={}))
    for label, name, dialect in (
        ("minimax", "minimax", "minimax"),
        ("kie", "kie", "minimax"),
        ("kie-jobs", "kie", "jobs"),
        ("kkiai", "kkiai", "minimax"),
        ("pixazo", "pixazo", "minimax"),
        ("runware", "runware", "minimax"),
        ("fal", "fal", "minimax"),
        ("replicate", "replicate", "minimax"),
        ("relay", "relay", "minimax"),
    )
}
V2_TASK = Task(task_id=OURS, channel="v2")
TASKS = [
    Task(task_id=OURS),
    Task(task_id=OURS, file_id="v"),
    Task(task_id=OURS, channel="requests"),
    Task(task_id=OURS, result_index=3),
    Task(task_id="1", channel="template"),
    V2_TASK,
    Task(task_id=OURS, channel="videos", details={"status_url": "https://a.example/x"}),
]
REQUEST = Request(prompt="a fox", provider="any", model="any")
REQUESTS = [REQUEST, Request(prompt="a fox", provider="minimax", model="MiniMax-H3")]

# The words that answers are made of, so that random objects reach every branch; and values that lie about their kind.
WORDS = (
    "task_id taskId recordId status state base_resp status_code status_msg code message msg error errors data file "
    "file_id download_url backup_download_url video_url videoURL videoUrl videoUUID resultJson resultUrls result_url "
    "videos fail_reason failCode failMsg creditsConsumed seed cost taskUUID taskType downloadUrl statusCode balance "
    "amount currency freeBalance id object metadata url request_id polling_url output media_url task type detail path "
    "timestamp content action items total created_at duration resolution available_amount cash_balance model_remains "
    "model_name end_time current_interval_remaining_percent current_interval_total_count current_weekly_status "
    "video error_type results input data_removed title"
)
NAMES = st.sampled_from(WORDS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        [
            0,
            1,
            2,
            200,
            1002,
            1027,
            2013,
            10**400,
            -1,
            1e300,
            "0",
            "200",
            "1002",
            "Success",
            "success",
            "SUCCESS",
            "Fail",
        ]
    )
    | st.sampled_from(["FAILURE", "fail", "error", "processing", OURS, "videoInference", "getResponse", "taskNotFound"])
    | st.sampled_from(
        ["https://a.example/x.mp4", "http://[::1", "https://a:99999999/x", "\ud800", "\0", "{", "[[", "①"]
    )
    | st.just(json.dumps({"resultUrls": ["https://a.example/x.mp4"]}))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)
LINK = "https://a.example/x.mp4"
RESULT = {"taskType": "videoInference", "taskUUID": OURS, "videoUUID": "v", "videoURL": LINK, "seed": 1, "cost": 0.5}
ERROR = {"code": "timeoutProvider", "message": "m", "parameter": "p", "taskType": "videoInference", "taskUUID": OURS}
MINIMAX = {"task_id": OURS, "status": "Success", "file_id": "1", "base_resp": {"status_code": 0, "status_msg": "ok"}}
FILE = {"file": {"file_id": 1, "download_url": LINK, "backup_download_url": LINK}, "video_url": LINK}
JOB = {"taskId": OURS, "state": "success", "resultJson": {"resultUrls": [LINK]}, "creditsConsumed": 45.0}
DOCUMENTED: list[Any] = [
    MINIMAX,
    MINIMAX | {"status": "Fail", "base_resp": {"status_code": 1027, "status_msg": "no"}},
    MINIMAX | FILE,
    {"code": "success", "data": {"status": "SUCCESS", "fail_reason": "1", "data": MINIMAX | FILE, "videos": [{}]}},
    {"code": "success", "data": {"status": "FAILURE", "fail_reason": "no", "data": MINIMAX}},
    {"error": {"message": "no", "type": "t", "code": "c"}},
    {"statusCode": 401, "message": "no"},
    {"code": 0, "message": "success", "data": {"taskId": OURS, "status": 1, "videoUrl": LINK}},
    {"code": 0, "message": "success", "data": {"taskId": OURS, "status": 2, "failCode": "1", "failMsg": "no"}},
    {"code": 200, "msg": "success", "data": JOB},
    {"code": 200, "msg": "success", "data": 1234.5},
    {"data": [{"taskType": "accountManagement", "taskUUID": OURS, "operation": "getDetails", "balance": 2450.75}]},
    {"data": [{"taskType": "mediaStorage", "taskUUID": OURS, "mediaUUID": OURS, "mediaURL": LINK}]},
    {
        "data": [
            {
                "taskType": "accountManagement",
                "taskUUID": OURS,
                "balance": {"amount": 1.5, "freeBalance": 0.5, "currency": "USD"},
            }
        ]
    },
    {"code": 200, "success": True, "data": {"downloadUrl": LINK, "fileUrl": LINK}},
    {"data": [RESULT | {"status": "success"}, RESULT | {"status": "success", "videoUUID": "w"}]},
    {"data": [RESULT | {"status": "error", "error": ERROR}], "errors": [ERROR]},
    {"data": [{"taskUUID": OURS, "taskType": "videoInference", "status": "processing"}], "errors": [ERROR]},
    {"errors": [ERROR | {"code": "conflictTaskUUID"}]},
    {"data": [], "errors": [{"code": "taskFailed", "message": "m", "status": "error", "taskUUID": OURS}]},
    {"error": ERROR, "taskUUID": OURS, "taskType": "videoInference"},
    {"id": OURS, "object": "video", "status": "completed", "progress": 100, "metadata": {"url": LINK}},
    {"id": OURS, "object": "video", "status": "completed"},
    {"request_id": OURS, "status": "QUEUED", "polling_url": LINK},
    {"request_id": OURS, "status": "COMPLETED", "output": {"media_url": [LINK]}},
    {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "no (2056)", "http_code": "429"},
        "request_id": "r",
    },
    {"error": {"message": "Invalid URL (GET /x)", "type": "invalid_request_error", "param": "", "code": ""}},
    {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/x"},
    {"detail": [{"type": "content_policy_violation", "msg": "no"}]},
    {"task": {"id": OURS, "status": "succeeded", "content": {"url": LINK}}},
    {
        "task": {
            "id": OURS,
            "model": "MiniMax-H3",
            "status": "succeeded",
            "content": {"url": LINK},
            "resolution": "2K",
            "usage": {"output_seconds": 6, "input_seconds": 2, "input_image_count": 7},
            "task_type": "generation",
        }
    },
    {"task": {"id": OURS, "status": "failed", "error": {"code": "1027", "message": "no"}}},
    {"task": {"id": OURS, "status": "cancelled", "usage": {}}},
    {"task_id": OURS, "action": "cancelled", "status": "cancelled"},
    {"request_id": OURS, "status": "IN_QUEUE", "status_url": LINK, "response_url": LINK, "cancel_url": LINK},
    {"status": "CANCELLATION_REQUESTED"},
    {"detail": "no", "error_type": "request_timeout"},
    {"video": {"url": LINK, "content_type": "video/mp4"}, "seed": 7},
    {"id": OURS, "model": "m", "status": "succeeded", "output": LINK, "error": None, "urls": {"get": LINK}},
    {"results": [{"id": OURS, "status": "starting", "created_at": "2026-11-01T00:00:00Z", "input": {"duration": 6}}]},
    {"title": "no", "detail": "no", "status": 402},
    {"task_id": OURS, "action": "deleted", "status": "succeeded"},
    {
        "type": "error",
        "error": {"type": "bad_request_error", "message": "invalid task_id (2013)", "http_code": "400"},
        "request_id": "r",
    },
    {
        "items": [{"id": OURS, "model": "m", "status": "queued", "created_at": 1785229015, "duration": 6}],
        "total": 1,
    },
    {"available_amount": "98.05", "cash_balance": "0.00", "base_resp": {"status_code": 0, "status_msg": "ok"}},
    {
        "model_remains": [
            {
                "model_name": "video",
                "end_time": 1785772800000,
                "current_interval_total_count": 3,
                "current_interval_remaining_percent": 80,
                "current_weekly_status": 1,
                "current_weekly_remaining_percent": 95,
                "weekly_end_time": 1786291200000,
            }
        ]
    },
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside of one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for name, held in inner for place in places(held, (*path, name))]


@st.composite
def drifted(draw: st.DrawFn) -> Any:
    """A documented answer with one or two of its values replaced, or left out."""
    answer = copy.deepcopy(draw(st.sampled_from(DOCUMENTED)))
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(places(answer)[1:] or [("code",)]))
        holder = answer
        for step in path:
            holder = holder[step]
        if isinstance(holder, dict) and draw(st.booleans()) and draw(st.booleans()):
            holder.pop(last, None)
        else:
            holder[last] = draw(VALUES)
    return answer


OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)
ODD_BODIES = [
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b"<html>bad gateway</html>",
    b'{"task_id": ' + b"9" * 5000 + b"}",
    b'{"seed": NaN}',
    b'{"data": Infinity}',
    b"[" * 100_000,
    b'{"data":' * 50_000,
    b'\xef\xbb\xbf{"task_id": "7", "status": "Success"}',
    b'{"task_id": 1e999, "status": 1e999, "code": 1e999, "data": {"creditsConsumed": 1e999}}',
    b'{"status": "\\ud800", "message": "\\udfff", "code": "\\ud800", "base_resp": {"status_code": "\\ud800"}}',
]
BODIES = (
    st.binary(max_size=64)
    | st.sampled_from(ODD_BODIES)
    | drifted().map(lambda value: json.dumps(value).encode())
    | drifted().map(lambda value: json.dumps(value).encode())
    | OBJECTS.map(lambda value: json.dumps(value).encode())
    | VALUES.map(lambda value: json.dumps(value).encode())
)
REPLIES = st.builds(
    HttpReply,
    status=st.sampled_from(
        [200, 200, 200, 201, 204, 301, 400, 401, 402, 403, 404, 408, 413, 422, 429, 455, 500, 502, 599]
    ),
    headers=st.sampled_from([{}, {"content-type": "text/html"}, {"retry-after": "x", "trace-id": "t" * 500}]),
    body=BODIES,
    origin=st.sampled_from(["", "https://api.minimax.io", "https://api.minimax.cn"]),
)


def read(label: str, reading: Callable[[Provider], Any], kind: type) -> None:
    """Read one answer; whatever comes can be stored and shown."""
    provider = PROVIDERS[label]
    try:
        value = reading(provider)
    except ProviderError as e:
        assert e.provider == provider.facts.name  # noqa: PT017 - an answer may be read or not; both are checked
        str(e).encode()
        json.dumps(e.detail()).encode()
        return
    assert isinstance(value, kind)
    if isinstance(value, Poll):
        assert value.state in {"queued", "running", "succeeded", "failed"}
        assert (value.clip is not None) == (value.state == "succeeded")
        assert (value.error is not None) == (value.state == "failed")
        if value.error is not None:
            assert value.error.provider == provider.facts.name
            str(value.error).encode()
        if value.clip is not None:
            assert value.clip.url or value.clip.file_id or provider.encode_link(TASKS[0], value.clip) is not None
            shown(value.clip)
    account(value)
    if isinstance(value, Accepted):
        assert 0 < len(value.task_id) <= 256


def account(value: Any) -> None:
    """What an account answers can be stored and shown too."""
    if isinstance(value, Balance):
        assert value.source
        for amount in value.amounts:
            assert abs(amount.micros) < 2**63
            f"{amount.currency} {amount.name}".encode()
    if isinstance(value, Cancelled):
        assert value.said is None or value.said.encode()
    if isinstance(value, Candidates):
        for one in value.tasks:
            assert 0 < len(one.task_id) <= 256
            assert one.created_at is None or one.created_at.tzinfo is not None
            json.dumps([one.model, one.status, one.resolution, one.duration]).encode()
    if isinstance(value, Balance):
        assert value.amounts or value.plan
        assert all(row.name.encode() and (row.until is None or row.until.tzinfo is not None) for row in value.plan)


def shown(clip: Clip) -> None:
    """A clip's fields fit into the log's columns."""
    for text in (clip.url, clip.backup_url, clip.file_id):
        assert text is None or text.encode()
    assert clip.seed is None or abs(clip.seed) < 2**63
    assert clip.cost_micros is None or 0 <= clip.cost_micros < 2**63
    assert (clip.cost_micros is None) == (clip.currency is None)


@pytest.mark.parametrize("label", PROVIDERS)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(reply=REPLIES, task=st.sampled_from(TASKS), request=st.sampled_from(REQUESTS))
def test_any_answer(label: str, reply: HttpReply, task: Task, request: Request) -> None:
    """Each kind of call reads any bytes under any HTTP status."""
    read(label, lambda p: p.decode_create(reply, request), Accepted)
    read(label, lambda p: p.decode_query(reply, task), Poll)
    read(label, lambda p: p.decode_link(reply, Clip(file_id="7")), Clip)
    read(label, lambda p: p.decode_upload(reply), str)
    read(label, lambda p: p.decode_cancel(reply, task), Cancelled)
    read(label, lambda p: p.decode_list(reply), Candidates)
    read(label, lambda p: p.decode_balance(reply), Balance)


@pytest.mark.parametrize("label", PROVIDERS)
@pytest.mark.parametrize("body", ODD_BODIES, ids=range(len(ODD_BODIES)))
def test_odd_answers(label: str, body: bytes) -> None:
    """Each odd body is read at least once, under success and under an error."""
    for status in (200, 400, 500):
        reply = HttpReply(status=status, headers={}, body=body)
        read(label, lambda p, r=reply: p.decode_create(r, REQUEST), Accepted)
        for task in (TASKS[0], V2_TASK):
            read(label, lambda p, r=reply, t=task: p.decode_query(r, t), Poll)
            read(label, lambda p, r=reply, t=task: p.decode_cancel(r, t), Cancelled)
        read(label, lambda p, r=reply: p.decode_list(r), Candidates)
        read(label, lambda p, r=reply: p.decode_balance(r), Balance)
        read(label, lambda p, r=reply: p.decode_link(r, Clip(file_id="7")), Clip)
        read(label, lambda p, r=reply: p.decode_upload(r), str)


def test_a_byte_order_mark_hides_no_task() -> None:
    """A paid task is not lost to three bytes."""
    body = b'\xef\xbb\xbf{"task_id": "7"}'
    reply = HttpReply(status=200, headers={}, body=body)
    assert PROVIDERS["minimax"].decode_create(reply, REQUEST).task_id == "7"


@pytest.mark.parametrize("label", PROVIDERS)
@given(body=st.binary(max_size=32), status=st.sampled_from([200, 201, 502]))
@settings(max_examples=50, deadline=None)
def test_bytes_that_are_no_json_may_hide_a_yes(label: str, body: bytes, status: int) -> None:
    """An unreadable answer to a create call is never taken for a certain no."""
    try:
        json.loads(body)
    except ValueError:
        with pytest.raises(ProviderError) as caught:
            PROVIDERS[label].decode_create(HttpReply(status=status, headers={}, body=body), REQUEST)
        assert caught.value.accepted is None
