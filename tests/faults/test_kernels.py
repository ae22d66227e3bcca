"""Tests of several kernels on one run, or none (rows 8, 23, 32, 61 and 67)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conftest import Scene, carry, error_of, quick, steps
from fake_provider import Act
from patience import HANG_S

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine import submit as create
from hailuo_widgets.engine.rate_limit import RateLimiter
from hailuo_widgets.errors import BudgetExceeded, Cancelled, StoreError
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Begin

    from hailuo_widgets.workspace.run import Run

RENEWS = {"renew_s": 0.3}
PROCESSING = Act(change=lambda d: {**d, "status": "Processing"})


@pytest.fixture
def elsewhere(begin: Begin) -> Iterator[tuple[Scene, Session]]:
    """A scene, and a session of another kernel on the same store: to the leases two sessions are that, too."""
    scene = begin(timing=RENEWS)
    other = Session(
        home=scene.session.settings.home,
        mode="live",
        poll_interval=0.05,
        notice=scene.told.append,
        runtime=quick(**RENEWS),
    )
    yield scene, other
    other.close()


def when(run: Run, status: str, do: Any) -> None:
    """Do something once, in the moment in which a run is known to be in this status."""
    done: list[None] = []

    def heard(record: Any) -> None:
        if record.status == status and not done:
            done.append(None)
            do()

    run.subscribe(heard)


def test_a_run_that_is_followed_is_not_taken(elsewhere: tuple[Scene, Session]) -> None:
    """67: a second session of one process takes nothing that the first still follows, and all that it has left."""
    scene, other = elsewhere
    run = scene.session.generate("a fox", model="02")
    taken: list[Run] = []
    when(run, "queued", lambda: taken.extend(other.resume()))
    assert (run.wait(HANG_S).status, taken) == ("succeeded", [])

    scene.fake_provider.always("query", PROCESSING)
    left = scene.session.generate("a wolf", model="02")
    carry(left, lambda: left.status == "running")
    assert other.resume() == []
    scene.session.close()
    scene.fake_provider.always("query", None)
    assert [r.id for r in other.resume()] == [left.id]
    assert other.run(left.id).wait(HANG_S).status == "succeeded"
    assert (scene.charged, scene.fake_provider.twice, scene.parts()) == (2, [], [])


def test_a_run_that_another_kernel_is_sending_is_cancelled_by_that_one(
    elsewhere: tuple[Scene, Session],
) -> None:
    """67: the wish stands in the log; who sends the create waits for its answer, writes it, and follows no further."""
    scene, other = elsewhere
    scene.on("create", Act(wait_s=0.5)).fake_provider.always("query", PROCESSING)
    run = scene.session.generate("a fox", model="02")
    when(run, "submitting", lambda: other.run(run.id).cancel())
    with pytest.raises(Cancelled, match="may still finish and bill it"):
        run.wait(HANG_S)
    (charge,) = scene.fake_provider.charges
    assert (run.status, run.task_id, scene.sent) == ("cancelled", charge.task_id, 1)
    told = steps(run)
    assert told.index("cancel_requested") < told.index("create_accepted")
    scene.fake_provider.always("query", None)
    assert other.run(run.id).retry().wait(HANG_S).status == "succeeded"  # the wish is over with that
    assert (scene.sent, scene.charged) == (1, 1)


def test_a_wish_to_cancel_holds_for_a_create_that_was_refused(
    elsewhere: tuple[Scene, Session],
) -> None:
    """67: a create that was refused for its rate after the wish is not sent again."""
    scene, other = elsewhere
    scene.on("create", Act(take=False, wait_s=0.5, status=429, body=b"{}"))
    run = scene.session.generate("a fox", model="02")
    when(run, "submitting", lambda: other.run(run.id).cancel())
    with pytest.raises(Cancelled, match="nothing was billed"):
        run.wait(HANG_S)
    assert (run.status, scene.sent, scene.charged) == ("cancelled", 1, 0)


def test_a_run_that_another_kernel_has_cancelled_ends_here(
    elsewhere: tuple[Scene, Session],
) -> None:
    """67: who follows it stops within one renewal of its leases, and who waits for it there is told."""
    scene, other = elsewhere
    scene.fake_provider.always("query", PROCESSING)
    run = scene.session.generate("a fox", model="02")
    when(run, "queued", lambda: other.run(run.id).cancel())
    with pytest.raises(Cancelled):
        run.wait(HANG_S)
    polls = len(scene.fake_provider.of("query"))
    fox, on_its_way = run.task_id, 1  # a poll that was sent before the end may still arrive
    assert (run.status, other.run(run.id).status) == ("cancelled", "cancelled")
    assert not scene.session.engine.runs.follows(run.id)
    scene.fake_provider.always("query", None)
    scene.fake_provider.polls = 6
    scene.run("a wolf")
    later = [call.query["task_id"] for call in scene.fake_provider.of("query")[polls:]]
    assert (later.count(fox) <= on_its_way, len(later) - later.count(fox)) == (True, 6)


@pytest.mark.parametrize("status", ["running", "downloading", "succeeded"])
def test_a_step_that_cannot_be_written_for_a_moment_ends_nothing(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """61: what is paid for is followed on; the trouble is shown while it lasts, and nothing has to be resumed."""
    scene = begin().on("query", *[PROCESSING] * 5)
    advance, failures, shown = RunLog.advance, [StoreError("the store is locked")] * 3, []

    def failing(log: RunLog, *args: Any, **changes: Any) -> Any:
        if changes.get("status") == status and failures:
            raise failures.pop()
        return advance(log, *args, **changes)

    monkeypatch.setattr(RunLog, "advance", failing)
    run = scene.session.generate("a fox", model="02")
    run.subscribe(lambda r: shown.append((r.error or {}).get("message")))
    assert run.wait(HANG_S).status == "succeeded"
    assert (run.error, scene.sent, scene.charged, failures, scene.parts()) == (None, 1, 1, [], [])
    assert "the store is locked" in shown


def test_what_was_never_sent_is_said(elsewhere: tuple[Scene, Session]) -> None:
    """8: runs that a kernel planned and did not come to send stay planned, cost nothing, and are not left unsaid."""
    scene, other = elsewhere
    run = scene.session.generate("a fox", model="02")
    assert other.resume() == []
    assert not [line for line in scene.told if "never sent" in line]  # the first kernel lives, and will send it
    scene.session.close()
    assert other.resume() == []
    (line,) = [line for line in scene.told if "never sent" in line]
    assert "1 planned run was never sent, and cost nothing: run its cell again" in line
    assert (other.run(run.id).status, scene.sent) == ("planned", 0)


def test_another_paid_try_is_held_against_the_budget(begin: Begin) -> None:
    """32: what may have been charged counts; resubmit() past the session's budget sends nothing, and says why."""
    scene = begin(budget=0.5).on("create", Act(raw=b"", end="reset"))
    run = scene.run()
    assert run.status == "unconfirmed"
    again = run.resubmit()
    scene.session.wait([again.id], HANG_S)
    assert isinstance(error_of(again), BudgetExceeded)
    assert "session's budget of 0.5" in str(error_of(again))
    assert (again.status, scene.sent, scene.charged) == ("skipped", 1, 1)


def test_who_waits_for_a_place_uses_up_no_requests(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """23: the minute's requests are for the polls of the runs that hold the places, not for asking again and again."""
    scene = begin(max_parallel=1)
    scene.fake_provider.always("query", PROCESSING)
    held = scene.session.generate("a fox", model="02")
    carry(held, lambda: held.status == "running")
    turns: list[None] = []
    asked: list[None] = []
    has_place = create.has_place

    async def place(*args: Any) -> bool:
        asked.append(None)
        return await has_place(*args)

    async def counted(_: RateLimiter) -> None:
        turns.append(None)

    monkeypatch.setattr(RateLimiter, "turn", counted)
    other = Session(
        home=scene.session.settings.home,
        mode="live",
        max_parallel=1,
        notice=scene.told.append,
        runtime=quick(place_s=0.05),
    )
    monkeypatch.setattr(create, "has_place", place)
    carry(other.generate("a wolf", model="02"), lambda: len(asked) >= 5)
    assert (turns, scene.sent) == ([], 1)
    other.close()
