"""Tests that no key in a request is sent or stored: whichever provider's it is, wherever it stands."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-canary-typed-0123456789"
PLACES: dict[str, dict[str, Any]] = {
    "the prompt": {"prompt": f"a fox {KEY}"},
    "a tag": {"tags": ["a", KEY]},
    "the name": {"name": f"foxes {KEY}"},
    "the model": {"model": f"m-{KEY}", "unlisted": True, "price": "1 USD"},
    "an option": {"model": "new", "unlisted": True, "price": "1 USD", "options": {"a": {"b": [f"Bearer {KEY}"]}}},
    "an option's name": {"model": "new", "unlisted": True, "price": "1 USD", "options": {KEY: 1}},
    "a frame's link": {"first_frame": f"https://x.example/a.png?key={KEY}", "model": "02"},
    "the callback": {"callback_url": f"https://x.example/{KEY}"},
    "Base64": {"prompt": f"a fox {base64.b64encode(KEY.encode()).decode()}"},
}


@pytest.mark.parametrize("variable", ["MINIMAX_API_KEY", "RUNWARE_API_KEY", "FAL_KEY", "REPLICATE_API_TOKEN"])
@pytest.mark.parametrize("place", PLACES)
def test_a_key_in_a_request_is_neither_sent_nor_stored(
    place: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the argument and not the key; the log has no run, and no file holds it."""
    monkeypatch.setenv(variable, KEY)
    with Session(home=tmp_path / "home", mode="simulated", provider="minimax", notice=lambda _: None) as session:
        given = {"prompt": "a fox", **PLACES[place]}
        with pytest.raises(UsageError, match="holds a provider's key") as refused:
            session.generate(given.pop("prompt"), **given)
        assert KEY not in f"{refused.value!r} {refused.value}"
        assert len(session.runs()) == 0
    assert [p for p in tmp_path.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()] == []
