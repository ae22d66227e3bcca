"""Tests of migrations: every earlier schema becomes the current one, completely or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import RunLog, database, migrations
from hailuo_widgets.store.migration_events import CODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.run import RunRecord

SCHEMAS = sorted(Path(__file__).parent.glob("schemas/*.sql"), key=lambda p: int(p.stem))
KNOWN = migrations.MIGRATIONS
SO_FAR = list(range(1, len(KNOWN) + 1))
NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)


def restored(dump: Path, path: Path) -> RunLog:
    """An earlier version's store, not opened yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as c:
        c.executescript(dump.read_text("utf-8"))
    return RunLog(f"sqlite:///{path}")


def shape(log: RunLog) -> dict[str, object]:
    """The tables as the database itself tells them: columns, keys, indexes and uniqueness."""
    with log.database.read() as c:
        look = sa.inspect(c)
        return {
            table: (
                sorted((x["name"], str(x["type"]), x["nullable"]) for x in look.get_columns(table)),
                look.get_pk_constraint(table)["constrained_columns"],
                sorted((x["name"], x["column_names"], x["unique"]) for x in look.get_indexes(table)),
                sorted((x["name"], x["column_names"]) for x in look.get_unique_constraints(table)),
                sorted((x["constrained_columns"], x["referred_table"]) for x in look.get_foreign_keys(table)),
            )
            for table in look.get_table_names()
        }


def add_column(c: sa.Connection) -> None:
    """A step that a later version might have."""
    c.execute(sa.text("ALTER TABLE runs ADD COLUMN later TEXT"))
    c.execute(sa.text("UPDATE runs SET later = upper(status)"))


def add_and_break(c: sa.Connection) -> None:
    """One that is interrupted when it is half done."""
    add_column(c)
    raise InterruptedError


def with_steps(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[sa.Connection], None]) -> None:
    """Let this program have further steps."""
    for module in (migrations, database):
        monkeypatch.setattr(module, "MIGRATIONS", (*KNOWN, *steps))


def numbers(path: Path) -> list[int]:
    """The steps that a store says it has had."""
    with closing(sqlite3.connect(path)) as c:
        return [n for (n,) in c.execute("SELECT number FROM migrations ORDER BY number")]


def test_every_earlier_schema_is_frozen() -> None:
    """For each number up to this version's there is a store as it was."""
    assert [int(p.stem) for p in SCHEMAS] == list(range(1, len(migrations.MIGRATIONS) + 1))


@pytest.mark.parametrize("dump", SCHEMAS, ids=lambda p: f"schema {p.stem}")
def test_an_earlier_store_is_read_back(dump: Path, path: Path) -> None:
    """Its rows are what they were, its shape is a new store's, and it takes new rows."""
    log = restored(dump, path)
    fox, wolf, drawn = log.find()
    assert (fox.run_id, fox.status, fox.task_id) == ("r0001", "succeeded", "401047179385389059")
    assert (fox.request.prompt, fox.request.seed) == ("a fox 狐 '\"\n🦊", 7)
    assert fox.request.first_frame is not None
    assert (fox.request.first_frame.sha256, fox.request_hash) == ("ab" * 32, fox.request.hash)
    assert (fox.created_at, fox.finished_at) == (NOW, NOW + timedelta(seconds=90))
    assert (fox.cost_micros, fox.seed_returned, fox.tags, fox.rating) == (280_000, 2**53 + 1, ("ab", "x"), 4)
    assert (wolf.status, wolf.error) == ("unconfirmed", {"kind": "Unconfirmed", "message": "the answer was lost"})
    assert drawn.simulated
    assert [e["what"] for e in log.events("r0001")] == [
        "planned",
        "create_sent",
        "create_accepted",
        "running",
        "finished",
        "here",
    ]
    assert {e["what"]: e["text"] for e in log.events("r0001")} == {
        "planned": "The run was planned.",
        "create_sent": "The create call is sent.",
        "create_accepted": "The provider accepted the create call.",
        "running": "running",
        "finished": "finished",
        "here": "here",
    }
    log.change("r0002", RunEvent.ADOPTED, status="queued", task_id="8")
    new = RunLog(f"sqlite:///{path.with_name('new.sqlite3')}")
    assert shape(log) == shape(new)
    log.close()
    new.close()
    assert numbers(path) == list(range(1, len(migrations.MIGRATIONS) + 1))


def with_events(dump: Path, path: Path, told: list[str]) -> RunLog:
    """An earlier version's store in which these sentences stand for one run, and a number beside each."""
    restored(dump, path).close()
    with closing(sqlite3.connect(path)) as c:
        c.executemany(
            "INSERT INTO events (run_id, at, what, data) VALUES ('r0003', '2026-11-27 10:00:00.000000', ?, ?)",
            [(what, f'{{"n": {n}}}') for n, what in enumerate(told)],
        )
        c.commit()
    return RunLog(f"sqlite:///{path}")


@pytest.mark.parametrize("dump", SCHEMAS[:3], ids=lambda p: f"schema {p.stem}")
def test_sentences_of_events_become_codes(dump: Path, path: Path) -> None:
    """Each sentence that a version wrote has its code; what no version wrote stays, and so do order and data."""
    told = [*CODES, "failed", "generating", "rated", "a step of another program", ""]
    log = with_events(dump, path, told)
    found = log.events("r0003")[1:]
    assert [e["what"] for e in found] == [CODES.get(what, what) for what in told]
    assert [e["data"] for e in found] == [{"n": n} for n in range(len(told))]
    assert {e["what"] for e in found[:-2]} <= {event.value for event in RunEvent}
    assert [e["text"] for e in found[:-2]] == [RunEvent(e["what"]).text for e in found[:-2]]
    assert [e["text"] for e in found[-2:]] == ["a step of another program", ""]
    assert {type(e["what"]) for e in found} == {str}
    log.close()


@pytest.mark.parametrize("dump", SCHEMAS[:3], ids=lambda p: f"schema {p.stem}")
def test_what_an_earlier_event_decides_still_holds(dump: Path, path: Path) -> None:
    """A cancel that an earlier version's kernel asked for is heard; one that was overruled is not."""
    for told, wished in ((["cancel is asked for"], True), (["cancel is asked for", "followed again"], False)):
        path.unlink(missing_ok=True)
        log = with_events(dump, path, told)
        with log.database.write() as c:
            c.execute(sa.text("UPDATE runs SET owner = 'me', status = 'queued' WHERE run_id = 'r0003'"))
        assert log.renew(["r0003"], "me") == {"r0003": wished}
        log.close()


def test_sentences_stay_where_the_steps_break_off(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The codes are written in the transaction of all steps: if one breaks off, every sentence is as it was."""
    log = with_events(SCHEMAS[0], path, list(CODES))
    with_steps(monkeypatch, add_and_break)
    with pytest.raises(StoreError):
        log.find()
    log.close()
    with closing(sqlite3.connect(path)) as c:
        rows = c.execute("SELECT what FROM events WHERE run_id = 'r0003' ORDER BY event_id").fetchall()
    assert [what for (what,) in rows][1:] == list(CODES)
    assert numbers(path) == [1]


def test_a_further_step_runs_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older store goes through the step that it has not had, once; the older program then refuses it."""
    log = restored(SCHEMAS[0], path)
    with_steps(monkeypatch, add_column)
    for _ in range(2):
        with log.database.read() as c:
            assert c.execute(sa.text("SELECT later FROM runs ORDER BY run_id")).scalars().first() == "SUCCEEDED"
        log.close()
    assert numbers(path) == [*SO_FAR, len(SO_FAR) + 1]
    monkeypatch.undo()
    with pytest.raises(StoreError, match=f"has schema {len(KNOWN) + 1}, and this version .* knows {len(KNOWN)}"):
        log.find()


def test_an_interrupted_step_leaves_the_old_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that breaks off after it has changed the table leaves no trace of itself, nor of the one before it."""
    log = restored(SCHEMAS[-1], path)
    before = shape(log)
    log.close()
    with_steps(monkeypatch, lambda c: c.execute(sa.text("CREATE TABLE half (n INTEGER)")) and None, add_and_break)
    with pytest.raises(StoreError):
        log.find()
    monkeypatch.undo()
    assert numbers(path) == SO_FAR
    assert shape(log) == before
    assert len(log.find()) == 3
    log.close()


def test_a_new_store_has_all_numbers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new store is made as the tables are today; no later step is run on it, and all are written down."""
    with_steps(monkeypatch, add_and_break)
    log = RunLog(f"sqlite:///{path}")
    assert log.find() == []
    log.close()
    assert numbers(path) == [*SO_FAR, len(SO_FAR) + 1]


def test_an_up_to_date_store_is_opened_without_a_write(path: Path) -> None:
    """Opening and reading a store changes none of its bytes and leaves no full journal."""
    log = restored(SCHEMAS[-1], path)
    before = path.read_bytes()
    assert len(log.find()) == 3
    log.close()
    assert path.read_bytes() == before


def test_a_shared_database_keeps_the_others_tables(postgres_urls: Callable[[int], list[str]]) -> None:
    """A PostgreSQL database with other tables takes ours beside them; one with a table of our name is refused."""
    beside, against = postgres_urls(2)
    for url, name in ((beside, "notes"), (against, "runs")):
        engine = sa.create_engine(url)
        with engine.begin() as c:
            c.execute(sa.text(f"CREATE TABLE {name} (n INTEGER)"))
        engine.dispose()
    log = RunLog(beside)
    assert log.find() == []
    log.close()
    with pytest.raises(StoreError, match=r"another program's tables \(runs\)"):
        RunLog(against).find()


def test_an_earlier_shared_database_becomes_todays(
    postgres_urls: Callable[[int], list[str]], record: Callable[..., RunRecord]
) -> None:
    """A PostgreSQL store of schema 1 gets what came later, in the shape of a new one; what was said moves to clips."""
    (url,) = postgres_urls(1)
    log = RunLog(url)
    new = shape(log)
    log.add([record("r1", tags=("first",)), record("r2", reused_from="r1", tags=("sharp",), cost_kind="reused")])
    log.note("r2", RunEvent.TAGGED)
    with log.database.write() as c:
        c.execute(sa.text("UPDATE runs SET rating = 3, cost_kind = 'estimated' WHERE run_id = 'r2'"))
        c.execute(sa.text("DROP INDEX runs_by_clip"))
        later = ("task_details", "video_seconds", "video_sound")
        for name in ("sweep_name", "video_width", "video_height", "clip_tags", *later):
            c.execute(sa.text(f"ALTER TABLE runs DROP COLUMN {name}"))
        c.execute(sa.text("DROP TABLE votes"))
        c.execute(sa.text("DROP TABLE documents"))
        c.execute(sa.text("UPDATE events SET what = 'create is sent' WHERE run_id = 'r1'"))
        c.execute(sa.text("DELETE FROM migrations WHERE number > 1"))
    log.close()
    again = RunLog(url)
    assert again.votes() == []
    assert shape(again) == new
    assert [[e["what"] for e in again.events(run_id)] for run_id in ("r1", "r2")] == [
        ["create_sent"],
        ["planned", "tagged"],
    ]
    assert [(r.rating, r.clip_tags, r.tags, r.cost_kind) for r in again.find()] == [
        (3, ("sharp",), ("first",), None),
        (3, ("sharp",), (), "list"),
    ]
    again.close()


@pytest.mark.parametrize("name", ["notes", "runs", "migrations"])
def test_another_programs_file_is_refused_whatever_its_tables_are_called(path: Path, name: str) -> None:
    """A SQLite file with a table that is not ours is another program's: it is named, and no byte of it changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as c:
        c.execute(f"CREATE TABLE {name} (n INTEGER)")
        c.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"another program's tables \({name}\)"):
        RunLog(f"sqlite:///{path}").find()
    assert path.read_bytes() == before
