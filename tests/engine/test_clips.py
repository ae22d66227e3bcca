"""Tests of ratings and votes on clips: they stay valid in repeated cells, larger sweeps and other kernels."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pandas as pd
import pytest

import hailuo_widgets as hw
from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.voting.blind_test import BlindTest
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.voting.relabel import relabel
from hailuo_widgets.widgets.compare import Compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.sweep import Sweep

PROMPTS = {"fox": "a fox", "wolf": "a wolf"}
ASKED: dict[str, Any] = {"provider": "kie", "model": "02"}


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Session]]:
    """Starts the session of another kernel on the same home, which becomes the default one."""
    opened: list[Session] = []
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as simulator:
        monkeypatch.setenv("KIE_BASE_URL", simulator.url)
        monkeypatch.setenv("KIE_API_KEY", "test-key")

        def start() -> Session:
            session = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
            opened.append(session)
            monkeypatch.setattr(api, "default_session", lambda: session)
            return session

        yield start
        for session in opened:
            session.close()


def swept(session: Session, seeds: list[int], **more: Any) -> Sweep:
    """The cell of the notebook: two variants by some seeds."""
    return session.sweep(more.pop("prompts", PROMPTS), seed=seeds, **ASKED, **more).wait(60)


def vote_on(session: Session, sweep: Sweep, rater: str = "mara", winner: str = "fox") -> None:
    """Vote for one variant on each pair of a sweep that the rater has not judged, as the widget does."""
    records = session.chosen(sweep)
    pairs = pair_up(records)
    earlier = session.log.call(session.log.votes, [r.run_id for r in records], between=pairs.between)
    blind_test = BlindTest(
        pairs, relabel(records, earlier, pairs), rater=rater, aim="order", repeats=0.0,
        rng=np.random.default_rng(1), now=lambda: datetime.now(UTC),
    )  # fmt: skip
    while blind_test.shown is not None:
        vote = blind_test.vote(blind_test.shown.token, ("left", "right")[blind_test.shown.items.index(winner)], 1.0)
        session.log.call(session.log.vote, vote)
        blind_test.count(vote)


def counted(ranking: Any) -> dict[str, tuple[int, int]]:
    """Of each item how often it was judged, and how often it won."""
    return {row.item: (row.judged, row.wins) for row in ranking.df.itertuples()}


def test_votes_outlive_run_all_and_a_further_seed(kernel: Callable[[], Session]) -> None:
    """After Restart & Run All, and after one more seed, the same votes count, each clip once; no pair comes again."""
    first = swept(kernel(), [1, 2], name="foxes", tags=["pilot"])
    vote_on(first.session, first)
    assert counted(hw.rank(first)) == {"fox": (2, 2), "wolf": (2, 0)}
    again = swept(kernel(), [1, 2], name="foxes", tags=["pilot"])
    paid, reused = first.df, again.df
    assert (paid["cost_kind"].tolist(), paid["reused_from"].notna().sum()) == (["list"] * 4, 0)
    assert (reused["cost_kind"].tolist(), reused["reused_from"].tolist()) == (["reused"] * 4, [run.id for run in first])
    assert reused["sweep"].tolist() == ["foxes"] * 4
    with av.open(str(first[0].video)) as clip:
        size = (clip.streams.video[0].width, clip.streams.video[0].height)
    for frame in (paid, reused):
        assert list(zip(frame["width"], frame["height"], strict=True)) == [size] * 4
    assert counted(hw.rank(again)) == {"fox": (2, 2), "wolf": (2, 0)}
    vote_on(again.session, again)  # nothing is left to judge
    assert len(hw.votes()) == len(hw.votes(again)) == len(hw.votes(first)) == 2
    assert set(hw.votes(again)["left_run"]) <= {run.id for run in first}  # what was seen
    grown = swept(kernel(), [1, 2, 3], name="foxes", tags=["pilot"])
    assert counted(hw.rank(grown)) == {"fox": (2, 2), "wolf": (2, 0)}
    vote_on(grown.session, grown)
    for what in (hw.runs(tag="pilot"), hw.votes()):
        assert counted(hw.rank(what)) == {"fox": (3, 3), "wolf": (3, 0)}, what
    for what in (grown, "foxes", hw.runs(tag="pilot")):
        assert hw.votes(what)["unit"].tolist() == ["1", "2", "3"]
    assert len(api.default_session().chosen(hw.runs(tag="pilot"))) == 6


def test_votes_on_copies_are_no_new_evidence(kernel: Callable[[], Session]) -> None:
    """Where one rater's votes on copies of one pair are in the log, as earlier versions took them, they are one."""
    first = swept(kernel(), [1])
    copies = swept(first.session, [1])
    log = first.session.log
    for n, (sweep, answer) in enumerate(((first, "left"), (copies, "left"), (first, "left"))):
        vote = Vote(
            vote_id=f"v{n}", at=datetime.now(UTC), rater="mara", between="variant", left="fox", right="wolf",
            left_run=sweep[0].id, right_run=sweep[1].id, answer=answer, within="seed", unit="1",
        )  # fmt: skip
        log.call(log.vote, vote)
    for what in (copies, hw.runs(), hw.votes()):
        assert counted(hw.rank(what)) == {"fox": (1, 1), "wolf": (1, 0)}, what
    assert "of 1 judgement" in hw.rank(hw.runs()).sentence.replace("vote", "judgement")
    assert hw.rank(hw.runs()).agreement.raters == 1


def test_labels_and_axes_of_a_later_cell_match_the_earlier_votes(kernel: Callable[[], Session]) -> None:
    """A variant that is called otherwise, and a model that varies now, are the same pair: its words are today's."""
    first = swept(kernel(), [1, 2])
    vote_on(first.session, first)
    renamed = first.session.sweep(
        {"dog": "a wolf", "vixen": "a fox"}, seed=[1, 2], provider="kie", model=["02", "2.3"]
    ).wait(60)
    assert counted(hw.rank(renamed)) == {"vixen": (2, 2), "dog": (2, 0)}
    records = renamed.session.chosen(renamed)
    given = relabel(records, renamed.session.log.call(renamed.session.log.votes))
    units = {c.clips: c.unit for c in pair_up(records, between="variant", within="seed").candidates}
    assert [v.unit for v in given] == [units[v.clips] for v in given]
    assert len({v.unit for v in given}) == 2


def test_stars_notes_and_tags_outlive_run_all(kernel: Callable[[], Session]) -> None:
    """They are set from Python and in the grid, belong to the clip, and every kernel and every copy shows them."""
    first = swept(kernel(), [1], tags=["pilot"])
    first[0].rating, first[0].note, first[0].tags = 4, "the tail", ["sharp"]
    again = swept(kernel(), [1], tags=["second"])
    assert (again[0].rating, again[0].note, again[0].tags) == (4, "the tail", ("second", "sharp"))
    assert (again[1].rating, again[1].note, again[1].tags) == (None, None, ("second",))
    again[0].rating = np.int64(2)
    assert first[0].rating == 2  # the other kernel's session, which knew it as 4
    assert hw.runs()["rating"].fillna(0).tolist() == [2, 0, 2, 0]
    assert list(hw.runs(tag="sharp")["run_id"]) == [first[0].id, again[0].id]
    assert list(hw.runs(tag="pilot")["run_id"]) == [run.id for run in first]
    told = asyncio.run(_shown_twice(again.session, again, first[0]))
    assert told == [(2, ["sharp"], ["second"]), (5, ["soft"], ["second"]), (1, ["soft"], ["second"])]


async def _shown_twice(session: Session, sweep: Sweep, elsewhere: hw.Run) -> list[Any]:
    """What the first clip's cell says when the grid is opened, after it was judged there, and after another kernel."""
    told: list[Any] = []

    def opened() -> Compare:
        records = session.chosen(sweep)
        return Compare(session, records, arrange(records), loop=asyncio.get_running_loop())

    async def look(grid: Compare) -> None:
        cells: list[dict[str, Any]] = []
        await grid._layout(SimpleNamespace(reply=lambda layout: cells.extend(layout["cells"])))  # type: ignore[arg-type]
        told.append((cells[0]["rating"], cells[0]["tags"], cells[0]["given"]))

    grid = opened()
    await look(grid)
    for kind, data in (("_rate", {"rating": 5}), ("_tag", {"tags": ["soft", "second"]})):
        question = SimpleNamespace(data={"id": sweep[0].id, **data}, reply=lambda: None)
        await getattr(grid, kind)(question)
    await look(opened())
    elsewhere.rating = 1
    await look(opened())
    return told


def test_each_clip_is_seen_once(kernel: Callable[[], Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of runs that show one clip the paid one stands for it; two paid runs are two clips, whatever their bytes."""
    first = swept(kernel(), [1])
    copies = swept(first.session, [1])
    paid_again = swept(first.session, [1], reuse=False)
    session = first.session
    session.log.call(session.log.change, paid_again[0].id, "equal bytes", sha256=first[0].record.sha256)

    def ids(what: Any) -> list[str]:
        return [r.run_id for r in session.chosen(what)]

    assert ids([copies, first, paid_again]) == [run.id for run in (*first, *paid_again)]
    assert ids(copies) == [run.id for run in copies]
    assert ids([copies[0], copies[0].id]) == [copies[0].id]
    said: list[str] = []
    monkeypatch.setattr(session, "_notice", said.append)
    written = hw.export(hw.runs(), tmp_path / "clips.csv")
    assert pd.read_csv(written)["run_id"].tolist() == [run.id for run in (*first, *paid_again)]
    assert "2 of 6 runs show the clip of another one" in said[0]
    records: list[RunRecord] = session.chosen(hw.runs())
    assert arrange(records).places.keys() == {run.id for run in (*first, *paid_again)}
