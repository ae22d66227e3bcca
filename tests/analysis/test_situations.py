"""Ten situations, from runs and votes in the log to the sentence: each is true by facts that are computed here anew."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.request import Control, Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.voting.pairs import pair_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.voting.ranking import Ranking

NOW = datetime(2026, 12, 1, tzinfo=UTC)
BETS, WEIGHTS = (0.2, 0.4, 0.8, 1.2, 1.8), (0.05, 0.35, 0.25, 0.25, 0.1)  # as the claim's documentation has them
A, B, C, D = "runs", "walks", "leaps", "rests"
Marks = dict[tuple[str, str], list[list[float]]]  # each unit's scores of the first item, one a judgement


@dataclass
class Study:
    """A session with runs and votes, and the scores that were given, counted apart from the package."""

    session: Session
    records: list[RunRecord]
    marks: Marks
    given: int = 0
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def runs(self, item: str, seeds: range, *, prompts: int = 1, prompt: str = "", **more: Any) -> None:
        """Add runs of an item with clips, of 28 cents each."""
        for scene, seed in itertools.product(range(prompts), seeds):
            asked = {"provider": "minimax", "model": "MiniMax-Hailuo-02", "duration": 6, "resolution": "768P"}
            asked |= {"prompt": prompt or f"a fox {item}, scene {scene}", "seed": seed} | more.get("request", {})
            fields = {"status": "succeeded", "cost_micros": 280_000, "currency": "USD", "variant": item}
            self.records.append(
                RunRecord(
                    run_id=f"r{len(self.records):04}", created_at=NOW, request=Request(**asked), request_hash="h",
                    variables={"scene": scene} if prompts > 1 else {}, **fields | more.get("run", {}),
                )
            )  # fmt: skip

    def vote(self, one: str, other: str, answers: Callable[[int], dict[str, float]], between: str = "variant") -> None:
        """Judge all pairs of two items, in their order; ``answers`` gives each rater's score of ``one``."""
        pairs = [c for c in pair_up(self.records, between=between).candidates if {c.first, c.second} == {one, other}]
        units: dict[str, list[float]] = {}
        for number, c in enumerate(pairs):
            for rater, score in answers(number).items():
                left = c.first if self.rng.random() < 0.5 else c.second
                answer = "tie" if score == 0.5 else "left" if (score == 1) == (left == one) else "right"
                runs = {c.first: c.first_run, c.second: c.second_run}
                self.session.log.call(
                    self.session.log.vote,
                    Vote(
                        vote_id=f"v{self.given:05}", at=NOW + timedelta(seconds=self.given), rater=rater,
                        between=c.between, left=left, right=c.second if left == c.first else c.first,
                        left_run=runs[left], right_run=runs[c.second if left == c.first else c.first], answer=answer,
                        within=c.within, unit=c.unit,
                    ),
                )  # fmt: skip
                self.given += 1
                units.setdefault(c.place.draw, []).append(score)
        self.marks[one, other] = list(units.values())

    def log(self) -> None:
        """Write the runs."""
        self.session.log.call(self.session.log.add, self.records)

    def rank(self, between: str = "variant") -> Ranking:
        """Rank as a user does."""
        return self.session.rank([r.run_id for r in self.records], between=between)

    def share(self, one: str, other: str) -> tuple[float, int]:
        """The share in which one was preferred, and of how many judgements."""
        scores = [score for unit in self.marks[one, other] for score in unit]
        return sum(scores) / len(scores), len(scores)

    def proven(self, one: str, other: str, items: int) -> bool:
        """Whether a bettor on one's scores, unit by unit, has won as much as the claim asks for among so many items."""
        wealth = np.array(WEIGHTS)
        for unit in self.marks[one, other]:
            wealth = wealth * (1 + np.array(BETS) * (sum(unit) / len(unit) - 0.5))
        return bool(wealth.sum() >= items / 0.05)


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    """An empty one."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    yield Study(session=session, records=[], marks={})
    session.close()


def interval(units: list[list[float]]) -> str:
    """The values that a score test with the variance between units doesn't reject, as the sentence has them."""
    every = [score for unit in units for score in unit]
    rate, size = sum(every) / len(every), len(units)
    variance = sum((sum(unit) - rate * len(unit)) ** 2 for unit in units) / len(every) ** 2 * size / (size - 1)
    t = float(stats.t.ppf(0.975, size - 1)) ** 2 * variance / (rate * (1 - rate))
    low, high = sorted(np.roots([1 + t, -(2 * rate + t), rate**2]).real)  # (rate - x)² = t x (1 - x)
    return f"(95% interval {low:.0%}–{high:.0%})"


def walked(units: list[list[float]], items: int) -> float:
    """The median number of further units until the claim, by walks with preferences that the units so far allow."""
    rng = np.random.default_rng(6)
    scores = np.array([sum(unit) / len(unit) for unit in units])
    known = len(scores) / (((scores - 0.5) ** 2).sum() + 0.8) * (len(scores) + 4)
    precision = known + 16
    means = 0.5 + (scores.mean() - 0.5) * known / precision + rng.normal(0, precision**-0.5, 2000)
    steps = rng.random((2000, 1200)) < means.clip(0, 1)[:, None]
    wealth = np.zeros((2000, 1200))
    for bet, weight in zip(BETS, WEIGHTS, strict=True):
        start = np.log1p(bet * (scores - 0.5)).sum()
        wealth += weight * np.exp(np.minimum(start + np.log1p(bet * (steps - 0.5)).cumsum(1), 99))
    reached = wealth >= items / 0.05
    return float(np.median(np.where(reached.any(1), reached.argmax(1) + 1.0, np.inf)))


def result(study: Study, one: str, other: str, *, won: bool) -> str:
    """The sentence up to its figures, from the scores that were given."""
    rate, count = study.share(one, other)
    figures = f"{rate:.0%} of {count} judgements {interval(study.marks[one, other])}"
    return f"“{one}” wins: it was preferred in {figures}." if won else f"“{one}” leads with {figures}"


def a_clear_winner(study: Study) -> None:
    """Mara prefers one in 23 of 30 seeds, with two ties."""
    study.runs(A, range(30))
    study.runs(B, range(30))
    study.log()
    study.vote(A, B, lambda n: {"mara": 0.5 if n in {3, 9} else float(n % 5 != 0)})
    found = study.rank()
    assert study.proven(A, B, 2)
    assert found.sentence == result(study, A, B, won=True)
    assert found.estimand == "Over seeds like the 30 judged, by this rater."
    assert found.winner == A


def too_close(study: Study) -> None:
    """Thirty-one of sixty: no lead worth a plan."""
    study.runs(A, range(60))
    study.runs(B, range(60))
    study.log()
    study.vote(A, B, lambda n: {"mara": float(n < 31)})
    found = study.rank()
    assert not study.proven(A, B, 2)
    assert walked(study.marks[A, B], 2) > 1000
    told = result(study, A, B, won=False)
    assert found.sentence == f"Not enough votes: {told}, too close for any number of votes worth giving."
    assert found.estimand == "Over seeds like the 60 judged, by this rater."
    assert not any("would cost" in note for note in found.notes)


def too_few_units(study: Study) -> None:
    """Five raters agree on four seeds: twenty judgements, four units, no interval, and no claim."""
    study.runs(A, range(4))
    study.runs(B, range(4))
    study.log()
    study.vote(A, B, lambda _: {f"r{rater}": 1.0 for rater in range(5)})
    found = study.rank()
    assert not study.proven(A, B, 2)
    assert re.fullmatch(
        "Not enough votes: “runs” leads with 100% of 20 judgements; about [0-9]+ more pairs of clips on other seeds "
        "would tell[.]",
        found.sentence,
    )
    assert found.more == pytest.approx(walked(study.marks[A, B], 2), rel=0.4)
    assert found.estimand == "Over seeds like the 4 judged, by these 5 raters."
    assert found.df["win_low"].isna().all()
    assert any("Intervals need 5 seeds." in note for note in found.notes)


def opposed_raters(study: Study) -> None:
    """One rater never prefers it, two do in three of four: most seeds are for it, half of all judgements are not."""
    study.runs(A, range(40))
    study.runs(B, range(40))
    study.log()
    study.vote(A, B, lambda n: {"mara": 0.0, "noor": float(n % 4 != 0), "olga": float(n % 4 != 1)})
    found = study.rank()
    assert study.share(A, B) == (0.5, 120)
    assert sum(sum(unit) > 1.5 for unit in study.marks[A, B]) == 20
    assert found.sentence == "Not enough votes: after 120 judgements none is ahead of all others."
    assert found.estimand == "Over seeds like the 40 judged, by these 3 raters."
    assert found.pairs["p_holm"][0] > 0.9


def all_ties(study: Study) -> None:
    """Twenty ties."""
    study.runs(A, range(20))
    study.runs(B, range(20))
    study.log()
    study.vote(A, B, lambda _: {"mara": 0.5})
    found = study.rank()
    assert found.sentence == "Not enough votes: after 20 judgements none is ahead of all others."
    assert found.estimand == "Over seeds like the 20 judged, by this rater."
    assert found.df["win_rate"].tolist() == [0.5, 0.5]


def a_failed_variant(study: Study) -> None:
    """A third variant has no clip: the claim is that of the other two, and it is named."""
    study.runs(A, range(36))
    study.runs(B, range(36))
    study.runs(C, range(36), run={"status": "failed", "cost_micros": 0})
    study.log()
    study.vote(A, B, lambda n: {"mara": float(n % 4 != 0)})
    found = study.rank()
    assert study.proven(A, B, 2)
    assert not study.proven(A, B, 3), "with the third in the error budget it would not be decided"
    assert found.sentence == result(study, A, B, won=True)
    assert found.estimand == "Over seeds like the 36 judged, by this rater."
    assert found.notes[-1] == "No run of 'leaps' has a clip: it is left out."


def unmatched_providers(study: Study) -> None:
    """KIE's clips have seeds and MiniMax's none: paired in their order, and said so."""
    plain = {"variant": None}
    study.runs("kie", range(14), prompt="a fox", request={"provider": "kie", "model": "02"},
               run=plain | {"currency": "credits", "cost_micros": 30_000_000})  # fmt: skip
    for n in range(14):
        study.runs("minimax", range(n, n + 1), prompt="a fox", run=plain, request={"seed": None, "replicate": n + 1})
    study.log()
    study.vote("kie", "minimax", lambda n: {"mara": float(n % 3 != 0)}, between="provider")
    found = study.rank("provider")
    told = result(study, "kie", "minimax", won=False)
    end = f"; about {found.more} more pairs of clips on other draws would tell."
    assert found.sentence == f"Not enough votes: {told}{end}"
    assert found.more == pytest.approx(walked(study.marks["kie", "minimax"], 2), rel=0.4)
    assert found.estimand == "Over draws like the 14 judged, by this rater."
    assert any(note.startswith("14 of 14 votes are on unmatched clips") for note in found.notes)
    assert found.more is not None
    assert found.notes[0].startswith(
        f"A decision would cost about ${0.28 * found.more:.2f} and {30 * found.more} credits"
    )


def two_prompts(study: Study) -> None:
    """Fifteen seeds of two prompts: a seed is one unit, and the result is about these prompts."""
    study.runs(A, range(15), prompts=2)
    study.runs(B, range(15), prompts=2)
    study.log()
    study.vote(A, B, lambda n: {"mara": float(n % 3 != 0)})
    found = study.rank()
    assert len(study.marks[A, B]) == 15
    told = result(study, A, B, won=False)
    assert found.sentence == f"Not enough votes: {told}; about {found.more} more seeds of 2 pairs of clips would tell."
    assert found.estimand == "Over seeds like the 15 judged, for these 2 prompts, by this rater."
    assert found.more is not None
    assert found.notes[0].startswith(f"A decision would cost about ${2 * 2 * 0.28 * found.more:.2f} (")
    assert any(note.startswith("This is about these 2 prompts") for note in found.notes)


def unconnected(study: Study) -> None:
    """Two pairs of variants that were never compared with each other: an answer each, at one error for both."""
    for item in (A, B, C, D):
        study.runs(item, range(30))
    study.log()
    study.vote(A, B, lambda n: {"mara": float(n % 6 != 0)})
    study.vote(C, D, lambda n: {"mara": float(n % 3 != 0)})
    found = study.rank()
    assert study.proven(A, B, 4)
    first = f"Among “leaps” and “rests”: not enough votes: {result(study, C, D, won=False)}"
    assert found.sentence == (
        "The votes are on 2 groups that were never compared with each other. "
        f"{first}; about {found.groups[0].more} more pairs of clips on other seeds would tell. "
        f"Among “runs” and “walks”: {result(study, A, B, won=True)} "
        "Votes on “leaps” and “runs” would connect them."
    )
    assert found.groups[0].more == pytest.approx(walked(study.marks[C, D], 4), rel=0.4)
    assert found.estimand == "Over seeds like the 30 judged, by this rater."
    assert (found.winner, [group.winner for group in found.groups]) == (None, [None, A])


def noise_above_the_difference(study: Study) -> None:
    """Twelve of twenty, where the same raters prefer one of two equal requests in nine of twelve."""
    study.runs(A, range(20))
    study.runs(B, range(20))
    for arm in "ab":
        request = {"control": Control(arm=arm, comparison="c"), "seed": None}
        for n in range(12):
            own = request | {"replicate": n + 1}
            study.runs(f"control {arm}", range(1), prompt="a fox", run={"variant": A}, request=own)
    study.log()
    study.vote(A, B, lambda n: {"mara": float(n % 5 > 1)})
    study.vote("control a", "control b", lambda n: {"mara": float(n % 4 != 0)})
    found = study.rank()
    told = result(study, A, B, won=False)
    end = f"; about {found.more} more pairs of clips on other seeds would tell."
    assert found.sentence == f"Not enough votes: {told}{end}"
    assert found.more == pytest.approx(walked(study.marks[A, B], 2), rel=0.4)
    assert found.estimand == "Over seeds like the 20 judged, by this rater."
    noise = interval(study.marks["control a", "control b"])
    assert found.notes[-1] == (
        "Null control, two clips of one request: in 12 judgements on 12 pairs one was preferred in 100%, and arm a in "
        f"75% {noise}. A win rate within this interval is no more than they find where nothing differs."
    )
    low, high = (int(end) / 100 for end in re.findall(r"(\d+)%", noise)[1:])
    assert low < study.share(A, B)[0] < high


SITUATIONS = (
    a_clear_winner, too_close, too_few_units, opposed_raters, all_ties, a_failed_variant, unmatched_providers,
    two_prompts, unconnected, noise_above_the_difference,
)  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_sentence_is_true(study: Study, situation: Callable[[Study], None]) -> None:
    """What is printed of a situation, beside what was counted and computed apart from it."""
    situation(study)
