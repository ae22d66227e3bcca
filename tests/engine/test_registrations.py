"""Registrations: written once with their hash, and a ranking says whether it was done as registered."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.workspace.votes import blind_test

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.workspace.sweep import Sweep

QUESTION = "Which fox is better?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a sweep of two prompts on six seeds, all clips made."""
    folder = tmp_path_factory.mktemp("home")
    with Simulator(folder / "provider", latency=0.02, draft=True) as simulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIE_BASE_URL", simulator.url)
        patch.setenv("KIE_API_KEY", "test-key")
        with Session(home=folder, mode="live", poll_interval=0.05, notice=lambda _: None) as session:
            prompts = {"day": "a fox", "night": "a wolf"}
            asked = {"seed": list(range(6)), "provider": "kie", "model": "02", "name": "foxes", "yes": True}
            session.sweep(prompts, **asked).wait(60)
    return folder


@pytest.fixture
def session(home: Path, tmp_path: Path) -> Iterator[Session]:
    """A session on a copy of that home's log; the clips are not needed."""
    (tmp_path / "home").mkdir()
    with (
        closing(sqlite3.connect(home / "runs.sqlite3")) as old,
        closing(sqlite3.connect(tmp_path / "home/runs.sqlite3")) as new,
    ):
        old.backup(new)
    with Session(home=tmp_path / "home", mode="simulated", notice=lambda _: None) as session:
        yield session


def judge(session: Session, *winners: str, question: str = QUESTION, **more: Any) -> None:
    """Votes by one rater, one a seed, for these variants; now."""
    runs = {(r.record.variant, r.record.request.seed): r.id for r in session.sweep_of("foxes")}
    for seed, winner in enumerate(winners):
        fields: dict[str, Any] = {
            "vote_id": f"v{seed}{question}", "at": session.runtime.clock.now(), "rater": "mara", "between": "variant",
            "left": "day", "right": "night", "left_run": runs["day", seed], "right_run": runs["night", seed],
            "answer": {"day": "left", "night": "right"}.get(winner, winner), "within": "seed", "unit": str(seed),
            "question": question,
        }  # fmt: skip
        session.log.call(session.log.vote, Vote(**(fields | more)))


def test_a_ranking_says_that_it_is_as_registered(session: Session) -> None:
    """With the record's hash, in the notes, the text and the exported files; looks and α come from the record."""
    made = session.preregister("foxes", QUESTION, looks=[4, 6], alpha=0.1, stopping="after six", exclusions="none")
    assert made.sha256 == hashlib.sha256(made.text.encode()).hexdigest()
    record = json.loads(made.text)
    assert (record["between"], sorted(record["items"]), record["looks"]) == ("variant", ["day", "night"], [4, 6])
    assert (record["units"], len(record["runs"]), record["votes"]) == ({"called": "seed", "count": 6}, 12, 0)
    assert made.sha256 in repr(made)
    assert "after 4 and 6 seeds" in repr(made)
    judge(session, "day", "day", "day")
    found = session.rank("foxes")
    assert found.notes[0] == f"As registered on {made.at:%Y-%m-%d %H:%M} UTC (sha256 {made.sha256[:12]})."
    assert (found.looks, found.confidence) == ((4, 6), 0.9)
    assert "the next registered look is after 4 seeds, and 3 are judged" in found.sentence
    assert made.sha256[:12] in found.html()
    assert made.sha256[:12] in repr(session.rank(session.votes("foxes")))


def test_a_vote_is_sure_at_registered_looks_alone(session: Session) -> None:
    """The sitting has the looks of its question's registration."""
    session.preregister("foxes", QUESTION, looks=6)
    more: dict[str, Any] = {"between": None, "within": None, "rater": None, "aim": "order", "repeats": 0.1}
    # The clips are not in this home, so that no pair could be shown; the runs say that they have some.
    session.archive.video_of = lambda record: record.run_id  # type: ignore[method-assign,assignment,return-value]
    assert blind_test(session, "foxes", question=QUESTION, **more)[1].looks == {QUESTION: (6,)}


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("", "a text, or a list of texts"),
        ([], "1 to 8 different questions"),
        (["a", " a "], "1 to 8 different questions"),
        ([f"q{n}" for n in range(9)], "1 to 8 different questions"),
        (["a", 7], "a text, or a list of texts"),
        (None, "a text, or a list of texts"),
        ({"motion": ""}, "a text, or a list of texts"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(session: Session, question: Any, told: str) -> None:
    """By what is allowed, before anything is shown."""
    with pytest.raises(hw.UsageError, match=told):
        session.vote("foxes", question=question)


def test_several_questions_have_rankings_of_their_own(session: Session) -> None:
    """From the log and from its table; a registration of one of them is that of its ranking alone."""
    session.preregister("foxes", "Which moves?", looks=4)
    judge(session, "day", "day", "day", question="Which moves?")
    judge(session, "night", "night", question="Which is sharper?")
    found = session.rank("foxes")
    assert list(found) == ["Which moves?", "Which is sharper?"]
    assert [r.looks for r in found.values()] == [(4,), ()]
    assert [r.df["item"].iloc[0] for r in found.values()] == ["day", "night"]
    assert found["Which moves?"].notes[0].startswith("As registered")
    assert not [n for n in found["Which is sharper?"].notes if "egistered" in n]
    assert repr(session.rank(session.votes("foxes"))["Which moves?"].df) == repr(found["Which moves?"].df)
    one = session.rank("foxes", question="Which is sharper?")
    assert one.df["item"].iloc[0] == "night"
    with pytest.raises(hw.UsageError, match="no vote answers it"):
        session.rank("foxes", question="Which is longer?")


def test_each_deviation_is_told(session: Session) -> None:
    """Votes before, another question, another level, other runs: all in one note."""
    judge(session, "day", question="Which is nicer?", at=session.runtime.clock.now() - timedelta(hours=1))
    session.preregister("foxes", QUESTION)
    note = session.rank(list(session.sweep_of("foxes"))[:11], confidence=0.9).notes[0]
    assert note.startswith("Registered on ")
    assert note.endswith(
        "Not as registered: 1 registered run left out (exclusions: none); α = 0.1 instead of 0.05; "
        "1 vote on “Which is nicer?” instead of “Which fox is better?”; 1 vote was given before."
    )


def test_the_first_registration_of_a_comparison_counts(session: Session, tmp_path: Path) -> None:
    """A later one with other looks, written by another kernel, changes nothing but that it is told."""
    first = session.preregister("foxes", QUESTION, looks=6)
    with Session(home=tmp_path / "home", mode="simulated", notice=lambda _: None) as other:
        later = other.preregister("foxes", QUESTION, looks=[1, 2, 3])
        other.preregister("foxes", "Which is longer?")
    judge(session, "day", "day")
    found = session.rank("foxes")
    assert found.looks == (6,)
    assert first.sha256[:12] in found.notes[0]
    again = rf"It was registered again on \S+ \S+ UTC \(sha256 {later.sha256[:12]}\); the first one counts\.$"
    assert re.search(again, found.notes[0])


def test_run_all_registers_nothing_anew(session: Session, tmp_path: Path) -> None:
    """The same again is the first record, also after a restart, when runs of other IDs show the same clips."""
    first = session.preregister("foxes", QUESTION, looks=6, raters="mara")
    judge(session, "day", "day")
    again = session.preregister("foxes", QUESTION, looks=[6], raters=["mara"])
    assert (again.id, again.sha256, repr(again)) == (first.id, first.sha256, repr(first))
    with closing(sqlite3.connect(tmp_path / "home/runs.sqlite3")) as c:
        columns = [name for _, name, *_ in c.execute("PRAGMA table_info(runs)")]
        chosen = {"run_id": "'x' || run_id", "reused_from": "run_id", "sweep_id": "'x'", "sweep_name": "'later'"}
        values = ", ".join(chosen.get(name, "NULL" if name in {"task_id", "client_uuid"} else name) for name in columns)
        c.execute(f"INSERT INTO runs ({', '.join(columns)}) SELECT {values} FROM runs")  # noqa: S608 - names of columns
        c.commit()
    assert session.preregister("later", QUESTION, looks=6, raters="mara").id == first.id
    note = session.rank("later").notes[0]
    assert note == f"As registered on {first.at:%Y-%m-%d %H:%M} UTC (sha256 {first.sha256[:12]})."
    assert session.preregister("later", QUESTION, looks=5, raters="mara").id != first.id


def test_a_record_that_was_changed_counts_for_nothing(session: Session, tmp_path: Path) -> None:
    """It is told, and its looks and level are not used."""
    session.preregister("foxes", QUESTION, looks=6, alpha=0.01)
    with closing(sqlite3.connect(tmp_path / "home/runs.sqlite3")) as c:
        c.execute("""UPDATE documents SET text = replace(text, '"looks":[6]', '"looks":[1]')""")
        c.commit()
    judge(session, "day")
    session.preregister("foxes", QUESTION, alpha=0.2)  # a laxer one, which would count if the first were gone
    found = session.rank("foxes")
    assert (found.looks, found.confidence) == ((), 0.95)
    assert "was changed after it was written: nothing counts as registered" in found.notes[0]
    assert "As registered" not in repr(found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("at = '2020-01-01 00:00:00.000000'", "nothing counts as registered"),
        ("at = 'x'", "nothing counts as registered"),
        ("sha256 = 'x'", "nothing counts as registered"),
        ("text = '[]'", "1 registration of this log can't be read any more"),
        ("text = x'fffe'", "1 registration of this log can't be read any more"),
        ("text = replace(hex(zeroblob(50000)), '0', '[')", "1 registration of this log can't be read any more"),
    ],
)
def test_any_change_of_a_record_is_told(session: Session, tmp_path: Path, change: str, told: str) -> None:
    """Its time is hashed too; what can't be read is no silence."""
    judge(session, "day")
    session.preregister("foxes", QUESTION, looks=6)
    with closing(sqlite3.connect(tmp_path / "home/runs.sqlite3")) as c:
        c.execute(f"UPDATE documents SET {change}")  # noqa: S608 - the table above
        c.commit()
    found = session.rank("foxes")
    assert told in found.notes[0]
    assert "As registered" not in repr(found)
    assert found.looks == ()


def test_votes_that_were_picked_are_told(session: Session) -> None:
    """By a rater's name, from the table, or by taking them back: each is a deviation with its number."""
    session.preregister("foxes", QUESTION)
    judge(session, "day", "day", "day", "night", "night")
    assert session.rank("foxes").notes[0].startswith("As registered")
    votes = session.votes("foxes")
    assert session.rank(votes).notes[0].startswith("As registered")
    assert "Not as registered: 2 votes left out." in session.rank(votes[votes["winner"] == "day"]).notes[0]
    assert "Not as registered: 4 votes left out." in session.rank(votes.head(1)).notes[0]
    assert "rater “mara” left out" in session.rank("foxes", rater="lu").notes[0]
    session.log.call(session.log.withdraw, votes["vote_id"].iloc[4])
    assert "1 vote taken back and not given again" in session.rank("foxes").notes[0]


def test_a_part_of_the_votes_is_corrected_for_all_questions(session: Session) -> None:
    """Picked from the table, by a rater or by name: the questions that were asked of these clips count."""
    judge(session, *["day"] * 6, question="Which moves?")
    judge(session, *["day", "night"] * 3, question="Which is sharper?")
    whole = session.rank("foxes")["Which moves?"]
    votes = session.votes("foxes")
    part = session.rank(votes[votes["question"] == "Which moves?"])
    assert part.pairs["p_holm"].tolist() == whole.pairs["p_holm"].tolist()
    assert "One of 2 questions" in part.estimand
    assert session.rank("foxes", question="Which moves?", rater="nobody").df["judged"].sum() == 0


def test_runs_that_were_not_registered_have_no_note(session: Session) -> None:
    """Nor has a log without registrations."""
    judge(session, "day")
    assert not [n for n in session.rank("foxes").notes if "egistered" in n]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"question": " "}, "question=''"),
        ({"question": None}, "question='None': a text"),
        ({"alpha": 0}, "alpha=0"),
        ({"alpha": 0.6}, "alpha=0.6: a number above 0, up to 0.5"),
        ({"alpha": float("nan")}, "alpha"),
        ({"looks": []}, "looks=[]"),
        ({"looks": [6, 3]}, "increasing numbers of seeds"),
        ({"looks": [3, 3]}, "increasing numbers of seeds"),
        ({"looks": 7}, "two variants of these runs have 6 seeds in common"),
        ({"looks": [0, 4]}, "looks"),
        ({"looks": [2.5]}, "looks"),
        ({"looks": "soon"}, "looks"),
        ({"between": "prom"}, "prom"),
        ({"stopping": 7}, "stopping='7': a text"),
        ({"exclusions": "x" * 5000}, "exclusions="),
        ({"raters": [3]}, "raters='3': a text"),
    ],
)
def test_what_is_not_valid_is_refused(session: Session, arguments: dict[str, Any], told: str) -> None:
    """By its name, and nothing is written."""
    with pytest.raises(hw.UsageError) as refused:
        session.preregister("foxes", **({"question": QUESTION} | arguments))
    assert told in str(refused.value)
    with closing(sqlite3.connect(session.settings.home / "runs.sqlite3")) as c:
        assert c.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_a_sweep_can_be_registered_before_its_clips_are_there(tmp_path: Path) -> None:
    """The planned seeds count, not those that have ended."""
    with Session(home=tmp_path, mode="simulated", simulator_speed=0.01, notice=lambda _: None) as session:
        sweep: Sweep = session.sweep(["a fox", "a wolf"], seed=[1, 2, 3], provider="kie", model="02")
        record = json.loads(session.preregister(sweep, looks=3).text)
        assert (record["units"]["count"], record["clips"], record["votes"]) == (3, 0, 0)
        sweep.cancel()
