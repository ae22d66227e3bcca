"""Tests of the run log as the engine uses it, on each kind of database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from hailuo_widgets.domain.budget import Budget, Permit, TaskIdTaken
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.run import TRANSITIONS, RunRecord, Status
from hailuo_widgets.errors import BudgetExceeded, StoreError, UsageError
from hailuo_widgets.store import RunLog
from hailuo_widgets.store.migrations import MIGRATIONS
from hailuo_widgets.store.schema import runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Make = type[RunRecord] | Any
NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)


def test_a_record_comes_back_as_it_was(log: RunLog, record: Make) -> None:
    """Every kind of field survives: text of any script, ids past 2**53, aware times to the microsecond, JSON."""
    full = record(
        "r1",
        task_id="401047179385389059",
        submitted_at=NOW + timedelta(seconds=1),
        cost_micros=2**40,
        seed_returned=2**53 + 1,
        tags=("a", "b"),
        variables={"style": "ink", "n": [1, None]},
        error={"kind": "X", "message": "狐🦊'\"\n"},
    )
    log.add([full])
    assert log.get("r1") == full


@pytest.mark.parametrize("status", ["planned", "submitting", "unconfirmed", "succeeded"])
def test_only_legal_steps(log: RunLog, record: Make, status: str) -> None:
    """An illegal step is refused and changes nothing; a legal one is taken."""
    for following in Status:
        log.add([record(f"r-{following}", status=status)])
        if following == status or following in TRANSITIONS[status]:
            assert log.change(f"r-{following}", "step", status=following).status == following
        else:
            with pytest.raises(StoreError, match="cannot become"):
                log.change(f"r-{following}", "step", status=following)
            assert log.get(f"r-{following}").status == status


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "unconfirmed"])
def test_who_follows_a_run_takes_it_out_of_no_end(log: RunLog, record: Make, end: str) -> None:
    """A step that comes late changes nothing of a run that has ended, neither its status nor what was said of it."""
    ended = record("r1", status=end, error={"kind": "DownloadError"})
    log.add([ended])
    assert log.advance("r1", "provider_finished", status="downloading", error=None) == ended
    assert log.advance("r1", "link_received", video_url="x", error=None) == ended
    assert log.get("r1") == ended
    assert [e["what"] for e in log.events("r1")] == ["planned"]


@pytest.mark.parametrize("left", ["cancelled", "unconfirmed"])
def test_a_place_that_a_task_may_still_hold(log: RunLog, record: Make, left: str) -> None:
    """A task that nobody follows any more goes on at the provider: for its time the account's place stays taken."""
    before = datetime.now(UTC) - timedelta(seconds=100)
    moments = {"submitted_at": before} if left == "cancelled" else {"finished_at": before}
    log.add([record("r0", status=left, origin="o", **moments), record("r1"), record("r2", status=left, origin="o")])
    held = Permit(micros=None, currency=None, concurrent=1, held_s=200.0)
    assert log.reserve("r1", held, {}, origin="o") is None
    over = Permit(micros=None, currency=None, concurrent=1, held_s=50.0)
    assert log.reserve("r1", over, {}, origin="o") is not None


def test_a_task_id_belongs_to_one_run(log: RunLog, record: Make) -> None:
    """A task id that another run has is refused, by each way in, and the store goes on working."""
    log.add([record("r1", status="submitting"), record("r2", status="submitting")])
    log.accept("r1", {}, status="queued", task_id="7")
    for way in (log.accept, log.rescue):
        with pytest.raises(TaskIdTaken, match="already used: 7"):
            way("r2", {}, status="queued", task_id="7")
    with pytest.raises(TaskIdTaken):
        log.change("r2", "accepted", status="queued", task_id="7")
    assert (log.get("r1").task_id, log.get("r2").task_id, log.get("r2").status) == ("7", None, "submitting")


def test_an_accepted_create_is_all_its_results_at_once(log: RunLog, record: Make) -> None:
    """The further results of a task are accepted with the run that made it."""
    log.add([record(f"r{n}", client_uuid="u", result_index=n) for n in range(3)])
    log.change("r0", "sent", status="submitting")
    log.accept("r0", {"task_id": "7"}, status="queued", task_id="7")
    assert [(r.status, r.task_id) for r in log.find()] == [("queued", "7")] * 3


def test_find(log: RunLog, record: Make) -> None:
    """Each filter finds its runs, oldest first; a limit takes the newest."""
    log.add([record(f"r{n}", created_at=NOW + timedelta(days=n), tags=("even",) * (n % 2 == 0)) for n in range(4)])
    log.change("r1", "sent", status="submitting", sweep_id="s")

    def ids(**asked: Any) -> list[str]:
        return [r.run_id for r in log.find(**asked)]

    assert ids() == ["r0", "r1", "r2", "r3"]
    assert ids(limit=2) == ["r2", "r3"]
    assert ids(tag="even", limit=1) == ["r2"]
    assert ids(since=NOW + timedelta(days=2)) == ["r2", "r3"]
    assert ids(status="submitting") == ids(sweep="s") == ["r1"]
    assert ids(run_ids=["r3"], provider="minimax") == ["r3"]
    assert ids(provider="kie") == []


def test_reserved_money_and_places(log: RunLog, record: Make) -> None:
    """A reservation counts at once against the place and the budget; a refusal leaves the run planned."""
    log.add([record(f"r{n}") for n in range(3)])
    budget = Budget(name="budget", micros=500_000)
    permit = Permit(micros=280_000, currency="USD", budgets=(budget,), concurrent=2)
    assert log.reserve("r0", permit, {}, origin="o", submitted_at=datetime.now(UTC)).status == "submitting"  # type: ignore[union-attr]  # None would fail it too
    with pytest.raises(BudgetExceeded, match=r"0\.28 is spent or reserved"):
        log.reserve("r1", permit, {}, origin="o")
    one = Permit(micros=None, currency=None, concurrent=1)
    assert log.reserve("r1", one, {}, origin="o") is None
    assert log.get("r1").status == "planned"


def test_a_minute_has_so_many_turns(log: RunLog) -> None:
    """The request past the minute's number is told how long to wait; another account is not."""
    assert [log.take_turn("a", 2), log.take_turn("a", 2)] == [0, 0]
    assert 50 < log.take_turn("a", 2) <= 60
    assert log.take_turn("b", 2) == 0


def test_leases(log: RunLog, record: Make) -> None:
    """A followed run is claimed by no other, until its owner is dead or has let it go."""
    log.add([record("r1", status="running")], owner="one")
    assert log.claim(["r1"], "two", lambda _: False) == []
    assert [r.run_id for r in log.claim(["r1"], "two", lambda o: o == "one")] == ["r1"]
    log.release("r1", "two")
    assert [r.run_id for r in log.claim(["r1"], "three", lambda _: False)] == ["r1"]


@pytest.mark.parametrize(("bad", "what"), [("a\0b", "a NUL at position 1"), ("a\udc80", r"surrogate \(U\+DC80\)")])
def test_text_that_no_store_keeps_is_refused_before_anything_is_sent(
    log: RunLog, record: Make, bad: str, what: str
) -> None:
    """A NUL or a lone surrogate in what a user gave is named, and none of the runs is written."""
    for changes in ({"variant": bad}, {"variables": {"style": [bad]}}, {"tags": ("ok", bad)}):
        with pytest.raises(UsageError, match=what):
            log.add([record("r1"), record("r2", **changes)])
    assert log.find() == []


def test_text_of_a_provider_is_never_refused(log: RunLog, record: Make) -> None:
    """The same in a provider's words does not cost the run its task id: it is shown as U+FFFD."""
    log.add([record("r1", status="submitting")])
    log.accept("r1", {"trace_id": "t\0\udc80"}, status="queued", task_id="7", file_id="f\0", error={"message": "m\0"})
    log.note("r1", "an answer", {"body": ["\0"]})
    kept = log.get("r1")
    assert (kept.task_id, kept.file_id, kept.error) == ("7", "f\ufffd", {"message": "m\ufffd"})
    assert [e["data"] for e in log.events("r1")][1:] == [{"trace_id": "t\ufffd\ufffd"}, {"body": ["\ufffd"]}]


def test_a_read_cannot_write(log: RunLog, record: Make) -> None:
    """A reading transaction is kept from writing, so that none can begin by reading and fail half-way."""
    log.add([record("r1")])

    def write() -> None:
        with log.database.read() as c:
            c.execute(sa.delete(runs))

    with pytest.raises(StoreError, match=r"readonly|read-only"):
        write()
    assert log.get("r1").run_id == "r1"
    log.note("r1", "still written to")


def test_a_read_sees_one_state(log: RunLog, url: str, record: Make) -> None:
    """What another process commits during a read is not seen in the middle of it."""
    log.add([record("r1")])
    other = RunLog(url, busy_s=0.3)
    with log.database.read() as c:
        count = sa.select(sa.func.count()).select_from(runs)
        before = c.scalar(count)
        try:
            other.add([record("r2")])
        except StoreError as e:  # SQLite's writer waits for the reader, and says so
            assert "locked" in str(e)  # noqa: PT017 - only one of the two stores raises
        assert c.scalar(count) == before
    other.close()


def test_a_failed_transaction_leaves_nothing(log: RunLog, record: Make) -> None:
    """Of runs that are added together none is kept where one cannot be."""
    log.add([record("r1")])
    with pytest.raises(StoreError, match="refused a row"):
        log.add([record("r2"), record("r1")])
    assert [r.run_id for r in log.find()] == ["r1"]


def test_the_log_says_how_it_is(log: RunLog, record: Make) -> None:
    """The check names the schema, the number of runs and the integrity, and no password."""
    log.add([record("r1")])
    found = log.check()
    assert (found.schema, found.runs, found.integrity, found.ok) == (len(MIGRATIONS), 1, "ok", True)
    assert str(found) == f"{log.place()}: schema {len(MIGRATIONS)}, 1 run, integrity ok"
    assert not replace(found, integrity="row 3 missing from index").ok


@pytest.mark.parametrize("word", ["not a url", "mysql://u:hunter2@h/d", ""])
def test_a_store_that_is_no_url_is_refused_unshown(word: str) -> None:
    """What is no URL of a store we know is refused at the first use, and not shown: it may hold a password."""
    log = RunLog(word)
    with pytest.raises(UsageError, match="HAILUO_STORE") as caught:
        log.call(log.find)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_away_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL server that cannot be reached, or whose driver is not installed, is said; the password is not."""
    log = RunLog("postgresql://me:hunter2@127.0.0.1:1/runs?connect_timeout=2")
    with pytest.raises(StoreError, match=r"cannot be reached|needs the package psycopg") as caught:
        log.find()
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_answers_come_from_the_logs_own_thread(log: RunLog, record: Make) -> None:
    """Work is done in the order in which it was given."""
    done: list[int] = []
    order: list[Callable[[], None]] = [lambda n=n: done.append(n) for n in range(5)]  # type: ignore[misc]  # a default binds n
    for work in order:
        log.submit(work)
    log.call(log.add, [record("r1")])
    assert done == [0, 1, 2, 3, 4]


def test_a_row_that_the_store_refuses_is_an_error_of_the_store(sqlite_log: RunLog, path: Path, record: Make) -> None:
    """A trigger that another program has put there: the error says so, and does not speak of a task id."""
    sqlite_log.add([record("r1", status="submitting")])
    with closing(sqlite3.connect(path)) as c, c:
        c.execute("CREATE TRIGGER no BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'not today'); END")
    for step in (
        lambda: sqlite_log.advance("r1", RunEvent.FAILED, status="failed"),
        lambda: sqlite_log.accept("r1", {}, status="queued", task_id="7"),
        lambda: sqlite_log.change("r1", RunEvent.ADOPTED, status="queued", task_id="7"),
    ):
        with pytest.raises(StoreError, match="refused a row: not today") as refused:
            step()
        assert not isinstance(refused.value, TaskIdTaken)
