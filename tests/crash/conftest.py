"""Fixtures of the crash tests: a simulator, and processes to kill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.simulator import Simulator

sys.path.append(str(Path(__file__).parent))  # run_all.py and the victims use the same modules, without pytest

from killing import Ward

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A provider whose books outlive every victim."""
    with Simulator(tmp_path_factory.mktemp("provider"), latency=0.1, draft=True, random_seed=1) as fake_provider:
        yield fake_provider


@pytest.fixture(scope="module")
def ward(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Where the victims come from."""
    with Ward(simulator, tmp_path_factory.mktemp("victims")) as made:
        yield made
