"""Noise floor: what the votes on a null control say, and that they are ranked only if nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.voting.noise_floor import noise_floor, without_control
from hailuo_widgets.voting.ranking import rank

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def votes(answers: str, between: str = "control", **more: Any) -> list[Vote]:
    """A vote on a pair of clips each: a or b wins, t is a tie, x is both bad; the sides alternate."""
    names = ("control a", "control b") if between == "control" else ("day", "night")
    made = []
    for n, answer in enumerate(answers):
        sides = names[:: 1 if n % 2 else -1]
        told = {"t": "tie", "x": "both bad"}.get(answer) or ("left", "right")[sides.index(names["ab".index(answer)])]
        fields = {
            "vote_id": f"{between}{n}", "at": NOW, "rater": "mara", "between": between, "unit": f"draw {n}",
            "left": sides[0], "right": sides[1], "left_run": f"{sides[0]}{n}", "right_run": f"{sides[1]}{n}",
            "answer": told,
        }  # fmt: skip
        made.append(Vote(**(fields | more)))
    return made


def test_shares_and_interval() -> None:
    """Ties are half a win and no decision; "both bad" and votes that were taken back don't count."""
    taken_back = votes("bbb", withdrawn=True, rater="lu")
    found = noise_floor([*votes("aabtttbax"), *taken_back, *votes("aaaa", "variant")], confidence=0.95)
    assert found is not None
    assert (found.judgements, found.pairs, found.decided) == (8, 8, 5 / 8)
    assert found.rate == (3 + 1.5) / 8
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 0.5 < found.rate < found.high < 1
    assert "in 8 judgements on 8 pairs one was preferred in 62%, and arm a in 56% (95% interval " in found.sentence
    assert "no more than they find where nothing differs" in found.sentence


def test_few_pairs_have_no_interval() -> None:
    """Below five pairs of clips the shares are told, and what an interval needs."""
    found = noise_floor(votes("abab"), confidence=0.95)
    assert found is not None
    assert (found.low, found.high) == (None, None)
    assert found.sentence.endswith("5 pairs or more give an interval, the noise floor of these raters.")
    assert noise_floor(votes("xx"), confidence=0.95) is None
    assert noise_floor(votes("ab", "variant"), confidence=0.95) is None


def test_a_difference_where_there_is_none_is_said() -> None:
    """If the interval leaves out one half, the other comparisons are to be read with care."""
    found = noise_floor(votes("a" * 19 + "b"), confidence=0.95)
    assert found is not None
    assert "found a difference where there is none" in found.sentence


def test_the_control_is_ranked_only_alone() -> None:
    """Beside other votes it is a note; alone, or asked for by its items, it is the comparison."""
    main, control = votes("aab", "variant"), votes("abt")
    assert without_control([*main, *control], None) == main
    assert without_control([*main, *control], ["day", "night"]) == main
    assert without_control(control, ["day", "night"]) == []
    assert without_control(control, None) == control
    assert without_control(control, ["control a", "control b"]) == control
    both, alone = rank([*main, *control]), rank(control)
    assert sorted(both.df["item"]) == ["day", "night"]
    assert both.control == alone.control
    assert sorted(alone.df["item"]) == ["control a", "control b"]
    nothing = rank(control, items=["day", "night"])
    assert nothing.control == alone.control
    assert nothing.df["judged"].sum() == 0


@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_the_level_is_told(confidence: float) -> None:
    """The interval is at the ranking's level."""
    found = rank([*votes("aab", "variant"), *votes("abtabt")], confidence=confidence).control
    assert found is not None
    assert f"({confidence:.0%} interval" in found.sentence
