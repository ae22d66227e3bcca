"""Tests of the users' notebooks: they run from top to bottom, and are stored without outputs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(NOTEBOOKS.rglob("*.ipynb"))
NAMES = [path.relative_to(NOTEBOOKS).as_posix() for path in PATHS]
EARLIER = Path(__file__).parent / "earlier"  # notebooks as an earlier version had them
MOST_CELLS = 10
RUN_ELSEWHERE = {"seed_sweep.ipynb", "prompt_ab.ipynb", "compare_and_vote.ipynb"}  # in test_experiments.py


def read(name: str) -> Any:
    """A notebook as it is stored."""
    return nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types


def code_cells(notebook: Any) -> list[Any]:
    """Its code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    """The quickstart is there: the tests below are about something."""
    assert "quickstart.ipynb" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_stored_without_outputs(name: str) -> None:
    """A stored notebook is valid and holds no output, no count and no widget state: a diff shows what was written."""
    notebook = read(name)
    nbformat.validate(notebook)
    assert [cell.id for cell in code_cells(notebook) if cell.outputs or cell.execution_count is not None] == []
    assert "widgets" not in notebook.metadata


def test_the_quickstart_is_short() -> None:
    """A newcomer sees the end of the quickstart: it has less than ten cells."""
    assert len(read("quickstart.ipynb").cells) < MOST_CELLS


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in RUN_ELSEWHERE])
def test_it_runs_from_top_to_bottom(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run All on the simulator ends without an error, and each clip that a saved card shows is beside the notebook."""
    shutil.copytree(NOTEBOOKS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("hailuo_runs", ".*"))
    run_all(tmp_path / name, tmp_path, monkeypatch)


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in EARLIER.glob("*.ipynb")))
def test_a_notebook_of_an_earlier_version_still_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run All on a notebook as it was published before ends without an error; those that are as they were run above."""
    shutil.copy(EARLIER / name, tmp_path)
    run_all(tmp_path / name, tmp_path, monkeypatch)


def run_all(path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a notebook on the simulator; see that no cell fails and that the clips which it shows are there."""
    for variable, value in {"HAILUO_MODE": "simulated", "HAILUO_SIMULATOR_SPEED": "200"}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    folder = path.parent
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    shown = [output.get("data", {}).get("text/html", "") for output in outputs]
    cards = [html for html in shown if "hailuo-card" in html]
    assert cards + [html for html in shown if "hailuo-board" in html] != []
    for card in cards:
        assert "Succeeded" in card
        assert (folder / card.split('<video src="')[1].split('"')[0]).is_file()
