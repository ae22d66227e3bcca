"""Tests of the wheel and the sdist, without the source tree and without Node."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "hailuo_widgets" / "static"

pytestmark = pytest.mark.slow


def clean_environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment whose PATH is one empty folder, so that neither Node nor any other program is found."""
    empty = folder / "no-programs"
    empty.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HAILUO_"))}
    return kept | {"PATH": str(empty)} | more


def run(command: list[str], *, folder: Path, **environment: str) -> str:
    """Run our own Python in a folder and return what it printed; its words are in the failure."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=clean_environment(folder, **environment),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh sdist and of the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    run(["-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)], folder=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel alone was installed into."""
    folder = tmp_path_factory.mktemp("installed")
    target = folder / "site"
    pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
    run([*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)], folder=folder)
    return target


def package_files() -> set[str]:
    """Every file of the package in the source tree, caches aside."""
    found = (path for path in (ROOT / "hailuo_widgets").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_wheel_is_whole_and_nothing_else(wheel: Path) -> None:
    """The wheel holds every file of the package, and beside it only its own metadata."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    inside = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert inside == package_files()
    assert wheel.name.endswith("-py3-none-any.whl")


def test_wheel_carries_bundles_types_and_licence(wheel: Path) -> None:
    """The bundles are in the wheel and not empty, and so are the types' mark and the licence."""
    archive = zipfile.ZipFile(wheel)
    for bundle in ("player.js", "player.css"):
        assert archive.read(f"hailuo_widgets/static/{bundle}") == (STATIC / bundle).read_bytes() != b""
    assert "hailuo_widgets/py.typed" in archive.namelist()
    assert [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]


def test_installed_package_imports_by_itself(installed: Path) -> None:
    """The installed package, not the source tree, is imported, every module of it, and finds its bundles."""
    program = (
        "import importlib, pathlib, pkgutil, hailuo_widgets as package\n"
        "for module in pkgutil.walk_packages(package.__path__, 'hailuo_widgets.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
        "print(pathlib.Path(package.__file__).parent)\n"
    )
    printed = run(["-P", "-c", program], folder=installed.parent, PYTHONPATH=str(installed))
    assert Path(printed.strip()) == installed / "hailuo_widgets"
    assert (installed / "hailuo_widgets" / "static" / "player.js").is_file()


def test_sdist_holds_the_sources_of_the_bundles(built: Path) -> None:
    """The sdist holds js/, the tests and what builds and checks them, and nothing that was installed or made in use."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    needed = {
        ".ci/run",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "js/build.mjs",
        "js/package-lock.json",
        "js/player/index.ts",
        "tests/project/test_wheel.py",
        "tools/demo.sh",
    }
    assert needed - names == set()
    parts = {part for name in names for part in name.split("/")}
    assert parts & {"node_modules", ".venv", "hailuo_runs", "demo-notebooks", "__pycache__"} == set()
