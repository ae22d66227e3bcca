"""Tests of the rescue file: a paid task ID survives a log that can't be written."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.engine import rescue_file as rescue
from hailuo_widgets.engine.create_answer import keep_accepted
from hailuo_widgets.engine.rescue_file import adopt_rescued, write_rescue
from hailuo_widgets.engine.runtime import Timing
from hailuo_widgets.errors import StoreError
from hailuo_widgets.system.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.store import RunLog

NOW = datetime.now(UTC)
PRICE = {"cost_micros": 280_000, "cost_kind": "list", "currency": "USD"}


@pytest.fixture
def home(path: Path) -> Path:
    """The folder of the store and the rescue file."""
    return path.parent


def done(home: Path) -> list[Path]:
    """The rescue files that were put aside."""
    return sorted(home.glob("rescue-*.done"))


@pytest.mark.parametrize("status", ["submitting", "unconfirmed"])
def test_a_rescued_task_id_comes_back(sqlite_log: RunLog, record: Any, home: Path, status: str) -> None:
    """A run without a task id gets the one of its line, with its price and time; the file is put aside, not deleted."""
    error = {"kind": "Unconfirmed", "message": "the answer was lost"}
    run = record("r1", status=status, error=error, result_index=0, client_uuid="u")
    sqlite_log.add([run, record("r2", status=status, result_index=1, client_uuid="u"), record("r3", status=status)])
    assert write_rescue(home / "rescue.jsonl", run, "401047179385389059", PRICE, at=NOW)
    before = (home / "rescue.jsonl").read_bytes()
    (said,) = adopt_rescued(sqlite_log, home)
    assert "r1 has its task id 401047179385389059 again" in said
    found = sqlite_log.get("r1")
    assert (found.status, found.task_id, found.error) == ("queued", "401047179385389059", None)
    assert (found.cost_micros, found.cost_kind, found.currency) == (280_000, "list", "USD")
    assert found.submitted_at is not None
    assert sqlite_log.events("r1")[-1]["what"] == "rescued"
    assert [(r.status, r.task_id) for r in sqlite_log.find(run_ids=["r2", "r3"])] == [
        ("queued", "401047179385389059"),  # a further result of the same task
        (status, None),
    ]
    assert not (home / "rescue.jsonl").exists()
    assert [p.read_bytes() for p in done(home)] == [before]
    assert adopt_rescued(sqlite_log, home) == []


def test_a_half_written_line_is_shown_and_kept(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """The whole lines around a torn one are adopted, and its rest is shown to the user: it may hold a task id."""
    sqlite_log.add([record(f"r{n}", status="submitting") for n in (1, 2)])
    path = home / "rescue.jsonl"
    write_rescue(path, record("r1"), "71", at=NOW)
    with path.open("ab") as f:
        f.write(b'\n{"at": "2026-11-21T08:00:00+00:00", "run_id": "r2", "task_')  # the disk was full here
    write_rescue(path, record("r2"), "72", at=NOW)
    with path.open("ab") as f:
        f.write(b'{"run_id": "r3", "task_id": "7')
    said = adopt_rescued(sqlite_log, home)
    assert [r.task_id for r in sqlite_log.find()] == ["71", "72"]
    torn = [sentence for sentence in said if "is not whole" in sentence]
    assert len(torn) == 2
    assert torn[1].endswith('{"run_id": "r3", "task_id": "7')
    assert len(done(home)) == 1


NOT_OURS = (
    "[]",
    "7",
    "\0",
    "[" * 50_000,
    '{"a":' * 50_000,
    "9" * 5000,
    "\x1b[2J\x1b]0;owned\x07",
    *(
        json.dumps({"run_id": "r1", "provider": "minimax", "task_id": "7"} | change)
        for change in (
            {"run_id": 1},
            {"run_id": "r1\x1b[2J"},
            {"run_id": "r1\0"},
            {"run_id": "\ud800"},
            {"run_id": "r" * 1_000_000},
            {"task_id": ""},
            {"task_id": "7\n8"},
            {"task_id": "\x1b[31m7"},
            {"task_id": "7" * 1_000_000},
            {"provider": None},
            {"provider": ["minimax"]},
        )
    ),
)


@pytest.mark.parametrize("line", NOT_OURS, ids=lambda line: repr(line[:60]))
def test_a_line_of_another_kind_changes_nothing(sqlite_log: RunLog, record: Any, home: Path, line: str) -> None:
    """What we did not write is shown, and no run is changed by it."""
    sqlite_log.add([record("r1", status="unconfirmed")])
    (home / "rescue.jsonl").write_text(line)
    (said,) = adopt_rescued(sqlite_log, home)
    assert "is not whole" in said
    assert said.isprintable()
    assert len(said) < 600
    assert sqlite_log.get("r1").status == "unconfirmed"


def test_no_line_keeps_another_from_being_taken(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """Between lines of any kind, one that is ours is adopted, and the file is put aside."""
    sqlite_log.add([record("r1", status="submitting")])
    path = home / "rescue.jsonl"
    path.write_text("\n".join(NOT_OURS))
    write_rescue(path, record("r1"), "71", PRICE, at=NOW)
    assert len(adopt_rescued(sqlite_log, home)) == len(NOT_OURS) + 1
    assert sqlite_log.get("r1").task_id == "71"
    assert len(done(home)) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"cost_micros": -1},
        {"cost_micros": 2**70},
        {"cost_micros": True},
        {"cost_micros": 1e400},
        {"cost_kind": "free"},
        {"cost_kind": "reused"},
        {"cost_kind": []},
        {"currency": "\x1b[2J"},
        {"currency": {}},
    ],
    ids=repr,
)
def test_a_price_that_is_none_is_not_taken(sqlite_log: RunLog, record: Any, home: Path, told: Any) -> None:
    """The task id of a line counts, and its price is not known where one part of it is none."""
    sqlite_log.add([record("r1", status="submitting")])
    line = {"run_id": "r1", "provider": "minimax", "task_id": "7", "changes": {**PRICE, **told}}
    (home / "rescue.jsonl").write_text(json.dumps(line))
    adopt_rescued(sqlite_log, home)
    found = sqlite_log.get("r1")
    assert (found.task_id, found.cost_micros, found.cost_kind, found.currency) == ("7", None, None, None)
    assert found.unread == ()


def test_a_line_does_not_say_whether_a_run_is_simulated(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """A paid run stays a paid one."""
    sqlite_log.add([record("r1", status="submitting"), record("r2", status="submitting", simulated=True)])
    for run_id, said in (("r1", True), ("r2", False)):
        write_rescue(home / "rescue.jsonl", record(run_id, simulated=said), f"task-{run_id}", at=NOW)
    adopt_rescued(sqlite_log, home)
    assert [(r.task_id, r.simulated) for r in sqlite_log.find()] == [("task-r1", False), ("task-r2", True)]


def test_the_line_of_another_provider_changes_nothing(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """A task id is asked for at the run's provider: one of another provider's is said, with its run."""
    sqlite_log.add([record("r1", status="unconfirmed")])
    (home / "rescue.jsonl").write_text(json.dumps({"run_id": "r1", "provider": "kie", "task_id": "7"}))
    (said,) = adopt_rescued(sqlite_log, home)
    assert "run r1 is not of the provider that accepted task 7" in said
    assert (sqlite_log.get("r1").status, sqlite_log.get("r1").task_id) == ("unconfirmed", None)


@pytest.mark.parametrize(
    "at",
    [
        None,
        7,
        "no time",
        "9999-12-31T23:59:59.999999+00:00",
        "9999-12-31T23:59:59.999999-12:00",
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00",
        "2199-01-01T00:00:00",
    ],
)
def test_a_time_at_which_nothing_can_have_been_accepted(
    sqlite_log: RunLog, record: Any, home: Path, at: object
) -> None:
    """A run is never submitted long before it was planned, nor in a time to come: then it is now."""
    sqlite_log.add([record("r1", status="submitting", created_at=datetime(2026, 11, 1, tzinfo=UTC))])
    line = {"run_id": "r1", "provider": "minimax", "task_id": "7", "at": at}
    (home / "rescue.jsonl").write_text(json.dumps(line))
    adopt_rescued(sqlite_log, home)
    assert "2026-10-31" < str(sqlite_log.get("r1").submitted_at) < "2100"


def test_a_sentence_of_a_line_holds_no_key(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """What is shown of a line that is not ours is cleaned as all that comes from outside."""
    sqlite_log.add([record("r1")])
    (home / "rescue.jsonl").write_text("https://example.com/clip.mp4?Signature=0123456789abcdef")
    (said,) = adopt_rescued(sqlite_log, home)
    assert "0123456789abcdef" not in said


def test_nothing_is_put_aside_before_the_log_took_it(
    sqlite_log: RunLog, record: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the log cannot be written, the file stays, and the next try adopts its lines."""
    sqlite_log.add([record("r1", status="submitting")])
    write_rescue(home / "rescue.jsonl", record("r1"), "7", at=NOW)

    def full(*_: Any, **__: Any) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as m:
        m.setattr(sqlite_log, "rescue", full)
        with pytest.raises(StoreError, match="the disk is full"):
            adopt_rescued(sqlite_log, home)
    assert done(home) == []
    assert len(adopt_rescued(sqlite_log, home)) == 1
    assert sqlite_log.get("r1").task_id == "7"


@pytest.mark.parametrize("lines", [("r1", "elsewhere"), ("elsewhere", "r1"), ("r1", "elsewhere", "r2")])
def test_the_line_of_another_store_stays(sqlite_log: RunLog, record: Any, home: Path, lines: tuple[str, ...]) -> None:
    """A run that this log does not have keeps its line, wherever that stands; the others are adopted."""
    sqlite_log.add([record("r1", status="submitting"), record("r2", status="submitting")])
    for run_id in lines:
        write_rescue(home / "rescue.jsonl", record(run_id), f"task-{run_id}", at=NOW)
    said = adopt_rescued(sqlite_log, home)
    assert "run elsewhere, accepted as task task-elsewhere, is not in the log" in said[lines.index("elsewhere")]
    assert [sqlite_log.get(i).task_id for i in lines if i != "elsewhere"] == [
        f"task-{i}" for i in lines if i != "elsewhere"
    ]
    assert done(home) == []
    assert "elsewhere" in (home / "rescue.jsonl").read_text()


def test_a_run_that_needs_no_rescue_is_left(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """A task id that the log has already is no news; one of a run that ended, or of another's task, is said."""
    sqlite_log.add(
        [record("r1", status="submitting"), record("r2", status="cancelled"), record("r3", status="submitting")]
    )
    sqlite_log.change("r1", "accepted", status="queued", task_id="7")
    for run_id, task_id in (("r1", "7"), ("r2", "8"), ("r3", "7")):
        write_rescue(home / "rescue.jsonl", record(run_id), task_id, at=NOW)
    said = adopt_rescued(sqlite_log, home)
    assert said[0] == "run r2 is cancelled; its create call was accepted as task 8"
    assert said[1].startswith("run r3: task 7 belongs to another run")
    assert len(said) == 2
    assert [r.status for r in sqlite_log.find()] == ["queued", "cancelled", "submitting"]
    assert sqlite_log.events("r2")[-1]["data"] == {"task_id": "8"}


def test_a_line_that_comes_while_the_file_is_put_aside(
    sqlite_log: RunLog, record: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another kernel appends between the reading and the renaming is adopted too."""
    sqlite_log.add([record(f"r{n}", status="submitting") for n in (1, 2)])
    path = home / "rescue.jsonl"
    write_rescue(path, record("r1"), "71", at=NOW)
    renaming = Path.rename

    def late(self: Path, target: Path) -> Path:
        write_rescue(path, record("r2"), "72", at=NOW)
        return renaming(self, target)

    monkeypatch.setattr(Path, "rename", late)
    assert len(adopt_rescued(sqlite_log, home)) == 2
    assert [r.task_id for r in sqlite_log.find()] == ["71", "72"]


def test_a_file_that_is_put_aside_under_the_pen(home: Path, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line written into a file that was put aside meanwhile is written again where it will be read."""
    home.mkdir()
    path = home / "rescue.jsonl"
    syncing, renamed = rescue.os.fsync, []

    def put_aside(handle: int) -> None:
        syncing(handle)
        if not renamed:
            renamed.append(path.rename(home / "rescue-1.done"))

    monkeypatch.setattr(rescue.os, "fsync", put_aside)
    assert write_rescue(path, record("r1"), "7", at=NOW)
    assert json.loads(path.read_text())["task_id"] == json.loads(renamed[0].read_text())["task_id"] == "7"


class Broken:
    """The context of a step whose log cannot be written."""

    def __init__(self, home: Path) -> None:
        self.settings = SimpleNamespace(home=home)
        self.clock = SYSTEM_CLOCK
        self.timing = Timing(backoff_s=lambda *_, **__: 0.0)
        self.recorder = self

    async def write_accepted(self, *_: Any) -> None:
        """Refuse."""
        raise StoreError("database or disk is full")


def failed(home: Path, record: Any) -> str:
    """What the user reads when an accepted create could not be committed."""
    ctx: Any = Broken(home)
    with pytest.raises(StoreError) as caught:
        asyncio.run(keep_accepted(ctx, record("r1", status="submitting"), "401047", {}, PRICE))
    return str(caught.value)


def test_the_error_says_where_the_task_id_is(home: Path, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task id is in the rescue file once, and the error names both."""
    said = failed(home, record)
    assert "accepted as task 401047" in said
    assert str(home / "rescue.jsonl") in said
    assert [json.loads(x)["task_id"] for x in (home / "rescue.jsonl").read_text().split("\n") if x] == ["401047"]


def test_the_error_is_the_last_place(home: Path, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the rescue file can be written, the error says so, with the id and the line that adopts it."""
    home.parent.mkdir(exist_ok=True)
    home.write_text("in the way")
    said = failed(home, record)
    assert "accepted as task 401047" in said
    assert "it is nowhere else" in said
    assert "hw.run('r1').adopt('401047')" in said


def test_a_full_disk_is_no_rescue(home: Path, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of which a part alone could be written does not count as kept."""
    home.mkdir()
    writing: Callable[[int, bytes], int] = rescue.os.write
    monkeypatch.setattr(rescue.os, "write", lambda handle, text: writing(handle, text[:20]))
    assert not write_rescue(home / "rescue.jsonl", record("r1"), "7", at=NOW)


def test_doctor_takes_it_up(sqlite_log: RunLog, record: Any, home: Path) -> None:
    """``%hailuo doctor`` adopts what is in the rescue file, and says which."""
    from hailuo_widgets.api.session import Session
    from hailuo_widgets.workspace import doctor

    sqlite_log.add([record("r1", status="submitting")])
    write_rescue(home / "rescue.jsonl", record("r1"), "7", at=NOW)
    session = Session(home=home, notice=lambda _: None)
    rows = doctor.report(session).set_index("check")
    assert "r1 has its task id 7 again" in str(rows.loc["rescue file", "finding"])
    assert sqlite_log.get("r1").task_id == "7"
    assert bool(doctor.report(session).set_index("check").loc["rescue file", "ok"])
    session.close()
