"""Tests of run.upscale(): a paid run of its own at the source's provider, or an error that sends nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.archive.inputs import with_inputs
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Mode, Source
from hailuo_widgets.domain.run import RunRecord, Status
from hailuo_widgets.engine.runtime import Runtime, Timing
from hailuo_widgets.errors import BudgetExceeded, ProviderError, UsageError
from hailuo_widgets.planning.upscale import plan_upscale
from hailuo_widgets.provider import HttpCall, Offer, Price, Request, Surcharge, open_provider
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.provider.minimax import MiniMax
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.workspace.run import Run

MODEL = "MiniMax-Hailuo-2.3"
OWN = open_provider("minimax", Settings.resolve()).facts


class Enlarging(MiniMax):
    """MiniMax, whose 2.3 makes clips larger: the simulator is asked for a new one in the place of that."""

    facts = replace(
        OWN,
        offers=(*OWN.offers, Offer(model=MODEL, mode=Mode.UPSCALE, resolution="2K", durations=(6, 10), source="x")),
        prices=(
            Price(
                model=MODEL,
                resolution="2K",
                duration=None,
                micros=50_000,
                currency="USD",
                source="x",
                as_of="2026-11",
                per_second=True,
                mode=Mode.UPSCALE,
            ),
            *OWN.prices,
        ),
    )

    def __init__(self) -> None:
        self.upscaled: list[Source] = []

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """A create call that the simulator knows."""
        if request.source is not None:
            self.upscaled.append(request.source)
            request = replace(request, source=None, resolution="768P")
        return super().encode_create(request, client_uuid)


class Scene:
    """A session at the simulator, with a provider that makes clips larger."""

    def __init__(self, session: Session, simulator: Simulator, provider: Enlarging, said: list[str]) -> None:
        self.session, self.simulator, self.provider, self.said = session, simulator, provider, said

    def made(self, **arguments: Any) -> Run:
        """A run that has its clip."""
        return self.session.generate("a fox", provider="minimax", tags="first", **arguments).wait(60)

    @property
    def creates(self) -> int:
        """How many create calls arrived."""
        return sum(r["phase"] == "create" for r in self.simulator.requests)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """MiniMax, by address."""
    said: list[str] = []
    with Simulator(latency=0.0, draft=True) as simulator:
        monkeypatch.setenv("MINIMAX_BASE_URL", simulator.url)
        monkeypatch.setenv("MINIMAX_API_KEY", "sk-CANARY-upscale")
        runtime = Runtime(timing=Timing(backoff_s=lambda *_, **__: 0.02))
        with Session(home=tmp_path, mode="live", poll_interval=0.05, notice=said.append, runtime=runtime) as session:
            provider = Enlarging()
            session.accounts._providers["minimax"] = provider
            yield Scene(session, simulator, provider, said)


def test_an_upscale_is_a_run_of_its_own(scene: Scene) -> None:
    """It names its source and the source's task, goes to the same place, and its price is said before it is sent."""
    first = scene.made(duration=6)
    larger = first.upscale().wait(60)
    request = larger.request
    assert (request.mode, request.resolution, request.duration, request.model) == (Mode.UPSCALE, "2K", 6, MODEL)
    assert request.source == Source(run_id=first.id, task_id=str(first.task_id))
    assert scene.provider.upscaled == [request.source]
    assert larger.id != first.id
    assert larger.video != first.video
    assert (larger.cost, larger.currency) == (0.3, "USD")
    assert (larger.record.origin, larger.tags) == (first.record.origin, ("first",))
    assert any("1 run; 1 to send: $0.30" in sentence for sentence in scene.said)
    assert scene.creates == 2
    frame = scene.session.runs()
    assert list(frame["mode"]) == ["text_to_video", "upscale"]
    assert ("upscaled from", f"run {first.id}") in larger.card.parameters


def test_an_equal_upscale_is_not_paid_for_again(scene: Scene) -> None:
    """The clip of an earlier upscale serves; an upscale of a reused run is one of the run that made the clip."""
    first = scene.made(duration=6)
    first.upscale().wait(60)
    again = scene.made(duration=6)
    assert again.record.reused_from == first.id
    served = again.upscale().wait(60)
    assert served.record.reused_from is not None
    assert served.request.source is not None
    assert served.request.source.run_id == first.id
    assert scene.creates == 2


def test_the_sources_references_are_in_the_price() -> None:
    """They are billed once more, and not read again: the upscale goes through even where their file is gone."""
    facts = replace(
        Enlarging.facts,
        surcharges=(
            Surcharge(
                model=MODEL,
                what="reference_video_second",
                free=0,
                micros=130_000,
                currency="USD",
                source="x",
                as_of="2026-11",
            ),
        ),
    )
    clip = Reference(
        name="c.mp4", kind=MediaKind.VIDEO, sha256="a" * 64, media_type="video/mp4", seconds=5.0, data=b"1"
    )
    made = Request(prompt="a", provider="minimax", model=MODEL, duration=6, resolution="768P", references=(clip,))
    record = RunRecord(
        run_id="r1",
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        request=made,
        request_hash=made.hash,
        status=Status.SUCCEEDED,
        task_id="7",
        origin=OWN.base_url,
    )
    accounts = Accounts(Settings.resolve({"mode": "simulated"}))
    provider = Enlarging()
    provider.facts = facts
    accounts._providers["minimax"] = provider
    (planned,) = plan_upscale(record, accounts=accounts).runs
    assert (planned.micros, planned.currency) == (950_000, "USD")  # 6 × 0.05 + 5 × 0.13
    assert [(one.sha256, one.data) for one in planned.request.references] == [("a" * 64, None)]
    assert planned.request.mode == Mode.UPSCALE
    assert with_inputs(Path("no/such/folder"), planned.request) is planned.request


def test_a_budget_and_a_question_hold(scene: Scene) -> None:
    """A budget that it exceeds, or a cost above what is sent without asking, sends nothing."""
    first = scene.made(duration=6)
    with pytest.raises(BudgetExceeded, match=r"\$0.30, over the budget of 0.1"):
        first.upscale(budget=0.1)
    scene.session.settings = replace(scene.session.settings, ask_above=0)
    with pytest.raises(UsageError, match="need a confirmation"):
        first.upscale()
    assert scene.creates == 1
    assert first.upscale(yes=True).wait(60).status == "succeeded"


def test_what_can_not_be_made_larger(scene: Scene) -> None:
    """Another model, an upscale itself, a run without a clip, and an unknown resolution are refused."""
    other = scene.made(model="02")
    with pytest.raises(UsageError, match=rf"MiniMax-Hailuo-02 at MiniMax makes no clip larger .*\n.*{MODEL}"):
        other.upscale()
    first = scene.made(duration=6)
    larger = first.upscale().wait(60)
    with pytest.raises(UsageError, match=f"is an upscale itself, of run {first.id}"):
        larger.upscale()
    with pytest.raises(UsageError, match=r"resolution='4K': .* takes 2K"):
        first.upscale(resolution="4K")
    with pytest.raises(UsageError, match="has a resolution of 768P already"):
        first.upscale(resolution="768P")
    scene.simulator.fault("fail", provider="minimax", times=None)
    failed = scene.session.generate("a wolf", provider="minimax")
    with pytest.raises(ProviderError):
        failed.wait(60)
    with pytest.raises(UsageError, match="is failed: only a finished clip"):
        failed.upscale()
    assert scene.creates == 4


@pytest.mark.parametrize("name", ["kie", "kkiai", "pixazo", "runware"])
def test_other_providers_make_no_clip_larger(tmp_path: Path, name: str) -> None:
    """The error says so before anything is sent."""
    with Session(home=tmp_path, mode="simulated", notice=lambda _: None) as session:
        run = session.generate("a fox", provider=name, first_frame="https://a.example/fox.png")
        with pytest.raises(UsageError, match=r"makes no clip larger .*\n.*no model of this provider does"):
            run.upscale()
        run.cancel()
