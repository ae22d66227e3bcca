"""Tests of the comparison in JupyterLab: clips in sync, pairs, and ratings in the log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from counters import counted
from patience import until
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LOAD = "%load_ext hailuo_widgets\nimport hailuo_widgets as hw\n%config Hailuo.simulator_speed = 400"
SWEEP = """%%hailuo --provider kie --seed 1..3 --name foxes
--- snow
A red fox trots through fresh snow
--- sand
A red fox trots through wet sand"""
COMPARE = 'hw.compare(foxes, rows="variant", cols="seed")'
# One of the clips that play is put off, and by how many seconds; whether all show one moment again, within two frames.
PUT_OFF = """grid => {
  const [first, ...others] = grid.querySelectorAll('video');
  others[1].currentTime = (first.currentTime + first.duration / 2) % first.duration;
  return Math.abs(others[1].currentTime - first.currentTime);
}"""
TOGETHER = """grid => {
  const times = [...grid.querySelectorAll('video')].map(video => video.currentTime);
  return Math.max(...times) - Math.min(...times) < 2 / 25;
}"""


def grid(notebook: Notebook, index: int = 2) -> Locator:
    """The comparison, once all of its clips are there."""
    shown = notebook.cell(index).locator(".hailuo-compare")
    expect(shown.locator("video")).not_to_have_count(0)
    shown.page.wait_for_function(
        "() => [...document.querySelectorAll('.hailuo-compare video')].every(video => video.readyState >= 2)"
    )
    return shown


def test_one_clock(
    open_notebook: Callable[..., Notebook],
    accessible: Callable[[Locator], None],
    tmp_path: Path,
) -> None:
    """Steps land every clip on the same frame, by the number burnt into it; playing, they come together; legible."""
    notebook = open_notebook(LOAD, SWEEP, COMPARE)
    notebook.run_all()
    shown = grid(notebook)
    expect(shown.locator("video")).to_have_count(6)
    expect(shown.locator(".hailuo-axis")).to_have_count(5)
    shown.get_by_role("button", name="One frame on").click()
    assert counted(shown) == [1] * 6
    shown.locator(".hailuo-transport").get_by_role("slider", name="Time").evaluate(
        "slider => { slider.value = '2.02'; slider.dispatchEvent(new Event('input')); }"
    )
    first = counted(shown)
    assert len(set(first)) == 1
    shown.get_by_role("button", name="One frame back").click()
    back = counted(shown)
    assert (len(set(back)), back[0]) == (1, (first[0] or 0) - 1)
    accessible(shown)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 900})
            notebook.page.evaluate("() => new Promise(requestAnimationFrame)")
            shown.scroll_into_view_if_needed()
            notebook.page.screenshot(path=tmp_path / f"compare-{theme[11:].lower()}-{width}.png")
    notebook.page.set_viewport_size({"width": 1100, "height": 1000})
    shown.get_by_role("button", name="Play", exact=True).click()
    assert shown.evaluate(PUT_OFF) > 1
    shown.page.wait_for_function(TOGETHER, arg=shown.element_handle())


def test_two_at_a_time_and_what_is_said(open_notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """Two clips on one stage in each way, by mouse and keyboard; ratings, tags and notes are in the log."""
    notebook = open_notebook(LOAD, SWEEP, COMPARE)
    notebook.run_all()
    shown = grid(notebook)
    picks = shown.get_by_role("button", name="by itself")
    picks.nth(0).click()
    picks.nth(3).click()
    stage = shown.locator(".hailuo-stage")
    expect(stage.locator("video")).to_have_count(2)
    for way, style in (
        ("wipe", "clipPath"),
        ("onion skin", "opacity"),
        ("flip", "visibility"),
        ("difference", "mixBlendMode"),
    ):
        shown.get_by_role("button", name=way, exact=True).click()
        assert stage.locator("video").nth(1).evaluate(f"video => video.style.{style}") != ""
    before = shown.locator(".hailuo-pair .hailuo-said").inner_text()
    shown.get_by_role("button", name="Swap").click()
    expect(shown.locator(".hailuo-pair .hailuo-said")).not_to_have_text(before)
    shown.get_by_role("button", name="wipe", exact=True).click()
    notebook.page.screenshot(path=tmp_path / "pair.png")
    with notebook.page.expect_download() as download:
        shown.get_by_role("button", name="Save both frames").click()
    download.value.save_as(tmp_path / "both.png")
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")
    picks.nth(0).focus()
    notebook.page.keyboard.press("Escape")
    expect(stage.locator("video")).to_have_count(0)
    expect(shown.locator(".hailuo-frame video")).to_have_count(6)

    notebook.page.keyboard.press("k")
    expect(shown.get_by_role("button", name="Pause")).to_be_visible()
    notebook.page.keyboard.press("k")
    expect(shown.get_by_role("button", name="Play", exact=True)).to_be_visible()
    clock = shown.locator(".hailuo-transport .hailuo-said")
    for key, frame in (("Home", 0), (".", 1)):
        notebook.page.keyboard.press(key)
        expect(clock).to_have_text(re.compile(rf"frame {frame}$"))
    until(lambda: counted(shown) == [1] * 6, what="all clips show frame 1")

    first = shown.locator(".hailuo-cell").nth(0)
    first.get_by_role("button", name="4 of 5").click()
    first.locator("summary").click()
    expect(first.locator(".hailuo-run")).to_contain_text("KIE")
    expect(first.locator(".hailuo-run")).to_contain_text("sha256")
    first.get_by_role("textbox", name="Tags").fill("keep, sharp")
    first.get_by_role("textbox", name="Note").fill("the tail flickers")
    first.get_by_role("textbox", name="Note").press("Tab")
    expect(first.locator("mark")).to_have_count(0)
    rows = "hw.runs()[['rating', 'note', 'tags']].iloc[0].tolist()"
    wanted = ["4", "the tail flickers", "keep, sharp"]
    until(lambda: notebook.python(f"[str(v) for v in {rows}]") == wanted, what=f"{rows} == {wanted}")
    other = shown.locator(".hailuo-cell").nth(3)
    other.locator("summary").click()
    expect(other.locator("mark")).to_have_text(["wet", "sand"])


def test_what_comes_next_and_full_screen(
    open_notebook: Callable[..., Notebook], accessible: Callable[[Locator], None], tmp_path: Path
) -> None:
    """A line says what to choose; two clips are called by what differs; keys and double clicks fill the screen."""
    notebook = open_notebook(LOAD, SWEEP, COMPARE)
    notebook.run_all()
    shown = grid(notebook)
    said, keyboard = shown.get_by_role("status"), notebook.page.keyboard
    expect(said).to_contain_text("6 clips · to compare two of them")
    picks = shown.get_by_role("button", name="by itself")
    picks.nth(0).click()
    expect(said).to_contain_text(re.compile(r"A: .*seed 1.*\. Now choose B"))
    picks.nth(4).click()
    expect(said).to_contain_text("A and B are on the stage")
    caption, table = shown.locator(".hailuo-pair .hailuo-said"), shown.locator(".hailuo-differences")
    expect(caption).to_have_text(re.compile(r"^A: .*snow.*seed 1 \| B: .*sand.*seed 2$"))
    expect(table.locator("mark")).to_have_text(["fresh", "snow", "wet", "sand"])
    picks.nth(1).click()
    expect(caption).to_have_text("A: seed 1 | B: seed 2")
    expect(table.locator("tr")).to_have_text([re.compile("differs"), re.compile(r"^seed\s*1 \(sent\)\s*2 \(sent\)$")])
    shown.get_by_role("button", name="Swap").click()
    expect(caption).to_have_text("A: seed 2 | B: seed 1")
    expect(picks.nth(1)).to_have_text("A")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 900})
            notebook.page.evaluate("() => new Promise(requestAnimationFrame)")
            caption.scroll_into_view_if_needed()
            notebook.page.screenshot(path=tmp_path / f"two-{theme[11:].lower()}-{width}.png")
    notebook.page.set_viewport_size({"width": 1100, "height": 1000})

    filled = "selector => document.fullscreenElement?.matches(selector) ?? false"
    emptied = "() => document.fullscreenElement === null"
    shown.locator(".hailuo-stage").dblclick(position={"x": 40, "y": 40})
    notebook.page.wait_for_function(filled, arg=".hailuo-compare")
    expect(shown.locator(".hailuo-cells")).to_be_hidden()
    notebook.page.screenshot(path=tmp_path / "two-full-screen.png")
    keyboard.press("f")
    notebook.page.wait_for_function(emptied)
    keyboard.press("?")
    keys = shown.get_by_role("group", name="Keyboard shortcuts")
    expect(keys).to_contain_text("one frame back")
    accessible(shown)
    keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(shown.locator(".hailuo-stage video")).to_have_count(2)
    keyboard.press("Escape")
    expect(shown.locator(".hailuo-stage video")).to_have_count(0)
    expect(said).to_contain_text("6 clips")

    shown.locator(".hailuo-frame").nth(2).dblclick()
    notebook.page.wait_for_function(filled, arg=".hailuo-frame")
    keyboard.press(".")
    expect(shown.locator(".hailuo-transport .hailuo-said")).to_have_text(re.compile("frame 1$"))
    keyboard.press("f")
    notebook.page.wait_for_function(emptied)
