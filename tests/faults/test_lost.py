"""Tests of lost tasks (row 39): a router's 404 is not the task's, and a lost run can be resumed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import error_of, steps
from fake_provider import Act

from hailuo_widgets.errors import InvalidRequest, TaskLost

if TYPE_CHECKING:
    from conftest import Begin, Scene

    from hailuo_widgets.workspace.run import Run

UNKNOWN = Act(change=lambda _: {"base_resp": {"status_code": 2013, "status_msg": "task not found"}})
PATH = "/v1/query/video_generation"


def json_404(body: Any) -> Act:
    """An answer of a router."""
    return Act(status=404, body=json.dumps(body).encode())


ROUTERS = {
    "new-api": {"error": {"message": f"Invalid URL (GET {PATH})", "type": "invalid_request_error", "code": ""}},
    "pixazo": {"error": "Endpoint not found"},
    "spring": {"timestamp": "2026-11-28T10:00:00Z", "status": 404, "error": "Not Found", "path": PATH},
    "azure": {"statusCode": 404, "message": "Resource not found"},
    "words of no document": {"message": "nothing here"},
}


SOON = {"settling_s": 0.1}  # what may be unknown for a minute may be so for a moment here


@pytest.mark.parametrize("what", ROUTERS)
def test_a_routers_404_ends_no_paid_run(begin: Begin, what: str) -> None:
    """However often it comes, and however long the task has been there: it is asked on, and the clip is brought."""
    scene = begin(timing=SOON).on("query", *[json_404(ROUTERS[what])] * 12)
    run = scene.run()
    assert (run.status, run.error, scene.sent, scene.charged) == ("succeeded", None, 1, 1)
    assert steps(run).count("poll_failed") == 1


def test_an_unknown_address_is_shown_while_the_task_is_asked_for(begin: Begin) -> None:
    """The card of a run that is followed says what stands in its way, and no longer when an answer has come."""
    seen: list[tuple[str, str]] = []
    scene = begin().on("query", *[json_404(ROUTERS["new-api"])] * 2)
    run = scene.session.generate("a fox", model="02")
    run.subscribe(lambda record: seen.append((record.status, str(record.error))))
    run.wait(30)
    shown = [said for status, said in seen if status == "queued" and "MINIMAX_BASE_URL" in said]
    assert shown
    assert "Invalid URL" in shown[0]
    assert seen[-1] == ("succeeded", "None")


def test_a_run_whose_address_stays_unknown_is_left_with_the_hint(begin: Begin) -> None:
    """The time-out says what to check, and that the run is paid and not lost."""
    scene = begin(timeout=0.5)
    scene.fake_provider.always("query", json_404(ROUTERS["spring"]))
    run = scene.run()
    assert run.record.unfinished
    text = str(error_of(run))
    assert "it is paid, and not lost" in text
    assert "MINIMAX_BASE_URL" in text


def test_a_create_at_an_unknown_address_ends_the_sweep_at_once(begin: Begin) -> None:
    """One call: the others would meet the same router."""
    scene = begin()
    scene.fake_provider.always("create", Act(take=False, status=404, body=json.dumps(ROUTERS["new-api"]).encode()))
    sweep = scene.session.sweep(["a red fox", "a blue fox", "a green fox"], model="02", max_parallel=1)
    scene.session.wait([run.id for run in sweep], 30)
    assert sorted(run.status for run in sweep) == ["failed", "skipped", "skipped"]
    (error,) = [error_of(run) for run in sweep if run.status == "failed"]
    assert isinstance(error, InvalidRequest)
    assert "MINIMAX_BASE_URL" in str(error)
    assert (scene.sent, scene.charged) == (1, 0)


def test_unknown_counts_in_a_row(begin: Begin) -> None:
    """A provider that denies the task twice, then says anything else, and so on, has not lost it."""
    busy = Act(status=503, body=b"{}")
    going = Act(change=lambda d: {"task_id": d["task_id"], "status": "Processing", "base_resp": d["base_resp"]})
    scene = begin(timing=SOON).on("query", *[UNKNOWN, UNKNOWN, busy, UNKNOWN, UNKNOWN, going, UNKNOWN, UNKNOWN, busy])
    run = scene.run()
    assert (run.status, scene.charged) == ("succeeded", 1)


def lost(begin: Begin) -> tuple[Scene, Run]:
    """A run that ended as lost, whose provider knows it again."""
    scene = begin(timing=SOON)
    scene.fake_provider.always("query", UNKNOWN)
    run = scene.run()
    assert run.status == "lost"
    assert isinstance(run.error, TaskLost)
    assert "retry" in str(run.error)
    scene.fake_provider.always("query", None)
    return scene, run


def retry(scene: Scene, run: Run) -> None:
    """``run.retry()``."""
    assert run.retry() is run
    del scene


def adopt(scene: Scene, run: Run) -> None:
    """``run.adopt(task_id)``."""
    assert run.task_id is not None
    assert run.adopt(run.task_id) is run
    del scene


def resume(scene: Scene, run: Run) -> None:
    """``hw.resume()``."""
    assert [taken.id for taken in scene.session.resume()] == [run.id]


@pytest.mark.parametrize("way", [retry, adopt, resume], ids=lambda way: way.__name__)
def test_a_lost_run_is_asked_for_again(begin: Begin, way: Any) -> None:
    """Each way leads to the clip, for free, and the run costs what it did."""
    scene, run = lost(begin)
    way(scene, run)
    assert run.wait(30).status == "succeeded"
    assert (run.cost, run.error, scene.sent, scene.charged) == (0.28, None, 1, 1)
    assert run.record.finished_at is not None


def test_a_lost_run_can_be_lost_again_and_asked_for_again(begin: Begin) -> None:
    """A denial that goes on is told again; it never ends the right to ask."""
    scene, run = lost(begin)
    for _ in range(2):
        scene.fake_provider.always("query", UNKNOWN)
        run.retry()
        scene.session.wait([run.id], 30)
        assert run.status == "lost"
    scene.fake_provider.always("query", None)
    assert run.retry().wait(30).status == "succeeded"
    assert scene.charged == 1
