"""Tests of every documented refusal: its class, whether it may be billed, and its effect on the sweep.

The tables here are read from the documents, not from the client's own tables. A *fate* is what a code means for a
create call: ``no`` (this one was not accepted, the next may be), ``fatal`` (no further one would be), ``again`` (not
accepted, and may be sent again) and ``unsure`` (it may have been accepted and billed: never sent again by itself).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from hailuo_widgets import errors
from hailuo_widgets.errors import HailuoError, ProviderError, TransportError

if TYPE_CHECKING:
    from conftest import Connect

Row = tuple[int | str, str, str]

# Public error table of MiniMax's platform; 0, 1002, 1004, 1008, 1026, 2013 and 2049 are in the video API document too.
MINIMAX: tuple[Row, ...] = (
    (1000, "ProviderError", "unsure"),
    (1001, "ProviderError", "unsure"),
    (1002, "RateLimited", "again"),
    (1004, "AuthError", "fatal"),
    (1008, "InsufficientCredits", "fatal"),
    (1013, "ProviderError", "unsure"),
    (1024, "ProviderError", "unsure"),
    (1026, "Moderated", "no"),
    (1027, "Moderated", "no"),
    (1028, "InsufficientCredits", "fatal"),
    (1030, "InsufficientCredits", "fatal"),
    (1033, "ProviderError", "unsure"),
    (1039, "RateLimited", "again"),
    (1041, "RateLimited", "again"),
    (1042, "InvalidRequest", "no"),
    (2013, "InvalidRequest", "no"),
    (2038, "AuthError", "fatal"),
    (2045, "RateLimited", "again"),
    (2049, "AuthError", "fatal"),
    (2056, "InsufficientCredits", "fatal"),
    (2061, "InvalidRequest", "fatal"),
)
# 1001 to 1006: KIE.ai Minimax API document. The others: KIE's public pages.
KIE: tuple[Row, ...] = (
    (1001, "Moderated", "no"),
    (1002, "InvalidRequest", "no"),
    (1003, "InsufficientCredits", "fatal"),
    (1004, "InvalidRequest", "no"),
    (1005, "RateLimited", "again"),
    (1006, "InvalidRequest", "no"),
    (400, "InvalidRequest", "no"),
    (401, "AuthError", "fatal"),
    (402, "InsufficientCredits", "fatal"),
    (404, "InvalidRequest", "no"),
    (408, "ProviderError", "unsure"),
    (422, "InvalidRequest", "no"),
    (429, "RateLimited", "again"),
    (433, "InsufficientCredits", "fatal"),
    (455, "ProviderError", "no"),
    (500, "ProviderError", "unsure"),
    (501, "ProviderError", "unsure"),
    (505, "ProviderError", "no"),
)
# The families that Runware's page on errors and its own clients sort its codes into.
RUNWARE: tuple[Row, ...] = (
    ("invalidApiKey", "AuthError", "fatal"),
    ("missingApiKey", "AuthError", "fatal"),
    ("insufficientCredits", "InsufficientCredits", "fatal"),
    ("paymentRequired", "InsufficientCredits", "fatal"),
    ("rateLimitExceeded", "RateLimited", "again"),
    ("concurrencyLimitExceeded", "RateLimited", "again"),
    ("contentPolicyViolation", "Moderated", "no"),
    ("providerContentPolicyViolation", "Moderated", "no"),
    ("moderationFailed", "Moderated", "no"),
    ("invalidPositivePrompt", "InvalidRequest", "no"),
    ("missingModel", "InvalidRequest", "no"),
    ("unsupportedParameter", "InvalidRequest", "no"),
    ("valueOutOfRange", "InvalidRequest", "no"),
    ("taskFailedOrNotFound", "InvalidRequest", "no"),
    ("conflictTaskUUID", "InvalidRequest", "unsure"),
    ("timeoutProvider", "ProviderError", "unsure"),
    ("inferenceError", "ProviderError", "unsure"),
    ("serverError", "ProviderError", "unsure"),
    ("neverHeardOf", "InvalidRequest", "no"),  # a word that no table has, with HTTP 400
)
FAMILIES = {"conflict", "task", "auth", "quota", "rate", "safety", "validation", "provider", "server", "unknown"}
CODES: dict[str, tuple[Row, ...]] = {
    "minimax": MINIMAX,
    "kie": KIE,
    "kie-jobs": KIE,
    "kkiai": MINIMAX,
    "kkiai-newapi": MINIMAX,
    "pixazo": MINIMAX,  # MiniMax's own codes come through; Pixazo's own noes are HTTP statuses
    "runware": RUNWARE,
}
# What HTTP says, and the fate at those that document a status more than others do. A status of no document may come
# from a proxy, after the call has gone through: it is no refusal.
DOCUMENTED = {(404, "kie"), (404, "pixazo"), (413, "pixazo")}
STATUSES: tuple[tuple[int, str, str], ...] = (
    (307, "ProviderError", "unsure"),
    (400, "InvalidRequest", "no"),
    (401, "AuthError", "fatal"),
    (402, "InsufficientCredits", "fatal"),
    (403, "AuthError", "fatal"),
    (404, "InvalidRequest", "unsure"),
    (408, "ProviderError", "unsure"),
    (409, "ProviderError", "unsure"),
    (413, "InvalidRequest", "unsure"),
    (422, "InvalidRequest", "no"),
    (425, "ProviderError", "unsure"),
    (429, "RateLimited", "again"),
    (500, "ProviderError", "unsure"),
    (502, "ProviderError", "unsure"),
    (503, "ProviderError", "unsure"),
    (504, "ProviderError", "unsure"),
)
WORDS_OF_RELAYS = {  # the simulator says no in numbers, or of a wrong key; tests/wire has the relays' own answers
    "insufficient_user_quota",
    "insufficient_quota",
    "rate_limit_exceeded",
    "model_not_found",
}
SAID_ELSEWHERE = {"task_not_exist", "invalid_api_key"}  # below: an unknown task, a wrong key


def fate(error: ProviderError) -> str:
    """What the client takes a refused create call for."""
    if error.accepted is None:
        return "unsure"
    assert error.accepted is False
    return "again" if error.again else "fatal" if error.fatal else "no"


def rows() -> list[Any]:
    """Dialect, code, class and fate."""
    return [pytest.param(d, *row, id=f"{d} {row[0]}") for d, table in CODES.items() for row in table]


@pytest.mark.parametrize(("dialect", "code", "kind", "meant"), rows())
def test_a_code_at_create(connect: Connect, dialect: str, code: int | str, kind: str, meant: str) -> None:
    """The error's class and fate are the documents'; it has the provider's own code and words; nothing is billed."""
    line = connect(dialect)
    line.simulator.fault("code", provider=line.name, phase="create", code=code, message="in its own words")
    with pytest.raises(ProviderError) as caught:
        line.create(line.simple())
    error = caught.value
    assert (type(error).__name__, fate(error)) == (kind, meant)
    assert error.provider == line.name
    assert error.code == ("HTTP 400" if code == "neverHeardOf" else str(code))
    if (dialect, code) not in {("kie", 401), ("kie-jobs", 401)}:  # its words for a key are fixed
        assert error.provider_message == "in its own words"
    assert line.charged == 0


def test_every_code_of_the_client_is_here(connect: Connect, dialect: str) -> None:
    """The client's table has no row that this file does not test against the provider."""
    codes = set(connect(dialect).provider.codes)
    if dialect == "runware":  # its rows are families of codes; each has an example above
        assert codes == FAMILIES
        return
    assert codes - {str(row[0]) for row in CODES[dialect]} - WORDS_OF_RELAYS - SAID_ELSEWHERE == set()


@pytest.mark.parametrize(("status", "kind", "meant"), STATUSES)
def test_a_status_at_create(connect: Connect, dialect: str, status: int, kind: str, meant: str) -> None:
    """An HTTP status without a provider's own code: its class and fate; nothing is billed, no redirect is followed."""
    line = connect(dialect)
    fault = {"kind": "redirect"} if status == 307 else {"kind": "http", "status": status, "retry_after": 7}
    line.simulator.fault(**fault, provider=line.name, phase="create")
    with pytest.raises(ProviderError) as caught:
        line.create(line.simple())
    meant = "no" if (status, line.name) in DOCUMENTED else meant
    assert (type(caught.value).__name__, fate(caught.value)) == (kind, meant)
    assert caught.value.code == f"HTTP {status}"
    assert caught.value.retry_after == (None if status == 307 else "7")
    assert (line.charged, len(line.simulator.requests)) == (0, 1)


LOST = ("drop", "drop_after", "malformed", "html", "missing_task_id")


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_is_no_refusal(connect: Connect, dialect: str, kind: str) -> None:
    """An answer that is lost or cannot be read never counts as a no: the provider may have billed it."""
    line = connect(dialect)
    line.simulator.fault(kind, provider=line.name, phase="create")
    with pytest.raises((ProviderError, TransportError)) as caught:
        line.create(line.simple())
    error = caught.value
    assert (error.sent if isinstance(error, TransportError) else error.accepted) is None  # type: ignore[attr-defined]
    assert line.charged == (0 if kind == "drop" else 1)


KEYS = [
    ("wrong-key", "AuthError", "fatal"),
    ("broke-key", "InsufficientCredits", "fatal"),
    ("slow-key", "RateLimited", "again"),
]


@pytest.mark.parametrize(("key", "kind", "meant"), KEYS)
def test_what_a_key_meets(connect: Connect, dialect: str, key: str, kind: str, meant: str) -> None:
    """A refused key, an empty account and a full minute, as each provider says them of its own accord."""
    line = connect(dialect, key=key)
    with pytest.raises(ProviderError) as caught:
        line.create(line.simple())
    assert (type(caught.value).__name__, fate(caught.value), line.charged) == (kind, meant, 0)
    assert key not in str(caught.value)


LIMITS: list[tuple[dict[str, Any], str]] = [
    ({"credits": {"kie": 60, "minimax": 0.4, "kkiai": 0.4, "pixazo": 0.4, "runware": 0.4}}, "InsufficientCredits"),
    ({"rpm": 1}, "RateLimited"),
    ({"concurrency": 1, "latency": 60.0}, "RateLimited"),
]


@pytest.mark.parametrize(("switches", "kind"), LIMITS, ids=["credits", "rate", "concurrency"])
def test_a_limit_is_met_by_the_second(connect: Connect, dialect: str, switches: dict[str, Any], kind: str) -> None:
    """The first create is taken and billed; the one past the limit is refused, and is not."""
    line = connect(dialect, **switches)
    request = line.simple()
    line.create(request)
    with pytest.raises(getattr(errors, kind)):
        line.create(request)
    assert line.charged == 1


def test_moderation_at_create(connect: Connect, dialect: str) -> None:
    """A prompt that the provider does not allow is refused, and not billed; one provider has no code for why."""
    line = connect(dialect)
    kind = errors.InvalidRequest if dialect == "pixazo" else errors.Moderated
    with pytest.raises(kind, match="sensitive content") as caught:
        line.create(line.simple("a forbidden fox"))
    assert (fate(caught.value), line.charged) == ("no", 0)


# How a task that was accepted fails. KIE has no code for moderation, and says it in words.
ENDS = [
    ("banned-output", {}, "Moderated"),
    ("fail-generation", {}, "ProviderError"),
]


@pytest.mark.parametrize(("word", "exceptions", "kind"), ENDS, ids=["banned-output", "fail-generation"])
def test_a_task_that_fails(connect: Connect, dialect: str, word: str, exceptions: dict[str, str], kind: str) -> None:
    """A task that ended without a clip is failed, with the provider's words; it is no error of asking for it."""
    line = connect(dialect)
    request = line.simple(f"a fox {word}")
    poll = line.query(request, line.create(request).task_id)
    assert (poll.state, type(poll.error).__name__) == ("failed", exceptions.get(dialect, kind))
    assert poll.error.provider_message
    assert line.charged == 1


def test_a_task_that_nobody_knows(connect: Connect, dialect: str) -> None:
    """A task that the provider never had, or has forgotten, is lost: neither failed nor asked for for ever."""
    line = connect(dialect)
    line.simulator.fault("forget", provider=line.name, phase="create")
    request = line.simple()
    for task_id in (line.create(request).task_id, str(uuid4()) if line.name == "runware" else "401047179385389059"):
        with pytest.raises(errors.TaskLost):
            line.query(request, task_id)


# What a code in a query's answer means: an error of asking (the class), or the task's end ("failed").
ASKING: dict[str, tuple[Row, ...]] = {
    "minimax": (
        (1000, "ProviderError", "asking"),
        (1002, "RateLimited", "asking"),
        (1004, "AuthError", "asking"),
        (1008, "InsufficientCredits", "asking"),
        (1026, "Moderated", "failed"),
        (1027, "Moderated", "failed"),
        (2013, "TaskLost", "asking"),
        (2049, "AuthError", "asking"),
    ),
    "kie": (
        (401, "AuthError", "asking"),
        (429, "RateLimited", "asking"),
        (1005, "RateLimited", "asking"),
        (422, "TaskLost", "asking"),
        (455, "ProviderError", "asking"),
        (500, "ProviderError", "asking"),
        (501, "ProviderError", "failed"),
    ),
    "runware": (
        ("invalidApiKey", "AuthError", "asking"),
        ("rateLimitExceeded", "RateLimited", "asking"),
        ("serverError", "ProviderError", "asking"),
        ("taskFailedOrNotFound", "TaskLost", "asking"),
    ),
}


def asking() -> list[Any]:
    """Dialect, code, class, and whose it is."""
    return [
        pytest.param(d, *row, id=f"{d} {row[0]}")
        for d in CODES
        for row in ASKING.get(d.partition("-")[0], ASKING["minimax"])
    ]


@pytest.mark.parametrize(("dialect", "code", "kind", "whose"), asking())
def test_a_code_at_a_query(connect: Connect, dialect: str, code: int | str, kind: str, whose: str) -> None:
    """A refused query says nothing of the task, which is asked for again and found; moderation ends the task itself."""
    line = connect(dialect)
    request = line.simple()
    task_id = line.create(request).task_id
    line.simulator.fault("code", provider=line.name, phase="query", code=code, message="so it is")
    if whose == "failed":
        poll = line.query(request, task_id)
        assert (poll.state, type(poll.error).__name__) == ("failed", kind)
        return
    with pytest.raises(HailuoError) as caught:
        line.query(request, task_id)
    assert type(caught.value).__name__ == kind
    assert line.query(request, task_id).state == "succeeded"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_status_at_a_query(connect: Connect, dialect: str, status: int) -> None:
    """A provider in trouble says nothing of the task: it may be asked again, and the clip is found then."""
    line = connect(dialect)
    request = line.simple()
    task_id = line.create(request).task_id
    line.simulator.fault("http", provider=line.name, phase="query", status=status)
    with pytest.raises(ProviderError) as caught:
        line.query(request, task_id)
    assert caught.value.again
    assert line.query(request, task_id).state == "succeeded"
