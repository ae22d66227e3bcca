"""Tests of a board's rows: differences, known and unknown costs, and the remaining time."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest

from hailuo_widgets.domain.expected_duration import Expectation
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.widgets.run_rows import MAX_TEXT, left_s, row_of, same, totals, varying

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Still(datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one, as callers expect
        """Always the same."""
        return NOW.astimezone(tz)


def record(run_id: str = "r1", prompt: str = "a fox", **more: Any) -> RunRecord:
    """A run of KIE's."""
    fields = {name: more.pop(name) for name in ("seed", "replicate", "model") if name in more}
    request = Request(**{"provider": "kie", "model": "02", "prompt": prompt, **fields})
    return RunRecord(run_id=run_id, created_at=NOW, request=request, request_hash="h", origin="o", **more)


def test_what_differs() -> None:
    """Only what the runs differ in is a column; a variant's label stands for its prompt."""
    runs = [record(f"r{n}", prompt=p, variant=v, seed=n % 2) for n, (v, p) in enumerate([("a", "x"), ("b", "y")])]
    assert varying(runs) == {"r0": {"variant": "a", "seed": "0"}, "r1": {"variant": "b", "seed": "1"}}
    assert varying([record()]) == {"r1": {}}


def test_long_and_hostile_texts_stay_short() -> None:
    """A row holds the beginning of a long text, on one line."""
    row = row_of(record(prompt="<b>\n" * 500, error={"kind": "X", "message": "y" * 999}, status="failed"), here=True)
    assert max(len(row["prompt"]), len(row["error"])) <= MAX_TEXT
    assert "\n" not in row["prompt"]


def test_what_can_be_done() -> None:
    """A run on its way can be cancelled; one that nobody follows here can be resumed, unless it was never sent."""
    assert row_of(record(status="running"), here=True)["can"] == ["cancel"]
    assert row_of(record(status="running"), here=False)["can"] == ["cancel", "resume"]
    assert row_of(record(status="planned"), here=False)["can"] == ["cancel"]
    undelivered = record(status="failed", error={"kind": "DownloadError"})
    assert row_of(undelivered, here=False)["can"] == ["retry"]
    assert row_of(record(status="failed", error={"kind": "Moderated"}), here=False)["can"] == []


def test_what_is_not_known_is_not_nothing() -> None:
    """Costs are summed by currency; a run that may be billed and has no cost counts as unknown, a skipped one not."""
    paid = {"cost_micros": 280_000, "currency": "USD"}
    runs = [
        record("r1", status="succeeded", task_id="1", **paid),
        record("r2", status="running", task_id="2", **paid),
        record("r3", status="succeeded", task_id="3", cost_micros=52_500_000, currency="credits"),
        record("r4", status="failed", task_id="4"),
        record("r5", status="unconfirmed"),
        record("r6", status="skipped"),
        record("r7", status="planned"),
    ]
    found = totals(runs, expected={})
    assert (found["spent"], found["unknown"], found["runs"], found["done"]) == (["$0.56", "52.5 credits"], 2, 7, 5)
    assert found["reserved"] == ["$0.28"]  # the running one's; what has ended is spent


def test_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much work as there is, over as many runs as are in flight; not known where one run's time is not known."""
    monkeypatch.setitem(sys.modules, "datetime", SimpleNamespace(datetime=Still, UTC=UTC))  # it is imported when called
    known = Expectation(median_s=100.0)
    flying = replace(record("r1", status="running"), submitted_at=NOW - timedelta(seconds=40))
    waiting = [record(f"w{n}") for n in range(3)]
    left = left_s([flying, *waiting], expected={r.run_id: known for r in (flying, *waiting)})
    assert left == 360.0
    assert left_s([flying, *waiting], expected={"r1": known}) is None
    assert left_s([record(status="succeeded")], expected={}) == 0.0
    ranged = Expectation(median_s=100.0, low_s=50.0, high_s=250.0)
    expected = {r.run_id: ranged for r in (flying, *waiting)}
    assert left_s([flying, *waiting], expected=expected, figure="low_s") == 10 + 3 * 50
    assert left_s([flying, *waiting], expected=expected, figure="high_s") == 210 + 3 * 250
    assert left_s([flying], expected={"r1": known}, figure="high_s") is None  # too few runs for a range


def test_what_is_equal_is_told_once() -> None:
    """Provider, model, duration and resolution, where all runs have the same; nothing of what differs."""
    runs = [record("r1"), record("r2")]
    assert same(runs, lambda _: ("KIE", "Hailuo 02"))[:2] == ["KIE", "Hailuo 02"]
    titles = iter([("KIE", "Hailuo 02")] * 2 + [("KIE", "Hailuo 02"), ("KIE", "Hailuo 2.3")])
    assert "Hailuo 02" not in same(runs, lambda _: next(titles))


def test_only_a_finished_clip_can_be_shown() -> None:
    """A run has a clip once it is in the archive, its own or the one it reuses."""
    assert not row_of(record(status="running", video="r1.mp4"), here=True)["clip"]
    assert row_of(record(status="succeeded", video="r1.mp4"), here=True)["clip"]
    reused = row_of(record(status="succeeded", reused_from="r0"), here=True)
    assert (reused["clip"], reused["reused"]) == (True, True)
    assert not row_of(record(status="succeeded"), here=True)["clip"]


FREE = [
    ("cancelled", "1", None, ["retry"]),
    ("cancelled", None, None, []),  # it was never sent: there is no task to follow
    ("lost", "1", None, ["retry"]),
    ("failed", "1", "DownloadError", ["retry"]),
    ("failed", "1", "Moderated", []),
    ("unconfirmed", None, None, []),
    ("succeeded", "1", None, []),
]


@pytest.mark.parametrize(("status", "task_id", "kind", "can"), FREE)
def test_what_is_free_is_offered(status: str, task_id: str | None, kind: str | None, can: list[str]) -> None:
    """A run that can be followed or downloaded again for free offers that, and no other one does."""
    error = {"kind": kind, "message": "no"} if kind else None
    assert row_of(record(status=status, task_id=task_id, error=error), here=True)["can"] == can
