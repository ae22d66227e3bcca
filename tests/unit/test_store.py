"""Tests of the run log: it keeps what it is given, refuses illegal changes, and ignores what it doesn't understand."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.domain.budget import TaskIdTaken
from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import TRANSITIONS, RunRecord, Status, may_become
from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)


def record(run_id: str, **changes: object) -> RunRecord:
    """A planned run."""
    request = Request(prompt=f"狐 🦊 {run_id}", provider="minimax", model="T2V-01", options={"a": 1})
    return RunRecord(run_id=run_id, created_at=NOW, request=request, request_hash=request.hash, origin="o", **changes)  # type: ignore[arg-type]  # free fields


@pytest.fixture
def log(tmp_path: Path) -> Iterator[RunLog]:
    """A new run log in a folder that does not exist yet."""
    log = RunLog(f"sqlite:///{tmp_path / 'home' / 'runs.sqlite3'}")
    yield log
    log.close()


def test_a_record_comes_back_as_it_was(log: RunLog) -> None:
    """Every field survives: text of any script, ids past 2**53, aware times to the microsecond, nothing made up."""
    image = Image(name="fox.png", sha256="ab", media_type="image/png", width=3, height=4)
    request = Request(
        prompt="'\"\n\t狐🦊", provider="minimax", model="m", first_frame=image, template="393857704283172856"
    )
    full = RunRecord(
        run_id="r1",
        created_at=NOW,
        request=request,
        request_hash=request.hash,
        origin="https://x",
        task_id="401047179385389059",
        submitted_at=NOW + timedelta(seconds=1),
        cost_micros=280_000,
        seed_returned=2**40,
        tags=("a", "b"),
        variables={"style": "ink"},
        error={"kind": "X", "message": "m"},
    )
    log.add([full])
    assert log.get("r1") == full


def test_steps_are_in_the_log_in_their_order(log: RunLog) -> None:
    """Planned, then each change with its reason."""
    log.add([record("r1")])
    log.change("r1", "create_sent", status="submitting")
    log.note("r1", "waiting", {"s": 1})
    assert [e["what"] for e in log.events("r1")] == ["planned", "create_sent", "waiting"]


@pytest.mark.parametrize("status", Status)
def test_only_legal_steps(log: RunLog, status: str) -> None:
    """From each status the log takes exactly the steps of the table, and an illegal one changes nothing."""
    for following in Status:
        run_id = f"r-{following}"
        log.add([record(run_id, status=status)])
        if following == status or following in TRANSITIONS[status]:
            assert log.change(run_id, "step", status=following).status == following
        else:
            with pytest.raises(StoreError, match=f"{status} and cannot become {following}"):
                log.change(run_id, "step", status=following)
            assert log.get(run_id).status == status
        assert may_become(status, following) == (following == status or following in TRANSITIONS[status])


def test_a_task_id_belongs_to_one_run(log: RunLog) -> None:
    """A provider that hands out an id twice is found out; the first run keeps it."""
    log.add([record("r1", status="submitting"), record("r2", status="submitting")])
    log.change("r1", "accepted", status="queued", task_id="7")
    with pytest.raises(TaskIdTaken, match="already used: 7"):
        log.change("r2", "accepted", status="queued", task_id="7")
    assert (log.get("r1").task_id, log.get("r2").task_id, log.get("r2").status) == ("7", None, "submitting")


def test_find_by_the_beginning_of_an_id(log: RunLog) -> None:
    """A unique beginning finds its run; none or several are said."""
    log.add([record("ra1"), record("ra2"), record("rb%")])
    assert log.get("rb").run_id == "rb%"
    with pytest.raises(UsageError, match="may be any of ra1, ra2"):
        log.get("ra")
    with pytest.raises(UsageError, match="not in the log"):
        log.get("%")


def test_leases(log: RunLog) -> None:
    """A followed run cannot be claimed, unless its owner is dead, its lease is over, or it was let go."""
    log.add([record("r1", status="running")], owner="one")
    assert log.claim(["r1"], "two", lambda _: False) == []
    assert [r.run_id for r in log.claim(["r1"], "two", lambda o: o == "one")] == ["r1"]
    assert log.claim(["r1"], "one", lambda _: False) == []
    log.release("r1", "one")
    assert log.claim(["r1"], "one", lambda _: False) == []
    log.release("r1", "two")
    assert [r.run_id for r in log.claim(["r1"], "one", lambda _: False)] == ["r1"]


def test_a_newer_store_is_refused_and_not_touched(tmp_path: Path) -> None:
    """A schema number from the future stops the program with the reason; the file's bytes stay."""
    path = tmp_path / "runs.sqlite3"
    RunLog(f"sqlite:///{path}").call(lambda: None)
    log = RunLog(f"sqlite:///{path}")
    log.add([record("r1")])
    log.close()
    with sqlite3.connect(path) as c:
        c.execute("INSERT INTO migrations VALUES (99, 'later', '2030-01-01 00:00:00.000000')")
    c.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="has schema 99"):
        RunLog(f"sqlite:///{path}").find()
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    """Another file under the store's name stays as it is, and the error says so."""
    path = tmp_path / "runs.sqlite3"
    path.write_bytes(b"my notes, not a database" * 100)
    with pytest.raises(StoreError, match="damaged: file is not a database"):
        RunLog(f"sqlite:///{path}").find()
    assert path.read_bytes() == b"my notes, not a database" * 100


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """Where a file stands in the folder's place, the error names HAILUO_HOME."""
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StoreError, match="HAILUO_HOME"):
        RunLog(f"sqlite:///{tmp_path / 'home' / 'runs.sqlite3'}").find()


def test_commits_are_durable(log: RunLog, tmp_path: Path) -> None:
    """The store's own connections run with a rollback journal and full synchronisation."""
    with log.database.write() as c:
        journal = c.exec_driver_sql("PRAGMA journal_mode").scalar()
        synchronous = c.exec_driver_sql("PRAGMA synchronous").scalar()
    assert (journal, synchronous) == ("truncate", 2)
