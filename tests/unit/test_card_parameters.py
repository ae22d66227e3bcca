"""Tests of a card's parameters: options and the prompt optimizer as they are sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.archive import Archive
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.planning.build_request import build_request
from hailuo_widgets.provider import open_provider
from hailuo_widgets.render.card_of_record import card_of
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = "https://bucket.example/clip.mp4?X-Amz-Signature=77"


@pytest.mark.parametrize(
    ("provider", "given", "optimizer", "options"),
    [
        ("minimax", {"model": "h3-max"}, "off", None),
        ("minimax", {"model": "h3-max", "prompt_optimizer": True}, "on", None),
        (
            "minimax",
            {"model": "h3-max", "options": {"extra.prompt_expansion_mode": "quality"}},
            "on",
            '{"extra.prompt_expansion_mode":"quality"}',
        ),
        (
            "runware",
            {"model": "h3-max-turbo", "options": {"ttl": 60, "settings.promptExpansion": "disabled"}},
            "off",
            '{"settings.promptExpansion":"disabled","ttl":60}',
        ),
        ("fal", {"model": "h3-max"}, "off", None),
        ("runware", {"model": "h3", "options": {"ttl": 60}}, None, '{"ttl":60}'),
        (
            "runware",
            {"model": "2.3", "options": {"uploadEndpoint": SIGNED}},
            "off",
            '{"uploadEndpoint":"https://bucket.example/clip.mp4?…"}',
        ),
    ],
    ids=str,
)
def test_options_and_optimizer(
    tmp_path: Path, provider: str, given: dict[str, Any], optimizer: str | None, options: str | None
) -> None:
    """A card has a line for each, also where an option is the optimizer; the signature of a link is hidden."""
    facts = open_provider(provider, Settings.resolve({}, environ={})).facts
    request = build_request(facts, {"prompt": "a fox", **given}).request
    record = RunRecord(
        run_id="r1", created_at=datetime(2026, 11, 1, tzinfo=UTC), request=request, request_hash=request.hash
    )
    shown = dict(card_of(record, facts=facts, archive=Archive(tmp_path), expected=None).parameters)
    assert (shown.get("prompt optimizer"), shown.get("options")) == (optimizer, options)
