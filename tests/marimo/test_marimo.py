"""Tests of the package in marimo: a clip is awaited in a cell, and the player is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).with_name("foxes.py")
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", ["as a script", "as a page"])
def test_a_notebook_runs_headless(tmp_path: Path, way: str) -> None:
    """As a script and exported as a page, the clip is there, simulated and said so, and the wrapper took the player."""
    settings = {"HAILUO_MODE": "simulated", "HAILUO_SIMULATOR_SPEED": "400", "HOME": str(tmp_path)}
    page = tmp_path / "page.html"
    notebook = shutil.copy(NOTEBOOK, tmp_path)  # an export leaves a folder beside the notebook
    command = {
        "as a script": [sys.executable, notebook],
        "as a page": [sys.executable, "-m", "marimo", "export", "html", notebook, "-o", str(page)],
    }[way]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **settings}, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (clip,) = (tmp_path / "hailuo_runs" / "videos").glob("*.mp4")
    assert f"Succeeded: {clip.name} True 1" in done.stdout + done.stderr
    if way == "as a page":
        assert "marimo-anywidget" in page.read_text("utf-8")
