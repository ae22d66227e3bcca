"""Tests of the boards in JupyterLab: every run is shown live, and a table stays in the notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from patience import until
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


def clips_play(shown: Locator, accessible: Callable[[Locator], None], plays: Callable[[Locator], float]) -> None:
    """One clip plays under the pointer, muted, until it leaves; opened, it has controls and its neighbours."""
    shown.get_by_role("button", name="Open day, replicate 1", exact=True).hover()
    preview = shown.locator(".hw-thumb video")
    expect(preview).to_have_count(1)
    assert plays(preview) >= 0
    assert preview.evaluate("video => video.muted")
    shown.locator(".hw-title").hover()
    expect(preview).to_have_count(0)

    # Closed, the focus is on the clip that was shown last.
    shown.get_by_role("button", name="Open day, replicate 1", exact=True).click()
    stage = shown.get_by_role("dialog", name="Clip: day, replicate 1")
    assert plays(stage.locator("video")) >= 0
    accessible(stage)
    stage.get_by_role("button", name="Next").click()
    stage = shown.get_by_role("dialog", name="Clip: day, replicate 2")
    expect(stage.locator("p")).to_have_text("A fox in the snow by day, [Push in]")
    shown.page.keyboard.press("Escape")
    expect(stage).to_have_count(0)
    expect(shown.get_by_role("button", name="Open day, replicate 2", exact=True)).to_be_focused()


def rated_by_keys(notebook: Notebook, shown: Locator) -> None:
    """A number rates the focused clip, an arrow goes to the next one."""
    keys = notebook.page.keyboard
    keys.press("4")
    stars = shown.get_by_role("group", name="Rate day, replicate 2").get_by_role("button", pressed=True)
    expect(stars).to_have_count(4)
    until(lambda: notebook.python("hw.sweep_of('foxes')[1].rating") == 4, what="the rating is in the log")
    keys.press("ArrowRight")
    expect(shown.get_by_role("button", name="Open night, replicate 1", exact=True)).to_be_focused()


def price_before_sending(notebook: Notebook, shown: Locator, accessible: Callable[[Locator], None]) -> None:
    """A run is sent again only after its price was shown and agreed to; it appears below the board."""
    keys = notebook.page.keyboard
    more = shown.get_by_role("button", name="More actions for day, replicate 1", exact=True)
    more.focus()
    keys.press("Enter")
    menu = shown.get_by_role("menu", name="Actions for day, replicate 1")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    again = menu.get_by_role("menuitem", name=re.compile(r"^Run again\W*\$0\.28$"))
    expect(again).to_have_attribute("aria-disabled", "false")
    seed = menu.get_by_role("menuitem", name=re.compile("^Run with a new seed"))
    expect(seed).to_contain_text("not available")  # MiniMax takes no seed
    accessible(menu)
    keys.press("Escape")
    expect(more).to_be_focused()
    keys.press("Enter")
    expect(again).to_have_attribute("aria-disabled", "false")
    again.click()
    ask = shown.get_by_role("group", name="Question")
    expect(ask.get_by_role("button", name="Keep")).to_be_focused()
    assert notebook.python("len(hw.runs())") == 4
    ask.get_by_role("button", name="Run again · $0.28").click()
    expect(notebook.cell(1).locator(".hailuo-player[data-status=succeeded]")).to_have_count(1)
    assert notebook.python("len(hw.runs())") == 5
    shown.get_by_role("button", name="Compare", exact=True).click()
    expect(notebook.cell(1).locator(".hailuo-compare .hailuo-cell")).to_have_count(4)


def test_a_sweeps_board(
    open_notebook: Callable[..., Notebook],
    accessible: Callable[[Locator], None],
    plays: Callable[[Locator], float],
    tmp_path: Path,
) -> None:
    """One board for all runs of a cell: clips that play, what differs, sums; the saved notebook keeps a table."""
    notebook = open_notebook(LOAD, SWEEP)
    notebook.run_all()
    shown = board(notebook.cell(1))
    runs = shown.locator(".hw-run")
    expect(runs).to_have_count(4)
    expect(shown.locator(".hailuo-word")).to_have_text(["Succeeded"] * 4)
    expect(shown.locator(".hw-title")).to_have_text("foxes")
    expect(shown.locator(".hw-named .hw-sub")).to_have_text(re.compile("^2 variants × 2 replicates · "))
    expect(shown.locator(".hailuo-summary span")).to_have_text(
        ["4 of 4 clips", "$1.12 at list price; simulated, so nothing is billed"]
    )
    expect(shown.locator(".hailuo-badge")).to_be_visible()
    expect(shown.get_by_role("button", name="Cancel all")).to_have_count(0)
    shown.scroll_into_view_if_needed()
    expect(shown.locator(".hw-thumb img:visible")).to_have_count(4)

    clips_play(shown, accessible, plays)
    rated_by_keys(notebook, shown)

    price_before_sending(notebook, shown, accessible)

    # Groups, rows, search; a place is kept when the board is drawn again.
    expect(shown.locator(".hw-group strong")).to_have_text(["day", "night"])
    shown.get_by_label("Group by").select_option("status")
    expect(shown.locator(".hw-group strong")).to_have_text(["Succeeded"])
    accessible(shown)
    shown.get_by_role("button", name="Rows").click()
    expect(shown.locator(".hw-heads .hw-values > span")).to_have_text(["variant", "replicate"])
    shown.get_by_role("searchbox").fill("night")
    expect(runs).to_have_count(2)
    shown.get_by_role("searchbox").fill("")
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
    """What is in progress is there with its time; it is searched, sorted and cancelled from the keyboard alone."""
    notebook = open_notebook(LOAD, SLOW, MONITOR)
    notebook.run_all()
    shown = board(notebook.cell(2))
    runs = shown.locator(".hw-run")
    expect(runs).to_have_count(3)
    expect(shown.locator(".hailuo-word", has_text=re.compile("Queued|Running"))).to_have_count(3)
    accessible(shown)
    notebook.page.screenshot(path=tmp_path / "monitor.png")
    keys = notebook.page.keyboard
    shown.get_by_role("searchbox").focus()
    keys.type("slug")
    expect(runs).to_have_count(1)
    cancel = runs.get_by_role("button", name=re.compile("^Cancel: "))
    for _ in range(4):  # the status, the bell, the scroll area, the run's button
        keys.press("Tab")
    expect(cancel).to_be_focused()
    keys.press("Enter")
    expect(shown.get_by_role("group", name="Question")).to_contain_text("may still finish and charge it")
    expect(shown.get_by_role("button", name="Keep")).to_be_focused()
    keys.press("Escape")
    expect(cancel).to_be_focused()
    keys.press("Enter")
    keys.press("Shift+Tab")
    expect(shown.get_by_role("button", name="Cancel run", exact=True)).to_be_focused()
    keys.press("Enter")
    expect(runs.locator(".hailuo-word")).to_have_text("Cancelled")
    assert notebook.python("snails[1].status") == "cancelled"
    shown.get_by_role("searchbox").fill("")
    expect(runs).to_have_count(3)
    shown.get_by_role("button", name="Cancel all").click()
    shown.get_by_role("button", name="Cancel runs").click()
    expect(shown.locator(".hailuo-word")).to_have_text(["Cancelled"] * 3)
    expect(shown.locator(".hailuo-summary")).to_contain_text("3 cancelled")


def test_the_title_counts_what_is_left(open_notebook: Callable[..., Notebook]) -> None:
    """Only where it is asked for, the tab's title counts the runs that are left, and is as before when they ended."""
    notebook = open_notebook(LOAD, SLOW, MONITOR)
    notebook.run_all()
    shown = board(notebook.cell(2))
    expect(shown.locator(".hw-run")).to_have_count(3)
    before = notebook.page.title()
    assert "left" not in before
    shown.get_by_role("checkbox", name="Tell me when done").check()
    notebook.page.wait_for_function("() => document.title.startsWith('(3 left) ')")
    assert notebook.python("snails.cancel()") is None
    notebook.page.wait_for_function("before => document.title === before", arg=before)
