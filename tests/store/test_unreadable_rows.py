"""Tests of unreadable rows: they are shown as far as possible, and hide no other row."""

from __future__ import annotations

import json
import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.runs import RUN_COLUMNS
from hailuo_widgets.dataframes.votes import votes_frame
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.engine.recorder import _on_one_clock as ended_at
from hailuo_widgets.errors import UsageError
from hailuo_widgets.render.card_of_record import card_of
from hailuo_widgets.system.process import is_dead
from hailuo_widgets.voting.ranking import rank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Whatever a column may be found to hold: another type, another shape, no JSON, no number, no text.
WRONG = (
    None,
    "",
    "no JSON {",
    "null",
    "[2026]",
    '[["a"]]',
    "7",
    '{"a": 1}',
    '{"a": {"b": [1]}, "": null}',
    '[{"a": 1}, null]',
    "NaN",
    -1,
    2**62,
    0.5,
    b"\xff\xfe",
    "[" * 5000,
    float("inf"),
    float("-inf"),
    1e300,
    '{"a": 1e400}',
    "9999-12-31 23:59:59.999999",
    "0001-01-01 00:00:00.000000",
    "a\0b",
    "x" * 100_000,
)
REQUEST_WRONG = (None, [], {}, "6s", 6.9, 10**30, -1, True, "x", float("inf"), float("nan"))
ODD_OWNERS = (
    b"\xff",
    b"",
    float("inf"),
    7,
    "",
    "|",
    "{host}|0x7|ab",
    "{host}|²|ab",
    "{host}|" + "9" * 40,
    "{host}|" + "9" * 5000,
)


VOTE = {
    "vote_id": "v0",
    "at": "2026-11-30 21:00:00.000000",
    "rater": "mara",
    "between": "prompt",
    "left": "a fox",
    "right": "a wolf",
    "answer": "left",
    "within": "seed",
    "unit": "7",
    "seconds": 1.5,
    "repeat_of": None,
    "withdrawn": 0,
    "question": "",
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Session, sqlite3.Connection, list[str]]]:
    """A session with two runs, and a connection that changes the first one's row."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    plan = session.plan(["a fox", "a wolf"], provider="kie", ask_log=False)
    made = [session._new(p.request, SIMULATOR) for p in plan.runs]
    session.log.call(session.log.add, made)
    connection = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    yield session, connection, [r.run_id for r in made]
    connection.close()
    session.close()


def shown(session: Session) -> Any:
    """All runs as a table, with every column's values looked at."""
    frame = session.runs()
    frame.to_csv()
    assert set(RUN_COLUMNS) <= set(frame.columns)
    return frame.set_index("run_id")


def test_number_tags_of_earlier_versions_are_read(home: Any) -> None:
    """``[2026]`` in a row's tags, which earlier versions wrote, is the tag "2026"."""
    session, connection, ids = home
    connection.execute("UPDATE runs SET tags = '[2026]' WHERE run_id = ?", [ids[0]])
    frame = shown(session)
    assert frame.loc[ids[0], "tags"] == "2026"
    assert list(session.runs(tag="2026")["run_id"]) == [ids[0]]


def copies(connection: sqlite3.Connection, run_id: str, changes: list[tuple[str, Any]]) -> list[str]:
    """Copies of a run's row, each with one column changed; their ids."""
    columns = [r[1] for r in connection.execute("PRAGMA table_info(runs)")]
    row = dict(
        zip(columns, connection.execute("SELECT * FROM runs WHERE run_id = ?", [run_id]).fetchone(), strict=True)
    )
    ids = [f"r{n:017d}" for n in range(len(changes))]
    rows = [
        tuple({**row, "run_id": i, column: value}.values()) for i, (column, value) in zip(ids, changes, strict=True)
    ]
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO runs VALUES ({','.join('?' * len(columns))})", rows)  # noqa: S608 - marks only
    connection.execute("COMMIT")
    return ids


def test_no_value_of_a_row_hides_the_log(home: Any) -> None:
    """Whatever stands in any column of a row, it is listed, shown as a card, and every other row is whole."""
    session, connection, ids = home
    whole = shown(session).loc[ids[1]]
    columns = {r[1]: bool(r[3]) for r in connection.execute("PRAGMA table_info(runs)") if r[1] != "run_id"}
    changes = [(c, v) for c, needed in columns.items() for v in WRONG if not (needed and v is None)]
    made = copies(connection, ids[0], changes)
    frame = shown(session)
    assert set(frame.index) == {*ids, *made}
    assert frame.loc[ids[1], whole.index].equals(whole)
    facts = session.engine.accounts.provider("kie").facts
    for run_id in made:
        card_of(session.log.get(run_id), facts=facts, archive=session.archive, expected=None)
    session.log.call(session.log.unfinished)
    lost = frame.loc[
        [i for i, (column, value) in zip(made, changes, strict=True) if (column, value) == ("tags", "no JSON {")]
    ]
    assert lost["error"].str.contains("unreadable in the run log: tags").all()
    assert (lost["prompt"] == "a fox").all()


def test_no_part_of_a_request_hides_the_log(home: Any) -> None:
    """Each field of a stored request may be anything or missing: the rest is shown, and the field is named."""
    session, connection, ids = home
    (text,) = connection.execute("SELECT request FROM runs WHERE run_id = ?", [ids[0]]).fetchone()
    whole = json.loads(text)
    requests = [{**whole, name: value} for name in whole for value in REQUEST_WRONG]
    requests += [{k: v for k, v in whole.items() if k != name} for name in whole]
    made = copies(connection, ids[0], [("request", json.dumps(request)) for request in requests])
    frame = shown(session)
    assert set(frame.index) == {*ids, *made}
    for run_id, request in zip(made, requests, strict=True):
        if request.get("prompt") == "a fox":
            assert frame.loc[run_id, "prompt"] == "a fox"
    connection.execute("""UPDATE runs SET request = '{"prompt": 7}' WHERE run_id = ?""", [ids[0]])
    row = shown(session).loc[ids[0]]
    assert "request.prompt" in row["error"]
    assert row["provider"] == "kie"


def test_a_request_that_cannot_be_read_is_not_paid_for(home: Any) -> None:
    """Half a request is never sent again: it would be another one."""
    session, connection, ids = home
    connection.execute("UPDATE runs SET request = '[1]', status = 'unconfirmed' WHERE run_id = ?", [ids[0]])
    with pytest.raises(UsageError, match="can't be read"):
        session.run(ids[0]).resubmit()
    assert len(session.runs()) == 2


def test_a_time_that_cannot_be_counted_from(home: Any) -> None:
    """A time of a row from which none can be counted is no time: the run's other columns stand."""
    session, connection, ids = home
    for column in ("created_at", "submitted_at", "started_at", "finished_at"):
        connection.execute(f"UPDATE runs SET {column} = '9999-12-31 23:59:59.9' WHERE run_id = ?", [ids[0]])  # noqa: S608
    record = session.log.get(ids[0])
    assert {"created_at", "submitted_at", "started_at", "finished_at"} <= set(record.unread)
    assert record.submitted_at is None
    assert record.request.prompt == "a fox"


def test_no_column_of_a_vote_hides_the_others(home: Any) -> None:
    """Whatever stands in any column of a vote, the other votes are listed, and all can be ranked."""
    session, connection, ids = home
    connection.execute("UPDATE runs SET reused_from = X'FF' WHERE run_id = ?", [ids[1]])
    names = [row[1] for row in connection.execute("PRAGMA table_info(votes)")]
    row = {**VOTE, "left_run": ids[0], "right_run": ids[1]}
    insert = f"INSERT OR IGNORE INTO votes ({','.join(f'[{n}]' for n in names)}) VALUES ({','.join('?' * len(names))})"  # noqa: S608
    connection.execute(insert, [row[name] for name in names])
    (whole,) = session.log.call(session.log.votes)
    changes = [(name, value) for name in names for value in WRONG]
    rows = [{**row, "vote_id": f"v{n}", "rater": f"r{n}", name: value} for n, (name, value) in enumerate(changes, 1)]
    connection.executemany(insert, [[made[name] for name in names] for made in rows])
    found = session.log.call(session.log.votes, withdrawn=True)
    assert whole in found
    assert whole in session.log.call(session.log.votes, [ids[0], ids[1]])
    assert len(votes_frame(found)) == len(found)
    rank(found)
    for vote in found:
        assert vote.answer == "left"
        assert all(isinstance(t, str) for t in (vote.vote_id, vote.rater, vote.left, vote.right, vote.unit))
        assert vote.seconds is None or 0 <= vote.seconds < float("inf")
        assert vote.at.year < 2200


@pytest.mark.parametrize("owner", ODD_OWNERS, ids=lambda o: repr(o)[:20])
def test_an_owner_that_is_no_name_of_ours(home: Any, owner: Any) -> None:
    """Whatever stands as a run's owner, runs can be taken up; this one as soon as its lease is over."""
    session, connection, ids = home
    owner = owner.replace("{host}", socket.gethostname()) if isinstance(owner, str) else owner
    now = datetime.now(UTC).replace(tzinfo=None)
    for lease in (now + timedelta(seconds=30), now - timedelta(days=2)):
        connection.execute(
            "UPDATE runs SET owner = ?, lease_until = ?, status = 'queued', task_id = run_id WHERE run_id = ?",
            [owner, str(lease), ids[0]],
        )
        session.log.call(session.log.waiting, is_dead)
        taken = session.log.call(session.log.claim, ids, "me", is_dead)
    assert ids[1] in {r.run_id for r in taken}


@pytest.mark.parametrize("took_s", [float("inf"), float("nan"), 1e300, -1e300])
def test_an_end_that_cannot_be_counted(took_s: float) -> None:
    """A figure of the log from which no end can be counted leaves the wall clock's."""
    now = datetime.now(UTC)
    assert ended_at(now, took_s, now) == now


def test_a_run_id_that_is_no_text(home: Any) -> None:
    """A row whose id is bytes is shown and never followed; the other runs are taken up."""
    session, connection, ids = home
    (made,) = copies(connection, ids[0], [("status", "queued")])
    connection.execute("UPDATE runs SET run_id = X'FF00' WHERE run_id = ?", [made])
    assert len(shown(session)) == len(ids) + 1
    assert {r.run_id for r in session.log.call(session.log.waiting, is_dead)} <= set(ids)
    assert session.engine.take_up() == []
