"""Check of seeds: two clips of one seed beside two of different seeds, of what is there or of three new clips."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.workspace.seed_check import SEED_CHECK_COLUMNS, check_of_runs, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASKED: dict[str, Any] = {"provider": "kie", "model": "02"}


class Scene:
    """A session at a simulator that counts create calls, and what the session said."""

    def __init__(self, home: Path, simulator: Simulator) -> None:
        self.said: list[str] = []
        self.simulator = simulator
        self.home = home
        self.session = self.opened()

    def opened(self, **settings: Any) -> Session:
        """Another session of the same home."""
        return Session(home=self.home, mode="live", poll_interval=0.05, notice=self.said.append, **settings)

    @property
    def sent(self) -> int:
        """The number of create calls that KIE took."""
        return int(self.simulator.creates["kie"])


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A live session; its provider is a simulator, which makes KIE's clips from their seeds, but those of Fast."""
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as simulator:
        monkeypatch.setenv("KIE_BASE_URL", simulator.url)
        monkeypatch.setenv("KIE_API_KEY", "test-key")
        made = Scene(tmp_path / "home", simulator)
        yield made
        made.session.close()


def test_a_seed_that_is_reproduced(scene: Scene) -> None:
    """Three clips are priced, sent and compared; the second check pays nothing and says the same."""
    check = scene.session.seed_check(seed=7, **ASKED)
    assert scene.said[0].startswith("hailuo: 3 runs; 3 to send: 135 credits")
    assert [(run.seed, run.record.replicate) for run in check.runs] == [(7, 1), (7, 2), (8, 1)]
    check.wait(60)
    assert scene.sent == 3
    assert check.reproduces is True
    frame = check.df
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == SEED_CHECK_COLUMNS
    assert frame["same_seed"].tolist() == [True, False, False]
    assert frame["difference"][0] < frame["difference"][1:].min() / 4
    assert frame["ssim"][0] > frame["ssim"][1:].max()
    assert frame["psnr"][0] > frame["psnr"][1:].max()
    assert ("exactly" if check.verdict == "exact" else "closely") in check.sentence
    assert check.sentence.startswith(f"{check.runs[0].request.model} at kie reproduced the seed ")
    assert "same seed" in check._repr_html_()
    assert check.sentence in repr(check)
    other = scene.opened()
    closed = other.seed_check([run.id for run in check.runs])
    other.close()
    assert repr(closed).startswith("<SeedCheck of 3 runs; the session was closed")
    assert closed._repr_html_() is None
    again = scene.session.seed_check(seed=7, **ASKED).wait(60)
    assert scene.sent == 3
    assert again.sentence == check.sentence


def test_a_seed_that_is_not(scene: Scene) -> None:
    """KIE's Fast model draws anew each time: its clips of one seed differ as those of two seeds do."""
    picture = "https://pictures.example/fox.png"
    check = scene.session.seed_check(provider="kie", model="2.3-fast", first_frame=picture).wait(60)
    assert (check.reproduces, check.verdict) == (False, "no")
    assert "did not reproduce the seed" in check.sentence
    assert "replicates, and match no other run" in check.sentence


def test_runs_that_are_there_are_compared_for_nothing(scene: Scene) -> None:
    """Two replicates of two seeds tell it, by a sweep, its rows, or its name; the order of the rows changes nothing."""
    scene.session.sweep("a fox", seed=[1, 2], repeat=2, name="foxes", **ASKED).wait(60)
    rows = scene.session.sweep_of("foxes").df
    found = [scene.session.seed_check(what) for what in (rows, "foxes", rows.iloc[::-1])]
    assert scene.sent == 4
    assert found[0].reproduces is True
    assert sorted(found[0].df["same_seed"]) == [False] * 4 + [True] * 2
    assert len({check.sentence for check in found}) == 1
    assert hw.seed_check(scene.session.sweep_of("foxes")).sentence == found[0].sentence
    with pytest.raises(hw.UsageError, match="so seed has no use"):
        scene.session.seed_check(rows, seed=1)


def test_runs_that_do_not_tell_are_refused(scene: Scene) -> None:
    """Without one seed twice, without a second seed, of random seeds, of two models: each says what is missing."""
    session = scene.session
    plain = session.sweep("a fox", seed=[1, 2], **ASKED).wait(60)
    same = session.sweep("a fox", seed=1, repeat=2, **ASKED).wait(60)
    other = session.sweep("a fox", seed=1, provider="kie", model="2.3").wait(60)
    drawn = session.sweep("a fox", seed=-1, repeat=2, **ASKED).wait(60)
    for what, said in (
        (plain, "no two of these 2 runs are of one request with the same seed"),
        (same, "no two of these 2 runs are of one request with different seeds"),
        (drawn, "with the same seed"),
        ([*plain, *other], "are of .*02.* at kie, .*2-3.* at kie"),
    ):
        with pytest.raises(hw.UsageError, match=said):
            session.seed_check(what)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"provider": "minimax"}, "MiniMax takes no seed, so there is nothing to check"),
        ({"seed": -1}, "seed=-1: a random seed can't be asked for twice"),
        ({"seed": 100_000}, "seed=100000"),
        ({"seed": "7x"}, "seed"),
        ({"resolution": ["768P", "1080P"]}, "compares clips of one request"),
        ({"colour": "red"}, "no argument 'colour'"),
    ],
)
def test_what_cannot_be_checked_is_refused_and_nothing_is_sent(scene: Scene, asked: dict[str, Any], said: str) -> None:
    """A provider without seeds, a random seed, a wrong one, and an axis: a clear error each."""
    with pytest.raises(hw.UsageError, match=said):
        scene.session.seed_check(**(ASKED | asked if "provider" not in asked else asked))
    assert (scene.sent, len(scene.session.runs())) == (0, 0)


def test_nothing_is_sent_without_consent(scene: Scene) -> None:
    """A budget below the first clip, and a bound of runs to ask above, hold as for a sweep."""
    with pytest.raises(hw.BudgetExceeded):
        scene.session.seed_check(**ASKED, budget=10)
    asks = scene.opened(ask_above=2)
    with pytest.raises(hw.UsageError, match="3 live runs"):
        asks.seed_check(**ASKED)
    assert scene.sent == 0
    asks.seed_check(**ASKED, yes=True, tags="seeds", name="seeds").wait(60)
    assert scene.sent == 3
    assert len(asks.runs(sweep="seeds", tag="seeds")) == 3
    asks.close()


def test_what_is_missing_is_said(scene: Scene) -> None:
    """While clips are made, and after one failed, there is no answer, and the sentence says why."""
    scene.simulator.fault("fail", phase="create", message="the content was refused")
    check = scene.session.seed_check(**ASKED)
    assert (check.reproduces, check.verdict, len(check.df)) == (None, None, 0)
    assert "3 clips of 3 are being made" in check.sentence

    async def settle() -> None:
        assert await check is check

    asyncio.run(settle())
    assert check.reproduces is None
    assert "1 run ended without a clip (failed)" in check.sentence


def test_results_of_one_call_are_no_clips_of_one_seed(scene: Scene) -> None:
    """A call that makes two clips has one seed in the log, and the provider draws another for the second clip."""
    results = {"options": {"numberResults": 2}, "provider": "runware", "model": "x"}
    records = [
        RunRecord(
            run_id=f"r{seed}{n}", created_at=datetime.now(UTC), request_hash="h", status="succeeded", result_index=n,
            request=Request(prompt="a fox", seed=seed, **results),
        )
        for seed in (1, 2) for n in (0, 1)
    ]  # fmt: skip
    with pytest.raises(hw.UsageError, match="with the same seed"):
        check_of_runs(scene.session, records)


@pytest.mark.parametrize(
    ("same", "different", "identical", "verdict"),
    [
        ([], [9.0], False, None),
        ([0.0], [], True, None),
        ([0.0], [9.0, 11.0], True, "exact"),
        ([0.0], [9.0, 11.0], False, "close"),
        ([1.0, 3.0], [9.0, 11.0], False, "close"),
        ([3.0], [9.0, 11.0], False, "partly"),
        ([6.0], [9.0, 11.0], False, "no"),
        ([20.0], [9.0, 11.0], False, "no"),
        ([0.0], [0.0, 0.0], True, "all alike"),
    ],
)
def test_what_distances_show(same: list[float], different: list[float], identical: bool, verdict: str | None) -> None:  # noqa: FBT001 - a parameter
    """The same clip again, another encoding of it, a relative of it, or another clip; or nothing."""
    assert verdict_of(same, different, identical=identical) == verdict


def test_the_command_compares_runs_that_are_there(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """``%hailuo seed-check`` takes a sweep's name, and sends nothing."""
    from hailuo_widgets.api import functions as api
    from hailuo_widgets.magics.commands import command

    monkeypatch.setenv("HAILUO_HOME", str(scene.home))
    monkeypatch.setitem(api._state, "session", None)
    scene.session.sweep("a fox", seed=[1, 2], repeat=2, name="foxes", **ASKED).wait(60)
    assert command("seed-check foxes", lambda: "").reproduces is True
    assert scene.sent == 4
    api.default_session().close()
