"""Tests of uploads that fail before a create call: the reason is shown, and they end after a few tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.engine.provider_client import ProviderClient
from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider import HttpReply
from hailuo_widgets.widgets.run_rows import row_of

if TYPE_CHECKING:
    from conftest import Begin


def test_an_unreadable_upload_answer_ends_after_three_tries(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """No create call is sent; the run says why it waits, fails with what to do, and nothing was billed."""
    scene = begin()
    tried: list[int] = []
    shown: list[tuple[str, str, str]] = []

    async def prepared(self: ProviderClient, request: Any) -> Any:
        del request
        tried.append(1)
        if len(tried) > 1:
            now = run.record
            shown.append((now.status, str(row_of(now, here=True)["error"]), str(run.card.error_text)))
        if len(tried) > 6:
            raise AssertionError("it is tried for ever")
        error = self.provider.unreadable(HttpReply(status=200, headers={}, body=b"<p>"), "no JSON")
        error.accepted = False
        raise error

    monkeypatch.setattr(ProviderClient, "prepared", prepared)
    object.__setattr__(scene.session.engine.context.timing, "backoff_s", lambda *_, **__: 0.01)
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(ProviderError, match="cannot be read"):
        run.wait(30)
    assert (run.status, len(tried), scene.creates, run.cost) == ("failed", 3, 0, None)
    assert len(shown) == 2
    for status, row, card in shown:
        assert status == "planned"
        assert "cannot be read" in row
        assert "cannot be read" in card
