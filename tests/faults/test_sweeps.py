"""Tests of sweeps after a refused or lost create call (rows 24, 26, 29 to 32)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conftest import error_of, steps
from fake_provider import Act

from hailuo_widgets.errors import AuthError, BudgetExceeded, InsufficientCredits, Moderated, Skipped, Unconfirmed

if TYPE_CHECKING:
    from conftest import Begin, Scene

    from hailuo_widgets.workspace.sweep import Sweep

PRICE = 0.28  # of a clip as asked for here


def no(code: int) -> Act:
    """A refusal with a code of the table."""
    answer = {"base_resp": {"status_code": code, "status_msg": "words of the provider"}}
    return Act(take=False, change=lambda _: answer)


def sweep_of(scene: Scene, count: int, **arguments: Any) -> Sweep:
    """A sweep of so many prompts, carried to its end."""
    sweep = scene.session.sweep([f"a fox {n}" for n in range(count)], model="02", yes=True, **arguments)
    return sweep.wait(120)


def by_status(sweep: Sweep) -> dict[str, int]:
    """How many runs ended how."""
    statuses = [run.status for run in sweep]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


@pytest.mark.parametrize("burst", [1, 4, 5])
def test_a_burst_of_5xx(begin: Begin, burst: int) -> None:
    """24: as many runs are unconfirmed as answers were lost; the others bring their clips, whatever polls meet."""
    scene = begin().on("create", Act(), *[Act(status=503, body=b"busy")] * burst)
    scene.fake_provider.polls = 3
    scene.on("query", *[Act(status=502, body=b"x")] * 12)
    sweep = sweep_of(scene, 12)
    assert by_status(sweep) == {"succeeded": 12 - burst, "unconfirmed": burst}
    assert {type(run.error) for run in sweep.failed} == {Unconfirmed}
    assert all("HTTP 503" in str(run.error) for run in sweep.failed)
    assert (scene.sent, scene.charged, scene.fake_provider.twice, scene.parts()) == (12, 12, [], [])


def test_an_outage_of_everything_is_met_by_five_runs(begin: Begin) -> None:
    """24: while creates and queries both fail nothing more is sent after five, and all the rest is sent afterwards."""
    scene = begin()
    scene.fake_provider.always("create", Act(take=False, status=503, body=b"busy"))
    scene.fake_provider.always("query", Act(status=503, body=b"busy"))
    sweep = scene.session.sweep([f"a fox {n}" for n in range(60)], model="02", yes=True)
    with pytest.raises(TimeoutError):
        sweep.wait(3)
    assert scene.sent == 5
    assert by_status(sweep) == {"planned": 55, "unconfirmed": 5}
    waiting = next(run for run in sweep if run.status == "planned" and len(run.events) > 1)
    assert steps(waiting).count("provider_in_trouble") == 1
    scene.fake_provider.always("create", None).always("query", None)
    sweep.wait(120)
    assert by_status(sweep) == {"succeeded": 55, "unconfirmed": 5}
    assert (scene.sent, scene.charged, scene.fake_provider.twice, scene.parts()) == (60, 55, [], [])


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (Act(take=False, status=401, body=b"{}"), AuthError),
        (Act(take=False, status=403, body=b"{}"), AuthError),
        (no(1004), AuthError),
        (no(2049), AuthError),
    ],
)
def test_a_refused_key_stops_the_sweep_at_its_first_create(begin: Begin, act: Act, kind: type[Exception]) -> None:
    """26: one call, one failed run that names the variable; the others were never sent, and say so."""
    scene = begin()
    scene.fake_provider.always("create", act)
    sweep = sweep_of(scene, 8)
    (met,) = [run for run in sweep if run.status == "failed"]
    assert by_status(sweep) == {"failed": 1, "skipped": 7}
    assert isinstance(met.error, kind)
    assert "MINIMAX_API_KEY" in str(met.error)
    others = [run for run in sweep if run is not met]
    assert all(isinstance(run.error, Skipped) for run in others)
    assert all("never sent: an earlier run of the sweep met AuthError" in str(run.error) for run in others)
    assert all("create_sent" not in steps(run) for run in others)
    assert (scene.sent, scene.charged, scene.files()) == (1, 0, [])


@pytest.mark.parametrize("act", [no(1008), Act(take=False, status=402, body=b"{}")])
def test_an_account_that_runs_empty(begin: Begin, act: Act) -> None:
    """29: accepted tasks are followed to their end; after the refusal, only calls already sent reach the provider."""
    scene = begin()
    scene.on("create", *[Act()] * 4)
    scene.fake_provider.always("create", act)
    scene.fake_provider.polls = 3
    sweep = sweep_of(scene, 20)
    counts = by_status(sweep)
    assert counts["succeeded"] == scene.charged == 4
    assert 1 <= counts["failed"] <= 4  # the door lets four pass at once
    assert counts["skipped"] == 20 - 4 - counts["failed"]
    met = [run for run in sweep if run.status == "failed"]
    assert all(isinstance(run.error, InsufficientCredits) and "top up" in str(run.error) for run in met)
    assert (scene.sent, scene.fake_provider.twice, scene.parts()) == (4 + counts["failed"], [], [])
    scene.fake_provider.always("create", None)
    again = sweep_of(scene, 20)  # topped up: the same cell once more
    assert by_status(again) == {"succeeded": 20}
    assert (scene.charged, scene.fake_provider.twice) == (20, [])


def test_one_prompt_is_moderated(begin: Begin) -> None:
    """30: that run failed and says what to do; the sweep goes on."""
    scene = begin().on("create", Act(), no(1026))
    sweep = sweep_of(scene, 6)
    assert by_status(sweep) == {"failed": 1, "succeeded": 5}
    (met,) = sweep.failed
    assert isinstance(met.error, Moderated)
    assert "reword it" in str(met.error)
    assert met.cost is None
    assert (scene.sent, scene.charged, scene.fake_provider.twice, scene.parts()) == (6, 5, [], [])


def test_a_parameter_that_all_share_is_refused(begin: Begin) -> None:
    """31: each run is asked for on its own merits; none is charged, and each says that a parameter was refused."""
    scene = begin()
    scene.fake_provider.always("create", no(2013))
    sweep = sweep_of(scene, 6)
    assert by_status(sweep) == {"failed": 6}
    assert all("a parameter was refused" in str(run.error) for run in sweep)
    assert (scene.sent, scene.charged, scene.files()) == (6, 0, [])


def test_a_plan_without_the_model_stops_the_sweep(begin: Begin) -> None:
    """31: what no run of the sweep could survive (2061) is met by one of them."""
    scene = begin()
    scene.fake_provider.always("create", no(2061))
    sweep = sweep_of(scene, 6)
    assert by_status(sweep) == {"failed": 1, "skipped": 5}
    assert (scene.sent, scene.charged) == (1, 0)


def test_a_budget_is_never_passed(begin: Begin) -> None:
    """32: as many runs as fit are sent, the others are not and say why; a refused run frees its price."""
    scene = begin().on("create", no(1026))
    sweep = sweep_of(scene, 8, budget=3 * PRICE)
    assert by_status(sweep) == {"failed": 1, "skipped": 4, "succeeded": 3}
    skipped = [run for run in sweep if run.status == "skipped"]
    assert all(isinstance(run.error, BudgetExceeded) for run in skipped)
    assert all("more would pass the budget of this call of 0.84" in str(error_of(run)) for run in skipped)
    assert (scene.sent, scene.charged, scene.fake_provider.twice) == (4, 3, [])
