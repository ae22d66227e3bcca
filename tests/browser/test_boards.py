"""Tests of the boards in JupyterLab: every run is shown live, and a table stays in the notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LOAD = "%load_ext hailuo_widgets\nimport hailuo_widgets as hw"
SWEEP = """%%hailuo --model 02 --repeat 2 --name foxes
--- day
A fox in the snow by day, [Push in]
--- night
A fox in the snow by night"""
SLOW = """%config Hailuo.simulator_speed = 1
snails = hw.sweep(["a snail", "a slug", "a worm"], model="02")
None"""
MONITOR = "%hailuo monitor"


def board(cell: Locator) -> Locator:
    """The cell's live board; its static table is not seen beside it."""
    expect(cell.locator(".hailuo-monitor:visible")).to_have_count(1)
    expect(cell.locator(".hailuo-board:visible")).to_have_count(0)
    return cell.locator(".hailuo-monitor")


def test_a_sweeps_board(
    open_notebook: Callable[..., Notebook], accessible: Callable[[Locator], None], tmp_path: Path
) -> None:
    """One board for all runs of a cell: what differs, stages, sums, simulated; the saved notebook keeps a table."""
    notebook = open_notebook(LOAD, SWEEP)
    notebook.run_all()
    shown = board(notebook.cell(1))
    rows = shown.locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(shown.locator("tbody .hailuo-word")).to_have_text(["Succeeded"] * 4)
    expect(shown.locator("thead th")).to_have_text(["status", "variant", "replicate", "time", "cost", "actions"])
    expect(shown.locator(".hailuo-summary")).to_have_text("4 of 4 succeeded · cost $1.12")
    expect(shown.locator(".hailuo-badge")).to_be_visible()
    expect(shown.get_by_role("button", name="Cancel all")).to_have_count(0)
    shown.get_by_role("searchbox").fill("night")
    expect(rows).to_have_count(2)
    expect(rows.locator("td:first-of-type")).to_have_text(["night", "night"])
    shown.get_by_role("searchbox").fill("")
    accessible(shown)
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 900})
            notebook.page.screenshot(path=tmp_path / f"sweep-{theme[11:].lower()}-{width}.png")
    accessible(board(notebook.cell(1)))
    saved = notebook.save()
    tables = [o["data"]["text/html"] for o in saved["cells"][1]["outputs"] if "text/html" in o.get("data", {})]
    (table,) = [t for t in map("".join, tables) if "hailuo-board" in t]
    assert table.count("Succeeded") == 4
    notebook.command("kernelmenu:shutdown")
    notebook.reopen()
    expect(notebook.cell(1).locator(".hailuo-board:visible")).to_have_count(1)


def test_the_monitor_by_keyboard(
    open_notebook: Callable[..., Notebook], accessible: Callable[[Locator], None], tmp_path: Path
) -> None:
    """What is in flight is there with its time; it is filtered, sorted and cancelled from the keyboard alone."""
    notebook = open_notebook(LOAD, SLOW, MONITOR)
    notebook.run_all()
    shown = board(notebook.cell(2))
    rows = shown.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(shown.locator("tbody .hailuo-word", has_text=re.compile("Queued|Running"))).to_have_count(3)
    accessible(shown)
    notebook.page.screenshot(path=tmp_path / "monitor.png")
    keys = notebook.page.keyboard
    shown.get_by_role("searchbox").focus()
    keys.type("slug")
    expect(rows).to_have_count(1)
    for _ in range(5):  # the two choices, the bell, the table, the row's button
        keys.press("Tab")
    expect(rows.get_by_role("button")).to_be_focused()
    keys.press("Enter")
    expect(shown.get_by_role("alert")).to_contain_text("may still finish and bill it")
    keys.press("Enter")
    expect(rows.locator(".hailuo-word")).to_have_text("Cancelled")
    assert notebook.python("snails[1].status") == "cancelled"
    shown.get_by_role("searchbox").fill("")
    expect(rows).to_have_count(3)
    shown.get_by_role("button", name="Cancel all").click()
    shown.get_by_role("button", name="Sure?").click()
    expect(shown.locator("tbody .hailuo-word")).to_have_text(["Cancelled"] * 3)
    expect(shown.locator(".hailuo-summary")).to_contain_text("3 cancelled")


def test_the_title_counts_what_is_left(open_notebook: Callable[..., Notebook]) -> None:
    """Only where it is asked for, the tab's title counts the runs that are left, and is as before when they ended."""
    notebook = open_notebook(LOAD, SLOW, MONITOR)
    notebook.run_all()
    shown = board(notebook.cell(2))
    expect(shown.locator("tbody tr")).to_have_count(3)
    before = notebook.page.title()
    assert "left" not in before
    shown.get_by_role("checkbox", name="Tell me when done").check()
    notebook.page.wait_for_function("() => document.title.startsWith('(3 left) ')")
    assert notebook.python("snails.cancel()") is None
    notebook.page.wait_for_function("before => document.title === before", arg=before)
