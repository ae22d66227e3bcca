"""Tests that each deviation of an analysis from what was registered is named, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from panel import NOW, vote

from hailuo_widgets.voting.deviations import Analysis, deviations

REGISTERED: dict[str, Any] = {
    "question": "Which is sharper?",
    "between": "model",
    "items": ["02", "2.3"],
    "runs": ["r1", "r2"],
    "alpha": 0.05,
    "raters": None,
    "exclusions": "",
}
VOTES = [vote(n, "02", "2.3", "left", between="model", question="Which is sharper?") for n in range(1, 4)]
DONE = Analysis(votes=VOTES, between="model", items=["2.3", "02"], runs=["r2", "r1"], alpha=1 - 0.95)


def test_what_was_done_as_registered_has_no_deviation() -> None:
    """Whatever the order of runs and values; what is not known, and what was taken back, is none."""
    assert deviations(REGISTERED, NOW, DONE) == []
    unknown = Analysis(votes=[replace(v, question="") for v in VOTES], between=None, items=None, runs=None, alpha=0.05)
    assert deviations(REGISTERED, NOW, unknown) == []
    assert deviations({}, NOW, DONE) == []
    named = [replace(v, rater="mara (0f3a9c21)") for v in VOTES]  # as a ballot's raters are
    assert deviations(REGISTERED | {"raters": ["mara"]}, NOW, replace(DONE, votes=named)) == []
    back = [*VOTES, replace(VOTES[0], vote_id="w", at=NOW - timedelta(days=1), question="Which?", withdrawn=True)]
    assert deviations(REGISTERED, NOW, replace(DONE, votes=back)) == []


def test_another_column_hides_no_other_deviation() -> None:
    """Its values are others by nature; the level and the runs are told all the same."""
    done = replace(DONE, between="seed", items=["1", "2"], alpha=0.1, runs=["r1"])
    assert deviations(REGISTERED, NOW, done) == [
        "seed is compared, and model was registered",
        "1 registered run left out (exclusions: none)",
        "α = 0.1 instead of 0.05",
    ]


@pytest.mark.parametrize(
    ("registered", "done", "told"),
    [
        ({}, {"between": "seed"}, "seed is compared, and model was registered"),
        ({}, {"items": ["02", "2.3", "H3"]}, "variant “H3” added"),
        ({}, {"items": ["02"]}, "variant “2.3” left out"),
        ({"items": ["02", "2.3", "a", "b"]}, {}, "variants “a”, “b” left out"),
        ({}, {"runs": ["r1"]}, "1 registered run left out (exclusions: none)"),
        ({"exclusions": "black clips"}, {"runs": []}, "2 registered runs left out (exclusions: black clips)"),
        ({}, {"runs": ["r1", "r2", "r3"]}, "1 run added"),
        ({}, {"alpha": 0.1}, "α = 0.1 instead of 0.05"),
        ({"question": "Which moves?"}, {}, "3 votes on “Which is sharper?” instead of “Which moves?”"),
        ({"raters": ["mara", "lu"]}, {}, "rater “lu” left out"),
        ({"raters": ["lu"]}, {"votes": VOTES[:0]}, "rater “lu” left out"),
        ({"raters": []}, {}, "rater “mara” added"),
        ({}, {"votes": [replace(VOTES[0], at=NOW - timedelta(seconds=1)), VOTES[1]]}, "1 vote was given before"),
        ({}, {"votes": [replace(v, at=NOW - timedelta(1)) for v in VOTES]}, "3 votes were given before"),
    ],
)
def test_each_deviation_is_named(registered: dict[str, Any], done: dict[str, Any], told: str) -> None:
    """In words, alone."""
    assert deviations(REGISTERED | registered, NOW, replace(DONE, **done)) == [told]


def test_votes_that_are_left_out_are_told() -> None:
    """Of a rater, single ones, and those taken back; not repeats, nor what was undone and given again."""
    lu = [replace(v, vote_id=f"l{v.vote_id}", rater="lu") for v in VOTES]
    again = replace(
        VOTES[0], vote_id="w", repeat_of=VOTES[0].vote_id, left_run=VOTES[0].right_run, right_run=VOTES[0].left_run
    )
    undone = replace(VOTES[1], vote_id="u", withdrawn=True)
    table = [
        ([*VOTES, again, undone], VOTES, []),
        ([*VOTES, *lu], VOTES, ["rater “lu” left out"]),
        (VOTES, VOTES[:1], ["2 votes left out"]),
        ([*VOTES, *lu], [*VOTES[1:], *lu], ["1 vote left out"]),
        ([*VOTES[:2], replace(VOTES[2], withdrawn=True)], VOTES[:2], ["1 vote taken back and not given again"]),
    ]
    for given, ranked, told in table:
        assert deviations(REGISTERED, NOW, replace(DONE, votes=ranked, given=given)) == told


@pytest.mark.parametrize("name", REGISTERED)
@pytest.mark.parametrize("value", [None, 7, "x", [], [None, {}], {"a": 1}, True, 1e308])
def test_a_record_of_any_content_is_read(name: str, value: Any) -> None:
    """Another version's record, or one that a program changed, makes no error."""
    assert all(isinstance(line, str) for line in deviations(REGISTERED | {name: value}, NOW, DONE))
