"""Null control: one request in two arms, paid for, never taken from another request, and judged blind."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.voting.blind_test import BlindTest
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.voting.relabel import relabel
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.sweep import Sweep

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ASKED: dict[str, Any] = {"provider": "kie", "model": "02"}
FOXES: dict[str, Any] = {"prompt": {"day": "a fox", "night": "a wolf"}, "seed": [1, 2], "control": True, **ASKED}


class Scene:
    """A session at a simulator that counts create calls, and what the session said."""

    def __init__(self, tmp_path: Path, simulator: Simulator) -> None:
        self.said: list[str] = []
        self.simulator = simulator
        self.session = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=self.said.append)

    @property
    def sent(self) -> int:
        """The number of tasks that the provider made."""
        return int(self.simulator.creates["kie"])

    def sweep(self, **changes: Any) -> Sweep:
        """The cell of the notebook."""
        return self.session.sweep(**(FOXES | changes), yes=True).wait(60)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A live session; its provider is a simulator."""
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as simulator:
        monkeypatch.setenv("KIE_BASE_URL", simulator.url)
        monkeypatch.setenv("KIE_API_KEY", "test-key")
        made = Scene(tmp_path, simulator)
        yield made
        made.session.close()


def controls(sweep: Sweep) -> list[RunRecord]:
    """The runs of the null control."""
    return [run.record for run in sweep if run.record.request.control]


def arm_of(request: Request) -> str | None:
    """The arm of a request; None outside of a null control."""
    return request.control.arm if request.control else None


# -- money -------------------------------------------------------------------------------------------------------------


def test_the_arms_are_planned_priced_and_paid_for(scene: Scene) -> None:
    """Two arms of two clips of the first request, each with its own seed; plan, estimate and said lines count them."""
    plan = scene.session.plan(**FOXES)
    assert plan.sentence().startswith("8 runs = 2 prompts × 2 seed + 4 control; 8 to send: 360 credits")
    assert plan.parts().control == "4 runs of the first request in two arms, 4 to send: 180 credits"
    frame = scene.session.estimate(**FOXES)
    assert (frame["runs"].item(), frame["cost"].item()) == (8, 360.0)
    sweep = scene.sweep()
    assert scene.sent == 8
    assert any("4 runs of the first request in two arms, 4 to send" in line for line in scene.said)
    arms = controls(sweep)
    assert [(arm_of(r.request), r.replicate, r.variant, r.request.prompt) for r in arms] == [
        (arm, n, "day", "a fox") for n in (1, 2) for arm in "ab"
    ]
    assert len({r.request.seed for r in arms} | {1, 2}) == 6
    assert sum(sweep.df["cost"]) == 360.0
    bodies = [r["body"] for r in scene.simulator.requests if r["phase"] == "create"]
    assert len(bodies) == 8
    assert "control" not in str(bodies)
    assert sweep.df["control"].dropna().tolist() == ["a", "b", "a", "b"]


def test_run_all_pays_the_control_once_and_more_seeds_only_for_themselves(scene: Scene) -> None:
    """The same cell again reuses arm by arm; a longer one sends what is new; a fresh one sends all."""
    first = scene.sweep()
    again = scene.sweep()
    assert scene.sent == 8
    assert [run.record.reused_from for run in again] == [run.id for run in first]
    assert again.session.plan(**FOXES).parts().control == "4 runs of the first request in two arms, none to send"
    longer = scene.sweep(seed=[1, 2, 3])
    assert scene.sent == 8 + 2 + 2
    assert [r.reused_from for r in controls(longer)][:4] == [r.run_id for r in controls(first)]
    scene.sweep(reuse=False)
    assert scene.sent == 12 + 8


def test_no_arm_takes_or_gives_a_clip(scene: Scene) -> None:
    """Ordinary runs with the very seeds of the arms are sent before and after: neither is the clip of the other."""
    seeds = [p.request.seed for p in scene.session.plan(**FOXES).runs if p.request.control]
    ordinary = scene.session.sweep("a fox", seed=seeds, **ASKED).wait(60)
    sweep = scene.sweep()
    assert scene.sent == 4 + 8
    assert not any(run.record.reused_from for run in sweep)
    again = scene.session.sweep("a fox", seed=seeds, **ASKED).wait(60)
    assert [run.record.reused_from for run in again] == [run.id for run in ordinary]
    clips = {r.clip_id for r in controls(sweep)}
    assert len(clips) == 4


def test_another_comparison_has_a_control_of_its_own(scene: Scene) -> None:
    """A sweep with another variant sends a control anew, with other seeds; judged together, each arm meets its own."""
    first = scene.sweep()
    other = scene.sweep(prompt={"day": "a fox", "dusk": "a hare"})
    assert scene.sent == 8 + 2 + 4  # the first variant's clips are reused
    seeds = [{r.request.seed for r in controls(sweep)} for sweep in (first, other)]
    assert not seeds[0] & seeds[1]
    records = scene.session.chosen([*first, *other])
    by_id = {r.run_id: r for r in records}
    pairs = [c for c in pair_up(records).candidates if c.control]
    assert len(pairs) == len({c.unit for c in pairs}) == 4
    for c in pairs:
        assert by_id[c.first_run].sweep_id == by_id[c.second_run].sweep_id


def test_a_budget_counts_the_arms(scene: Scene) -> None:
    """What covers the sweep alone leaves the control unsent, and is said before; a sweep that needs a yes gets none."""
    scene.sweep(budget=180)
    assert scene.sent == 4
    assert any("covers 4 of the 8 runs" in line for line in scene.said), scene.said
    asks = Session(home=scene.session.settings.home / "asks", mode="live", ask_above=7, notice=lambda _: None)
    with pytest.raises(hw.UsageError, match="8 "):
        asks.sweep(**FOXES)
    with pytest.raises(hw.UsageError, match="generate"):
        asks.generate("a fox", seed=1, control=True, **ASKED)
    with pytest.raises(hw.UsageError, match="control"):
        asks.sweep("a fox", control="yes please", **ASKED)
    asks.close()
    assert scene.sent == 4


@pytest.mark.parametrize("seed", [None, -1])
def test_without_a_seed_the_arms_are_replicates(scene: Scene, seed: int | None) -> None:
    """No seed is made up where none is sent, or the provider is to draw one: the arms have their own replicates."""
    plan = scene.session.plan("a fox", seed=seed, repeat=3, control=True, **ASKED)
    arms = [p.request for p in plan.runs if p.request.control]
    assert [(arm_of(r), r.replicate, r.seed) for r in arms] == [(arm, n, seed) for n in (1, 2, 3) for arm in "ab"]
    assert len({p.request.hash for p in plan.runs}) == 9
    assert plan.fated("sent") == 9


def test_the_cell_and_the_call_are_the_same_sweep(scene: Scene) -> None:
    """``--control`` plans what ``control=True`` does, whatever else is an axis."""
    cell = plan_cell(
        scene.session, parse_line("--provider kie --model 02 --seed 1..2 --control"), "a fox {{dawn | dusk}}", {}
    )
    call = scene.session.plan("a fox {{dawn | dusk}}", seed=[1, 2], control=True, **ASKED)
    assert cell.digest == call.digest
    assert len(call.runs) == 8


# -- judging -----------------------------------------------------------------------------------------------------------


def judged(
    scene: Scene, sweep: Sweep, *, rng: np.random.Generator, rater: str = "mara", answer: Any = None
) -> list[Any]:
    """Vote on every pair, at random or by a function of the shown pair; returns the shown candidates."""
    log = scene.session.log
    records = scene.session.chosen(sweep)
    pairs = pair_up(records)
    earlier = log.call(log.votes, [r.run_id for r in records])
    test = BlindTest(
        pairs, relabel(records, earlier, pairs), rater=rater, aim="order", repeats=0.0, rng=rng,
        now=lambda: NOW,
    )  # fmt: skip
    shown = []
    while test.shown is not None:
        shown.append(test.shown.candidate)
        said = answer(test.shown) if answer else ("left", "right", "tie")[rng.integers(3)]
        vote = test.vote(test.shown.token, said, 1.0)
        log.call(log.vote, vote)
        test.count(vote)
    assert all(not v.control for v in test.votes)
    return shown


def test_control_pairs_come_blind_among_the_others(scene: Scene) -> None:
    """They are among the candidates, arm against arm, neither all first nor all last; the items are the sweep's own."""
    sweep = scene.sweep(seed=range(1, 9))
    records = scene.session.chosen(sweep)
    pairs = pair_up(records)
    assert pairs.items == ("day", "night")
    of_control = [c for c in pairs.candidates if c.control]
    assert Counter((c.first, c.second, c.within) for c in of_control) == {("control a", "control b", "unmatched"): 8}
    by_id = {r.run_id: r for r in records}
    for c in of_control:
        a, b = by_id[c.first_run], by_id[c.second_run]
        assert (arm_of(a.request), arm_of(b.request)) == ("a", "b")
        assert a.request.condition == b.request.condition
    assert len({clip for c in of_control for clip in c.clips}) == 16
    orders = []
    for n in range(4):
        shown = judged(scene, sweep, rng=np.random.default_rng(n), rater=f"rater {n}")
        assert len(shown) == len({c.clips for c in shown}) == 16
        orders.append([c.control for c in shown])
    in_first_half = sum(sum(order[:8]) for order in orders)
    assert 6 <= in_first_half <= 26  # of 32; 16 if the order is random
    assert judged(scene, sweep, rng=np.random.default_rng(9), rater="rater 0") == []


def test_rank_leaves_the_control_out_and_tells_the_noise_floor(scene: Scene) -> None:
    """Its votes change no figure; what the raters found there stands in a note, and alone under its own name."""
    sweep = scene.sweep(seed=range(1, 7))
    rng = np.random.default_rng(3)

    def answer(shown: Any) -> str:
        if shown.candidate.control:
            return str(("left", "right", "tie")[rng.integers(3)])
        return ("left", "right")[shown.items.index("night")]

    judged(scene, sweep, rng=rng, answer=answer)
    found = hw.rank(sweep)
    assert found.df["item"].tolist() == ["night", "day"]
    assert found.df["judged"].tolist() == [6, 6]
    assert found.control is not None
    assert (found.control.judgements, found.control.pairs) == (6, 6)
    assert found.notes[-1] == found.control.sentence
    assert found.control.sentence.startswith(
        "Null control, two clips of one request: in 6 judgements on 6 pairs one was"
    )
    assert "control" not in found.sentence
    for what in (hw.votes(sweep), hw.votes(sweep).sample(frac=1, random_state=1)):
        again = hw.rank(what)
        assert (again.control, again.sentence) == (found.control, found.sentence)
    without = hw.rank(hw.votes(sweep, between="variant"))
    assert without.control is None
    assert without.df.equals(found.df)
    alone = hw.rank(sweep, between="control")
    assert sorted(alone.df["item"]) == ["control a", "control b"]
    row = alone.df.set_index("item").loc["control a"]
    assert row["win_rate"] == pytest.approx(found.control.rate)
    assert set(hw.votes(sweep)["between"]) == {"variant", "control"}


def test_the_screen_shows_no_prompt_that_would_give_a_control_away(scene: Scene) -> None:
    """Beside pairs of two prompts the one prompt of a control's pair isn't shown; beside pairs of one prompt it is."""
    from hailuo_widgets.widgets.vote import Vote

    sweep = scene.sweep()
    models = scene.session.sweep("a fox", seed=1, control=True, provider="kie", model=["02", "2.3"]).wait(60)

    async def prompts(of: Sweep) -> set[str | None]:
        records = scene.session.chosen(of)
        test = BlindTest(
            pair_up(records), [], rater="m", aim="order", repeats=0.0, rng=np.random.default_rng(1),
            now=lambda: NOW,
        )  # fmt: skip
        widget = Vote(scene.session, records, test, loop=asyncio.get_running_loop(), changed=lambda *_: None)
        sent: list[dict[str, Any]] = []
        widget.send = lambda content, buffers=None: sent.append(content | {"bytes": buffers})  # type: ignore[method-assign]
        told = set()
        while test.shown is not None:
            widget._receive({"id": "q", "type": "begin", "data": {}}, [])
            await widget._tasks["q"]
            told.add(sent[-1]["data"]["prompt"])
            test.count(test.vote(test.shown.token, "tie", 1.0))
        widget.close()
        return told

    assert asyncio.run(prompts(sweep)) == {None}
    assert asyncio.run(prompts(models)) == {"a fox"}


def test_a_failed_arm_leaves_the_others_paired(scene: Scene) -> None:
    """A run of an arm that failed costs its own pair at most, and the ranking of the sweep nothing."""
    records = [run.record for run in scene.sweep(seed=[1, 2, 3])]
    gone = next(r.run_id for r in records if arm_of(r.request) == "a")
    pairs = pair_up(records, has_clip=lambda r: r.run_id != gone)
    assert sum(c.control for c in pairs.candidates) == 2
    assert sum(not c.control for c in pairs.candidates) == 3
    arms = [r for r in records if r.request.control]
    only = pair_up(arms)
    assert (only.between, only.items, len(only.candidates)) == ("control", ("control a", "control b"), 3)
    with pytest.raises(hw.UsageError, match="no two arms of the null control have clips"):
        pair_up(arms, has_clip=lambda r: arm_of(r.request) == "a")
