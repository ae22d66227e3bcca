"""Fixtures of the model tests: worlds without sockets and without waiting."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

sys.path.append(str(Path(__file__).parent))  # run_all.py uses the same modules, without pytest

from kernels import World
from wire import MIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Make(Protocol):
    """Makes a world whose providers do what is said, and all else well."""

    def __call__(self, *, timing: Mapping[str, Any] | None = None, **mix: Mapping[str, float]) -> World:
        """It has no kernel yet."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where stores may lie: in memory where the system has such a folder, as each commit of theirs is synced."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="hailuo-model-", dir=memory) as name:
        yield Path(name)


@pytest.fixture
def make(folder: Path) -> Iterator[Make]:
    """A factory; everything it made is gone at the test's end."""
    with ExitStack() as stack:

        def made(*, timing: Mapping[str, Any] | None = None, **mix: Mapping[str, float]) -> World:
            fates = {kind: mix.get(kind, {"yes": 1.0}) for kind in MIX}
            chance = random.Random(7)  # noqa: S311 - no secret
            return stack.enter_context(World(chance, folder=folder, mix=fates, timing=timing))

        yield made
