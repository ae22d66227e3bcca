"""Runs the kernel's tests on each pair of an ipykernel and a pandas that are supported, and prints a table.

Each pair has a venv of its own below .venvs, made anew when pyproject.toml has changed. Real kernels on a busy machine
miss a moment now and then, so a test that failed is run once more, alone; the table says so. The exit status is 1 where
one failed twice.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".venvs"
KERNELS = ("ipykernel==6.31.*", "ipykernel==7.3.*", "ipykernel")
PANDAS = ("pandas==2.3.*", "pandas>=3")
TOOLS = ("hypothesis", "nbclient", "nbformat", "nbconvert", "pytest", "pytest-timeout")
TESTS = ("tests/kernel", "tests/unit/test_planning.py")
VERSIONS = "import ipykernel, pandas; print(ipykernel.__version__, pandas.__version__)"
COUNTED = re.compile(r"\d+ (?:passed|failed|error|skipped).* in [\d.]+")


def python_for(kernel: str, pandas: str) -> Path:
    """The interpreter of a pair's venv."""
    folder = PLACE / re.sub(r"[^\w.]+", "-", f"{kernel}_{pandas}").strip("-")
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists() or ready.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--editable", str(ROOT), kernel, pandas, *TOOLS], check=True)
        ready.touch()
    return python


def tested(python: Path, *more: str) -> tuple[bool, str]:
    """Whether the tests passed there, and all that was said."""
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
    cache = f"cache_dir={python.parent.parent / 'pytest'}"
    command = [str(python), "-m", "pytest", "--verbosity=0", "-o", cache, *TESTS, *more]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=environment)
    return done.returncode == 0, done.stdout + done.stderr


def pair(kernel: str, pandas: str) -> tuple[bool, tuple[str, ...]]:
    """Whether a pair passed, and its row of the table."""
    python = python_for(kernel, pandas)
    versions = subprocess.run([str(python), "-c", VERSIONS], check=True, capture_output=True, text=True)
    began = time.monotonic()
    passed, said = tested(python)
    found = COUNTED.findall(said)
    result = re.sub(r" in [\d.]+", "", found[-1]) if found else "nothing was counted"
    if not passed:
        sys.stdout.write(said[-8000:])
        passed, said = tested(python, "--last-failed", "--last-failed-no-failures=none")
        result += "; passed at a second try" if passed else "; and again"
        sys.stdout.write("" if passed else said[-8000:])
    return passed, (*versions.stdout.split(), result, f"{time.monotonic() - began:.0f} s")


def main() -> int:
    """All pairs, one after another."""
    rows = [pair(kernel, pandas) for kernel in KERNELS for pandas in PANDAS]
    table = [("ipykernel", "pandas", "result", "time"), *(row for _, row in rows)]
    widths = [max(len(row[n]) for row in table) for n in range(4)]
    for row in table:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    return int(not all(passed for passed, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
