"""Runs the kernel's tests on each pair of an ipykernel and a pandas that are supported, and prints a table.

Each pair has a venv of its own below .venvs, made once. The exit status is 1 where a pair failed.
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
TOOLS = ("hypothesis", "nbclient", "nbformat", "nbconvert", "papermill", "pytest", "pytest-timeout")
TESTS = ("tests/kernel", "tests/notebooks/test_experiments.py", "tests/unit/test_planning.py")
VERSIONS = "import ipykernel, pandas; print(ipykernel.__version__, pandas.__version__)"


def python_for(kernel: str, pandas: str) -> Path:
    """The interpreter of a pair's venv."""
    folder = PLACE / re.sub(r"[^\w.]+", "-", f"{kernel}_{pandas}").strip("-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--editable", str(ROOT), kernel, pandas, *TOOLS], check=True)
        (folder / "ready").touch()
    return python


def main() -> int:
    """All pairs, one after another."""
    failed = False
    rows = [("ipykernel", "pandas", "result", "seconds")]
    for kernel in KERNELS:
        for pandas in PANDAS:
            python = python_for(kernel, pandas)
            versions = subprocess.run([str(python), "-c", VERSIONS], check=True, capture_output=True, text=True)
            began = time.monotonic()
            tests = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, *sys.argv[1:]]
            path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
            done = subprocess.run(
                tests, cwd=ROOT, check=False, capture_output=True, text=True, env={**os.environ, "PATH": path}
            )
            last = next(
                (line for line in reversed(done.stdout.splitlines()) if re.search(r"\d (passed|failed|error)", line)),
                "",
            )
            rows.append(
                (
                    *versions.stdout.split(),
                    re.sub(r" in .*", "", last) or f"exit {done.returncode}",
                    f"{time.monotonic() - began:.0f}",
                )
            )
            sys.stdout.write("  ".join(rows[-1]) + "\n")
            if done.returncode:
                failed = True
                sys.stdout.write(done.stdout[-6000:] + done.stderr[-2000:])
            sys.stdout.flush()
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
