"""Tests of two kernels on one store: they share one account's limit, and no run is made twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.simulator import Simulator
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

PAIR = Path(__file__).with_name("pair.py")
RUNS, PARALLEL = 30, 10


def begin(home: Path, url: str, name: str) -> subprocess.Popen[str]:
    """A kernel that is ready to start."""
    kernel = subprocess.Popen(
        [sys.executable, str(PAIR), str(home), name, str(RUNS), str(PARALLEL)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MINIMAX_BASE_URL": url, "MINIMAX_API_KEY": "sk-CANARY-pair"},
    )
    assert kernel.stdout is not None
    assert kernel.stdout.readline() == "ready\n"
    return kernel


def test_two_kernels_share_the_accounts_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Sixty runs of two processes: the provider never has more than ten at once, has each once, and all succeed."""
    with Simulator(tmp_path / "provider", latency=0.3, draft=True) as fake_provider:
        monkeypatch.setattr(fake_provider.world, "render", _one_clip(fake_provider))
        kernels = [begin(tmp_path / "home", fake_provider.url, name) for name in ("first", "second")]
        for kernel in kernels:
            assert kernel.stdin is not None
            kernel.stdin.write("go\n")
            kernel.stdin.flush()
        said = [kernel.communicate(timeout=90) for kernel in kernels]
        assert [(k.returncode, err) for k, (_, err) in zip(kernels, said, strict=True)] == [(0, ""), (0, "")]
        state = fake_provider.state
    log = RunLog(f"sqlite:///{tmp_path / 'home' / 'runs.sqlite3'}")
    records = log.call(log.find)
    log.close()
    record_property("most_at_once", state["max_concurrent"]["minimax"])
    assert {r.status for r in records} == {"succeeded"}
    assert len({r.task_id for r in records}) == len(records) == 2 * RUNS
    assert len([r for r in state["requests"] if r["phase"] == "create"]) == 2 * RUNS
    assert 2 < state["max_concurrent"]["minimax"] <= PARALLEL


def _one_clip(fake_provider: Simulator) -> Callable[..., object]:
    """Every task's file is the first one's: sixty renderings are not what is asked here."""
    render = fake_provider.world.render
    made: dict[str, object] = {}

    def first(task: object) -> object:
        if not made:
            made["file"] = render(task)  # type: ignore[arg-type]  # whatever the simulator renders from
        return made["file"]

    return first
