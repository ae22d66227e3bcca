"""Fixtures of the engine tests: a session and the simulator, in live mode over loopback HTTP."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "sk-CANARY-engine"


class Begin(Protocol):
    """Starts a provider with faults, and a session that speaks to it."""

    def __call__(self, *faults: dict[str, Any], simulator: dict[str, Any] | None = None, **settings: Any) -> Scene:
        """The two of them."""


class Scene:
    """A session and its provider."""

    def __init__(self, session: Session, simulator: Simulator) -> None:
        self.session = session
        self.simulator = simulator

    @property
    def creates(self) -> int:
        """How many create calls the provider has charged."""
        return int(self.simulator.creates["minimax"])

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """What arrived at the provider, at paths that begin so."""
        return [r for r in self.simulator.requests if r["path"].startswith(path)]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """A factory; everything it made is stopped at the test's end."""
    with ExitStack() as stack:

        def made(*faults: dict[str, Any], simulator: dict[str, Any] | None = None, **settings: Any) -> Scene:
            options = {"latency": 0.3, "draft": True, **(simulator or {})}
            fake_provider = stack.enter_context(Simulator(tmp_path / "provider", faults=faults, **options))
            monkeypatch.setenv("MINIMAX_BASE_URL", fake_provider.url)
            monkeypatch.setenv("MINIMAX_API_KEY", KEY)
            session = Session(home=tmp_path / "home", mode="live", poll_interval=0.1, notice=lambda _: None, **settings)
            stack.callback(session.close)
            return Scene(session, fake_provider)

        yield made
