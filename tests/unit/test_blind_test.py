"""Tests of the blind test: random sides, no pair twice except repeats, and only written votes count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from hailuo_widgets.dataframes.votes import VOTE_COLUMNS, votes_frame, votes_of
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.blind_test import APART, BlindTest
from hailuo_widgets.voting.judgements import judgements_of
from hailuo_widgets.voting.pairs import Candidate, Pairs

if TYPE_CHECKING:
    from hailuo_widgets.domain.vote import Vote

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PAIRS = Pairs(
    between="prompt",
    within="seed",
    items=("a fox", "a wolf"),
    candidates=tuple(
        Candidate(first="a fox", second="a wolf", first_run=f"f{n}", second_run=f"w{n}", unit=str(n)) for n in range(40)
    ),
    left_out={},
)


def blind_test(earlier: list[Vote] | None = None, **more: Any) -> BlindTest:
    """A sitting over forty pairs."""
    fields = {"rater": "mara", "aim": "order", "repeats": 0.0, "rng": np.random.default_rng(5), "now": lambda: NOW}
    return BlindTest(PAIRS, earlier or [], **{**fields, **more})


def judge(sitting: BlindTest, answer: str = "left") -> Vote:
    """Give an answer to the pair that is shown."""
    assert sitting.shown is not None
    vote = sitting.vote(sitting.shown.token, answer, 2.5)
    sitting.count(vote)
    return vote


def test_each_pair_once_on_random_sides() -> None:
    """Every pair comes once, about as often on either side; at the end there is none."""
    sitting = blind_test()
    votes = [judge(sitting) for _ in range(40)]
    assert sitting.shown is None
    assert sorted(int(v.unit) for v in votes) == list(range(40))
    assert 10 <= sum(v.left == "a fox" for v in votes) <= 30
    assert all((v.left_run[0], v.right_run[0]) == (v.left[2], v.right[2]) for v in votes)
    assert len({v.vote_id for v in votes}) == 40
    assert [v.vote_id for v in votes] == sorted(v.vote_id for v in votes)


ASKED = ("Which moves better?", "Which has fewer faults?", "Which is nicer?")


def test_all_questions_of_a_pair_come_before_the_next_pair() -> None:
    """In their order, on the same sides; undo goes back one question, and the pair is judged with the last one."""
    sitting = blind_test(questions=ASKED)
    for judged in range(5):
        pairs = set()
        for question in ASKED:
            assert sitting.shown is not None
            assert (sitting.shown.question, sitting.remaining) == (question, 40 - judged)
            pairs.add((sitting.shown.visit, sitting.shown.runs))
            assert judge(sitting).question == question
        assert len(pairs) == 1
    first = sitting.shown
    judge(sitting)
    sitting.take_back()
    assert sitting.shown == first
    judge(sitting)
    judge(sitting)
    assert sitting.shown is not None
    assert sitting.shown.question == ASKED[2]
    assert len({v.vote_id for v in sitting.votes}) == 17


def test_what_was_left_in_the_middle_is_asked_later() -> None:
    """Of a pair with one answer the other questions, of a pair without a known question none; others all."""
    left = judge(blind_test(questions=ASKED))
    other = "0" if left.unit != "0" else "1"
    runs = {"left_run": f"f{other}", "right_run": f"w{other}"}
    unknown = replace(left, vote_id="old", question="", unit=other, left_clip="", right_clip="", **runs)
    again = blind_test([left, unknown], questions=ASKED)
    assert again.remaining == 39
    found: dict[tuple[str, ...], list[str]] = {}
    while again.shown is not None:
        found.setdefault(again.shown.candidate.clips, []).append(again.shown.question)
        judge(again)
    assert found.pop(left.clips) == list(ASKED[1:])
    assert unknown.clips not in found
    assert set(map(tuple, found.values())) == {ASKED}
    assert blind_test([left], questions=ASKED[:1]).remaining == 39


def test_a_repeat_asks_all_questions_again() -> None:
    """Each repeated vote names that on the same question, and no answer goes into another question's judgement."""
    sitting = blind_test(repeats=0.5, questions=ASKED[:2])
    while sitting.shown is not None and sitting.given < 80:
        judge(sitting, "left")
    votes = {v.vote_id: v for v in sitting.votes}
    again = [v for v in votes.values() if v.repeat_of]
    assert len(again) > 8
    for v in again:
        first = votes[v.repeat_of or ""]
        assert (first.question, first.left_run, first.right_run) == (v.question, v.right_run, v.left_run)
    assert len(judgements_of(list(votes.values()))) == len(votes) - len(again)


def test_repeats_come_later_and_swapped() -> None:
    """A repeated pair was judged at least so many votes ago, has its sides swapped, and comes once."""
    sitting = blind_test(repeats=0.5)
    votes = []
    while sitting.shown is not None and len(votes) < 60:
        votes.append(judge(sitting))
    place = {v.vote_id: n for n, v in enumerate(votes)}
    again = [v for v in votes if v.repeat_of]
    assert len(again) > 5
    assert len({v.repeat_of for v in again}) == len(again)
    for v in again:
        first = votes[place[v.repeat_of or ""]]
        assert (first.left_run, first.right_run) == (v.right_run, v.left_run)
        assert place[v.vote_id] - place[first.vote_id] > APART


def test_another_rater_sees_all_and_the_same_one_the_rest() -> None:
    """What a rater judged before does not come again; what others judged does."""
    earlier = [judge(blind_test(), "tie")]
    assert blind_test(earlier).remaining == 39
    assert blind_test(earlier, rater="lu").remaining == 40
    assert len(blind_test(earlier, rater="lu").votes) == 1


def test_a_vote_is_taken_back() -> None:
    """The pair comes again as it was, sides and all, and the vote counts no more."""
    sitting = blind_test()
    shown = sitting.shown
    vote = judge(sitting)
    assert (sitting.last, sitting.given) == (vote, 1)
    sitting.take_back()
    assert sitting.shown == shown
    assert (sitting.votes, sitting.given, sitting.last) == ((), 0, None)


def test_only_the_pair_that_is_shown() -> None:
    """A token of another pair, an answer that is none, a time that is none: refused, and the pair stays."""
    sitting = blind_test()
    assert sitting.shown is not None
    token = sitting.shown.token
    for wrong in (("other", "left", 1.0), (token, "lefty", 1.0), (token, "left", float("nan")), (token, "left", -1.0)):
        with pytest.raises(UsageError):
            sitting.vote(*wrong)
    assert sitting.shown.token == token
    assert sitting.given == 0


def test_votes_as_a_table_and_back() -> None:
    """The table has its columns and dtypes, also without votes; from it come the votes that made it."""
    sitting = blind_test()
    votes = [judge(sitting, answer) for answer in ("left", "tie", "both bad", "right")]
    frame = votes_frame(votes)
    assert list(frame.columns) == list(VOTE_COLUMNS)
    assert list(frame.dtypes.astype(str)) == list(votes_frame([]).dtypes.astype(str))
    assert frame["winner"].isna().tolist() == [False, True, True, False]
    assert votes_of(frame) == votes
    few = votes_of(pd.DataFrame({"left": ["a"], "right": ["b"], "answer": ["left"]}))
    assert (few[0].winner, few[0].unit) == ("a", "")
    with pytest.raises(UsageError, match="no column right"):
        votes_of(pd.DataFrame({"left": ["a"], "answer": ["left"]}))
    with pytest.raises(UsageError, match=r"row 0: answer='A' is none of left"):
        votes_of(pd.DataFrame({"left": ["a"], "right": ["b"], "answer": ["A"]}))


def test_a_table_of_votes_may_lack_times_and_compares_nothing_with_itself() -> None:
    """Some times missing, or read from CSV as text, sort with the others; a row of one item or one run is refused."""
    pair = {"left": "a", "right": "b", "answer": "left"}
    times = [None, "2026-11-27", "2026-11-27 01:00+01:00", pd.Timestamp(NOW), NOW]
    votes = votes_of(pd.DataFrame([pair | {"at": at, "left_run": f"r{n}"} for n, at in enumerate(times)]))
    assert [v.at for v in votes[1:]] == [NOW] * 4
    assert len(judgements_of(votes)) == 5
    with pytest.raises(UsageError, match="row 0: at='soon' is not a time"):
        votes_of(pd.DataFrame([pair | {"at": "soon"}]))
    with pytest.raises(UsageError, match="row 1: left and right are both 'a'"):
        votes_of(pd.DataFrame([pair, pair | {"right": "a"}]))
    with pytest.raises(UsageError, match="row 0: left_run and right_run are both 'r1'"):
        votes_of(pd.DataFrame([pair | {"left_run": "r1", "right_run": "r1"}]))


def test_a_raters_votes_on_one_pair_of_clips_are_one_judgement() -> None:
    """Whichever runs showed them, on whichever sides; a change of mind is a tie; other raters and axes count apart."""
    first = judge(blind_test(), "left")
    clips = {"left_clip": "c1", "right_clip": "c2"}
    swapped = {"left": first.right, "right": first.left, "left_clip": "c2", "right_clip": "c1", "answer": "right"}

    def told(*changes: dict[str, Any]) -> list[float | None]:
        votes = [replace(first, vote_id=f"v{n}", **(clips | {"left_run": f"a{n}"} | c)) for n, c in enumerate(changes)]
        return [j.score for j in judgements_of(votes)]

    score = float(first.left < first.right)
    assert told({}, {}, swapped) == [score]
    assert told({}, {"answer": "right"}) == [0.5]
    assert told({}, {"answer": "tie"}, {}) == [0.5]
    assert told({}, {"rater": "lu"}) == [score, score]
    assert told({}, {"between": "model"}) == [score, score]
    assert told({}, {"withdrawn": True, "answer": "right"}) == [score]
    assert told({"right_clip": "c1"}) == []  # one clip on both sides
    assert told({"left_run": "", "left_clip": ""}, {"left_run": "", "left_clip": ""}) == [score, score]  # not known


def test_an_item_that_was_not_judged_yet_keeps_the_answer_open() -> None:
    """Forty votes on two items decide it, unless a third one has clips here: nobody is told to stop before those."""
    sitting = blind_test()
    for _ in range(40):
        judge(sitting, "left" if sitting.shown is not None and sitting.shown.items[0] == "a fox" else "right")
    assert sitting.sure
    third = Candidate(first="a fox", second="a hare", first_run="f0", second_run="h0", unit="0")
    grown = replace(PAIRS, items=(*PAIRS.items, "a hare"), candidates=(*PAIRS.candidates, third))
    fields: dict[str, Any] = {"rater": "mara", "aim": "order", "repeats": 0.0, "rng": np.random.default_rng(5)}
    assert not BlindTest(grown, sitting.votes, now=lambda: NOW, **fields).sure
