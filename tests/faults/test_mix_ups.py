"""Tests of replies about another task: no other clip is shown, and no paid run fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conftest import steps
from fake_provider import Act

if TYPE_CHECKING:
    from conftest import Begin


def about(**named: Any) -> Act:
    """The good answer, about something else."""
    return Act(change=lambda good: good | named)


FAIL = {"status": "Fail", "base_resp": {"status_code": 1027, "status_msg": "sensitive"}}
GONE = {"base_resp": {"status_code": 2013, "status_msg": "task not found"}}
CLIP = ["/clips/176844028768320.mp4"]


@pytest.mark.parametrize(
    "answer",
    [about(task_id="999", status="Success", file_id="4711"), about(task_id="999", **FAIL), about(task_id="9", **GONE)],
    ids=["a clip", "a failure", "a denial"],
)
def test_an_answer_about_another_task_is_a_missed_poll(begin: Begin, answer: Act) -> None:
    """The log has a line for it, and our own clip is brought."""
    scene = begin().on("query", *[answer] * 4)
    run = scene.run()
    assert (run.status, run.error, scene.charged) == ("succeeded", None, 1)
    assert [call.path for call in scene.fake_provider.of("download")] == CLIP
    assert steps(run).count("answer_of_other_task") == 1


def test_a_link_to_another_file_is_asked_for_again(begin: Begin) -> None:
    """A stranger's file is never fetched."""
    file = {"file_id": 4711, "download_url": "https://clips.example/strangers.mp4"}
    wrong = Act(change=lambda good: good | {"file": file})
    scene = begin().on("retrieve", wrong, wrong)
    run = scene.run()
    assert (run.status, run.error) == ("succeeded", None)
    assert len(scene.fake_provider.of("retrieve")) == 3
    assert [call.path for call in scene.fake_provider.of("download")] == CLIP


def test_a_creates_answer_about_another_task(begin: Begin) -> None:
    """Where the id is ours to choose, the answer has to name it; what became of ours is asked for by it."""
    other = {"data": [{"taskType": "videoInference", "taskUUID": "8f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"}]}
    scene = begin(provider="runware").on("create", Act(change=lambda _: other))
    run = scene.run(model=None)
    assert (run.status, scene.sent, scene.charged) == ("succeeded", 1, 1)
    assert run.task_id == scene.fake_provider.charges[0].task_id
