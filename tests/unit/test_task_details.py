"""Tests of a task's details: what a provider gives is kept if it is small and plain, and never costs the task."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.engine.poll import task_of
from hailuo_widgets.engine.rescue_file import adopt_rescued, write_rescue
from hailuo_widgets.engine.task_details import MOST_BYTES, small_details
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
URLS = {"status_url": "https://queue.fal.run/fal-ai/minimax/requests/7/status"}


def run(**fields: Any) -> RunRecord:
    """A run whose create call is on its way."""
    request = Request(prompt="a fox", provider="fal", model="m")
    given: dict[str, Any] = {"status": "submitting", "origin": "https://queue.fal.run", **fields}
    return RunRecord(run_id="r1", created_at=NOW, request=request, request_hash=request.hash, **given)


@pytest.mark.parametrize(
    ("given", "kept", "why"),
    [
        ({}, {}, ""),
        (URLS, URLS, ""),
        ({"a": "b", "n": 7}, {"a": "b"}, "no texts"),
        ({"a": "x" * (MOST_BYTES - 9)}, {"a": "x" * (MOST_BYTES - 9)}, ""),
        ({"a": "x" * MOST_BYTES}, {}, "larger"),
        ({"a": "\U0001f98a" * 400}, {}, "larger"),  # 12 characters of JSON each
        (None, {}, "no texts by name"),
        (7, {}, "no texts by name"),
        (["a"], {}, "no texts by name"),
        ("ab", {}, "no texts by name"),
    ],
)
def test_small_plain_details_are_kept(given: Any, kept: dict[str, str], why: str) -> None:
    """Texts by name of at most 4 KB of JSON; anything else is left out with a reason, and raises nothing."""
    found, said = small_details(given)
    assert (dict(found), bool(said)) == (kept, bool(why))
    assert why in said


def test_the_log_keeps_them(tmp_path: Path) -> None:
    """They are in the run's row, and come back with its task; a run without any has none."""
    log = RunLog(f"sqlite:///{tmp_path / 'log.db'}")
    log.add([run()])
    assert task_of(log.get("r1")).details == {}
    record = log.accept("r1", {}, status="queued", task_id="7", task_details=URLS)
    assert record.task_details == URLS
    assert task_of(log.get("r1")).details == URLS
    log.close()


@pytest.mark.parametrize(
    ("details", "kept"), [(URLS, URLS), ({"a": "x" * MOST_BYTES}, {}), ({}, {})], ids=["urls", "too large", "none"]
)
def test_the_rescue_file_keeps_them(tmp_path: Path, details: dict[str, str], kept: dict[str, str]) -> None:
    """A task that the log could not be told of comes back with its details, as far as they are plausible."""
    log = RunLog(f"sqlite:///{tmp_path / 'log.db'}")
    log.add([run()])
    assert write_rescue(tmp_path / "rescue.jsonl", run(), "7", {"task_details": details}, at=NOW)
    (said,) = adopt_rescued(log, tmp_path)
    assert "has its task id 7 again" in said
    found = log.get("r1")
    assert (found.task_id, found.task_details) == ("7", kept)
    log.close()
