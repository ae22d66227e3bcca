"""Tests of error messages that say more than their code: money, content, and time to wait."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hailuo_widgets.domain.request import Request
from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    Moderated,
    ProviderError,
    RateLimited,
    TaskLost,
)
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import HttpReply, Provider, Task
from hailuo_widgets.settings.settings import Settings

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
FLAGGED = "Your prompt was flagged by Website as violating content policies"


def newer(kind: str, message: str, status: int) -> dict[str, Any]:
    """MiniMax's newer error."""
    error = {"type": kind, "message": message, "http_code": str(status)}
    return {"type": "error", "error": error, "request_id": "0a1b2c"}


def relay(code: str, message: str) -> dict[str, Any]:
    """New-API's own error."""
    return {"error": {"code": code, "message": message, "type": "new_api_error"}}


# Provider, HTTP status, body, class, code.
REFUSALS: list[tuple[str, int, Any, type[ProviderError], str]] = [
    ("minimax", 400, newer("bad_request_error", "invalid params, duration (2013)", 400), InvalidRequest, "2013"),
    ("minimax", 401, newer("authentication_error", "invalid api key (2049)", 401), AuthError, "2049"),
    ("minimax", 401, newer("authorized_error", "login fail (1004)", 401), AuthError, "1004"),
    ("minimax", 401, newer("authorized_error", "login fail", 401), AuthError, "authorized_error"),
    (
        "minimax",
        402,
        newer("insufficient_balance_error", "insufficient balance (1008)", 402),
        InsufficientCredits,
        "1008",
    ),
    ("minimax", 422, newer("unprocessable_entity_error", "sensitive content (1026)", 422), Moderated, "1026"),
    ("minimax", 422, newer("unprocessable_entity_error", "no", 422), InvalidRequest, "unprocessable_entity_error"),
    ("minimax", 429, newer("rate_limit_error", "too fast (1002)", 429), RateLimited, "1002"),
    (
        "minimax",
        429,
        newer("rate_limit_error", "usage limit exceeded, resets at 12:00 (2056)", 429),
        InsufficientCredits,
        "2056",
    ),
    ("minimax", 429, newer("rate_limit_error", "usage limit exceeded", 429), InsufficientCredits, "rate_limit_error"),
    ("minimax", 429, {"message": "plan limit reached (2056), see the console"}, InsufficientCredits, "2056"),
    ("minimax", 529, newer("overloaded_error", "busy", 529), RateLimited, "overloaded_error"),
    (
        "pixazo",
        401,
        {"statusCode": 401, "message": "Access denied due to invalid subscription key."},
        AuthError,
        "HTTP 401",
    ),
    (
        "pixazo",
        403,
        {"statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 02:11:00."},
        InsufficientCredits,
        "HTTP 403",
    ),
    ("pixazo", 403, {"error": "Access denied for this operation"}, AuthError, "HTTP 403"),
    (
        "pixazo",
        429,
        {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 7 seconds."},
        RateLimited,
        "HTTP 429",
    ),
    ("kkiai", 401, relay("", "Invalid token"), AuthError, "HTTP 401"),
    ("kkiai", 401, relay("", "TokenStatusExhausted (request id: 7)"), InsufficientCredits, "HTTP 401"),
    ("kkiai", 401, relay("", "该令牌额度已用尽"), InsufficientCredits, "HTTP 401"),
    (
        "kkiai",
        403,
        relay("pre_consume_token_quota_failed", "no"),
        InsufficientCredits,
        "pre_consume_token_quota_failed",
    ),
    ("kkiai", 403, relay("quota_not_enough", "no"), InsufficientCredits, "quota_not_enough"),
    ("kkiai", 403, relay("insufficient_user_quota", "no"), InsufficientCredits, "insufficient_user_quota"),
    (
        "kkiai",
        429,
        relay("entitlement_daily_limit_exceeded", "no"),
        InsufficientCredits,
        "entitlement_daily_limit_exceeded",
    ),
    ("kkiai", 429, relay("token_concurrency_limit_reached", "no"), RateLimited, "token_concurrency_limit_reached"),
    ("kkiai", 400, relay("sensitive_words_detected", "no"), Moderated, "sensitive_words_detected"),
    ("kkiai", 400, relay("prompt_blocked", "no"), Moderated, "prompt_blocked"),
    (
        "kkiai",
        429,
        relay("", "You exceeded your current quota, please check your plan"),
        InsufficientCredits,
        "HTTP 429",
    ),
    ("kkiai", 429, relay("", "quota exceeded: 5 requests per minute"), RateLimited, "HTTP 429"),
    ("kie", 200, {"code": 433, "msg": "The usage limit of the sub-key is reached"}, InsufficientCredits, "433"),
    ("kie jobs", 433, {"code": 433, "msg": "no"}, InsufficientCredits, "433"),
    ("kie", 200, {"code": 400, "msg": FLAGGED}, Moderated, "400"),
    ("kie jobs", 400, {"code": 400, "msg": FLAGGED}, Moderated, "400"),
    ("kie jobs", 200, {"code": 422, "msg": "prompt contains NSFW words"}, Moderated, "422"),
    ("kie jobs", 200, {"code": 500, "msg": "content policy violation"}, Moderated, "500"),
    ("kie", 200, {"code": 400, "msg": "duration is wrong"}, InvalidRequest, "400"),
    ("kie", 200, {"code": 401, "msg": "your credits are used up"}, InsufficientCredits, "401"),
]


def reply(body: Any, status: int) -> HttpReply:
    """An answer."""
    return HttpReply(status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[0]} {row[1]} {row[4]}")
def test_a_documented_refusal(row: tuple[str, int, Any, type[ProviderError], str]) -> None:
    """No create was accepted; money and keys end the sweep, a rate is waited for, the rest is of this run alone."""
    name, status, body, kind, code = row
    with pytest.raises(ProviderError) as caught:
        OPEN[name].decode_create(reply(body, status), REQUEST)
    error = caught.value
    assert (type(error), error.code, error.accepted) == (kind, code, False)
    assert error.fatal == (kind in {AuthError, InsufficientCredits})
    assert error.again == (kind is RateLimited)
    assert error.provider_message
    if body.get("request_id"):
        assert error.trace_id == "0a1b2c"


def test_the_wait_that_the_words_name() -> None:
    """A limit that says how long it lasts is waited for so long; the header goes before the words."""
    body = {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 7 seconds."}
    with pytest.raises(RateLimited) as caught:
        OPEN["pixazo"].decode_create(reply(body, 429), REQUEST)
    assert caught.value.retry_after == "7"
    told = HttpReply(status=429, headers={"retry-after": "9"}, body=json.dumps(body).encode())
    with pytest.raises(RateLimited) as caught:
        OPEN["pixazo"].decode_create(told, REQUEST)
    assert caught.value.retry_after == "9"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (newer("bad_request_error", "invalid task_id (2013)", 400), 400),
        ({"base_resp": {"status_code": 2013, "status_msg": "task not found"}}, 200),
    ],
)
def test_an_unknown_task_in_either_shape(body: Any, status: int) -> None:
    """MiniMax's newer errors say the same as its older ones."""
    with pytest.raises(TaskLost):
        OPEN["minimax"].decode_query(reply(body, status), Task(task_id="7"))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"state": "fail", "failCode": "400", "failMsg": FLAGGED}, Moderated),
        ({"state": "fail", "failCode": "422", "failMsg": "flagged as sensitive"}, Moderated),
        ({"state": "fail", "failCode": "500", "failMsg": "Internal Error"}, ProviderError),
        ({"state": "fail", "failMsg": "the output violates our policy"}, Moderated),
        ({"status": 2, "errorMessage": "NSFW content"}, Moderated),
        ({"status": 2, "errorMessage": "duration is case-sensitive"}, ProviderError),
    ],
)
def test_how_a_task_of_kie_failed(record: dict[str, Any], kind: type[ProviderError]) -> None:
    """Its words decide, not its code alone."""
    body = {"code": 200, "msg": "success", "data": {"taskId": "7", **record}}
    poll = OPEN["kie jobs"].decode_query(reply(body, 200), Task(task_id="7", channel="jobs"))
    assert (poll.state, type(poll.error)) == ("failed", kind)
