"""Tests of the costs that the bundled simulator reports: none is shown where no list has a price."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.archive import Archive
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.engine.poll import clip_changes
from hailuo_widgets.provider.messages import Clip
from hailuo_widgets.provider.runware_facts import FACTS
from hailuo_widgets.render.card_of_record import card_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
REPORTED = Clip(url="https://clips.example/fox.mp4", cost_micros=280_000, currency="USD")


# Whether it is simulated, the list's price, whether the reported cost is kept.
@pytest.mark.parametrize(
    ("simulated", "listed", "kept"),
    [(True, None, False), (True, 480_000, True), (False, None, True), (False, 480_000, True)],
)
def test_a_reported_cost_is_kept_if_somebody_knows_a_price(*, simulated: bool, listed: int | None, kept: bool) -> None:
    """A provider's own figure always; the simulator's only where a list has a price for the request."""
    run = RunRecord(
        run_id="r1",
        created_at=NOW,
        request=Request(prompt="a fox", provider="runware", model="minimax:4@1"),
        request_hash="h",
        status="running",
        simulated=simulated,
        cost_micros=listed,
        cost_kind="list" if listed else None,
        currency="USD" if listed else None,
    )
    assert ("cost_micros" in clip_changes(run, REPORTED)) is kept


def test_a_simulated_clip_of_unknown_price_has_none(tmp_path: Path) -> None:
    """Runware's 2.3 at 768P is in no list: the estimate, the run and its card agree."""
    asked = {"provider": "runware", "model": "2.3"}
    with Session(
        home=tmp_path, mode="simulated", notice=lambda _: None, poll_interval=0.05, simulator_speed=1000
    ) as session:
        assert session.estimate("a fox", **asked).cost.isna().all()
        run = session.generate("a fox", **asked).wait(60)
        assert (run.status, run.cost, run.currency, run.record.cost_kind) == ("succeeded", None, None, None)
        card = card_of(run.record, facts=FACTS, archive=Archive(tmp_path), expected=None)
        assert (card.cost, card.cost_note) == ("unknown", "simulated, nothing billed")
