"""What loading costs: a notebook that only loads the extension pays for nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Environment, Note

pytestmark = pytest.mark.kernel

HEAVY = ("pandas", "httpx", "sqlalchemy", "anywidget", "ipywidgets", "av", "PIL", "numpy", "starlette", "uvicorn")
MOST_MS = 60
MEASURE = """
import asyncio, json, sys, time  # asyncio is in every kernel already
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
began = time.process_time()
import hailuo_widgets
shell.run_line_magic("load_ext", "hailuo_widgets")
ms = (time.process_time() - began) * 1000
print(json.dumps({"ms": ms, "modules": sorted(set(sys.modules) - before)}))
"""


def test_loading_is_light(tmp_path: Path, environment: Environment, note: Note) -> None:
    """Importing and loading cost under 60 ms of work beyond IPython itself (best of 5), and no heavy package."""
    found = []
    for _ in range(5):
        ended = subprocess.run(
            [sys.executable, "-c", MEASURE],
            env=environment(),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        found.append(json.loads(ended.stdout.splitlines()[-1]))
    times = [round(f["ms"], 1) for f in found]
    note("load_cpu_ms", times)
    heavy = [m for m in found[0]["modules"] if m.partition(".")[0] in HEAVY]
    assert heavy == []
    assert min(times) < MOST_MS
