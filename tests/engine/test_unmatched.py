"""Providers without a common seed: compared, labelled, and told of, from the sweep to the ranking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.voting.blind_test import BlindTest
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.voting.relabel import relabel
from hailuo_widgets.widgets.vote import vote_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    """Both providers."""
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as running:
        yield running


@pytest.fixture
def session(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A live session at two providers that one simulator stands in for."""
    for name in ("KIE", "MINIMAX"):
        monkeypatch.setenv(f"{name}_BASE_URL", simulator.url)
        monkeypatch.setenv(f"{name}_API_KEY", "test-key")
    opened = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
    yield opened
    opened.close()


def judge(session: Session, what: object, rater: str) -> BlindTest:
    """Vote for KIE wherever it is shown, as the widget does."""
    log, records = session.log, session.chosen(what)
    pairs = pair_up(records, between="provider")
    earlier = log.call(log.votes, [r.run_id for r in records], between="provider")
    test = BlindTest(
        pairs, relabel(records, earlier, pairs), rater=rater, aim="order", repeats=0.0, rng=np.random.default_rng(2),
        now=lambda: NOW,
    )  # fmt: skip
    while test.shown is not None:
        vote = test.vote(test.shown.token, ("left", "right")[test.shown.items.index("kie")], 1.0)
        log.call(log.vote, vote)
        test.count(vote)
    return test


def test_kie_is_compared_with_minimax_and_the_votes_say_unmatched(session: Session) -> None:
    """Neither is left out; the screen's end, the votes and the ranking say that no seed was matched."""
    sweep = session.sweep("a fox", provider=["kie", "minimax"], model="02", seed=[1, 2, 3], yes=True).wait(60)
    test = judge(session, sweep, "mara")
    assert test.given == 3
    assert "3 of 3 pairs are unmatched" in vote_bundle(test)["text/plain"]
    votes = hw.votes(sweep)
    assert votes["within"].tolist() == ["unmatched"] * 3
    assert sorted(votes["unit"]) == ["1", "2", "3"]
    said = "3 of 3 votes are on unmatched clips, which have no seed in common"
    for found in (hw.rank(sweep), hw.rank(votes)):
        assert sum(note.startswith(said) for note in found.notes) == 1
        assert found.df["judged"].tolist() == [3, 3]
    assert said in vote_bundle(test, ended=True)["text/plain"]
    assert "Runs left out" not in vote_bundle(test, ended=True)["text/plain"]
    grown = session.sweep("a fox", provider=["kie", "minimax"], model="02", seed=[1, 2, 3, 4], yes=True).wait(60)
    assert judge(session, grown, "mara").given == 1
    assert hw.rank(grown).df["judged"].tolist() == [4, 4]


def test_a_variant_that_failed_altogether_stops_no_claim(session: Session, simulator: Simulator) -> None:
    """It is named at the vote's end and by the ranking, and the claim is the one that is made without it."""
    asked = {"provider": "kie", "model": "02", "seed": [1, 2, 3]}
    good = session.sweep({"a": "a fox", "b": "a wolf"}, **asked).wait(60)
    simulator.fault("fail", phase="create", times=None)
    bad = session.sweep({"c": "a hare"}, **asked).wait(60)
    assert {run.status for run in bad} == {"failed"}
    both = [*good, *bad]
    records, log = session.chosen(both), session.log
    pairs = pair_up(records, between="variant")
    test = BlindTest(pairs, [], rater="mara", aim="order", repeats=0.0, rng=np.random.default_rng(2), now=lambda: NOW)
    while test.shown is not None:
        vote = test.vote(test.shown.token, ("left", "right")[test.shown.items.index("a")], 1.0)
        log.call(log.vote, vote)
        test.count(vote)
    told = "No run of 'c' has a clip: it is left out."
    without, found = hw.rank(good), hw.rank(both)
    assert found.notes == (*without.notes, told)
    assert (found.sentence, found.winner, found.more) == (without.sentence, without.winner, without.more)
    assert found.df.equals(without.df)
    ended = vote_bundle(test, ended=True)["text/plain"]
    assert ended.startswith(without.sentence)
    assert told in ended
