"""Tests of the quality of raters: those who answer at random are found, and careful ones are not accused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel import vote

from hailuo_widgets.voting.ranking import rank
from hailuo_widgets.voting.rater_quality import RATER_COLUMNS

if TYPE_CHECKING:
    from hailuo_widgets.domain.vote import Vote


def panel(seed: int, *, careful: int, random: int, units: int, sided: bool = False) -> list[Vote]:
    """Raters who see a clip's merit with noise, some who guess, and one who takes the left side where it is close."""
    rng = np.random.default_rng(seed)
    votes = []
    for unit in range(units):
        merit = rng.normal(0.4, 1)
        for rater in range(careful + random):
            left, right = ("a", "b") if rng.random() < 0.5 else ("b", "a")
            seen = rng.normal() if rater >= careful else (merit if left == "a" else -merit) + rng.normal(0, 0.7)
            answer = "left" if seen + (1.2 if sided and rater == 0 else 0) > 0 else "right"
            name = f"random {rater}" if rater >= careful else f"careful {rater}"
            votes.append(vote(len(votes), left, right, answer, unit=unit, rater=name, seconds=float(rater + 1)))
    return votes


def flagged(votes: list[Vote]) -> dict[str, str]:
    """The raters who are flagged, and why."""
    table = rank(votes).raters.dropna(subset="flag")
    return dict(zip(table["rater"], table["flag"], strict=True))


def test_raters_at_random_are_found() -> None:
    """Of ten panels with two who guess among six, nearly all of these are flagged, and hardly a careful one."""
    found = [name for seed in range(10) for name in flagged(panel(seed, careful=6, random=2, units=60))]
    assert sum(name.startswith("random") for name in found) >= 16
    assert sum(name.startswith("careful") for name in found) <= 2


def test_careful_raters_are_not_accused() -> None:
    """Of forty panels of careful raters, in few is anyone flagged (5 % are promised for each reason)."""
    accused = sum(bool(flagged(panel(seed, careful=5, random=0, units=40))) for seed in range(40))
    assert accused <= 8


def test_a_preferred_side_is_named() -> None:
    """A rater who takes the left side where it is close is flagged for it, and the note names nobody."""
    votes = panel(3, careful=4, random=0, units=80, sided=True)
    assert "prefers the left side" in flagged(votes)["careful 0"]
    (note,) = [note for note in rank(votes).notes if "flagged" in note]
    assert "careful" not in note


def test_what_is_told_of_a_rater() -> None:
    """Counts, repeats, the median time, and the influence on the first item, by hand."""
    votes = [vote(n, "a", "b", "left", unit=n, rater="x", seconds=4.0) for n in range(6)]
    votes += [vote(10 + n, "a", "b", "right" if n < 3 else "left", unit=n, rater="y", seconds=9.0) for n in range(6)]
    again = replace(vote(30, "b", "a", "right", unit=0, rater="x", seconds=6.0), repeat_of="v000000")
    table = rank([*votes, again]).raters
    assert list(table.columns) == list(RATER_COLUMNS)
    x, y = table.to_dict("records")
    assert (x["judged"], x["left"], x["repeated"], x["consistent"], x["seconds"]) == (6, 1.0, 1, 1, 4.0)
    assert (y["judged"], y["left"], y["repeated"]) == (6, 0.5, 0)
    assert x["influence"] == pytest.approx(9 / 12 - 3 / 6)
    assert y["influence"] == pytest.approx(9 / 12 - 1)
    assert x["shared"] == 0, "one other can't be compared with others"
    assert len(rank([], items=["a", "b"]).raters) == 0
