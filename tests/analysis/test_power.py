"""Tests of the power of a comparison: by brute force, by what must hold of any power, and by its price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from panel import vote
from scipy.special import ndtri

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.vote import Place
from hailuo_widgets.errors import MissingKey, UsageError
from hailuo_widgets.voting.ranking import rank
from hailuo_widgets.voting.simulated_power import chances, enough_units
from hailuo_widgets.workspace.power import power_of_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def named(rng: np.random.Generator, *, preference: float, ties: float, units: int, pairs: int) -> bool:
    """Whether the ranking of one simulated panel names the better of two variants at the end of its votes."""
    # The difference of two clips has the variance 1: 0.4 of the seed, 0.2 of the clip, 0.4 of the judgement.
    edge_win, edge_loss = ndtri(preference - ties / 2), ndtri(preference + ties / 2)
    votes = []
    for unit in range(units):
        of_seed = rng.normal(0, 0.4**0.5)
        for pair in range(pairs):
            seen = of_seed + rng.normal(0, 0.2**0.5) + rng.normal(0, 0.4**0.5)
            answer = "left" if seen > -edge_win else "right" if seen < -edge_loss else "tie"
            runs = {"left_run": f"a/{unit}/{pair}", "right_run": f"b/{unit}/{pair}"}
            place = Place(draw=str(unit), of_draw=pairs)
            votes.append(vote(len(votes), "a", "b", answer, unit=unit, place=place, **runs))
    return rank(votes).winner == "a"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preference", "ties", "units", "pairs"), [(0.7, 0.1, 70, 1), (0.8, 0.2, 25, 1), (0.7, 0.1, 40, 3)]
)
def test_power_is_that_of_brute_force(preference: float, ties: float, units: int, pairs: int) -> None:
    """Of 150 panels, ranked as a user's votes are, as many have a winner as is said, within three standard errors.

    ``tests/bench/power.py`` does it with thousands.
    """
    rng = np.random.default_rng(units)
    share = np.mean([named(rng, preference=preference, ties=ties, units=units, pairs=pairs) for _ in range(150)])
    said = chances(preference=preference, ties=ties, variants=2, pairs=pairs, confidence=0.95)[units - 1]
    assert 0.2 < said < 0.95
    assert share == pytest.approx(said, abs=3 * (said * (1 - said) / 150) ** 0.5 + 0.02)


def test_more_of_anything_helps() -> None:
    """Power grows with units, preference and replicates, and falls with variants and confidence."""
    plain: dict[str, Any] = {"preference": 0.7, "ties": 0.1, "variants": 2, "pairs": 1, "confidence": 0.95}
    found = chances(**plain)
    assert found[39] < found[79] < found[159]
    assert found[79] < chances(**plain | {"preference": 0.8})[79]
    assert found[39] < chances(**plain | {"pairs": 4})[39]
    assert found[79] > chances(**plain | {"variants": 4})[79]
    assert found[79] > chances(**plain | {"confidence": 0.99})[79]
    enough = enough_units(found)
    assert enough is not None
    assert found[enough - 1] >= 0.8 > found[enough - 2]
    assert enough_units(chances(**plain | {"preference": 0.51})) is None


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that sends nothing."""
    opened = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    yield opened
    opened.close()


def test_what_it_costs(session: Session) -> None:
    """The price of all clips at each provider is that of the sweep's estimate; a missing price stays missing."""
    found = session.power(12, variants=3, provider=["minimax", "kie", "kkiai"], model="02", duration=6)
    assert found.df["preference"].tolist() == [0.6, 0.7, 0.8]
    costs = found.costs.set_index("provider")
    assert costs["clips"].tolist() == [36] * 3
    for name in ("minimax", "kie"):
        estimate = session.estimate("a fox", provider=name, model="02", duration=6, repeat=36)
        assert costs.loc[name, "cost"] == pytest.approx(estimate.cost.sum())
        assert [costs.loc[name, "currency"]] == estimate.currency.tolist()
    assert costs["cost"].isna().tolist() == [False, False, True]
    assert "12 seeds of 3 variants" in found.sentence
    for shown in (repr(found), found._repr_html_()):
        assert found.sentence in shown
    assert len(session.runs()) == 0


def test_what_a_budget_can_show(session: Session) -> None:
    """It buys as many seeds as it pays for, and no more; one that buys none is refused with the price of a seed."""
    at: dict[str, Any] = {"provider": "minimax", "model": "02", "duration": 6}
    price = session.power(1, **at).costs["cost"][0]
    found = session.power(budget=f"{price * 7.5:.4f} USD", **at)
    assert "7 seeds of 2 variants" in found.sentence
    assert found.df.equals(session.power(7, **at).df)
    with pytest.raises(UsageError, match="one seed is"):
        session.power(budget=f"{price * 0.9:.4f} USD", **at)


def test_a_provider_without_a_key_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In live mode, the providers that could be asked have a cost; one that is named without its key is refused."""
    monkeypatch.setenv("MINIMAX_API_KEY", "sk-CANARY-power")
    session = Session(home=tmp_path, mode="live", notice=lambda _: None)
    assert session.power(5).costs["provider"].tolist() == ["minimax"]
    with pytest.raises(MissingKey, match="KIE_API_KEY"):
        session.power(5, provider="kie")
    session.close()


BAD: list[dict[str, Any]] = [
    {"seeds": 0}, {"seeds": 501}, {"seeds": "many"}, {"prompts": 0}, {"raters": -1}, {"variants": 1}, {"variants": 13},
    {"replicates": 0}, {"preference": 0.5}, {"preference": 1}, {"preference": True}, {"preference": "0.7"},
    {"preference": []}, {"ties": 0.6, "preference": 0.8}, {"ties": -0.1}, {"confidence": 95}, {"budget": 5},
    {"budget": "5 EUR", "provider": "minimax"}, {"budget": 5, "provider": "kkiai"}, {"provider": "minmax"},
    {"model": ["02", "2.3"], "provider": "minimax"}, {"seeds": 500, "prompts": 500},
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=str)
def test_what_cannot_be_planned_is_said(session: Session, arguments: dict[str, Any]) -> None:
    """The value that is wrong, and what to do."""
    with pytest.raises(UsageError) as caught:
        session.power(**arguments)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ({"prompt": ["a fox", "a wolf"], "seed": list(range(12))}, {"seeds": 12}),
        ({"prompt": ["a fox", "a wolf", "a hare"], "seed": [1, 2, 3], "control": True}, {"seeds": 3, "variants": 3}),
        ({"prompt": ["a fox", "a wolf"], "repeat": 30}, {"seeds": 30}),
        (
            {"prompt": [f"a fox {n}" for n in range(6)], "seed": [1, 2], "model": ["02", "2.3"], "between": "model"},
            {"prompts": 6, "seeds": 2},
        ),
    ],
)  # fmt: skip
def test_a_plan_tells_the_same(session: Session, asked: dict[str, Any], same: dict[str, Any]) -> None:
    """Its sentence is that of power() of the variants, seeds and prompts that a ranking of its clips would have."""
    between = asked.pop("between", None)
    plan = session.plan(**({"provider": "kie", "model": "02"} | asked), ask_log=False)
    told = power_of_plan(plan)
    if between is not None:  # a ranking compares the prompts by default, whose units are the seeds of both models
        assert "of 6 variants" in told
        return
    found = session.power(**same, provider="kie", model="02")
    if (found.df["chance"] == 0).all():
        assert "are too few to name a winner by votes" in told
    else:
        assert told == found.sentence.replace("seeds", "seeds" if "seed" in asked else "draws")


@pytest.mark.parametrize("asked", [{"prompt": "a fox"}, {"prompt": "a fox", "seed": [1, 2, 3]}])
def test_a_plan_without_variants_tells_nothing(session: Session, asked: dict[str, Any]) -> None:
    """There is nothing to compare by votes."""
    assert power_of_plan(session.plan(**asked, provider="kie", model="02", ask_log=False)) == ""
