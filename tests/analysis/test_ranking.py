"""Tests of the ranking: it is right, and claims no more than the votes show."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from experiments import covered
from hypothesis import given, settings
from hypothesis import strategies as st
from panel import vote
from scipy import optimize, stats
from scipy.special import expit, log_expit, logit

from hailuo_widgets.domain.vote import ANSWERS, Place, Vote
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.bradley_terry import RIDGE, fit
from hailuo_widgets.voting.intervals import strength_intervals, win_rate
from hailuo_widgets.voting.judgements import judgements_of, wins_of
from hailuo_widgets.voting.ranking import RANK_COLUMNS, rank
from hailuo_widgets.voting.sequential_test import evidence
from hailuo_widgets.voting.units import units_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def votes_for(first: int, second: int) -> list[Vote]:
    """Votes on a against b, each on clips of its own: so many for a, then so many for b."""
    return [vote(n, "a", "b", "left" if n < first else "right") for n in range(first + second)]


def test_strengths_are_the_likeliest() -> None:
    """The fit is where an independent optimiser finds the largest likelihood; their sum is 0."""
    rng = np.random.default_rng(3)
    wins = rng.integers(0, 20, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0)

    def loss(strengths: NDArray[np.float64]) -> float:
        apart = strengths[:, None] - strengths[None, :]
        return float(-(wins * log_expit(apart)).sum() + RIDGE / 2 * (strengths**2).sum())

    found = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    assert np.allclose(fit(wins), found - found.mean(), atol=1e-5)
    assert np.allclose(fit(np.stack([wins, wins.T]))[1], -fit(wins), atol=1e-6)
    one_sided = fit(np.array([[0.0, 50.0], [0.0, 0.0]]))
    assert 2 < one_sided[0] < 5, "an item that always won has a strength that is a number"


def test_the_textbooks_interval() -> None:
    """One vote a cluster and many of them: the interval is Wilson's, to Student's quantile."""
    scores = np.array([1.0] * 700 + [0.0] * 300)
    rate, low, high = win_rate(scores, np.arange(1000), confidence=0.95)
    assert (rate, round(low, 3), round(high, 3)) == (0.7, 0.671, 0.728)
    again = win_rate(np.repeat(scores, 2), np.repeat(np.arange(1000), 2), confidence=0.95)
    assert np.allclose(again, (rate, low, high), atol=2e-4), "a second, equal vote on each clip tells nothing new"
    for groups in range(1, 6):
        _, low, high = win_rate(np.ones(groups), np.arange(groups), confidence=0.95)
        assert np.isnan([low, high]).all() == (groups < 5), "five units or more have an interval"


def test_few_seeds_have_wide_intervals() -> None:
    """Five seeds: Student's quantile is that of four degrees of freedom (2.776), for win rates and for strengths."""
    scores = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0], dtype=float)
    clusters = np.repeat(np.arange(5), 4)
    # The seeds' sums are 1, 0, -1, 0 and 0 above the mean of 0.75, so twenty votes are as uncertain as thirty.
    effective, t = 0.75 * 0.25 / ((1 + 0 + 1) / 20**2 * 5 / 4), 2.7764451051977987
    assert effective == pytest.approx(30)
    middle = (0.75 + t**2 / 60) / (1 + t**2 / 30)
    half = t / (1 + t**2 / 30) * (0.75 * 0.25 / 30 + t**2 / (4 * 900)) ** 0.5
    found = win_rate(scores, clusters, confidence=0.95)
    assert found == pytest.approx((0.75, middle - half, middle + half))
    votes = [
        vote(n, "a", "b", "left" if score else "right", unit=int(unit), rater=f"r{n}")
        for n, (score, unit) in enumerate(zip(scores, clusters, strict=True))
    ]
    first = rank(votes).df.iloc[0]
    assert (first["win_low"], first["win_high"]) == pytest.approx(found[1:])
    fewer = rank([v for v in votes if v.unit != "4"])
    assert fewer.df[["win_low", "win_high", "strength_low", "strength_high"]].isna().all(axis=None)
    assert any("Intervals need 5 seeds" in note for note in fewer.notes)


@pytest.mark.parametrize(("first", "second"), [(14, 6), (30, 20), (55, 45), (3, 17)])
def test_two_items_have_one_interval_on_two_scales(first: int, second: int) -> None:
    """The strengths of two items are half the log-odds of their win rate, and so are their intervals' ends."""
    row = rank(votes_for(first, second)).df.set_index("item").loc["a"]
    for end in ("low", "high"):
        assert row[f"strength_{end}"] == pytest.approx(logit(row[f"win_{end}"]) / 2, abs=0.02)


def test_what_always_won_has_no_upper_end() -> None:
    """20 to none bounds the winner below and the loser above; with four items, one that always loses is bounded above.

    Its strength could be as low as one likes, and those of the others, which are told from the mean, as high.
    """
    both = rank(votes_for(20, 0)).df.set_index("item")
    assert both.loc["a", "strength_low"] == pytest.approx(-both.loc["b", "strength_high"])
    assert both.loc["a", "strength_low"] > 0.5
    assert both.loc[["a", "b"], ["strength_high", "strength_low"]].isna().to_numpy().tolist() == [[1, 0], [0, 1]]
    rng = np.random.default_rng(5)
    pairs = [(a, b) for a in "abcd" for b in "abcd" if a < b]
    votes = [
        vote(6 * unit + n, a, b, "left" if b == "d" or rng.random() < 0.5 else "right", unit=unit)
        for unit in range(20)
        for n, (a, b) in enumerate(pairs)
    ]
    four = rank(votes).df.set_index("item")
    assert four.loc["d", "strength_high"] < 0
    assert four["strength_high"].isna().to_dict() == {"a": True, "b": True, "c": True, "d": False}
    assert four["strength_low"].isna().to_dict() == {"a": False, "b": False, "c": False, "d": True}


def test_strength_intervals_are_those_of_a_score_test() -> None:
    """At an end, an independent optimiser finds the likeliest other strengths, and the statistic there is the limit."""
    rng = np.random.default_rng(11)
    votes = [
        vote(n, a, b, "left" if rng.random() < 0.6 else "right", unit=n)
        for n, (a, b) in enumerate([("a", "b"), ("b", "c"), ("a", "c")] * 15)
    ]
    judged = judgements_of(votes)
    wins = wins_of(judged, ["a", "b", "c"])
    low, high = strength_intervals(judged, ["a", "b", "c"], units_of(judged), confidence=0.95)

    def loss(rest: NDArray[np.float64], fixed: float) -> float:
        strengths = np.array([fixed, rest[0], -fixed - rest[0]])
        return float(-(wins * log_expit(strengths[:, None] - strengths[None, :])).sum())

    least = optimize.minimize(lambda x: loss(x[1:], x[0]), np.zeros(2), method="BFGS").fun
    drops = [optimize.minimize(loss, np.zeros(1), args=(end,), method="BFGS").fun - least for end in (low[0], high[0])]
    # The score test and the likelihood ratio agree to second order; units of one vote, so the ratio of variances is 1.
    assert 2 * np.array(drops) == pytest.approx([stats.t.ppf(0.975, 29) ** 2] * 2, rel=0.15)


def test_a_clear_winner() -> None:
    """Forty of fifty is a win, said in a sentence that names its figures; the table agrees with them."""
    found = rank(votes_for(40, 10))
    assert (found.winner, found.more) == ("a", 0)
    assert re.fullmatch(
        r"“a” wins: it was preferred in 80% of 50 judgements \(95% interval 6\d%–8\d%\)\.", found.sentence
    )
    first = found.df.iloc[0]
    assert (first["item"], first["wins"], first["losses"], first["win_rate"]) == ("a", 40, 10, 0.8)
    assert first["p_best"] > 0.99
    assert list(found.df.columns) == list(RANK_COLUMNS)
    assert found.pairs.iloc[0]["p"] == pytest.approx(2.4e-5, rel=0.05)


@pytest.mark.parametrize(("first", "second"), [(4, 0), (7, 3), (12, 8)])
def test_not_enough_votes_is_said(first: int, second: int) -> None:
    """Where chance could have done it there is no winner, and about how many more pairs would tell is said."""
    found = rank(votes_for(first, second))
    assert found.winner is None
    assert found.sentence.startswith("Not enough votes: “a” leads")
    assert re.search(r"about \d+ more pairs of clips on other seeds would tell", found.sentence)
    assert found.df["p_best"].max() < 0.99


def test_no_votes_and_no_preference() -> None:
    """Without votes, with ties alone, with both bad alone: a table of what is known, and no leader."""
    nothing = rank([], items=["a", "b"])
    assert nothing.sentence == "There are no votes that prefer one to another yet."
    assert nothing.df["win_rate"].isna().all()
    ties = rank([vote(n, "a", "b", "tie") for n in range(30)])
    assert ties.sentence == "Not enough votes: after 30 judgements none is ahead of all others."
    bad = rank([vote(n, "a", "b", "both bad") for n in range(30)])
    assert bad.winner is None
    assert list(bad.df["both_bad"]) == [30, 30]
    assert any("Both were bad in 30 judgements" in note for note in bad.notes)


def test_repeats_count_once() -> None:
    """A pair shown again, sides swapped, is one judgement: its answer where both agree, a tie where they do not."""
    first = vote(0, "a", "b", "left", unit=1)
    same = replace(vote(1, "b", "a", "right", unit=1), repeat_of="v000000")
    other = replace(same, answer="left")
    assert [j.score for j in judgements_of([first, same])] == [1.0]
    assert [j.score for j in judgements_of([first, other])] == [0.5]
    found = rank([first, same, vote(2, "a", "b", "tie", unit=2)])
    assert (found.side_bias.repeated, found.side_bias.consistent) == (1, 1)
    assert (found.side_bias.decisive, found.df.iloc[0]["judged"]) == (1, 2)


def test_more_raters_of_the_same_clips_are_no_more_clips() -> None:
    """Twenty raters of three seeds prefer a: these clips are better, and nothing is claimed of the prompt."""
    votes = [vote(20 * u + n, "a", "b", "left", unit=u, rater=f"r{n}") for u in range(3) for n in range(20)]
    found = rank(votes)
    assert found.winner is None
    assert (found.agreement.raters, found.agreement.share) == (20, 1.0)
    assert any("All judgements are on 3 seeds" in note for note in found.notes)
    assert found.df["win_low"].isna().all()
    assert found.estimand == "Over seeds like the 3 judged, by these 20 raters."
    assert found.pairs.iloc[0]["units"] == 3


ESTIMANDS = [
    # scenes, draws, raters, within → what the figures are about
    (1, 20, 1, "seed", "Over seeds like the 20 judged, by this rater."),
    (1, 1, 3, "seed", "Over seeds like the one judged, by these 3 raters."),
    (1, 6, 1, "replicate", "Over draws like the 6 judged, by this rater."),
    (2, 20, 1, "seed", "Over seeds like the 20 judged, for these 2 prompts, by this rater."),
    (4, 3, 2, "seed", "Over seeds like the 3 judged, for these 4 prompts, by these 2 raters."),
    (5, 8, 1, "seed", "Over prompts like the 5 judged, for these 8 seeds, by this rater."),
    (9, 1, 2, "seed", "Over prompts like the 9 judged, for this seed, by these 2 raters."),
]


@pytest.mark.parametrize(("scenes", "draws", "raters", "within", "told"), ESTIMANDS)
def test_what_the_figures_are_about(scenes: int, draws: int, raters: int, within: str, told: str) -> None:
    """The line under the sentence names what was drawn, what is fixed, and how many of each."""
    votes = [
        vote(
            n,
            "a",
            "b",
            "left",
            unit=f"{d} · {s}",
            rater=f"r{r}",
            within=within,
            place=Place(scene=f"p{s}", draw=f"{d}"),
        )
        for n, (s, d, r) in enumerate(itertools.product(range(scenes), range(draws), range(raters)))
    ]
    found = rank(votes)
    assert found.estimand == told
    assert told in repr(found)
    assert told in found.html()


def test_the_ranks_that_are_left_open() -> None:
    """A and b are level and both beat c and d, of which nothing tells which is better: two tiers."""
    rng = np.random.default_rng(8)
    values = {"a": 2.0, "b": 2.0, "c": 0.0, "d": 0.0}
    pairs = [(one, other) for one in "abcd" for other in "abcd" if one < other]
    votes = [
        vote(6 * unit + n, a, b, "left" if rng.random() < expit(values[a] - values[b]) else "right", unit=unit)
        for unit in range(60)
        for n, (a, b) in enumerate(pairs)
    ]
    found = rank(votes)
    open_ = found.df.set_index("item")[["rank_low", "rank_high"]].loc[list("abcd")].to_numpy().tolist()
    assert open_ == [[1, 2], [1, 2], [3, 4], [3, 4]]
    assert sorted(found.tied_for_best) == ["a", "b"]
    matrix = found.matrix
    assert list(matrix.index) == list(matrix.columns) == found.df["item"].tolist()
    for one, other in pairs:
        won = sum(v.winner == one for v in votes if {v.left, v.right} == {one, other})
        assert matrix.loc[one, other] == pytest.approx(won / 60)
        assert matrix.loc[other, one] == pytest.approx(1 - won / 60)
    assert matrix.isna().sum().sum() == 4, "an item is not compared with itself"
    assert "Row preferred to column" in found.html()
    assert "Row preferred to column" not in rank(votes_for(9, 3)).html()


def test_tiers_do_not_contradict_the_ranks() -> None:
    """Ahead in most seeds by a little, and behind in a few by all: neither is found ahead, and both stay tied."""
    votes = []
    for unit in range(30):
        won = 3 if unit < 22 else 0  # of five replicates
        for n in range(5):
            runs = {"left_run": f"a/{unit}/{n}", "right_run": f"b/{unit}/{n}"}
            votes.append(vote(5 * unit + n, "a", "b", "left" if n < won else "right", unit=unit, **runs))
    found = rank(votes)
    assert found.df.iloc[0]["item"] == "b"
    assert (found.pairs["first_ahead"][0], found.pairs["first_mean"][0]) == (22, pytest.approx(0.44))
    assert found.pairs["p"][0] > 0.05
    assert sorted(found.tied_for_best) == ["a", "b"]


def test_units_of_unequal_size_do_not_contradict_the_share() -> None:
    """Thirty seeds with one judgement for a, and five with twenty for b: the mean is a's, the share is b's."""
    votes = [vote(n, "a", "b", "left", unit=n) for n in range(30)]
    votes += [vote(100 + n, "a", "b", "right", unit=30 + n % 5, rater=f"r{n}") for n in range(100)]
    found = rank(votes)
    assert (found.winner, found.df.iloc[0]["item"]) == (None, "b")
    assert found.pairs["p"][0] < 0.05
    assert found.df[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [1, 2]]


def test_the_claim_does_not_contradict_the_share() -> None:
    """Ten pairs on which one rater says a and then another b: preferred in 50 %, and nothing is claimed.

    A rater of one pair for a and then five of it for b: a isn't said to win with 17 %.
    """
    halves = [vote(n, "a", "b", "left", unit=n) for n in range(20)]
    halves += [vote(50 + n, "a", "b", "right", unit=n, rater="noor") for n in range(20)]
    found = rank(halves)
    assert (found.winner, found.df["win_rate"].tolist()) == (None, [0.5, 0.5])
    against = [vote(n, "a", "b", "left", unit=n) for n in range(20)]
    against += [vote(100 * r + n, "a", "b", "right", unit=n, rater=f"r{r}") for r in range(1, 6) for n in range(20)]
    found = rank(against)
    assert (found.winner, found.df.iloc[0]["item"]) == (None, "b")


@pytest.mark.parametrize("items", [2, 3, 6, 20])
def test_raters_at_random_agree_by_chance(items: int) -> None:
    """However many variants there are: chance is that of the two that are shown."""
    rng = np.random.default_rng(items)
    pairs = [(f"i{a:02}", f"i{b:02}") for a in range(items) for b in range(a + 1, items)]
    votes = [
        vote(2 * (u * len(pairs) + n) + r, *pair, "left" if rng.random() < 0.5 else "right", unit=u, rater=f"r{r}")
        for u in range(1200 // len(pairs))
        for n, pair in enumerate(pairs)
        for r in range(2)
    ]
    assert rank(votes).agreement.alpha == pytest.approx(0, abs=0.12)


def test_raters_who_disagree() -> None:
    """Agreement is the share of equal answers of two raters; chance alone makes an alpha of about 0."""
    rng = np.random.default_rng(1)
    votes = [
        vote(2 * u + n, "a", "b", "left" if rng.random() < 0.5 else "right", unit=u, rater=f"r{n}")
        for u in range(400)
        for n in range(2)
    ]
    agreement = rank(votes).agreement
    assert (agreement.pairs, agreement.share) == (400, pytest.approx(0.5, abs=0.07))
    assert agreement.alpha == pytest.approx(0, abs=0.14)


def test_a_preferred_side_is_seen() -> None:
    """A rater who takes the left in 75 % of 60 pairs prefers a side, and it is said; a fair one is not accused."""
    rng = np.random.default_rng(2)
    votes = [
        vote(n, *(("a", "b") if rng.random() < 0.5 else ("b", "a")), "left" if n % 4 else "right") for n in range(60)
    ]
    found = rank(votes)
    assert (found.side_bias.left, found.side_bias.claimed) == (0.75, True)
    assert any("A side was preferred: left in 75%" in note for note in found.notes)
    assert not rank([replace(v, answer="right" if n % 2 else "left") for n, v in enumerate(votes)]).side_bias.claimed


def two_groups(ahead: int = 20) -> list[Vote]:
    """Votes on a, b and e, of which a always wins, and on c and d, of which c wins so often of twenty."""
    votes = [vote(n, "a", "b", "left") for n in range(20)] + [vote(30 + n, "e", "a", "right") for n in range(20)]
    return [*votes, *(vote(60 + n, "c", "d", "left" if n < ahead else "right") for n in range(20))]


def test_unconnected_groups_have_an_answer_each() -> None:
    """Each group has the ranks, strengths and intervals that its votes alone give; what would connect them is said."""
    votes = two_groups(13)
    found = rank(votes)
    assert [group.items for group in found.groups] == [("a", "b", "e"), ("c", "d")]
    assert [group.winner for group in found.groups] == ["a", None]
    assert (found.winner, found.more) == (None, None)
    assert "2 groups that were never compared with each other" in found.sentence
    assert "Among “a”, “b” and “e”: “a” wins: it was preferred in 100% of 40" in found.sentence
    assert "Among “c” and “d”: not enough votes: “c” leads with 65% of 20" in found.sentence
    assert found.sentence.endswith("Votes on “a” and “c” would connect them.")
    for group in found.groups:
        alone = rank([v for v in votes if v.left in group.items]).df.set_index("item")
        here = found.df.set_index("item").loc[list(group.items)]
        pd.testing.assert_frame_equal(
            here.drop(columns=["group", "rank_low", "rank_high"]),
            alone.drop(columns=["group", "rank_low", "rank_high"]),
        )
    assert found.df["group"].tolist() == [1, 1, 1, 2, 2]
    assert found.html().count("✓ best") == 1
    assert found.html().count("Never compared with those above") == 1


def test_the_groups_share_one_error() -> None:
    """What two items alone would claim, two of five don't: the error is divided among all; and so are the p-values."""
    for ahead in range(10, 21):
        together, alone = rank(two_groups(ahead)), rank([v for v in two_groups(ahead) if v.left == "c"])
        claimed = together.groups[1].winner
        score = np.array([1.0] * ahead + [0.0] * (20 - ahead))
        assert (claimed is not None) == (evidence(score) >= np.log(5 / 0.05))
        assert (alone.winner is not None) == (evidence(score) >= np.log(2 / 0.05))
        corrected = together.pairs.set_index(["first", "second"])["p_holm"]["c", "d"]
        assert corrected >= alone.pairs["p"][0]
        assert together.pairs["p"].notna().sum() == 3


def test_what_was_compared_with_nothing_blocks_nothing() -> None:
    """Items without votes have no rank and no group; the others have theirs, and the winner is one of those only."""
    found = rank(votes_for(40, 10), items=["a", "b", "c"])
    assert (found.winner, found.more, found.groups[0].winner) == (None, None, "a")
    assert rank(votes_for(5, 2), items=["a", "b", "c"]).groups[0].further == {}
    assert rank(votes_for(5, 2)).groups[0].further == {"b": rank(votes_for(5, 2)).more}
    assert found.sentence == (
        "Among “a” and “b”: “a” wins: it was preferred in 80% of 50 judgements (95% interval 66%–89%). "
        "No votes compare it with “c” yet."
    )
    assert found.df.set_index("item").loc["c"][["rank", "strength", "group"]].isna().all()
    both = rank([*two_groups(), vote(90, "f", "a", "both bad")])
    assert len(both.groups) == 2
    assert "“f”" not in both.sentence
    assert any("No votes join “f”" in note for note in both.notes)


def test_mistakes_are_said() -> None:
    """An item that is not named, a confidence that is none: what is allowed and what was given."""
    with pytest.raises(UsageError, match="there are votes on 'b' too"):
        rank(votes_for(1, 0), items=["a", "bb"])
    for wrong in (95, "high", True):
        with pytest.raises(UsageError, match="confidence="):
            rank([], confidence=wrong)  # type: ignore[arg-type]


def test_what_is_shown_is_safe() -> None:
    """Names are escaped in the chart, long ones are cut, and a winner is marked in words."""
    hostile = "<img src=x onerror=alert(1)>"
    votes = [vote(n, hostile, "b" * 900, "left") for n in range(60)]
    shown = rank(votes).html()
    assert "<img" not in shown
    assert "&lt;img" in shown
    assert "b" * 200 not in shown
    assert "✓ best" in shown


answers = st.sampled_from(ANSWERS)
names = st.sampled_from(["a", "b", "c", "d"])
drawn = st.tuples(names, names, answers, st.integers(0, 5), st.sampled_from(["x", "y"])).filter(lambda v: v[0] != v[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(drawn, max_size=40))
def test_any_votes_have_a_ranking(cells: list[tuple[str, str, str, int, str]]) -> None:
    """Whatever was said: no crash, rates and intervals between 0 and 1, points add up, order of votes is no matter."""
    votes = [vote(n, a, b, answer, unit=u, rater=r) for n, (a, b, answer, u, r) in enumerate(cells)]
    found = rank(votes)
    for row in found.df.to_dict("records"):
        assert row["judged"] == row["wins"] + row["losses"] + row["ties"] + row["both_bad"]
        if row["wins"] + row["losses"] + row["ties"]:
            assert 0 <= row["win_rate"] <= 1
        if not pd.isna(row["win_low"]):
            assert 0 <= row["win_low"] <= row["win_rate"] <= row["win_high"] <= 1
        if not pd.isna(row["strength_low"]) and not pd.isna(row["strength_high"]):
            assert row["strength_low"] < row["strength_high"]
    if found.winner is not None:
        best = found.df.iloc[0]
        assert (best["item"], best["rank"], best["p_best"]) == (found.winner, 1, found.df["p_best"].max())
        assert best["win_rate"] > 0.5
    named = list(found.df["item"])
    assert rank(votes[::-1], items=named).sentence == rank(votes, items=named).sentence
    wins = wins_of(judgements_of(votes), ["a", "b", "c", "d"])
    assert wins.sum() == sum(j.score is not None for j in judgements_of(votes))


@pytest.mark.slow
def test_intervals_cover_the_truth() -> None:
    """Of simulated panels, the 95 % intervals of win rates and strengths hold the truth in about 95 % (60 of them)."""
    found = np.array([covered(seed, items=4, votes=120, units=20, luck=0.8) for seed in range(60)])
    assert 0.91 <= found[:, 0].mean() <= 0.995
    assert 0.91 <= found[:, 1].mean() <= 0.995
    assert found[:, 2].mean() <= 0.1
