"""Tests that the provider charges what the plan announced, whatever log and archive contain."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fake_provider import Act

from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import UNFINISHED, RunRecord
from hailuo_widgets.engine import run_task as carry
from hailuo_widgets.engine.equal_runs import stands_for
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.system.process import Owner, this_process
from hailuo_widgets.workspace.cell import begin_cell, plan_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Begin, Scene

LINE = "--provider minimax --model 02"


def nothing(_scene: Scene) -> None:
    """No run before."""


def a_clip(scene: Scene) -> None:
    """An equal run's clip is in the archive."""
    assert scene.run("a fox").status == "succeeded"


def two_clips(scene: Scene) -> None:
    """Both replicates' clips are in the archive."""
    scene.session.wait([r.id for r in scene.session.sweep("a fox", model="02", repeat=2)], 60)


def the_file_is_gone(scene: Scene) -> None:
    """The log says that there is a clip, and its file is not there."""
    run = scene.run("a fox")
    assert run.video is not None
    run.video.unlink()


def the_file_is_another(scene: Scene) -> None:
    """The clip's file was changed."""
    run = scene.run("a fox")
    assert run.video is not None
    run.video.write_bytes(run.video.read_bytes()[:-1] + b"?")


def the_newest_file_is_gone(scene: Scene) -> None:
    """Two equal runs were paid for; the newer one's file is gone, and the older one's is there."""
    scene.run("a fox")
    newer = scene.run("a fox", reuse=False)
    assert newer.video is not None
    newer.video.unlink()


def unconfirmed(scene: Scene) -> None:
    """An equal run may have been charged."""
    scene.on("create", Act(body=b"", end="reset"))
    assert scene.run("a fox").status == "unconfirmed"


def failed(scene: Scene) -> None:
    """An equal run was refused."""
    scene.on("create", Act(take=False, change=lambda _: {"base_resp": {"status_code": 1026, "status_msg": "no"}}))
    assert scene.run("a fox").status == "failed"


CASES: list[tuple[Callable[[Scene], None], str, str, int]] = [
    (nothing, "", "a fox", 1),
    (a_clip, "", "a fox", 0),
    (a_clip, "--fresh", "a fox", 1),
    (a_clip, "--repeat 2", "a fox", 1),
    (two_clips, "--repeat 2", "a fox", 0),
    (two_clips, "--repeat 3", "a fox", 1),
    (the_newest_file_is_gone, "", "a fox", 0),
    (unconfirmed, "", "a fox", 0),
    (unconfirmed, "--repeat 2", "a fox", 1),
    (failed, "", "a fox", 1),
    (nothing, "", "a fox\n---\na fox", 1),
    (nothing, "--fresh", "a fox\n---\na fox", 2),
    (a_clip, "", "a fox\n---\na fox\n---\na wolf", 1),
    (unconfirmed, "", "a fox\n---\na fox", 0),
]


@pytest.mark.parametrize(("before", "options", "body", "paid"), CASES)
def test_what_is_said_is_what_is_paid(
    begin: Begin, before: Callable[[Scene], None], options: str, body: str, paid: int
) -> None:
    """The panel, the estimate, the ask and the budget have one figure, and it is what is charged.

    The plan took the newest equal run of the log for a clip, and looked at neither its file nor runs in progress nor
    the plan's own equal runs; a cell of replicates was not looked up at all.
    """
    scene = begin()
    before(scene)
    line = parse_line(f"{LINE} {options}")
    plan = plan_cell(scene.session, line, body, {}, ask_log=True)
    parts = plan.parts()
    assert (parts.sends, plan.cost) == (str(paid), {"USD": paid * 280_000} if paid else {})
    assert f"{paid} to send" in plan.sentence()
    charged = scene.charged
    sweep = begin_cell(scene.session, line, plan_cell(scene.session, line, body, {}, ask_log=False))
    scene.session.wait([r.id for r in sweep], 60)
    assert scene.charged - charged == paid
    assert len(sweep) == plan.results


@pytest.mark.parametrize("before", [the_file_is_gone, the_file_is_another])
def test_a_clip_that_may_be_had_again_counts_as_paid_until_it_is_here(
    begin: Begin, before: Callable[[Scene], None]
) -> None:
    """The plan says no less than may be charged, and that the provider may have the clip yet: then it is free."""
    scene = begin()
    before(scene)
    plan = plan_cell(scene.session, parse_line(LINE), "a fox", {}, ask_log=True)
    assert (plan.parts().sends, plan.cost) == ("1", {"USD": 280_000})
    assert any("downloaded again, free" in w.message for w in plan.warnings)
    charged = scene.charged
    assert scene.run("a fox").status == "succeeded"
    assert scene.charged == charged


def test_a_run_in_progress_is_not_planned_again(begin: Begin) -> None:
    """An equal run that is on the way when the plan is made brings the clip for both."""
    scene = begin()
    first = scene.session.generate("a fox", model="02")
    scene.session.log.call(scene.session.log.get, first.id)  # the log has it
    plan = scene.session.plan(["a fox", "a wolf"], model="02")
    assert plan.sentence().startswith("2 runs = 2 prompts; 1 shared with an equal run, 1 to send: $0.28")
    both = scene.session.begin(plan)
    scene.session.wait([first.id, *(r.id for r in both)], 60)
    assert scene.charged == 2


def test_a_cell_of_replicates_is_looked_up(begin: Begin) -> None:
    """The panel of a --repeat cell whose clips are there says that none is sent, also without a dry run."""
    scene = begin()
    line = parse_line(f"{LINE} --repeat 2")
    sweep = begin_cell(scene.session, line, plan_cell(scene.session, line, "a fox", {}, ask_log=False))
    scene.session.wait([r.id for r in sweep], 60)
    told = plan_cell(scene.session, line, "a fox", {}, ask_log=False).sentence()
    assert told == "2 runs = 2 replicates; 2 there already, 0 to send"


def test_a_clip_that_is_there_costs_no_budget(begin: Begin) -> None:
    """One call whose clip is in the archive passes any budget, and any ask: it is free."""
    scene = begin(ask_above_cost=0.1)
    scene.session.wait([scene.session.generate("a fox", model="02", yes=True).id], 60)
    again: dict[str, Any] = {"model": "02", "budget": 0.01}
    run = scene.session.generate("a fox", **again)
    scene.session.wait([run.id], 60)
    assert (run.status, run.cost, scene.charged) == ("succeeded", 0.0, 1)


def refused(scene: Scene) -> None:
    """The create call is refused."""
    scene.on("create", Act(take=False, change=lambda _: {"base_resp": {"status_code": 1026, "status_msg": "no"}}))


def charged_and_failed(scene: Scene) -> None:
    """The task is charged, and the generation fails."""
    scene.on("query", Act(change=lambda _: {"status": "Fail", "base_resp": {"status_code": 1027, "status_msg": "no"}}))


@pytest.mark.parametrize(("fault", "charged"), [(refused, 0), (charged_and_failed, 1)])
def test_what_was_said_to_be_shared_is_never_sent(begin: Begin, fault: Callable[[Scene], None], charged: int) -> None:
    """Where the equal run brings no clip, the one that was to have it is not paid for unasked: it says so, and ends."""
    scene = begin()
    fault(scene)
    plan = scene.session.plan(["a fox", "a fox"], model="02")
    assert plan.parts().sends == "1"
    first, second = scene.session.begin(plan)
    scene.session.wait([first.id, second.id], 60)
    assert (first.status, second.status) == ("failed", "skipped")
    assert (scene.sent, scene.charged) == (1, charged)
    assert first.id in str(second.error)
    assert "the plan says what sending it costs" in str(second.error)
    assert scene.run("a fox").status == "succeeded"  # asked for by itself, it is sent


def test_a_run_that_a_dead_kernel_planned_is_said_to_be_sent(begin: Begin) -> None:
    """Nobody will send it any more: a plan counts an equal run as one to send, and it is sent without a wait."""
    scene = begin()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    plan = scene.session.plan("a fox", model="02")
    (left,) = scene.session._records(plan.runs[0], "s1", 0, ())
    scene.session.log.call(
        scene.session.log.add, [left], Owner(machine=this_process().machine, pid=dead.pid, began="1").name("0")
    )
    assert scene.session.plan("a fox", model="02").parts().sends == "1"
    run = scene.run("a fox")
    assert (run.status, scene.charged) == ("succeeded", 1)
    assert "equal_run_in_progress" not in [e["what"] for e in run.events]


def refused_to_be_asked_for(scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """The key was refused when the task was asked for."""
    del patch
    scene.on("query", Act(status=401, body=b"{}"))


def met_an_error_of_ours(scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """A step after the create call failed as none should, for as long as a run is waited for."""
    engine = scene.session.engine
    settings = replace(scene.session.settings, timeout=0.1)
    patch.setattr(engine, "context", replace(engine.context, settings=settings))

    async def wrong(*_: Any) -> None:
        raise OverflowError("date value out of range")

    patch.setattr(carry, "bring", wrong)


@pytest.mark.parametrize("what", [refused_to_be_asked_for, met_an_error_of_ours])
def test_a_paid_run_that_was_left_with_an_error_is_taken_up(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, what: Callable[[Scene, pytest.MonkeyPatch], None]
) -> None:
    """An equal run pays for no second clip: the paid one is brought, and serves both."""
    scene = begin()
    with monkeypatch.context() as patch:
        what(scene, patch)
        left = scene.run("a fox")
    assert left.record.unfinished
    assert left.record.task_id is not None
    assert left.error is not None
    parts = scene.session.plan("a fox", model="02").parts()
    assert (parts.shared, parts.sends) == ("1", "0")
    run = scene.run("a fox")
    assert (run.status, run.record.reused_from) == ("succeeded", left.id)
    assert left.status == "succeeded"
    assert (scene.sent, scene.charged) == (1, 1)


def test_a_paid_run_that_cannot_be_followed_holds_an_equal_one(begin: Begin) -> None:
    """What keeps the paid run from its clip is said of the equal one, which ends: it waits for nothing in silence."""
    scene = begin()
    scene.fake_provider.always("query", Act(status=401, body=b"{}"))
    left = scene.run("a fox")
    run = scene.run("a fox")
    assert (run.status, scene.sent, scene.charged) == ("skipped", 1, 1)
    assert f"the equal run {left.id} has a task that may be paid for" in str(run.error)
    assert left.record.error is not None
    assert left.record.error["message"].rstrip(".") in str(run.error)
    scene.fake_provider.always("query", Act())
    again = scene.run("a fox")
    assert (again.status, left.status, scene.charged) == ("succeeded", "succeeded", 1)


@pytest.mark.parametrize("status", sorted(UNFINISHED | {"unconfirmed"}))
@pytest.mark.parametrize("kind", [None, "HailuoError", "AuthError", "StoreError", "TransportError", "Unconfirmed"])
@pytest.mark.parametrize("task_id", [None, "7"])
@pytest.mark.parametrize("followed", [True, False])
def test_no_equal_run_that_may_be_paid_stands_for_nothing(
    *, status: str, kind: str | None, task_id: str | None, followed: bool
) -> None:
    """Whatever the log holds of a run whose create call may have been accepted, an equal run is not sent beside it."""
    request = Request(prompt="a fox", provider="minimax", model="T2V-01")
    error = None if kind is None else {"kind": kind, "message": "m"}
    other = RunRecord(
        run_id="r1",
        created_at=datetime.now(UTC),
        request=request,
        request_hash=request.hash,
        status=status,
        task_id=task_id,
        error=error,
    )
    stands = stands_for(other, followed=followed)
    assert stands == ("held" if status == "unconfirmed" else "shared") or (status == "planned" and stands is None)
