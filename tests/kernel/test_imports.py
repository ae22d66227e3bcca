"""Tests of the cost of loading: loading only the extension imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from patience import HANG_S

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Environment, Note

pytestmark = pytest.mark.kernel

HEAVY = ("pandas", "httpx", "sqlalchemy", "anywidget", "ipywidgets", "av", "PIL", "numpy", "starlette", "uvicorn")
MOST_MODULES = 60  # tests/bench/kernel.py measures what they cost
LOADED = """
import asyncio, json, sys  # asyncio is in every kernel already
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
import hailuo_widgets
shell.run_line_magic("load_ext", "hailuo_widgets")
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_loading_is_light(tmp_path: Path, environment: Environment, note: Note) -> None:
    """Importing and loading bring few modules beyond IPython itself, and no heavy package."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADED],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
    )
    modules = json.loads(ended.stdout.splitlines()[-1])
    note("modules", len(modules))
    assert [m for m in modules if m.partition(".")[0] in HEAVY] == []
    assert len(modules) < MOST_MODULES
