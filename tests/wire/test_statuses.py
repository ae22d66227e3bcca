"""Tests of status words: documented, self-explanatory, and unknown ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import HttpReply, Poll, Provider, Task
from hailuo_widgets.provider.minimax import MiniMax
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINK = "https://clips.example/fox.mp4"
OK = {"status_code": 0, "status_msg": "success"}


def _minimax(word: object) -> Any:
    return {"task_id": "7", "status": word, "file_id": "9", "video_url": LINK, "base_resp": OK}


def _envelope(word: object) -> Any:
    return {"code": "success", "data": {"task_id": "7", "status": word, "result_url": LINK}}


def _kie(word: object) -> Any:
    return {"code": 0, "message": "success", "data": {"taskId": "7", "status": word, "videoUrl": LINK}}


def _jobs(word: object) -> Any:
    return {"code": 200, "data": {"taskId": "7", "state": word, "resultJson": json.dumps({"resultUrls": [LINK]})}}


def _runware(word: object) -> Any:
    item = {"taskType": "videoInference", "taskUUID": "7", "status": word}
    return {"data": [item | {"videoUUID": "v", "videoURL": LINK}]}


def _v2(word: object) -> Any:
    return {"task": {"id": "7", "status": word, "content": {"url": LINK}}}


def _requests(word: object) -> Any:
    return {"request_id": "7", "status": word, "output": {"media_url": [LINK]}}


SHAPES: dict[str, tuple[str, Callable[[object], Any]]] = {
    "minimax": ("minimax", _minimax),
    "minimax, channel v2": ("minimax", _v2),
    "kkiai": ("kkiai", _envelope),
    "kkiai, passed through": ("kkiai", _minimax),
    "kie": ("kie", _kie),
    "kie jobs": ("kie", _jobs),
    "pixazo": ("pixazo", _minimax),
    "pixazo, channel requests": ("pixazo", _requests),
    "runware": ("runware", _runware),
}
OPEN: dict[str, Provider] = {
    name: open_provider(name, Settings.resolve({}, environ={})) for name in {row[0] for row in SHAPES.values()}
}


def documented_by(label: str) -> Mapping[str, str]:
    """The documented words."""
    provider = OPEN[SHAPES[label][0]]
    return provider.v2.states if label.endswith("v2") and isinstance(provider, MiniMax) else provider.states


def polled(label: str, word: object) -> Poll:
    """What a provider makes of an answer with this word."""
    name, shape = SHAPES[label]
    body = json.dumps(shape(word)).encode()
    reply = HttpReply(status=200, headers={"content-type": "application/json"}, body=body)
    channel = "jobs" if "jobs" in label else label.partition("channel ")[2]
    return OPEN[name].decode_query(reply, Task(task_id="7", channel=channel))


DONE = ("success", "SUCCEEDED", "Completed", "done", "finished", "TASK_STATUS_SUCCEED", "task completed")
FAILED = (
    "fail",
    "FAILED",
    "Failure",
    "error",
    "CANCELLED",
    "canceled",
    "expired",
    "task_expired",
    "aborted",
    "rejected",
    "JOB_STATE_FAILED",
    "generation failed",
    "moderation_failed",
    "failed: no GPU",
)
UNDER_WAY = ("processing", "IN_PROGRESS", "in progress", "running", "Queued", "pending", "waiting")
NOBODY_KNOWS = ("Archiving", "paused", "NOT_FAILED", "partially_failed", "unknown", "successor", "排队", "?", "on hold")
# What goes on, or may: a cancel that is asked for, a worker that will be replaced, a try that is not the last.
NO_END = (
    *("canceling", "Cancelling", "failing", "FAILING", "aborting", "rejecting", "expiring", "terminating", "erroring"),
    *("blocked", "killed", "timeout", "timed_out", "Timed out", "TASK_STATUS_TIMEOUT", "crashed", "moderated"),
    *("cancel", "abort", "cancel_requested", "TASK_CANCELLING", "isFailing", "failed_retrying", "failed, retrying"),
    *("error: will be tried again", "failed (attempt 1 of 3)", "callback_failed", "webhook_failed", "attempt_failed"),
    *("preview_expired", "upload failed", "banned"),
)


@pytest.mark.parametrize("label", SHAPES)
@pytest.mark.parametrize("word", [*DONE, "taskCompleted"])
def test_words_that_say_it_is_there(label: str, word: str) -> None:
    """However a provider writes it, a finished clip is a finished clip."""
    assert polled(label, word).state == "succeeded"


@pytest.mark.parametrize("label", SHAPES)
@pytest.mark.parametrize("word", [*FAILED, "taskExpired"])
def test_words_that_say_it_has_failed(label: str, word: str) -> None:
    """A task that has ended is not asked for until the time-out; an undocumented word stands in the error."""
    poll = polled(label, word)
    assert poll.state == "failed"
    if word.casefold() not in documented_by(label):
        assert poll.word == word
        assert word in str(poll.error)


@pytest.mark.parametrize("label", SHAPES)
@pytest.mark.parametrize("word", UNDER_WAY)
def test_words_that_say_it_is_under_way(label: str, word: str) -> None:
    """Read by what they say, and told where no document of the provider has them."""
    poll = polled(label, word)
    documented = word.casefold() in documented_by(label)
    assert poll.state in {"queued", "running"}
    assert poll.word == (None if documented else word)


@pytest.mark.parametrize("label", SHAPES)
@pytest.mark.parametrize("word", [*NOBODY_KNOWS, *NO_END])
def test_words_that_nobody_knows(label: str, word: str) -> None:
    """They neither end the task nor are they swallowed, though a link stands beside them."""
    poll = polled(label, word)
    assert (poll.state, poll.word) == ("queued", word)
    assert word in str(poll.warning)


@pytest.mark.parametrize("label", SHAPES)
@given(word=st.sampled_from([*DONE, *FAILED, *UNDER_WAY]), flips=st.lists(st.booleans(), min_size=20, max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_case(label: str, word: str, flips: list[bool]) -> None:
    """The case of a word says nothing."""
    written = "".join(c.upper() if up else c.lower() for c, up in zip(word.ljust(20), flips, strict=True)).strip()
    assert polled(label, written).state == polled(label, word).state


@pytest.mark.parametrize("label", SHAPES)
@given(word=st.text(max_size=100))
@settings(max_examples=60, deadline=None)
def test_any_word(label: str, word: str) -> None:
    """Whatever stands there, there is a state, or an answer that tells nothing; and what is told can be stored."""
    try:
        poll = polled(label, word)
    except ProviderError:
        return
    assert poll.state in {"queued", "running", "succeeded", "failed"}
    if poll.word is not None:
        poll.word.encode()
        assert len(poll.word) <= 80
