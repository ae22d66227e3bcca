"""Fixtures for third-party clients, in an environment of their own."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venvs"  # kept between runs, and out of git
WANTED = ("runware-sdk==1.8.0", "fal-client==1.0.3", "replicate==1.0.7")


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Wait until no other worker of the tests installs what bears this name."""
    HOME.mkdir(exist_ok=True)
    with (HOME / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def foreign_python() -> Path:
    """A Python that has the providers' own clients; installed once. Without a package index this fails, and says so."""
    with one_at_a_time("thirdparty"):
        return _with_packages(HOME / "thirdparty")


def _with_packages(home: Path) -> Path:
    """Return the Python of an environment with these packages, made if it is not there."""
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


@pytest.fixture(scope="session")
def foreign_node() -> Path:
    """A folder of Node modules with the clients of ``package.json`` here; installed once, with npm, or this fails."""
    with one_at_a_time("thirdparty-node"):
        return _with_modules(HOME / "thirdparty-node")


def _with_modules(home: Path) -> Path:
    """Return the folder of modules of ``package.json`` here, installed if they are not there."""
    wanted = (Path(__file__).parent / "package.json").read_text("utf-8")
    stamp = home / ".installed"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return home / "node_modules"
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("npm is missing; install Node.js 20 or newer")
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text(wanted, "utf-8")
    # A script of a package is no business of a test; the lock file would name the registry that was asked.
    install = [npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(install, cwd=home, capture_output=True, text=True, check=False, timeout=150)
    if done.returncode:
        pytest.fail(f"tests/thirdparty/package.json cannot be installed (is there a registry?):\n{done.stderr[-2000:]}")
    stamp.write_text(wanted, "utf-8")
    return home / "node_modules"
