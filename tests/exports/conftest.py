"""Fixtures of the export tests: runs that are made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.workspace.sweep import Sweep

HOSTILE = "</script><img src=x onerror=alert(1)> & a fox"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Sweep, list[str]]]:
    """A session, its sweep of two prompts by two seeds (one hostile, one clip gone), and what it has said."""
    folder = tmp_path_factory.mktemp("judged")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch, Simulator(folder / "provider", latency=0.05, draft=True) as simulator:
        patch.setenv("KIE_BASE_URL", simulator.url)
        patch.setenv("KIE_API_KEY", "canary-7d1f")
        session = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=said.append)
        sweep = session.sweep([HOSTILE, "a wolf"], provider="kie", model="02", seed=[1, 2]).wait(60)
        assert {run.status for run in sweep} == {"succeeded"}
        clip = sweep[3].video
        assert clip is not None
        clip.unlink()
        yield session, sweep, said
        session.close()
