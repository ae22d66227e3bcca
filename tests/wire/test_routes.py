"""Tests that a router's "not found" is distinguished from a service's "task not found"."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.domain.request import Request
from hailuo_widgets.errors import InvalidRequest, ProviderError, TaskLost
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import HttpReply, Provider, Task
from hailuo_widgets.provider.unknown_route import no_such_task, unknown_route
from hailuo_widgets.settings.settings import Settings

QUERY = "/minimax/v1/query/video_generation"
HTML = b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body><h1>404 Not Found</h1></body></html>"
WHITELABEL = b"<html><body><h1>Whitelabel Error Page</h1><p>There is no explicit mapping for /error</p></body></html>"
PROBLEM = {"type": "https://tools.ietf.org/html/rfc9110#section-15.5.5", "title": "Not Found", "status": 404}

ROUTERS: list[tuple[str, int, Any]] = [
    (
        "new-api",
        404,
        {"error": {"message": f"Invalid URL (GET {QUERY})", "type": "invalid_request_error", "param": "", "code": ""}},
    ),
    ("openai", 404, {"error": {"message": "Unknown request URL: GET /v1/x. Please check the URL for typos."}}),
    ("new-api, a route without a handler", 501, {"error": {"message": "API not implemented", "type": "new_api_error"}}),
    ("pixazo", 404, {"error": "Endpoint not found"}),
    ("spring", 404, {"timestamp": "2026-11-28T10:00:00Z", "status": 404, "error": "Not Found", "path": "/api/v1/x"}),
    ("spring 3", 404, {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No static resource v1."}),
    ("spring 405", 405, {"timestamp": 1, "status": 405, "error": "Method Not Allowed", "path": "/api/v1/x"}),
    ("spring whitelabel", 404, WHITELABEL),
    ("azure", 404, {"statusCode": 404, "message": "Resource not found"}),
    ("fastapi", 404, {"detail": "Not Found"}),
    ("fastapi 405", 405, {"detail": "Method Not Allowed"}),
    ("starlette", 404, b"Not Found"),
    ("express", 404, b"<!DOCTYPE html>\n<html><body><pre>Cannot GET /minimax/v1/query/video_generation</pre></body>"),
    ("express, plain", 404, b"Cannot GET /x"),
    ("nest", 404, {"statusCode": 404, "message": "Cannot POST /v1/videos", "error": "Not Found"}),
    ("fastify", 404, {"message": "Route POST:/v1/videos not found", "error": "Not Found", "statusCode": 404}),
    ("kong", 404, {"message": "no Route matched with those values", "request_id": "2c5e"}),
    ("apisix", 404, {"error_msg": "404 Route Not Found"}),
    ("amazon http", 404, {"message": "Not Found"}),
    ("amazon rest", 403, {"message": "Missing Authentication Token"}),
    ("asp.net", 404, PROBLEM | {"traceId": "00-1"}),
    ("go", 404, b"404 page not found\n"),
    ("ingress", 404, b"default backend - 404"),
    ("laravel", 404, {"message": "The route v1/query/video_generation could not be found."}),
    (
        "flask",
        404,
        {"error": "The requested URL was not found on the server. If you entered the URL manually, check it."},
    ),
    ("phoenix", 404, {"errors": {"detail": "Not Found"}}),
    ("nginx", 404, HTML),
    ("cloudflare worker", 404, b"Not found"),
    ("empty 404", 404, b""),
    ("empty object", 404, {}),
    ("empty 405", 405, b""),
    ("200 with the status inside", 200, {"code": 404, "msg": "Not Found", "data": None}),
]

OTHERS: list[tuple[str, int, Any]] = [
    (
        "new-api: no such task",
        404,
        {"error": {"message": "Task not found", "type": "invalid_request_error", "code": ""}},
    ),
    ("new-api: no such task, its code", 400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
    ("minimax v2", 400, {"type": "error", "error": {"message": "invalid task_id (2013)", "http_code": "400"}}),
    ("kie: no such record", 404, {"code": 404, "msg": "task not found", "data": None}),
    ("kie: no such record, 422", 200, {"code": 422, "msg": "recordInfo is null", "data": None}),
    ("kie 501", 501, {"code": 501, "msg": "Generation Failed"}),
    ("runware", 404, {"errors": [{"code": "taskFailedOrNotFound", "message": "Task not found", "taskUUID": "u"}]}),
    ("file", 404, {"error": {"message": "file not found", "code": "file_not_found"}}),
    ("model", 404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}),
    ("a task with a 404", 404, {"task_id": "7", "message": "Not Found"}),
    ("a task inside", 404, {"error": "Not Found", "data": {"taskId": "task_7"}}),
    ("an accepted request", 404, {"detail": "Not Found", "polling_url": "https://provider.example/x"}),
    ("a key", 403, {"message": "Forbidden"}),
    ("a key, 401", 401, {"error": {"message": "Invalid token", "type": "new_api_error"}}),
    ("success", 200, {"task_id": "7", "base_resp": {"status_code": 0, "status_msg": "success"}}),
    ("trouble", 502, HTML),
    ("trouble, empty", 500, b""),
]


def answer(status: int, body: Any) -> HttpReply:
    """An answer as a framework sends it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/json" if not isinstance(body, bytes) else "text/html" if body[:1] == b"<" else "text/plain"
    return HttpReply(status=status, headers={"content-type": kind}, body=raw)


@pytest.mark.parametrize(("status", "body"), [r[1:] for r in ROUTERS], ids=[r[0] for r in ROUTERS])
def test_a_router_that_does_not_know_the_address(status: int, body: Any) -> None:
    """Each framework's answer to a path that it does not have."""
    assert unknown_route(answer(status, body))


@pytest.mark.parametrize(("status", "body"), [r[1:] for r in OTHERS], ids=[r[0] for r in OTHERS])
def test_what_is_no_routers_word(status: int, body: Any) -> None:
    """A service that has read the call speaks of its task, key or model; and an answer with a task is never a no."""
    assert not unknown_route(answer(status, body))


@given(row=st.sampled_from([r for r in ROUTERS if isinstance(r[2], dict)]), name=st.sampled_from(["task_id", "taskId"]))
@settings(max_examples=60, deadline=None)
def test_an_answer_that_names_a_task_is_no_routers(row: tuple[str, int, Any], name: str) -> None:
    """A router knows no tasks, so an answer that has one was given by a service, whatever it says beside."""
    assert not unknown_route(answer(row[1], {**row[2], name: "task_7"}))
    assert not unknown_route(answer(row[1], {**row[2], "data": {name: "task_7"}}))


@given(status=st.sampled_from([200, 403, 404, 405, 501, 502]), body=st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_bytes(status: int, body: bytes) -> None:
    """Whatever the bytes are, there is a yes or a no."""
    assert unknown_route(answer(status, body)) in {True, False}


# -- what the five providers make of it -------------------------------------------------------------------------------

PROVIDERS: dict[str, Provider] = {
    f"{name} {dialect}": open_provider(name, Settings.resolve({"kie_dialect": dialect}, environ={}))
    for name, dialect in (
        ("minimax", "minimax"),
        ("kie", "minimax"),
        ("kie", "jobs"),
        ("kkiai", "minimax"),
        ("pixazo", "minimax"),
        ("runware", "minimax"),
    )
}
REQUEST = Request(prompt="a fox", provider="any", model="any")


@pytest.mark.parametrize("label", PROVIDERS)
@pytest.mark.parametrize(("status", "body"), [r[1:] for r in ROUTERS], ids=[r[0] for r in ROUTERS])
def test_an_unknown_address_says_nothing_of_a_task(label: str, status: int, body: Any) -> None:
    """Asked for a task, it ends nothing, and the base URL is hinted at; a create has certainly not been accepted."""
    provider = PROVIDERS[label]
    with pytest.raises(InvalidRequest, match=r"_BASE_URL") as asked:
        provider.decode_query(answer(status, body), Task(task_id="7"))
    assert (type(asked.value), asked.value.again) == (InvalidRequest, True)
    with pytest.raises(InvalidRequest, match=r"_BASE_URL") as created:
        provider.decode_create(answer(status, body), REQUEST)
    assert (created.value.accepted, created.value.again, created.value.fatal) == (False, False, True)


def test_kie_hints_at_its_other_dialect() -> None:
    """An account that has the job API alone meets a router's 404 on the document's own path."""
    spring = {"timestamp": "2026-11-28T10:00:00Z", "status": 404, "error": "Not Found", "path": "/api/v1/minimax"}
    with pytest.raises(InvalidRequest, match="set KIE_DIALECT=jobs"):
        PROVIDERS["kie minimax"].decode_create(answer(404, spring), REQUEST)
    with pytest.raises(InvalidRequest, match="KIE_DIALECT is jobs"):
        PROVIDERS["kie jobs"].decode_create(answer(404, spring), REQUEST)


@pytest.mark.parametrize("label", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"message": "words"}),
        (404, {"task_id": "7", "status": "Processing"}),
        (404, {"error": {"message": "the file was not found"}}),
        (404, b"Task not found"),
        (410, {"message": "this version of the API has ended"}),
        (400, {"message": "no such task"}),
    ],
)
def test_what_does_not_say_that_the_task_is_gone(label: str, status: int, body: Any) -> None:
    """Not found, and not said what: the task is left as it is."""
    with pytest.raises(ProviderError) as caught:
        PROVIDERS[label].decode_query(answer(status, body), Task(task_id="7"))
    assert not isinstance(caught.value, TaskLost)


GONE = [
    ("minimax minimax", 200, {"base_resp": {"status_code": 2013, "status_msg": "invalid params, task not found"}}),
    ("kie minimax", 200, {"code": 422, "msg": "recordInfo is null", "data": None}),
    ("kie jobs", 404, {"code": 404, "msg": "task not found"}),
    ("kkiai minimax", 400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
    ("kkiai minimax", 404, {"error": {"message": "Task not found", "type": "invalid_request_error"}}),
    ("pixazo minimax", 404, {"error": "Task not found"}),
    ("runware minimax", 200, {"errors": [{"code": "taskFailedOrNotFound", "message": "no"}]}),
]


@pytest.mark.parametrize(("label", "status", "body"), GONE)
def test_what_a_provider_says_of_a_task_that_it_does_not_have(label: str, status: int, body: Any) -> None:
    """Each in its documented words."""
    with pytest.raises(TaskLost, match="retry"):
        PROVIDERS[label].decode_query(answer(status, body), Task(task_id="7"))


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Task not found", True),
        ("invalid task_id", True),
        ("task 7 does not exist", True),
        ("The job has expired", True),
        ("no such record", True),
        ("\u4efb\u52a1\u4e0d\u5b58\u5728", True),
        ("Not Found", False),
        ("Endpoint not found", False),
        ("file not found", False),
        (None, False),
    ],
)
def test_words_about_a_task(text: str | None, gone: bool) -> None:  # noqa: FBT001 - pytest names it
    """What names the task and says that it is not there."""
    assert no_such_task(text) is gone
