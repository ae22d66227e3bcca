"""Tests of plans: their sentence, cost, reused runs, and several clips of one task."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.costs import estimate_frame, plan_frame
from hailuo_widgets.engine.runtime import Runtime, Timing
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.render.plan import plan_html, plan_text
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.sweep import Sweep

ALL = ["minimax", "kie", "kkiai", "pixazo", "runware"]
PICTURE = "https://pictures.example/fox.png"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that sends nothing."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    yield session
    session.close()


def plan(session: Session, prompt: Any = "a fox", **arguments: Any) -> Plan:
    """A plan made without asking the log."""
    return session.plan(prompt, ask_log=False, **arguments)


# -- the sentence -----------------------------------------------------------------------------------------------------


def test_the_sentence_says_what_would_be_paid(session: Session) -> None:
    """Runs, the axes that make them, and the price, in one line; without a figure for the time it says none."""
    told = plan(session, ["a", "b"], provider="kie", model="2.3", seed=range(1, 5)).sentence()
    assert told == "8 runs = 2 prompts × 4 seed; 8 to send: 420 credits"
    assert plan(session, model="02").sentence().startswith("1 run; 1 to send: $0.28; about ")


def test_the_sentence_keeps_currencies_and_unknown_prices_apart(session: Session) -> None:
    """Dollars, yuan and credits are never added up, and an unknown price is not 0."""
    told = plan(
        session,
        provider=ALL,
        model=["2.3"],
        first_frame=PICTURE,
        exclude=({"provider": "pixazo"}, {"provider": "runware"}),
    )
    assert "¥2.00 + 52.5 credits + 1 at an unknown price" in told.sentence()


@pytest.mark.parametrize("shape", [{"sample": 3}, {"exclude": ({"seed": 1},)}])
def test_a_part_of_the_product_says_so(session: Session, shape: dict[str, Any]) -> None:
    """A sample, or a product with runs left out, is told as a part of the whole."""
    assert plan(session, provider="kie", seed=range(1, 5), **shape).sentence().startswith("3 of 4 seed runs; 3 to send")


def test_clips_of_one_task_are_counted_as_runs(session: Session) -> None:
    """Three results of one task are three runs, and are told as three."""
    made = plan(session, provider="runware", options={"numberResults": 3}, repeat=2)
    assert made.results == 6
    assert made.sentence() == "6 runs = 2 replicates × 3 results; 6 to send: 6 at an unknown price"


# -- the sums ---------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    models=st.lists(st.sampled_from(["02", "2.3"]), min_size=1, max_size=2, unique=True),
    durations=st.lists(st.sampled_from([6, 8, 10]), min_size=1, max_size=3, unique=True),
    repeat=st.integers(1, 3),
)
def test_the_sums_are_the_arithmetic(session: Session, models: list[str], durations: list[int], repeat: int) -> None:
    """The cost of a plan is the sum of its runs' list prices, however the axes are laid."""
    credit = {("02", 6): 45, ("02", 8): 60, ("02", 10): 60, ("2.3", 6): 52.5, ("2.3", 8): 70, ("2.3", 10): 70}
    made = plan(session, provider="kie", model=models, duration=durations, repeat=repeat)
    total = sum(credit[m, d] for m in models for d in durations) * repeat
    assert made.cost == {"credits": round(total * 1_000_000)}
    assert (len(made.to_send), made.unpriced) == (len(models) * len(durations) * repeat, 0)
    (row,) = estimate_frame(made, session.accounts).to_dict("records")
    assert (row["runs"], row["cost"], row["currency"]) == (len(made.runs), total, "credits")


def test_the_estimate_has_a_row_for_each_provider_and_currency(session: Session) -> None:
    """MiniMax's dollars and yuan stand apart; where any price is unknown, the sum is NA and not 0."""
    made = plan(session, provider=["minimax", "kkiai"], model=["02", "2.3"])
    frame = estimate_frame(made, session.accounts).set_index(["provider", "currency"], drop=False)
    assert list(frame["provider"]) == ["minimax", "minimax", "kkiai"]
    assert frame.loc[("minimax", "USD"), "cost"] == 0.28
    assert frame.loc[("minimax", "CNY"), "cost"] == 2.0
    unknown = frame.iloc[2]
    assert (unknown["runs"], unknown["without_price"], unknown["to_send"]) == (2, 2, 2)
    assert frame["cost"].isna().tolist() == [False, False, True]


def test_the_estimate_counts_the_clips_of_a_task(session: Session) -> None:
    """What is counted is clips, each of which is a run and is billed."""
    (row,) = estimate_frame(plan(session, provider="runware", options={"numberResults": 3}), session.accounts).to_dict(
        "records"
    )
    assert (row["runs"], row["to_send"], row["without_price"]) == (3, 3, 3)


def test_the_wall_time_knows_the_accounts_limit(session: Session) -> None:
    """With one at a time, four runs take four times as long as one; a model without a figure has no time."""
    one = plan(session, model="02").wall_s
    assert one
    narrow = Session(home=session.settings.home, mode="simulated", max_parallel=1)
    try:
        assert plan(narrow, ["a", "b", "c", "d"], model="02").wall_s == pytest.approx(4 * one)
    finally:
        narrow.close()
    assert plan(session, provider="runware").wall_s is None


def test_the_panel_says_all_of_it_and_escapes_it(session: Session) -> None:
    """The panel names the axes, their values, the price, the time and that it is simulated; nothing of it is markup."""
    made = plan(session, {"<b>night": "a <i>fox</i>", "day": "a fox"}, model=["02", "2.3"], duration=[6, 10])
    panel = plan_html(made, dry=True)
    for words in ("8 runs = 2 prompts × 2 model × 2 duration", "To send", "$", "SIMULATED", "nothing was sent", "10"):
        assert words in panel
    assert "&lt;b&gt;night · day" in panel
    assert "<b>" not in panel
    assert plan_text(made) == f"hailuo: {made.sentence()}\n  makes: 768P, 6 s · 768P, 10 s"


def test_what_will_be_made_is_told(session: Session) -> None:
    """Resolution, seconds and ratio with the defaults filled in, of at most three kinds."""
    assert plan(session).parts().makes == "768P, 6 s"
    assert "768P, 6 s" in plan_html(plan(session))
    assert plan(session, provider="runware", width=1366, height=768, aspect_ratio=None).parts().makes == "1366×768, 6 s"
    several = plan(session, model="02", resolution=["512P", "768P"], duration=[6, 10], first_frame=PICTURE)
    assert several.parts().makes == "512P, 6 s · 512P, 10 s · 768P, 6 s and 1 more"
    assert plan(session, "", template="Diving", first_frame=PICTURE).parts().makes == ""


def test_a_long_panel_is_cut_short(session: Session) -> None:
    """A hundred values are counted, not listed; so are many warnings."""
    panel = plan_html(plan(session, [f"fox {n}" for n in range(100)]))
    assert "12 · " not in panel
    assert "and 88 more" in panel


def test_nothing_is_sent_for_a_plan(session: Session, tmp_path: Path) -> None:
    """Planning and estimating start no provider and write no run."""
    estimate_frame(session.plan(["a fox", "a wolf"], provider=ALL, first_frame=PICTURE), session.accounts)
    assert len(session.runs()) == 0
    assert not (tmp_path / "simulator").exists()


def test_a_random_seed_asked_for_again_is_another_clip(session: Session) -> None:
    """Each -1 of a list is a draw of its own, beside fixed seeds and replicates; a later equal call is the same one."""
    made = plan(session, ["a fox", "a wolf"], provider="kie", seed=[-1, 7, -1], repeat=2)
    asked = [(p.request.seed, p.request.replicate) for p in made.runs]
    assert asked == [(-1, 1), (-1, 2), (7, 1), (7, 2), (-1, 3), (-1, 4)] * 2
    assert len({p.request.hash for p in made.runs}) == 12
    both = plan(session, "a fox", provider=["kie", "minimax"], seed=[-1, 7, -1], repeat=2)
    assert [p.request.replicate for p in both.runs if p.request.provider == "minimax"] == [1, 2, 3, 4, 5, 6]
    zipped = plan(session, ["a fox", "a wolf"], provider="kie", seed=[-1, -1], zipped=[("prompt", "seed")])
    assert [p.request.replicate for p in zipped.runs] == [1, 1]
    assert made.digest == plan(session, ["a fox", "a wolf"], provider="kie", seed=["-1", 7, -1], repeat=2).digest


def test_the_plans_table(session: Session) -> None:
    """One row a run, in the sweep's order, with its price and what it will be."""
    made = plan(session, {"day": "a fox", "night": "a wolf"}, provider="kie", seed=[2, 1])
    frame = plan_frame(made)
    assert list(frame["variant"]) == ["day", "day", "night", "night"]
    assert list(frame["seed"]) == [2, 1, 2, 1]
    assert set(frame["cost"]) == {52.5}
    assert not frame["reused"].any()


# -- doubts and mistakes ----------------------------------------------------------------------------------------------


def test_a_warning_is_said_once(session: Session) -> None:
    """However many runs a doubt is about, it stands in the plan once."""
    made = plan(session, ["a", "b", "c"], provider="kie", duration=8)
    assert [w.argument for w in made.warnings] == ["duration"]


def test_all_mistakes_at_once(session: Session) -> None:
    """Each different mistake is told once, with how many runs it is in; nothing is made of the others."""
    with pytest.raises(UsageError) as caught:
        plan(session, provider="kie", model=["02", "2.3"], duration=[6, 7], resolution=["768P", "4K"])
    told = str(caught.value)
    assert told.count("resolution='4K'") == 2
    assert "(in 2 of 8 runs)" in told
    assert "duration=7" in told
    assert "nothing was sent" in told


def test_many_mistakes_are_cut_short(session: Session) -> None:
    """A long list of different mistakes ends with how many more there are."""
    with pytest.raises(UsageError, match="and 4 more"):
        plan(session, duration=[101, 102, 103, 104, 105, 106, 107, 108, 109])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"durations": 6}, "did you mean 'duration'?"),
        ({"prompt": []}, "prompt is an empty list"),
        ({"seed": []}, "seed is an empty list"),
        ({"provider": "kei"}, "did you mean 'kie'?"),
    ],
)
def test_words_that_mean_nothing(session: Session, arguments: dict[str, Any], says: str) -> None:
    """A name or a list that cannot be meant is refused with the nearest one that can."""
    prompt = arguments.pop("prompt", "a fox")
    with pytest.raises(UsageError) as caught:
        plan(session, prompt, **arguments)
    assert says in str(caught.value)


def test_seeds_are_replicates_where_none_can_be_sent(session: Session) -> None:
    """In a sweep over providers each seed is a run everywhere; where it cannot be sent, it is never called a seed."""
    made = plan(session, provider=["kie", "minimax"], model="2.3", seed=[7, 8], repeat=2)
    told = [(p.request.provider, p.request.seed, p.request.replicate) for p in made.runs]
    assert told == [
        *(("kie", 7, 1), ("kie", 7, 2), ("kie", 8, 1), ("kie", 8, 2)),
        *(("minimax", None, 1), ("minimax", None, 2), ("minimax", None, 3), ("minimax", None, 4)),
    ]
    assert len({p.request.hash for p in made.runs}) == 8
    assert [p.message for p in made.warnings if p.argument == "seed"] == [
        "MiniMax takes no seed: its runs are replicates"
    ]
    assert plan(session, provider="kie", model="2.3", seed=[7, 8]).warnings == ()
    with pytest.raises(UsageError, match="repeat=N"):
        plan(session, provider="minimax", seed=7)


def test_each_provider_that_takes_no_seed_is_named_once(session: Session) -> None:
    """However many models, seeds and prompts there are, and with one seed too."""
    for seed in (7, [7, 8]):
        made = plan(session, ["a", "b"], provider=["kie", "minimax", "kkiai"], model=["2.3", "02"], seed=seed)
        assert [p.message for p in made.warnings if p.argument == "seed"] == [
            f"{title} takes no seed: its runs are replicates" for title in ("MiniMax", "kkiai")
        ]


# -- several results, and what is there already -----------------------------------------------------------------------


class Scene:
    """A provider, a session and what it was told."""

    def __init__(self, session: Session, simulator: Simulator, said: list[str]) -> None:
        self.session, self.simulator, self.said = session, simulator, said

    def finish(self, prompt: Any = "a fox", **arguments: Any) -> Sweep:
        """A sweep at Runware, ended."""

        async def ended() -> Sweep:
            return await self.session.sweep(prompt, provider="runware", **arguments)

        return asyncio.run(ended())

    @property
    def creates(self) -> int:
        """How many create calls arrived."""
        return sum(r["phase"] == "create" for r in self.simulator.requests)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Runware, by address."""
    runtime = Runtime(timing=Timing(backoff_s=lambda *_, **__: 0.02))
    said: list[str] = []
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(latency=0.0, draft=True))
        monkeypatch.setenv("RUNWARE_BASE_URL", simulator.url)
        monkeypatch.setenv("RUNWARE_API_KEY", "sk-CANARY-planning")
        session = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=said.append, runtime=runtime)
        stack.callback(session.close)
        yield Scene(session, simulator, said)


def test_three_results_are_three_runs_of_one_task(scene: Scene) -> None:
    """One create call, three runs with seeds, clips and costs of their own, all of them under the task's one id."""
    done = scene.finish(options={"numberResults": 3})
    assert scene.said[0].startswith("hailuo: 3 runs = 3 results; 3 to send")
    assert [r.status for r in done] == ["succeeded"] * 3
    assert (scene.creates, len(scene.simulator.tasks)) == (1, 3)
    assert len({r.task_id for r in done}) == 1
    assert len({r.seed_returned for r in done}) == len({r.video for r in done}) == 3
    assert {(r.cost, r.currency) for r in done} == {(0.28, "USD")}
    assert [r.seed for r in done] == [None] * 3


def test_results_that_are_there_are_not_paid_again(scene: Scene) -> None:
    """The same request again takes its clips from the archive, and the plan says so before it is sent."""
    first = scene.finish(options={"numberResults": 2})
    again = scene.finish(options={"numberResults": 2})
    assert scene.said[-1] == "hailuo: 2 runs = 2 results; 2 there already, 0 to send"
    assert [r.record.reused_from for r in again] == [r.id for r in first]
    assert [r.record.sha256 for r in again] == [r.record.sha256 for r in first]
    assert scene.creates == 1


def test_growing_a_sweep_pays_for_the_new_runs_alone(scene: Scene) -> None:
    """What succeeded before is there already, in the sentence, in the estimate, and in what is sent."""
    scene.finish(["a fox"])
    made = scene.session.plan(["a fox", "a wolf"], provider="runware")
    assert made.sentence().startswith("2 runs = 2 prompts; 1 there already, 1 to send")
    (row,) = estimate_frame(made, scene.session.accounts).to_dict("records")
    assert (row["runs"], row["reused"], row["to_send"]) == (2, 1, 1)
    scene.finish(["a fox", "a wolf"])
    assert scene.creates == 2
    scene.finish(["a fox"], reuse=False)
    assert scene.creates == 3


def test_an_equal_call_of_the_same_sweep_is_shared_and_not_there(scene: Scene) -> None:
    """A duplicate takes the clip of the first one, which is yet to be made; it is counted apart from a kept clip."""
    frame = scene.session.estimate(["a fox", "a fox", "a wolf"], provider="runware", yes=True)
    (row,) = frame.to_dict("records")
    assert (row["runs"], row["reused"], row["shared"], row["to_send"]) == (3, 0, 1, 2)
    scene.finish(["a fox"])
    (row,) = scene.session.estimate(["a fox", "a fox", "a wolf"], provider="runware", yes=True).to_dict("records")
    assert (row["runs"], row["reused"], row["shared"], row["to_send"]) == (3, 2, 0, 1)
    made = plan_frame(scene.session.plan(["a wolf", "a wolf", "a fox"], provider="runware"))
    assert made.reused.tolist() == [False, False, True]
    assert made.shared.tolist() == [False, True, False]


def test_a_lost_answer_is_settled_by_asking_for_our_id(scene: Scene) -> None:
    """The create was accepted and its answer lost: the task is found by the id that we chose, and paid for once."""
    scene.simulator.fault("drop_after", provider="runware", phase="create")
    done = scene.finish(options={"numberResults": 2})
    assert [r.status for r in done] == ["succeeded"] * 2
    assert scene.creates == 1
    assert done[0].task_id == done[0].record.client_uuid


def test_a_result_that_its_task_lacks_is_not_paid_for_again(scene: Scene) -> None:
    """Where one clip of a task is gone, also at the provider, nothing is sent for it: the others are there."""
    first = scene.finish(options={"numberResults": 2})
    gone = first[1].video
    assert gone is not None
    gone.unlink()
    made = scene.session.plan("a fox", provider="runware", options={"numberResults": 2})
    assert made.sentence() == "2 runs = 2 results; 1 there already, 1 held back, 0 to send"
    assert "Held back" in plan_html(made)
    scene.simulator.fault("expired", provider="runware", phase="download", times=None)
    again = scene.finish(options={"numberResults": 2})
    assert [r.status for r in again] == ["succeeded", "skipped"]
    assert "--fresh" in str(again[1].error)
    assert scene.creates == 1
    first[0].video.unlink()  # type: ignore[union-attr]
    made = scene.session.plan("a fox", provider="runware", options={"numberResults": 2})
    assert made.sentence().startswith("2 runs = 2 results; 2 to send")
    (row,) = estimate_frame(made, scene.session.accounts).to_dict("records")
    assert (row["runs"], row["reused"], row["to_send"]) == (2, 0, 2)


def test_a_budget_holds_for_all_clips_of_a_call(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call that makes two clips costs twice the price: the budget counts what the plan says, before and while."""
    price = {"cost_micros": 280_000, "currency": "USD", "cost_kind": "list"}
    monkeypatch.setattr(scene.session.engine.accounts, "list_price", lambda _request, _origin: price)
    two = {"numberResults": 2}
    with pytest.raises(BudgetExceeded, match=r"2 clips and costs \$0\.56, over the budget of 0\.5"):
        scene.finish(options=two, budget=0.5)
    assert scene.creates == 0
    done = scene.finish(["a fox", "a wolf"], options=two, budget=1.0)
    assert "hailuo: the budget of 1 covers 2 of the 4 runs to send; the others are not sent" in scene.said
    assert sorted(r.status for r in done) == ["skipped", "skipped", "succeeded", "succeeded"]
    assert scene.creates == 1
