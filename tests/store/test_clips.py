"""Tests of ratings, notes and tags: all runs with a clip share them, and old logs are migrated."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.errors import UsageError
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.run import RunRecord

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
SCHEMAS = sorted(Path(__file__).parent.glob("schemas/*.sql"), key=lambda p: int(p.stem))


@pytest.fixture
def chain(log: RunLog, record: Callable[..., RunRecord]) -> RunLog:
    """A paid run, two runs that took its clip, one of them from the other, and a paid run with equal bytes."""
    same = {"status": "succeeded", "sha256": "ab" * 32}
    log.add([
        record("r1", tags=("first",), **same),
        record("r2", tags=("second",), reused_from="r1", **same),
        record("r3", reused_from="r2", **same),
        record("r4", **same),
    ])  # fmt: skip
    return log


def said(log: RunLog) -> dict[str, tuple[Any, ...]]:
    """What each run shows of what was said of its clip."""
    return {r.run_id: (r.rating, r.note, r.clip_tags) for r in log.find()}


def test_runs_of_one_clip_agree_in_what_was_said_of_it(chain: RunLog) -> None:
    """Whichever run is judged, all that show its clip say the same, and another clip with equal bytes says nothing."""
    for judged in ("r1", "r2", "r3"):
        told = chain.judge(judged, "rated", rating=int(judged[1]), note=judged, clip_tags=(judged,))
        assert [r.run_id for r in told] == ["r1", "r2", "r3"]
        word = (int(judged[1]), judged, (judged,))
        assert {(r.rating, r.note, r.clip_tags) for r in told} == {word}
        assert said(chain) == {"r1": word, "r2": word, "r3": word, "r4": (None, None, ())}
        assert chain.get(judged).rating == word[0]
        assert chain.events(judged)[-1]["data"] == {"rating": word[0], "note": judged, "clip_tags": [judged]}
    chain.judge("r1", "rated", rating=None)
    assert said(chain)["r3"] == (None, "r3", ("r3",))


def test_a_later_run_of_the_clip_has_what_was_said(chain: RunLog, record: Callable[..., RunRecord]) -> None:
    """A run that takes the clip from the archive afterwards has its stars at once, and none of the others' own tags."""
    chain.judge("r3", "tagged", clip_tags=("sharp",), rating=5)
    chain.add([record("r5", tags=("third",))])
    taken = chain.change("r5", "reused", status="succeeded", reused_from="r1")
    assert (taken.rating, taken.all_tags, taken.clip_id) == (5, ("third", "sharp"), "r1")
    assert [r.run_id for r in chain.find(tag="sharp")] == ["r1", "r2", "r3", "r5"]
    assert [r.run_id for r in chain.find(tag="first")] == ["r1"]


def test_the_clip_is_the_paid_run_at_the_end_of_the_chain(chain: RunLog, record: Callable[..., RunRecord]) -> None:
    """A chain is followed to its end; a circle and a paid run that is gone end the search, and each is one clip."""
    ends = {"r1": "r1", "r2": "r1", "r3": "r1", "r4": "r4", "r9": "r9"}
    assert chain.clips_of(ends) == ends
    assert [r.reused_from for r in chain.find()] == [None, "r1", "r1", None]
    chain.add([record("a", reused_from="b"), record("b", reused_from="a"), record("c", reused_from="gone")])
    assert chain.clips_of(["a", "b", "c"]) == {"a": "a", "b": "a", "c": "gone"}
    assert [r.rating for r in chain.judge("b", "rated", rating=2)] == [2, 2]
    assert [r.rating for r in chain.judge("c", "rated", rating=3)] == [3]
    assert chain.get("c").rating == 3


def test_votes_are_found_by_clip_and_keep_what_was_seen(chain: RunLog) -> None:
    """Votes on any runs of two clips are found by any others; equal bytes of another paid run are another clip."""
    seen = Vote(
        vote_id="v1", at=NOW, rater="mara", between="prompt", left="a", right="b", left_run="r2", right_run="r4",
        answer="left",
    )  # fmt: skip
    chain.vote(seen)
    for asked in (["r1", "r4"], ["r3", "r4"], ["r2", "r4", "r1"], None):
        (found,) = chain.votes(asked)
        assert (found.left_run, found.right_run, found.clips) == ("r2", "r4", ("r1", "r4"))
    assert chain.votes(["r1", "r2", "r3"]) == []
    assert found == seen


def test_what_no_store_can_keep_is_refused(chain: RunLog) -> None:
    """A note or a tag with a NUL is an error, and nothing of it is written."""
    for wrong in ({"note": "a\0b"}, {"clip_tags": ("a\0b",)}):
        with pytest.raises(UsageError, match="NUL"):
            chain.judge("r1", "noted", rating=1, **wrong)
    assert said(chain)["r1"] == (None, None, ())


def planted(dump: Path, path: Path) -> RunLog:
    """An earlier store in which copies of one clip were judged apart; ``r0001`` paid for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as c:
        c.executescript(dump.read_text("utf-8"))
        (columns,) = [[x[1] for x in c.execute("PRAGMA table_info(runs)")]]
        paid = dict(zip(columns, c.execute("SELECT * FROM runs WHERE run_id = 'r0001'").fetchone(), strict=True))
        copies: dict[str, dict[str, Any]] = {
            "r0101": {"reused_from": "r0001", "tags": '["new", "sharp"]', "rating": 2, "note": None, "sweep_id": "s2"},
            "r0102": {"reused_from": "r0101", "tags": '["new"]', "rating": None, "note": "again", "sweep_id": "s2"},
            "r0103": {"tags": '["new"]', "rating": 1, "note": None, "sweep_id": "s2"},
        }
        for run_id, values in copies.items():
            row = paid | {"task_id": None, "cost_kind": "reused", "run_id": run_id} | values
            marks = ", ".join("?" * len(row))
            c.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({marks})", list(row.values()))  # noqa: S608
        for run_id, what in (
            ("r0101", "rated"), ("r0101", "tagged"), ("r0102", "a note"), ("r0001", "rated"), ("r0103", "rated"),
        ):  # fmt: skip
            c.execute(
                "INSERT INTO events (run_id, at, what, data) VALUES (?, '2026-11-27 10:00:00.000000', ?, '{}')",
                (run_id, what),
            )
        c.commit()
    return RunLog(f"sqlite:///{path}")


@pytest.mark.parametrize("tags", ["no JSON", "null", '{"a": 1}', "[[1]]", "[2026, 1.5]", '"word"', "[" * 5000])
def test_a_row_that_cannot_be_read_keeps_no_store_from_being_opened(tags: str, path: Path) -> None:
    """An earlier store with tags that are none is brought to today's schema, and its other rows are all there."""
    log = planted(SCHEMAS[1], path)
    with closing(sqlite3.connect(path)) as c:
        c.execute("UPDATE runs SET tags = ? WHERE run_id = 'r0101'", (tags,))
        c.execute("UPDATE runs SET rating = 'five', note = 5 WHERE run_id = 'r0103'")
        c.commit()
    found = {r.run_id: r for r in log.find()}
    assert len(found) == 6
    assert (found["r0001"].rating, found["r0102"].note, found["r0102"].tags) == (4, "again", ("new",))
    log.close()


@pytest.mark.parametrize("dump", SCHEMAS[:2], ids=lambda p: f"schema {p.stem}")
def test_what_was_said_of_copies_moves_to_the_clip(dump: Path, path: Path) -> None:
    """The last word on a clip counts; what a user tagged by hand goes with the clip, a sweep's own tags stay."""
    log = planted(dump, path)
    found = {r.run_id: r for r in log.find()}
    for run_id in ("r0001", "r0101", "r0102"):
        assert (found[run_id].rating, found[run_id].note, found[run_id].clip_tags) == (4, "again", ("sharp",)), run_id
        assert found[run_id].clip_id == "r0001"
    assert (found["r0103"].rating, found["r0103"].note, found["r0103"].clip_tags) == (1, None, ())
    assert [found[r].tags for r in ("r0001", "r0101", "r0102")] == [("ab", "x"), ("new",), ("new",)]
    log.close()
    with closing(sqlite3.connect(path)) as c:  # as another program reads the old columns
        rows = c.execute("SELECT run_id, rating, note, tags, cost_kind FROM runs WHERE rating IS NOT NULL").fetchall()
        assert sorted(rows) == [
            ("r0001", 4, "again", json.dumps(["ab", "x"]), "list"),
            ("r0103", 1, None, json.dumps(["new"]), "reused"),
        ]
