"""Tests of the comparison grid: places, labels, and a safe static table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.errors import UsageError
from hailuo_widgets.render.card import Card
from hailuo_widgets.render.grid import MOST_POSTERS, grid_html

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def runs(*cells: dict[str, Any]) -> list[RunRecord]:
    """Runs of KIE's, with these fields."""
    made = []
    for n, cell in enumerate(cells):
        own = {name: cell.pop(name) for name in ("variant", "variables") if name in cell}
        request = Request(**{"provider": "kie", "model": "02", "prompt": "a fox", **cell})
        made.append(RunRecord(run_id=f"r{n}", created_at=NOW, request=request, request_hash="h", origin="o", **own))
    return made


def card(run_id: str, **more: Any) -> Card:
    """What is shown of one."""
    fields = {"status": "succeeded", "provider": "KIE", "model": "02", "mode": "text", "prompt": "p", "simulated": True}
    return Card(run_id=run_id, created_at=NOW, **{**fields, **more})


def test_rows_and_columns_by_themselves() -> None:
    """What varies becomes rows and columns: prompts down, seeds across; what else differs is each cell's label."""
    found = runs(*({"prompt": p, "seed": s} for p in ("a fox", "a wolf") for s in (3, 1)))
    grid = arrange(found)
    assert (grid.names, grid.rows, grid.cols) == (("prompt", "seed", ""), ("a fox", "a wolf"), ("3", "1"))
    assert grid.places == {"r0": (0, 0, 0), "r1": (0, 1, 0), "r2": (1, 0, 0), "r3": (1, 1, 0)}
    assert grid.differ == ()
    more = arrange(found, rows="seed", cols="model")
    assert (more.rows, more.cols, more.differ) == (("3", "1"), ("02",), ("prompt",))


def test_a_number_is_no_label() -> None:
    """Prompts of a list, which are only numbered, stand in the grid themselves; labelled ones by their labels."""
    numbered = runs(
        *({"variant": v, "prompt": p, "seed": s} for v, p in (("1", "a fox"), ("2", "a wolf")) for s in (1, 2))
    )
    assert (arrange(numbered).names[0], arrange(numbered).rows, arrange(numbered).differ) == (
        "prompt",
        ("a fox", "a wolf"),
        (),
    )
    labelled = runs(*({"variant": v, "prompt": f"{v} runs", "seed": s} for v in ("fox", "wolf") for s in (1, 2)))
    assert arrange(labelled).rows == ("fox", "wolf")


def test_variants_variables_and_pages() -> None:
    """A label stands for its prompt; a prompt's variable is a column of its own name; a third column makes pages."""
    found = runs(
        *(
            {"variant": v, "prompt": f"{v} at {t}", "seed": s, "variables": {"at": t}}
            for v in ("a", "b")
            for t in ("dawn", "dusk")
            for s in (1, 2)
        )
    )
    grid = arrange(found, rows="variant", cols="seed", pages="var_at")
    assert (grid.rows, grid.cols, grid.pages) == (("a", "b"), ("1", "2"), ("dawn", "dusk"))
    assert sorted(grid.places.values()) == [(r, c, p) for r in (0, 1) for c in (0, 1) for p in (0, 1)]


def test_one_run_and_replicates() -> None:
    """One run is a grid of one; replicates stand side by side and are called so."""
    assert arrange(runs({})).places == {"r0": (0, 0, 0)}
    grid = arrange(runs({"replicate": 1}, {"replicate": 2}))
    assert (grid.names[1], grid.cols) == ("replicate", ("1", "2"))


@pytest.mark.parametrize(
    ("arguments", "says"), [({"rows": "sead"}, "did you mean 'seed'"), ({"pages": "cost"}, "no column of these runs")]
)
def test_an_unknown_column(arguments: dict[str, str], says: str) -> None:
    """It is named, with what there is."""
    with pytest.raises(UsageError, match=says):
        arrange(runs({"seed": 1}, {"seed": 2}), **arguments)
    with pytest.raises(UsageError, match="no runs to compare"):
        arrange([])


def test_the_static_table() -> None:
    """It escapes what it shows, says that clips are simulated, and holds few posters however many runs there are."""
    found = runs(*({"prompt": "<b>x", "seed": n} for n in range(60)))
    html = grid_html(arrange(found, rows="prompt"), [card(r.run_id, poster=b"\xff\xd8\xff\xe0x") for r in found], "c")
    assert "<b>x" not in html
    assert "&lt;b&gt;x" in html
    assert html.count("<img") == MOST_POSTERS
    assert html.count("SIMULATED") == 60
