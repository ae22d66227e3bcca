"""Tests of MiniMax's second video API against the simulator: files, cancel, list, regeneration, balance, errors.

Both sides have read MiniMax's pages on their own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from media_files import clip, sound

from hailuo_widgets.domain.request import Source
from hailuo_widgets.errors import HailuoError, ProviderError, TaskLost
from hailuo_widgets.provider import CancelOutcome, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Connect, Line

H3 = {"model": "h3"}
PICTURE = "https://pictures.example/fox.png"


def line_of(connect: Connect, **switches: Any) -> Line:
    """A line to MiniMax."""
    return connect("minimax", **switches)


def client(line: Line, request: Any) -> Any:
    """The client that a run of a request has."""
    return line._runner.run(line._fake_provider(request))


def called(line: Line, request: Any, call: Any) -> Any:
    """The reply to one call of the provider."""
    return line._runner.run(client(line, request)._send(call))


def task(task_id: str) -> Task:
    """A task of V2."""
    return Task(task_id=task_id, channel="v2")


def test_local_files_are_uploaded(connect: Connect, picture: Callable[[int, int], bytes]) -> None:
    """A picture, a sound and a clip of this machine go up first, and the create call names them by their IDs."""
    line = line_of(connect)
    request = line.request(**H3, references=[picture(400, 600), sound(3.0), clip(2.0, size=(320, 320)), PICTURE])
    accepted = line.create(request)
    urls = [item[item["type"]]["url"] for item in line.sent["body"]["content"][1:]]
    assert [url.partition("://")[0] for url in urls] == ["mm_file", "mm_file", "mm_file", "https"]
    assert line.query(request, accepted.task_id).state == "succeeded"
    assert line.charged == 1


def test_a_local_first_frame_gives_the_shape(connect: Connect, picture: Callable[[int, int], bytes]) -> None:
    """It is carried as a data URL, and the clip is upright."""
    line = line_of(connect)
    accepted = line.create(line.request(**H3, first_frame=picture(400, 600)))
    (made,) = line.simulator.world.tasks.find(task_id=accepted.task_id)
    assert made.clip["width"] < made.clip["height"]


def test_upscale(connect: Connect) -> None:
    """A finished clip of 768P is made again at 2K, as a task of its own; one that is unknown is refused, unbilled."""
    line = line_of(connect)
    request = line.request(**H3)
    first = line.create(request).task_id
    assert line.query(request, first).state == "succeeded"
    larger = replace(request, source=Source(run_id="r", task_id=first), resolution="2K")
    second = line.create(larger).task_id
    assert second != first
    assert line.query(larger, second).state == "succeeded"
    assert line.charged == 2
    with pytest.raises(ProviderError) as caught:
        line.create(replace(larger, source=Source(run_id="r", task_id="401047179385389059")))
    assert (caught.value.accepted, line.charged) == (False, 2)


def test_a_queued_task_is_cancelled_for_free(connect: Connect) -> None:
    """The reply says so, and the query afterwards too."""
    line = line_of(connect, latency=600.0)
    request = line.request(**H3)
    task_id = line.create(request).task_id
    assert line.query(request, task_id).state == "queued"
    found = line._runner.run(client(line, request).cancel(task(task_id)))
    assert found.outcome == CancelOutcome.FREE
    poll = line.query(request, task_id)
    assert (poll.state, poll.cancelled) == ("failed", True)
    again = line._runner.run(client(line, request).cancel(task(task_id)))
    assert again.outcome == CancelOutcome.TOO_LATE


def test_a_finished_task_is_deleted(connect: Connect) -> None:
    """That is why the call is sent to a queued task alone: the reply never reads as free, and the clip is gone."""
    line = line_of(connect)
    request = line.request(**H3)
    task_id = line.create(request).task_id
    assert line.query(request, task_id).state == "succeeded"
    found = line._runner.run(client(line, request).cancel(task(task_id)))
    assert found.outcome in {CancelOutcome.BILLED, CancelOutcome.UNKNOWN}
    assert "its record is deleted" in str(found.said)
    with pytest.raises(TaskLost):
        line.query(request, task_id)


def test_an_unknown_task_cannot_be_cancelled(connect: Connect) -> None:
    """It is lost, which is no answer about money."""
    line = line_of(connect)
    request = line.request(**H3)
    with pytest.raises(TaskLost):
        line._runner.run(client(line, request).cancel(task("401047179385389059")))


def test_a_lost_create_call_is_in_the_list(connect: Connect) -> None:
    """The answer is lost, the task is made and billed: the list names it, with model, size, length and time."""
    line = line_of(connect)
    request = line.request(**H3, duration=7)
    before = line.create(line.request(**H3)).task_id
    line.create(line.request(model="h3-max"))
    line.create(line.request())  # of V1, which has no list
    line.simulator.fault("drop_after", provider="minimax", phase="create")
    with pytest.raises(HailuoError):
        line.create(request)
    assert line.charged == 4
    call = line.provider.encode_list(request, 1)
    found = line.provider.decode_list(called(line, request, call))
    assert {one.model for one in found.tasks} == {"MiniMax-H3"}
    assert len(found.tasks) == 2
    assert not found.more
    (lost,) = [one for one in found.tasks if one.task_id != before]
    assert (lost.resolution, lost.duration) == ("768P", 7)
    assert lost.created_at is not None
    assert line.query(request, lost.task_id).state == "succeeded"


def test_the_list_has_pages(connect: Connect) -> None:
    """All tasks are found, each once."""
    line = line_of(connect)
    request = line.request(**H3)
    made = {line.create(request).task_id for _ in range(23)}
    found: list[str] = []
    for page in (1, 2):
        reply = called(line, request, line.provider.encode_list(request, page))
        candidates = line.provider.decode_list(reply)
        found += [one.task_id for one in candidates.tasks]
        assert candidates.more == (page == 1)
    assert (len(found), set(found)) == (23, made)
    times = [one.created_at for one in candidates.tasks if one.created_at is not None]
    assert max(times) - min(times) < timedelta(minutes=10)


def test_balance(connect: Connect) -> None:
    """A pay-as-you-go key has sums, any other a plan; the call that is not the key's own names no balance."""
    for key, kind in (("sk-api-CANARY-contract", "amounts"), ("sk-CANARY-contract", "plan")):
        line = connect("minimax", key=key)
        request = line.request(**H3)
        found = []
        for call in line.provider.encode_balance():
            try:
                found.append(line.provider.decode_balance(called(line, request, call)))
            except ProviderError:
                continue
        assert any(getattr(balance, kind) for balance in found), key


@pytest.mark.parametrize(
    ("code", "kind", "accepted"),
    [
        (1000, "ProviderError", None),
        (1002, "RateLimited", False),
        (1004, "AuthError", False),
        (1008, "InsufficientCredits", False),
        (1026, "Moderated", False),
        (2013, "InvalidRequest", False),
        (2049, "AuthError", False),
        (2056, "InsufficientCredits", False),
    ],
)
def test_a_code_at_create(connect: Connect, code: int, kind: str, accepted: bool | None) -> None:  # noqa: FBT001 - pytest names it
    """V2's format of each number: the same meaning, and nothing billed."""
    line = line_of(connect)
    line.simulator.fault("code", provider="minimax", phase="create", code=code, message="in its own words")
    with pytest.raises(ProviderError) as caught:
        line.create(line.request(**H3))
    error = caught.value
    assert (type(error).__name__, error.accepted, error.code) == (kind, accepted, str(code))
    assert line.charged == 0


def test_a_code_at_a_query(connect: Connect) -> None:
    """A refused query says nothing of the task, which is found afterwards; an unknown ID is told as lost."""
    line = line_of(connect)
    request = line.request(**H3)
    task_id = line.create(request).task_id
    for code, kind in ((1002, "RateLimited"), (1004, "AuthError"), (1000, "ProviderError")):
        line.simulator.fault("code", provider="minimax", phase="query", code=code, message="so it is")
        with pytest.raises(ProviderError) as caught:
            line.query(request, task_id)
        assert type(caught.value).__name__ == kind
    assert line.query(request, task_id).state == "succeeded"
    with pytest.raises(TaskLost):
        line.query(request, "401047179385389059")


def test_a_failed_task(connect: Connect) -> None:
    """Its error's code is text, and means what it means elsewhere."""
    line = line_of(connect)
    line.simulator.fault("fail", provider="minimax", phase="create", code=1027, message="sensitive")
    request = line.request(**H3)
    poll = line.query(request, line.create(request).task_id)
    assert (poll.state, type(poll.error).__name__) == ("failed", "Moderated")


def test_the_versions_know_their_own_tasks_alone(connect: Connect) -> None:
    """A task of V1 is asked for at V1 and one of V2 at V2, in one session."""
    line = line_of(connect)
    older, newer = line.request(), line.request(**H3)
    for request, task_id in [(one, line.create(one).task_id) for one in (older, newer)]:
        assert line.query(request, task_id).state == "succeeded"
