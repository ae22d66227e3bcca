"""Fixtures for third-party clients, in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venvs"  # kept between runs, and out of git
WANTED = ("runware-sdk==1.8.0", "fal-client==1.0.3", "replicate==1.0.7")


@pytest.fixture(scope="session")
def foreign_python() -> Path:
    """A Python that has the providers' own clients; installed once. Without a package index this fails, and says so."""
    home = HOME / "thirdparty"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = home / ".installed"
    if stamp.is_file() and stamp.read_text() == "\n".join(WANTED):
        return python
    venv.create(home, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *WANTED]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=150)
    if done.returncode:
        pytest.fail(f"{', '.join(WANTED)} cannot be installed (is there a package index?):\n{done.stderr[-2000:]}")
    stamp.write_text("\n".join(WANTED))
    return python
