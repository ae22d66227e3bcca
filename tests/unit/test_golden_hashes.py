"""Tests that request hashes never change: a new field keeps the hashes of existing requests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.store.schema import from_row, to_row

FOX = Image(name="fox.png", sha256="a" * 64, media_type="image/png", width=640, height=480, data=b"x")
LINK = Image(name="u", url="https://e.example/u.png")
GOLDEN = {
    "e3b3bb34be133f6ca470090265ed5b164ba3a22d39e3db4c86bd4adf1539072c": Request(
        prompt="a fox", provider="minimax", model="MiniMax-Hailuo-2.3", duration=6, resolution="768P"
    ),
    "62755c4ad8b7fa063452b6e427c0a47d4717c42bf6799d9570e42d43f062f70a": Request(
        prompt="狐 🦊 {x} $5",
        provider="kie",
        model="hailuo/2-3",
        duration=6,
        resolution="768P",
        seed=0,
        replicate=2,
    ),
    "d69d1c59ccb65277e429d2bdda1b98edcb627027a83dfe3e08de443cdafe3ff4": Request(
        prompt="a fox", provider="minimax", model="MiniMax-Hailuo-02", first_frame=FOX, last_frame=LINK
    ),
    "964e7b6350cdefea3e55fecacd375889e75a4c2f56e63d72d5fa1d803ae87a52": Request(
        prompt="",
        provider="minimax",
        model="S2V-01",
        subject=FOX,
        prompt_optimizer=True,
        fast_pretreatment=False,
        watermark=True,
    ),
    "690de42d2d237ceb9e7b26f35599089cd92a255834382bc68799ed32f62b5cfb": Request(
        prompt="", provider="minimax", model="", template="392753057216684038", text="Lion", first_frame=LINK
    ),
    "8c93875a0dd37a6c4302b00916e70b09e457a7663eb3894546654b761caf3d02": Request(
        prompt="a",
        provider="runware",
        model="minimax:4@1",
        width=1366,
        height=768,
        seed=7,
        options={"numberResults": 3, "a": {"b": [1, 0.5, None, True]}},
        callback_url="https://x.example",
        aspect_ratio="9:16",
    ),
}
"""Computed by the first version that wrote a run log (November 2026). Never change one: add one for a new field."""


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda h: h[:8])
def test_a_hash_is_for_ever(golden: str) -> None:
    """Each request has the hash that it has always had, also as the log keeps it."""
    request = GOLDEN[golden]
    assert request.hash == golden
    record = RunRecord(run_id="r", created_at=datetime.now(UTC), request=request, request_hash=golden)
    assert from_row(to_row(record)).request.hash == golden
