"""Tests of the Makefile in a small copy of the tree, without installing anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.registry import BUNDLED
from hailuo_widgets.settings.settings import Settings

ROOT = Path(__file__).parents[2]
SHELL_TOOLS = ("awk", "cat", "cmp", "cp", "dirname", "env", "find", "id", "make", "mkdir", "rm", "sed", "sh", "touch")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with the Makefile, its tools, two notebooks, and an own `bin` that is all there is on PATH."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed here, so its targets cannot be tried")
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for notebook in ("quickstart.ipynb", "deep/other.ipynb"):
        path = tmp_path / "notebooks" / notebook
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{notebook} as committed")
    (tmp_path / "bin").mkdir()
    for name in SHELL_TOOLS:
        found = shutil.which(name)
        assert found, name
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def program(path: Path, *lines: str) -> None:
    """Write a new executable shell script; a path that is there is refused, since a link would lead out of the copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x") as script:
        script.write("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def make(house: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make in the copy with nothing but its own `bin` on PATH."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "HAILUO_"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=house,
        env=inherited | {"PATH": str(house / "bin")} | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def with_demo_installed(house: Path) -> None:
    """Pretend that `make demo` has installed everything; JupyterLab shows its folder, mode and arguments."""
    (house / "pyproject.toml").touch()
    program(house / ".venv/bin/python", 'echo "in=${PWD##*/} mode=$HAILUO_MODE args=$*"')
    for stamp in (".made", ".demo"):
        (house / ".venv" / stamp).touch()


def test_plain_make_lists_the_targets(house: Path) -> None:
    """`make` alone lists each documented target with what it does, and changes nothing."""
    documented = re.findall(r"^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    shown = make(house).stdout
    assert {name for name, _ in documented} >= {"demo", "test", "check", "bundles", "fix", "clean", "venv", "help"}
    assert [name for name, words in documented if not re.search(rf"make {name} +{re.escape(words)}", shown)] == []
    assert not (house / ".venv").exists()


def test_an_old_python_is_refused(house: Path) -> None:
    """Python 3.10 is refused in a sentence that names it, the version needed and the way out."""
    aged = "import sys; sys.version_info = (3, 10, 4, 'final', 0); exec(sys.argv[1])"
    program(
        house / "bin/old",
        '[ "$1" = --version ] && echo "Python 3.10.4" && exit 0',
        f'[ "$1" = -c ] && exec "{sys.executable}" -c "{aged}" "$2"',
        "mkdir .venv",
    )
    done = make(house, "demo", "PYTHON=old")
    assert done.returncode != 0
    assert re.search(r"old is Python 3\.10\.4: .* Python 3\.11 or newer; .*PYTHON=", done.stderr)
    assert not (house / ".venv").exists()


def test_a_missing_python_is_named(house: Path) -> None:
    """A Python that is not there is named, with what to do."""
    done = make(house, "demo", "PYTHON=nopython")
    assert done.returncode != 0
    assert "nopython is not here: install Python 3.11 or newer" in done.stderr


def test_node_is_asked_for_by_name(house: Path) -> None:
    """`make bundles` without Node fails with a sentence that says what is needed."""
    done = make(house, "bundles")
    assert done.returncode != 0
    assert "Node 20 or newer" in done.stderr


def test_the_demo_opens_copies(house: Path) -> None:
    """`make demo` opens a copy of the quickstart with the given arguments, simulated although a key is set."""
    with_demo_installed(house)
    done = make(house, "demo", "DEMO_ARGS=--no-browser --port=0", MINIMAX_API_KEY="not-to-be-spent")
    assert done.returncode == 0, done.stderr
    assert (
        "in=demo-notebooks mode=simulated args=-m jupyterlab --LabApp.default_url=/lab/tree/quickstart.ipynb"
        in done.stdout
    )
    assert done.stdout.rstrip().endswith("--no-browser --port=0")
    assert (house / "demo-notebooks/deep/other.ipynb").read_text() == "deep/other.ipynb as committed"


def test_the_demo_keeps_what_was_made(house: Path) -> None:
    """A second `make demo` leaves a changed copy as it is and says so, and takes the mode that was asked for."""
    with_demo_installed(house)
    make(house, "demo")
    (house / "demo-notebooks/quickstart.ipynb").write_text("mine")
    done = make(house, "demo", HAILUO_MODE="live")
    assert (house / "demo-notebooks/quickstart.ipynb").read_text() == "mine"
    assert "opened as you left it" in done.stdout
    assert "mode=live" in done.stdout
    assert (house / "notebooks/quickstart.ipynb").read_text() == "quickstart.ipynb as committed"


def test_clean_spares_what_was_paid_for(house: Path) -> None:
    """`make clean` removes the environment and never a run log, a clip or a demo notebook."""
    with_demo_installed(house)
    kept = [house / "hailuo_runs/videos/a.mp4", house / "demo-notebooks/hailuo_runs/runs.sqlite", house / "tests/x.py"]
    for path in [*kept, house / "hailuo_widgets/__pycache__/x.pyc"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    done = make(house, "clean")
    assert done.returncode == 0, done.stderr
    assert [path for path in kept if not path.exists()] == []
    assert not (house / ".venv").exists()
    assert not (house / "hailuo_widgets/__pycache__").exists()


def test_tests_see_no_key(house: Path) -> None:
    """The wrapper that tests run under takes out every provider's settings and ours, and nothing else."""
    providers = [open_provider(name, Settings.resolve({}, environ={})).facts for name in BUNDLED]
    keys = [name for facts in providers for name in (*facts.key_variables, facts.base_url_variable)]
    names = [*keys, "KIE_DIALECT", "KIE_WEBHOOK_KEY", "HAILUO_MODE"]
    done = subprocess.run(
        [house / "tools/without-keys.sh", "env"],
        env={"PATH": os.environ["PATH"], "UNRELATED": "kept"} | dict.fromkeys(names, "two words = set"),
        check=True,
        capture_output=True,
        text=True,
    )
    seen = {line.split("=", 1)[0] for line in done.stdout.splitlines()}
    assert seen & set(names) == set()
    assert "UNRELATED" in seen


def test_missing_packages_are_named(house: Path) -> None:
    """Where nothing can be installed, the missing programs' packages are named and the exit code is 1."""
    program(house / "fake/id", "echo 1000")
    program(house / "fake/grep", "exit 1")
    done = subprocess.run(
        [house / "tools/system-packages.sh"],
        env={"PATH": f"{house / 'fake'}:{house / 'bin'}", "HOME": str(house)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "missing here: chromium fonts-dejavu-core postgresql strace." in done.stderr
