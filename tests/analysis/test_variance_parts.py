"""Tests of what more raters or more clips of a seed would do: said where the votes tell it, and true there."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from panel import vote

from hailuo_widgets.domain.vote import Place, Vote
from hailuo_widgets.voting.judgements import judgements_of
from hailuo_widgets.voting.ranking import rank
from hailuo_widgets.voting.units import units_of
from hailuo_widgets.voting.variance_parts import parts_of

MARGIN = 0.25  # smaller differences are ties
DRAWN = 20_000
LITTLE = 0.2


@dataclass(frozen=True, kw_only=True)
class Design:
    """So many seeds, clips of each and raters, and the standard deviations of what they add to a clear difference."""

    seeds: int
    clips: int
    raters: int
    of_seed: float
    of_clip: float
    of_rater: float
    noise: float

    def scores(self, rng: np.random.Generator, seeds: int, taste: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """Scores of these seeds and clips, shape (seeds, clips, raters), with new noise."""
        seen = chance + taste + rng.normal(0, self.noise, (seeds, self.clips, self.raters))
        return np.where(np.abs(seen) < MARGIN, 0.5, (seen > 0).astype(float))

    def chance(self, rng: np.random.Generator, of_seed: np.ndarray) -> np.ndarray:
        """What seeds and new clips of them add, shape (seeds, clips, 1)."""
        return 0.3 + of_seed[:, None, None] + rng.normal(0, self.of_clip, (len(of_seed), self.clips, 1))


def votes_of(scores: np.ndarray) -> list[Vote]:
    """Votes with these scores, of raters by seeds and clips."""
    answers = {1.0: "left", 0.0: "right", 0.5: "tie"}
    return [
        vote(
            n, "a", "b", answers[float(scores[seed, clip, rater])], unit=f"{seed}/{clip}", rater=f"r{rater}",
            place=Place(draw=str(seed), of_draw=scores.shape[1]),
        )
        for n, (seed, clip, rater) in enumerate(itertools.product(*map(range, scores.shape)))
    ]  # fmt: skip


def shares(design: Design, rng: np.random.Generator, taste: np.ndarray) -> tuple[float, float]:
    """The true shares of these raters, and of clips: what two scores of one clip, or of one seed, have in common."""
    of_seed = rng.normal(0, design.of_seed, DRAWN)
    chance = design.chance(rng, of_seed)
    score, again, others = (
        design.scores(rng, DRAWN, taste, seen).mean((1, 2)) for seen in (chance, chance, design.chance(rng, of_seed))
    )
    return 1 - np.cov(score, again)[0, 1] / score.var(), 1 - np.cov(score, others)[0, 1] / score.var()


DESIGNS = {
    "raters differ": Design(seeds=20, clips=1, raters=3, of_seed=0.3, of_clip=0.3, of_rater=0.4, noise=1.5),
    "raters agree": Design(seeds=30, clips=1, raters=3, of_seed=1.5, of_clip=0.5, of_rater=0.2, noise=0.1),
    "clips differ": Design(seeds=20, clips=4, raters=1, of_seed=0.4, of_clip=1.5, of_rater=0.0, noise=0.3),
    "both, a little": Design(seeds=15, clips=4, raters=3, of_seed=0.8, of_clip=0.5, of_rater=0.3, noise=1.0),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_what_is_said_is_true(name: str) -> None:
    """Of 60 panels, a part is called little where it isn't, or the other way round, in few; and much is said."""
    design, rng = DESIGNS[name], np.random.default_rng(5)
    wrong = np.zeros(2)
    said = np.zeros(2)
    for _ in range(60):
        taste = rng.normal(0, design.of_rater, design.raters)
        of_seed = rng.normal(0, design.of_seed, design.seeds)
        votes = votes_of(design.scores(rng, design.seeds, taste, design.chance(rng, of_seed)))
        judged = judgements_of(votes)
        for n, (part, true) in enumerate(
            zip(parts_of(judged, units_of(judged)), shares(design, rng, taste), strict=True)
        ):
            if part is not None:
                little, much = part.high < LITTLE, part.low > LITTLE
                wrong[n] += (little and true > LITTLE) or (much and true < LITTLE)
                said[n] += little or much
    assert (wrong <= 8).all()  # 3 are expected at most
    assert said.max() >= (0 if name == "both, a little" else 30)


def test_what_the_votes_do_not_tell_is_not_said() -> None:
    """One rater and one clip a seed, fewer than ten seeds, or raters who differ always and nothing else: no part."""
    rng = np.random.default_rng(2)
    one = judgements_of(votes_of(rng.integers(0, 2, (30, 1, 1)).astype(float)))
    assert parts_of(one, units_of(one)) == (None, None)
    few = judgements_of(votes_of(rng.integers(0, 2, (9, 2, 2)).astype(float)))
    assert parts_of(few, units_of(few)) == (None, None)
    opposed = judgements_of(votes_of(np.broadcast_to([0.0, 1.0], (30, 1, 2))))
    assert parts_of(opposed, units_of(opposed)) == (None, None)


def test_the_note_stands_beside_an_undecided_result() -> None:
    """Raters who agree on each seed: more of them hardly help, and the note says so; with a winner there is none."""
    rng = np.random.default_rng(3)
    seeds = (rng.random(30) < 0.6).astype(float)
    found = rank(votes_of(np.repeat(seeds, 3).reshape(30, 1, 3)))
    assert found.winner is None
    assert "More raters would hardly help: about 0% of the variance of a seed's score comes from them." in found.notes
    both = np.array([[1, 1]] * 14 + [[1, 0], [0, 1]] * 10 + [[0, 0]] * 6, dtype=float)
    differ = rank(votes_of(both[:, None, :]))
    assert differ.winner is None
    assert any(
        note.startswith("More raters would narrow the intervals by up to") and "name a winner no sooner" in note
        for note in differ.notes
    )
    clips = rank(votes_of(np.repeat(both[10:36, :, None], 2, axis=2)))
    assert clips.winner is None
    assert any("More clips of each seed would help too" in note for note in clips.notes)
    won = rank(votes_of(np.ones((30, 1, 3))))
    assert won.winner == "a"
    assert not any("More raters" in note for note in won.notes)


def test_a_unit_of_several_pairs_is_said() -> None:
    """About so many further seeds of four pairs of clips: the sentence doesn't call four pairs one."""
    rng = np.random.default_rng(1)
    found = rank(votes_of((rng.random((8, 4, 1)) < 0.62).astype(float)))
    assert found.winner is None
    assert f"; about {found.more} more seeds of 4 pairs of clips would tell." in found.sentence
