"""Tests of a ranking's files for a paper: their figures are the ranking's, hostile names are text, raters have none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.votes import votes_frame
from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.ranking import Ranking, rank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOSTILE = ["=1+1", "100 % \\textbf{$x_1$} & #~^", "<b>fox</b>\n\\end{tabular}", "狐狸 “fox”"]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session with an empty log."""
    opened = Session(home=tmp_path / "home", mode="simulated", notice=lambda _: None)
    yield opened
    opened.close()


def votes(items: list[str], *, seeds: int = 12, raters: tuple[str, ...] = ("mara.lindqvist", "noor")) -> list[Vote]:
    """Votes of two raters on all pairs of all seeds; one in twenty is bad on both sides."""
    rng = np.random.default_rng(1)
    found = []
    for seed in range(seeds):
        for rater in raters:
            for a, left in enumerate(items):
                for right in items[a + 1 :]:
                    answer = str(rng.choice(["left", "right", "tie", "both bad"], p=[0.55, 0.25, 0.15, 0.05]))
                    found.append(
                        Vote(
                            vote_id=f"v{len(found):05}", at=NOW + timedelta(seconds=len(found)), rater=rater,
                            between="variant", left=left, right=right, left_run=f"{left}/{seed}",
                            right_run=f"{right}/{seed}", answer=answer, within="seed", unit=str(seed),
                        )
                    )  # fmt: skip
    return found


def test_the_methods_are_those_of_this_ranking(session: Session, tmp_path: Path) -> None:
    """Each count in the paragraph is the ranking's: change the votes, and it changes."""
    for seeds, confidence in ((12, 0.95), (30, 0.99)):
        given = votes(["a", "b", "c"], seeds=seeds)
        found = rank(given, confidence=confidence)
        text = session.export(found, tmp_path / f"methods{seeds}.md").read_text("utf-8")
        bad = sum(v.answer == "both bad" for v in given)
        for said in (
            "2 raters gave",
            f"gave {len(given) - bad} judgements on pairs of clips of 3 variants, matched by their seed",
            f"{bad} further judgement",
            f"the {seeds} seeds",
            found.estimand,
            f"an error of at most {1 - confidence:.2g} in all, which is divided among the 3 variants",
            f"{confidence:.0%}",
            "corrected for 3 comparisons",
            f"{found.agreement.alpha:.2f} in {found.agreement.pairs} comparisons",
            found.sentence,
        ):
            assert said in text, said
        assert "mara" not in text


def test_the_methods_of_registered_looks(session: Session, tmp_path: Path) -> None:
    """Name the looks and their test, and no betting; the notes follow, with what the paragraph does not say."""
    found = rank(votes(["a", "b"], seeds=12), looks=(6, 12))
    text = session.export(found, tmp_path / "methods.md").read_text("utf-8")
    assert "at registered looks alone, after 6, 12 seeds" in text
    assert "[1] K. Lan" in text
    assert "betting" not in text
    assert all(note in text for note in found.notes)
    assert "betting" in session.export(rank(votes(["a", "b"])), tmp_path / "other.md").read_text("utf-8")


def test_latex_takes_any_name(session: Session, tmp_path: Path) -> None:
    """Names are text in both tables: no command, no end of a row or a table, no line of their own."""
    found = rank(votes(HOSTILE))
    text = session.export(found, tmp_path / "ranking.tex").read_text("utf-8")
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 3
    assert sum(line.endswith(r"\\") for line in body) == 2 * (1 + len(HOSTILE)) + 1 + 6
    bare = re.sub(r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textquotedbl)\{\}", "", text)
    assert r"\textbf" not in bare
    cells = [line for line in body if line.endswith(r"\\")]
    assert [len(re.findall(r"(?<!\\)&", line)) for line in cells] == [5] * 5 + [4] * 5 + [6] * 7
    assert len([line for line in body if line]) == 2 * (6 + len(HOSTILE)) + 6 + 6, "no name has a line of its own"


@pytest.mark.parametrize(("level", "shown"), [(0.95, "95%"), (0.975, "97.5%"), (0.995, "99.5%"), (0.999, "99.9%")])
def test_a_level_is_not_rounded(session: Session, tmp_path: Path, level: float, shown: str) -> None:
    """The level of intervals and claims is told as it is, and never as 100 %."""
    found = rank(votes(["a", "b"], seeds=20), confidence=level)
    for text in (found.sentence, found.html(), session.export(found, tmp_path / "m.md").read_text("utf-8")):
        assert shown in text
        assert "100% interval" not in text
        assert "at 100%" not in text


def test_one_rater_has_no_agreement_to_cite(session: Session, tmp_path: Path) -> None:
    """What is not computed is not described."""
    found = rank(votes(["a", "b"], raters=("mara",)))
    assert "Krippendorff" not in session.export(found, tmp_path / "methods.md").read_text("utf-8")


def test_latex_has_the_corrected_p_values(session: Session, tmp_path: Path) -> None:
    """Each two variants with the figures of the table of pairs; a tiny one is not called 0."""
    found = rank(votes(["a", "b", "c"], seeds=60))
    text = session.export(found, tmp_path / "ranking.tex").read_text("utf-8").rpartition(r"\begin{tabular}")[2]
    for row in found.pairs.to_dict("records"):
        line = next(x for x in text.splitlines() if x.startswith(f"{row['first']} & {row['second']} &"))
        told = [cell.strip(" \\") for cell in line.split("&")][2:]
        shown = ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in (row["p"], row["p_holm"])]
        expected = [f"{row['first_rate']:.0%}".replace("%", r"\%"), str(row["units"]), str(row["judged"])]
        assert told[:3] == expected
        assert [cell.replace("textless{}", "<") for cell in told[3:]] == shown


@pytest.mark.parametrize("kind", [".csv", ".html", ".tex", ".md"])
def test_no_name_breaks_a_file(session: Session, tmp_path: Path, kind: str) -> None:
    """A character that no file can hold is replaced."""
    path = session.export(rank(votes(["a\ud800", "b"])), tmp_path / f"ranking{kind}")
    assert path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("kind", [".csv", ".html", ".tex", ".md"])
def test_no_file_names_a_rater(session: Session, tmp_path: Path, kind: str) -> None:
    """Whatever the kind, a rater's name is not in it, also where one is flagged."""
    path = session.export(rank(votes(["a", "b", "c"])), tmp_path / f"ranking{kind}")
    assert b"lindqvist" not in path.read_bytes()


def test_votes_are_written_with_pseudonyms(session: Session, tmp_path: Path) -> None:
    """The rater of the first vote is rater 1; all else is as it was, and ranks the same."""
    frame = votes_frame(votes(["a", "b"], raters=("zoe", "mara.lindqvist")))
    path = session.export(frame.iloc[::-1], tmp_path / "votes.csv")
    read = pd.read_csv(path, dtype="string").iloc[::-1].reset_index(drop=True)
    assert b"zoe" not in path.read_bytes()
    assert read["rater"].unique().tolist() == ["rater 1", "rater 2"]
    assert (read["rater"] == "rater 1").tolist() == (frame["rater"] == "zoe").tolist()
    for column in ("left", "right", "answer", "unit", "vote_id"):
        assert read[column].tolist() == frame[column].tolist(), column
    assert frame["rater"].tolist()[0] == "zoe", "the frame that was given is as it was"


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("ranking.docx", {}, "a ranking is written as .tex"),
    ("ranking", {}, "a ranking is written as"),
    ("nowhere/ranking.tex", {}, "is not there"),
    ("ranking.html", {"cols": "seed"}, "cols is for an export of runs"),
]


@pytest.mark.parametrize(("name", "more", "said"), WRONG)
def test_what_cannot_be_written_is_said(
    session: Session, tmp_path: Path, name: str, more: dict[str, Any], said: str
) -> None:
    """Another end, a folder that is not there, an argument for runs."""
    found: Ranking = rank(votes(["a", "b"]))
    with pytest.raises(UsageError, match=re.escape(said)):
        session.export(found, tmp_path / name, **more)
    with pytest.raises(UsageError, match="votes are written as"):
        session.export(votes_frame(votes(["a", "b"])), tmp_path / "votes.tex")


def test_no_votes_at_all(session: Session, tmp_path: Path) -> None:
    """A ranking of nothing is written too, and says so."""
    found = rank([], items=["a", "b"])
    text = session.export(found, tmp_path / "ranking.md").read_text("utf-8")
    assert text == "There are no votes that prefer one to another yet.\n"
    assert "a & – & –" in session.export(found, tmp_path / "ranking.tex").read_text("utf-8")
