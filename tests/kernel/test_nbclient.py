"""Tests of notebooks without a front end: nbclient saves how the runs ended, in their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Environment

    from hailuo_widgets.simulator import Simulator

    Execute = Callable[..., list[Any]]

pytestmark = pytest.mark.kernel


@pytest.fixture
def execute(tmp_path: Path, fake_provider: Simulator, environment: Environment) -> Execute:
    """Runs a notebook of these cells after one that loads the extension; they come back as they are saved.

    The cells of a notebook that fails are in ``saved`` too, for a test that expects the failure.
    """

    def executed(*sources: str, saved: list[Any] | None = None) -> list[Any]:
        cells: list[Any] = saved if saved is not None else []
        code: Any = nbformat.v4.new_code_cell
        cells += [code(source) for source in ("%load_ext hailuo_widgets", *sources)]
        notebook: Any = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]  # nbformat has no types
        client = NotebookClient(
            notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        try:
            client.execute(env=environment(fake_provider))
        finally:
            cells[:] = notebook.cells
        return cells[1:]

    return executed


def cards(cell: Any) -> list[str]:
    """The static cards in a cell's saved outputs."""
    found = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    return [html for html in found if "hailuo-card" in html]


def printed(cell: Any) -> str:
    """What a cell's saved outputs have as text."""
    return "".join(output.get("text", "") for output in cell.outputs)


def test_a_waiting_cell_is_saved_with_its_clip(execute: Execute, tmp_path: Path) -> None:
    """The one card in the cell says succeeded, and its clip is beside the notebook."""
    (cell,) = execute("%%hailuo --model 02\na fox")
    (card,) = cards(cell)
    assert "Succeeded" in card
    assert (tmp_path / card.split('<video src="')[1].split('"')[0]).is_file()


def test_run_all_keeps_its_order(execute: Execute, fake_provider: Simulator) -> None:
    """Each cell begins when the one before it has ended: a waiting one holds the later ones back."""
    cells = execute(
        "%%hailuo --model 02 --name one\na fox",
        "print(one.status)",
        "%%hailuo --model 02 --name two --background\na wolf",
        "print(two.status != 'succeeded')",
        "_ = await two",
        "print(two.status)",
    )
    assert [printed(cells[n]) for n in (1, 3, 5)] == ["succeeded\n", "True\n", "succeeded\n"]
    assert fake_provider.creates["minimax"] == 2


def test_a_background_run_awaited_later_is_saved_in_both_cells(execute: Execute) -> None:
    """The cell that began it and the cell that awaited it both hold a card that says succeeded."""
    began, between, awaited = execute(
        "%%hailuo --model 02 --name fox --background\na fox", "print('between')", "await fox"
    )
    assert printed(between) == "between\n"
    assert [len(cards(cell)) for cell in (began, between, awaited)] == [1, 0, 1]
    assert "Succeeded" in cards(began)[0]
    assert "Succeeded" in cards(awaited)[0]


def test_a_background_run_waited_for_synchronously_is_saved_too(execute: Execute) -> None:
    """``run.wait()`` in a later cell does what ``await run`` does: the card of the first cell says succeeded."""
    began, waited = execute("%%hailuo --model 02 --name fox --background\na fox", "fox.wait().status")
    assert "Succeeded" in cards(began)[0]
    assert waited.outputs[-1]["data"]["text/plain"] == "'succeeded'"


@pytest.mark.parametrize(
    ("sources", "error"),
    [
        (["%%hailuo --modle 02\na fox"], "UsageError"),
        (["%%hailuo --model 02\nforbidden"], "Moderated"),
        (["%%hailuo --model 02 --background --name fox\nfail-generation", "await fox"], "ProviderError"),
    ],
)
def test_an_error_fails_the_notebook(execute: Execute, sources: list[str], error: str) -> None:
    """A mistake, a refusal and an awaited failure each end the notebook: the cell after them is not run."""
    saved: list[Any] = []
    with pytest.raises(CellExecutionError) as caught:
        execute(*sources, "print('never')", saved=saved)
    assert caught.value.ename == error
    assert printed(saved[-1]) == ""
