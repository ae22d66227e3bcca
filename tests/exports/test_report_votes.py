"""Votes in a report: each figure is the one that ``hw.rank`` gives in the notebook, in whatever order it is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.ids import make_id
from hailuo_widgets.domain.vote import ANSWERS, Vote
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.voting.pairs import pair_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.workspace.sweep import Sweep

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PROMPTS = {"day": "a fox", "dusk": "a wolf", "night": "a hare", "noon": "an owl"}


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweep]:
    """Four variants by three seeds with a null control, and the votes of three raters; one variant has none."""
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as simulator:
        monkeypatch.setenv("KIE_BASE_URL", simulator.url)
        monkeypatch.setenv("KIE_API_KEY", "test-key")
        session = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
        asked = {"provider": "kie", "model": "02", "seed": [1, 2, 3], "control": True}
        sweep = session.sweep(PROMPTS, **asked, yes=True).wait(60)
        rng = np.random.default_rng(4)
        shown = [c for c in pair_up(session.chosen(sweep)).candidates if "noon" not in {c.first, c.second}]
        for n, (rater, c) in enumerate(product(("mara", "lu", "kim"), shown)):
            at = NOW + timedelta(seconds=n)
            vote = Vote(
                vote_id=make_id("v", at, n), at=at, rater=rater, between=c.between, within=c.within, unit=c.unit,
                left=c.first, right=c.second, left_run=c.first_run, right_run=c.second_run,
                answer=str(rng.choice(ANSWERS, p=(0.5, 0.25, 0.15, 0.1))),
            )  # fmt: skip
            session.log.call(session.log.vote, vote)
        yield sweep
        session.close()


def test_the_report_and_the_notebook_say_the_same(judged: Sweep, tmp_path: Path) -> None:
    """The page holds the notebook's ranking, figure by figure; neither rows, runs nor missing times change one."""
    told = hw.rank(judged)
    assert told.control is not None
    assert told.df["judged"].tolist().count(0) == 1
    rows = hw.votes(judged)
    some = rows.copy()
    some.loc[some.index[::2], "at"] = pd.NaT
    for what in (list(judged)[::-1], judged.df.sample(frac=1, random_state=2)):
        assert hw.rank(what).html() == told.html()
    for what in (rows, rows.sample(frac=1, random_state=3), some, rows.drop(columns="at")):
        found = hw.rank(what)
        voted = told.df[told.df["judged"] > 0].reset_index(drop=True)
        pd.testing.assert_frame_equal(found.df, voted, check_exact=True)
        assert (found.side_bias, found.agreement, found.control) == (told.side_bias, told.agreement, told.control)
    for n, what in enumerate((judged, list(judged)[::-1])):
        page = hw.export(what, tmp_path / f"report{n}.html").read_text("utf-8")
        assert page.count(told.html()) == 1
        assert page.count("<h2>Votes</h2>") == page.count("<h3>variant</h3>") == 1
        assert "<h3>control</h3>" not in page
