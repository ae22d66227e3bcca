"""Tests of the experiments' notebooks: a second Run All pays nothing, and growing pays the difference."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
pytestmark = [pytest.mark.kernel, pytest.mark.slow]


@pytest.fixture
def fake_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """All providers as one simulator that this process can count at; the notebooks' simulated runs are made there."""
    with Simulator(tmp_path / "provider", latency=0.05, draft=True) as simulator:
        for name in ("MINIMAX", "KIE"):
            monkeypatch.setenv(f"{name}_BASE_URL", simulator.url)
            monkeypatch.setenv(f"{name}_API_KEY", "test-key")
        monkeypatch.setenv("HAILUO_MODE", "simulated")
        monkeypatch.setenv("HAILUO_POLL_INTERVAL", "0.1")
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        monkeypatch.setenv("HAILUO_ASK_ABOVE", "20")
        yield simulator


def run_all(name: str, folder: Path) -> Any:
    """Run All by nbclient; the notebook with its outputs."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def texts(notebook: Any) -> str:
    """All that its outputs say, as text."""
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    return "\n".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in outputs)


@pytest.mark.parametrize(("name", "creates"), [("seed_sweep.ipynb", {"kie": 8}), ("prompt_ab.ipynb", {"kie": 12})])
def test_a_second_run_all_pays_nothing(tmp_path: Path, fake_provider: Simulator, name: str, creates: dict[str, int]) -> None:
    """The first Run All sends each request once, however often its cells ask for it; the second sends none."""
    run_all(name, tmp_path)
    paid = {provider: count for provider, count in fake_provider.creates.items() if count and provider != "total"}
    assert creates.items() <= paid.items()
    again = run_all(name, tmp_path)
    assert {p: c for p, c in fake_provider.creates.items() if c and p != "total"} == paid
    assert "0 to send" in texts(again)


def test_growing_sends_the_gap_alone(tmp_path: Path, fake_provider: Simulator) -> None:
    """With papermill's other parameters, a fifth seed is sent for both prompts, and nothing else is."""
    shutil.copy(NOTEBOOKS / "seed_sweep.ipynb", tmp_path)
    run_all("seed_sweep.ipynb", tmp_path)
    assert fake_provider.creates["kie"] == 8
    papermill.execute_notebook(
        str(tmp_path / "seed_sweep.ipynb"),
        str(tmp_path / "grown.ipynb"),
        parameters={"seed_range": "1..5"},
        cwd=str(tmp_path),
        kernel_name="python3",
        progress_bar=False,
    )
    sent = [r for r in fake_provider.requests if r["phase"] == "create"][8:]
    assert sorted((r["body"]["seed"], "[Static" in str(r["body"])) for r in sent) == [(5, False), (5, True)]


def test_seeds_and_replicates_are_told_apart(tmp_path: Path, fake_provider: Simulator) -> None:
    """A and B were sent the same seeds at KIE; at MiniMax none was sent, and the table says replicate, not seed."""
    notebook = run_all("prompt_ab.ipynb", tmp_path)
    bodies = [r["body"] for r in fake_provider.requests if r["phase"] == "create"]
    seeds = [b["seed"] for b in bodies if "seed" in b]
    assert sorted(seeds) == sorted([11, 12, 13] * 4)
    assert len([b for b in bodies if "seed" not in b]) == 4
    (told,) = [o for cell in notebook.cells if cell.id == "honest" for o in cell.outputs]
    table = told["data"]["text/plain"]
    assert table.count("<NA>") == 4
    assert "True" in table


def test_comparing_and_judging_tells_its_story(tmp_path: Path, fake_provider: Simulator) -> None:
    """From the power to the paper: nothing is claimed without votes or with ten of them, eighty tell; all is as registered.

    Ten clips are compared, ten are of the null control, and three tell whether a seed reproduces.
    """
    notebook = run_all("compare_and_vote.ipynb", tmp_path)
    assert fake_provider.creates["kie"] == 23
    said = texts(notebook)
    assert "5 seeds of 2 variants" in said
    assert "Registered on" in said
    assert "As registered on" in said
    assert "The best variant is named by an anytime-valid test" in said
    assert (tmp_path / "ranking.tex").read_text("utf-8").count("tabular") == 6
    assert "runs" not in (tmp_path / "vote.html").read_text("utf-8").partition("<script")[0]
    assert "There are no votes that prefer one to another yet." in said
    assert "Not enough votes: “runs” leads with 70% of 10 judgements" in said
    assert "“runs” wins: it was preferred in 70% of 80 judgements" in said
    report = (tmp_path / "foxes.html").read_text("utf-8")
    assert report.count('<script type="video/mp4"') == 20
    assert (tmp_path / "foxes.png").read_bytes().startswith(b"\x89PNG")
