"""Tests of Runware's error codes: their categories, and which of them end a task."""

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
from hailuo_widgets.provider.interface import Task
from hailuo_widgets.provider.runware_errors import category

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider

OURS = "3f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"
TASK = Task(task_id=OURS)


def error(code: str, **more: Any) -> dict[str, Any]:
    """An error of the provider."""
    return {"code": code, "message": "words", **more}


@pytest.fixture
def runware(open_: Callable[..., Provider]) -> Provider:
    """The provider."""
    return open_("runware")


# The classes of Runware's own SDK (1.8.0), in its words: (codes, category here).
FAMILIES = {
    "quota": "insufficientCredits videoInferenceInsufficientCredits lowBalance quotaExceeded paymentRequired "
    "environmentPaused monthlyQuotaReached",
    "rate": "rateLimitExceeded providerRateLimitExceeded",
    "safety": "contentPolicyViolation providerContentPolicyViolation sensitiveContentDetected unsafeContentDetected "
    "nsfwContentDetected promptBlocked imageBlocked moderationFailed invalidProviderContent",
    "auth": "unauthorized forbidden permissionDenied insufficientPermissions authenticationFailed authFailed "
    "authTimeout invalidAuthentication invalidCredentials missingAuthentication tokenExpired tokenInvalid tokenMissing "
    "tokenRevoked accountSuspended accountDisabled organizationSuspended organizationDisabled workspaceSuspended "
    "workspaceDisabled invalidApiKey missingApiKey",
    "timeout": "requestTimeout inferenceTimeout timeout",
    "ended": "taskCancelled unknownModel modelNotFound imageNotFound taskExpired resultExpired",
    "task": "taskFailedOrNotFound",
    "server": "internalServerError serviceUnavailable serverUnavailable standardError unknownError undefinedError "
    "defaultError unrecognizedResponse",
    "provider": "inferenceError processingFailed taskFailed downloadFailed uploadFailed noAvailableServer "
    "modelUnavailable modelDisabled modelNotReady providerError providerUnavailable",
    "validation": "invalidDuration missingPositivePrompt unsupportedParameter conflictParameters duplicateTask "
    "valueOutOfRange arrayTooLong maxResultsExceeded unknownParameter incompatibleParameters validationFailed",
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in FAMILIES.items() for code in codes.split()])
def test_codes_are_classed_as_runware_does(kind: str, code: str) -> None:
    """A code means here what it means to the provider's own client."""
    assert category(code) == kind


ENDS = {"safety": Moderated, "provider": ProviderError, "ended": ProviderError, "validation": InvalidRequest}
GOES_ON = {
    "quota": InsufficientCredits,
    "rate": RateLimited,
    "auth": AuthError,
    "timeout": ProviderError,
    "server": ProviderError,
    "task": TaskLost,
}


@pytest.mark.parametrize("more", [{}, {"taskUUID": OURS}, {"status": "error", "taskUUID": OURS.upper()}], ids=str)
@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in FAMILIES.items() for code in codes.split()])
def test_an_error_that_names_no_kind_of_task(
    runware: Provider, reply: Callable[..., HttpReply], kind: str, code: str, more: dict[str, Any]
) -> None:
    """A poll asks for one task alone, so an error is about it, unless its code is about the call."""
    answer = reply({"data": [], "errors": [error(code, **more)]})
    if kind in ENDS:
        poll = runware.decode_query(answer, TASK)
        assert (poll.state, type(poll.error)) == ("failed", ENDS[kind])
    else:
        with pytest.raises(GOES_ON[kind]) as caught:
            runware.decode_query(answer, TASK)
        assert type(caught.value) is GOES_ON[kind]


def test_errors_without_a_document(runware: Provider, reply: Callable[..., HttpReply]) -> None:
    """A code that nobody knows ends the task where the entry says that it has failed, and else nothing."""
    ended = {"data": [], "errors": [error("somethingNew", status="error", taskUUID=OURS)]}
    assert runware.decode_query(reply(ended), TASK).state == "failed"
    with pytest.raises(ProviderError) as caught:
        runware.decode_query(reply({"errors": [error("somethingNew")]}), TASK)
    assert caught.value.again


@pytest.mark.parametrize("status", [200, 400, 403])
def test_an_error_alone(
    runware: Provider, ask: Callable[..., Request], reply: Callable[..., HttpReply], status: int
) -> None:
    """One error as an object, with its task beside it, is read as the list of it."""
    answer = {"error": error("insufficientCredits"), "taskUUID": OURS, "taskType": "videoInference"}
    with pytest.raises(InsufficientCredits):
        runware.decode_create(reply(answer, status), ask(runware))
    ended = {"error": error("taskFailed"), "taskUUID": OURS, "taskType": "videoInference"}
    assert runware.decode_query(reply(ended, status), TASK).state == "failed"


@pytest.mark.parametrize("top", range(4))
@pytest.mark.parametrize("entries", range(4))
@pytest.mark.parametrize("shape", ["an object", "words", "a status alone", "beside the entry"])
def test_a_failure_in_both_places_is_counted_once(
    runware: Provider, reply: Callable[..., HttpReply], shape: str, entries: int, top: int
) -> None:
    """The list of errors tells again what the entries say, so the longer of the two says how many have failed."""
    told = error("inferenceError", taskUUID=OURS)
    entry: dict[str, Any] = {"taskUUID": OURS, "taskType": "videoInference", "status": "error"}
    entry |= {
        "an object": {"error": error("inferenceError")},
        "words": {"error": "no GPU"},
        "a status alone": {},
        "beside the entry": error("inferenceError"),
    }[shape]
    answer = {"data": [entry] * entries, "errors": [told] * top}
    if not entries and not top:
        return
    results = runware.decode_query(reply(answer), TASK).results
    assert results is not None
    assert (results.failed, len(results.failures)) == (max(entries, top), 1)
    if top:
        assert results.failures[0].code == "inferenceError"
