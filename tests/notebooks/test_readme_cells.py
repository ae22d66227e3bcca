"""The README's cells run as they are written, in its order, in one kernel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

README = Path(__file__).parents[2] / "README.md"
ASKS_FOR_A_KEY = "getpass.getpass"  # a kernel without a front end can't be typed at, and a key would make runs live


def cells_of(page: str) -> list[str]:
    """The Python and the magics between fences; a ``%%hailuo`` line begins a cell of its own."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    notebook = [text for language, text in fenced if language == "python" or text.startswith("%")]
    cells = [cell for text in notebook for cell in re.split(r"\n\n(?=%%)", text.rstrip())]
    return [cell for cell in cells if ASKS_FOR_A_KEY not in cell]


@pytest.mark.kernel
@pytest.mark.slow
def test_the_readmes_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who types every cell of the README meets no error, and votes on the pairs of its sweep."""
    for variable, value in {"HAILUO_MODE": "simulated", "HAILUO_SIMULATOR_SPEED": "200"}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    cells = cells_of(README.read_text(encoding="utf-8"))
    assert [cell for cell in cells if "hw.vote(" in cell or "--name foxes" in cell] != []
    new: Any = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_code_cell(cell) for cell in cells])
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
