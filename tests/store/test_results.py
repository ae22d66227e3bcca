"""Tests of task results: each is claimed by one run, whichever kernel asks."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = Request(prompt="a fox", provider="runware", model="minimax:3@1")
_number = itertools.count()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunLog]]:
    """Two kernels on one store."""
    url = f"sqlite:///{tmp_path_factory.mktemp('log') / 'runs.sqlite3'}"
    opened = [RunLog(url), RunLog(url)]
    yield opened
    for log in opened:
        log.close()


def planned(log: RunLog, number: int) -> list[RunRecord]:
    """The runs of one task."""
    task = next(_number)
    records = [
        RunRecord(
            run_id=f"r{task:06}{n}",
            created_at=datetime.now(UTC),
            request=REQUEST,
            request_hash=REQUEST.hash,
            status="queued",
            origin="https://provider.example",
            task_id=f"task-{task}",
            result_index=n,
        )
        for n in range(number)
    ]
    log.add(records)
    return records


def failure(n: int) -> dict[str, object]:
    """What one of the task's failures changes in a run."""
    return {"status": "failed", "error": {"kind": "Moderated", "message": f"no {n}"}}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_order_in_any_answers(logs: list[RunLog], data: st.DataObject) -> None:
    """Runs that ask in any order, and answers that name any of the clips: each clip is taken once, none is left."""
    number = data.draw(st.integers(1, 5))
    failing = data.draw(st.integers(0, number))
    names = [f"video-{n}" for n in range(number - failing)]
    failures = [failure(n) for n in range(failing)]
    records = planned(logs[0], number)
    for _ in range(data.draw(st.integers(0, 12))):
        ready = data.draw(st.permutations(names))[: data.draw(st.integers(0, len(names)))]
        said = failures[: data.draw(st.integers(0, failing))]
        log, who = data.draw(st.sampled_from(logs)), data.draw(st.sampled_from(records))
        log.take_result(who.run_id, ready, said, pending=number - len(ready) - len(said))
    for record in data.draw(st.permutations(records)):
        logs[1].take_result(record.run_id, names, failures)
    found = logs[0].find(run_ids=[r.run_id for r in records])
    assert sorted(r.file_id for r in found if r.file_id) == names
    assert [r.status for r in found].count("failed") == failing
    assert all((r.file_id is None) == (r.status == "failed") for r in found)


def test_what_a_run_has_it_keeps(logs: list[RunLog]) -> None:
    """A claim holds though an answer leaves the clip out, and no other run takes it; one task is not another."""
    first, second = planned(logs[0], 2)
    assert logs[0].take_result(first.run_id, ["b", "a"])[1].file_id == "b"
    assert logs[1].take_result(first.run_id, ["a"])[1].file_id is None
    assert logs[1].take_result(second.run_id, ["b"])[1].file_id is None
    assert logs[1].take_result(second.run_id, ["b", "a"])[1].file_id == "a"
    assert logs[0].take_result(first.run_id, ["a", "b"])[1].file_id == "b"
    (other,) = planned(logs[0], 1)
    assert logs[0].take_result(other.run_id, ["a"])[1].file_id == "a"


def test_a_clip_that_could_not_be_brought_is_no_failure_of_the_task(logs: list[RunLog]) -> None:
    """Its run has its result; the task's one error is another run's."""
    first, second = planned(logs[0], 2)
    logs[0].take_result(first.run_id, ["a"])
    undelivered = {"kind": "DownloadError", "message": "no"}
    logs[0].change(first.run_id, "downloading", status="downloading")
    logs[0].change(first.run_id, "failed", status="failed", error=undelivered)
    record, _ = logs[1].take_result(second.run_id, ["a"], [failure(0)])
    assert record.status == "failed"
