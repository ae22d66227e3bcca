"""Tests of rankings by several questions: never mixed, corrected for their number, each readable by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from panel import Panel, vote

from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports import export_judgements
from hailuo_widgets.voting.aspects import AspectRankings, questions_of, rank_aspects
from hailuo_widgets.voting.pairwise import holm
from hailuo_widgets.voting.ranking import Ranking, rank

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.domain.vote import Vote

MOTION, FAULTS = "Which moves better?", "Which has fewer faults? <b>"


def about(question: str, votes: list[Vote]) -> list[Vote]:
    """The same votes on a question; those on faults came later."""
    later = timedelta(hours=question == FAULTS)
    return [replace(v, question=question, vote_id=f"{question}/{v.vote_id}", at=v.at + later) for v in votes]


def opposed(units: int = 30) -> list[Vote]:
    """Votes by which a moves better, and b has fewer faults."""
    moves = [vote(n, "a", "b", "left", unit=n) for n in range(units)]
    faults = [vote(n, "a", "b", "right", unit=n) for n in range(units)]
    return [*about(MOTION, moves), *about(FAULTS, faults)]


def both(votes: list[Vote], **more: object) -> AspectRankings:
    """The rankings of several questions."""
    found = rank_aspects(votes, **more)  # type: ignore[arg-type]
    assert isinstance(found, AspectRankings)
    return found


def test_each_question_has_a_ranking_of_its_own() -> None:
    """Mixed, they would be even; apart, each has its winner, and says that it is one of two."""
    found = both(opposed())
    assert {q: r.winner for q, r in found.items()} == {MOTION: "a", FAULTS: "b"}
    assert all(r.df["judged"].tolist() == [30, 30] for r in found.values())
    assert all("One of 2 questions" in r.estimand for r in found.values())
    assert found.df.groupby("question")["item"].first().to_dict() == {MOTION: "a", FAULTS: "b"}
    assert found.df[["question", "item", "tied_for_best"]].to_numpy().tolist() == [
        [MOTION, "a", True],
        [MOTION, "b", False],
        [FAULTS, "b", True],
        [FAULTS, "a", False],
    ]
    assert "<b>" not in found.html().replace("&lt;b&gt;", "")
    assert MOTION in repr(found)
    assert MOTION in found.sentence


def test_one_question_is_corrected_for_those_that_were_asked() -> None:
    """Choosing one afterwards makes nothing surer: its p-values are Holm's over all questions."""
    made = Panel(np.array([0.5, 0.0, -0.4]), np.random.default_rng(4))
    votes = [*about(MOTION, made.round_robin(240, 40)), *about(FAULTS, made.round_robin(240, 40))]
    every = both(votes)
    corrected = holm([float(p) for r in every.values() for p in r.pairs["p"]])
    assert [float(p) for r in every.values() for p in r.pairs["p_holm"]] == pytest.approx(corrected)
    for question in (MOTION, FAULTS):
        one = rank_aspects(votes, question=question)
        assert isinstance(one, Ranking)
        assert repr(one) == repr(every[question])
        alone = rank([v for v in votes if v.question == question])
        assert (one.pairs["p_holm"] >= alone.pairs["p_holm"]).all()
        pd.testing.assert_frame_equal(
            one.df[["item", "win_low", "win_high"]], alone.df[["item", "win_low", "win_high"]]
        )


def test_winners_of_all_questions_err_as_one_does() -> None:
    """Between equal items, a winner by any of three questions is named in at most 5 %: below 6 of 30 studies."""
    made, wrong = Panel(np.zeros(2), np.random.default_rng(9)), 0
    for _ in range(30):
        votes = [v for n in range(3) for v in about(f"question {n}", made.round_robin(25, 25))]
        wrong += any(r.winner is not None for r in both(votes).values())
    assert wrong <= 5


def test_a_question_that_is_not_known() -> None:
    """Counts for the only question, with a note; for none of several; a log without questions ranks as before."""
    plain = [vote(n, "a", "b", "left", unit=n) for n in range(6)]
    old = rank_aspects(plain)
    assert isinstance(old, Ranking)
    assert repr(old) == repr(rank(plain))
    some = rank_aspects([*plain[:2], *about(MOTION, plain[2:])])
    assert isinstance(some, Ranking)
    assert some.df["judged"].tolist() == [6, 6]
    assert "2 votes do not say the question" in some.notes[-1]
    several = both([*opposed(8), vote(99, "a", "b", "left", unit=99)])
    assert several.notes == ("1 vote does not say the question, and is left out.",)
    assert [r.df["judged"].tolist() for r in several.values()] == [[8, 8], [8, 8]]


def test_a_question_that_was_not_asked_is_refused() -> None:
    """With the nearest one that was; what was taken back asked nothing."""
    with pytest.raises(UsageError, match="did you mean 'Which moves better"):
        rank_aspects(opposed(), question="Which moves beter?")
    back = [replace(v, withdrawn=v.question == FAULTS) for v in opposed(6)]
    assert questions_of(back) == (MOTION,)
    assert isinstance(rank_aspects(back), Ranking)


def test_files_have_all_questions(tmp_path: Path) -> None:
    """Tables, Methods and page one after another; a plot shows one, and says how to get it."""
    found = both(opposed())
    for name in ("r.tex", "r.md", "r.html"):
        text = export_judgements(found, tmp_path / name).read_text("utf-8")
        assert text.index("Which moves better?") < text.index("Which has fewer faults?")
    assert set(pd.read_csv(export_judgements(found, tmp_path / "r.csv"))["question"]) == {MOTION, FAULTS}
    with pytest.raises(UsageError, match="a plot shows one question") as refused:
        export_judgements(found, tmp_path / "r.svg")
    assert "Which moves better?" in str(refused.value)
    assert export_judgements(found[MOTION], tmp_path / "r.svg").read_bytes().startswith(b"<?xml")
